"""The results of the tables' benchmark as a page; every number comes from the JSON files.

python benchmarks/tables/page.py                        writes docs/benchmarks.md
python benchmarks/tables/page.py --results FOLDER -o page.md
python benchmarks/tables/page.py --summary              prints the README's table
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.tables import results, splits
from benchmarks.tables.figures import (
    FIVE,
    GOALS,
    METRICS,
    OURS,
    PUBLISHED,
    Figures,
    Goal,
    Metric,
    ahead_of_peers,
    published_mean,
)

SEEDS = 3
"""That a goal is judged by, at least."""
TARGET = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"

HEAD = """# Mixed tables, measured

`python benchmarks/tables/run.py` makes the runs and `python benchmarks/tables/page.py` this page; no number here is typed by
hand. Figures are medians over the seeds that were scored, of {seeds}. Five tables of the literature, and `telco_churn`, on which nothing was
tuned. Adult is split as UCI splits it; of the others a tenth is held out, the same for every seed. Integers that the
literature takes for categories are declared as such to every synthesizer.
"""

NOTES = """## What the figures are

- **Shapes and trends** are asked of SDMetrics as TabSyn and TabDiff ask them (training rows against as many synthetic
  ones). For a number beside a level SDMetrics cuts each table into ten bins between *that table's own* extremes: where
  the largest synthetic value is not the largest real one, all bins are shifted, and one row can change the figure
  by several points. The third figure takes the real table's bins for both.
- **logistic C2ST** and **C2ST-XGB**: 1 - mean over three folds of 2 max(.5, AUC) - 1, training rows against as many
  synthetic ones.
- **AUC of gradient boosting**: scikit-learn's histogram boosting, as many synthetic as held-out rows, five folds.
- **MLE**: XGBoost's setting (36 of them) is chosen on a ninth of the synthetic rows, and tested on held-out rows.
- **alpha-precision, beta-recall**: synthcity's "naive" variant, on at most 5,000 rows of each table.
- **DCR share**: as many training as held-out rows, 5,000 synthetic ones; a tie counts one half.
- **membership AUC**: the largest of all attacks of `synthgen evaluate`, biased upward by being the largest; the only
  metric here that is synthgen's own code.
- **ceiling**: one half of the training rows against the other; MLE: the training rows themselves. Halves are smaller
  than what the models are judged on, so shapes and trends differ a little more by chance alone.
- **fit**: of SynthGAN the selector's part is included, also where it is not used.
- Peers run at their defaults. CTGAN and TVAE are stopped when their time is over and drawn from as they are then;
  TabularARGN is given four fifths of it as its own limit of training. What was stopped is listed below.
"""


def number(value: float | None, digits: int) -> str:
    """Empty where there is none."""
    return "" if value is None else f"{value:.{digits}f}"


def row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def header(*cells: str) -> list[str]:
    return [row(*cells), "|" + "---|" * len(cells)]


def goals(figures: Figures) -> list[str]:
    """The issue's table, ours beside it."""
    lines = ["## The goals", "", *header("", "best rival, published", "goal", *OURS)]
    for goal in GOALS:
        lines.append(row(goal.words, goal.rival, goal.aim, *(_reached(goal, figures, m) for m in OURS)))
    cells = []
    for model in OURS:
        ahead = ahead_of_peers(figures, model)
        cells.append(
            "; ".join(f"{t}: **{'yes' if won else 'no'}**" for t, won in ahead.items()) or "not measured"
        )
    lines.append(row("C2ST-XGB above every peer that ended in its time", "", "on each table", *cells))
    return [*lines, ""]


def _reached(goal: Goal, figures: Figures, model: str) -> str:
    if model not in goal.models:
        return ""
    found = goal.measure(figures, model)
    if found is None:
        return "not measured"
    shown = "/".join(number(v, goal.digits) for v in found)
    if (n_seeds := figures.n_seeds(model, goal.tables)) < SEEDS:
        return f"{shown}: not judged by {n_seeds} of {SEEDS} seeds"
    return f"{shown}: **{'yes' if goal.holds(found) else 'no'}**"


def seeds_scored(figures: Figures, tables: list[str]) -> list[str]:
    """From which seeds each median is."""
    lines = ["### seeds that were scored", "", *header("", *tables)]
    for model in figures.models:
        scored = (
            ", ".join(str(r["seed"]) for r in figures.of(model, t) if r["outcome"] == "scored")
            for t in tables
        )
        lines.append(row(model, *scored))
    return [*lines, ""]


def metric_table(figures: Figures, metric: Metric, tables: list[str]) -> list[str]:
    """Models down, tables across."""
    lines = [f"### {metric.words}", "", f"Better: {metric.better}.", ""]
    mean = ["mean"] if metric.has_mean else []
    lines += header("", *tables, *mean)
    for model in figures.models:
        values = [figures.median(model, t, metric.name) for t in tables]
        if all(v is None for v in values):
            continue
        average = [number(figures.mean(model, metric.name), metric.digits)] if mean else []
        name = f"**{model}**" if model in OURS else model
        lines.append(row(name, *(number(v, metric.digits) for v in values), *average))
    for model, values in PUBLISHED["figures"].get(metric.name, {}).items():
        shown = (number(v, metric.digits) for v in values)
        average = [number(published_mean(metric.name, model), metric.digits)] if mean else []
        lines.append(row(f"*{model}, published*", *shown, *average))
    return [*lines, ""]


