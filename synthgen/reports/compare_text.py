"""A comparison in words, and its numbers as text."""

from __future__ import annotations

from collections.abc import Sequence

from synthgen.metrics.intervals import Estimate
from synthgen.reports import text
from synthgen.reports.compare_scores import ComparedScore


def score_lines(names: Sequence[str], scores: Sequence[ComparedScore], *, with_baselines: bool) -> list[str]:
    """The scores as a table for the terminal.

    Parameters
    ----------
    names : sequence of str
        Of the reports.
    scores : sequence of ComparedScore
        A line each.
    with_baselines : bool
        Whether there are columns for ceiling and floor.

    Returns
    -------
    list of str
        Lines of text; the best interval of a score, if there is one, has a star.
    """
    baselines = ["ceiling", "floor"] if with_baselines else []
    lines = [("score", "better", *names, *baselines)]
    for score in scores:
        cells = [
            estimate_text(e.value if e else None) + (" *" if name == score.best else "")
            for name, e in zip(names, score.entries, strict=True)
        ]
        ends = [baseline_text(score, which) for which in baselines]
        lines.append((score.name, score.better, *cells, *ends))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines]


def ahead(names: Sequence[str], scores: Sequence[ComparedScore]) -> list[str]:
    """In which scores which report is best, in sentences.

    Parameters
    ----------
    names : sequence of str
        Of the reports.
    scores : sequence of ComparedScore
        One entry a report.

    Returns
    -------
    list of str
        One a report that is best in something, and one on the other scores.
    """
    won = {name: [s.title for s in scores if s.best == name] for name in names}
    out = [
        f"{name} is best, its interval apart from the others', in {_count(titles)}: {', '.join(titles)}."
        for name, titles in won.items()
        if titles
    ]
    n_open = sum(s.best is None for s in scores)
    if n_open:
        which = _count(["score"] * n_open) if not out else f"the other {_count(['score'] * n_open)}"
        out.append(
            f"In {which} no report can be said to be best: intervals overlap, are missing, or cannot be compared."
        )
    return out


def number(value: float | None) -> str:
    """Three decimals, or two digits of what would hardly show with three; a dash for None.

    Parameters
    ----------
    value : float or None
        Any number.

    Returns
    -------
    str
        For example ``0.736`` or ``0.00041``.
    """
    return text.number(value) if not value or abs(value) >= 0.01 else f"{value:.2g}"


def estimate_text(estimate: Estimate | None) -> str:
    """A number with its interval; a dash for none.

    Parameters
    ----------
    estimate : Estimate or None
        Any.

    Returns
    -------
    str
        For example ``0.736 (0.731 to 0.741)``.
    """
    if estimate is None or estimate.low is None or estimate.high is None:
        return number(None if estimate is None else estimate.value)
    return f"{number(estimate.value)} ({number(estimate.low)} to {number(estimate.high)})"


def baseline_text(score: ComparedScore, which: str) -> str:
    """A ceiling or floor over all reports.

    Parameters
    ----------
    score : ComparedScore
        One score.
    which : {"ceiling", "floor"}
        Which.

    Returns
    -------
    str
        One number, or the least and the largest where the reports differ; a dash for none.
    """
    found = [getattr(e, which) for e in score.entries if e is not None]
    values = [number(v) for v in sorted(e.value for e in found if e is not None and e.value is not None)]
    if not values:
        return "–"
    return values[0] if values[0] == values[-1] else f"{values[0]} to {values[-1]}"


def _count(titles: Sequence[str]) -> str:
    return f"{len(titles)} score{'s' if len(titles) > 1 else ''}"
