"""Simulate expression counts of few samples and very many genes; card.md says by which formulas.

    python datasets/expression_600x42k/build.py train.parquet --holdout fresh.parquet
    python datasets/expression_600x42k/build.py train.parquet --rows 100 --genes 2000 --seed 1 --values log

The held-out file has fresh rows of the same truth: the same genes, programmes and effects, other samples.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthgen.rng import stream
from synthgen.table.write import write_table

CLASSES = {"A": 0.5, "B": 0.3, "C": 0.2}
BATCHES = {"batch1": 0.4, "batch2": 0.35, "batch3": 0.25}
SEXES = {"female": 0.55, "male": 0.45}
COVARIATES = ("class", "batch", "sex", "age")

PROGRAMMES = ("normal",) * 16 + ("skewed",) * 4 + ("on-off",) * 4
"""How the activity of each gene programme is distributed over the samples; mean 0 and variance 1 all of them."""
READS_PER_GENE = 200
ROWS_PER_BLOCK = 200
_MAX_DISPERSION = 10.0


@dataclass(frozen=True, eq=False)
class Truth:
    """What all rows have in common: one entry a gene, last axis. All logarithms are natural.

    Parameters
    ----------
    names : list of str
        The genes.
    log_mean : ndarray, shape (p,)
        Of the relative abundance of class A, up to a constant.
    dispersion : ndarray, shape (p,)
        Of the negative binomial: variance = mean + dispersion * mean**2.
    loadings : ndarray, shape (K, p)
        What one standard deviation of a programme's activity does to the log rate.
    shifts : ndarray, shape (n_classes, K)
        Mean activities of the programmes in each class.
    of_class, of_batch, of_sex : ndarray, shape (n_levels, p)
        Added to the log rate; 0 for the first class and the first sex.
    of_age : ndarray, shape (p,)
        Added for every ten years above fifty.
    """

    names: list[str]
    log_mean: np.ndarray
    dispersion: np.ndarray
    loadings: np.ndarray
    shifts: np.ndarray
    of_class: np.ndarray
    of_batch: np.ndarray
    of_sex: np.ndarray
    of_age: np.ndarray


def truth(n_genes: int = 42_000, seed: int = 0) -> Truth:
    """The genes of a seed."""
    draw = stream(seed, "datasets.expression.truth")
    is_high = draw.random(n_genes) < 0.6
    log_mean = np.where(is_high, np.log(100.0), np.log(0.5)) + 1.5 * draw.standard_normal(n_genes)
    trend = 0.1 + 1.0 / np.exp(log_mean)
    dispersion = np.minimum(trend * np.exp(0.5 * draw.standard_normal(n_genes)), _MAX_DISPERSION)
    k = len(PROGRAMMES)
    strengths = 0.7 * 0.9 ** np.arange(k)
    shifts = np.zeros((len(CLASSES), k))
    shifts[1:, :3] = draw.normal(0.0, 0.7, (len(CLASSES) - 1, 3))
    return Truth(
        names=[f"gene_{j:05d}" for j in range(1, n_genes + 1)],
        log_mean=log_mean,
        dispersion=dispersion,
        loadings=_sparse(draw, (k, n_genes), 0.25) * strengths[:, None],
        shifts=shifts,
        of_class=_from_second(0.7 * _sparse(draw, (len(CLASSES), n_genes), 0.05)),
        of_batch=draw.normal(0.0, 0.15, (len(BATCHES), n_genes)),
        of_sex=_from_second(2.0 * _sparse(draw, (len(SEXES), n_genes), 0.001)),
        of_age=0.1 * _sparse(draw, (n_genes,), 0.02),
    )


def samples(known: Truth, n_rows: int, seed: int = 0, part: str = "train") -> tuple[pd.DataFrame, np.ndarray]:
    """Rows of a truth: their covariates, and their counts, int32, shape (n_rows, p).

    Rows of another `part` are fresh: independent of all others given the truth.
    """
    draw = stream(seed, f"datasets.expression.covariates.{part}")
    classes, batches, sexes = (_levels(draw, shares, n_rows) for shares in (CLASSES, BATCHES, SEXES))
    # what a recruiting hospital does: class C comes to the last batch twice as often
    moved = (classes == 2) & (draw.random(n_rows) < 0.25)
    batches[moved] = 2
    ages = np.clip(draw.normal(55 + 4.0 * (classes == 1), 12.0), 18, 90).round().astype(np.int32)
    activities = _activities(draw, n_rows) + known.shifts[classes]
    libraries = READS_PER_GENE * len(known.names) * np.exp(draw.normal(0.0, 0.3, n_rows))
    counts = np.empty((n_rows, len(known.names)), dtype=np.int32)
    for start in range(0, n_rows, ROWS_PER_BLOCK):
        rows = slice(start, min(start + ROWS_PER_BLOCK, n_rows))
        rates = known.log_mean + activities[rows] @ known.loadings
        rates += known.of_class[classes[rows]] + known.of_batch[batches[rows]] + known.of_sex[sexes[rows]]
        rates += (ages[rows, None] - 50) / 10 * known.of_age
        fresh = stream(seed, f"datasets.expression.counts.{part}", start // ROWS_PER_BLOCK)
        counts[rows] = _counts(fresh, rates, libraries[rows], known.dispersion)
    coded = ((CLASSES, classes), (BATCHES, batches), (SEXES, sexes))
    named = {
        name: pd.Categorical.from_codes(codes, list(levels))
        for name, (levels, codes) in zip(COVARIATES[:-1], coded, strict=True)
    }
    return pd.DataFrame({**named, "age": ages}), counts


def table(
    known: Truth, n_rows: int, seed: int = 0, part: str = "train", *, values: str = "counts"
) -> pd.DataFrame:
    """The covariates and then the genes: counts (int32), or ``log(1 + counts per million)`` (float32)."""
    covariates, matrix = samples(known, n_rows, seed, part)
    if values == "log":
        per_million = matrix * (1e6 / matrix.sum(axis=1, keepdims=True))
        matrix = np.log1p(per_million).astype(np.float32)
    return pd.concat([covariates, pd.DataFrame(matrix, columns=known.names)], axis=1)


def gene_table(known: Truth) -> pd.DataFrame:
    """One row a gene: what a differential expression analysis should find."""
    columns = {"gene": known.names, "log_mean": known.log_mean, "dispersion": known.dispersion}
    effects = {f"log_fold_change_{name}": known.of_class[i] for i, name in enumerate(CLASSES) if i}
    return pd.DataFrame({**columns, **effects, "sex": known.of_sex[1], "age": known.of_age})


def _counts(
    draw: np.random.Generator, log_rates: np.ndarray, libraries: np.ndarray, dispersion: np.ndarray
) -> np.ndarray:
    """Negative binomial counts as a gamma mixture of Poisson counts; overwrites `log_rates`."""
    means = np.exp(log_rates, out=log_rates)
    means *= (libraries / means.sum(axis=1))[:, None]
    shape = 1.0 / dispersion
    means *= draw.standard_gamma(np.broadcast_to(shape, means.shape))
    means *= dispersion
    return draw.poisson(means)


def _activities(draw: np.random.Generator, n_rows: int) -> np.ndarray:
    """Activities of the programmes, each of mean 0 and variance 1, shape (n_rows, K)."""
    kinds = np.array(PROGRAMMES)
    out = draw.standard_normal((n_rows, len(kinds)))
    skewed, on_off = kinds == "skewed", kinds == "on-off"
    out[:, skewed] = (draw.standard_gamma(2.0, (n_rows, skewed.sum())) - 2.0) / np.sqrt(2.0)
    is_on = draw.random((n_rows, on_off.sum())) < 0.3
    out[:, on_off] = (is_on - 0.3 + 0.1 * out[:, on_off]) / np.sqrt(0.3 * 0.7 + 0.1**2)
    return out


def _sparse(draw: np.random.Generator, shape: tuple[int, ...], share: float) -> np.ndarray:
    """Standard normal numbers, all but a share of them 0."""
    return np.where(draw.random(shape) < share, draw.standard_normal(shape), 0.0)


def _from_second(effects: np.ndarray) -> np.ndarray:
    effects[0] = 0.0
    return effects


def _levels(draw: np.random.Generator, shares: dict[str, float], n_rows: int) -> np.ndarray:
    return draw.choice(len(shares), n_rows, p=list(shares.values()))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", nargs="?", default="expression_600x42k.parquet")
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--genes", type=int, default=42_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--values", choices=["counts", "log"], default="counts")
    parser.add_argument("--holdout", metavar="FILE", help="for fresh rows of the same truth")
    parser.add_argument("--holdout-rows", type=int, default=1_000)
    parser.add_argument("--truth", metavar="FILE", help="for one row a gene: means, dispersions, effects")
    arguments = parser.parse_args()
    known = truth(arguments.genes, arguments.seed)
    jobs = {
        "train": (arguments.output, arguments.rows),
        "holdout": (arguments.holdout, arguments.holdout_rows),
    }
    for part, (path, n_rows) in jobs.items():
        if path:
            write_table(table(known, n_rows, arguments.seed, part, values=arguments.values), path)
    if arguments.truth:
        write_table(gene_table(known), arguments.truth)


if __name__ == "__main__":
    main()
