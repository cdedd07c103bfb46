"""An ordered pair as the lower of the two and the gap between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from synthgen.constraints.rules import Inequality
from synthgen.plain import Plain
from synthgen.relations.quantities import decimals_of, is_temporal, is_whole, numbers, ticks_per_second
from synthgen.relations.steps import AbstractStep, Table, ends_of, listed
from synthgen.schema import Column, Schema

MAX_SPREAD = 0.25
"""Standard deviation of the gap over that of the larger column, at most."""
_LARGEST = 2.0**61
_EXACT = 2.0**53


@dataclass(frozen=True)
class Grid:
    """The whole numbers that two columns are counted in; continuous where one of them is.

    Parameters
    ----------
    low, high : float
        What a plain value of each is multiplied by; 0 for continuous columns.
    first, step : int
        The larger column's values are ``first`` plus multiples of ``step``.
    """

    low: float
    high: float
    first: int
    step: int

    @property
    def is_whole(self) -> bool:
        """Whether there is a grid at all."""
        return self.high > 0


class GapStep(AbstractStep):
    """Replace the larger of two columns by its distance from the smaller.

    Parameters
    ----------
    rule : Inequality
        The two.
    own : Column
        The gap.
    grid : Grid
        What the gap is counted in.
    ends : ndarray, shape (2,)
        The smallest and the largest value of the larger column, as plain values; sums beyond them are set to these
        where that keeps the order.
    is_exact : bool
        Whether nothing can break the order: not so where dtypes differ or are narrow.
    """

    name: ClassVar[str] = "gap"

    def __init__(self, rule: Inequality, own: Column, grid: Grid, ends: np.ndarray, is_exact: bool) -> None:
        self.rule = rule
        self.own = own
        self.grid = grid
        self.ends = ends
        self.is_exact = is_exact
        self.targets, self.inputs = (rule.high,), (rule.low,)

    @classmethod
    def fit(cls, rule: Inequality, table: Table, name: str) -> Self | None:
        """Measure the gap.

        Parameters
        ----------
        rule : Inequality
            The two columns.
        table : Table
            They themselves; the rule holds in every row.
        name : str
            What the gap is called.

        Returns
        -------
        Self or None
            The fitted step. None if the gap says less than the larger column did: that is missing by itself, or the
            numbers are too large, or the order never binds, as the ranges do not overlap.

        Notes
        -----
        A gap as wide as the columns themselves is no better known than they are, and the larger column's own
        distribution would be lost: then too the answer is None, and rows in the wrong order are dropped.
        """
        low, high = table.columns[rule.low], table.columns[rule.high]
        both = ~low.missing & ~high.missing
        if (low.missing & ~high.missing).any() or not both.any():
            return None
        if low.values[both].max() <= high.values[both].min() and _same(table.schema, rule):
            return None
        grid = _grid(rule, table)
        if grid is None or _spread(rule, table, both) > MAX_SPREAD:
            return None
        missing = bool((~both).any())
        kind, token = (
            ("integer", "Int64" if missing else "int64") if grid.is_whole else ("continuous", "float64")
        )
        own = Column(name, kind, token, missing=missing)
        return cls(rule, own, grid, ends_of(table.ends[rule.high]), _is_exact(rule, table.schema, grid))

    def reduce(self, columns: Mapping[str, Plain]) -> Plain:
        """See the base class."""
        low, high = columns[self.rule.low], columns[self.rule.high]
        missing = low.missing | high.missing
        gap = _keys(high, self.grid.high) - _keys(low, self.grid.low)
        return Plain(np.where(missing, gap.dtype.type(0), gap), missing)

    def restore(self, columns: Mapping[str, Plain], own: Plain | None) -> dict[str, Plain]:
        """See the base class."""
        low = columns[self.rule.low]
        gap = own if own is not None else low
        keys = _keys(low, self.grid.low)
        found = self._ordered(keys, keys + gap.values.astype(keys.dtype))
        ends = _keys(Plain(self.ends, np.zeros(len(self.ends), dtype=bool)), self.grid.high)
        if len(ends):
            clipped = np.clip(found, ends[0], ends[1])
            keeps_order = clipped > keys if self.rule.strict else clipped >= keys
            found = np.where(keeps_order, clipped, found)
        values = _from_keys(found, self.grid.high, self.ends.dtype)
        return {self.rule.high: Plain(values, gap.missing | low.missing)}

    def _ordered(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Sums on the larger column's own grid, and not below the smaller."""
        if not self.grid.is_whole or self.grid.step <= 1:
            return high
        step, first = self.grid.step, self.grid.first
        near = first + (high - first + step // 2) // step * step
        below = near <= low if self.rule.strict else near < low
        up = first + -(-(high - first) // step) * step  # at or above the sum
        return np.where(below, up, near)

    def stored_values(self, schema: Schema) -> dict[str, list[Any]]:
        """The ends. See the base class."""
        return {f"{self.rule.high}: ends": listed(self.ends, None, schema[self.rule.high])}

    def to_state(self) -> dict[str, Any]:
        """See the base class."""
        own = self.own
        return {
            "rule": self.rule.to_dict(),
            "own": {} if own is None else {"name": own.name, "missing": own.missing},
            "grid": [self.grid.low, self.grid.high, self.grid.first, self.grid.step],
            "ends": self.ends,
            "is_exact": self.is_exact,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], schema: Schema) -> Self:
        """See the base class."""
        rule = Inequality(*(state["rule"][k] for k in ("low", "high", "strict")))
        low, high, first, step = state["grid"]
        grid = Grid(low, high, int(first), int(step))
        missing = state["own"]["missing"]
        kind, token = (
            ("integer", "Int64" if missing else "int64") if grid.is_whole else ("continuous", "float64")
        )
        own = Column(state["own"]["name"], kind, token, missing=missing)
        return cls(rule, own, grid, state["ends"], state["is_exact"])


def _spread(rule: Inequality, table: Table, both: np.ndarray) -> float:
    """Standard deviation of the gap over that of the larger column."""
    low, high = (numbers(table.columns[n], table.schema[n])[both] for n in (rule.low, rule.high))
    unit = max(float(np.abs(low).max()), float(np.abs(high).max())) or 1.0
    low, high = low / unit, high / unit  # squares must not overflow
    return float(np.std(high - low) / max(float(np.std(high)), np.finfo(float).tiny))


def _grid(rule: Inequality, table: Table) -> Grid | None:
    columns = table.schema[rule.low], table.schema[rule.high]
    plain = table.columns[rule.low], table.columns[rule.high]
    if is_temporal(columns[0]):
        ticks = [ticks_per_second(c) for c in columns]
        factors = [max(ticks) / t for t in ticks]
    else:
        decimals = [decimals_of(p, c) for p, c in zip(plain, columns, strict=True)]
        if decimals[0] is None or decimals[1] is None:
            return Grid(0.0, 0.0, 0, 0)
        factors = [10.0 ** max(decimals[0], decimals[1])] * 2
    largest = [
        float(np.abs(p.values[~p.missing].astype(np.float64)).max(initial=0.0)) * f
        for p, f in zip(plain, factors, strict=True)
    ]
    limit = _LARGEST if all(map(is_whole, columns)) else _EXACT
    if max(largest) >= limit:
        return None if limit == _LARGEST else Grid(0.0, 0.0, 0, 0)
    keys = np.unique(_keys(plain[1], factors[1])[~plain[1].missing])
    step = int(np.gcd.reduce(np.diff(keys))) if len(keys) > 1 else 1
    return Grid(round(factors[0]), round(factors[1]), int(keys[0]) % step if step else 0, step)


def _keys(plain: Plain, factor: float) -> np.ndarray:
    """Values as whole numbers of the grid, int64, or as they are, float64; shape (N,)."""
    values = np.where(plain.missing, plain.values.dtype.type(0), plain.values)
    if not factor:
        return values.astype(np.float64)
    if values.dtype.kind == "f":
        return np.rint(np.clip(values * factor, -_LARGEST, _LARGEST)).astype(np.int64)
    return values.astype(np.int64) * round(factor)


def _from_keys(keys: np.ndarray, factor: float, dtype: np.dtype) -> np.ndarray:
    if not factor:
        return np.ceil(keys).astype(dtype) if dtype.kind in "iu" else keys
    return keys / factor if dtype.kind == "f" else (keys // round(factor)).astype(dtype)


def _same(schema: Schema, rule: Inequality) -> bool:
    return schema[rule.low].dtype == schema[rule.high].dtype


def _is_exact(rule: Inequality, schema: Schema, grid: Grid) -> bool:
    wide = ("int64", "Int64", "float64", "Float64", "double[pyarrow]", "int64[pyarrow]")
    if is_temporal(schema[rule.high]):
        return True
    if not _same(schema, rule) or schema[rule.high].dtype not in wide:
        return False
    return grid.is_whole or not rule.strict
