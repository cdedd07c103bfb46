"""Every column of a wide table as a point: its mean, spread and shape score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthgen.metrics.marginals import ColumnShape
from synthgen.metrics.tables import CodedTable

MIN_VALUES = 10
"""Values of a column without which it has no mean and no standard deviation here: they would tell of each."""
_DIGITS = 5
"""Significant digits kept: the points are for a picture."""
_BLOCK = 2_000


@dataclass(frozen=True)
class ColumnProfile:
    """Means, standard deviations and shape scores of the numeric columns; one entry a column.

    Parameters
    ----------
    names : tuple of str
        The columns.
    mean_real, mean_synthetic, sd_real, sd_synthetic, score : tuple of float
        Over the values that are not missing, in the column's own unit, to five digits; None where undefined and, but for
        scores, of fewer than `MIN_VALUES` values.
    """

    names: tuple[str, ...]
    mean_real: tuple[float | None, ...]
    mean_synthetic: tuple[float | None, ...]
    sd_real: tuple[float | None, ...]
    sd_synthetic: tuple[float | None, ...]
    score: tuple[float | None, ...]


def column_profile(real: CodedTable, synthetic: CodedTable, shapes: Sequence[ColumnShape]) -> ColumnProfile:
    """The profile of the numeric columns.

    Parameters
    ----------
    real, synthetic : CodedTable
        Coded together.
    shapes : sequence of ColumnShape
        One a column, in table order.

    Returns
    -------
    ColumnProfile
        In table order.
    """
    numeric = [j for j, c in enumerate(real.columns) if c.is_numeric]
    mean_real, sd_real = _moments(real, numeric)
    mean_synthetic, sd_synthetic = _moments(synthetic, numeric)
    return ColumnProfile(
        names=tuple(real.columns[j].name for j in numeric),
        mean_real=_short(mean_real),
        mean_synthetic=_short(mean_synthetic),
        sd_real=_short(sd_real),
        sd_synthetic=_short(sd_synthetic),
        score=_short([shapes[j].score.value for j in numeric]),
    )


def _moments(table: CodedTable, columns: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    means, sds = np.full(len(columns), np.nan), np.full(len(columns), np.nan)
    for start in range(0, len(columns), _BLOCK):
        block = np.array([table.columns[j].values for j in columns[start : start + _BLOCK]])
        present = ~np.isnan(block)
        n = np.maximum(present.sum(axis=1), 1)
        values = np.where(present, block, 0.0)
        # in units of the largest value: squares of huge numbers would overflow
        scale = np.maximum(np.abs(values).max(axis=1), 1e-300)
        values /= scale[:, None]
        mean = values.sum(axis=1) / n
        square = (np.where(present, values - mean[:, None], 0.0) ** 2).sum(axis=1) / n
        few = present.sum(axis=1) < MIN_VALUES
        means[start : start + _BLOCK] = np.where(few, np.nan, mean * scale)
        sds[start : start + _BLOCK] = np.where(few, np.nan, np.sqrt(square) * scale)
    return means, sds


def _short(values: np.ndarray | Sequence[float | None]) -> tuple[float | None, ...]:
    return tuple(
        None if v is None or not np.isfinite(v) else float(f"{float(v):.{_DIGITS}g}") for v in values
    )
