"""A table of 20 mixed columns on disk, as long as is asked for: rows are a function of their number and the seed.

Ten numbers, six categories of 2 to 10,000 levels, two instants (the second never before the first), one boolean and one
number with gaps, tied together by three normal factors. Written row group by row group, so that memory stays flat.

    python benchmarks/scale/simulate.py FOLDER --rows 50_000_000
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from synthgen.rng import stream

ROWS_PER_GROUP = 262_144
ROWS_PER_FILE = 2 * 1_048_576
LEVELS = {"channel": 2, "segment": 5, "region": 20, "branch": 200, "product": 2_000, "postcode": 10_000}
SPREAD = {"channel": 1.0, "segment": 1.0, "region": 0.8, "branch": 0.6, "product": 0.5, "postcode": 0.4}
EPOCH = int(pd.Timestamp("2022-01-01").timestamp())
SECONDS = 2 * 365 * 86_400


def block(number: int, n: int, seed: int = 0) -> dict[str, np.ndarray]:
    """The columns of one row group; categories as codes, instants as seconds, gaps as NaN."""
    rng = stream(seed, "simulated rows", number)
    a, b, c = rng.standard_normal((3, n), dtype=np.float32)
    noise = iter(rng.standard_normal((12, n), dtype=np.float32))
    age = np.clip(np.rint(45 + 14 * (0.6 * a + 0.8 * next(noise))), 18, 95)
    income = np.round(np.exp(10 + 0.5 * a + 0.4 * b + 0.3 * next(noise)), 2)
    spent = np.where(b + next(noise) < -0.7, 0.0, np.round(np.exp(3 + b + 0.5 * c), 2))
    visits = np.minimum(rng.poisson(np.exp(np.clip(1 + 0.5 * b, -3, 4))), 200)
    out: dict[str, np.ndarray] = {
        "age": age.astype(np.int64),
        "income": income.astype(np.float64),
        "spent": spent.astype(np.float64),
        "visits": visits.astype(np.int64),
        "score": (0.7 * a - 0.5 * c + 0.5 * next(noise)).astype(np.float64),
        "balance": (np.sinh(0.8 * c + 0.4 * next(noise)) * 1_000).astype(np.float64),
        "distance": np.exp(0.9 * np.abs(a) + 0.3 * next(noise)).astype(np.float32),
        "rating": np.clip(np.rint(3.4 + 0.8 * b + 0.6 * next(noise)), 1, 5).astype(np.int64),
        "height": np.round(170 + 9 * next(noise), 1).astype(np.float64),
        "ratio": (1 / (1 + np.exp(-1.2 * c - 0.5 * next(noise)))).astype(np.float64),
    }
    for i, (name, levels) in enumerate(LEVELS.items()):
        factor = (a, b, c)[i % 3]
        place = SPREAD[name] * factor + np.sqrt(1 - SPREAD[name] ** 2 / 2) * rng.standard_normal(
            n, dtype=np.float32
        )
        rank = 0.5 * (1 + np.tanh(0.8 * place))  # about uniform in (0, 1)
        out[name] = np.minimum((levels * rank**2).astype(np.int64), levels - 1)  # low codes are common
    ordered = (
        EPOCH
        + rng.integers(0, SECONDS // 3600, n) * 3600
        + np.rint(1800 + 600 * a).clip(0, 3599).astype(np.int64)
    )
    delay = np.rint(np.exp(11 + 0.4 * c + 0.5 * next(noise))).astype(np.int64)
    out["ordered"], out["delivered"] = ordered, ordered + delay
    out["returned"] = rng.random(n) < 1 / (1 + np.exp(2 - b))
    waited = np.round(delay / 3600 + 2 * next(noise), 1).astype(np.float64)
    waited[rng.random(n) < np.where(out["returned"], 0.35, 0.08)] = np.nan
    out["waited"] = waited
    return out


def words() -> dict[str, pa.Array]:
    """The levels of each category."""
    return {name: pa.array([f"{name[:2].upper()}{i:05d}" for i in range(n)]) for name, n in LEVELS.items()}


def to_arrow(columns: dict[str, np.ndarray], levels: dict[str, pa.Array]) -> pa.Table:
    out = {}
    for name, values in columns.items():
        if name in levels:
            out[name] = levels[name].take(pa.array(values))
        elif name in ("ordered", "delivered"):
            out[name] = pa.array(values * 1_000_000, pa.timestamp("us"))
        else:
            out[name] = pa.array(values, from_pandas=True)
    return pa.table(out)


def simulate(folder: Path, n_rows: int, seed: int = 0) -> float:
    """Write the table; gives the seconds."""
    began, levels = time.perf_counter(), words()
    folder.mkdir(parents=True, exist_ok=True)
    done = group = file = 0
    while done < n_rows:
        stop = min(done + ROWS_PER_FILE, n_rows)
        part = folder / f".{file:05d}.parquet.part"
        writer = None
        while done < stop:
            n = min(ROWS_PER_GROUP, stop - done)
            table = to_arrow(block(group, n, seed), levels)
            if writer is None:
                writer = pq.ParquetWriter(part, table.schema, compression="zstd", compression_level=1)
            writer.write_table(table)
            done, group = done + n, group + 1
        if writer is not None:
            writer.close()
        part.replace(folder / f"{file:05d}.parquet")
        file += 1
        print(
            f"{done:,} of {n_rows:,} rows, {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True
        )
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=lambda text: int(float(text.replace("_", ""))), default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    simulate(given.folder, given.rows, given.seed)


if __name__ == "__main__":
    main()
