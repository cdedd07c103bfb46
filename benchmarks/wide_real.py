"""Real wide tables: rice genotypes with and without missing calls, and single cells.

    python benchmarks/wide_real.py                       all of it (needs SYNTHGEN_DATA)
    python benchmarks/wide_real.py --tables sc_pbmc1k_v2 --models SynthGAN --seeds 0

A scored run learns from 60% of the rows and is judged on the others: allele frequencies or gene means, missing shares,
library sizes, dtypes, forest and logistic C2ST, correlations and the attacks on wide tables, for SynthGAN beside
GaussianCopula, IndependentMarginals (the floor) and Bootstrap (the memoriser); "ceiling" puts real rows of the other
half in place of synthetic ones. A run on all rows measures seconds and memory. Writes benchmarks/results/wide-real.json.
"""

from __future__ import annotations

import argparse
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
import real_tables
import runs
import wide_scores
from wide import Clock, median_scores

TARGET = Path(__file__).resolve().parent / "results" / "wide-real.json"
MODELS = ("SynthGAN", "GaussianCopula", "IndependentMarginals", "Bootstrap", "ceiling")
ASKED = {"fit_seconds": 180, "peak_memory_gib": 8, "mean_r_to_train": 0.99}
SUMMARISED = ("fit_seconds", "fit_cpu_seconds", "sample_seconds", "peak_memory_gib")
KEYS = ("table", "model", "rows", "seed")


def run_one(job: dict) -> dict[str, object]:
    """Fit, sample as many rows as were learnt, and score if rows are held out; every warning is an error."""
    warnings.simplefilter("error")
    if job["rows"] == "all":
        table, features = real_tables.whole(job["table"])
        synthetic, measured = fit_and_sample(table, job)
        return {**measured, **kept(table[features], synthetic[features])}
    parts = real_tables.load(job["table"], job["seed"])
    train, fresh = parts.train, parts.fresh
    if job["model"] == "ceiling":  # as many held-out rows as there are to be had
        cut = len(fresh) // 2
        synthetic, fresh, measured = fresh.iloc[:cut], fresh.iloc[cut:], {}
    else:
        synthetic, measured = fit_and_sample(train, job)
    learnt, made, unseen = (t[parts.features] for t in (train, synthetic, fresh))
    start = time.perf_counter()
    matrices = [t.to_numpy() for t in (learnt, made, unseen)]
    scores = wide_scores.scores(*matrices, parts.kind, job["seed"])
    seconds = round(time.perf_counter() - start, 1)
    return {**measured, **kept(learnt, made), "scores": scores, "scoring_seconds": seconds}


def fit_and_sample(table: pd.DataFrame, job: dict) -> tuple[pd.DataFrame, dict[str, object]]:
    """One fit and as many rows, with what they cost."""
    import synthgen

    model = getattr(synthgen, job["model"])(random_state=job["seed"])
    memory.start_peak()
    before, fit = memory.now_gib(), Clock()
    model.fit(table)
    fit_seconds, sample = fit.read(), Clock()
    synthetic = model.sample(len(table), random_state=job["seed"])
    sample_seconds = sample.read()
    return synthetic, {
        "n_rows": len(table),
        "n_columns": table.shape[1],
        "fit_seconds": fit_seconds[0],
        "fit_cpu_seconds": fit_seconds[1],
        "sample_seconds": sample_seconds[0],
        "sample_cpu_seconds": sample_seconds[1],
        "peak_memory_gib": round(memory.peak_gib(), 2),
        "of_which_before_fit_gib": round(before, 2),
        "winner": getattr(model, "winner_", None),
    }


def kept(train: pd.DataFrame, synthetic: pd.DataFrame) -> dict[str, object]:
    """What must not change: dtypes, whole numbers, signs, means and missing shares of the rows learnt from."""
    before, after = train.to_numpy(), synthetic.to_numpy()
    known = after[~np.isnan(after)]
    means, _, holes = wide_scores.moments(after)
    real_means, _, real_holes = wide_scores.moments(before)
    both = np.isfinite(means) & np.isfinite(real_means)
    return {
        "same_dtypes": bool((train.dtypes.to_numpy() == synthetic.dtypes.to_numpy()).all()),
        "whole_share": float((known == np.round(known)).mean()),
        "smallest": float(known.min()),
        "largest": float(known.max()),
        "largest_real": float(np.nanmax(before)),
        "mean_r_to_train": wide_scores.correlation(means[both], real_means[both]),
        "missing_r_to_train": wide_scores.correlation(holes, real_holes) if real_holes.any() else None,
        "missing_share": float(holes.mean()),
        "missing_share_of_train": float(real_holes.mean()),
    }


def summarise(done: list[dict]) -> dict[str, object]:
    """Medians over the seeds for each table, model and choice of rows."""
    good = [r for r in done if "error" not in r]
    out: dict[str, object] = {"asked": ASKED}
    for table, model, rows in sorted({tuple(r[k] for k in KEYS[:3]) for r in good}):
        same = [r for r in good if tuple(r[k] for k in KEYS[:3]) == (table, model, rows)]
        names = (*SUMMARISED, "mean_r_to_train", "missing_r_to_train")
        costs = {k: statistics.median(r[k] for r in same) for k in names if same[0].get(k) is not None}
        scored = [r["scores"] for r in same if "scores" in r]
        out[f"{table}, {model}, {rows} rows"] = {"seeds": len(same), **costs, "scores": median_scores(scored)}
    return out


def jobs(arguments: argparse.Namespace) -> list[dict]:
    """SynthGAN on all rows once, and every model on each split."""
    out = []
    for table in arguments.tables:
        if "SynthGAN" in arguments.models:
            out.append({"table": table, "model": "SynthGAN", "rows": "all", "seed": arguments.seeds[0]})
        for seed in arguments.seeds:
            out += [{"table": table, "model": m, "rows": "60%", "seed": seed} for m in arguments.models]
    return out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--tables", nargs="+", choices=list(real_tables.SOURCES), default=list(real_tables.SOURCES)
    )
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--again", action="store_true", help="run what has a result already")
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(run_one(arguments.one)))
        return
    runs.run_all(__file__, jobs(arguments), KEYS, arguments.output, summarise, again=arguments.again)
    print(arguments.output)


if __name__ == "__main__":
    main()
