"""Judgements of single columns and of their relations."""

from __future__ import annotations

import math
from collections.abc import Sequence

from synthgen.metrics.columns import ColumnCheck, ColumnFault
from synthgen.metrics.pair_tests import PairTest
from synthgen.metrics.significance import is_alarm
from synthgen.reports.report import Report
from synthgen.reports.verdict import Verdict

MAX_NAMED = 5
"""Columns, pairs or relations that get a sentence of their own; of the rest there is a count."""
_MATERIAL = {
    "shape": 0.03,
    "location": 0.05,
    "scale": 0.05,
    "range": 0.01,
    "missing": 0.01,
    "decimals": 0.05,
    "new level": 0.005,
}
"""Effects below these are real but small: they share one sentence."""
_STRONG = 0.1
"""Cramer's V from which on a relation is worth losing."""
_CHANGED = 0.05
"""Difference of Cramer's V from which on a changed relation is worth a sentence."""
_LOST = 0.5
"""Share of its strength below which a relation is lost."""


def judge_columns(report: Report) -> list[Verdict]:
    """What is wrong with single columns.

    Parameters
    ----------
    report : Report
        With its figures.

    Returns
    -------
    list of Verdict
        The clearest first.
    """
    if not report.columns:
        return []
    faults = [
        (fault.p_value, check, fault)
        for check in report.column_checks
        for fault in check.faults
        if is_alarm(fault.p_value, report.n_column_tests)
    ]
    faults.sort(key=lambda found: found[0])
    material = [(check, fault) for _, check, fault in faults if _is_material(fault)]
    slight = [(check, fault) for _, check, fault in faults if not _is_material(fault)]
    out = _wrong_columns(material)
    wrong = {name for verdict in out for name in verdict.columns}
    minor = list(dict.fromkeys(check.name for check, _ in slight if check.name not in wrong))
    if minor:
        out.append(Verdict("minor", "columns", _slight(minor), tuple(minor)))
    if not faults and report.n_column_tests:
        sentence = f"No column differs beyond chance ({report.n_column_tests:,} tests)."
        out.append(Verdict("good", "columns", sentence))
    return out


def _is_material(fault: ColumnFault) -> bool:
    size = math.log(fault.effect) if fault.what == "scale" and fault.effect > 0 else fault.effect
    return abs(size) >= _MATERIAL.get(fault.what, 0.0)


def _wrong_columns(material: Sequence[tuple[ColumnCheck, ColumnFault]]) -> list[Verdict]:
    by_column: dict[str, list[ColumnFault]] = {}
    for check, fault in material:
        by_column.setdefault(check.name, []).append(fault)
    out = [
        Verdict("wrong", "columns", f"Column {name!r}: {_joined(faults)}.", (name,), _column_advice(faults))
        for name, faults in list(by_column.items())[:MAX_NAMED]
    ]
    if rest := list(by_column)[MAX_NAMED:]:
        sentence = f"{len(rest):,} more columns differ in a like way, {_named(rest)}: see the columns below."
        out.append(Verdict("wrong", "columns", sentence, tuple(rest)))
    return out


def _joined(faults: Sequence[ColumnFault]) -> str:
    return "; ".join(f.words for f in faults)


def _column_advice(faults: Sequence[ColumnFault]) -> str:
    kinds = {f.what for f in faults}
    if kinds & {"decimals"}:
        return "Declare the column's kind in the schema, or round the synthetic values to the real grid."
    if kinds & {"lost level", "inflated level", "new level"}:
        return "Train longer, or declare the column's levels in the schema."
    return "Train longer, or look whether the column's kind in the schema is right."


def _slight(names: Sequence[str]) -> str:
    verb = "differs" if len(names) == 1 else "differ"
    noun = "column" if len(names) == 1 else "columns"
    return f"{len(names):,} {noun} {verb} measurably but little: {_named(names)}."


