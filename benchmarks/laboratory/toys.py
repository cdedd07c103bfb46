"""Toy problems of known structure: the default and each loss.

    python benchmarks/laboratory/toys.py                                     everything that has no result yet
    python benchmarks/laboratory/toys.py --problems turned-grid --losses default --seeds 0 1 2
    python benchmarks/laboratory/toys.py --losses hinge --steps 2000         a loss, with so many steps
    python benchmarks/laboratory/toys.py --table                             the results as Markdown

10,000 rows to learn from and 10,000 held-out ones of `toy_problems.TOYS`; as many are drawn. "default" is `SynthGAN()`; a
loss is `SynthGAN(loss=..., max_steps=...)` with everything else at its default (for "wgan-gp" that is one critic step for
each generator step), the same number of steps for all; "ceiling" is other real rows. Each fit is judged twice: as rows are
drawn, and as they are chosen (`refine`), which is what `sample` does. Each run is a process of its own, kept at once in
benchmarks/results/laboratory/toys.json; what has a result is not run again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import runs

from benchmarks.laboratory.toy_problems import TOYS, AbstractToy, cover, nearest_neighbour_accuracy, rows_of
from benchmarks.laboratory.toy_table import CEILING, DEFAULT, markdown
from synthgen import SynthGAN, infer_schema
from synthgen.metrics.detection import c2st
from synthgen.metrics.tables import code_tables
from synthgen.training.losses import LOSSES

TARGET = Path(__file__).resolve().parents[1] / "results" / "laboratory" / "toys.json"
KEYS = ("problem", "loss", "steps", "seed")
N_ROWS = 10_000
LOSS_STEPS = 2_000
"""Of every loss, unless `--steps` says otherwise: a third of the default's."""
PLACES = 4


def judged(toy: AbstractToy, made: pd.DataFrame, seed: int) -> dict[str, object]:
    """How made rows lie about the modes, and how well they are told from held-out rows."""
    held_out = rows_of(toy, N_ROWS, seed, "holdout")
    found = cover(toy, made)
    coded = code_tables({"made": made, "held_out": held_out}, infer_schema(held_out, detect_relations=False))
    auc = c2st(coded["made"], coded["held_out"], seed).auc
    return {
        "modes": found.n_modes,
        "covered": found.n_covered,
        "within": round(found.within, PLACES),
        "share_gap": round(found.share_gap, PLACES),
        "c2st_auc": round(auc.value, PLACES),
        "nearest_accuracy": round(nearest_neighbour_accuracy(made.to_numpy(), held_out.to_numpy()), PLACES),
    }


def fitted(toy: AbstractToy, job: runs.Run) -> dict[str, object]:
    """One fit, drawn from with selection and without."""
    seed = int(job["seed"])
    own = {} if job["loss"] == DEFAULT else {"loss": job["loss"]}
    steps = {} if job["steps"] is None else {"max_steps": job["steps"]}
    cpu, wall = time.process_time(), time.monotonic()
    model = SynthGAN(**own, **steps, random_state=seed, verbose=0).fit(rows_of(toy, N_ROWS, seed, "train"))
    fit_cpu, fit_wall = time.process_time() - cpu, time.monotonic() - wall
    chosen = model.sample(N_ROWS, random_state=seed)
    all_cpu = time.process_time() - cpu
    drawn = model.sample(N_ROWS, random_state=seed, refine=None)
    return {
        "steps_done": len(model.history_),
        "fit_cpu_seconds": round(fit_cpu, 1),
        "fit_wall_seconds": round(fit_wall, 1),
        "sample_cpu_seconds": round(all_cpu - fit_cpu, 1),
        "selection": None if model.selector_ is None else model.selector_.describe(),
        "chosen": judged(toy, chosen, seed),
        "drawn": judged(toy, drawn, seed),
    }


def run_one(job: runs.Run) -> dict[str, object]:
    """The result of one job."""
    toy = TOYS[str(job["problem"])]
    if job["loss"] == CEILING:
        return {"drawn": judged(toy, rows_of(toy, N_ROWS, int(job["seed"]), "other"), int(job["seed"]))}
    return fitted(toy, job)


def steps_of(loss: str, steps: int | None) -> int | None:
    """Steps of a run: None for as many as the default takes."""
    if loss == CEILING:
        return None
    return steps if loss == DEFAULT else steps or LOSS_STEPS


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    every = [CEILING, DEFAULT, *LOSSES]
    parser.add_argument("--problems", nargs="+", choices=list(TOYS), default=list(TOYS))
    parser.add_argument("--losses", nargs="+", choices=every, default=every)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--steps", type=int, help=f"of the losses; default: {LOSS_STEPS}")
    parser.add_argument("--again", action="store_true", help="run what has a result already")
    parser.add_argument("--table", action="store_true", help="print the results as Markdown")
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(run_one(arguments.one)))
        return
    if arguments.table:
        print(markdown(runs.load(arguments.output)))
        return
    jobs = [
        {"problem": problem, "loss": loss, "steps": steps_of(loss, arguments.steps), "seed": seed}
        for seed in arguments.seeds
        for loss in arguments.losses
        for problem in arguments.problems
    ]
    runs.run_all(__file__, jobs, KEYS, arguments.output, len, again=arguments.again, timeout=3_600)


if __name__ == "__main__":
    main()
