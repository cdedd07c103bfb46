"""One score in several reports: where each lies between floor and ceiling, and which is best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synthgen.metrics.intervals import Estimate


@dataclass(frozen=True)
class Entry:
    """One score in one report.

    Parameters
    ----------
    value : Estimate
        Of the synthetic table.
    position : Estimate
        Where it lies between floor (0) and ceiling (1), the interval's ends too; floor and ceiling as given.
    ceiling, floor : Estimate or None
        As the report has them.
    trusted : bool
        False where it would need held-out rows, and there are none.
    """

    value: Estimate
    position: Estimate
    ceiling: Estimate | None
    floor: Estimate | None
    trusted: bool


@dataclass(frozen=True)
class ComparedScore:
    """One score in every report.

    Parameters
    ----------
    name, title, area, better : str
        As in `synthgen.reports.scores.Score`.
    entries : tuple of (Entry or None)
        One a report; None where a report lacks the score.
    best : str or None
        The report whose interval lies wholly on the better side of every other's; None if there is none, or if
        the reports cannot be compared in this score.
    """

    name: str
    title: str
    area: str
    better: str
    entries: tuple[Entry | None, ...]
    best: str | None


def compared_score(
    name: str, reports: Mapping[str, Mapping[str, Any]], *, comparable: bool, same_target: bool
) -> ComparedScore:
    """Set one score of several reports side by side.

    Parameters
    ----------
    name : str
        Of the score; one report has it at least.
    reports : mapping of str to mapping
        `Report.to_dict` of each, by name.
    comparable : bool
        Whether the reports are of the same tables.
    same_target : bool
        Whether they predict the same column.

    Returns
    -------
    ComparedScore
        Without a best one where the reports cannot be compared in this score.

    Notes
    -----
    A report is best only if its 95% interval lies wholly on the better side of all the others' intervals. Where the
    aim is a value (0.5, or the ceiling with its interval), the distances to it are compared in the same way: the
    largest that one interval allows with the smallest that the others' allow. An AUC that is better when lower has
    0.5 as its aim, since below 0.5 is not better than 0.5.
    """
    found = {which: report["scores"].get(name) for which, report in reports.items()}
    first = next(score for score in found.values() if score is not None)
    entries = {which: None if score is None else _entry(score) for which, score in found.items()}
    area = first["area"]
    comparable = comparable and (same_target or area != "utility")
    aim = "near 0.5" if first["better"] == "lower" and name.endswith("_auc") else first["better"]
    return ComparedScore(
        name=name,
        title=first["title"],
        area=area,
        better=first["better"],
        entries=tuple(entries.values()),
        best=_best(entries, aim) if comparable else None,
    )


def _entry(score: Mapping[str, Any]) -> Entry:
    value = Estimate(score["value"], score["low"], score["high"])
    ceiling, floor = (None if score[k] is None else Estimate(**score[k]) for k in ("ceiling", "floor"))
    position = Estimate(None)
    if score["position"] is not None and ceiling is not None and floor is not None:
        position = _position(value, ceiling, floor)
    return Entry(value, position, ceiling, floor, score["trusted"])


def _position(value: Estimate, ceiling: Estimate, floor: Estimate) -> Estimate:
    if value.value is None or ceiling.value is None or floor.value is None:
        return Estimate(None)
    zero, span = floor.value, ceiling.value - floor.value
    if value.low is None or value.high is None:
        return Estimate((value.value - zero) / span)
    low, high = sorted(((value.low - zero) / span, (value.high - zero) / span))
    return Estimate((value.value - zero) / span, low, high)


def _best(entries: Mapping[str, Entry | None], aim: str) -> str | None:
    competing = {which: e for which, e in entries.items() if e is not None and e.value.value is not None}
    losses = {which: _loss(e, aim) for which, e in competing.items()}
    known = {which: loss for which, loss in losses.items() if loss is not None}
    if len(known) < 2 or len(known) < len(competing) or not all(e.trusted for e in competing.values()):
        return None
    best = min(known, key=lambda which: known[which][1])
    others = [low for which, (low, _) in known.items() if which != best]
    return best if known[best][1] < min(others) else None


def _loss(entry: Entry, aim: str) -> tuple[float, float] | None:
    """Ends of the interval of what is better when smaller; None without an interval."""
    low, high = entry.value.low, entry.value.high
    if low is None or high is None:
        return None
    if aim == "higher":
        return -high, -low
    if aim == "lower":
        return low, high
    target = Estimate(0.5, 0.5, 0.5) if aim == "near 0.5" else entry.ceiling
    if target is None or target.value is None:
        return None
    least = target.value if target.low is None else target.low
    most = target.value if target.high is None else target.high
    return max(0.0, low - most, least - high), max(high - least, most - low)
