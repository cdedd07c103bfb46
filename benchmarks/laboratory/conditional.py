"""Conditional GANs: do classes stand as far apart as in the real rows, no less and no more?

    python benchmarks/laboratory/conditional.py [--tables adult magic expr_singh] [--seeds 0 1 2]

For every encoded column the difference of the two classes' means, in standard deviations of the training rows (for expression
this is the log fold change, as values are on a log-like scale); those of the synthetic rows are regressed on those of the
training rows, without intercept. Slope 1: as far apart; above 1: over-separated, the fault of auxiliary classifiers; below:
blurred. Beside it the same of held-out real rows, and of a model that was not told the class (`conditional_on` left out).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import frontier_tables
import problems
import runs

from synthgen import SynthGAN

RESULT = Path(__file__).resolve().parents[1] / "results" / "laboratory" / "conditional.json"
LABELS = {"adult": "income", "magic": "class", "expr_singh": frontier_tables.LABEL}
MAX_STEPS = 3000
MODELS = ("conditional", "not told", "holdout")
ROWS_PER_CLASS = 2000


def splits(name: str, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and held-out rows."""
    if name.startswith("expr_"):
        parts = frontier_tables.load(name.removeprefix("expr_"), seed)
        return parts.train, parts.fresh
    return problems.load(problems.MIXED[name])


def differences(table: pd.DataFrame, label: str, classes: list, like: pd.DataFrame) -> np.ndarray:
    """Class-mean differences of every number and level, in standard deviations of `like`."""
    coded, real = (pd.get_dummies(t.drop(columns=label), dtype=float) for t in (table, like))
    coded = coded.reindex(columns=real.columns, fill_value=0.0)
    spread = real.std().replace(0, np.nan)
    one, other = (coded[(table[label] == c).to_numpy()].mean() for c in classes)
    return ((other - one) / spread).to_numpy(dtype=float)


def run_one(name: str, model: str, seed: int) -> dict[str, object]:
    training, held = splits(name, seed)
    label = LABELS[name]
    classes = sorted(training[label].unique())[:2]
    cpu = time.process_time()
    if model == "holdout":
        rows = held
    else:
        told = [label] if model == "conditional" else None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gan = SynthGAN(
                conditional_on=told, refine=None, max_steps=MAX_STEPS, random_state=seed, verbose=0
            ).fit(training)
        n = 300 if name.startswith("expr_") else ROWS_PER_CLASS
        rows = pd.concat(
            [gan.sample(n, conditions={label: c}, random_state=seed) for c in classes], ignore_index=True
        )
    ours, real = (differences(t, label, classes, training) for t in (rows, training))
    known = np.isfinite(ours) & np.isfinite(real)
    ours, real = ours[known], real[known]
    return {
        "slope": round(float(ours @ real / (real @ real)), 4),
        "correlation": round(float(np.corrcoef(ours, real)[0, 1]), 4),
        "n_differences": int(known.sum()),
        "cpu_s": round(time.process_time() - cpu, 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", nargs="*", default=list(LABELS), choices=list(LABELS))
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        job = json.loads(arguments.one)
        print(json.dumps(run_one(job["table"], job["model"], job["seed"])))
        return 0
    jobs = [
        {"table": t, "model": m, "seed": s} for s in arguments.seeds for t in arguments.tables for m in MODELS
    ]
    runs.run_all(__file__, jobs, ("table", "model", "seed"), RESULT, len, timeout=3_600)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
