"""Adversarial random forests of arfpy, all defaults; it draws from numpy's global state."""

import numpy as np
import pandas as pd
from arfpy import arf
from filled import filled


def fit(frame: pd.DataFrame, categorical: list[str], seed: int) -> arf.arf:
    np.random.seed(seed)  # noqa: NPY002
    frame = filled(frame)
    for name in categorical:
        frame[name] = frame[name].astype("category")
    model = arf.arf(x=frame, verbose=False, random_state=seed)
    model.forde()
    return model


def sample(model: arf.arf, n_rows: int) -> pd.DataFrame:
    return model.forge(n=n_rows)
