"""Sketches and reports of tables in files: time and memory by rows, and errors beside the bounds that are stated.

    python benchmarks/scale/simulate.py FOLDER --rows 20_000_000
    python benchmarks/scale/evaluate_files.py FOLDER --files 1,3,10

Each run is a process of its own: ``sketch`` reads and sketches the first files of the folder, ``read`` only reads them,
``evaluate`` compares them with themselves (margins of all rows, the rest of 100,000 of each), ``errors`` sketches simulated columns
and holds quantiles, shares and distinct counts against exact ones; the KLL sketch of the library stands beside. Results go to
benchmarks/results/scale/evaluate_files.json as they come; what is there is not run again (--again).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import machine
import numpy as np
import runs

RESULTS = Path(__file__).resolve().parents[1] / "results" / "scale" / "evaluate_files.json"
PARTS = ["columns", "pairs", "detection"]
ERROR_ROWS = 5_000_000
KLL_K = 3_000
"""Of the library's sketch, whose stated error holds in 99% of cases, not always."""


def columns(n: int) -> dict[str, np.ndarray]:
    """Columns that are hard for one sketch or another."""
    from synthgen.rng import stream

    draws = stream(0, "benchmark of sketches")
    normal = draws.normal(size=n)
    return {
        "normal": normal,
        "sorted": np.sort(normal),
        "reversed": np.sort(normal)[::-1].copy(),
        "skewed": draws.lognormal(sigma=3, size=n),
        "tied": np.where(draws.random(n) < 0.4, 0.0, np.round(draws.gamma(0.3, 5e4, size=n), 2)),
        "million whole": draws.integers(0, 1_000_000, n),
    }


def rank_errors(found: np.ndarray, ordered: np.ndarray, q: np.ndarray) -> float:
    """The farthest that quantiles lie from the ranks that their values have."""
    low, high = (np.searchsorted(ordered, found, side) / len(ordered) for side in ("left", "right"))
    return float(np.maximum(np.maximum(low - q, q - high), 0).max())


def errors() -> list[dict[str, Any]]:
    import datasketches
    import pandas as pd

    from synthgen.sketches.table_sketch import TableSketch

    out, q = [], np.linspace(0, 1, 10_001)
    for name, x in columns(ERROR_ROWS).items():
        frame = pd.DataFrame({"x": x})
        blocks = (frame.iloc[i : i + 65_536].reset_index(drop=True) for i in range(0, len(x), 65_536))
        sketch = TableSketch.of(blocks)["x"]
        ordered = np.sort(x)
        at = ordered[:: len(x) // 10_000]
        true = np.searchsorted(ordered, at, "right") / len(x)
        n_distinct = int(1 + np.count_nonzero(np.diff(ordered)))
        kll = datasketches.kll_doubles_sketch(KLL_K)
        kll.update(x.astype(np.float64))
        out.append(
            {
                "column": name,
                "rows": len(x),
                "quantile_error": rank_errors(sketch.quantiles(q), ordered, q),
                "share_error": float(np.abs(sketch.cdf(at) - true).max()),
                "rank_error_stated": sketch.rank_error,
                "values_kept": len(sketch.points()[0]),
                "kll_quantile_error": rank_errors(np.array(kll.get_quantiles(q)), ordered, q),
                "kll_error_stated_99_percent": kll.normalized_rank_error(False),
                "kll_values_kept": kll.num_retained,
                "distinct": n_distinct,
                "distinct_error": float(sketch.n_distinct / n_distinct - 1),
                "distinct_standard_error_stated": sketch.distinct_error,
            }
        )
    return out


def one(job: dict[str, Any]) -> dict[str, Any]:
    """One run, in this process."""
    from synthgen.reports.summary import evaluate
    from synthgen.sketches.table_sketch import TableSketch
    from synthgen.table.sources import open_source

    if job["what"] == "errors":
        return {"columns": errors()}
    files = sorted(map(str, Path(job["folder"]).glob("*.parquet")))[: job["files"]]
    source = open_source(files)
    idle = machine.peak_memory_gib()
    wall, cpu = time.perf_counter(), time.process_time()
    if job["what"] == "read":
        for _ in source.blocks():
            pass
    elif job["what"] == "sketch":
        TableSketch.of(source)
    else:
        report = evaluate(source, source, metrics=PARTS)
        print(report.coverage.words[0], file=sys.stderr)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    n_read = source.n_rows * (2 if job["what"] == "evaluate" else 1)
    return {
        "rows": source.n_rows,
        "columns": len(source.names),
        "bytes": source.n_bytes,
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "cpu_s_per_million_rows": round(cpu / n_read * 1e6, 3),
        "peak_gib": round(machine.peak_memory_gib(), 3),
        "peak_gib_before": round(idle, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--files", default="1,3,10", help="How many of the folder's files.")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--one", help="A run as JSON, in this process.")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(json.loads(given.one))))
        return
    jobs: list[runs.Run] = [{"what": "errors", "files": 0}]
    for n in map(int, given.files.split(",")):
        for what in ("read", "sketch", "evaluate"):
            jobs.append({"what": what, "files": n, "folder": given.folder})
    runs.run_all(__file__, jobs, ["what", "files"], RESULTS, lambda _: None, again=given.again)
    done = [{k: v for k, v in run.items() if k != "folder"} for run in runs.load(RESULTS)]
    runs.save(RESULTS, done)


if __name__ == "__main__":
    main()
