"""Memory and time of fits, beside what `estimate` said of them before.

    python benchmarks/trust/memory.py                      all of it (an hour)
    python benchmarks/trust/memory.py --tables tall wide --models SynthGAN
    python benchmarks/trust/memory.py --again estimate     the estimates again, the fits as they are

Every fit and every estimate has a process of its own, which makes its table and hands free memory back before it
begins. Peaks are VmHWM, reset before the fit; times are processor seconds, since machines are shared. Tables are
simulated; `held back` are those that no constant of the estimate was set by. Writes benchmarks/results/trust/memory.json.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import memory
import runs

from tests.datasets.builders import builder

RESULTS = Path(__file__).resolve().parents[1] / "results" / "trust" / "memory.json"
KEYS = ("what", "table", "model")
LIMIT_GIB = 8.0
SAMPLED = 100_000
TIMEOUT = 3_600.0

TABLES: dict[str, dict] = {
    "tall": {"rows": 2_000_000, "columns": 20, "many_levels": 1, "steps": 300},
    "tall narrow": {"rows": 200_000, "columns": 10, "many_levels": 0, "steps": 300, "held_back": True},
    "medium": {"rows": 30_000, "columns": 15, "many_levels": 0, "steps": 2_500},
    "many columns": {"rows": 50_000, "columns": 500, "many_levels": 10, "steps": 60},
    "high cardinality": {"rows": 300_000, "columns": 10, "many_levels": 10, "steps": 300, "held_back": True},
    "wide": {"rows": 600, "columns": 42_000, "steps": None},
}
"""Steps: of the GAN and the VAE; None: the default recipe's. Everything else is the default recipe."""
OTHERS = ("GaussianCopula", "IndependentMarginals", "Bootstrap", "SynthVAE")
WITH_OTHERS = ("tall narrow", "medium")
TRAINED = ("SynthGAN", "SynthVAE")


def simulated(n_rows: int, n_columns: int, many_levels: int, seed: int = 0) -> pd.DataFrame:
    """Mixed columns that depend on three hidden numbers; the first `many_levels` are codes of 10,000 levels."""
    rng = np.random.default_rng(seed)
    hidden = rng.standard_normal((n_rows, 3), dtype=np.float32)
    codes = np.array([f"code-{i:05d}" for i in range(10_000)], dtype=object)
    out = {}
    for j in range(n_columns):
        score = hidden @ rng.standard_normal(3, dtype=np.float32) + rng.standard_normal(
            n_rows, dtype=np.float32
        )
        if j < many_levels:
            place = (rng.random(n_rows) ** 2 * 5_000 + 2_500 + 500 * score).astype(int) % 10_000
            out[f"code {j}"] = codes[place]
        else:
            out[f"column {j}"] = column(score, j % 8, rng)
    return pd.DataFrame(out)


def column(score: np.ndarray, kind: int, rng: np.random.Generator) -> object:
    """A column of one of eight kinds: strings, floats (continuous, of two decimals with gaps), whole numbers,
    instants, booleans, and a pandas category with gaps."""
    if kind == 0:
        return np.array([f"level {i}" for i in range(12)], dtype=object)[
            np.clip(score * 2 + 6, 0, 11).astype(int)
        ]
    if kind in (1, 4):
        return np.exp(score).astype(float)
    if kind == 2:
        return np.round(score * 20 + 50).astype(np.int64)
    if kind == 3:
        return np.where(rng.random(len(score)) < 0.1, np.nan, (score * 100).round(2).astype(float))
    if kind == 5:
        return pd.Timestamp("2015-01-01") + pd.to_timedelta((np.abs(score) * 1e8).astype(np.int64), unit="s")
    if kind == 6:
        return score > 0.5
    code = np.where(rng.random(len(score)) < 0.05, -1, np.clip(score + 2, 0, 3).astype(int))
    return pd.Categorical.from_codes(code, ["a", "b", "c", "d"])


def table_of(name: str) -> pd.DataFrame:
    """One of the tables."""
    size = TABLES[name]
    if name == "wide":
        simulator = builder("expression_600x42k")
        known = simulator.truth(size["columns"], 0)
        return simulator.table(known, size["rows"], 0, "train")
    return simulated(size["rows"], size["columns"], size["many_levels"])


def run_one(job: dict) -> dict[str, object]:
    """One fit with its sample, or one estimate."""
    warnings.simplefilter("ignore")
    import synthgen

    table = table_of(job["table"])
    settings = {"max_steps": job["steps"]} if job["model"] in TRAINED and job["steps"] else {}
    model = getattr(synthgen, job["model"])(random_state=0, verbose=0, **settings)
    import lightgbm  # noqa: F401  (loaded by the fit otherwise, and no memory of its arrays)
    import sklearn.ensemble  # noqa: F401

    trim()
    has_reset = memory.start_peak()
    own = estimate if job["what"] == "estimate" else fit
    return {**own(model, table), "peak_is_of_the_step": has_reset}


def estimate(model: object, table: pd.DataFrame) -> dict[str, object]:
    """What the model says of its fit, and what saying it took."""
    from synthgen.models.estimate_selection import TRAINED as TRAINED_ROUNDS
    from synthgen.models.estimate_selection import UNTRAINED as UNTRAINED_ROUNDS
    from synthgen.models.gan_fit import AUDIT_STEPS

    start, clock = time.process_time(), time.perf_counter()
    found = model.estimate(table)
    return {
        "peak_gib": round(found.peak_bytes / 2**30, 3),
        "cpu_seconds": round(found.seconds, 2),
        "cpu_seconds_at_most": round(found.seconds_at_most, 2),
        "held_gib": round(found.held_bytes / 2**30, 3),
        "n_features": found.n_features,
        "n_steps": found.n_steps,
        "rounds_and_trees": TRAINED_ROUNDS if found.n_steps >= AUDIT_STEPS else UNTRAINED_ROUNDS,
        "gib_by_part": {k: round(v / 2**30, 3) for k, v in found.bytes_by_part.items()},
        "seconds_by_part": {k: round(v, 2) for k, v in found.seconds_by_part.items()},
        "cost_cpu_seconds": round(time.process_time() - start, 2),
        "cost_wall_seconds": round(time.perf_counter() - clock, 2),
        "cost_peak_gib": round(memory.peak_gib(), 3),
    }


