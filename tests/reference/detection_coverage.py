"""How often the 95% interval of `synthgen.metrics.detection.c2st` holds the mean AUC.

    OMP_NUM_THREADS=1 python tests/reference/detection_coverage.py     (four minutes; writes detection_coverage.json)

Two tables of normal columns, one of them moved; every draw makes both anew. The mean of the AUCs over all draws
stands for what the classifier reaches with so many rows.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd

from synthgen.metrics.detection import _REPEATS, _SMALL, N_FOLDS, c2st
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.tables import code_tables
from synthgen.rng import stream
from synthgen.table.infer import infer_schema

N_COLUMNS = 6
CASES = [(120, 0.0, 120), (120, 0.6, 120), (1000, 0.0, 60), (1000, 0.3, 60)]
"""Rows of each table, by how much the first column is moved, draws."""


def draw_auc(n_rows: int, shift: float, seed: int) -> Estimate:
    """One measurement, of two new tables."""
    draw = stream(seed, f"coverage.{n_rows}.{shift}")
    names = [f"x{i}" for i in range(N_COLUMNS)]
    frames = {
        w: pd.DataFrame(draw.normal(size=(n_rows, N_COLUMNS)), columns=names) for w in ("real", "other")
    }
    frames["other"]["x0"] += shift
    coded = code_tables(frames, infer_schema(frames["real"]))
    return c2st(coded["other"], coded["real"], seed).auc


def covered(estimates: list[Estimate], factor: float) -> float:
    """The share of intervals that hold the mean, had the variance been divided by a factor."""
    mean = _logit(np.mean([e.value for e in estimates]))
    held = [
        abs(mean - _logit(e.value)) <= (_logit(e.high) - _logit(e.value)) / math.sqrt(factor)
        for e in estimates
    ]
    return float(np.mean(held))


def _logit(p: float) -> float:
    return math.log(p / (1 - p))


def main() -> None:
    """Measure every case and write the file."""
    out = []
    for n_rows, shift, n_draws in CASES:
        estimates = [draw_auc(n_rows, shift, seed) for seed in range(n_draws)]
        factor = 1.5 if n_rows < _SMALL else 1 + N_FOLDS / (N_FOLDS - 1)
        found = {
            "rows": n_rows,
            "shift": shift,
            "draws": n_draws,
            "rounds_of_folds": _REPEATS if n_rows < _SMALL else 1,
            "mean_auc": round(float(np.mean([e.value for e in estimates])), 3),
            "coverage": round(covered(estimates, 1), 3),
            "coverage_without_factor": round(covered(estimates, factor), 3),
        }
        out.append(found)
    Path(__file__).with_suffix(".json").write_text(json.dumps(out, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
