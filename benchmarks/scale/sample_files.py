"""`sample_to`: rows in a second, memory that does not grow, two workers against one, and runs that are killed.

    python benchmarks/scale/sample_files.py rate ADULT.parquet               20 million rows without selection, 1 million with
    python benchmarks/scale/sample_files.py workers ADULT.parquet            Ray with one and with two workers
    python benchmarks/scale/sample_files.py kill ADULT.parquet               ten runs killed at random moments, and gone on with
    python benchmarks/scale/sample_files.py kill ADULT.parquet --engine ray

The model is SynthGAN, trained for --steps steps on the table, once, and kept in the --work folder. Each run is a process of its
own: its most memory is the kernel's VmHWM, its seconds are processor time (all threads) and the time that passed. The files are
removed after each run. Results go to benchmarks/results/scale/sample-files-*.json as they come; what is there is not run again
(--again).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import machine
import numpy as np

RESULTS = Path(__file__).resolve().parents[1] / "results" / "scale"
SEED = 1
FRACTIONS = (0.05, 0.25, 1.0)
"""Of --rows, so that memory can be seen to be flat."""


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(json.loads(sys.argv[2]))))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=("rate", "workers", "kill"))
    parser.add_argument("table", type=Path)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--rows", type=float, help="default: 20e6 (rate), 4e6 (workers), 600e3 (kill)")
    parser.add_argument("--selected-rows", type=float, default=1e6)
    parser.add_argument(
        "--rows-per-file", type=float, help="default: 1e6 (rate), 250e3 (workers), 50e3 (kill)"
    )
    parser.add_argument("--repeats", type=int, default=2, help="of workers")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--engine", choices=("local", "ray"), default="local", help="of kill")
    parser.add_argument("--work", type=Path, default=Path("/tmp/synthgen-sample-files"))
    parser.add_argument("--again", action="store_true")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    model = fitted(given.table, given.steps, given.work)
    PARTS[given.part](given, model)


def fitted(table: Path, steps: int, work: Path) -> Path:
    """The model's file; trained if it is not there."""
    path = work / f"{table.stem}-{steps}.synthgen"
    if not path.exists():
        from synthgen import SynthGAN
        from synthgen.table.read import read_table

        print(f"training {path} for {steps} steps", flush=True)
        SynthGAN(max_steps=steps, random_state=0).fit(read_table(table)).save(path)
    return path


def rate(given: argparse.Namespace, model: Path) -> None:
    """Rows in a second and memory, without and with selection, beside pyarrow's writing alone."""
    per_file = int(given.rows_per_file or 1e6)
    plan = [(int(share * (given.rows or 20e6)), None) for share in FRACTIONS]
    plan += [(int(share * given.selected_rows), "auto") for share in FRACTIONS]
    book = Book("rate", given, model)
    for n, refine in plan:
        book.add(
            f"refine={refine} n={n}",
            "sample",
            model,
            given.work,
            {"n": n, "refine": refine, "per_file": per_file},
        )
    book.add(
        "pyarrow",
        "write",
        model,
        given.work,
        {"n": min(int(given.rows or 20e6), 5_000_000), "per_file": per_file},
    )
    runs = book.runs
    flat = {
        str(refine): [runs[f"refine={refine} n={n}"]["peak_gib"] for n, r in plan if r == refine]
        for refine in (None, "auto")
    }
    book.done({"peak_gib_by_n": flat, "growth": {k: v[-1] / v[0] for k, v in flat.items()}})


def workers(given: argparse.Namespace, model: Path) -> None:
    """The same sample by one and by two workers of one Ray, in turns."""
    n, per_file = int(given.rows or 4e6), int(given.rows_per_file or 250e3)
    book = Book("workers", given, model)
    job = {"n": n, "refine": None, "per_file": per_file, "repeats": given.repeats}
    found = book.add(f"n={n} repeats={given.repeats}", "workers", model, given.work, job)
    book.done({"ratio": found["ratio"]})


