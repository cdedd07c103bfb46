"""What the fidelity metrics say about a table, beside its ceiling, floor and memoriser."""

from __future__ import annotations

import numpy as np

from synthgen.metrics.baselines import subsample
from synthgen.metrics.collapse import duplicate_share, participation_ratio
from synthgen.metrics.columns import column_checks
from synthgen.metrics.dependence import MAX_COLUMNS, pair_trends
from synthgen.metrics.detection import Detection, c2st
from synthgen.metrics.histograms import marginal
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.linear_detection import linear_c2st
from synthgen.metrics.manifold import manifold
from synthgen.metrics.marginals import ColumnShape, column_shapes
from synthgen.metrics.mmd import mmd
from synthgen.metrics.pair_tests import pair_tests
from synthgen.metrics.profile import column_profile
from synthgen.metrics.regions import fit_regions, regions
from synthgen.metrics.relations import find_relations, relations_kept
from synthgen.metrics.significance import is_alarm
from synthgen.metrics.tables import CodedTable
from synthgen.metrics.three_way import three_way
from synthgen.reports.section import Section, score_of
from synthgen.reports.tables import MAX_BASELINE_COLUMNS, Tables, some_columns
from synthgen.rng import stream

MAX_MARGINALS = 40
"""Columns that get a figure of their own."""
MAX_LISTED = 500
"""Columns that are listed one by one; of more, the worst."""


def columns(t: Tables) -> Section:
    """Column shapes, their faults, and marginals.

    Parameters
    ----------
    t : Tables
        What is compared.

    Returns
    -------
    Section
        ``column_shapes``.
    """
    model, shapes = column_shapes(t.real, t.synthetic)
    some = some_columns(t.real, MAX_BASELINE_COLUMNS, t.seed)
    found = [column_shapes(a.select(some), b.select(some)) for a, b in t.others]
    checks = column_checks(t.real, t.all_synthetic)
    if t.margins is not None:
        model, shapes = t.margins.shapes("synthetic", t.real, t.synthetic, (model, shapes))
        checks = t.margins.checks(t.real, checks)
        if t.holdout is not None:
            found[0] = t.margins.shapes("holdout", t.real.select(some), t.twins[1].select(some), found[0])
    listed = _listed(shapes)
    named, is_wide = set(listed), len(listed) < len(shapes)
    details = {
        "columns": tuple(shapes[j] for j in listed),
        "column_ceilings": {c.name: c.score.value for c in found[0][1]},
        "column_checks": tuple(c for j, c in enumerate(checks) if j in named or c.faults),
        "n_column_tests": sum(c.n_tests for c in checks),
        "marginals": tuple(
            marginal(t.real.columns[j], t.all_synthetic.columns[j]) for j in listed[:MAX_MARGINALS]
        ),
        "holdout_differs": _differing(t),
        "profile": column_profile(t.real, t.all_synthetic, shapes) if is_wide else None,
    }
    return Section({"column_shapes": score_of(t, "column_shapes", model, [f[0] for f in found])}, details)


def _differing(t: Tables) -> tuple[str, ...]:
    """Columns in which the held-out rows are no sample of what the real rows are a sample of."""
    if t.holdout is None:
        return ()
    some = some_columns(t.real, MAX_BASELINE_COLUMNS, t.seed)
    checks = column_checks(t.real.select(some), t.holdout.select(some))
    n = sum(c.n_tests for c in checks)
    return tuple(c.name for c in checks if any(is_alarm(f.p_value, n) for f in c.faults))


def _listed(shapes: tuple[ColumnShape, ...]) -> list[int]:
    """All columns, or the worst, in table order."""
    if len(shapes) <= MAX_LISTED:
        return list(range(len(shapes)))
    values = [2.0 if s.score.value is None else s.score.value for s in shapes]
    return sorted(sorted(range(len(shapes)), key=values.__getitem__)[:MAX_LISTED])


def pairs(t: Tables) -> Section:
    """Pair trends, and a test for each pair.

    Parameters
    ----------
    t : Tables
        What is compared.

    Returns
    -------
    Section
        ``pair_trends``.
    """
    some = some_columns(t.real, MAX_COLUMNS, t.seed)
    model, found = pair_trends(t.real, t.synthetic, some)
    others = [pair_trends(a, b, some)[0] for a, b in t.others]
    details = {"pairs": found, "pair_tests": pair_tests(t.real, t.all_synthetic, some)}
    return Section({"pair_trends": score_of(t, "pair_trends", model, others)}, details)


def triples(t: Tables) -> Section:
    """Three-way margins.

    Parameters
    ----------
    t : Tables
        What is compared.

    Returns
    -------
    Section
        ``three_way_margins``.
    """
    model = three_way(t.real, t.synthetic, t.seed)
    others = [three_way(a, b, t.seed).score for a, b in t.others]
    score = score_of(t, "three_way_margins", model.score, others)
    return Section({"three_way_margins": score}, {"triples": model})


