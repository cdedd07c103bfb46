"""Results of the toy problems as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean

Run = Mapping[str, object]

CEILING = "ceiling"
DEFAULT = "default"
HEAD = (
    "problem",
    "model",
    "steps",
    "seeds",
    "CPU s",
    "modes covered",
    "modes covered, chosen",
    "within 3 sd %",
    "within 3 sd %, chosen",
    "AUC of trees",
    "AUC of trees, chosen",
    "nearest neighbour",
    "nearest neighbour, chosen",
)


def markdown(runs: Sequence[Run]) -> str:
    """One row for each problem and model; figures are means over the seeds, of modes the least.

    Parameters
    ----------
    runs : sequence of mapping
        As `toys.py` writes them. Failed ones are named by their error.

    Returns
    -------
    str
        A Markdown table, without a line break at its end. "–": not there.
    """
    groups: dict[tuple[str, str, object], list[Run]] = {}
    for run in runs:
        groups.setdefault((str(run["problem"]), str(run["loss"]), run["steps"]), []).append(run)
    lines = [_line(HEAD), _line(["---"] * len(HEAD))]
    order = {CEILING: 0, DEFAULT: 1}
    problems = list(dict.fromkeys(problem for problem, _, _ in groups))
    keys = sorted(groups, key=lambda k: (problems.index(k[0]), order.get(k[1], 2), k[1], str(k[2])))
    return "\n".join([*lines, *(_line(_cells(key, groups[key])) for key in keys)])


def _cells(key: tuple[str, str, object], group: Sequence[Run]) -> list[str]:
    problem, loss, _ = key
    done = [r for r in group if "error" not in r]
    if not done:
        return [problem, loss, *["–"] * (len(HEAD) - 3), "failed"]
    steps = {str(r["steps_done"]) for r in done if "steps_done" in r}
    seconds = [r["fit_cpu_seconds"] + r["sample_cpu_seconds"] for r in done if "fit_cpu_seconds" in r]
    both = [[r[part] for r in done if part in r] for part in ("drawn", "chosen")]
    return [
        problem,
        loss,
        " ".join(sorted(steps)) or "–",
        " ".join(str(r["seed"]) for r in done),
        f"{mean(seconds):.0f}" if seconds else "–",
        *(f"{min(s['covered'] for s in part)} of {part[0]['modes']}" if part else "–" for part in both),
        *(_mean(part, "within", 100, 1) for part in both),
        *(_mean(part, "c2st_auc", 1, 3) for part in both),
        *(_mean(part, "nearest_accuracy", 1, 3) for part in both),
    ]


def _mean(part: Sequence[Mapping[str, float]], name: str, times: float, places: int) -> str:
    return f"{times * mean(s[name] for s in part):.{places}f}" if part else "–"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