def fit(model: object, table: pd.DataFrame) -> dict[str, object]:
    """A fit and a sample."""
    held = memory.now_gib()
    start, clock = time.process_time(), time.perf_counter()
    model.fit(table)
    taken = {
        "cpu_seconds": round(time.process_time() - start, 2),
        "wall_seconds": round(time.perf_counter() - clock, 2),
        "held_gib": round(held, 3),
        "peak_gib": round(memory.peak_gib(), 3),
        "n_features": int(model.encoder_.layout_.width),
    }
    if (selector := getattr(model, "selector_", None)) is not None:
        taken["rounds_kept"], taken["trees"] = len(selector.ratio.trees), selector.ratio.n_trees
    if (contest := getattr(model, "contest_", None)) is not None:
        taken["winner"], taken["contest_step"] = contest.winner, contest.step
    start, clock = time.process_time(), time.perf_counter()
    n = len(model.sample(SAMPLED if len(table) > 1_000 else 1_000, random_state=0))
    return taken | {
        "sampled_rows": n,
        "sample_cpu_seconds": round(time.process_time() - start, 2),
        "sample_wall_seconds": round(time.perf_counter() - clock, 2),
        "peak_gib_with_sample": round(memory.peak_gib(), 3),
    }


def trim() -> None:
    """Hand memory that was freed back to the system, where the C library can."""
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):
        return


def jobs(tables: list[str], models: list[str]) -> list[runs.Run]:
    """Estimates and fits that are asked for."""
    wanted = []
    for name in tables:
        size = {k: v for k, v in TABLES[name].items() if k != "held_back"}
        for model in models:
            if model == "SynthGAN" or name in WITH_OTHERS:
                wanted += [
                    {"what": what, "table": name, "model": model, **size} for what in ("estimate", "fit")
                ]
    return wanted


def summarised(found: list[runs.Run]) -> list[dict[str, object]]:
    """Estimates over what happened; peaks, those of the sample included, beside the limit."""
    by_key = {tuple(r[k] for k in KEYS): r for r in found if "error" not in r}
    out = []
    for (what, table, model), said in by_key.items():
        seen = by_key.get(("fit", table, model))
        if what != "estimate" or seen is None:
            continue
        out.append(
            {
                "table": table,
                "model": model,
                "held_back": bool(TABLES[table].get("held_back")),
                "peak_gib": seen["peak_gib_with_sample"],
                "within_limit": seen["peak_gib_with_sample"] <= LIMIT_GIB,
                "estimated_over_peak": round(said["peak_gib"] / seen["peak_gib"], 2),
                "estimated_over_added": round(
                    (said["peak_gib"] - said["held_gib"]) / max(seen["peak_gib"] - seen["held_gib"], 1e-9), 2
                ),
                "estimated_over_cpu_seconds": round(said["cpu_seconds"] / seen["cpu_seconds"], 2),
                "estimated_at_most_over_cpu_seconds": round(
                    said["cpu_seconds_at_most"] / seen["cpu_seconds"], 2
                ),
                "with_the_rounds_that_came_out": round(
                    with_known_rounds(said, seen) / seen["cpu_seconds"], 2
                ),
                "fit_cpu_seconds": seen["cpu_seconds"],
                "estimate_cpu_seconds": said["cost_cpu_seconds"],
            }
        )
    return out


def with_known_rounds(said: runs.Run, seen: runs.Run) -> float:
    """Seconds as estimated, but for as many rounds and trees of the selection as there were: the table decides these."""
    parts = dict(said["seconds_by_part"])
    if "rounds_kept" not in seen or "pools" not in parts:
        return sum(parts.values())
    rounds, trees = said["rounds_and_trees"]
    kept = seen["rounds_kept"]
    grown = seen["trees"] / max(kept, 1)
    parts["pools"] *= (kept + 2) / (rounds + 2)
    parts["trees"] *= (kept + 1) * grown / ((rounds + 1) * trees)
    parts["weights"] *= grown * (kept * (kept + 3)) / (trees * (rounds * (rounds + 3)))
    return sum(parts.values())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--one", help="run one job and print its result")
    parser.add_argument("--tables", nargs="+", default=list(TABLES), choices=list(TABLES))
    parser.add_argument("--models", nargs="+", default=["SynthGAN", *OTHERS])
    parser.add_argument("--again", nargs="*", choices=("estimate", "fit"), default=[])
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(run_one(json.loads(options.one))))
        return
    for job in jobs(options.tables, options.models):
        old = next((r for r in runs.load(options.output) if all(r[k] == job[k] for k in KEYS)), None)
        if old is not None and "error" not in old and job["what"] not in options.again:
            continue
        done = runs.in_process(str(Path(__file__).resolve()), job, TIMEOUT)
        found = runs.with_run(runs.load(options.output), done, KEYS)
        runs.save(options.output, found, limit_gib=LIMIT_GIB, summary=summarised(found))
        print(json.dumps(done), flush=True)
    for row in summarised(runs.load(options.output)):
        print(json.dumps(row))


if __name__ == "__main__":
    main()
