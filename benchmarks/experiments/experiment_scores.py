"""How like the real rows synthetic rows are: the same three numbers for every experiment."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

MOST_ROWS = 10_000
N_DRAWS = 3
"""Synthetic samples that the AUC is the mean over: it evens out their share of the noise, not the held-out rows'."""
ONE_WAY_BINS = 50
TWO_WAY_BINS = 10


def scores(train: pd.DataFrame, held_out: pd.DataFrame, synthetic: pd.DataFrame) -> dict[str, float]:
    """AUC of trees against held-out rows, shape and trend errors (percent) against training rows.

    `synthetic` holds at least `rows_needed(held_out)` rows.
    """
    one = _codes(train, synthetic, ONE_WAY_BINS)
    two = _codes(train, synthetic, TWO_WAY_BINS)
    return {
        "auc": tree_auc(held_out, synthetic),
        "shape_error": 100 * float(np.mean([_distance(c) for c in one])),
        "trend_error": 100 * float(np.mean([_pair_distance(a, b) for a, b in combinations(two, 2)])),
    }


def rows_needed(held_out: pd.DataFrame) -> int:
    """Synthetic rows that `scores` wants: as many as fit its draws, at least 20,000."""
    return max(N_DRAWS * min(len(held_out), MOST_ROWS), 20_000)


def tree_auc(real: pd.DataFrame, synthetic: pd.DataFrame) -> float:
    """Two-fold cross-fitted AUC of boosted trees, mean over `N_DRAWS` samples as long as the real one; 0.5 is best."""
    n = min(len(real), MOST_ROWS)
    x = _features(real.iloc[:n], synthetic.iloc[: n * N_DRAWS])
    return float(np.mean([_auc(x[:n], x[n + i * n : n + (i + 1) * n]) for i in range(N_DRAWS)]))


def _auc(real: np.ndarray, synthetic: np.ndarray) -> float:
    x = np.concatenate([real, synthetic])
    label = np.repeat([0, 1], [len(real), len(synthetic)])
    fold = np.concatenate([np.arange(len(real)), np.arange(len(synthetic))]) % 2
    found = []
    for out in (0, 1):
        trees = HistGradientBoostingClassifier(early_stopping=False, random_state=0)
        trees.fit(x[fold != out], label[fold != out])
        found.append(roc_auc_score(label[fold == out], trees.decision_function(x[fold == out])))
    return float(np.mean(found))


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _features(*tables: pd.DataFrame) -> np.ndarray:
    """Numbers as they are, levels as codes."""
    whole = pd.concat(tables, ignore_index=True)
    columns = [
        whole[c].astype("float64")
        if _is_number(tables[0][c])
        else pd.factorize(whole[c].astype(str), sort=True)[0]
        for c in whole
    ]
    return np.column_stack(columns)


def _codes(real: pd.DataFrame, synthetic: pd.DataFrame, bins: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Each column as bins of equal share of the real rows, or as levels."""
    out = []
    for name in real:
        if _is_number(real[name]):
            edges = np.unique(np.nanquantile(real[name].astype("float64"), np.linspace(0, 1, bins + 1)[1:-1]))
            both = [
                np.searchsorted(edges, t[name].astype("float64"), side="right") for t in (real, synthetic)
            ]
            codes = [np.where(t[name].isna(), bins, c) for t, c in zip((real, synthetic), both, strict=True)]
        else:
            whole = pd.concat([real[name].astype(object), synthetic[name].astype(object)])
            every = pd.factorize(whole, use_na_sentinel=False)[0]
            codes = [every[: len(real)], every[len(real) :]]
        out.append((codes[0], codes[1]))
    return out


def _distance(codes: tuple[np.ndarray, np.ndarray]) -> float:
    """Total variation."""
    size = 1 + max(c.max() for c in codes)
    real, synthetic = (np.bincount(c, minlength=size) / len(c) for c in codes)
    return 0.5 * float(np.abs(real - synthetic).sum())


def _pair_distance(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> float:
    width = 1 + max(c.max() for c in b)
    return _distance((a[0] * width + b[0], a[1] * width + b[1]))
