"""Benchmarks as many runs: each in a process of its own, its result kept at once, so that a stop loses one run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import machine

Run = dict[str, object]


def load(path: Path) -> list[Run]:
    """The runs that a result file holds."""
    return json.loads(path.read_text())["runs"] if path.exists() else []


def save(path: Path, runs: Sequence[Run], **more: object) -> None:
    """Write a result file whole: machine, whatever is summarised, runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"machine": machine.describe(), **more, "runs": list(runs)}, indent=1) + "\n")
    part.replace(path)


def with_run(runs: Sequence[Run], new: Run, keys: Sequence[str]) -> list[Run]:
    """The runs with one added, or put in the place of the one with the same keys."""
    kept = [r for r in runs if any(r[k] != new[k] for k in keys)]
    return sorted([*kept, new], key=lambda r: [str(r[k]).rjust(12) for k in keys])


def in_process(script: str, job: Run, timeout: float) -> Run:
    """The result of ``python SCRIPT --one JOB``, or how it failed."""
    command = [sys.executable, script, "--one", json.dumps(job)]
    environment = {"OMP_WAIT_POLICY": "passive", **os.environ}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=timeout, env=environment
        )
    except subprocess.TimeoutExpired:
        return {**job, "error": f"more than {timeout:.0f} s"}
    if done.returncode:
        return {**job, "error": (done.stderr.strip() or f"exit status {done.returncode}")[-1500:]}
    return {**job, **json.loads(done.stdout.splitlines()[-1])}


def run_all(
    script: str,
    jobs: Sequence[Run],
    keys: Sequence[str],
    target: Path,
    summarise: Callable[[list[Run]], object],
    *,
    again: bool = False,
    timeout: float = 1_800,
) -> None:
    """Run the jobs whose results are not there yet, failed ones included, and keep each result as it comes."""
    for job in jobs:
        runs = load(target)
        done = [r for r in runs if all(r[k] == job[k] for k in keys) and "error" not in r]
        if done and not again:
            continue
        result = in_process(script, job, timeout)
        runs = with_run(runs, result, keys)
        save(target, runs, summary=summarise(runs))
        short = {k: v for k, v in result.items() if isinstance(v, (int, float, str))}
        print(json.dumps(short)[:600], flush=True)
