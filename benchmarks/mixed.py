"""Fit a mixed table, sample as many rows, judge them on held-out rows; one process a run.

    python benchmarks/mixed.py adult --seeds 0 1 2
    python benchmarks/mixed.py adult --seeds 0 --set max_steps=4000 --label short -o elsewhere/

Writes benchmarks/results/mixed-TABLE.json: settings, machine, and for every seed the scores with their intervals
and baselines, seconds of fitting, of drawing a million rows, and the most memory held.
"""

from __future__ import annotations

import argparse
import ast
import json
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import machine
import problems

RESULTS = Path(__file__).resolve().parent / "results"
SUMMARISED = ("fit_seconds", "million_rows_seconds", "peak_memory_gib")


def run_one(name: str, seed: int, settings: dict[str, object]) -> dict[str, object]:
    """One fit with every warning an error."""
    warnings.simplefilter("error")
    from synthgen import SynthGAN, evaluate

    problem = problems.MIXED[name]
    train, holdout = problems.load(problem)
    start, start_cpu = time.perf_counter(), time.process_time()
    model = SynthGAN(random_state=seed, **settings).fit(train)
    fit_seconds, fit_cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
    fit_memory = machine.peak_memory_gib()
    synthetic = model.sample(len(train), random_state=seed)
    report = evaluate(train, synthetic, holdout, problem.target, random_state=seed)
    start = time.perf_counter()
    model.sample(1_000_000, random_state=seed)
    return {
        "seed": seed,
        "fit_seconds": round(fit_seconds, 1),
        "fit_cpu_seconds": round(fit_cpu_seconds, 1),
        "million_rows_seconds": round(time.perf_counter() - start, 1),
        "peak_memory_gib": round(fit_memory, 2),
        "peak_memory_with_million_rows_gib": round(machine.peak_memory_gib(), 2),
        "steps": len(model.history_),
        "stopped": model.stopped_,
        "scores": json.loads(report.to_json())["scores"],
    }


def summarise(runs: list[dict]) -> dict[str, float]:
    """Medians over the seeds."""
    scores = {name: [r["scores"][name]["value"] for r in runs] for name in runs[0]["scores"]}
    return {name: statistics.median(values) for name, values in scores.items() if None not in values} | {
        name: statistics.median(r[name] for r in runs) for name in SUMMARISED
    }


def run_all(name: str, seeds: list[int], settings: dict[str, object], label: str, folder: Path) -> Path:
    runs = []
    target = folder / f"mixed-{name}{'-' + label if label else ''}.json"
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        command = [
            sys.executable,
            __file__,
            name,
            "--one",
            str(seed),
            *(f"--set={k}={v!r}" for k, v in settings.items()),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{name}, seed {seed}: {done.stderr[-2000:]}")
        runs.append(json.loads(done.stdout.splitlines()[-1]))
        result = {
            "table": name,
            "model": "SynthGAN",
            "settings": settings,
            "machine": machine.describe(),
            "median": summarise(runs),
            "runs": runs,
        }
        target.write_text(json.dumps(result, indent=1) + "\n")
        print(
            f"{name}, seed {seed}: {json.dumps(runs[-1]['scores']['c2st_auc']['value'])}, {runs[-1]['fit_seconds']} s",
            flush=True,
        )
    return target


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("table", choices=[*problems.MIXED, "all"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of SynthGAN"
    )
    parser.add_argument("--label", default="", help="part of the result's file name")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    settings = {k: ast.literal_eval(v) for k, v in (s.split("=", 1) for s in arguments.set)}
    if arguments.one is not None:
        print(json.dumps(run_one(arguments.table, arguments.one, settings)))
        return
    for name in problems.MIXED if arguments.table == "all" else [arguments.table]:
        print(run_all(name, arguments.seeds, settings, arguments.label, arguments.output))


if __name__ == "__main__":
    main()
