"""Genotypes in linkage disequilibrium of people of three populations, as a PLINK file set."""

from pathlib import Path

import numpy as np
import pandas as pd

from synthgen.table.annotated import Annotation
from synthgen.table.bed_blocks import write_bed_blocks

MISSING = -127


def dosages(n_variants, n_people, seed=0, missing=0.01):
    """Dosages and populations; with gaps there is a variant of none, one of three, and one of one value."""
    rng = np.random.default_rng(seed)
    population = rng.integers(0, 3, n_people)
    frequency = np.clip(rng.beta(1, 1, (n_variants, 1)) + rng.normal(0, 0.1, (n_variants, 3)), 0.02, 0.98)
    place, out = rng.random((2, n_people)), np.empty((n_variants, n_people), dtype=np.int8)
    for j in range(n_variants):
        place = np.where(rng.random((2, n_people)) < 0.2, rng.random((2, n_people)), place)
        out[j] = (place < frequency[j][population]).sum(axis=0)
    if missing:
        out[rng.random(out.shape) < missing] = MISSING
        out[5], out[6, 3:], out[7] = MISSING, MISSING, 0
    return out, population


def variants(n):
    """Metadata of so many variants."""
    return Annotation(
        pd.DataFrame(
            {
                "chromosome": "1",
                "cm": 0.5,
                "position": np.arange(n) + 1,
                "allele_1": "A",
                "allele_2": "C",
            },
            index=[f"rs{i}" for i in range(n)],
        ),
        "plink",
    )


def people(population, seed=0):
    """Sex, and a phenotype that goes with the population."""
    rng = np.random.default_rng(seed)
    n = len(population)
    sex = pd.Categorical(rng.choice(["male", "female"], n), ["male", "female"])
    is_case = population + rng.normal(0, 1, n) > 1
    phenotype = pd.Categorical(np.where(is_case, "case", "control"), ["control", "case"])
    return pd.DataFrame({"sex": sex, "phenotype": phenotype})


def write_genotypes(path: Path, n_variants, n_people, seed=0, missing=0.01, with_people=True):
    """Write them; gives the path and the dosages, shape (V, N)."""
    found, population = dosages(n_variants, n_people, seed, missing)
    table = people(population, seed) if with_people else pd.DataFrame(index=range(n_people))
    with write_bed_blocks(path, table, variants(n_variants)) as file:
        for start in range(0, n_variants, 170):
            file.append(found[start : start + 170])
    return path, found
