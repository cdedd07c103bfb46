"""What a report costs: time and memory of `evaluate` at the three sizes that it is meant for.

    python benchmarks/report_speed.py [SIZE ...]        adult  wide  long

adult: 32,561 real rows x 15 mixed columns of Adult, a bootstrap of them with a twentieth of the values shuffled in
place of a synthesizer's, the 16,281 test rows held out; wide: 1,000 x 42,000 simulated expression values; long: a
million simulated rows x 50 mixed columns. Writes benchmarks/results/report-speed.json, one entry for each size.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))
import machine
import problems

TARGET = Path(__file__).resolve().parent / "results" / "report-speed.json"
LIMITS = {"adult": 90, "wide": 120, "long": 300}
"""Seconds asked for on two cores."""
Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def adult(draw: np.random.Generator) -> tuple[Tables, str]:
    """Adult, and rows of it with a twentieth of the values shuffled."""
    real, holdout = problems.load(problems.MIXED["adult"])
    synthetic = real.sample(len(real), replace=True, random_state=draw, ignore_index=True)
    for name in synthetic:
        rows = np.flatnonzero(draw.random(len(synthetic)) < 0.05)
        synthetic.loc[rows, name] = synthetic.loc[draw.permutation(rows), name].to_numpy()
    return (real, synthetic, holdout), "income"


def wide(draw: np.random.Generator) -> tuple[Tables, None]:
    """Expression-like values with ten common causes."""
    loadings = draw.normal(0, 0.5, (10, 42_000)).astype(np.float32)

    def make(n: int) -> pd.DataFrame:
        values = draw.normal(size=(n, 10)).astype(np.float32) @ loadings
        values += draw.standard_normal((n, 42_000), dtype=np.float32)
        return pd.DataFrame(values, columns=[f"gene{i}" for i in range(42_000)])

    return (make(1_000), make(1_000), make(500)), None


def long(draw: np.random.Generator) -> tuple[Tables, str]:
    """Fifty mixed columns, every fifth of them levels, related by five common causes."""
    loadings = draw.normal(0, 1, (5, 50))

    def make(n: int) -> pd.DataFrame:
        values = draw.normal(size=(n, 5)) @ loadings + draw.normal(size=(n, 50))
        table = pd.DataFrame(values, columns=[f"x{i}" for i in range(50)])
        for i in range(0, 50, 5):
            edges = [-np.inf, -4, -2.5, -1, 0, 1, 2.5, 4, np.inf]
            table[f"x{i}"] = pd.cut(table[f"x{i}"], edges, labels=list("abcdefgh")).astype(str)
        for i in range(1, 50, 5):
            table[f"x{i}"] = table[f"x{i}"].round().astype(int)
        return table

    return (make(1_000_000), make(1_000_000), make(200_000)), "x0"


def run_one(size: str) -> dict[str, object]:
    from synthgen import evaluate

    (real, synthetic, holdout), target = {"adult": adult, "wide": wide, "long": long}[size](
        np.random.default_rng(0)
    )
    before = machine.peak_memory_gib()
    start, cpu = time.perf_counter(), time.process_time()
    report = evaluate(real, synthetic, holdout, target, verbose=1)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    page = report.to_html()
    return {
        "rows": {"real": len(real), "synthetic": len(synthetic), "holdout": len(holdout)},
        "columns": real.shape[1],
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_seconds, 1),
        "seconds_asked": LIMITS[size],
        "peak_memory_gib": round(machine.peak_memory_gib(), 2),
        "of_which_the_tables_gib": round(before, 2),
        "page_mb": round(len(page.encode()) / 1e6, 2),
        "json_mb": round(len(report.to_json().encode()) / 1e6, 2),
        "scores": len(report.scores),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sizes", nargs="*", default=list(LIMITS), metavar="SIZE")
    parser.add_argument("--one", choices=list(LIMITS), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(run_one(arguments.one)))
        return
    for size in arguments.sizes:
        done = subprocess.run(
            [sys.executable, __file__, "--one", size], stdout=subprocess.PIPE, text=True, check=True
        )
        result = json.loads(done.stdout.splitlines()[-1])
        print(size, json.dumps(result), flush=True)
        found = json.loads(TARGET.read_text())["sizes"] if TARGET.exists() else {}
        both = {"machine": machine.describe(), "sizes": {**found, size: result}}
        TARGET.write_text(json.dumps(both, indent=1) + "\n")


if __name__ == "__main__":
    main()
