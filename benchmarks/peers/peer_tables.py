"""The wide tables that peers are tried on: rows to learn from, fresh rows to judge by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd
import real_tables

from tests.datasets.builders import builder


@dataclass(frozen=True)
class Tables:
    """Two tables of the same columns.

    Parameters
    ----------
    train, fresh : pandas.DataFrame
    features : list of str
        The block that is scored.
    categorical : list of str
        What peers are told are levels.
    kind : {"counts", "dosages", "values"}
        Of the block.
    """

    train: pd.DataFrame
    fresh: pd.DataFrame
    features: list[str]
    categorical: list[str]
    kind: str


def simulated(n_genes: int) -> Tables:
    """600 rows and 1,000 fresh ones of one truth."""
    simulator = builder("expression_600x42k")
    known = simulator.truth(n_genes, 0)
    train, fresh = (simulator.table(known, n, 0, part) for n, part in ((600, "train"), (1_000, "holdout")))
    return Tables(train, fresh, known.names, ["class", "batch", "sex"], "counts")


def single_cells() -> Tables:
    """60% of the cells of sc_pbmc1k_v2 and the others; counts only."""
    found = real_tables.load("sc_pbmc1k_v2", seed=0)
    return Tables(found.train, found.fresh, list(found.train.columns), [], "counts")


TABLES: dict[str, Callable[[], Tables]] = {
    "simulated-300": partial(simulated, 300),
    "simulated-1000": partial(simulated, 1_000),
    "simulated-42000": partial(simulated, 42_000),
    "sc_pbmc1k_v2": single_cells,
}


def load(name: str) -> Tables:
    """By name."""
    return TABLES[name]()
