"""TabularARGN through its own fit and sample, all defaults; integers that are levels go as text.

Where the fit has a limit, TabularARGN's own limit of training is set to most of it: it then keeps its best weights so far.
"""

import pandas as pd
from mostlyai.engine import TabularARGN, set_random_state

TRAINING_SHARE = 0.8
"""Of the fit's limit; the rest is for what comes before the training and after it."""


def fit(frame: pd.DataFrame, categorical: list[str], seed: int, seconds: float | None = None) -> TabularARGN:
    set_random_state(seed)
    frame = frame.copy()
    for name in categorical:
        if pd.api.types.is_integer_dtype(frame[name]):
            frame[name] = frame[name].astype(str).astype(object)
    own_limit = {} if seconds is None else {"max_training_time": TRAINING_SHARE * seconds / 60}
    return TabularARGN(random_state=seed, verbose=0, **own_limit).fit(frame)


def sample(model: TabularARGN, n_rows: int) -> pd.DataFrame:
    return model.sample(n_samples=n_rows)
