"""The wide real tables that benchmarks run on, read from the data folder (never copied into the project)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import problems

from synthgen.rng import stream

HELD_OUT = 0.4


@dataclass(frozen=True)
class Source:
    """A wide set: what its values are, and the columns of its samples that go along as covariates."""

    name: str
    kind: str
    covariates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tables:
    """Rows to learn from and rows to judge by; `features` are the columns after the covariates."""

    train: pd.DataFrame
    fresh: pd.DataFrame
    features: list[str]
    kind: str


SOURCES = {
    s.name: s
    for s in (
        Source("geno_rice44k", "dosages", ("subpopulation",)),
        Source("geno_rice_imputed", "dosages"),
        Source("sc_pbmc1k_v2", "counts"),
    )
}


def whole(name: str) -> tuple[pd.DataFrame, list[str]]:
    """The table with its covariates first, and the names of the features.

    Dosages that are missing (-1 in the files) become NaN, float32; complete ones are int8. Counts are int32.
    """
    source, folder = SOURCES[name], problems.data_folder()
    stored = pd.read_parquet(folder / f"{name}.X.parquet")
    features = stored.pop("feature").astype(str).tolist()
    values = np.ascontiguousarray(stored.to_numpy().T)
    if source.kind == "dosages" and (values < 0).any():
        values = np.where(values < 0, np.nan, values).astype(np.float32)
    else:
        values = values.astype(np.int8 if source.kind == "dosages" else np.int32)
    obs = pd.read_parquet(folder / f"{name}.obs.parquet")
    front = obs[list(source.covariates)].reset_index(drop=True)
    return pd.concat([front, pd.DataFrame(values, columns=features)], axis=1), features


def load(name: str, seed: int = 0) -> Tables:
    """A random 40% of the rows held out."""
    table, features = whole(name)
    order = stream(seed, f"benchmark.split.{name}").permutation(len(table))
    n = round(HELD_OUT * len(table))
    train, fresh = (table.iloc[np.sort(rows)].reset_index(drop=True) for rows in (order[n:], order[:n]))
    return Tables(train, fresh, features, SOURCES[name].kind)