def _named(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more


def judge_pairs(report: Report) -> list[Verdict]:
    """What is wrong with the relations of two columns.

    Parameters
    ----------
    report : Report
        With its figures.

    Returns
    -------
    list of Verdict
        Lost relations first.
    """
    if not report.pair_tests:
        return []
    n = len(report.pair_tests)
    changed = [t for t in report.pair_tests if is_alarm(t.p_value, n) and abs(t.real - t.other) >= _CHANGED]
    if not changed:
        sentence = f"The relations of two columns are as in the real table ({n:,} pairs tested)."
        return [Verdict("good", "pairs", sentence)]
    strong = [t for t in report.pair_tests if t.real >= _STRONG]
    lost = [t for t in changed if t.real >= _STRONG and t.other < _LOST * t.real]
    if len(strong) > 1 and len(lost) == len(strong):
        return [_all_lost(lost)]
    out = [_column_lost(name, of) for name, of in _bereft(strong, lost).items()]
    named = {verdict.columns[0] for verdict in out}
    return out + _changed_pairs([t for t in changed if not named & {t.first, t.second}])


def _all_lost(lost: Sequence[PairTest]) -> Verdict:
    names = tuple(dict.fromkeys(name for t in lost for name in (t.first, t.second)))
    sentence = (
        f"The columns are independent of each other: all {len(lost):,} relations of the real table that have any "
        f"strength are lost."
    )
    return Verdict(
        "wrong", "pairs", sentence, names, "Use a synthesizer that learns relations: this table has none."
    )


def _bereft(strong: Sequence[PairTest], lost: Sequence[PairTest]) -> dict[str, list[PairTest]]:
    """Columns that had several relations and have lost them all; of a single one both columns are to blame."""
    out: dict[str, list[PairTest]] = {}
    for name in dict.fromkeys(name for t in lost for name in (t.first, t.second)):
        own = [t for t in strong if name in (t.first, t.second)]
        gone = [t for t in lost if name in (t.first, t.second)]
        if len(own) == len(gone) > 1:
            out[name] = gone
    return out


def _column_lost(name: str, lost: Sequence[PairTest]) -> Verdict:
    partners = [t.second if t.first == name else t.first for t in sorted(lost, key=lambda t: -t.real)]
    sentence = f"Column {name!r} has lost its relations: to {_named(partners)}."
    advice = "Look whether the column was shuffled, or filled in by itself, on its way."
    return Verdict("wrong", "pairs", sentence, (name, *partners), advice)


def _changed_pairs(changed: Sequence[PairTest]) -> list[Verdict]:
    ordered = sorted(changed, key=lambda t: -abs(t.real - t.other))
    out = [
        Verdict(
            "wrong",
            "pairs",
            f"The relation of {t.first!r} and {t.second!r} is {_strength(t)} (Cramér's V {t.other:.2f} instead of "
            f"{t.real:.2f}).",
            (t.first, t.second),
            "Train longer, or with a larger network.",
        )
        for t in ordered[:MAX_NAMED]
    ]
    if rest := ordered[MAX_NAMED:]:
        names = tuple(dict.fromkeys(n for t in rest for n in (t.first, t.second)))
        sentence = f"{len(rest):,} more pairs of columns are related otherwise than in the real table."
        out.append(Verdict("wrong", "pairs", sentence, names))
    return out


def _strength(t: PairTest) -> str:
    if t.other < _LOST * t.real:
        return "lost"
    return "weaker" if t.other < t.real else "stronger"


def judge_relations(report: Report) -> list[Verdict]:
    """Exact relations of the real table that the synthetic one breaks.

    Parameters
    ----------
    report : Report
        With its figures.

    Returns
    -------
    list of Verdict
        The worst broken first.
    """
    n = len(report.relations)
    if not n:
        return []
    broken = [
        (r, r.other)
        for r in report.relations
        if r.other is not None and r.p_value is not None and is_alarm(r.p_value, n) and r.other < r.real
    ]
    broken.sort(key=lambda found: found[1] - found[0].real)
    out = [
        Verdict(
            "wrong",
            "relations",
            f"The relation “{r.words}” holds for {r.real:.1%} of the real rows, but only for {other:.1%} of the "
            "synthetic ones.",
            (*r.inputs, r.target),
            f"Leave {r.target!r} out of the training and compute it afterwards.",
        )
        for r, other in broken[:MAX_NAMED]
    ]
    if rest := broken[MAX_NAMED:]:
        names = tuple(dict.fromkeys(n for r, _ in rest for n in (*r.inputs, r.target)))
        out.append(Verdict("wrong", "relations", f"{len(rest):,} more exact relations are broken.", names))
    if not broken:
        words = (
            "the relation that (nearly) every real row obeys"
            if n == 1
            else f"the {n:,} relations that (nearly) every real row obeys"
        )
        out.append(
            Verdict("good", "relations", f"The synthetic rows keep {words}, as far as chance can tell.")
        )
    return out
