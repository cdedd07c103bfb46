"""TVAE, all defaults."""

import pandas as pd
from ctgan import TVAE


def fit(frame: pd.DataFrame, categorical: list[str], seed: int) -> TVAE:
    model = TVAE()
    model.set_random_state(seed)
    model.fit(frame, categorical)
    return model


def sample(model: TVAE, n_rows: int) -> pd.DataFrame:
    return model.sample(n_rows)
