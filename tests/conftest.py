"""Tables that many tests share, and quiet threads."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_diabetes

from tests.common.tables import every_dtype


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def diabetes():
    """Real mixed columns: whole numbers, floats and two levels."""
    table = load_diabetes(as_frame=True, scaled=False).frame
    table["age"] = table["age"].astype("int64")
    table["sex"] = table["sex"].map({1.0: "female", 2.0: "male"})
    return table


@pytest.fixture(scope="session")
def mixed(diabetes):
    """The same with missing values, a date, an identifier and a constant."""
    rng = np.random.default_rng(0)
    table = diabetes.copy()
    table.loc[rng.random(len(table)) < 0.2, "bmi"] = np.nan
    table.loc[rng.random(len(table)) < 0.1, "sex"] = None
    table["visit"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 400, len(table)), unit="D")
    table["patient"] = [f"P-{i:05d}" for i in rng.permutation(90_000)[: len(table)]]
    table["site"] = "north"
    return table


@pytest.fixture(scope="session")
def awkward():
    """One column of every supported dtype, with missing values wherever the dtype has them."""
    return every_dtype(60)
