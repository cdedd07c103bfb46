"""The expression sets of the frontier, and their splits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import problems
from sklearn.model_selection import train_test_split

from synthgen.rng import derived_seed

TABLES = ("nakayama", "singh", "gravier")
LABEL = "label"
HELD_OUT = 0.4


@dataclass(frozen=True)
class Parts:
    """Rows to learn from and rows to judge by: the label, then the genes."""

    train: pd.DataFrame
    fresh: pd.DataFrame
    genes: list[str]


@cache
def whole(name: str) -> pd.DataFrame:
    """The label and all genes, float32 as stored."""
    folder = problems.data_folder()
    stored = pd.read_parquet(folder / f"expr_{name}.X.parquet")
    genes = stored.pop("feature").astype(str).tolist()
    samples = pd.read_parquet(folder / f"expr_{name}.obs.parquet").set_index("sample")
    label = samples.loc[stored.columns, [LABEL]].reset_index(drop=True)
    return pd.concat([label, pd.DataFrame(np.ascontiguousarray(stored.to_numpy().T), columns=genes)], axis=1)


def held_out(name: str, seed: int) -> np.ndarray:
    """Numbers of the held-out rows, ascending."""
    label = whole(name)[LABEL]
    _, out = train_test_split(
        np.arange(len(label)),
        test_size=HELD_OUT,
        stratify=label,
        random_state=derived_seed(seed, f"benchmark.frontier.split.{name}") % 2**32,
    )
    return np.sort(out)


@cache
def load(name: str, seed: int) -> Parts:
    """One split."""
    table = whole(name)
    is_out = np.zeros(len(table), dtype=bool)
    is_out[held_out(name, seed)] = True
    return Parts(
        table[~is_out].reset_index(drop=True), table[is_out].reset_index(drop=True), list(table.columns[1:])
    )
