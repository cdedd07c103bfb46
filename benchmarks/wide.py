"""Few rows, very many columns: 600 simulated rows of 10,000 to 84,000 genes, judged on fresh rows of the same truth.

    python benchmarks/wide.py                                  all of it (an hour)
    python benchmarks/wide.py --models SynthGAN --genes 42000 --seeds 0
    python benchmarks/wide.py --label short --set "reduce=20" -o elsewhere/

Speed: fit, `sample(1000)` and the most memory held, SynthGAN at every size, everything else at 42,000. Quality, at
42,000: forest and logistic C2ST against fresh rows, gene-gene correlations, participation ratio, library sizes, classes,
and the attacks on wide tables; beside the floor (IndependentMarginals), the ceiling (other fresh rows in place of
synthetic ones) and the memoriser (Bootstrap). Every run has a process of its own, and a table of its own for each
seed. Runs that are in the result file are not run again (--again runs them). Writes benchmarks/results/wide.json.
"""

from __future__ import annotations

import argparse
import ast
import json
import statistics
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import memory
import runs
import wide_scores

from tests.datasets.builders import builder

RESULTS = Path(__file__).resolve().parent / "results"
ROWS, FRESH, SAMPLED = 600, 1_000, 1_000
SIZES = (10_000, 20_000, 42_000, 84_000)
SCORED = 42_000
MODELS = ("SynthGAN", "GaussianCopula", "IndependentMarginals", "Bootstrap", "ceiling")
ASKED = {"fit_seconds": 60, "sample_seconds": 5, "peak_memory_gib": 4}
"""At 600 x 42,000, two cores."""
SUMMARISED = ("fit_seconds", "fit_cpu_seconds", "sample_seconds", "sample_cpu_seconds", "peak_memory_gib")
KEYS = ("model", "genes", "seed")


def run_one(job: dict) -> dict[str, object]:
    """Make the tables, fit, sample, and score if the job says so; every warning is an error."""
    warnings.simplefilter("error")
    simulator = builder("expression_600x42k")
    known = simulator.truth(job["genes"], job["seed"])
    train = simulator.table(known, job["rows"], job["seed"], "train")
    if job["model"] == "ceiling":
        synthetic, measured = simulator.table(known, SAMPLED, job["seed"], "ceiling"), {}
    else:
        synthetic, measured = fit_and_sample(train, job)
    if not job["scored"]:
        return measured
    fresh = simulator.table(known, FRESH, job["seed"], "holdout")
    start = time.perf_counter()
    scores = score(train, synthetic, fresh, known.names, job["seed"])
    return {**measured, "scores": scores, "scoring_seconds": round(time.perf_counter() - start, 1)}


def fit_and_sample(train: pd.DataFrame, job: dict) -> tuple[pd.DataFrame, dict[str, object]]:
    """One fit and a thousand rows, with what they cost."""
    import synthgen

    model = getattr(synthgen, job["model"])(random_state=job["seed"], **job["settings"])
    memory.start_peak()
    before = memory.now_gib()
    fit = Clock()
    model.fit(train)
    fit_seconds, fit_peak = fit.read(), memory.peak_gib()
    sample = Clock()
    synthetic = model.sample(SAMPLED, random_state=job["seed"])
    sample_seconds = sample.read()
    return synthetic, {
        "fit_seconds": fit_seconds[0],
        "fit_cpu_seconds": fit_seconds[1],
        "sample_seconds": sample_seconds[0],
        "sample_cpu_seconds": sample_seconds[1],
        "peak_memory_gib": round(memory.peak_gib(), 2),
        "peak_memory_of_fit_gib": round(fit_peak, 2),
        "of_which_before_fit_gib": round(before, 2),
        "winner": getattr(model, "winner_", None),
    }


class Clock:
    """Seconds since it was made: of the wall, and of this process."""

    def __init__(self) -> None:
        self._start = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        now = time.perf_counter(), time.process_time()
        return round(now[0] - self._start[0], 2), round(now[1] - self._start[1], 2)