def kill(given: argparse.Namespace, model: Path) -> None:
    """Runs that are killed at random moments and gone on with, against one that was not."""
    n, per_file = int(given.rows or 600e3), int(given.rows_per_file or 50e3)
    job = {"n": n, "refine": None, "per_file": per_file, "engine": given.engine}
    book = Book(f"kill-{given.engine}", given, model)
    whole, folder = given.work / "whole", given.work / "killed"
    shutil.rmtree(whole, ignore_errors=True)
    undisturbed = call({**job, "kind": "sample", "model": str(model), "out": str(whole), "keep": True})
    wanted = digests(whole)
    for number in range(given.kills):
        name = f"kill {number} n={n} per_file={per_file}"
        if name not in book.runs or given.again:
            book.keep(name, killed(job, model, folder, number, undisturbed["seconds"], wanted))
    shutil.rmtree(whole, ignore_errors=True)
    runs = book.runs.values()
    book.done(
        {"kills": len(runs), "as_undisturbed": sum(r["same_bytes"] and r["only_missing"] for r in runs)}
    )


def killed(
    job: dict[str, Any], model: Path, folder: Path, number: int, seconds: float, wanted: dict[str, str]
) -> dict[str, Any]:
    """One run that is killed, and the run after it."""
    shutil.rmtree(folder, ignore_errors=True)
    own = {**job, "kind": "sample", "model": str(model), "out": str(folder), "keep": True}
    moment = float(np.random.default_rng(number).uniform(0.02, 0.98)) * seconds
    run = subprocess.Popen([sys.executable, __file__, "--one", json.dumps(own)], stdout=subprocess.DEVNULL)
    while not folder.exists() and run.poll() is None:
        time.sleep(0.005)
    time.sleep(moment)
    run.send_signal(signal.SIGKILL)
    died = run.wait() == -signal.SIGKILL
    if job["engine"] == "ray":
        time.sleep(5)  # until what the driver had started has ended too
    before = {p.name: (p.stat().st_ino, p.stat().st_mtime_ns) for p in folder.glob("part-*")}
    half = sorted(p.name for p in folder.iterdir() if p.name.startswith(".part-"))
    again = call(own)
    after = {p.name: (p.stat().st_ino, p.stat().st_mtime_ns) for p in folder.glob("part-*")}
    found = {
        "killed": died,
        "moment_seconds": moment,
        "whole_files": len(before),
        "half_files": len(half),
        "written_after": again["n_written"],
        "only_missing": all(after[name] == before[name] for name in before)
        and again["n_written"] == len(after) - len(before),
        "same_bytes": digests(folder) == wanted,
    }
    shutil.rmtree(folder)
    return found


def digests(folder: Path) -> dict[str, str]:
    """Of every file in a folder, hidden ones too."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


class Book:
    """The results of one part, in their file as they come."""

    def __init__(self, part: str, given: argparse.Namespace, model: Path) -> None:
        self.path, self.again = RESULTS / f"sample-files-{part}.json", given.again
        self.head = {
            "model": model.name,
            "machine": machine.describe(),
            "command": " ".join(a for a in sys.argv[1:] if "/" not in a),
        }
        kept = json.loads(self.path.read_text()) if self.path.exists() and not given.again else {}
        self.runs: dict[str, Any] = kept.get("runs", {}) if kept.get("model") == model.name else {}

    def add(self, name: str, kind: str, model: Path, work: Path, job: dict[str, Any]) -> dict[str, Any]:
        """The run of a name; made if it is not there."""
        if name not in self.runs:
            out = work / "out"
            shutil.rmtree(out, ignore_errors=True)
            self.keep(name, call({**job, "kind": kind, "model": str(model), "out": str(out)}))
        return self.runs[name]

    def keep(self, name: str, found: dict[str, Any]) -> None:
        print(name, json.dumps(found), flush=True)
        self.runs[name] = found
        self.done({})

    def done(self, found: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps({**self.head, **found, "runs": self.runs}, indent=1) + "\n")


def call(job: dict[str, Any]) -> dict[str, Any]:
    """A run in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", json.dumps(job)], stdout=subprocess.PIPE, check=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def one(job: dict[str, Any]) -> dict[str, Any]:
    """What a process of its own does."""
    from synthgen import load

    model = load(job["model"]).set_params(verbose=0)
    out = Path(job["out"])
    found = {"sample": sampled, "write": written, "workers": by_workers}[job["kind"]](model, out, job)
    if not job.get("keep"):
        shutil.rmtree(out, ignore_errors=True)
    return {**found, "peak_gib": peak_gib()}


