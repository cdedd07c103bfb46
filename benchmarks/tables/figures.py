"""What the results say: medians over the seeds, and the goals beside them."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tables import results, splits

PUBLISHED = json.loads((Path(__file__).resolve().parent / "published.json").read_text())
FIVE: list[str] = PUBLISHED["tables"]
OURS = tuple(results.DRAWS.values())
WITH_SELECTION, WITHOUT = OURS
MANY = 100_000
"""Rows whose seconds the page gives."""
LOWER_IS_BETTER_MLE = tuple(t.name for t in splits.TABLES.values() if t.task == "regression")


@dataclass(frozen=True)
class Metric:
    """How a figure is called and shown.

    Parameters
    ----------
    name : str
        In the results: of ``scores``, or of the run.
    words : str
    better : str
        Which direction, in words.
    digits : int
    has_mean : bool
        Whether a mean over tables says anything.
    """

    name: str
    words: str
    better: str
    digits: int = 3
    has_mean: bool = True


METRICS = (
    Metric("shape_error", "shape error, %: SDMetrics Column Shapes", "lower", 2),
    Metric("trend_error", "trend error, %: SDMetrics Column Pair Trends", "lower", 2),
    Metric("trend_error_real_bins", "trend error, %: all pairs, the real table's bins for both", "lower", 2),
    Metric("logistic_detection", "logistic C2ST: SDMetrics LogisticDetection", "higher, 1 = cannot tell"),
    Metric("xgb_detection", "C2ST-XGB: the same with XGBoost", "higher, 1 = cannot tell"),
    Metric("gbdt_auc", "AUC of gradient boosting against held-out rows", "lower, .5 = cannot tell"),
    Metric(
        "mle",
        "MLE: XGBoost trained on synthetic rows, AUC (Beijing: RMSE of the logarithm)",
        "higher (Beijing: lower)",
        has_mean=False,
    ),
    Metric("alpha_precision_naive", "alpha-precision, naive variant", "higher"),
    Metric("beta_recall_naive", "beta-recall, naive variant", "as the ceiling"),
    Metric("dcr_share", "DCR share: nearer to training than to held-out rows", ".5"),
    Metric("membership_auc", "membership AUC, largest of synthgen's own attacks", "lower, .5 = nobody found"),
    Metric("rows_repeated", "rows drawn twice, share beyond the real table's own", "0"),
    Metric("rows_copied", "rows equal to a training row, share", "as the ceiling", 4),
    Metric("fit_seconds", "fit, s", "lower", 0),
    Metric("fit_cpu_seconds", "fit, processor s", "lower", 0),
    Metric("many_seconds", "100,000 rows, s", "lower", 2),
    Metric("many_cpu_seconds", "100,000 rows, processor s", "lower", 2),
    Metric("peak_gib", "most memory of the whole run, GiB", "lower", 2),
)


class Figures:
    """Medians by model, table and metric; `None` where no run has it."""

    def __init__(self, runs: Sequence[results.Result]) -> None:
        self.runs = list(runs)

    @property
    def models(self) -> list[str]:
        """In the order of the page: ours, the peers, the ceiling."""
        found = {r["model"] for r in self.runs}
        peers = sorted(found - {*OURS, results.CEILING})
        return [m for m in (*OURS, *peers, results.CEILING) if m in found]

    def of(self, model: str, table: str) -> list[results.Result]:
        """The runs of a model on a table."""
        return [r for r in self.runs if r["model"] == model and r["table"] == table]

    def values(self, model: str, table: str, metric: str) -> list[float]:
        """One for each seed that was scored."""
        scored = [r for r in self.of(model, table) if r["outcome"] == "scored"]
        if metric.startswith("many"):
            scored = [r for r in scored if r["limits"].get("many") == MANY]
        found = [r["scores"].get(metric, r.get(metric)) for r in scored]
        return [v for v in found if v is not None and math.isfinite(v)]

    def median(self, model: str, table: str, metric: str) -> float | None:
        """Over the seeds."""
        values = self.values(model, table, metric)
        return statistics.median(values) if values else None

    def all(self, model: str, metric: str, tables: Sequence[str] = tuple(FIVE)) -> list[float] | None:
        """The median of each table, if every table has one."""
        found = [self.median(model, t, metric) for t in tables]
        return None if None in found else found

    def mean(self, model: str, metric: str) -> float | None:
        """Over the five tables."""
        found = self.all(model, metric)
        return None if found is None else statistics.fmean(found)

    def n_seeds(self, model: str, tables: Sequence[str]) -> int:
        """Seeds that were scored, on the table with the fewest."""
        return min(sum(r["outcome"] == "scored" for r in self.of(model, t)) for t in tables)

    def failures(self) -> list[results.Result]:
        """Runs without scores, and parts of scores that failed."""
        return [r for r in self.runs if r["outcome"] != "scored" or "errors" in r["scores"]]


@dataclass(frozen=True)
class Goal:
    """A line of the issue's table.

    Parameters
    ----------
    words, rival, aim : str
        What is measured; the best published rival; what is aimed at.
    measure : callable
        (figures, model) to the numbers that must all be right, or None where runs are missing.
    holds : callable
        Of those numbers.
    digits : int
    models, tables : tuple of str
        Which of ours, and which tables, it is about.
    """

    words: str
    rival: str
    aim: str
    measure: Callable[[Figures, str], list[float] | None]
    holds: Callable[[list[float]], bool]
    digits: int = 3
    models: tuple[str, ...] = OURS
    tables: tuple[str, ...] = tuple(FIVE)


def _mean(metric: str) -> Callable[[Figures, str], list[float] | None]:
    def measure(figures: Figures, model: str) -> list[float] | None:
        found = figures.mean(model, metric)
        return None if found is None else [found]

    return measure


def _each(metric: str) -> Callable[[Figures, str], list[float] | None]:
    return lambda figures, model: figures.all(model, metric)


def _on_adult(metric: str) -> Callable[[Figures, str], list[float] | None]:
    return lambda figures, model: figures.all(model, metric, ["adult"])


def published_mean(metric: str, model: str) -> float:
    """Of the five tables, as published."""
    if model in PUBLISHED["means"].get(metric, {}):
        return PUBLISHED["means"][metric][model]
    return statistics.fmean(PUBLISHED["figures"][metric][model])


def _rivals(metric: str, digits: int, *models: str) -> str:
    return ", ".join(f"{m} {published_mean(metric, m):.{digits}f}" for m in models)


def mle_gains(values: Sequence[float]) -> list[float]:
    """How much better than TabDiff, table by table; positive is better."""
    theirs = PUBLISHED["figures"]["mle"]["TabDiff"]
    return [
        (v - t) * (-1 if name in LOWER_IS_BETTER_MLE else 1)
        for v, t, name in zip(values, theirs, FIVE, strict=True)
    ]


GOALS = (
    Goal(
        "shape error %, mean of five",
        _rivals("shape_error", 2, "TabPC", "TabDiff"),
        "at most .50",
        _mean("shape_error"),
        lambda v: v[0] <= 0.50,
        2,
    ),
    Goal(
        "trend error %, mean of five",
        _rivals("trend_error", 2, "TabDiff", "TabPC"),
        "at most 1.20",
        _mean("trend_error"),
        lambda v: v[0] <= 1.20,
        2,
    ),
    Goal(
        "logistic C2ST, mean of five",
        _rivals("logistic_detection", 3, "TabPC"),
        "at least .99",
        _mean("logistic_detection"),
        lambda v: v[0] >= 0.99,
    ),
    Goal(
        "C2ST-XGB, mean of five",
        _rivals("xgb_detection", 2, "TabDiff", "TabPC"),
        "at least .85",
        _mean("xgb_detection"),
        lambda v: v[0] >= 0.85,
    ),
    Goal(
        "MLE, " + "/".join(FIVE),
        "TabDiff " + "/".join(f"{v:.3f}" for v in PUBLISHED["figures"]["mle"]["TabDiff"]),
        "equal or better on each",
        _each("mle"),
        lambda v: min(mle_gains(v)) >= 0,
    ),
    Goal(
        "rows drawn twice, beyond the real table's own, each table",
        "",
        "less than .5%",
        _each("rows_repeated"),
        lambda v: max(v) < 0.005,
        4,
    ),
    Goal(
        "membership AUC, each table",
        "",
        "at most .55",
        _each("membership_auc"),
        lambda v: max(v) <= 0.55,
    ),
    Goal(
        "DCR share, each table",
        "",
        ".48 to .52",
        _each("dcr_share"),
        lambda v: min(v) >= 0.48 and max(v) <= 0.52,
    ),
    Goal("fit, s, each table", "", "at most 600", _each("fit_seconds"), lambda v: max(v) <= 600, 0),
    Goal(
        "100,000 rows of Adult, s",
        "",
        "at most 1 without selection",
        _on_adult("many_seconds"),
        lambda v: v[0] <= 1,
        2,
        (WITHOUT,),
        ("adult",),
    ),
    Goal(
        "100,000 rows of Adult, s",
        "",
        "at most 20 with selection",
        _on_adult("many_seconds"),
        lambda v: v[0] <= 20,
        2,
        (WITH_SELECTION,),
        ("adult",),
    ),
)


def ahead_of_peers(figures: Figures, model: str) -> dict[str, bool]:
    """For each table that model and peers were scored on: whether the model's C2ST-XGB is above every peer's."""
    peers = [m for m in figures.models if m not in (*OURS, results.CEILING)]
    out = {}
    for table in FIVE:
        own = figures.median(model, table, "xgb_detection")
        theirs = [v for p in peers if (v := figures.median(p, table, "xgb_detection")) is not None]
        if own is not None and theirs:
            out[table] = own > max(theirs)
    return out
