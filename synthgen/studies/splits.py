"""Which rows are held out and which are learnt from, in every repeat of a study of sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthgen.exceptions import DataError, ParameterError
from synthgen.rng import stream

MIN_FIT_ROWS = 10
"""Rows that a model is fitted to, at least."""
MIN_HELDOUT_ROWS = 20
"""Rows that are held out, at least: no figure would mean anything on fewer."""
_PARTS = (8, 4, 2, 1)
"""The sizes by default: all rows that are left, over these."""


@dataclass(frozen=True)
class Splits:
    """How the rows of a study are split.

    Parameters
    ----------
    n_rows : int
        Rows of the table.
    n_heldout : int
        Rows held out in each repeat.
    sizes : tuple of int
        Rows that the models are fitted to, ascending, at least two.
    n_repeats : int
        Repeats.
    seed : int
        Of the draws.
    """

    n_rows: int
    n_heldout: int
    sizes: tuple[int, ...]
    n_repeats: int
    seed: int

    @property
    def overlap(self) -> float:
        """Rows held out over rows left to learn from, by which repeats depend on each other (see `trend`)."""
        return self.n_heldout / (self.n_rows - self.n_heldout)

    def rows(self, repeat: int) -> tuple[np.ndarray, np.ndarray]:
        """The rows of one repeat.

        Parameters
        ----------
        repeat : int
            From 0.

        Returns
        -------
        (heldout, pool) : (ndarray of shape (n_heldout,), ndarray of shape (n_rows - n_heldout,))
            Positions of the rows held out, and of the others in random order. A fit to n rows takes the first n of
            these, so that sizes are nested.
        """
        order = stream(self.seed, "studies.rows", repeat).permutation(self.n_rows)
        return np.sort(order[: self.n_heldout]), order[self.n_heldout :]


def make_splits(
    n_rows: int, sizes: Sequence[int] | None, n_repeats: int, holdout_fraction: float, seed: int
) -> Splits:
    """The rows of a study, checked.

    Parameters
    ----------
    n_rows : int
        Rows of the table.
    sizes : sequence of int or None
        Rows to fit to. None: an eighth, a quarter, half and all of the rows that are not held out, as far as these
        are at least `MIN_FIT_ROWS`.
    n_repeats : int
        Repeats, each with rows held out anew.
    holdout_fraction : float
        Share of the rows to hold out, in (0, 1).
    seed : int
        Of the draws.

    Returns
    -------
    Splits
        With its sizes in ascending order.

    Raises
    ------
    DataError
        If there are too few rows to hold out, or to learn from.
    ParameterError
        If fewer than two sizes are given, or one is too large or too small.
    """
    n_heldout = round(holdout_fraction * n_rows)
    n_left = n_rows - n_heldout
    if n_heldout < MIN_HELDOUT_ROWS or n_left < 2 * MIN_FIT_ROWS:
        raise DataError(
            f"The table has {n_rows} rows, of which `holdout_fraction` = {holdout_fraction:g} leaves {n_heldout} held "
            f"out and {n_left} to learn from; a learning curve needs at least {MIN_HELDOUT_ROWS} and "
            f"{2 * MIN_FIT_ROWS}. {_way_out(n_rows)}"
        )
    if sizes is None:
        found = sorted({n_left // part for part in _PARTS})
        return Splits(n_rows, n_heldout, tuple(n for n in found if n >= MIN_FIT_ROWS), n_repeats, seed)
    return Splits(n_rows, n_heldout, _checked(sizes, n_rows, n_heldout), n_repeats, seed)


def _way_out(n_rows: int) -> str:
    if n_rows < MIN_HELDOUT_ROWS + 2 * MIN_FIT_ROWS:
        return "So few rows carry no answer; add rows."
    return f"Take a fraction of about {MIN_HELDOUT_ROWS / n_rows + 0.05:.2f} to 0.5, or add rows."


def _checked(sizes: Sequence[int], n_rows: int, n_heldout: int) -> tuple[int, ...]:
    found = tuple(sorted({int(n) for n in sizes}))
    n_left = n_rows - n_heldout
    if len(found) < 2:
        raise ParameterError(
            f"The `sizes` parameter of learning_curve must name two different sizes at least. Got {list(sizes)!r}; "
            f"leave it out for the default, or add one of up to {n_left}."
        )
    if found[-1] > n_left:
        raise ParameterError(
            f"The `sizes` parameter of learning_curve must be at most the {n_left} rows that are left of {n_rows} when "
            f"{n_heldout} are held out. Got {found[-1]}; take smaller sizes, or a smaller `holdout_fraction`."
        )
    if found[0] < MIN_FIT_ROWS:
        raise ParameterError(
            f"The `sizes` parameter of learning_curve must be at least {MIN_FIT_ROWS} rows each. Got {found[0]}; "
            "leave it out."
        )
    return found
