"""What is said about gene expression, beside its ceiling, floor and memoriser."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from synthgen.metrics.classes import TwoClasses, two_classes
from synthgen.metrics.differential import inflation, n_top, top_overlap
from synthgen.metrics.expression import (
    ExpressionBasis,
    ExpressionProfile,
    expression_basis,
    expression_profile,
)
from synthgen.metrics.expression_facts import N_DRAWN, Expression, FoldChanges
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.jackknife import Resampled, agreement, pearson, slope
from synthgen.metrics.marginals import column_shapes
from synthgen.metrics.pca_overlay import pca_overlay
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.metrics.tasks import Task
from synthgen.reports.alike import Alike, alike, some_real_rows
from synthgen.reports.section import Section, score_of
from synthgen.reports.tables import Tables

_UNIT = (-1.0, 1.0)
_SHARE = (0.0, 1.0)
_POSITIVE = (0.0, math.inf)
_QUANTILES = np.linspace(0.05, 0.95, 19)
Figure = Callable[[ExpressionProfile, ExpressionProfile], Estimate]


def expression(t: Tables, task: Task | None) -> Section:
    """Genes one by one, in pairs, by row and between classes.

    Parameters
    ----------
    t : Tables
        What is compared.
    task : Task or None
        Its classes are what differential expression is measured between.

    Returns
    -------
    Section
        ``gene_*``, for counts ``library_size`` and ``detected_genes``, with classes ``fold_changes``, ``top_genes``
        and ``passing_genes``; nothing if the table holds no block of expression values.
    """
    block = t.block
    if block is None or block.is_genotypes:
        return Section({}, {})
    classes = two_classes(t.real, task, against_rest=True)
    basis = expression_basis(some_real_rows(t, len(block.columns)), block, classes, t.seed)
    found = alike(t, len(block.columns), lambda _, table: expression_profile(table, basis, t.seed))
    scores = {}
    for name, figure in _figures(basis, found).items():
        estimates = {which: figure(*pair) for which, pair in found.pairs().items()}
        scores[name] = score_of(t, name, estimates.pop("synthetic"), list(estimates.values()))
    return Section(scores, {"expression": _facts(t, basis, found)})


def _figures(basis: ExpressionBasis, found: Alike[ExpressionProfile]) -> dict[str, Figure]:
    figures: dict[str, Figure] = {
        "gene_means": lambda a, b: agreement(pearson, a.means, b.means, _UNIT),
        "gene_means_slope": lambda a, b: agreement(slope, a.means, b.means),
        "gene_variances": lambda a, b: agreement(pearson, a.variances, b.variances, _UNIT),
        "gene_variances_slope": lambda a, b: agreement(slope, a.variances, b.variances),
    }
    if basis.has_zeros:
        figures["gene_zeros"] = lambda a, b: agreement(pearson, a.zeros, b.zeros, _UNIT)
    figures["gene_correlations"] = lambda a, b: agreement(pearson, a.correlations, b.correlations, _UNIT)
    if basis.block.family == "counts":
        figures["library_size"] = lambda a, b: _shape(a.totals, b.totals)
        figures["detected_genes"] = lambda a, b: _shape(a.detected, b.detected)
    if _are_tested(found):
        figures["fold_changes"] = lambda a, b: _between(slope, a, b, "fold_changes")
        figures["top_genes"] = lambda a, b: _between(top_overlap, a, b, "statistics", _SHARE)
        figures["passing_genes"] = lambda a, b: _between(inflation, a, b, "n_passing", _POSITIVE)
    return figures


def _are_tested(found: Alike[ExpressionProfile]) -> bool:
    return found.reference.differential is not None and found.tables["synthetic"].differential is not None


def _shape(reference: np.ndarray, other: np.ndarray) -> Estimate:
    tables = [CodedTable((CodedColumn("", "integer", x),), len(x)) for x in (reference, other)]
    return column_shapes(*tables)[1][0].score


def _between(
    measure: Callable[[np.ndarray, np.ndarray], float],
    reference: ExpressionProfile,
    other: ExpressionProfile,
    field: str,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Estimate:
    if reference.differential is None or other.differential is None:
        return Estimate(None)
    quantities: list[Resampled] = [getattr(x.differential, field) for x in (reference, other)]
    return agreement(measure, quantities[0], quantities[1], bounds)


def _facts(t: Tables, basis: ExpressionBasis, found: Alike[ExpressionProfile]) -> Expression:
    counted = basis.block.family == "counts"
    seen = {"synthetic": found.tables["synthetic"], "ceiling": found.reference}
    places = {"ceiling": found.reference.places, "synthetic": found.tables["synthetic"].places}
    return Expression(
        family=basis.block.family,
        scale=basis.scale.kind,
        n_genes=len(basis.block.columns),
        n_correlated=len(basis.correlated),
        n_rows=found.reference.n_rows,
        libraries={which: _curve(p.totals) for which, p in seen.items()} if counted else {},
        detected={which: _curve(p.detected) for which, p in seen.items()} if counted else {},
        fold_changes=_fold_changes(t, basis, found),
        no_classes="" if _are_tested(found) else _why(basis.classes),
        overlay=None if basis.axes is None else pca_overlay(basis.axes, places),
    )


def _curve(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(f"{v:.4g}") for v in np.quantile(values, _QUANTILES))


def _why(classes: TwoClasses | None) -> str:
    if classes is None:
        return "the target gives no two classes of ten real rows or more"
    return f"a table has fewer than three rows of {classes.first} or of {classes.second}"


def _fold_changes(t: Tables, basis: ExpressionBasis, found: Alike[ExpressionProfile]) -> FoldChanges | None:
    reference, synthetic = found.reference.differential, found.tables["synthetic"].differential
    if basis.classes is None or reference is None or synthetic is None:
        return None
    tested: Mapping[str, ExpressionProfile] = {"reference": found.reference, **found.tables}
    known = {which: p.differential for which, p in tested.items() if p.differential is not None}
    a, b = reference.fold_changes.total, synthetic.fold_changes.total
    usable = np.flatnonzero(np.isfinite(a) & np.isfinite(b))
    shown = usable[np.argsort(-np.abs(reference.statistics.total[usable]), kind="stable")[:N_DRAWN]]
    return FoldChanges(
        first=basis.classes.first,
        second=basis.classes.second,
        n_first={which: d.n_first for which, d in known.items()},
        n_second={which: d.n_second for which, d in known.items()},
        n_passing={which: int(d.n_passing.total[0]) for which, d in known.items()},
        n_top=n_top(len(a)),
        names=tuple(str(t.real.columns[basis.block.columns[j]].name) for j in shown),
        reference=tuple(float(f"{v:.4g}") for v in a[shown]),
        synthetic=tuple(float(f"{v:.4g}") for v in b[shown]),
    )
