"""Models of known behaviour, and the table that they are of."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator


def truth(n, rng):
    """Four columns that hang together, so that columns drawn by themselves are told apart at once."""
    z, w = rng.normal(size=(2, n))
    noise = rng.normal(size=(2, n))
    return pd.DataFrame({"a": z, "b": 0.95 * z + 0.3 * noise[0], "c": w, "d": 0.95 * w - 0.3 * noise[1]})


class Perfect(BaseEstimator):
    """Draws from the truth, whatever it was fitted to."""

    def __init__(self, random_state=None, verbose=0):
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X, y=None):
        self.n_rows_ = len(X)
        return self

    def sample(self, n, random_state=None):
        return truth(n, np.random.default_rng(random_state))


class Growing(Perfect):
    """A share of 12 / sqrt(rows) of what it draws has independent columns: half as many with four times the rows."""

    def sample(self, n, random_state=None):
        rng = np.random.default_rng(random_state)
        good = truth(n, rng)
        bad = pd.DataFrame({name: truth(n, rng)[name] for name in good})
        kept = rng.random(n) >= 12 / np.sqrt(self.n_rows_)
        return pd.concat([good[kept], bad[~kept]]).sample(frac=1, random_state=0, ignore_index=True)


class Memoriser(Perfect):
    """Repeats the rows that it was fitted to."""

    def fit(self, X, y=None):
        self.rows_ = X
        return self

    def sample(self, n, random_state=None):
        rows = np.random.default_rng(random_state).integers(len(self.rows_), size=n)
        return self.rows_.iloc[rows].reset_index(drop=True)