def peak_gib() -> float:
    """The most memory that this process has held; getrusage's begins with what the process held that started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    line = next(found for found in status.read_text().splitlines() if found.startswith("VmHWM"))
    return int(line.split()[1]) / 2**20


def sampled(model: Any, out: Path, job: dict[str, Any]) -> dict[str, Any]:
    """One call of `sample_to`."""
    began, used = time.perf_counter(), time.process_time()
    engine = {"engine": "ray", "workers": 2} if job.get("engine") == "ray" else {}
    found = model.sample_to(
        out,
        job["n"],
        rows_per_file=job["per_file"],
        random_state=SEED,
        refine=job["refine"],
        **engine,
    )
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    return {
        "n": job["n"],
        "seconds": seconds,
        "cpu_seconds": cpu,
        "rows_per_second": job["n"] / seconds,
        "rows_per_cpu_second": job["n"] / cpu,
        "bytes": found.n_bytes,
        "files": len(found.files),
        "n_written": found.n_written,
    }


def written(model: Any, out: Path, job: dict[str, Any]) -> dict[str, Any]:
    """The same rows written by pyarrow alone: one file's rows over and over, in the same row groups."""
    import pyarrow.parquet as pq

    from synthgen.table.write import packing

    made = model.sample_to(
        out, job["per_file"], rows_per_file=job["per_file"], random_state=SEED, refine=None
    )
    file = pq.ParquetFile(out / made.files[0].name)
    groups = [file.read_row_group(i) for i in range(file.num_row_groups)]
    began, used, rows = time.perf_counter(), time.process_time(), 0
    while rows < job["n"]:
        path = out / f"again-{rows}.parquet"
        with pq.ParquetWriter(
            path, groups[0].schema, write_page_checksum=True, **packing(groups[0])
        ) as writer:
            for group in groups:
                writer.write_table(group, row_group_size=len(group))
        rows += job["per_file"]
        path.unlink()
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    return {
        "n": rows,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "rows_per_second": rows / seconds,
        "rows_per_cpu_second": rows / cpu,
    }


def by_workers(model: Any, out: Path, job: dict[str, Any]) -> dict[str, Any]:
    """One worker and two, in turns, of one Ray whose workers are warm."""
    from synthgen.engines.ray_cluster import ray_cluster

    seconds: dict[str, list[float]] = {"1": [], "2": []}
    own = {"random_state": SEED, "refine": job["refine"], "engine": "ray"}
    with ray_cluster(None, 2):
        model.sample_to(out / "warm", 40_000, rows_per_file=10_000, workers=2, **own)
        for _ in range(job["repeats"]):
            for n_workers, times in seconds.items():
                shutil.rmtree(out / n_workers, ignore_errors=True)
                began = time.perf_counter()
                model.sample_to(
                    out / n_workers, job["n"], rows_per_file=job["per_file"], workers=int(n_workers), **own
                )
                times.append(time.perf_counter() - began)
        same = digests(out / "1") == digests(out / "2")
    ratio = statistics.median(seconds["1"]) / statistics.median(seconds["2"])
    return {"n": job["n"], "seconds": seconds, "ratio": ratio, "same_bytes": same}


PARTS = {"rate": rate, "workers": workers, "kill": kill}

if __name__ == "__main__":
    main()
