"""Wide tables made for tests: few rows, many numeric columns, some covariates."""

from __future__ import annotations

import numpy as np
import pandas as pd


def expression(n: int, p: int, seed: int = 0, n_factors: int = 3) -> pd.DataFrame:
    """Continuous columns g0, g1, ... (float32) with common factors that differ between the sexes, sex and age."""
    rng = np.random.default_rng(seed)
    sex = rng.integers(0, 2, n)
    factors = rng.standard_normal((n, n_factors)) + sex[:, None]
    loadings = np.random.default_rng(77).standard_normal((n_factors, p))
    genes = factors @ loadings + rng.standard_normal((n, p))
    frame = pd.DataFrame(genes.astype(np.float32), columns=[f"g{i}" for i in range(p)])
    frame.insert(0, "sex", np.array(["female", "male"])[sex])
    frame.insert(1, "age", rng.integers(19, 80, n))
    frame.loc[frame.index[:2], "age"] = [19, 79]
    return frame


def counts(n: int, p: int, seed: int = 0) -> pd.DataFrame:
    """Counts c0, c1, ... (int32) from empty to thousands, with library size; a class of three levels."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 3, n)
    depth = np.exp(0.4 * rng.standard_normal(n))
    rate = np.exp(np.random.default_rng(78).uniform(-4, 7, p))
    change = np.exp(0.5 * np.random.default_rng(79).standard_normal((3, p)))[group]
    values = rng.poisson(depth[:, None] * rate * change * rng.gamma(4, 0.25, (n, p)))
    values[:, 0] = 0
    frame = pd.DataFrame(values.astype(np.int32), columns=[f"c{i}" for i in range(p)])
    frame.insert(0, "class", pd.Categorical(np.array(["A", "B", "C"])[group]))
    return frame


def dosages(n: int, p: int, seed: int = 0, missing: float = 0.05) -> pd.DataFrame:
    """Dosages v0, v1, ... in {0, 1, 2} (float32, with gaps) from two populations."""
    rng = np.random.default_rng(seed)
    population = rng.integers(0, 2, n)
    base = np.random.default_rng(80).uniform(0.05, 0.95, (2, p))
    values = rng.binomial(2, base[population]).astype(np.float32)
    values[rng.random((n, p)) < missing] = np.nan
    frame = pd.DataFrame(values, columns=[f"v{i}" for i in range(p)])
    frame.insert(0, "population", np.array(["north", "south"])[population])
    return frame
