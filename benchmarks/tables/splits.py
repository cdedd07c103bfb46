"""The five tables of the literature, and one that nothing was tuned on: which columns, which rows, what is a level."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from benchmarks import problems

HELD_OUT = 0.1
SPLIT_SEED = 0
"""Of the rows held out: the same for every seed of a model."""
UNKNOWN = "?"
"""The level that stands for a missing value of a text column, as UCI's files have it."""


@dataclass(frozen=True)
class Table:
    """How a table of the data folder is used.

    Parameters
    ----------
    name, target : str
    task : {"classification", "regression"}
    columns_out : tuple of str
        Not learnt.
    coded : tuple of str
        Integer columns that the literature takes for categories: TabSyn's ``data/Info`` names them.
    levels : tuple of str
        Integer columns of 0 and 1 (or a class) that need no declaration, and are categories for the metrics.
    split : str or None
        Column whose value "test" marks the held-out rows. Without one a tenth is held out.
    tuned : bool
        False: reported apart, and no setting may be chosen on it.
    """

    name: str
    target: str
    task: str = "classification"
    columns_out: tuple[str, ...] = ()
    coded: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    split: str | None = None
    tuned: bool = True


_PAYMENTS = tuple(f"PAY_{i}" for i in (0, 2, 3, 4, 5, 6))
_DEFAULT = "default.payment.next.month"

TABLES = {
    t.name: t
    for t in (
        Table("adult", "income", split="split"),
        Table(
            "default_credit",
            _DEFAULT,
            columns_out=("ID",),
            coded=("SEX", "EDUCATION", "MARRIAGE", *_PAYMENTS, _DEFAULT),
        ),
        Table(
            "shoppers",
            "Revenue",
            coded=("OperatingSystems", "Browser", "Region", "TrafficType"),
            levels=("Weekend", "Revenue"),
        ),
        Table("magic", "class"),
        Table(
            "beijing_pm25",
            "pm2.5",
            task="regression",
            columns_out=("No", "datetime"),
            coded=("year", "month", "day", "hour"),
        ),
        Table("telco_churn", "Churn", columns_out=("customerID",), levels=("SeniorCitizen",), tuned=False),
    )
}


@dataclass(frozen=True, eq=False)
class Split:
    """Rows to learn from, rows to judge by, and what is a level.

    Parameters
    ----------
    table : Table
    train, holdout : pandas.DataFrame
        In the dtypes of the file.
    categorical : list of str
        Columns of levels: text, and the integers that are declared.
    """

    table: Table
    train: pd.DataFrame
    holdout: pd.DataFrame
    categorical: list[str]


def load(name: str, rows: int | None = None) -> Split:
    """A table split; with `rows`, only so many random training rows, for trials."""
    table = TABLES[name]
    frame = problems.whole_table(name)
    frame = frame.drop(columns=[c for c in table.columns_out if c in frame])
    if table.task == "regression":
        frame = frame[frame[table.target].notna()].reset_index(drop=True)
    if table.split:
        held_out = frame.pop(table.split) == "test"
    else:
        held_out = pd.Series(False, index=frame.index)
        held_out[frame.sample(frac=HELD_OUT, random_state=SPLIT_SEED).index] = True
    train = frame[~held_out].reset_index(drop=True)
    if rows is not None and rows < len(train):
        train = train.sample(rows, random_state=SPLIT_SEED).reset_index(drop=True)
    return Split(table, train, frame[held_out].reset_index(drop=True), categorical(train, table))


def categorical(frame: pd.DataFrame, table: Table) -> list[str]:
    """Names of the columns of levels, in table order."""
    named = {*table.coded, *table.levels}
    return [c for c in frame.columns if c in named or not pd.api.types.is_numeric_dtype(frame[c])]


def as_real(synthetic: pd.DataFrame, split: Split) -> pd.DataFrame:
    """A synthetic table in the columns and dtypes of the real one; missing levels of text are a level, "?".

    Parameters
    ----------
    synthetic : pandas.DataFrame
        What a synthesizer gave back: columns in any order, whole numbers perhaps as floats or text.
    split : Split

    Returns
    -------
    pandas.DataFrame
        Values that cannot be read as numbers become NaN.
    """
    made = {}
    for name, real in split.train.items():
        column = synthetic[name].reset_index(drop=True)
        if not pd.api.types.is_numeric_dtype(real):
            made[name] = column.astype(object).where(column.notna(), UNKNOWN).astype(str).astype(object)
            continue
        numbers = pd.to_numeric(column.astype(object), errors="coerce").astype(float)
        whole = real.dtype.kind in "iu" and numbers.notna().all()
        made[name] = numbers.round().astype(real.dtype) if whole else numbers
    return pd.DataFrame(made)
