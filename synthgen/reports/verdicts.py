"""All judgements of a report, the gravest first."""

from __future__ import annotations

from collections.abc import Callable

from synthgen.reports.judge_columns import judge_columns, judge_pairs, judge_relations
from synthgen.reports.judge_privacy import judge_copies, judge_disclosure, judge_holdout, judge_membership
from synthgen.reports.judge_rows import judge_collapse, judge_detection, judge_utility
from synthgen.reports.report import Report
from synthgen.reports.verdict import Verdict

ORDER = ("leak", "wrong", "unknown", "minor", "good")
_JUDGES: tuple[Callable[[Report], list[Verdict]], ...] = (
    judge_copies,
    judge_membership,
    judge_disclosure,
    judge_holdout,
    judge_relations,
    judge_columns,
    judge_pairs,
    judge_collapse,
    judge_detection,
    judge_utility,
)


def verdicts(report: Report) -> tuple[Verdict, ...]:
    """Judge a report.

    Parameters
    ----------
    report : Report
        With all its figures.

    Returns
    -------
    tuple of Verdict
        What is given away, what is wrong, what is unknown, what is slight, what is good.
    """
    found = [verdict for judge in _JUDGES for verdict in judge(report)]
    return tuple(sorted(found, key=lambda v: ORDER.index(v.kind)))
