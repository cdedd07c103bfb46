"""Tables whose rows are square images: which they are, and their pixels as greys."""

from __future__ import annotations

import base64
import math
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

FEWEST = 64
"""Pixels of the smallest image."""
LARGEST_SIDE = 64
OTHERS = 3
"""Columns that may stand beside the pixels, such as a label."""
_NAME = re.compile(r"(.*?)(\d+)")
_BRIGHT = 0.9  # of the range
_BRIGHT_SHARE = 0.2


@dataclass(frozen=True)
class Images:
    """How rows are images.

    Parameters
    ----------
    columns : tuple of str
        Pixels, row by row.
    side : int
        Pixels of a side.
    low, high : float
        The darkest and the brightest value.
    """

    columns: tuple[str, ...]
    side: int
    low: float
    high: float

    def greys(self, rows: pd.DataFrame) -> tuple[str, ...]:
        """The rows as pictures.

        Parameters
        ----------
        rows : pandas.DataFrame
            With the pixels' columns.

        Returns
        -------
        tuple of str
            ``side * side`` bytes each, in base64; 0 is the darkest.
        """
        values = rows[list(self.columns)].to_numpy(dtype=np.float64, na_value=np.nan)
        scaled = np.nan_to_num((values - self.low) / (self.high - self.low))
        grey = np.rint(255 * np.clip(scaled, 0, 1)).astype(np.uint8)
        return tuple(base64.b64encode(row.tobytes()).decode() for row in grey)


def pixel_columns(names: list[str]) -> list[str]:
    """The columns that might be the pixels of square images, in order; empty if there are none.

    Parameters
    ----------
    names : list of str
        All columns of a table.

    Returns
    -------
    list of str
        Those named by one prefix and consecutive numbers, if they are a square number, of 64 to 4,096, and at most three
        others stand beside them.
    """
    by_prefix: dict[str, dict[int, str]] = {}
    for name in names:
        if found := _NAME.fullmatch(name):
            by_prefix.setdefault(found[1], {})[int(found[2])] = name
    numbered = max(by_prefix.values(), key=len, default={})
    n, side = len(numbered), math.isqrt(len(numbered))
    is_square = side * side == n and FEWEST <= n <= LARGEST_SIDE**2
    if not is_square or len(names) - n > OTHERS or max(numbered) - min(numbered) + 1 != n:
        return []
    return [numbered[i] for i in sorted(numbered)]


def find_images(samples: pd.DataFrame) -> Images | None:
    """How the rows of a table are square images, if they look like it.

    Parameters
    ----------
    samples : pandas.DataFrame
        Some rows, with all columns.

    Returns
    -------
    Images or None
        None unless `pixel_columns` names some, they are numbers of one range - nine in ten have the same lowest value -
        and a fifth of them reach nine tenths of it: measurements such as gene counts, named alike too, do not.
    """
    names = pixel_columns([str(c) for c in samples.columns])
    if not names or not all(pd.api.types.is_numeric_dtype(samples[name].dtype) for name in names):
        return None
    values = samples[names].to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isnan(values).any() or not len(values):
        return None
    lowest, highest = values.min(axis=0), values.max(axis=0)
    low, high = float(lowest.min()), float(highest.max())
    reaching = np.mean(highest - low >= _BRIGHT * (high - low))
    if high <= low or np.mean(lowest == low) < _BRIGHT or reaching < _BRIGHT_SHARE:
        return None
    return Images(tuple(names), math.isqrt(len(names)), low, high)
