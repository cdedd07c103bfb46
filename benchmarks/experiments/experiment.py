"""The one runner of all experiments: a question, its variants, and every fit in a process of its own.

    python benchmarks/experiments/gamma.py                            all variants, tuning tables, seed 0
    python benchmarks/experiments/gamma.py --tables adult --seeds 0 1 --only "gamma .1"
    python benchmarks/experiments/gamma.py --base '{"learning_rate": 0.002}'   baseline and variants from there
    python benchmarks/experiments/pages.py                            the figures as pages

Equal CPU time for all: the baseline takes `--steps` steps; a variant whose steps cost r times as much takes 1/r as
many. r is measured once, baseline and variant in turn in one process, and kept in step-costs.json, so that further
seeds and repetitions take the same steps. A finished run is not repeated. Results:
benchmarks/results/experiments/NAME.json, the baseline's own in baseline.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import experiment_scores
import experiment_tables
import pandas as pd
import runs

import synthgen.training.loop as loop
from synthgen import SynthGAN
from synthgen.models.matrix_model import AbstractMatrixModel

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / "results" / "experiments"
COSTS = RESULTS / "step-costs.json"
BASELINE = "baseline"
RECIPE: Mapping[str, Any] = {
    "hidden_dims": (256, 256, 256),
    "learning_rate": 1e-3,
    "batch_size": 256,
    "n_critic": 1,
    "betas": (0.0, 0.99),
    "r1_weight": 0.3,
    "r2_weight": 0.3,
    "penalty_every": 4,
    "ema_decay": 0.999,
    "tau": 0.2,
    "frequencies": (0.25, 0.5, 1.0),
}
"""The baseline: SynthGAN's defaults for large tables when the first experiments were run, kept when they change."""
COST_NOTHING = {"learning_rate", "betas", "r1_weight", "r2_weight", "ema_decay", "tau"}
"""Parameters that leave a step's cost as it is."""
STEPS = 1000
_TIMED_STEPS = 48
_TIMED_ROUNDS = 3
KEYS = ("variant", "table", "seed", "budget", "base")


@dataclass(frozen=True)
class Variant:
    """One way to fit.

    `parameters` go to `model`. `costs_more`: a step costs another time than the baseline's, so measure it.
    `fit` replaces the plain fit: (model class, parameters with max_steps, training rows) -> fitted model.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    model: Callable[..., SynthGAN] = SynthGAN
    costs_more: bool = False
    fit: Callable[[Callable[[int], SynthGAN], int, pd.DataFrame], SynthGAN] | None = None


@dataclass(frozen=True)
class Experiment:
    """A question and the variants that answer it, besides the baseline (`RECIPE`)."""

    name: str
    question: str
    variants: Mapping[str, Variant]

    def variant(self, name: str) -> Variant:
        return Variant() if name == BASELINE else self.variants[name]


def main(experiment: Experiment, script: str) -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=experiment.question)
    parser.add_argument("--tables", nargs="+", default=list(experiment_tables.TUNING))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--steps", type=int, default=STEPS, help="of the baseline")
    parser.add_argument(
        "--only", nargs="+", default=list(experiment.variants), choices=list(experiment.variants)
    )
    parser.add_argument(
        "--base", default="{}", help="parameters of the baseline, and of variants that do not set them"
    )
    parser.add_argument("--without-baseline", action="store_true", help="run the variants alone")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(_one(experiment, json.loads(asked.one))))
        return
    for table in asked.tables:
        for seed in asked.seeds:
            if not asked.without_baseline:
                _run(script, asked, experiment, BASELINE, table, seed)
            for name in asked.only:
                _run(script, asked, experiment, name, table, seed)


def _run(
    script: str, asked: argparse.Namespace, experiment: Experiment, name: str, table: str, seed: int
) -> None:
    target = RESULTS / ("baseline.json" if name == BASELINE else f"{experiment.name}.json")
    base = json.dumps(json.loads(asked.base), sort_keys=True)
    job = {"variant": name, "table": table, "seed": seed, "budget": asked.steps, "base": base}
    runs.run_all(script, [job], KEYS, target, lambda _: experiment.question, again=asked.again)


def _one(experiment: Experiment, job: Mapping[str, Any]) -> runs.Run:
    """Fit one variant and score it, or each candidate that its fit gives."""
    train, held_out = experiment_tables.split(job["table"])
    base = json.loads(job["base"])
    variant = experiment.variant(job["variant"])
    variant = replace(variant, parameters={**RECIPE, **base, **variant.parameters})
    cost = 1.0
    if variant.costs_more:
        cost = _cost(f"{experiment.name}: {job['variant']} {job['base']}", variant, train)
    elif set(base) - COST_NOTHING:
        cost = _cost(f"{BASELINE} {job['base']}", Variant({**RECIPE, **base}), train)
    steps = max(50, round(job["budget"] / cost / 10) * 10)

    def new(max_steps: int, random_state: int = job["seed"]) -> SynthGAN:
        settings = {"validate_every": max_steps, "random_state": random_state, "verbose": 0}
        return variant.model(**(settings | dict(variant.parameters) | {"max_steps": max_steps}))

    start = time.process_time()
    fitted = variant.fit(new, steps, train) if variant.fit else new(steps).fit(train)
    seconds = time.process_time() - start
    found: runs.Run = {"steps": steps, "step_cost": round(cost, 3), "cpu_seconds": round(seconds, 1)}
    found |= {"validation_auc": round(float(fitted.validation_history_["auc"].iloc[-1]), 4)}
    candidates: Mapping[str, AbstractMatrixModel] = getattr(fitted, "candidates_", {})
    found |= _score(fitted, train, held_out)
    for name, model in candidates.items():
        fitted.model_ = model
        found[name] = _score(fitted, train, held_out)
    return found


def _score(fitted: SynthGAN, train: pd.DataFrame, held_out: pd.DataFrame) -> dict[str, float]:
    synthetic = fitted.sample(experiment_scores.rows_needed(held_out), random_state=1)
    return {k: round(v, 4) for k, v in experiment_scores.scores(train, held_out, synthetic).items()}


def _cost(key: str, variant: Variant, train: pd.DataFrame) -> float:
    """How many times the CPU seconds of a baseline step the variant's step takes."""
    known = json.loads(COSTS.read_text()) if COSTS.exists() else {}
    if key not in known:
        few = train.sample(min(len(train), 4000), random_state=0)
        settings = {"max_steps": _TIMED_STEPS, "validation_fraction": 0.0, "verbose": 0, "random_state": 0}
        makers = (
            lambda: SynthGAN(**{**RECIPE, **settings}),
            lambda: variant.model(**{**variant.parameters, **settings}),
        )
        seconds = [[_step_seconds(make(), few) for make in makers] for _ in range(_TIMED_ROUNDS)]
        known[key] = round(mean(s[1] for s in seconds) / mean(s[0] for s in seconds), 3)
        COSTS.parent.mkdir(parents=True, exist_ok=True)
        COSTS.write_text(json.dumps(known, indent=1) + "\n")
    return float(known[key])


def _step_seconds(model: SynthGAN, train: pd.DataFrame) -> float:
    """CPU seconds of a step, without the first sixteen."""
    plain, taken = loop._update, []

    def timed(*given: Any) -> Any:
        start = time.process_time()
        result = plain(*given)
        taken.append(time.process_time() - start)
        return result

    loop._update = timed
    try:
        model.fit(train)
    finally:
        loop._update = plain
    return mean(taken[16:])
