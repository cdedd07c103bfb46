"""One training on several processes: quality and cost by workers, a killed worker, and seconds of one sum of gradients.

    python benchmarks/scale/team.py quality ADULT.parquet --workers 1,2,4 --steps 1500 --seeds 2
    python benchmarks/scale/team.py kill ADULT.parquet --steps 600
    python benchmarks/scale/team.py allreduce --workers 2

Workers are those of a local Ray. Quality: three quarters of Adult are learnt with the same batch and steps, and as many rows as the
last quarter has are drawn as they come (refine=None); the AUC of boosted trees against that quarter, with its interval. Kill: one of two
workers is killed by its process id in the middle; the model must be that of an undisturbed fit, byte for byte.
The seconds of a sum, by gloo on loopback, are fitted by a latency and a bandwidth: medians as the machine was, and the least as if it
were quiet. Results go to benchmarks/results/scale/team.json, those of sums to team-allreduce.json, as they come; what is there is not
run again (--again).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import signal
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import runs

RESULTS = Path(__file__).resolve().parents[1] / "results" / "scale"
HOLDOUT = 0.25
SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
"""Numbers of float32 in one sum."""


def learnt(job: dict[str, Any], train: Any, **given: Any) -> tuple[Any, dict[str, Any]]:
    """A fit on workers of a local Ray, and what it cost."""
    from synthgen import SynthGAN
    from synthgen.distributed.teams import team
    from synthgen.models.fit_run import FitRun

    model = SynthGAN(max_steps=job["steps"], random_state=job["seed"], verbose=0, refine=None, **given)
    with team("ray", None, job["workers"]) as workers:
        began = time.process_time(), time.perf_counter()
        model._fit(train, None, FitRun(None, workers))
        driver, wall = time.process_time() - began[0], time.perf_counter() - began[1]
    cost = {name: round(float(value), 3) for name, value in workers.traffic.items()}
    return model, {
        "driver_cpu_seconds": round(driver, 2),
        "fit_wall_seconds": round(wall, 2),
        "training": cost,
        "bytes_per_step": round(cost["bytes"] / cost["steps"]),
        "messages_per_step": round(cost["messages"] / cost["steps"], 3),
        "load_before": job["load"],
    }


def quality(job: dict[str, Any]) -> dict[str, Any]:
    """AUC against held-out rows, and cost."""
    import pandas as pd

    from synthgen.metrics.detection import c2st
    from synthgen.metrics.tables import code_tables

    table = pd.read_parquet(job["table"]).sample(frac=1, random_state=job["seed"]).reset_index(drop=True)
    n = int(len(table) * (1 - HOLDOUT))
    holdout = table.iloc[n:].reset_index(drop=True)
    model, cost = learnt(job, table.iloc[:n].reset_index(drop=True))
    made = model.sample(len(holdout), random_state=1)
    coded = code_tables({"synthetic": made, "holdout": holdout}, model.schema_)
    auc = c2st(coded["synthetic"], coded["holdout"], job["seed"]).auc
    scores = model.validation_history_["auc"]
    return {
        "auc": auc.value, "low": auc.low, "high": auc.high, "kept_validation_auc": float(scores.loc[model.kept_step_]),
        **cost,
    }  # fmt: skip


def kill(job: dict[str, Any]) -> dict[str, Any]:
    """An undisturbed fit, and one of which the first worker is killed after the second third of its evaluations."""
    import pandas as pd

    train = pd.read_parquet(job["table"]).sample(4_000, random_state=job["seed"]).reset_index(drop=True)
    undisturbed, first = learnt(job, train)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "pid"

        def wait(found: Any) -> None:
            if found.step >= 2 * job["steps"] // 3 and not path.exists():
                path.write_text(str(os.getpid()))
                time.sleep(60)

        threading.Thread(target=_kill, args=(path,), daemon=True).start()
        disturbed, second = learnt(job, train, callbacks=[wait])
    return {
        "same_bytes": _digest(undisturbed) == _digest(disturbed),
        "restarts": disturbed._record.history.restarts,
        "undisturbed": first,
        "disturbed": second,
    }


def _kill(path: Path) -> None:
    while not path.exists() or not path.read_text():
        time.sleep(0.05)
    os.kill(int(path.read_text()), signal.SIGKILL)


def _digest(model: Any) -> str:
    return hashlib.sha256(model.sample(2_000, random_state=0).to_csv().encode()).hexdigest()


def allreduce(job: dict[str, Any]) -> dict[str, Any]:
    """Median seconds of one sum of so many numbers by gloo on this machine's loopback."""
    import torch.multiprocessing as processes

    with tempfile.TemporaryDirectory() as folder:
        processes.spawn(_summing, (job["workers"], folder), nprocs=job["workers"])
        found = json.loads((Path(folder) / "0.json").read_text())
    fits = {kind: _line([found[str(n)][kind] for n in SIZES], job["workers"]) for kind in ("median", "least")}
    return {"seconds": {str(4 * n): found[str(n)] for n in SIZES}, **fits, "load_before": job["load"]}


