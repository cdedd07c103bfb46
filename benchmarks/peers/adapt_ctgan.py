"""CTGAN, all defaults."""

import pandas as pd
from ctgan import CTGAN


def fit(frame: pd.DataFrame, categorical: list[str], seed: int) -> CTGAN:
    model = CTGAN()
    model.set_random_state(seed)
    model.fit(frame, categorical)
    return model


def sample(model: CTGAN, n_rows: int) -> pd.DataFrame:
    return model.sample(n_rows)