def score(
    train: pd.DataFrame, synthetic: pd.DataFrame, fresh: pd.DataFrame, genes: list[str], seed: int
) -> dict[str, object]:
    """All scores of one synthetic table of counts."""
    changed = [name for name in genes if synthetic[name].dtype != train[name].dtype]
    if changed:
        raise TypeError(f"{len(changed)} genes, such as {changed[0]!r}, came back with another dtype.")
    matrices = [t[genes].to_numpy() for t in (train, synthetic, fresh)]
    found = wide_scores.scores(*matrices, "counts", seed)
    learnt, made, unseen = (
        (values, table["class"].to_numpy(dtype=str))
        for values, table in zip(
            wide_scores.common_scale(matrices, "counts"), (train, synthetic, fresh), strict=True
        )
    )
    n = len(train)
    return {
        **found,
        "smallest": float(matrices[1].min()),
        **wide_scores.class_scores((made[0][:n], made[1][:n]), learnt, unseen),
    }


def summarise(done: list[dict]) -> dict[str, object]:
    """Medians over the seeds for each model and size, and how the cost grows with the genes."""
    good = [r for r in done if "error" not in r]
    out: dict[str, object] = {"asked_at_600_x_42000": ASKED}
    for model, genes in sorted(
        {(r["model"], r["genes"]) for r in good}, key=lambda k: (MODELS.index(k[0]), k[1])
    ):
        same = [r for r in good if (r["model"], r["genes"]) == (model, genes)]
        costs = {k: statistics.median(r[k] for r in same) for k in SUMMARISED if k in same[0]}
        scored = [r["scores"] for r in same if "scores" in r]
        out[f"{model}, {genes}"] = {"seeds": len(same), **costs, "scores": median_scores(scored)}
    out["growth_with_genes"] = growth([r for r in good if r["model"] == "SynthGAN"])
    return out


def median_scores(scored: list[dict]) -> dict[str, float | None]:
    """The median of every score over the seeds; of estimates, their values."""
    out = {}
    for name in scored[0] if scored else ():
        values = [
            s[name]["value"] if isinstance(s[name], dict) and "value" in s[name] else s[name] for s in scored
        ]
        numbers = [v for v in values if isinstance(v, (int, float))]
        if numbers:
            out[name] = round(statistics.median(numbers), 4)
    return out


def growth(done: list[dict]) -> dict[str, object]:
    """The exponent e of cost ~ genes^e by least squares (1 is linear), and the cost of a thousand genes."""
    sizes = sorted({r["genes"] for r in done})
    if len(sizes) < 3:
        return {}
    out: dict[str, object] = {"genes": sizes}
    for name in SUMMARISED:
        medians = np.array([statistics.median(r[name] for r in done if r["genes"] == g) for g in sizes])
        slope = np.polyfit(np.log(sizes), np.log(np.maximum(medians, 1e-3)), 1)[0]
        per_thousand = [float(f"{v:.3g}") for v in medians / np.array(sizes) * 1_000]
        out[name] = {"exponent": round(float(slope), 2), "for_a_thousand_genes": per_thousand}
    return out


def jobs(arguments: argparse.Namespace) -> list[dict]:
    """Scored runs at 42,000 genes for every seed, the default model at the other sizes for the first seed."""
    settings = {k: ast.literal_eval(v) for k, v in (s.split("=", 1) for s in arguments.set)}
    out = []
    for seed in arguments.seeds:
        for genes in arguments.genes:
            for model in arguments.models:
                if genes != SCORED and (model != "SynthGAN" or seed != arguments.seeds[0]):
                    continue
                own = settings if model == "SynthGAN" else {}
                job = {"model": model, "genes": genes, "seed": seed, "rows": ROWS, "settings": own}
                out.append({**job, "scored": genes == SCORED and not arguments.speed_only})
    return out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--genes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of SynthGAN"
    )
    parser.add_argument("--speed-only", action="store_true")
    parser.add_argument("--again", action="store_true", help="run what has a result already")
    parser.add_argument("--label", default="", help="part of the result's file name")
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(run_one(arguments.one)))
        return
    target = arguments.output / f"wide{'-' + arguments.label if arguments.label else ''}.json"
    runs.run_all(__file__, jobs(arguments), KEYS, target, summarise, again=arguments.again)
    print(target)


if __name__ == "__main__":
    main()