def _line(seconds: list[float], workers: int) -> dict[str, float]:
    """Latency and bandwidth: seconds = 2 (workers - 1) (latency + bytes / workers / bandwidth), relative errors least."""
    import numpy as np

    rounds, sizes, weights = 2 * (workers - 1), 4.0 * np.array(SIZES), 1 / np.array(seconds)
    design = np.stack([np.full_like(sizes, rounds), rounds * sizes / workers], axis=1)
    (latency, inverse), *_ = np.linalg.lstsq(design * weights[:, None], np.ones_like(sizes), rcond=None)
    return {"latency_seconds": float(latency), "bytes_per_second": float(1 / inverse)}


def _summing(rank: int, size: int, folder: str) -> None:
    import torch
    import torch.distributed as dist

    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=size)
    found = {}
    for n in SIZES:
        values = torch.zeros(n)
        taken = []
        for i in range(60 if n < 10**6 else 15):
            dist.barrier()
            began = time.perf_counter()
            dist.all_reduce(values)
            if i >= 5:
                taken.append(time.perf_counter() - began)
        taken.sort()
        found[str(n)] = {"median": taken[len(taken) // 2], "least": taken[0]}
    (Path(folder) / f"{rank}.json").write_text(json.dumps(found))
    dist.destroy_process_group()


def summary(done: list[runs.Run]) -> object:
    """Means of the AUC over seeds, with the half-widths of single runs, by workers."""
    good: list[dict[str, Any]] = [r for r in done if r["part"] == "quality" and "error" not in r]
    out: dict[str, Any] = {}
    for workers in sorted({r["workers"] for r in good}):
        own = [r for r in good if r["workers"] == workers]
        out[f"{workers} workers"] = {
            "runs": len(own),
            "auc": round(sum(r["auc"] for r in own) / len(own), 4),
            "half_width": round(sum((r["high"] - r["low"]) / 2 for r in own) / len(own), 4),
            "worker_cpu_seconds": round(sum(r["training"]["cpu_seconds"] for r in own) / len(own), 1),
            "training_wall_seconds": round(sum(r["training"]["wall_seconds"] for r in own) / len(own), 1),
            "bytes_per_step": own[0]["bytes_per_step"],
        }
    return out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    parser.add_argument("part", nargs="?", choices=["quality", "kill", "allreduce"])
    parser.add_argument("table", nargs="?", default="")
    parser.add_argument("--workers", default="1,2,4")
    parser.add_argument("--steps", type=int, default=1_500)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--to", type=Path)
    given = parser.parse_args()
    if given.one is not None:
        began = os.getloadavg()[0]
        found = {"quality": quality, "kill": kill, "allreduce": allreduce}[given.one["part"]](
            {**given.one, "load": began}
        )
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(json.dumps({**found, "table": Path(given.one["table"]).name, "peak_gib": round(most, 3)}))
        return
    counts = [int(w) for w in given.workers.split(",")]
    seeds = range(given.seeds) if given.part == "quality" else range(1)
    if given.part == "kill":
        counts = [2]
    steps = 0 if given.part == "allreduce" else given.steps
    jobs: list[runs.Run] = [
        {"part": given.part, "workers": w, "seed": seed, "steps": steps, "table": given.table}
        for seed in seeds
        for w in counts
    ]
    target = given.to or RESULTS / ("team-allreduce.json" if given.part == "allreduce" else "team.json")
    runs.run_all(
        __file__,
        jobs,
        ["part", "workers", "seed", "steps"],
        target,
        summary,
        again=given.again,
        timeout=3_600,
    )


if __name__ == "__main__":
    main()
