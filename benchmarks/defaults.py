"""`SynthGAN().fit(df).sample(1000)`, no other argument, on every mixed table: types, missing shares, no warnings.

    python benchmarks/defaults.py [TABLE ...]

Writes benchmarks/results/defaults.json, one entry for each table; a table that breaks a rule is reported and the
command ends with 1. The rule for missing values (at most 2 points off) is held on 100,000 rows: among 1,000 rows a
share of 20% has a standard error of 1.3 points, so that figure, given too, breaks it by chance every fourth time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))
import machine
import problems

TARGET = Path(__file__).resolve().parent / "results" / "defaults.json"
MOST_MISSING_DIFFERENCE = 0.02


def missing_difference(synthetic: pd.DataFrame, table: pd.DataFrame) -> float:
    """The largest difference of a column's missing share, in [0, 1]."""
    return float((synthetic.isna().mean() - table.isna().mean()).abs().max())


def run_one(name: str) -> dict[str, object]:
    warnings.simplefilter("error")
    from synthgen import SynthGAN

    table = problems.whole_table(name)
    start = time.process_time()
    model = SynthGAN().fit(table)
    fit_cpu_seconds = time.process_time() - start
    synthetic = model.sample(1000)
    missing = missing_difference(synthetic, table)
    missing_of_many = missing_difference(model.sample(100_000), table)
    return {
        "rows": len(table),
        "columns": table.shape[1],
        "fit_cpu_seconds": round(fit_cpu_seconds, 1),
        "peak_memory_gib": round(machine.peak_memory_gib(), 2),
        "columns_and_dtypes_equal": bool(synthetic.dtypes.equals(table.dtypes)),
        "missing_share_difference_1000_rows": round(missing, 4),
        "missing_share_difference_100000_rows": round(missing_of_many, 4),
        "passed": bool(synthetic.dtypes.equals(table.dtypes)) and missing_of_many <= MOST_MISSING_DIFFERENCE,
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="*", default=list(problems.MIXED), metavar="TABLE")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(run_one(arguments.one)))
        return 0
    passed = True
    for name in arguments.tables:
        done = subprocess.run(
            [sys.executable, __file__, "--one", name], capture_output=True, text=True, check=False
        )
        if done.returncode:
            result = {"passed": False, "error": done.stderr.strip().splitlines()[-1]}
        else:
            result = json.loads(done.stdout.splitlines()[-1])
        print(name, json.dumps(result), flush=True)
        found = json.loads(TARGET.read_text())["tables"] if TARGET.exists() else {}
        both = {"machine": machine.describe(), "tables": {**found, name: result}}
        TARGET.write_text(json.dumps(both, indent=1) + "\n")
        passed &= result["passed"]
    return int(not passed)


if __name__ == "__main__":
    raise SystemExit(main())
