"""How often the report names a planted fault, and how often it raises an alarm about fresh real rows.

    python benchmarks/faults.py [--seeds 3] [--fresh 20] [--fresh-wide 20]
    python benchmarks/faults.py --seeds 0 --fresh 0 --fresh-wide 30 --first-seed 200 --parts collapse -o more.json

The faults are those of tests/common/faults.py, planted in four thousand mixed rows or three hundred rows of four
thousand columns, and sought by the parts of the report that can see them. Reports of fresh rows are whole. Writes
benchmarks/results/faults.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import machine

from synthgen import evaluate
from synthgen.metrics.significance import ALPHA
from synthgen.rng import stream
from tests.common import faults

TARGET = Path(__file__).resolve().parent / "results" / "faults.json"
ALARMS = ("leak", "wrong", "minor")


def named(name: str, seeds: range) -> list[bool]:
    """Whether the fault was named, seed by seed."""
    fault, out = faults.FAULTS[name], []
    for seed in seeds:
        real, fresh, holdout = (faults.wide_tables if fault.is_wide else faults.tables)(seed)
        synthetic = fault.plant(real, fresh, stream(seed, f"benchmark.fault.{name}"))
        report = evaluate(real, synthetic, holdout, metrics=fault.parts, random_state=seed)
        out.append(fault.is_named(report.verdicts))
    return out


def alarms(
    make: Callable[[int], tuple[pd.DataFrame, ...]], target: str | None, seeds: range, parts: str | list[str]
) -> list[list[str]]:
    """What was wrongly called wrong about fresh rows, seed by seed."""
    reports = (evaluate(*make(seed), target, metrics=parts, random_state=seed) for seed in seeds)
    return [[v.sentence for v in r.verdicts if v.kind in ALARMS] for r in reports]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3, help="tables that each fault is planted in")
    parser.add_argument("--fresh", type=int, default=20, help="fresh mixed tables")
    parser.add_argument("--fresh-wide", type=int, default=20, help="fresh wide tables")
    parser.add_argument(
        "--first-seed", type=int, default=100, help="of the fresh tables; no test uses so high ones"
    )
    parser.add_argument("--parts", nargs="+", help="of the reports of fresh tables; default: all")
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    arguments = parser.parse_args()
    first, parts = arguments.first_seed, arguments.parts or "auto"
    start, result = time.perf_counter(), {}
    for name in faults.FAULTS:
        found = named(name, range(arguments.seeds))
        result[name] = f"{sum(found)} of {len(found)}"
        print(name, result[name], flush=True)
    kinds = {
        "mixed": (faults.tables, "mark", arguments.fresh),
        "wide": (faults.wide_tables, None, arguments.fresh_wide),
    }
    fresh = {}
    for kind, (make, target, n) in kinds.items():
        found = alarms(make, target, range(first, first + n), parts)
        fresh[kind] = {
            "tables": n,
            "with_an_alarm": sum(map(bool, found)),
            "alarms": [s for f in found for s in f],
        }
        print("fresh", kind, fresh[kind], flush=True)
    both = {
        "machine": machine.describe(),
        "seconds": round(time.perf_counter() - start),
        "named": result,
        "stated_level": ALPHA,
        "fresh": fresh,
    }
    arguments.output.write_text(json.dumps(both, indent=1) + "\n")


if __name__ == "__main__":
    main()
