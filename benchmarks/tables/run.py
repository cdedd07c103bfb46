"""SynthGAN and its peers on the five tables of the literature and on telco_churn, judged on held-out rows.

    python benchmarks/peers/venvs.py                                 makes the peers' environments
    python benchmarks/tables/run.py                                  everything that has no result yet
    python benchmarks/tables/run.py --peers SynthGAN --tables adult --seeds 0 --set max_steps=300 --label short
    python benchmarks/tables/run.py --peers CTGAN --failed           those once more that have failed
    python benchmarks/tables/page.py                                 the results as a page

Each synthesizer runs with its defaults, in an environment and a process of its own, on the same cores; a peer's fit ends
after `--budget` minutes (CTGAN and TVAE are then drawn from as they are, TabularARGN knows the limit; of the others it is a
time-out). Each result is kept at once in benchmarks/results/tables/TABLE-MODEL-SEED.json: seconds, memory, scores, or the error with its message
and how far the run had come. What has a result is not run again. One fit of SynthGAN gives two: with selection and
without. "ceiling" is what real rows reach. With `--label` the results go to a folder of that name beside them.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks import machine
from benchmarks.peers import launch, venvs
from benchmarks.peers.limits import Limits
from benchmarks.tables import results, splits

HERE = Path(__file__).resolve().parent
MODELS = ("SynthGAN", results.CEILING, *(p for p in launch.PEERS if p != "SynthGAN"))
SAMPLING_SECONDS = 900
"""Beyond the fit's limit, for all that is drawn."""
SCORING_SECONDS = 3_600
OWN_SECONDS = 4 * 3_600
"""Of a run of SynthGAN, which no budget ends."""


@dataclass(frozen=True)
class Setup:
    """What all runs of a call share.

    Parameters
    ----------
    budget : float
        Seconds of a peer's fit.
    clock : {"wall", "cpu"}
    gib : float
    threads : int
    rows : int or None
        Only so many training rows: a trial.
    many : int
        Rows drawn once more for the time it takes; 0: none.
    settings : dict of str to object
        Of SynthGAN.
    environments : pathlib.Path
    keep : pathlib.Path or None
        Where synthetic tables are left.
    """

    budget: float
    clock: str
    gib: float
    threads: int
    rows: int | None
    many: int
    settings: dict[str, object]
    environments: Path
    keep: Path | None


def models_of(name: str) -> list[str]:
    """The results that a run gives: SynthGAN with selection, where it has it, and without."""
    if name != "SynthGAN":
        return [name]
    from synthgen import SynthGAN

    has_selection = "refine" in inspect.signature(SynthGAN.sample).parameters
    return list(results.DRAWS.values()) if has_selection else [results.DRAWS["-no-selection"]]


def run_one(name: str, table: str, seed: int, setup: Setup) -> list[results.Result]:
    """Fit, draw and score one synthesizer."""
    split = splits.load(table, setup.rows)
    common = {
        "table": table,
        "seed": seed,
        "train_rows": len(split.train),
        "holdout_rows": len(split.holdout),
        "machine": machine.describe(),
        "limits": {k: getattr(setup, k) for k in ("budget", "clock", "gib", "threads", "many")},
        "settings": setup.settings if name == "SynthGAN" else {},
        "date": time.strftime("%Y-%m-%d"),
    }
    if name == results.CEILING:
        found = scored(["--ceiling"], table, seed, setup)
        return [{**common, "model": name, **found}]
    peer = launch.PEERS[name]
    own = name == "SynthGAN"
    limits = Limits(
        OWN_SECONDS if own else setup.budget + SAMPLING_SECONDS, setup.gib, "wall" if own else setup.clock
    )
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        split.train.to_parquet(scratch / "train.parquet")
        job = {
            "table": str(scratch / "train.parquet"),
            "categorical": split.categorical,
            "rows": len(split.train),
            "seed": seed,
            "output": str(scratch / "synthetic.parquet"),
            "many": setup.many,
            "every_draw": True,
            "fit_seconds": None if own else setup.budget,
            "clock": setup.clock,
            "options": {"declared": list(split.table.coded), "settings": setup.settings} if own else {},
        }
        try:
            common["versions"] = launch.versions(peer, setup.environments)
            facts = launch.launch(peer, job, limits, setup.threads, setup.environments, scratch)
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            message = (getattr(error, "stderr", None) or str(error)).strip()[-600:]
            facts = {"outcome": "error", "stage": "finding the library", "message": message}
        return [
            {**common, "model": model, **drawn(facts, model, own, scratch, table, seed, setup)}
            for model in models_of(name)
        ]


def drawn(
    facts: dict[str, object], model: str, own: bool, scratch: Path, table: str, seed: int, setup: Setup
) -> results.Result:
    """The facts of one way to draw, and its scores if there is a synthetic table."""
    suffix = next(k for k, v in results.DRAWS.items() if v == model) if own else ""
    mine = {
        k: v
        for k, v in facts.items()
        if not k.startswith(("sample", "many")) or k.rpartition("_seconds")[0] == ""
    }
    for step in ("sample", "many"):
        for clock in ("seconds", "cpu_seconds"):
            if (found := facts.get(f"{step}{suffix}_{clock}")) is not None:
                mine[f"{step}_{clock}"] = found
    made = scratch / f"synthetic{suffix}.parquet"
    if not made.exists():
        return mine
    if setup.keep:
        setup.keep.mkdir(parents=True, exist_ok=True)
        (setup.keep / f"{table}-{results.slug(model)}-{seed}.parquet").write_bytes(made.read_bytes())
    if mine["outcome"] != "done":
        mine["sampling"] = f"{mine.pop('outcome')} in {mine.pop('stage')}: {mine.pop('message')}"
    return {**mine, **scored([str(made)], table, seed, setup)}


