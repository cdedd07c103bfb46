"""The frontier's measures, each as one number for each held-out row. Defined in frontier.py's docstring."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from frontier_tables import LABEL, Parts
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from synthgen.metrics.wide_attacks import row_products, span_score
from synthgen.rng import derived_seed, stream

TREES, TABLES, MORE, COMPONENTS = 300, 5, 4, 50
MEASURES = ("forest_c2st", "span_auc", "span_auc_4x", "tstr")
LOWER_IS_BETTER = {"forest_c2st": True, "span_auc": True, "span_auc_4x": True, "tstr": False}
_COLUMNS_TOGETHER = 2_000


def rows_wanted(parts: Parts) -> int:
    """Synthetic rows that the measures need."""
    return MORE * len(parts.train) + TABLES * len(parts.fresh)


def of_synthetic_rows(parts: Parts, synthetic: pd.DataFrame, seed: int) -> dict[str, np.ndarray]:
    """All measures of 4 n + 5 m synthetic rows, for n training and m held-out ones."""
    n, m = len(parts.train), len(parts.fresh)
    made, learnt, fresh = (t[parts.genes].to_numpy(np.float32) for t in (synthetic, parts.train, parts.fresh))
    tables = [made[MORE * n + i * m :][:m] for i in range(TABLES)]
    return {
        "forest_c2st": forest_c2st(tables, fresh, seed),
        "span_auc": span_auc(learnt, fresh, made[:n]),
        "span_auc_4x": span_auc(learnt, fresh, made[: MORE * n]),
        "tstr": tstr(made[: MORE * n], synthetic[LABEL][: MORE * n], fresh, parts.fresh[LABEL], seed),
    }


def of_real_rows(parts: Parts, seed: int) -> dict[str, np.ndarray]:
    """The ceiling: real rows where synthetic ones would be."""
    learnt, fresh = (t[parts.genes].to_numpy(np.float32) for t in (parts.train, parts.fresh))
    rng = stream(seed, "benchmark.frontier.real rows")
    tables = [learnt[rng.choice(len(learnt), len(fresh), replace=False)] for _ in range(TABLES)]
    order = rng.permutation(len(fresh))
    halves = order[::2], order[1::2]
    span = np.empty(len(fresh))
    for made, controls in (halves, halves[::-1]):
        span[controls] = span_auc(learnt, fresh[controls], fresh[made])
    return {
        "forest_c2st": forest_c2st(tables, fresh, seed),
        "span_auc": span,
        "tstr": tstr(learnt, parts.train[LABEL], fresh, parts.fresh[LABEL], seed),
    }


def forest_c2st(tables: list[np.ndarray], fresh: np.ndarray, seed: int) -> np.ndarray:
    """Share of synthetic rows that look more synthetic than each held-out row; mean over the tables."""
    found = []
    is_made = np.repeat([1, 0], len(fresh))
    for i, made in enumerate(tables):
        forest = RandomForestClassifier(
            TREES,
            oob_score=True,
            n_jobs=1,
            random_state=derived_seed(seed, "benchmark.frontier.forest", i) % 2**32,
        ).fit(np.concatenate([made, fresh]), is_made)
        looks = forest.oob_decision_function_[:, 1]
        found.append(share_above(looks[: len(made)], looks[len(made) :]))
    return np.mean(found, axis=0)


def span_auc(train: np.ndarray, fresh: np.ndarray, made: np.ndarray) -> np.ndarray:
    """Share of training rows that lie more inside the synthetic rows' span than each held-out row."""
    candidates = np.concatenate([train, fresh])
    scores = span_score(row_products(_blocks(candidates, made)))
    if scores is None:
        raise ValueError("The synthetic rows span all columns, or do not vary: there is no span attack.")
    return share_above(scores[: len(train)], scores[len(train) :])


def tstr(made: np.ndarray, labels: pd.Series, fresh: np.ndarray, truth: pd.Series, seed: int) -> np.ndarray:
    """1 for each held-out row whose label a classifier of the synthetic rows gets right."""
    classifier = make_pipeline(
        StandardScaler(),
        PCA(COMPONENTS, svd_solver="full", random_state=seed),
        LogisticRegression(max_iter=5_000),
    ).fit(made.astype(np.float64), labels)
    return (classifier.predict(fresh.astype(np.float64)) == truth.to_numpy()).astype(float)


def share_above(scores: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """For each threshold the share of scores above it, half for equal ones; their mean is the AUC."""
    ordered = np.sort(scores)
    below, not_above = (np.searchsorted(ordered, thresholds, side=side) for side in ("left", "right"))
    return 1 - (below + not_above) / (2 * len(scores))


def _blocks(candidates: np.ndarray, made: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Columns for `row_products`, without reference rows."""
    for start in range(0, made.shape[1], _COLUMNS_TOGETHER):
        part = slice(start, start + _COLUMNS_TOGETHER)
        known = made[:, part].astype(np.float64)
        yield candidates[:, part].astype(np.float64), known, known[:0]
