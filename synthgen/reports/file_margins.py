"""The margins of tables in files: of all rows, from their sketches, in place of those of the sampled rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from synthgen.exceptions import DataError
from synthgen.metrics.columns import ColumnCheck
from synthgen.metrics.intervals import Z95, Estimate, normal_interval
from synthgen.metrics.level_checks import check_level_counts
from synthgen.metrics.marginals import ColumnShape
from synthgen.metrics.tables import CodedColumn, CodedTable, seconds_per_tick
from synthgen.metrics.weighted import WeightedColumn, level_shape, number_shape, widened, with_all_rows
from synthgen.reports.coverage import ApproximateColumn
from synthgen.sketches.column_sketch import ColumnSketch
from synthgen.sketches.table_sketch import TableSketch


@dataclass(frozen=True, eq=False)
class Margins:
    """What all rows of the tables say of each column.

    Parameters
    ----------
    sketches : dict of str to TableSketch
        By table: ``real``, ``synthetic`` and perhaps ``holdout``.
    """

    sketches: dict[str, TableSketch]

    def shapes(
        self,
        other: str,
        real: CodedTable,
        sampled: CodedTable,
        found: tuple[Estimate, tuple[ColumnShape, ...]],
    ) -> tuple[Estimate, tuple[ColumnShape, ...]]:
        """Column shapes of all rows in place of those of the sampled rows.

        Parameters
        ----------
        other : str
            The table compared with the real one.
        real, sampled : CodedTable
            The sampled rows of both.
        found : (Estimate, tuple of ColumnShape)
            Their shapes, as `synthgen.metrics.marginals.column_shapes` gives them.

        Returns
        -------
        (mean, columns) : (Estimate, tuple of ColumnShape)
            Likewise. The interval of the mean is that of the sampled rows, made narrower as the rows are more.
        """
        shapes = tuple(self._shape(other, c, shape) for c, shape in zip(real.columns, found[1], strict=True))
        known = [s.score.value for s in shapes if s.score.value is not None]
        if not known:
            return Estimate(None), shapes
        mean = normal_interval(
            float(np.sum(known)) / len(known), self._variance(other, real, sampled, found[0]), (0, 1)
        )
        errors = sum(
            self._error(name, s.name) for s in shapes for name in ("real", other) if s.metric == "ks"
        )
        return widened(mean, errors / len(known)), shapes

    def checks(self, real: CodedTable, checks: Sequence[ColumnCheck]) -> tuple[ColumnCheck, ...]:
        """Checks of the synthetic columns in all rows in place of those in the sampled rows.

        Parameters
        ----------
        real : CodedTable
            The sampled real rows.
        checks : sequence of ColumnCheck
            Of the sampled rows.

        Returns
        -------
        tuple of ColumnCheck
            Of levels: all of it. Of numbers: the figures, and the test of missing values.
        """
        return tuple(self._check(c, check) for c, check in zip(real.columns, checks, strict=True))

    def approximate(self, real: CodedTable) -> tuple[ApproximateColumn, ...]:
        """The columns whose margins are not exact.

        Parameters
        ----------
        real : CodedTable
            The sampled real rows.

        Returns
        -------
        tuple of ApproximateColumn
            In table order.
        """
        out = []
        for column in real.columns:
            if not self._can(column):
                out.append(ApproximateColumn(column.name, None))
            elif column.is_numeric and (
                error := max(self._error(name, column.name) for name in self.sketches)
            ):
                out.append(ApproximateColumn(column.name, error))
        return tuple(out)

    def check_finite(self) -> None:
        """Refuse infinities, as `synthgen.metrics.tables.code_tables` does.

        Raises
        ------
        DataError
            If a column has one.
        """
        for which, sketch in self.sketches.items():
            for name in sketch.names:
                ends = (sketch[name].minimum, sketch[name].maximum)
                if any(isinstance(e, float) and math.isinf(e) for e in ends):
                    raise DataError(
                        f"Column {name!r} of the {which} table holds infinities; replace them by missing values first."
                    )

    def _can(self, column: CodedColumn) -> bool:
        """Whether the sketches hold what the column is compared by."""
        own = [sketch[column.name] for sketch in self.sketches.values()]
        if column.is_numeric:
            return all(k.is_number or not k.n_known for k in own)
        return all(k.is_exact and k.family not in ("datetime", "duration") for k in own)

    def _error(self, which: str, name: str) -> float:
        return self.sketches[which][name].rank_error

    def _pair(self, other: str, name: str) -> tuple[ColumnSketch, ColumnSketch]:
        return self.sketches["real"][name], self.sketches[other][name]

    def _shape(self, other: str, column: CodedColumn, shape: ColumnShape) -> ColumnShape:
        if not self._can(column):
            return shape
        a, b = self._pair(other, column.name)
        score = (
            number_shape(_weighted(a), _weighted(b))
            if column.is_numeric
            else level_shape(_level_counts(column, a, b)[1])
        )
        shares = a.n_missing / a.n_rows, b.n_missing / b.n_rows
        return replace(shape, score=score, missing_real=shares[0], missing_synthetic=shares[1])

    def _check(self, column: CodedColumn, check: ColumnCheck) -> ColumnCheck:
        if not self._can(column):
            return check
        a, b = self._pair("synthetic", column.name)
        if column.is_numeric:
            return with_all_rows(check, _weighted(a), _weighted(b))
        levels, counts = _level_counts(column, a, b)
        found = check_level_counts(counts, levels, (a.n_rows, b.n_rows))
        return ColumnCheck(name=check.name, kind=check.kind, **vars(found))

    def _variance(self, other: str, real: CodedTable, sampled: CodedTable, mean: Estimate) -> float:
        """Of the mean over all columns, as far as the sampled rows tell how their errors go together."""
        if mean.value is None or mean.low is None or mean.high is None:
            return math.nan
        half = max(mean.value - mean.low, mean.high - mean.value)  # one end may be cut off
        share = max(real.n_rows / self.sketches["real"].n_rows, sampled.n_rows / self.sketches[other].n_rows)
        return (half / Z95) ** 2 * min(share, 1.0)


def _weighted(sketch: ColumnSketch) -> WeightedColumn:
    values, weights = sketch.points()
    scale = seconds_per_tick(sketch.token) if sketch.token else 1.0
    return WeightedColumn(
        values.astype(np.float64) * scale,
        weights,
        sketch.n_rows,
        sketch.mean * scale,
        sketch.sd * scale,
        sketch.rank_error,
    )


def _level_counts(column: CodedColumn, a: ColumnSketch, b: ColumnSketch) -> tuple[list[Any], np.ndarray]:
    """The levels of both tables, those of the sampled rows first, and the rows of each."""
    places: dict[Any, int] = {level: i for i, level in enumerate(column.levels)}
    held = [sketch.counts or {} for sketch in (a, b)]
    for counts in held:
        for level in counts:
            places.setdefault(level, len(places))
    out = np.zeros((len(places), 2), dtype=np.int64)
    for i, counts in enumerate(held):
        for level, n in counts.items():
            out[places[level], i] = n
    return list(places), out
