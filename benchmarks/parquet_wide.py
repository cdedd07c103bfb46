"""Parquet of 42,000 columns: `write_table` and `read_table` against pyarrow alone, on the same table.

    python benchmarks/parquet_wide.py

600 rows of float32 and of float64. pyarrow writes by ``pq.write_table(pa.Table.from_pandas(...))`` and reads by
``pq.ParquetFile(...).read().to_pandas()``. synthgen writes with the schema, as `synthgen sample` does. The four take
turns, five rounds; the medians of seconds and of processor seconds, and synthgen's share of pyarrow's, are written to
benchmarks/results/parquet-wide.json. Asked for: at most 1.5. ``pq.read_table``, which most call, is measured once, in a
process of its own, because with this many columns it holds gigabytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from synthgen import infer_schema
from synthgen.table.read import read_table
from synthgen.table.write import write_table

sys.path.insert(0, str(Path(__file__).resolve().parent))
import machine

TARGET = Path(__file__).resolve().parent / "results" / "parquet-wide.json"
N_ROWS, N_COLUMNS, N_ROUNDS = 600, 42_000, 5
ASKED = 1.5


def measure(dtype: str, folder: Path) -> dict[str, object]:
    values = np.random.default_rng(0).standard_normal((N_ROWS, N_COLUMNS)).astype(dtype)
    table = pd.DataFrame(values, columns=[f"gene{i}" for i in range(N_COLUMNS)])
    schema = infer_schema(table)
    plain, ours = folder / "plain.parquet", folder / "ours.parquet"
    jobs: dict[str, Callable[[], object]] = {
        "pyarrow_write": lambda: pq.write_table(pa.Table.from_pandas(table, preserve_index=False), plain),
        "synthgen_write": lambda: write_table(table, ours, schema=schema),
        "pyarrow_read": lambda: pq.ParquetFile(plain).read().to_pandas(),
        "synthgen_read": lambda: read_table(ours),
    }
    wall: dict[str, list[float]] = {name: [] for name in jobs}
    cpu: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(N_ROUNDS):
        for name, job in jobs.items():
            start, start_cpu = time.perf_counter(), time.process_time()
            job()
            wall[name].append(time.perf_counter() - start)
            cpu[name].append(time.process_time() - start_cpu)
    pd.testing.assert_frame_equal(read_table(ours), table)
    pd.testing.assert_frame_equal(pq.ParquetFile(ours).read().to_pandas(), table)
    return {
        "seconds": {name: round(median(s), 2) for name, s in wall.items()},
        "cpu_seconds": {name: round(median(s), 2) for name, s in cpu.items()},
        "ratio": _ratios(wall),
        "cpu_ratio": _ratios(cpu),
        "once_each": read_once(plain),
        "file_mb": {
            "pyarrow": round(plain.stat().st_size / 1e6, 1),
            "synthgen": round(ours.stat().st_size / 1e6, 1),
        },
    }


def _ratios(times: dict[str, list[float]]) -> dict[str, float]:
    return {
        job: round(median(times[f"synthgen_{job}"]) / median(times[f"pyarrow_{job}"]), 2)
        for job in ("write", "read")
    }


def read_once(path: Path) -> dict[str, float]:
    """Seconds and peak memory of one ``pq.read_table`` and of one `read_table`, each in a fresh process."""
    out = {}
    for name, module, call in (
        ("pq.read_table", "pyarrow.parquet", "read_table(path).to_pandas()"),
        ("synthgen", "synthgen.table.read", "read_table(path)"),
    ):
        code = f"""import json, resource, sys, time
from {module} import read_table
path, start = sys.argv[1], time.perf_counter()
{call}
seconds = time.perf_counter() - start
print(json.dumps([round(seconds, 2), round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)]))"""
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
        )
        out[f"{name} seconds"], out[f"{name} peak_memory_gib"] = json.loads(done.stdout)
    return out


def main() -> None:
    out: dict[str, object] = {
        "machine": machine.describe(),
        "pyarrow": version("pyarrow"),
        "rows": N_ROWS,
        "columns": N_COLUMNS,
        "rounds": N_ROUNDS,
        "ratio_asked_for": ASKED,
    }
    for dtype in ("float32", "float64"):
        with tempfile.TemporaryDirectory() as folder:
            out[dtype] = measure(dtype, Path(folder))
        print(dtype, json.dumps(out[dtype]), flush=True)
    TARGET.write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
