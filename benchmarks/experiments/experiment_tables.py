"""Tables of the experiments, split as in the literature: integer-coded categoricals declared, identifiers dropped."""

from __future__ import annotations

import pandas as pd
import problems

TUNING = ("adult", "default_credit", "shoppers")
"""What decisions rest on. telco_churn is never tuned on; magic and beijing_pm25 only confirm."""
CONFIRMING = ("magic", "beijing_pm25")
CATEGORICAL = {
    "default_credit": (
        *("SEX", "EDUCATION", "MARRIAGE", "default.payment.next.month"),
        *(f"PAY_{i}" for i in (0, 2, 3, 4, 5, 6)),
    ),
    "shoppers": ("OperatingSystems", "Browser", "Region", "TrafficType"),
}


def split(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and held-out rows: the split that comes with the table, or a random tenth."""
    if name not in (*TUNING, *CONFIRMING):
        raise SystemExit(
            f"{name} is no table of the experiments; there are {', '.join(TUNING + CONFIRMING)}."
        )
    problem = problems.MIXED[name]
    table = problems.whole_table(name).drop(columns=list(problem.columns_out))
    if name == "beijing_pm25":
        table = table[table["pm2.5"].notna()].reset_index(drop=True)
    if problem.split:
        held_out = table.pop(problem.split) == "test"
    else:
        held_out = pd.Series(False, index=table.index)
        held_out[table.sample(frac=0.1, random_state=0).index] = True
    for column in CATEGORICAL.get(name, ()):
        table[column] = table[column].astype("category")
    return table[~held_out].reset_index(drop=True), table[held_out].reset_index(drop=True)