def apart(figures: Figures, table: str) -> list[str]:
    """A table on its own: metrics down, models across."""
    models = [m for m in figures.models if figures.of(m, table)]
    if not models:
        return []
    lines = [f"## {table}, never tuned on", "", *header("", *models)]
    for metric in METRICS:
        values = [figures.median(m, table, metric.name) for m in models]
        if any(v is not None for v in values):
            words = f"{metric.words} ({metric.better})"
            lines.append(row(words, *(number(v, metric.digits) for v in values)))
    return [*lines, ""]


def failures(figures: Figures) -> list[str]:
    """What has no scores, and why; and fits that were stopped."""
    lines = ["## Runs that failed or were stopped", ""]
    for r in figures.failures():
        what = (
            f"{r['outcome']} in {r.get('stage')}: {r.get('message')}"
            if r["outcome"] != "scored"
            else "; ".join(f"{k}: {v}" for k, v in r["scores"]["errors"].items())
        )
        lines.append(f"- {r['table']}, {r['model']}, seed {r['seed']}: {_plain(what)}")
    for r in figures.runs:
        for key in ("stopped", "sampling"):
            if key in r:
                lines.append(f"- {r['table']}, {r['model']}, seed {r['seed']}: {_plain(str(r[key]))}")
    return [*(lines if len(lines) > 2 else [*lines, "None."]), ""]


def _plain(text: str) -> str:
    """One line without what Markdown would read."""
    return (
        " ".join(text.split())[:300].replace("[", "(").replace("]", ")").replace("<", "(").replace("|", "/")
    )


def measured_on(figures: Figures) -> list[str]:
    """Machines, limits and versions, each distinct one once."""
    lines = ["## Measured on", ""]
    machines = {
        f"{m['processor']}, {m['cores']} cores, {m['memory_gib']} GiB, {m['system']}, Python {m['python']}; "
        f"{r['limits']['threads']} threads; a peer's fit at most {r['limits']['budget'] / 60:.0f} minutes "
        f"({r['limits']['clock']} clock); " + ", ".join(f"{k} {v}" for k, v in m["libraries"].items())
        for r in figures.runs
        for m in [r["machine"]]
    }
    found = {f"{k} {v}" for r in figures.runs for k, v in r.get("versions", {}).items()}
    found |= {f"{k} {v}" for r in figures.runs for k, v in r.get("scores", {}).get("versions", {}).items()}
    dates = sorted({r["date"] for r in figures.runs})
    lines += [f"- {m}" for m in sorted(machines)]
    lines += [f"- Peers and judges: {', '.join(sorted(found))}.", f"- From {dates[0]} to {dates[-1]}."]
    lines.append(f"- Published figures: {PUBLISHED['source']}.")
    return [*lines, ""]


SUMMARISED = ("shape_error", "trend_error_real_bins", "xgb_detection", "mle", "membership_auc")


def summary(runs: list[results.Result]) -> str:
    """A short table for the README: each table's medians, with selection and without, ceiling and TabDiff as published."""
    figures = Figures(runs)
    metrics = [m for name in SUMMARISED for m in METRICS if m.name == name]
    lines = header("", "", *(m.words for m in metrics))
    for table in splits.TABLES:
        for model in (*OURS, results.CEILING):
            values = [figures.median(model, table, m.name) for m in metrics]
            if any(v is not None for v in values):
                cells = [number(v, m.digits) for v, m in zip(values, metrics, strict=True)]
                lines.append(row(table, f"**{model}**" if model == OURS[0] else model, *cells))
        if table in FIVE:
            place = list(FIVE).index(table)
            theirs = [PUBLISHED["figures"].get(m.name, {}).get("TabDiff") for m in metrics]
            cells = [
                "" if v is None else number(v[place], m.digits) for v, m in zip(theirs, metrics, strict=True)
            ]
            lines.append(row(table, "*TabDiff, published*", *cells))
    return "\n".join(lines)


def page(runs: list[results.Result]) -> str:
    """The whole page."""
    figures = Figures(runs)
    seeds = ", ".join(str(s) for s in sorted({r["seed"] for r in runs}))
    lines = [HEAD.format(seeds=seeds), *goals(figures), NOTES, "## The five tables", ""]
    lines += seeds_scored(figures, FIVE)
    for metric in METRICS:
        lines += metric_table(figures, metric, FIVE)
    for table in (t for t in splits.TABLES.values() if not t.tuned):
        lines += apart(figures, table.name)
    lines += failures(figures) + measured_on(figures)
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--results", type=Path, default=results.FOLDER)
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    parser.add_argument("--summary", action="store_true", help="print a short table instead")
    arguments = parser.parse_args()
    runs = results.load(arguments.results)
    if not runs:
        raise SystemExit(f"No results in {arguments.results}: run benchmarks/tables/run.py first.")
    if arguments.summary:
        print(summary(runs))
        return
    arguments.output.write_text(page(runs), encoding="utf-8")
    print(arguments.output)


if __name__ == "__main__":
    main()