def relations(t: Tables) -> Section:
    """Exact relations of the real table.

    Parameters
    ----------
    t : Tables
        What is compared.

    Returns
    -------
    Section
        ``relations_kept``; no score if the real table has no exact relation.
    """
    found = find_relations(t.real, t.seed)
    if not found:
        return Section({}, {})
    model, kept = relations_kept(found, t.all_synthetic, t.seed)
    if t.holdout is None:  # the shares of real rows that no relation was learnt from
        ceiling = Estimate(float(np.mean([k.real for k in kept])))
    else:
        ceiling = relations_kept(found, t.holdout, t.seed)[0]
    others = [ceiling, *(relations_kept(found, x, t.seed)[0] for x in (t.floor, t.memoriser))]
    return Section({"relations_kept": score_of(t, "relations_kept", model, others)}, {"relations": kept})


def detection(t: Tables) -> Section:
    """The classifier two-sample test by boosted trees.

    Parameters
    ----------
    t : Tables
        What is compared.

    Returns
    -------
    Section
        ``c2st_auc``.
    """
    model = c2st(t.synthetic, t.reference, t.seed, importances=True)
    others = [c2st(b, a, t.seed).auc for a, b in _detected(t)]
    score = score_of(t, "c2st_auc", model.auc, others, _detection_caution(t, model.auc))
    return Section({"c2st_auc": score}, {"detection": model})


def linear_detection(t: Tables) -> Section:
    """The classifier two-sample test by logistic regression.

    Parameters
    ----------
    t : Tables
        What is compared.

    Returns
    -------
    Section
        ``c2st_logistic_auc``.
    """
    model: Detection = linear_c2st(t.synthetic, t.reference, t.seed, importances=True)
    others = [linear_c2st(b, a, t.seed).auc for a, b in _detected(t)]
    score = score_of(t, "c2st_logistic_auc", model.auc, others, _detection_caution(t, model.auc))
    return Section({"c2st_logistic_auc": score}, {"linear_detection": model})


def _detected(t: Tables) -> tuple[tuple[CodedTable, CodedTable], ...]:
    """The pairs of detection: ceiling, floor and memoriser against the reference."""
    return t.twins, (t.reference, t.floor), (t.reference, t.memoriser)


def _detection_caution(t: Tables, auc: Estimate) -> str:
    cautions = []
    if t.holdout is None:
        cautions.append(
            "Compared with the rows that the synthetic table was made from, not with held-out rows: "
            "a copy of the real rows looks perfect here."
        )
    if auc.high is not None and auc.high < 0.5:
        cautions.append(
            "Below 0.5 is not better than 0.5: the same or nearly the same rows stand in both tables, "
            "so that a row learnt under one label comes back under the other."
        )
    return " ".join(cautions)


def support(t: Tables) -> Section:
    """Density and coverage, precision and recall.

    Parameters
    ----------
    t : Tables
        What is compared.

    Returns
    -------
    Section
        ``density``, ``coverage``, ``alpha_precision``, ``beta_recall``.
    """
    found = [manifold(a, b, t.seed) for a, b in ((t.real, t.synthetic), *t.others)]
    names = ("density", "coverage", "alpha_precision", "beta_recall")
    estimates = {name: [getattr(f, name) for f in found] for name in names}
    return Section({name: score_of(t, name, e[0], e[1:]) for name, e in estimates.items()}, {})


def discrepancy(t: Tables) -> Section:
    """The maximum mean discrepancy.

    Parameters
    ----------
    t : Tables
        What is compared.

    Returns
    -------
    Section
        ``mmd``.
    """
    model = mmd(t.real, t.synthetic, t.seed)
    others = [mmd(a, b, t.seed).squared for a, b in t.others]
    return Section({"mmd": score_of(t, "mmd", model.squared, others)}, {"mmd": model})


def collapse(t: Tables) -> Section:
    """What tells of mode collapse: regions, repeated rows, directions of variation.

    Parameters
    ----------
    t : Tables
        What is compared.

    Returns
    -------
    Section
        ``region_occupancy``, ``duplicate_rows``, ``participation_ratio``.
    """
    fitted = fit_regions(t.real, t.seed)
    twin = fitted if t.twins[0] is t.real else fit_regions(t.twins[0], t.seed)
    compared = ((fitted, t.synthetic), (twin, t.twins[1]), (fitted, t.floor), (fitted, t.memoriser))
    occupancy = [regions(own, other).occupancy for own, other in compared]
    tables = _alike(t)
    repeated = [duplicate_share(x) for x in tables]
    ratios = [participation_ratio(x, t.real, t.seed) for x in tables]
    estimates = {
        "region_occupancy": occupancy,
        "duplicate_rows": repeated,
        "participation_ratio": ratios,
    }
    scores = {name: score_of(t, name, e[0], e[1:]) for name, e in estimates.items()}
    return Section(scores, {"regions": regions(fitted, t.all_synthetic)})


def _alike(t: Tables) -> list[CodedTable]:
    """Model, ceiling, floor and memoriser with as many rows each: both figures depend on the number of rows."""
    tables = (t.synthetic, t.twins[1], t.floor, t.memoriser)
    n = min(x.n_rows for x in tables)
    return [subsample(x, n, stream(t.seed, "evaluate.alike", i)) for i, x in enumerate(tables)]
