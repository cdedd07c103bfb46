"""Mutated model files and mutated inputs: each gives a SynthgenError or a right answer, and nothing else.

    python benchmarks/trust/fuzz.py [--models 10000] [--inputs 2000] [--properties 2000] [--secrets 100000] [--seed N]
    python benchmarks/trust/fuzz.py --case model:17 --seed 3     # one case again, with its traceback

Writes benchmarks/results/trust/fuzz.json after each part: counts by outcome and kind, every fault with its seed and number, CPU
and wall seconds. The command ends with 1 if there was a fault. Cases are played in a process of their own, which is restarted when it dies, hangs (10 s)
or holds more memory than twice what unmutated files took above the interpreter, plus SPARE.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import select
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import fuzz_inputs
import fuzz_models
import machine

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "benchmarks" / "results" / "trust" / "fuzz.json"
MOST_SECONDS = 10
SPARE = 128 * 2**20
"""Bytes of the interpreter that come and go: allocators' arenas, library caches."""


class Worker:
    """A process that plays cases; a new one whenever the last is gone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[str] | None = None
        self.most_bytes = 0
        self.restarts = -1

    def play(self, task: dict[str, Any], *, alone: bool = False) -> dict[str, Any]:
        if self.process is None or self.process.poll() is not None:
            self._start()
        assert self.process is not None and self.process.stdin is not None
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()
        start = time.perf_counter()
        reply = self._line(MOST_SECONDS)
        if reply is None:
            seconds = time.perf_counter() - start
            hung = seconds >= MOST_SECONDS
            code = self.stop(kill=hung)
            why = f"hang over {MOST_SECONDS} s" if hung else f"crash: exit status {code}"
            seconds = round(seconds, 3)
            return {**task, "outcome": "fault", "why": why, "seconds": seconds, "peak": 0}
        if reply["peak"] > self.most_bytes and not alone:
            self.stop()  # the peak is of all cases that the process has played: this one once more, by itself
            return self.play(task, alone=True)
        if reply["peak"] > self.most_bytes:
            reply |= {
                "outcome": "fault",
                "why": f"memory: {reply['peak']:,} bytes, more than {self.most_bytes:,}; {reply['why']}",
            }
            self.stop()
        return reply

    def stop(self, kill: bool = True) -> int | None:
        """End the process; its exit status."""
        if self.process is None:
            return None
        if kill:
            self.process.kill()
        return self.process.wait()

    def _start(self) -> None:
        self.restarts += 1
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "OMP_WAIT_POLICY": "passive",
            "PYTHONFAULTHANDLER": "0",
        }
        command = [sys.executable, str(Path(__file__).with_name("fuzz_worker.py")), str(self.folder)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        facts = self._line(600)
        if facts is None:
            raise SystemExit("the worker does not start: unmutated files cannot be read")
        self.most_bytes = facts["interpreter"] + 2 * (facts["unmutated"] - facts["interpreter"]) + SPARE
        self.facts = facts

    def _line(self, seconds: float) -> dict[str, Any] | None:
        assert self.process is not None and self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        line = self.process.stdout.readline() if ready else ""
        return json.loads(line) if line else None


def fuzz(what: str, n: int, seed: int, folder: Path) -> dict[str, Any]:
    """Play cases 0 to n - 1; counts and faults."""
    worker = Worker(folder)
    try:
        counts = _play_all(what, n, seed, worker)
    finally:
        worker.stop()  # its CPU time counts from then on
    facts = {**worker.facts, "most": worker.most_bytes} if n else {}
    return {**counts, "bytes": facts, "restarts": worker.restarts}


def _play_all(what: str, n: int, seed: int, worker: Worker) -> dict[str, Any]:
    kinds: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    faults = []
    slowest = 0.0
    for case in range(n):
        reply = worker.play({"what": what, "seed": seed, "case": case})
        outcomes[reply["outcome"]] += 1
        group = reply.get("model") or reply.get("kind", "?")
        kinds[f"{group}, {reply.get('mutation', '?')}: {reply['outcome']}"] += 1
        outcomes["signed anew"] += reply.get("resigned") == "True"
        slowest = max(slowest, reply["seconds"])
        if reply["outcome"] == "fault":
            faults.append({k: reply[k] for k in ("case", "why", "model", "kind", "mutation") if k in reply})
            print(f"{what} {case}: {reply['why']}", file=sys.stderr, flush=True)
        if case % 500 == 499:
            print(f"{what}: {case + 1:,} of {n:,}, {len(faults)} faults", file=sys.stderr, flush=True)
    return {
        "cases": n,
        **{k: outcomes[k] for k in ("refused", "right", "fault", "signed anew")},
        "slowest_seconds": slowest,
        "by_kind": dict(sorted(kinds.items())),
        "faults": faults,
    }


def properties(n: int, seed: int) -> dict[str, Any]:
    """The property tests with many examples: whether all that were asked for were played, and held."""
    options = ["-s", f"--hypothesis-seed={seed}"]
    held, text = tested("tests/models/test_any_table.py", {"SYNTHGEN_EXAMPLES": str(n)}, options)
    lines = [line.split("examples:")[1] for line in text.splitlines() if "examples:" in line]
    examples = dict(json.loads(line) for line in lines)
    played = sum(sum(counts.values()) for counts in examples.values())
    return {"asked": n, "played": played, "passed": held and played >= n, "examples": examples}


def secrets(n: int) -> dict[str, Any]:
    """The search for planted secrets in so many sampled rows of each model."""
    held, text = tested("tests/models/test_secrets.py", {"SYNTHGEN_SECRET_SAMPLES": str(n)}, [])
    found = re.search(r"(\d+) passed", text)
    n_tests = int(found[1]) if found else 0
    return {"samples": n, "tests": n_tests, "passed": held and n_tests > 0}


def tested(path: str, variables: dict[str, str], options: list[str]) -> tuple[bool, str]:
    """Whether a file of tests passes, and what pytest prints."""
    environment = {**os.environ, **variables, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, path]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    sys.stderr.write(done.stdout[-3000:] if done.returncode else "")
    return done.returncode == 0, done.stdout


def again(case: str, seed: int, folder: Path) -> None:
    """One case in this process, with its traceback."""
    import fuzz_worker

    what, _, number = case.partition(":")
    if what == "model":
        path = folder / "case.synthgen"
        print(fuzz_models.mutate(fuzz_models.make_models(folder), seed, int(number), path))
        fuzz_worker.play_model(path)
    else:
        path, facts = fuzz_inputs.mutate(fuzz_inputs.make_inputs(folder), seed, int(number), folder)
        print(facts)
        fuzz_worker.play_input(path, facts["kind"])
    print("right")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--models", type=int, default=10_000, help="0, here and below: keep what the file says of them"
    )
    parser.add_argument("--inputs", type=int, default=2_000)
    parser.add_argument("--properties", type=int, default=2_000, help="examples of the property tests")
    parser.add_argument(
        "--secrets", type=int, default=100_000, help="rows in which planted secrets are looked for"
    )
    parser.add_argument("--seed", type=int, default=None, help="drawn where not given, and printed")
    parser.add_argument("--case", help="play one case again: model:17 or input:17")
    parser.add_argument(
        "--folder", type=Path, help="keeps the unmutated files; a temporary one where not given"
    )
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    arguments = parser.parse_args()
    seed = int.from_bytes(os.urandom(4), "little") if arguments.seed is None else arguments.seed
    print(f"seed {seed}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(exist_ok=True, parents=True)
        if arguments.case:
            again(arguments.case, seed, folder)
            return 0
        every: dict[str, Callable[[], dict[str, Any]]] = {
            "models": lambda: fuzz("model", arguments.models, seed, folder),
            "inputs": lambda: fuzz("input", arguments.inputs, seed, folder),
            "properties": lambda: properties(arguments.properties, seed),
            "secrets": lambda: secrets(arguments.secrets),
        }
        parts = {name: play for name, play in every.items() if getattr(arguments, name)}
        known = json.loads(arguments.output.read_text()) if arguments.output.exists() else {}
        kept = {
            name: {"seed": known.get("seed"), **known[name]}
            for name in every
            if name in set(known) - set(parts)
        }
        result = play_parts({**machine.describe(), **kept}, parts, seed, arguments.output)
    n_faults = sum(result[name]["fault"] for name in ("models", "inputs") if name in parts)
    failed = [name for name in parts if not result[name].get("passed", True)]
    print(f"{arguments.output}: {n_faults} faults" + "".join(f"; {name} did not all hold" for name in failed))
    return int(n_faults > 0 or bool(failed))


def play_parts(
    result: dict[str, Any], parts: dict[str, Callable[[], dict[str, Any]]], seed: int, target: Path
) -> dict[str, Any]:
    """Each part, timed, and written as soon as it ends."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for name, play in parts.items():
        start, cpu = time.perf_counter(), sum(os.times()[:4])  # of processes that have ended, too
        own = play()
        times = {"wall_seconds": time.perf_counter() - start, "cpu_seconds": sum(os.times()[:4]) - cpu}
        result[name] = own | {"seed": seed} | {key: round(value, 1) for key, value in times.items()}
        target.write_text(json.dumps(result, indent=1) + "\n")
    return result


if __name__ == "__main__":
    raise SystemExit(main())
