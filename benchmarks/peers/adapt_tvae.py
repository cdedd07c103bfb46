"""TVAE, all defaults; when its time is over, the networks as they are then."""

import pandas as pd
from ctgan import TVAE
from filled import filled


def fit(frame: pd.DataFrame, categorical: list[str], seed: int) -> TVAE:
    model = TVAE()
    model.set_random_state(seed)
    try:
        model.fit(filled(frame), categorical)
    except TimeoutError:
        model.was_stopped = True
    return model


def sample(model: TVAE, n_rows: int) -> pd.DataFrame:
    return model.sample(n_rows)
