"""Haplotypes of 1000 Genomes: 805 variants, fitted on half of the people and judged by the other half.

    python benchmarks/haplotypes.py                            all of it (half an hour)
    python benchmarks/haplotypes.py --sources RBM linked-population --seeds 0

Needs hap_1000G_805 and the two published outputs in the data folder. Splits are by individual, two rows each. Scores:
allele frequencies and r2 matrix against the held-out half, nearest-neighbour adversarial accuracy (both halves) against
the held-out and the training half, copies, and membership attacks. The published outputs were trained on all people.

    training      the training rows themselves: the memoriser, and the ceiling of frequencies and r2
    independent   every column for itself: the floor
    GAN, RBM      Yelmen et al. 2021, as published
    unlinked      common scores jointly normal given the population, columns independent given the scores
    linked        the same scores, columns by `encoders.linkage`; -normal: scores jointly normal, no population;
                  -population: given the population; -gan: from the mixed-table SynthGAN fitted to the scores alone
    SynthGAN      the whole road on the table of variants; -population: with the population as a covariate

Every run has a process of its own; runs that are in the result file are not run again (--again runs them). Writes
benchmarks/results/haplotypes.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import runs
from problems import data_folder

from synthgen.encoders.linkage import draw_linked, fit_linkage, recalibrated
from synthgen.encoders.low_rank import Design, fit_factors
from synthgen.encoders.normal_scores import conditional_scores
from synthgen.encoders.parallel_analysis import n_factors_by_parallel_analysis
from synthgen.metrics.wide_attacks import linear_score, mean_score, row_products, span_score
from synthgen.rng import stream

RESULTS = Path(__file__).resolve().parent / "results"
SOURCES = (
    *("training", "independent", "GAN", "RBM", "unlinked-population", "linked-normal", "linked-population"),
    *("linked-gan", "SynthGAN", "SynthGAN-population"),
)
KEYS = ("source", "seed")
ROWS_PER_FACTOR = 16
ATTACKED, SYNTHETIC_ATTACKED = 1_000, 600
"""Members and others that are told apart, and synthetic rows: fewer than columns, so that they span no whole space."""
GOAL = {"frequency_r": 0.99, "ld_r": 0.977, "aats_low": 0.45, "aats_high": 0.55}


def stored(name: str) -> tuple[np.ndarray, pd.DataFrame]:
    """Variants by rows, int8, and what is known of the rows."""
    frame = pd.read_parquet(data_folder() / f"{name}.X.parquet").drop(columns="feature")
    return frame.to_numpy().astype(np.int8), pd.read_parquet(data_folder() / f"{name}.obs.parquet")


def halves(individuals: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Places of the training rows and of the held-out rows."""
    people = np.unique(individuals)
    chosen = stream(seed, "haplotype split").permutation(people)[: len(people) // 2]
    is_train = np.isin(individuals, chosen)
    return np.flatnonzero(is_train), np.flatnonzero(~is_train)


def run_one(job: dict) -> dict[str, object]:
    """Make the synthetic rows of one source and score them."""
    levels, facts = stored("hap_1000G_805")
    train, held_out = halves(facts["individual"].to_numpy(), job["seed"])
    start = time.perf_counter(), time.process_time()
    made, details = synthetic(
        job["source"], levels[:, train], facts["population"].to_numpy()[train], job["seed"]
    )
    spent = {
        "seconds": round(time.perf_counter() - start[0], 1),
        "cpu_seconds": round(time.process_time() - start[1], 1),
    }
    return {**details, **spent, "scores": scores(levels[:, train], levels[:, held_out], made, job["seed"])}


def synthetic(
    source: str, train: np.ndarray, population: np.ndarray, seed: int
) -> tuple[np.ndarray, dict[str, object]]:
    """As many rows as there are training rows, and how they were made."""
    n = train.shape[1]
    rng = stream(seed, "haplotype benchmark")
    if source == "training":
        return train, {}
    if source == "independent":
        return (rng.random(train.shape) < train.mean(axis=1, keepdims=True)).astype(np.int8), {}
    if source in ("GAN", "RBM"):
        published = stored(f"hap_805_published_{source}")[0]
        return published[:, rng.permutation(published.shape[1])[:n]], {}
    if source.startswith("SynthGAN"):
        return _whole_road(train, population if source.endswith("population") else None, seed)
    return _by_scores(source, train, population, seed)


def _by_scores(
    source: str, train: np.ndarray, population: np.ndarray, seed: int
) -> tuple[np.ndarray, dict[str, object]]:
    """Parts of the road: a model of the scores, and columns given the scores."""
    n = train.shape[1]
    rng = stream(seed, "haplotype scores")
    normal, information = conditional_scores(train.astype(np.float32))
    k = n_factors_by_parallel_analysis(normal, n // ROWS_PER_FACTOR, stream(seed, "parallel analysis"))
    nothing = Design(np.zeros((n, 0), dtype=np.float32), [], None)
    factors, common = fit_factors(normal, information, k, nothing, seed)
    if source.endswith("gan"):
        drawn = _gan_scores(common, 2 * n, seed)
    else:
        drawn = _normal_scores(common, population if source.endswith("population") else None, 2, rng)
    details: dict[str, object] = {"n_factors": k}
    if source.startswith("unlinked"):
        z = drawn[:n] @ factors.loadings.T
        z = z + factors.residual * rng.standard_normal(z.shape)
        cuts = np.quantile(z, 1 - train.mean(axis=1), axis=0).diagonal()
        return (z > cuts).T.astype(np.int8), details
    linkage = recalibrated(fit_linkage(train, common), drawn[n:], seed)
    return draw_linked(linkage, drawn[:n], seed, 0), {
        **details,
        "parents": float((linkage.weights != 0).mean()),
    }


def _normal_scores(
    common: np.ndarray, population: np.ndarray | None, times: int, rng: np.random.Generator
) -> np.ndarray:
    """Scores normal about their population's mean with the pooled covariance, `times` as many as there are."""
    groups = np.zeros(len(common), dtype=int) if population is None else pd.factorize(population)[0]
    means = np.stack([common[groups == g].mean(axis=0) for g in range(groups.max() + 1)])
    root = np.linalg.cholesky(np.cov((common - means[groups]).T) + 1e-9 * np.eye(common.shape[1]))
    picked = np.concatenate([rng.permutation(groups) for _ in range(times)])
    noise = rng.standard_normal((len(picked), common.shape[1])) @ root.T
    return (means[picked] + noise).astype(np.float32)


def _gan_scores(common: np.ndarray, n_rows: int, seed: int) -> np.ndarray:
    from synthgen import SynthGAN

    table = pd.DataFrame(common, columns=[f"score {i}" for i in range(common.shape[1])])
    model = SynthGAN(random_state=seed, verbose=0).fit(table)
    return model.sample(n_rows, random_state=seed).to_numpy(dtype=np.float32)


def _whole_road(
    train: np.ndarray, population: np.ndarray | None, seed: int
) -> tuple[np.ndarray, dict[str, object]]:
    from synthgen import SynthGAN

    names = [f"variant {i}" for i in range(len(train))]
    table = pd.DataFrame(train.T, columns=names)
    if population is not None:
        table.insert(0, "population", population)
    model = SynthGAN(random_state=seed, verbose=0).fit(table)
    made = model.sample(train.shape[1], random_state=seed)[names].to_numpy(dtype=np.int8).T
    return np.ascontiguousarray(made), {"winner": getattr(model, "winner_", None)}


def scores(train: np.ndarray, held_out: np.ndarray, made: np.ndarray, seed: int) -> dict[str, object]:
    """Everything the docstring names."""
    n = min(train.shape[1], held_out.shape[1], made.shape[1])
    real, learnt, rows = (a[:, :n].astype(np.float32) for a in (held_out, train, made))
    to_members, to_others = nearest(learnt, rows), nearest(real, rows)
    return {
        "n_rows": n,
        "frequency_r": _r(made.mean(axis=1), held_out.mean(axis=1)),
        **_ld(held_out, made),
        **_aats(real, rows, ""),
        **_aats(learnt, rows, "_of_training"),
        "copies": int((nearest(rows, learnt) == 0).sum()),
        "copies_in_held_out": int((nearest(real, learnt) == 0).sum()),
        "membership_auc_nearest": auc(-to_members, -to_others),
        **_attacks(learnt, real, rows, seed),
    }


def _ld(real: np.ndarray, made: np.ndarray) -> dict[str, float]:
    """Correlation of the entries of both r2 matrices above the diagonal: of all, and of columns next to each other."""
    varies = (real.std(axis=1) > 0) & (made.std(axis=1) > 0)
    a, b = (np.corrcoef(m[varies].astype(np.float64)) ** 2 for m in (real, made))
    upper = np.triu_indices(len(a), 1)
    beside = (np.arange(len(a) - 1), np.arange(1, len(a)))
    return {
        "ld_r": _r(a[upper], b[upper]),
        "ld_r_neighbours": _r(a[beside], b[beside]),
        "ld_mean": float(b[upper].mean()),
        "ld_mean_of_held_out": float(a[upper].mean()),
    }


def _attacks(members: np.ndarray, others: np.ndarray, rows: np.ndarray, seed: int) -> dict[str, float | None]:
    """AUC of the attacks on wide tables; the attacker's reference are held-out rows that are not candidates."""
    rng = stream(seed, "haplotype attacks")
    inside = members[:, rng.permutation(members.shape[1])[:ATTACKED]]
    shuffled = others[:, rng.permutation(others.shape[1])]
    candidates = np.concatenate([inside, shuffled[:, :ATTACKED]], axis=1).T.astype(np.float64)
    attacker = (rows[:, :SYNTHETIC_ATTACKED].T, shuffled[:, ATTACKED:].T)
    products = row_products([(candidates, *(a.astype(np.float64) for a in attacker))])
    attacks = {"span": span_score, "mean": mean_score, "linear": linear_score}
    found = {name: attack(products) for name, attack in attacks.items()}
    return {
        f"membership_auc_{name}": None if s is None else auc(s[:ATTACKED], s[ATTACKED:])
        for name, s in found.items()
    }


def nearest(a: np.ndarray, b: np.ndarray, is_same: bool = False) -> np.ndarray:
    """Hamming distance of each row of `a` to the nearest of `b`, or to the nearest other one of `a` itself."""
    distances = a.sum(axis=0)[:, None] + b.sum(axis=0) - 2 * a.T @ b
    if is_same:
        np.fill_diagonal(distances, np.inf)
    return np.asarray(distances.min(axis=1))


def _aats(real: np.ndarray, made: np.ndarray, suffix: str) -> dict[str, float]:
    """Both halves of the nearest-neighbour adversarial accuracy (Yelmen et al. 2021)."""
    halves_of = (("truth", real, made), ("synthetic", made, real))
    return {
        f"aats_{name}{suffix}": round(float((nearest(own, other) > nearest(own, own, True)).mean()), 4)
        for name, own, other in halves_of
    }


def auc(high: np.ndarray, low: np.ndarray) -> float:
    """Share of pairs in which the first is higher, ties counting half."""
    ordered = np.sort(low)
    below = np.searchsorted(ordered, high, "left") + np.searchsorted(ordered, high, "right")
    return round(float(below.mean() / 2 / len(low)), 4)


def _r(a: np.ndarray, b: np.ndarray) -> float:
    return round(float(np.corrcoef(a, b)[0, 1]), 4)


def summarise(done: list[runs.Run]) -> dict[str, object]:
    """Means over the seeds, and whether every seed reaches the goal."""
    out: dict[str, object] = {"goal": GOAL}
    for source in SOURCES:
        found = [r["scores"] for r in done if r["source"] == source and "scores" in r]
        if found:
            keys = [k for k, v in found[0].items() if v is not None]
            means = {k: round(statistics.mean(f[k] for f in found), 4) for k in keys}
            out[source] = {"seeds": len(found), **means, "reaches_goal": all(map(reaches_goal, found))}
    return out


def reaches_goal(found: dict[str, float]) -> bool:
    """Whether one run does all that was asked."""
    inside = all(GOAL["aats_low"] <= found[k] <= GOAL["aats_high"] for k in ("aats_truth", "aats_synthetic"))
    no_copies = found["copies"] <= found["copies_in_held_out"]
    enough = found["frequency_r"] >= GOAL["frequency_r"] and found["ld_r"] >= GOAL["ld_r"]
    return inside and no_copies and enough


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sources", nargs="+", choices=SOURCES, default=SOURCES)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--again", action="store_true", help="also runs whose results are there")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS, help="folder of haplotypes.json")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(run_one(json.loads(args.one))))
        return
    jobs: list[runs.Run] = [{"source": s, "seed": seed} for s in args.sources for seed in args.seeds]
    runs.run_all(__file__, jobs, KEYS, args.output / "haplotypes.json", summarise, again=args.again)


if __name__ == "__main__":
    main()
