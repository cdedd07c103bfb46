"""Simulate genotypes of three populations by the coalescent with recombination; card.md says by which model.

    python datasets/coalescent/build.py train.parquet --holdout fresh.parquet
    python datasets/coalescent/build.py train.bed --individuals 300 --megabases 2 --missing 0.02
    python datasets/coalescent/build.py haplotypes.parquet --haplotypes

Needs msprime, and for PLINK files bed-reader: ``pip install "synthgen[coalescent,genomics]"``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from synthgen.rng import derived_seed, stream
from synthgen.table.write import write_table

if TYPE_CHECKING:
    import msprime  # type: ignore[import-untyped]

POPULATIONS = ("AFR", "EUR", "EAS")
RECOMBINATION, MUTATION = 1.25e-8, 2.35e-8
"""For each base and generation; the mutation rate is the one that the demography was fitted with."""
CHROMOSOME = "1"
YEARS = 25.0
"""Of a generation."""


@dataclass(frozen=True, eq=False)
class Genotypes:
    """Haplotypes of diploid individuals at the sites that are kept.

    Parameters
    ----------
    haplotypes : ndarray of int8, shape (2 N, V)
        0 ancestral, 1 derived; the two haplotypes of an individual lie one after the other.
    individuals : ndarray of str, shape (N,)
    populations : ndarray of str, shape (N,)
    positions : ndarray of int64, shape (V,)
        In bases, counted from one, increasing.
    """

    haplotypes: np.ndarray
    individuals: np.ndarray
    populations: np.ndarray
    positions: np.ndarray

    @property
    def variants(self) -> list[str]:
        """Names of the sites."""
        return [f"snp_{CHROMOSOME}_{p}" for p in self.positions]


def demography() -> msprime.Demography:
    """Out of Africa, three populations, by Gutenkunst et al. (2009), table 1."""
    import msprime

    model = msprime.Demography()
    model.add_population(name="AFR", initial_size=12_300)
    split = 21_200 / YEARS
    model.add_population(name="EUR", initial_size=1_000 * np.exp(0.004 * split), growth_rate=0.004)
    model.add_population(name="EAS", initial_size=510 * np.exp(0.0055 * split), growth_rate=0.0055)
    model.add_population(name="OOA", initial_size=2_100)
    model.add_population(name="HUMAN", initial_size=12_300)
    model.add_population(name="ANCESTRAL", initial_size=7_300)
    rates = {("AFR", "EUR"): 3e-5, ("AFR", "EAS"): 1.9e-5, ("EUR", "EAS"): 9.6e-5}
    for pair, rate in rates.items():
        model.set_symmetric_migration_rate(list(pair), rate)
    model.add_population_split(time=split, derived=["EUR", "EAS"], ancestral="OOA")
    model.add_symmetric_migration_rate_change(time=split, populations=["AFR", "OOA"], rate=25e-5)
    model.add_population_split(time=140_000 / YEARS, derived=["AFR", "OOA"], ancestral="HUMAN")
    model.add_population_split(time=220_000 / YEARS, derived=["HUMAN"], ancestral="ANCESTRAL")
    return model


def simulate(
    n_individuals: int = 900, megabases: float = 11.0, seed: int = 0, *, least_frequency: float = 0.01
) -> Genotypes:
    """Individuals of the three populations in turn, at the biallelic sites whose minor allele is common enough.

    Parameters
    ----------
    n_individuals : int
        As many of each population as goes.
    megabases : float
        Length of the chromosome, in millions of bases.
    seed : int
        The same seed gives the same genotypes.
    least_frequency : float
        Of the minor allele, over all individuals; sites below are left out.
    """
    import msprime

    sizes = [len(range(i, n_individuals, len(POPULATIONS))) for i in range(len(POPULATIONS))]
    trees = msprime.sim_ancestry(
        dict(zip(POPULATIONS, sizes, strict=True)),
        demography=demography(),
        sequence_length=round(megabases * 1e6),
        recombination_rate=RECOMBINATION,
        random_seed=_seed(seed, "ancestry"),
    )
    trees = msprime.sim_mutations(
        trees,
        rate=MUTATION,
        model=msprime.BinaryMutationModel(),
        random_seed=_seed(seed, "mutations"),
    )
    columns, positions = [], []
    for variant in trees.variants():
        frequency = variant.genotypes.mean()
        if min(frequency, 1 - frequency) >= least_frequency and variant.num_alleles == 2:
            columns.append(variant.genotypes.astype(np.int8))
            positions.append(int(variant.site.position) + 1)  # counted from one, as PLINK does
    labels = np.repeat(POPULATIONS, sizes)
    order = stream(seed, "datasets.coalescent.order").permutation(n_individuals)
    haplotypes = np.array(columns, dtype=np.int8).reshape(len(columns), n_individuals, 2)
    mixed = haplotypes[:, order].transpose(1, 2, 0).reshape(2 * n_individuals, len(columns))
    names = np.array([f"ind_{i:05d}" for i in range(1, n_individuals + 1)])
    return Genotypes(mixed, names, labels[order], np.array(positions, dtype=np.int64))


def take(genotypes: Genotypes, rows: slice) -> Genotypes:
    """Some of the individuals."""
    both = genotypes.haplotypes.reshape(len(genotypes.individuals), 2, -1)[rows]
    return replace(
        genotypes,
        haplotypes=both.reshape(-1, both.shape[2]),
        individuals=genotypes.individuals[rows],
        populations=genotypes.populations[rows],
    )


def haplotype_table(genotypes: Genotypes) -> pd.DataFrame:
    """Two rows an individual: its name, its population, and 0 or 1 at each site (int8)."""
    return _table(genotypes, np.repeat(np.arange(len(genotypes.individuals)), 2), genotypes.haplotypes)


def dosage_table(genotypes: Genotypes, missing: float = 0.0, seed: int = 0) -> pd.DataFrame:
    """One row an individual: copies of the derived allele, int8; float32 with NaN if some are to be missing."""
    n = len(genotypes.individuals)
    values = genotypes.haplotypes.reshape(n, 2, -1).sum(axis=1, dtype=np.int8)
    if missing:
        values = values.astype(np.float32)
        values[_missing(values.shape, missing, seed)] = np.nan
    return _table(genotypes, np.arange(n), values)


def write_plink(genotypes: Genotypes, path: str, missing: float = 0.0, seed: int = 0) -> None:
    """PATH.bed, .bim and .fam; the derived allele is allele 1, the population the family."""
    from bed_reader import to_bed  # type: ignore[import-untyped]

    dosages = dosage_table(genotypes, missing, seed).iloc[:, 2:].to_numpy(dtype=np.float32, copy=True)
    n_variants = dosages.shape[1]
    properties = {
        "fid": genotypes.populations,
        "iid": genotypes.individuals,
        "sid": genotypes.variants,
        "chromosome": [CHROMOSOME] * n_variants,
        "bp_position": genotypes.positions,
        "allele_1": ["A"] * n_variants,
        "allele_2": ["G"] * n_variants,
    }
    to_bed(path, dosages, properties=properties, count_A1=True)


def write(genotypes: Genotypes, path: str, arguments: argparse.Namespace) -> None:
    """In the format that the suffix names."""
    if Path(path).suffix == ".bed":
        write_plink(genotypes, path, arguments.missing, arguments.seed)
    elif arguments.haplotypes:
        write_table(haplotype_table(genotypes), path)
    else:
        write_table(dosage_table(genotypes, arguments.missing, arguments.seed), path)


def _table(genotypes: Genotypes, rows: np.ndarray, values: np.ndarray) -> pd.DataFrame:
    front = pd.DataFrame(
        {
            "individual": genotypes.individuals[rows],
            "population": pd.Categorical(genotypes.populations[rows], categories=list(POPULATIONS)),
        }
    )
    return pd.concat([front, pd.DataFrame(values, columns=genotypes.variants)], axis=1)


def _missing(shape: Sequence[int], share: float, seed: int) -> np.ndarray:
    """Where a call failed: each site has a failure rate of its own, exponential with the share as its mean."""
    draw = stream(seed, "datasets.coalescent.missing")
    rates = np.minimum(draw.exponential(share, shape[1]), 1.0)
    return draw.random(tuple(shape)) < rates


def _seed(seed: int, purpose: str) -> int:
    """In [1, 2**32), as msprime asks."""
    return derived_seed(seed, f"datasets.coalescent.{purpose}") % (2**32 - 1) + 1


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", help="NAME.parquet, or NAME.bed for PLINK files")
    parser.add_argument("--individuals", type=int, default=600)
    parser.add_argument("--megabases", type=float, default=11.0)
    parser.add_argument("--least-frequency", type=float, default=0.01, help="of the minor allele")
    parser.add_argument("--missing", type=float, default=0.0, help="share of the dosages that are missing")
    parser.add_argument(
        "--haplotypes", action="store_true", help="two rows of 0 and 1 an individual (Parquet)"
    )
    parser.add_argument("--holdout", metavar="FILE", help="for other individuals of the same populations")
    parser.add_argument("--holdout-individuals", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.haplotypes and (arguments.missing or Path(arguments.output).suffix == ".bed"):
        parser.error("--haplotypes goes with Parquet and without --missing.")
    n, extra = arguments.individuals, arguments.holdout_individuals if arguments.holdout else 0
    found = simulate(
        n + extra, arguments.megabases, arguments.seed, least_frequency=arguments.least_frequency
    )
    write(take(found, slice(n)), arguments.output, arguments)
    if arguments.holdout:
        write(take(found, slice(n, None)), arguments.holdout, arguments)


if __name__ == "__main__":
    main()
