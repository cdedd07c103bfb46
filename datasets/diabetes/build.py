"""Build the diabetes table from the data that scikit-learn carries: no download.

python datasets/diabetes/build.py OUTPUT
"""

from __future__ import annotations

import sys

import pandas as pd
from sklearn.datasets import load_diabetes

from synthgen.table.write import write_table

SEXES = {1.0: "female", 2.0: "male"}
"""The source does not say which is which; card.md says why this way round."""


def build() -> pd.DataFrame:
    """The table: 442 rows, 11 columns, in the units of the source."""
    table = load_diabetes(as_frame=True, scaled=False).frame.rename(columns={"target": "progression"})
    whole = [name for name in table.columns if (table[name] == table[name].round()).all()]
    table[whole] = table[whole].astype("int64")
    table["sex"] = pd.Categorical(table["sex"].map(SEXES), categories=list(SEXES.values()))
    return table


if __name__ == "__main__":
    write_table(build(), sys.argv[1] if len(sys.argv) > 1 else "diabetes.parquet")
