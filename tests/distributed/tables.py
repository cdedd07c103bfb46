"""The table that several processes train on."""

import pandas as pd
from sklearn.datasets import load_iris


def table():
    """Four numbers and a class of three levels, 600 rows of which a quarter differ."""
    return pd.concat([load_iris(as_frame=True).frame] * 4, ignore_index=True)
