"""What one pass over a table keeps of one column."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pandas as pd

from synthgen.dtypes import dtype_token, family
from synthgen.exceptions import DataError
from synthgen.sketches.frequencies import DistinctValues, FrequentValues
from synthgen.sketches.moments import Moments
from synthgen.sketches.ranks import BUFFER, RankSketch
from synthgen.sketches.values import as_words, from_words, known_levels, known_numbers

MAX_EXACT = 100_000
"""Distinct values up to which each is counted."""
_LEVELS = ("bool", "string", "category")


class ColumnSketch:
    """Counts, frequencies and order statistics of a column, from its rows in order.

    Parameters
    ----------
    name : str
        The column.
    token : str
        Its dtype as `synthgen.dtypes` writes it; empty: as the first values say.

    Notes
    -----
    Values of numbers are those of `synthgen.plain`: float64, int64 or uint64, instants and durations counted in the unit of
    their dtype. Values of other columns are as pandas has them: strings, booleans, categories.
    Up to `MAX_EXACT` distinct values everything is exact. Beyond, quantiles are within `rank_error`, `n_distinct` within
    `distinct_error`, and counts of frequent values within `frequent_error`; missing values, extremes, mean and standard
    deviation stay exact, up to rounding.
    """

    def __init__(self, name: str, token: str = "") -> None:
        self.name, self.token = name, token
        self.n_rows = self.n_missing = 0
        self.levels: tuple[Any, ...] | None = None
        """Of a pandas category: its categories, those that no row has too."""
        self._counts: dict[Any, int] | None = {}
        self._distinct: DistinctValues | None = None
        self._frequent: FrequentValues | None = None
        self._ranks = RankSketch()
        self._moments = Moments()
        self._dtype: np.dtype[Any] | None = None
        self._rest: list[np.ndarray] = []
        """Numbers not yet taken in: they are in buffers, wherever blocks end."""
        self._n_rest = 0
        self._closed: ColumnSketch | None = None

    def update(self, series: pd.Series) -> None:
        """Take rows in.

        Parameters
        ----------
        series : pandas.Series
            The next rows of the column.

        Raises
        ------
        ColumnRejected
            If the dtype cannot be learnt.
        """
        self._closed = None
        missing = series.isna().to_numpy(dtype=bool)
        n_missing = int(missing.sum())
        self.n_rows += len(series)
        self.n_missing += n_missing
        if isinstance(series.dtype, pd.CategoricalDtype):
            own = tuple(series.cat.categories.tolist())
            self.levels = own if self.levels in (None, own) else _union(self.levels or (), own)
        if not self.token and (n_missing < len(series) or series.dtype != object):
            self.token = dtype_token(series)
        if n_missing == len(series):
            return
        if self.is_number:
            self._take_numbers(known_numbers(series, missing, n_missing, self.token))
        else:
            self._count(*known_levels(series, missing, n_missing))

    def merge(self, other: ColumnSketch) -> None:
        """Take in the rows of another sketch, as if they came next.

        Parameters
        ----------
        other : ColumnSketch
            Of the same column. Is not changed.

        Raises
        ------
        DataError
            If the columns are of different dtypes.
        """
        if self.token and other.token and family(self.token) != family(other.token):
            raise DataError(
                f"Column {self.name!r} is of dtype {self.token} in some rows and {other.token} in others; make it one."
            )
        self._closed = None
        self.token = self.token or other.token
        self.n_rows += other.n_rows
        self.n_missing += other.n_missing
        if other.levels is not None:
            self.levels = _union(self.levels or (), other.levels)
        self._absorb(other)
        if other._n_rest:
            self._take_numbers(np.concatenate(other._rest))

    @property
    def family(self) -> str:
        """The family of the dtype (see `synthgen.dtypes.family`); empty until there is a value."""
        return family(self.token) if self.token else ""

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers, instants or durations."""
        return self.family not in ("", *_LEVELS)

    @property
    def n_known(self) -> int:
        """Rows that have a value."""
        return self.n_rows - self.n_missing

    @property
    def is_exact(self) -> bool:
        """Whether every distinct value is counted."""
        return self.counts is not None

    @property
    def counts(self) -> dict[Any, int] | None:
        """The rows of each value: numbers ascending, levels by their first rows; None if there are too many values."""
        counts = self._whole()._counts
        return dict(sorted(counts.items())) if counts is not None and self.is_number else counts

    @property
    def n_distinct(self) -> float:
        """How many values differ; an estimate if they are not all counted."""
        whole = self._whole()
        if whole._counts is not None:
            return len(whole._counts)
        return math.nan if whole._distinct is None else round(whole._distinct.estimate)

    @property
    def distinct_error(self) -> float:
        """Standard error of `n_distinct`, relative to it; 0 if it is exact."""
        distinct = self._whole()._distinct
        return 0.0 if distinct is None else distinct.error

    @property
    def minimum(self) -> Any:
        """The least number; None for levels, or without values."""
        return self._whole()._moments.minimum

    @property
    def maximum(self) -> Any:
        """The largest number; None for levels, or without values."""
        return self._whole()._moments.maximum

    @property
    def mean(self) -> float:
        """Mean of the numbers; NaN without any."""
        return self._whole()._moments.mean

    @property
    def sd(self) -> float:
        """Standard deviation of the numbers (divided by n); NaN without any."""
        return self._whole()._moments.sd

    @property
    def frequent_error(self) -> int:
        """Rows by which the counts of `frequent` may be too low; 0 if they are exact."""
        frequent = self._whole()._frequent
        return 0 if frequent is None else frequent.error

    @property
    def rank_error(self) -> float:
        """How far `cdf` can be off, and the ranks of `quantiles`: a share in [0, 1], never exceeded; 0 if they are exact."""
        whole = self._whole()
        return 0.0 if whole._counts is not None else whole._ranks.rank_error

    def frequent(self, n: int | None = None) -> list[tuple[Any, int, int]]:
        """The most frequent values.

        Parameters
        ----------
        n : int, optional
            How many at most. Default: all that are known.

        Returns
        -------
        list of (value, least, most)
            Bounds of its rows, most frequent first. Every value of more than `frequent_error` rows is among them.
        """
        whole = self._whole()
        if whole._counts is not None:
            found = sorted(whole._counts.items(), key=lambda item: -item[1])
        elif whole._frequent is None:
            return []
        else:
            top = whole._frequent.top()
            found = list(zip(from_words([v for v, _ in top], whole._dtype), (c for _, c in top), strict=True))
        error = whole.frequent_error
        return [(value, count, count + error) for value, count in found[:n]]

    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """Numbers that stand for all of the column's.

        Returns
        -------
        (values, weights) : (ndarray, ndarray of int64), shape (K,)
            Ascending, and the rows that each stands for: they sum to `n_known`. The least and the largest are among them.
        """
        whole = self._whole()
        if whole._counts is not None:
            ordered = sorted(whole._counts.items())
            values = np.array([v for v, _ in ordered], dtype=whole._dtype)
            return values, np.array([c for _, c in ordered], dtype=np.int64)
        values, weights = whole._ranks.points()
        # one row of the first value is the least, one row of the last is the largest
        weights[0] -= 1
        weights[-1] -= 1
        ends = np.array([whole._moments.minimum, whole._moments.maximum], dtype=values.dtype)
        values, weights = np.concatenate([ends[:1], values, ends[1:]]), np.concatenate([[1], weights, [1]])
        return values[weights > 0], weights[weights > 0]

    def quantiles(self, q: Any) -> np.ndarray:
        """Numbers at some ranks.

        Parameters
        ----------
        q : array-like, shape (Q,)
            In [0, 1].

        Returns
        -------
        ndarray, shape (Q,)
            The least value up to which at least that share of the values lies (``inverted_cdf`` of numpy), the rank off by
            `rank_error` at most.
        """
        values, weights = self.points()
        if not len(values):
            return np.full(len(np.asarray(q)), np.nan)
        below = np.cumsum(weights)
        at = np.searchsorted(below, np.ceil(np.asarray(q, dtype=float) * below[-1]), "left")
        return values[np.minimum(at, len(values) - 1)]

    def cdf(self, x: Any) -> np.ndarray:
        """Shares of the numbers up to some, those included.

        Parameters
        ----------
        x : array-like, shape (M,)
            Numbers.

        Returns
        -------
        ndarray, shape (M,)
            In [0, 1], off by `rank_error` at most.
        """
        values, weights = self.points()
        if not len(values):
            return np.full(len(np.asarray(x)), np.nan)
        below = np.concatenate([[0], np.cumsum(weights)])
        return below[np.searchsorted(values, np.asarray(x), "right")] / below[-1]

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_closed": None}

    def _whole(self) -> ColumnSketch:
        """The sketch with its last numbers in it; itself, if there are none."""
        if not self._n_rest:
            return self
        if self._closed is None:
            closed = copy.deepcopy(self)
            closed._take_buffer(np.sort(np.concatenate(closed._rest)))
            closed._rest, closed._n_rest = [], 0
            self._closed = closed
        return self._closed

    def _take_numbers(self, values: np.ndarray) -> None:
        self._dtype = values.dtype if self._dtype is None else self._one_dtype(values)
        self._rest.append(values.astype(self._dtype, copy=False))
        self._n_rest += len(values)
        if self._n_rest < BUFFER:
            return
        pooled = np.concatenate(self._rest)
        n = len(pooled) // BUFFER * BUFFER
        for start in range(0, n, BUFFER):
            self._take_buffer(np.sort(pooled[start : start + BUFFER]))
        self._rest, self._n_rest = [pooled[n:]], len(pooled) - n

    def _one_dtype(self, values: np.ndarray) -> np.dtype[Any]:
        """Of Python's whole numbers some blocks may need the sign, others the 64th bit."""
        if values.dtype == self._dtype:
            return values.dtype
        kinds = {values.dtype.kind, np.dtype(self._dtype).kind}
        held = [] if self._moments.minimum is None else [self._moments.minimum]
        if kinds != {"i", "u"} or min([*held, *(r.min() for r in (values, *self._rest) if len(r))]) < 0:
            raise DataError(
                f"Column {self.name!r} holds numbers that no 64-bit numbers hold together; use .astype(float)."
            )
        self._rest = [r.astype(np.uint64) for r in self._rest]
        self._ranks.retype(np.dtype(np.uint64))
        return np.dtype(np.uint64)

    def _of_one_dtype(self, other: ColumnSketch) -> ColumnSketch:
        """Another sketch in the dtype that holds the numbers of both, which becomes this one's."""
        ends = np.array([other._moments.minimum], dtype=other._dtype) if other._moments.n else other._rest[0]
        self._dtype = self._one_dtype(ends)
        other = copy.deepcopy(other)
        other._dtype = self._dtype
        other._ranks.retype(np.dtype(self._dtype))
        return other

    def _take_buffer(self, ordered: np.ndarray) -> None:
        self._moments.add(ordered)
        self._ranks.add(ordered)
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        self._count(ordered[starts], np.diff(np.append(starts, len(ordered))))

    def _count(self, values: Any, counts: Any) -> None:
        """Distinct values of a block, with their rows."""
        if self._counts is None:
            self._take_many(values, counts)
            return
        held = self._counts
        values = values.tolist() if isinstance(values, np.ndarray) else values
        for value, count in zip(values, counts.tolist(), strict=True):
            held[value] = held.get(value, 0) + count
        if len(held) > MAX_EXACT:
            self._give_up_counts()

    def _give_up_counts(self) -> None:
        held, self._counts = self._counts or {}, None
        self._distinct, self._frequent = DistinctValues(), FrequentValues(is_text=self._is_text)
        words = as_words(list(held), self._dtype, self._is_text)
        self._distinct.add(words)
        self._frequent.add_all(words, list(held.values()))

    @property
    def _is_text(self) -> bool:
        return not self.is_number

    def _take_many(self, values: Any, counts: np.ndarray) -> None:
        words = as_words(values, self._dtype, self._is_text)
        self._distinct.add(words)  # type: ignore[union-attr]
        several = np.flatnonzero(counts > 1).tolist()
        self._frequent.add([words[i] for i in several], counts[several].tolist())  # type: ignore[union-attr]

    def _absorb(self, other: ColumnSketch) -> None:
        """What another sketch has taken in, its last numbers excepted."""
        if other._dtype is not None and self._dtype is None:
            self._dtype = other._dtype
        elif other._dtype is not None and other._dtype != self._dtype:
            other = self._of_one_dtype(other)
        self._moments.merge(other._moments)
        self._ranks.merge(other._ranks)
        if other._counts is not None:
            if self._counts is None:
                words = as_words(list(other._counts), other._dtype, self._is_text)
                self._distinct.add(words)  # type: ignore[union-attr]
                self._frequent.add_all(words, list(other._counts.values()))  # type: ignore[union-attr]
            else:
                counts = np.fromiter(other._counts.values(), dtype=np.int64, count=len(other._counts))
                self._count(list(other._counts), counts)
            return
        if self._counts is not None:
            self._give_up_counts()
        self._distinct.merge(other._distinct)  # type: ignore[union-attr, arg-type]
        self._frequent = self._frequent.merge(other._frequent)  # type: ignore[union-attr, arg-type]


def _union(some: tuple[Any, ...], more: tuple[Any, ...]) -> tuple[Any, ...]:
    """Categories in the order in which they came."""
    return tuple(dict.fromkeys((*some, *more)))