def scored(arguments: list[str], table: str, seed: int, setup: Setup) -> results.Result:
    """The scores, in a process of its own."""
    rows = [] if setup.rows is None else ["--rows", str(setup.rows)]
    command = [sys.executable, str(HERE / "scores.py"), table, *arguments, "--seed", str(seed), *rows]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SCORING_SECONDS)
    except subprocess.TimeoutExpired:
        return {"outcome": "error", "stage": "scoring", "message": f"more than {SCORING_SECONDS} s"}
    if done.returncode:
        return {"outcome": "error", "stage": "scoring", "message": done.stderr.strip()[-600:]}
    return {"outcome": "scored", "scores": json.loads(done.stdout.splitlines()[-1])}


def line(result: results.Result) -> str:
    """What came of a run, in short."""
    start = f"{result['table']}, {result['model']}, seed {result['seed']}: "
    if result["outcome"] != "scored":
        return f"{start}{result['outcome']} in {result.get('stage')}: {result.get('message')}"
    scores = result["scores"]
    wanted = ("shape_error", "trend_error", "logistic_detection", "xgb_detection", "mle", "gbdt_auc")
    found = ", ".join(f"{k} {scores[k]:.3f}" for k in wanted if scores.get(k) is not None)
    fit = f"fit {result['fit_seconds']:.0f} s, " if "fit_seconds" in result else ""
    failed = f"; failed: {', '.join(scores['errors'])}" if "errors" in scores else ""
    return f"{start}{fit}{found}{failed}"


def time_left(seconds: list[float], n_left: int) -> str:
    """From the mean of the runs so far."""
    left = sum(seconds) / len(seconds) * n_left
    return f"{left / 3600:.1f} h" if left > 5400 else f"{left / 60:.0f} min"


def main() -> None:
    arguments = parsed()
    setup = Setup(
        arguments.budget * 60,
        arguments.clock,
        arguments.gib,
        arguments.threads,
        arguments.rows,
        arguments.many,
        {k: ast.literal_eval(v) for k, v in (s.split("=", 1) for s in arguments.set)},
        arguments.folder,
        arguments.keep,
    )
    folder = arguments.output / arguments.label
    jobs = [
        (name, table, seed)
        for seed in arguments.seeds
        for table in arguments.tables
        for name in arguments.peers
        if results.is_wanted(
            folder, table, models_of(name), seed, again=arguments.again, failed=arguments.failed
        )
    ]
    print(f"{len(jobs)} runs to do, results in {folder}", flush=True)
    begun, seconds = time.monotonic(), []
    for i, job in enumerate(jobs):
        if arguments.total is not None and time.monotonic() - begun > arguments.total * 60:
            print(
                f"{arguments.total:.0f} minutes are over; {len(jobs) - i} runs left. Run this again to go on."
            )
            return
        start = time.monotonic()
        for result in run_one(*job, setup):
            results.save(folder, result)
            print(f"[{i + 1}/{len(jobs)}] {line(result)}", flush=True)
        seconds.append(time.monotonic() - start)
        if i + 1 < len(jobs):
            print(f"    left: about {time_left(seconds, len(jobs) - i - 1)}", flush=True)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--peers", nargs="+", choices=MODELS, default=list(MODELS), help="SynthGAN and the ceiling are such")
    add("--tables", nargs="+", choices=list(splits.TABLES), default=list(splits.TABLES))
    add("--seeds", type=int, nargs="+", default=[0, 1, 2])
    add("--budget", type=float, default=10, help="minutes of a peer's fit")
    add("--clock", choices=["wall", "cpu"], default="wall", help="of the budget; cpu: for a busy machine")
    add("--total", type=float, help="minutes after which no further run is begun")
    add("--gib", type=float, default=16)
    add("--threads", type=int, default=1)
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of SynthGAN")
    add("--label", default="", help="a folder of its own for the results")
    add("--rows", type=int, help="only so many training rows: a trial, never for the page")
    add("--many", type=int, default=100_000, help="rows drawn once more, for the time it takes; 0: none")
    add("--keep", type=Path, help="leave the synthetic tables in this folder")
    add("--failed", action="store_true", help="runs that have failed once more")
    add("--again", action="store_true", help="all runs once more")
    add("--folder", type=Path, default=venvs.FOLDER, help="of the environments")
    add("-o", "--output", type=Path, default=results.FOLDER)
    arguments = parser.parse_args()
    if (arguments.set or arguments.rows) and not arguments.label and arguments.output == results.FOLDER:
        parser.error("--set and --rows need a --label or an --output: their results are no defaults")
    return arguments


if __name__ == "__main__":
    main()
