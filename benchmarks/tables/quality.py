"""Column Shapes and Column Pair Trends of SDMetrics, as errors in percent."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

N_BINS = 10
"""Of a number beside a level: as many as SDMetrics takes."""


def quality(real: pd.DataFrame, synthetic: pd.DataFrame, categorical: Sequence[str]) -> dict[str, float]:
    """What SDMetrics' report says, asked as TabSyn and TabDiff ask it, and trends once more with all pairs.

    Parameters
    ----------
    real, synthetic : pandas.DataFrame
        Training and synthetic rows, of the same columns.
    categorical : sequence of str
        Levels; the other columns are numbers.

    Returns
    -------
    dict of str to float
        ``shape_error``, ``trend_error``: 100 (1 - score of the property). ``trend_error_all_pairs``: the same mean
        where a pair that SDMetrics could not score counts as 100, not as absent. ``trend_error_real_bins``: all
        pairs, by our own code, with the real table's bins for both tables.

    Notes
    -----
    SDMetrics 0.25 takes no threshold of association here, so every pair counts that it can score. It cuts each table's
    numbers into ten bins between that table's own lowest and highest value: one outlier moves all bins.
    """
    from sdmetrics.reports.single_table import QualityReport

    columns = {c: {"sdtype": "categorical" if c in categorical else "numerical"} for c in real.columns}
    report = QualityReport()
    report.generate(real.copy(), synthetic.copy(), {"columns": columns}, verbose=False)
    shapes, trends = report.get_properties()["Score"]
    pairs = report.get_details("Column Pair Trends")["Score"]
    return {
        "shape_error": 100 * (1 - float(shapes)),
        "trend_error": 100 * (1 - float(trends)),
        "trend_error_all_pairs": 100 * (1 - float(pairs.fillna(0).mean())),
        "trend_error_real_bins": trend_error_real_bins(real, synthetic, categorical),
    }


def trend_error_real_bins(real: pd.DataFrame, synthetic: pd.DataFrame, categorical: Sequence[str]) -> float:
    """Mean over all pairs of columns, in percent, with one set of bins.

    Two numbers: half the difference of their correlations; otherwise the total variation of the two-way table, a
    number cut at ten equal steps of the real range (beyond it: two more bins).
    """
    errors = []
    binned = {c: _levels(real[c], synthetic[c], c in categorical) for c in real.columns}
    for a, b in itertools.combinations(real.columns, 2):
        if a in categorical or b in categorical:
            errors.append(_total_variation(binned[a], binned[b]))
        else:
            found = [t[[a, b]].corr().to_numpy()[0, 1] for t in (real, synthetic)]
            errors.append(abs(found[0] - found[1]) / 2 if np.isfinite(found).all() else 1.0)
    return 100 * float(np.mean(errors))


def _levels(real: pd.Series, synthetic: pd.Series, is_categorical: bool) -> tuple[np.ndarray, np.ndarray]:
    if is_categorical:
        codes = pd.factorize(pd.concat([real, synthetic], ignore_index=True))[0]
        return codes[: len(real)], codes[len(real) :]
    edges = np.histogram_bin_edges(real.dropna(), bins=N_BINS)
    return tuple(
        np.where(x.isna(), N_BINS + 2, np.digitize(x, np.append(edges[:-1], np.nextafter(edges[-1], np.inf))))
        for x in (real, synthetic)
    )


def _total_variation(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> float:
    """Of two tables' joint shares of a pair of columns; a and b hold (real, synthetic)."""
    width = max(x.max() for x in b) + 2
    n = width * (max(x.max() for x in a) + 2)
    shares = [np.bincount((x + 1) * width + (y + 1), minlength=n) / len(x) for x, y in zip(a, b, strict=True)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)
