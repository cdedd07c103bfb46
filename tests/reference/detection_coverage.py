"""How often the 95% intervals of the detection AUCs hold the mean AUC.

    OMP_NUM_THREADS=1 python tests/reference/detection_coverage.py [draws]     (500 draws: a quarter of an hour)

Two tables of normal columns, one of them moved; every draw makes both anew. The mean of the AUCs over all draws
stands for what the classifier reaches on average with so many rows. Writes benchmarks/results/detection-coverage.json
after each case, and leaves alone the cases that it holds: delete it to measure them anew.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from synthgen.metrics.detection import c2st
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.linear_detection import linear_c2st
from synthgen.metrics.tables import code_tables
from synthgen.rng import stream
from synthgen.table.infer import infer_schema

N_COLUMNS = 6
CASES: list[tuple[Callable, int, float]] = [
    (linear_c2st, 200, 0.2),
    (linear_c2st, 200, 0.8),
    (linear_c2st, 1000, 0.0),
    (c2st, 1000, 0.3),
    (c2st, 200, 1.0),
]
"""What is measured, rows of each table, by how much the first column is moved."""
TARGET = Path(__file__).parents[2] / "benchmarks" / "results" / "detection-coverage.json"


def draw_auc(measure: Callable, n_rows: int, shift: float, seed: int) -> Estimate:
    """One measurement, of two new tables."""
    draw = stream(seed, f"coverage.{n_rows}.{shift}")
    names = [f"x{i}" for i in range(N_COLUMNS)]
    frames = {
        w: pd.DataFrame(draw.normal(size=(n_rows, N_COLUMNS)), columns=names) for w in ("real", "other")
    }
    frames["other"]["x0"] += shift
    coded = code_tables(frames, infer_schema(frames["real"]))
    return measure(coded["other"], coded["real"], seed).auc


def covered(estimates: list[Estimate]) -> dict[str, float]:
    """The mean, and the shares of intervals that hold it, lie above it and below it."""
    mean = float(np.mean([e.value for e in estimates]))
    above, below = (
        float(np.mean([hit(e) for e in estimates]))
        for hit in (lambda e: e.low > mean, lambda e: e.high < mean)
    )
    return {
        "mean_auc": round(mean, 4),
        "sd_auc": round(float(np.std([e.value for e in estimates])), 4),
        "mean_width": round(float(np.mean([e.high - e.low for e in estimates])), 4),
        "coverage": round(1 - above - below, 4),
        "above": round(above, 4),
        "below": round(below, 4),
    }


def main() -> None:
    """Measure every case and write the file after each."""
    n_draws = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    out = json.loads(TARGET.read_text(encoding="utf-8")) if TARGET.exists() else []
    for measure, n_rows, shift in CASES:
        case = {"measure": measure.__name__, "rows": n_rows, "columns": N_COLUMNS, "shift": shift}
        case["draws"] = n_draws
        if any(case.items() <= found.items() for found in out):
            continue
        estimates = [draw_auc(measure, n_rows, shift, seed) for seed in range(n_draws)]
        out.append({**case, **covered(estimates)})
        print(out[-1], flush=True)
        TARGET.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
