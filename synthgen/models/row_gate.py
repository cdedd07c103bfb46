"""Rows let through: those that obey the rules which the encoding does not guarantee."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from synthgen.constraints.rules import Unique
from synthgen.encoders.table_encoder import TableEncoder


def obeys(matrix: np.ndarray, encoder: TableEncoder) -> np.ndarray:
    """Which rows obey the rules that the encoding does not guarantee, one by one: all but `Unique`.

    Parameters
    ----------
    matrix : ndarray of float32, shape (N, F)
        Hard rows.
    encoder : TableEncoder
        Fitted.

    Returns
    -------
    ndarray of bool, shape (N,)
        All true where there are no such rules.
    """
    out = np.ones(len(matrix), dtype=bool)
    checks = [c for c in encoder.row_checks if not isinstance(c.rule, Unique)]
    if checks:
        table = encoder.inverse_transform(matrix, columns=sorted({n for c in checks for n in c.rule.names}))
        for check in checks:
            out &= check.passed(table, encoder.schema_)
    return out


class RowGate:
    """Lets rows of one sample through, in order, and remembers those that must not come again.

    Parameters
    ----------
    encoder : TableEncoder
        Fitted.
    """

    def __init__(self, encoder: TableEncoder) -> None:
        self._schema = encoder.schema_
        self._checks = encoder.row_checks
        self._refusing: set[int] = set()
        self._seen: dict[int, set[tuple[object, ...]]] = {
            i: set() for i, c in enumerate(self._checks) if isinstance(c.rule, Unique)
        }

    @property
    def names(self) -> list[str]:
        """The columns that are looked at."""
        return [n for c in self._checks for n in c.rule.names]

    @property
    def words(self) -> list[str]:
        """The rules that wanted rows were refused for, in words."""
        return [c.rule.words() for i, c in enumerate(self._checks) if i in self._refusing]

    def passed(self, table: pd.DataFrame, wanted: np.ndarray, most: int) -> np.ndarray:
        """Which rows go through.

        Parameters
        ----------
        table : pandas.DataFrame, shape (N, n_names or more)
            Rows drawn after those of earlier calls.
        wanted : ndarray of bool, shape (N,)
            Which of them are wanted at all: the others are not remembered.
        most : int
            How many are wanted: later rows are neither let through nor remembered.

        Returns
        -------
        ndarray of bool, shape (N,)
            Wanted, and obeying every rule.
        """
        out = wanted.copy()
        for i, check in enumerate(self._checks):
            if i not in self._seen and not (good := check.passed(table, self._schema))[out].all():
                self._refusing.add(i)
                out &= good
        if self._seen:
            return self._first_of_all(table, out, most)
        out[np.flatnonzero(out)[most:]] = False
        return out

    def _first_of_all(self, table: pd.DataFrame, wanted: np.ndarray, most: int) -> np.ndarray:
        """Rows with values that no row before them had, in each of the rules' columns; missing values may repeat."""
        keys = {i: _keys(table, self._checks[i].rule.names) for i in self._seen}
        out = np.zeros(len(wanted), dtype=bool)
        for row in np.flatnonzero(wanted):
            if most == 0:
                break
            own = {i: key for i, k in keys.items() if (key := k[row]) is not None}
            if again := {i for i, k in own.items() if k in self._seen[i]}:
                self._refusing |= again
                continue
            out[row], most = True, most - 1
            for i, key in own.items():
                self._seen[i].add(key)
        return out


def _keys(table: pd.DataFrame, names: Sequence[str]) -> list[tuple[object, ...] | None]:
    """The values of each row; None where one is missing."""
    part = table[list(names)]
    missing = part.isna().any(axis=1).to_numpy(dtype=bool)
    rows = zip(*(part[n].tolist() for n in names), strict=True)
    return [None if gone else row for row, gone in zip(rows, missing, strict=True)]
