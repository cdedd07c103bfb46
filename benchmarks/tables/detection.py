"""Whether a classifier tells synthetic rows from real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.tables.coding import codes, sample_rows

FOLDS = 5
MAX_LEVELS = 255
"""That a column of the gradient boosting may have; rarer ones are one level."""


def sdmetrics_detection(
    real: pd.DataFrame, synthetic: pd.DataFrame, categorical: Sequence[str], seed: int
) -> dict[str, float]:
    """LogisticDetection of SDMetrics, and the same with XGBoost: 1 = cannot tell, 0 = always can.

    Parameters
    ----------
    real, synthetic : pandas.DataFrame
        Training rows, and as many synthetic ones (the larger table is cut at random).
    categorical : sequence of str
    seed : int
        Of the cut and of SDMetrics' folds, which take numpy's global state.

    Returns
    -------
    dict of str to float
        ``logistic_detection``, ``xgb_detection``: 1 - mean over three stratified folds of 2 max(.5, AUC) - 1.

    Notes
    -----
    SDMetrics gives text one column for each level and takes integers for numbers, coded levels too, as it did in
    TabSyn's and TabDiff's figures. A level of text that the real rows have not would stop it: it becomes the most
    common one (this happens to held-out rows only).
    """
    from sdmetrics.single_table import LogisticDetection

    n = min(len(real), len(synthetic))
    real, synthetic = sample_rows(real, n, seed), sample_rows(synthetic, n, seed + 1)
    synthetic = known_levels(real, synthetic)
    columns = {c: {"sdtype": "categorical" if c in categorical else "numerical"} for c in real.columns}
    found = {}
    for name, metric in (("logistic_detection", LogisticDetection), ("xgb_detection", _xgb_metric())):
        np.random.seed(seed)  # noqa: NPY002
        found[name] = float(metric.compute(real.copy(), synthetic.copy(), {"columns": columns}))
    return found


def known_levels(real: pd.DataFrame, synthetic: pd.DataFrame) -> pd.DataFrame:
    """Text levels that the real rows have not, replaced by the most common one."""
    out = synthetic.copy()
    for name in real.columns[~real.dtypes.map(pd.api.types.is_numeric_dtype)]:
        counts = real[name].value_counts()
        out[name] = out[name].where(out[name].isin(counts.index), counts.index[0])
    return out


def _xgb_metric() -> Any:
    from sdmetrics.single_table.detection.sklearn import ScikitLearnClassifierDetectionMetric
    from xgboost import XGBClassifier

    class XGBDetection(ScikitLearnClassifierDetectionMetric):
        """XGBoost at its defaults, in place of the logistic regression."""

        @staticmethod
        def _get_classifier() -> XGBClassifier:
            return XGBClassifier(n_jobs=1)

    return XGBDetection


def gbdt_auc(holdout: pd.DataFrame, synthetic: pd.DataFrame, categorical: Sequence[str], seed: int) -> float:
    """AUC of scikit-learn's histogram gradient boosting, synthetic against held-out rows: .5 = cannot tell.

    As many of one as of the other; out-of-fold probabilities of five stratified folds, one AUC over all rows.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    n = min(len(holdout), len(synthetic))
    real, made = codes([sample_rows(holdout, n, seed), sample_rows(synthetic, n, seed)], categorical)
    rows = np.vstack([real, made])
    is_level = [c in categorical for c in holdout.columns]
    rows[:, is_level] = np.where(rows[:, is_level] < MAX_LEVELS - 1, rows[:, is_level], MAX_LEVELS - 1)
    labels = np.repeat([0, 1], [n, n])
    model = HistGradientBoostingClassifier(categorical_features=is_level, random_state=seed)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    found = cross_val_predict(model, rows, labels, cv=folds, method="predict_proba")[:, 1]
    return float(roc_auc_score(labels, found))
