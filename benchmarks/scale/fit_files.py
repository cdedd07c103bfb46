"""A fit from files against a fit in memory: quality on Adult, and memory and time of long tables.

    python benchmarks/scale/fit_files.py quality ADULT.parquet               Adult streamed with few rows in memory, and in memory
    python benchmarks/scale/simulate.py FOLDER --rows 50_000_000
    python benchmarks/scale/fit_files.py rows FOLDER --sizes 1e6,5e6,20e6,50e6 --max-memory 4GiB
    python benchmarks/scale/fit_files.py rows FOLDER --in-memory 1e6        the same steps on a table in memory

Each fit is a process of its own; its most memory is getrusage's, the seconds of its phases are processor time and the time
that passed. Results go to benchmarks/results/scale/fit-files-*.json as they come; what is there is not run again (--again).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import runs

RESULTS = Path(__file__).resolve().parents[1] / "results" / "scale"
SAMPLES = 8_192
"""Rows in memory of the streamed fit of Adult."""
HOLDOUT = 0.25
JUDGED = 20_000
"""Fresh rows, and as many sampled ones, that trees tell apart where --judge is given."""
PLACE = "SYNTHGEN_BENCHMARK_DATA"
"""Where the rows are, for the processes of the runs: results hold no paths."""


class Clock:
    """Seconds of phases, by wrapping the functions that they are."""

    def __init__(self) -> None:
        self.phases: dict[str, dict[str, float]] = {}

    def wrap(self, owner: Any, name: str, phase: str) -> None:
        own: Callable[..., Any] = getattr(owner, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.timing(phase):
                return own(*args, **kwargs)

        setattr(owner, name, timed)

    def timing(self, phase: str) -> Any:
        return _Timing(self.phases, phase)


class _Timing:
    def __init__(self, phases: dict[str, dict[str, float]], phase: str) -> None:
        self.phases, self.phase = phases, phase

    def __enter__(self) -> None:
        self.began = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        now = time.perf_counter(), time.process_time()
        found = self.phases.setdefault(self.phase, {"wall": 0.0, "cpu": 0.0, "peak_gib": 0.0})
        found["wall"] = round(found["wall"] + now[0] - self.began[0], 2)
        found["cpu"] = round(found["cpu"] + now[1] - self.began[1], 2)
        found["peak_gib"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 3)


def files_of(folder: str, n_rows: int) -> list[str]:
    """The first files that hold so many rows."""
    import pyarrow.parquet as pq

    found, total = [], 0
    for path in sorted(Path(folder).glob("*.parquet")):
        if total >= n_rows:
            break
        found.append(str(path))
        total += pq.ParquetFile(path).metadata.num_rows
    if total < n_rows:
        raise SystemExit(f"{folder}: holds {total:,} rows, fewer than {n_rows:,}; run simulate.py.")
    return found


def fit_rows(job: dict[str, Any]) -> dict[str, Any]:
    """One fit of a long table, streamed or in memory."""
    import pandas as pd

    from synthgen import SynthGAN
    from synthgen.models import file_fit, gan_fit, synthgan

    clock = Clock()
    clock.wrap(file_fit, "look", "first pass")
    clock.wrap(file_fit, "find_relations", "relations in the sample")
    clock.wrap(file_fit, "checked_relations", "relations in all rows")
    clock.wrap(file_fit, "write_shards", "second pass")
    clock.wrap(gan_fit, "train", "training")
    clock.wrap(synthgan, "fit_gan", "training and calibration")
    clock.wrap(synthgan, "fit_selector", "selection")
    model = SynthGAN(
        max_steps=job["steps"], random_state=0, verbose=0, refine=None if job["refine"] == "none" else "auto"
    )
    files = files_of(os.environ[PLACE], job["rows"])
    with clock.timing("fit"):
        if job["how"] == "files":
            given = (
                Path(os.environ[PLACE])
                if len(files) == len(list(Path(os.environ[PLACE]).glob("*.parquet")))
                else files
            )
            model.fit(given, max_memory=job["max_memory"])
        else:
            table = pd.concat([pd.read_parquet(f) for f in files], ignore_index=True).iloc[: job["rows"]]
            clock.phases["reading"] = {
                "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 3)
            }
            model.fit(table)
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 3)
    found = {"c2st": fresh_rows_told(model)} if job["judge"] else {}
    return {
        **found,
        "n_rows": model.n_rows_in_,
        "n_features": model.encoder_.layout_.width,
        "steps_done": len(model.history_),
        "kinds": {c.name: c.kind for c in model.schema_},
        "phases": clock.phases,
        "peak_gib": peak,
    }


def fresh_rows_told(model: Any) -> dict[str, float]:
    """How well trees tell sampled rows from rows that were simulated anew."""
    import simulate

    fresh = simulate.to_arrow(simulate.block(0, JUDGED, seed=1), simulate.words()).to_pandas()
    return c2st_xgb(fresh, model.sample(JUDGED, random_state=1), 0)


def fit_quality(job: dict[str, Any]) -> dict[str, Any]:
    """Adult, three quarters of it learnt, the rest held against as many synthetic rows."""
    import tempfile
    import warnings

    import pandas as pd

    from synthgen import SynthGAN
    from synthgen.models import file_fit, file_fit_memory
    from synthgen.models.file_fit import fit_files
    from synthgen.models.fit_run import FitRun

    table = pd.read_parquet(os.environ[PLACE])
    order = table.sample(frac=1, random_state=job["seed"]).reset_index(drop=True)
    n = int(len(order) * (1 - HOLDOUT))
    train, holdout = order.iloc[:n], order.iloc[n:]
    model = SynthGAN(max_steps=job["steps"], random_state=job["seed"], verbose=0, refine="auto")
    clock = Clock()
    clock.wrap(file_fit, "look", "first pass")
    clock.wrap(file_fit, "write_shards", "second pass")
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if job["how"] == "files":
            for i in range(4):
                train.iloc[i * n // 4 : (i + 1) * n // 4].to_parquet(
                    Path(folder) / f"{i}.parquet", index=False
                )
            file_fit_memory.FITTING_ROWS = job["sample"]  # Adult fits: it would be fitted as in memory
            fit_files(model, folder, FitRun(), "8GiB", most=job["sample"])
        else:
            model.fit(train)
    is_streamed = {"first pass", "second pass"} <= set(clock.phases)
    if is_streamed != (job["how"] == "files"):
        raise SystemExit("the fit took the other road")
    found: dict[str, Any] = {
        "cpu": round(time.process_time() - began, 1),
        "n_rows": model.n_rows_in_,
        "is_streamed": is_streamed,
    }
    for name in ("auto", None):
        made = model.sample(len(holdout), random_state=1, refine=name)
        found["refined" if name else "plain"] = c2st_xgb(holdout, made, job["seed"])
    return found


def c2st_xgb(holdout: Any, made: Any, seed: int) -> dict[str, float]:
    """AUC of XGBoost, out of five stratified folds, and the score 1 - (2 max(.5, AUC) - 1)."""
    import numpy as np
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from xgboost import XGBClassifier

    from benchmarks.tables.coding import codes

    names = [c for c in holdout.columns if not np.issubdtype(np.asarray(holdout[c]).dtype, np.number)]
    real, fake = codes([holdout.reset_index(drop=True), made.reset_index(drop=True)], names)
    rows = np.vstack([real, fake])
    rows[rows < 0] = np.where(np.array([c in names for c in holdout.columns]), np.nan, rows)[
        rows < 0
    ]  # missing
    labels = np.repeat([0, 1], [len(real), len(fake)])
    kind = ["c" if c in names else "q" for c in holdout.columns]
    trees = XGBClassifier(n_jobs=1, tree_method="hist", enable_categorical=True, feature_types=kind)
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    found = cross_val_predict(trees, rows, labels, cv=folds, method="predict_proba")[:, 1]
    auc = float(roc_auc_score(labels, found))
    return {"auc": round(auc, 4), "score": round(2 - 2 * max(auc, 0.5), 4)}


def summary_of_rows(done: list[runs.Run]) -> object:
    """What issue 8 asks: memory by rows, and the time against the same number of steps in memory."""
    good: list[dict[str, Any]] = [r for r in done if "error" not in r]
    memory = {f"{r['how']} {r['rows']:,}": r["peak_gib"] for r in good}
    base = next((r for r in good if r["how"] == "memory"), None)
    out: dict[str, Any] = {"peak_gib": memory}
    if base is not None:
        same = [r for r in good if r["how"] == "files" and r["steps_done"] == base["steps_done"]]
        for clock in ("wall", "cpu"):
            out[f"times_in_memory_{clock}"] = {
                f"{r['rows']:,}": round(r["phases"]["fit"][clock] / base["phases"]["fit"][clock], 2)
                for r in same
            }
    return out


def summary_of_quality(done: list[runs.Run]) -> object:
    """Means over seeds, and the difference between the two roads."""
    good: list[dict[str, Any]] = [r for r in done if "error" not in r]
    out: dict[str, Any] = {}
    for what in ("plain", "refined"):
        means = {}
        for how in ("files", "memory"):
            own = [r[what]["score"] for r in good if r["how"] == how]
            if own:
                means[how] = round(sum(own) / len(own), 4)
        out[what] = means
        if len(means) == 2:
            out[what]["difference"] = round(means["files"] - means["memory"], 4)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    parts = parser.add_subparsers(dest="part")
    quality = parts.add_parser("quality")
    quality.add_argument("table")
    quality.add_argument("--steps", type=int, default=1_500)
    quality.add_argument("--seeds", type=int, default=3)
    quality.add_argument("--sample", type=int, default=SAMPLES)
    rows = parts.add_parser("rows")
    rows.add_argument("folder")
    rows.add_argument("--sizes", default="")
    rows.add_argument("--in-memory", default="")
    rows.add_argument("--steps", type=int, default=14_000)
    rows.add_argument("--judge", action="store_true", help="also tell sampled rows from fresh ones")
    rows.add_argument("--max-memory", default="4GiB")
    rows.add_argument("--refine", choices=["auto", "none"], default="auto")
    for part in (quality, rows):
        part.add_argument("--again", action="store_true")
        part.add_argument("--to", type=Path)
    given = parser.parse_args()
    if given.part is not None:
        os.environ[PLACE] = given.table if given.part == "quality" else given.folder
    if given.one is not None:
        print(json.dumps(fit_quality(given.one) if given.one["part"] == "quality" else fit_rows(given.one)))
        return
    if given.part == "quality":
        jobs: list[runs.Run] = [
            {
                "part": "quality",
                "how": how,
                "seed": seed,
                "steps": given.steps,
                "sample": given.sample,
            }
            for seed in range(given.seeds)
            for how in ("memory", "files")
        ]
        keys, target, told = ["how", "seed", "steps", "sample"], "fit-files-quality.json", summary_of_quality
    elif given.part == "rows":
        both = [("memory", s) for s in _sizes(given.in_memory)] + [("files", s) for s in _sizes(given.sizes)]
        jobs = [
            {
                "part": "rows", "how": how, "rows": n, "steps": given.steps, "refine": given.refine,
                "max_memory": given.max_memory, "judge": given.judge,
            }
            for how, n in both
        ]  # fmt: skip
        keys, target, told = (
            ["how", "rows", "steps", "refine", "max_memory"],
            "fit-files-rows.json",
            summary_of_rows,
        )
    else:
        parser.error("say which part: quality or rows")
    runs.run_all(
        __file__, jobs, keys, given.to or RESULTS / target, told, again=given.again, timeout=4 * 3_600
    )


def _sizes(text: str) -> list[int]:
    return [int(float(part)) for part in text.split(",") if part]


if __name__ == "__main__":
    main()
