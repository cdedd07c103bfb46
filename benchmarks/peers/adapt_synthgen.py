"""SynthGAN, all defaults, under the same limits."""

import pandas as pd

from synthgen import SynthGAN


def fit(frame: pd.DataFrame, categorical: list[str], seed: int) -> SynthGAN:
    return SynthGAN(random_state=seed, verbose=0).fit(frame)


def sample(model: SynthGAN, n_rows: int) -> pd.DataFrame:
    return model.sample(n_rows, random_state=0)
