"""How often the report names a planted fault, and how often it raises an alarm about fresh real rows.

    python benchmarks/faults.py [--seeds 3] [--fresh 20]

The faults are those of tests/common/faults.py, planted in three thousand mixed rows or three hundred rows of four
thousand columns. Every report is whole. Writes benchmarks/results/faults.json.
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
        out.append(fault.is_named(evaluate(real, synthetic, holdout, random_state=seed).verdicts))
    return out


def alarms(
    make: Callable[[int], tuple[pd.DataFrame, ...]], target: str | None, seeds: range
) -> list[list[str]]:
    """What was wrongly called wrong about fresh rows, seed by seed."""
    reports = (evaluate(*make(seed), target, random_state=seed) for seed in seeds)
    return [[v.sentence for v in r.verdicts if v.kind in ALARMS] for r in reports]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3, help="tables that each fault is planted in")
    parser.add_argument("--fresh", type=int, default=20, help="fresh tables of each kind")
    arguments = parser.parse_args()
    start, result = time.perf_counter(), {}
    for name in faults.FAULTS:
        found = named(name, range(arguments.seeds))
        result[name] = f"{sum(found)} of {len(found)}"
        print(name, result[name], flush=True)
    # other seeds than any test uses
    seeds = range(100, 100 + arguments.fresh)
    fresh = {
        "mixed": alarms(faults.tables, "mark", seeds),
        "wide": alarms(faults.wide_tables, None, seeds),
    }
    print("false alarms", {k: sum(map(bool, v)) for k, v in fresh.items()}, "of", arguments.fresh, "each")
    both = {
        "machine": machine.describe(),
        "seconds": round(time.perf_counter() - start),
        "named": result,
        "fresh_tables_of_each_kind": arguments.fresh,
        "stated_level": ALPHA,
        "false_alarms": {kind: [s for seed in found for s in seed] for kind, found in fresh.items()},
    }
    TARGET.write_text(json.dumps(both, indent=1) + "\n")


if __name__ == "__main__":
    main()
