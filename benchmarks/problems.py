"""The tables that benchmarks run on, read from the data folder (never copied into the project)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class Problem:
    """A table split into rows to learn from and rows to judge by.

    `columns_out` are not learnt. `split` names a column whose value "test" marks the held-out rows; without one a
    fifth of the rows is held out, the same for every seed of the model.
    """

    name: str
    target: str
    columns_out: tuple[str, ...] = ()
    split: str | None = None


MIXED = {
    p.name: p
    for p in (
        Problem("adult", "income", split="split"),
        Problem("default_credit", "default.payment.next.month", ("ID",)),
        Problem("shoppers", "Revenue"),
        Problem("magic", "class"),
        Problem("beijing_pm25", "pm2.5", ("No", "datetime")),
        Problem("telco_churn", "Churn"),
        Problem("titanic", "survived"),
        Problem("nyc_taxis_2019", "total_amount"),
    )
}


def data_folder() -> Path:
    """Where the data lies: SYNTHGEN_DATA, or shared/data beside the checkout."""
    folder = Path(os.environ.get("SYNTHGEN_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    if not folder.is_dir():
        raise SystemExit(
            f"No benchmark data at {folder}: set SYNTHGEN_DATA to the folder that holds adult.parquet etc."
        )
    return folder


def whole_table(name: str) -> pd.DataFrame:
    """The table as it is stored."""
    return pd.read_parquet(data_folder() / f"{name}.parquet")


def load(problem: Problem) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and held-out rows."""
    table = whole_table(problem.name).drop(columns=list(problem.columns_out))
    if problem.split:
        held_out = table.pop(problem.split) == "test"
    else:
        held_out = pd.Series(False, index=table.index)
        held_out[table.sample(frac=0.2, random_state=0).index] = True
    return table[~held_out].reset_index(drop=True), table[held_out].reset_index(drop=True)
