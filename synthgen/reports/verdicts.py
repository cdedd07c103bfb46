"""All judgements of a report, the gravest first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from synthgen.reports.judge_columns import judge_columns, judge_pairs, judge_relations
from synthgen.reports.judge_holdout import doubted, judge_holdout
from synthgen.reports.judge_privacy import judge_copies, judge_disclosure, judge_membership, judge_reused
from synthgen.reports.judge_rows import judge_collapse, judge_detection, judge_utility
from synthgen.reports.report import Report
from synthgen.reports.verdict import Verdict

ORDER = ("leak", "wrong", "unknown", "minor", "good")


def _judge_skipped(report: Report) -> list[Verdict]:
    reasons: dict[str, list[str]] = {}
    for part in report.skipped:
        if part.name != "utility" or report.target is not None:  # without a target nobody asked for it
            reasons.setdefault(part.reason, []).append(part.name)
    sentences = (f"Not measured: {', '.join(names)} ({reason})." for reason, names in reasons.items())
    return [Verdict("unknown", "skipped", sentence) for sentence in sentences]


_JUDGES: tuple[Callable[[Report], list[Verdict]], ...] = (
    judge_copies,
    judge_reused,
    judge_membership,
    judge_disclosure,
    judge_holdout,
    judge_relations,
    judge_columns,
    judge_pairs,
    judge_collapse,
    judge_detection,
    judge_utility,
    _judge_skipped,
)


def judged(report: Report) -> Report:
    """Judge a report.

    Parameters
    ----------
    report : Report
        With all its figures.

    Returns
    -------
    Report
        With its verdicts: what is given away, what is wrong, what is unknown, what is slight, what is good.
    """
    found = [verdict for judge in _JUDGES for verdict in judge(report)]
    report = doubted(replace(report, verdicts=tuple(found)))
    return replace(report, verdicts=tuple(sorted(report.verdicts, key=lambda v: ORDER.index(v.kind))))
