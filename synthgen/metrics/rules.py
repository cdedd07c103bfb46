"""What a relation between columns is, and what all kinds of rules have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

MIN_ROWS = 50
"""Fewer rows than this show no relation."""
MAX_PAIRED = 60
"""Numbers that are looked at in pairs, at most."""
MAX_RELATIONS = 20
"""Relations of one kind, at most."""
QUANTILE = 0.99
"""Share of the real rows that a tolerance is learnt from."""
_SLACK, _FLOOR = 1.25, 1e-3


class Rule(Protocol):
    """Says which rows obey; the columns are the inputs and then the target, complete rows only."""

    def judged(self, columns: Sequence[np.ndarray]) -> np.ndarray:
        """Which rows can be judged: ndarray of bool, shape (n_rows,)."""
        ...

    def obeyed(self, columns: Sequence[np.ndarray]) -> np.ndarray:
        """Which rows obey: ndarray of bool, shape (n_rows,)."""
        ...


@dataclass(frozen=True, eq=False)
class Relation:
    """What every real row obeys, learnt from some of them.

    Parameters
    ----------
    kind : {"linear", "product", "dependency", "function", "order"}
        A sum, a product of powers, a value that a level or one of few numbers determines, any function of a number,
        or one number that is never larger than another.
    inputs : tuple of str
        Columns that determine the target.
    target : str
        The column that they determine.
    words : str
        Such as "total = a + b".
    rule : Rule
        Judges rows.
    n_real, n_real_obeying : int
        Real rows, not used to find the relation, that could be judged and that obey.
    """

    kind: str
    inputs: tuple[str, ...]
    target: str
    words: str
    rule: Rule
    n_real: int = 0
    n_real_obeying: int = 0


def least_unlike_mode(n_rows: int) -> float:
    """How many rows must differ from a column's most frequent value for it to show a relation.

    Parameters
    ----------
    n_rows : int
        Rows of the table.

    Returns
    -------
    float
        At least 20: a few that are not 0 lie on a line by chance.
    """
    return max(20, 0.02 * n_rows)


def robust_spread(y: np.ndarray) -> float:
    """A standard deviation that a few values cannot decide.

    Parameters
    ----------
    y : ndarray, shape (n_rows,)
        Numbers, none missing.

    Returns
    -------
    float
        In units of y; 0 only for constants.
    """
    low, high = np.quantile(y, [0.25, 0.75])
    return float((high - low) / 1.349 or np.abs(y - np.median(y)).mean() * 1.2533)


def tolerance(residuals: np.ndarray, spread: float) -> float:
    """How far off a row may be and still obey.

    Parameters
    ----------
    residuals : ndarray, shape (n_rows,)
        Of real rows.
    spread : float
        Of the target.

    Returns
    -------
    float
        1.25 times the 99% quantile of the residuals, and at least a thousandth of the spread.
    """
    return float(max(_SLACK * np.quantile(np.abs(residuals), QUANTILE), _FLOOR * spread))
