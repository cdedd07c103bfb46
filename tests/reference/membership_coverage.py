"""How often the 95% intervals of `synthgen.metrics.membership.membership` hold the truth.

    OMP_NUM_THREADS=1 python tests/reference/membership_coverage.py   (writes benchmarks/results/membership-coverage.json)

A world is a training table, a synthetic table that was made from it, and the attacker's reference. Every draw tries
other members of the same training table and other non-members of the same population. The truth of a draw is the
mean, over the two halves of its candidates, of what the attack chosen for that half reaches on all training rows
against 20,000 rows of the population: its AUC, and the share of members above the score that 1% of these rows pass.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd

from synthgen.metrics.attack_scores import mixed_scores
from synthgen.metrics.intervals import Estimate, auc_with_variance
from synthgen.metrics.membership import Membership, membership
from synthgen.metrics.rows import Rows
from synthgen.metrics.tables import CodedTable, code_tables
from synthgen.rng import stream
from synthgen.table.infer import infer_schema

CASES = {"no leak": 0.0, "leak": 0.5}
"""Share of the synthetic rows that are training rows plus noise; the others are fresh rows."""
N_WORLDS, N_DRAWS = 20, 25
N_TRAINING = N_SYNTHETIC = 2_000
N_REFERENCE, N_CANDIDATES, N_POPULATION = 500, 200, 20_000
NOISE = 0.1
"""Standard deviation of the noise, in those of the column; twice the share of levels that are drawn anew."""
RESULT = Path(__file__).parents[2] / "benchmarks" / "results" / "membership-coverage.json"

Truth = dict[str, tuple[float, float]]


def people(n: int, draw: np.random.Generator) -> pd.DataFrame:
    """Rows of the population: four numbers and two groups that depend on each other."""
    height = draw.normal(170, 10, n)
    income = np.exp(draw.normal(10, 0.8, n))
    return pd.DataFrame(
        {
            "height": height,
            "weight": 0.9 * height - 80 + draw.normal(0, 6, n),
            "income": income,
            "age": draw.uniform(18, 90, n),
            "size": np.where(height > 178, "L", np.where(height > 165, "M", "S")),
            "owner": np.where(draw.random(n) < income / (income + 2e4), "yes", "no"),
        }
    )


def leaking(training: pd.DataFrame, share: float, draw: np.random.Generator) -> pd.DataFrame:
    """A synthetic table of which a share are training rows plus noise, each at most once."""
    n = round(share * N_SYNTHETIC)
    copied = training.iloc[draw.choice(N_TRAINING, n, replace=False)].reset_index(drop=True)
    fresh = people(N_SYNTHETIC, draw)
    for name in copied:
        if copied[name].dtype.kind == "f":
            copied[name] += NOISE * training[name].std() * draw.normal(size=n)
        else:
            copied[name] = copied[name].where(draw.random(n) > NOISE / 2, fresh[name].iloc[:n])
    return pd.concat([copied, fresh.iloc[n:]], ignore_index=True)


def true_figures(world: dict[str, CodedTable], population: CodedTable) -> Truth:
    """AUC, and share found at 1% false alarms, of each attack on all training rows and the population."""
    parts = [
        Rows(t, np.arange(t.n_rows))
        for t in (world["real"], population, world["synthetic"], world["reference"])
    ]
    columns = np.arange(len(population.columns))
    scores = mixed_scores(parts[:2], parts[2], parts[3], columns, 0)
    out = {}
    for name, values in scores.items():
        members, others = values[:N_TRAINING], values[N_TRAINING:]
        found = float((members > np.quantile(others, 0.99)).mean())
        out[name] = auc_with_variance(members, others)[0], found
    return out


def measure(share: float, world: int) -> list[tuple[Membership, Truth]]:
    """All draws of one world."""
    draw = stream(world, f"membership_coverage.{share}")
    training = people(N_TRAINING, draw)
    frames = {
        "real": training,
        "synthetic": leaking(training, share, draw),
        "reference": people(N_REFERENCE, draw),
        "population": people(N_POPULATION, draw),
        "others": people(N_DRAWS * N_CANDIDATES, draw),
    }
    coded = code_tables(frames, infer_schema(training))
    truth = true_figures(coded, coded["population"])
    out = []
    for i in range(N_DRAWS):
        others = coded["others"].take(np.arange(i * N_CANDIDATES, (i + 1) * N_CANDIDATES))
        seed = world * N_DRAWS + i
        found = membership(coded["real"], coded["synthetic"], others, coded["reference"], seed)
        out.append((found, truth))
    return out


def holds(estimate: Estimate, truth: float) -> bool:
    """Whether the interval holds the truth."""
    return estimate.low <= truth <= estimate.high


def summary(case: str, draws: list[tuple[Membership, Truth]]) -> dict[str, object]:
    """One case's line of the file."""
    truths = [tuple(np.mean([t[name] for name in m.chosen], axis=0)) for m, t in draws]
    largest = [next(a for a in m.attacks if a.name == m.best) for m, _ in draws]
    naive = [(a.auc, t[a.name][0]) for a, (_, t) in zip(largest, draws, strict=True)]
    pairs = list(zip((m for m, _ in draws), truths, strict=True))
    return {
        "case": case,
        "draws": len(draws),
        "candidates": 2 * N_CANDIDATES,
        "true_auc": round(float(np.mean([t[0] for t in truths])), 3),
        "mean_error": round(float(np.mean([m.auc.value - t[0] for m, t in pairs])), 4),
        "coverage": round(float(np.mean([holds(m.auc, t[0]) for m, t in pairs])), 3),
        "tpr_true": round(float(np.mean([t[1] for t in truths])), 3),
        "tpr_coverage": round(float(np.mean([holds(m.tpr, t[1]) for m, t in pairs])), 3),
        "largest_auc_mean_error": round(float(np.mean([e.value - t for e, t in naive])), 4),
        "largest_auc_coverage": round(float(np.mean([holds(e, t) for e, t in naive])), 3),
        "chosen": {name: int(sum(m.chosen.count(name) for m, _ in draws)) for name in sorted(draws[0][1])},
    }


def main() -> None:
    """Measure every case and write the file."""
    started, out = time.perf_counter(), []
    for case, share in CASES.items():
        draws = [pair for world in range(N_WORLDS) for pair in measure(share, world)]
        out.append(summary(case, draws))
    result = {
        "training_rows": N_TRAINING,
        "synthetic_rows": N_SYNTHETIC,
        "reference_rows": N_REFERENCE,
        "worlds": N_WORLDS,
        "seconds": round(time.perf_counter() - started),
        "cases": out,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
