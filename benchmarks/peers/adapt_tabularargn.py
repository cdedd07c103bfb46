"""TabularARGN through its own fit and sample, all defaults."""

import pandas as pd
from mostlyai.engine import TabularARGN, set_random_state


def fit(frame: pd.DataFrame, categorical: list[str], seed: int) -> TabularARGN:
    set_random_state(seed)
    return TabularARGN(random_state=seed, verbose=0).fit(frame)


def sample(model: TabularARGN, n_rows: int) -> pd.DataFrame:
    return model.sample(n_samples=n_rows)
