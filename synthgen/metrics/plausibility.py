"""How plausible rows are: whether a detector of real rows finds their combinations as likely as those of samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from synthgen.exceptions import DataError
from synthgen.metrics.baselines import independent_columns, subsample
from synthgen.metrics.features import tree_matrix
from synthgen.metrics.intervals import (
    Estimate,
    auc_interval,
    auc_with_variance,
)
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.metrics.trees import boosted_classifier, fill_empty_columns
from synthgen.metrics.walk_shares import Passes
from synthgen.rng import stream

LEVEL = 0.05
"""Share of the samples that counts as implausible."""
N_FOLDS = 5
"""Detectors, each trained without a fifth of the reference rows, which it judges."""
MIN_ROWS = 20
"""Reference rows, at least."""
MAX_ROWS = 5_000
"""Reference rows and samples that are used, at most."""
MAX_COLUMNS = 200
"""Columns that a detector should be given, at most: the caller chooses."""


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What the detectors say of rows.

    Parameters
    ----------
    percentile : ndarray of float, shape (N,)
        Share of the samples that are less plausible, in [0, 1]; mean over the detectors.
    as_samples : Passes
        Rows at least as plausible as all samples but the least plausible 5%.
    as_reference : Passes
        The same, with the reference rows in place of the samples.
    """

    percentile: np.ndarray
    as_samples: Passes
    as_reference: Passes

    def take(self, rows: slice) -> Verdicts:
        """Of some of the rows."""
        return Verdicts(self.percentile[rows], self.as_samples.take(rows), self.as_reference.take(rows))


@dataclass(frozen=True, eq=False)
class Plausibility:
    """What the detectors are worth, and what they say.

    Parameters
    ----------
    auc : Estimate
        How well they tell reference rows that they have not seen from background rows: at 0.5 they know nothing.
    n_reference, n_samples : int
        Rows that were used.
    reference : Verdicts
        Of the reference rows that were used, each by the detector that has not seen it.
    candidates : dict of str to Verdicts
        Of the others.
    """

    auc: Estimate
    n_reference: int
    n_samples: int
    reference: Verdicts
    candidates: dict[str, Verdicts]


def plausibility(
    reference: CodedTable, samples: CodedTable, candidates: Mapping[str, CodedTable], seed: int
) -> Plausibility:
    """Judge rows by the ratio of the reference rows' density to that of a background without combinations.

    Parameters
    ----------
    reference : CodedTable
        Rows that say what is plausible: real ones that the model never saw; 20 at least.
    samples : CodedTable
        Of the model; they set the threshold, and give half of the background.
    candidates : mapping of str to CodedTable
        What is judged; none of it among the samples. All tables are coded together.
    seed : int
        For rows, background, folds and trees.

    Returns
    -------
    Plausibility
        With `Verdicts` for every candidate row.

    Raises
    ------
    DataError
        If there are fewer than 20 reference rows or samples, or no column.

    Notes
    -----
    Boosted trees learn to tell reference rows from a background; their log odds are the log of the ratio of the two
    densities, up to a constant [1]_. The background has four equal parts: columns drawn independently, from the
    reference rows and from the samples; and both again with each number replaced by a weighted mean of two numbers of its
    column, with weights drawn uniformly. Independent columns alone would leave the gaps of a single column without any
    training row, and trees give what lies in a gap the score of one of its sides: a row in a hole would pass. Drawing from
    the samples too makes values that only the model has implausible.

    Scores of differently trained detectors do not share a scale, so each detector judges by the places of scores among
    those of the samples: a row is as plausible as samples if its score is no less than their 5% quantile. Fresh samples
    are so in 95% of cases, more where scores are tied; that they are is to be checked on other samples. The threshold of
    the reference rows is the 5% quantile of their own places, each given by the detector that did not see the row.

    The score does not say whether a row occurs often, but how much oftener than by chance: a rare but coherent row
    passes, and so does any row where columns are independent. What trees cannot see in so many rows is not judged.

    References
    ----------
    .. [1] T. Hastie, R. Tibshirani, J. Friedman, "The Elements of Statistical Learning", 2nd ed., section 14.2.4,
       2009: unsupervised as supervised learning.
    """
    _check(reference, samples)
    draw = stream(seed, "metrics.plausibility")
    reference, samples = (subsample(t, MAX_ROWS, draw) for t in (reference, samples))
    negative = _background(reference, samples, draw)
    tables = [reference, *negative, samples, *candidates.values()]
    matrices, is_categorical = tree_matrix(tables)
    found = _cross_fit(
        matrices[0], np.concatenate(matrices[1:5]), np.concatenate(matrices[5:]), is_categorical, draw
    )
    sorted_samples = np.sort(found.queries[:, : samples.n_rows], axis=1)
    places = np.stack([_places(s, grid) for s, grid in zip(found.queries, sorted_samples, strict=True)])
    own = np.array([_places(s, sorted_samples[k]) for s, k in zip(found.own, found.fold, strict=True)])
    least, real_least = _limits(places[:, : samples.n_rows]), _limits(own[None])
    judged = Verdicts(
        places.mean(axis=0), _passes(places, least[:, :, None]), _passes(places, real_least[:, :, None])
    )
    first = Verdicts(
        own, _passes(own[None], least[:, None, found.fold]), _passes(own[None], real_least[:, :, None])
    )
    starts = np.cumsum([samples.n_rows, *(t.n_rows for t in candidates.values())])
    parts = zip(candidates, starts, starts[1:], strict=False)
    return Plausibility(
        found.auc,
        reference.n_rows,
        samples.n_rows,
        first,
        {name: judged.take(slice(first, last)) for name, first, last in parts},
    )


def _limits(places: np.ndarray) -> np.ndarray:
    """The 5% quantile of each detector's rows, and those a standard error of its level below and above, shape (3, K)."""
    error = np.sqrt(LEVEL * (1 - LEVEL) / places.shape[1])
    levels = np.clip(LEVEL + error * np.array([0, -1, 1]), 0, 1)
    return np.asarray(np.quantile(places, levels, axis=1, method="lower"))


def _passes(places: np.ndarray, limits: np.ndarray) -> Passes:
    """Rows at or above each detector's limit; places of shape (K, N), limits that fit (3, K, N)."""
    at, below, above = ((places >= limit).mean(axis=0) for limit in limits)
    return Passes(at, (below - above) / 2)


@dataclass(frozen=True, eq=False)
class _Scores:
    """Log odds: of reference rows by the detector of their fold, and of the queries by every detector."""

    own: np.ndarray
    fold: np.ndarray
    queries: np.ndarray
    auc: Estimate


def _cross_fit(
    real: np.ndarray,
    rest: np.ndarray,
    queries: np.ndarray,
    is_categorical: np.ndarray,
    draw: np.random.Generator,
) -> _Scores:
    """Detectors of reference rows against the background, each trained without a fold of both."""
    fold, rest_fold = (draw.permutation(len(m)) % N_FOLDS for m in (real, rest))
    own, scores, aucs = np.empty(len(real)), np.empty((N_FOLDS, len(queries))), []
    for k in range(N_FOLDS):
        train = np.concatenate([real[fold != k], rest[rest_fold != k]])
        test = np.concatenate([real[fold == k], rest[rest_fold == k], queries])
        labels = np.repeat([1, 0], [np.sum(fold != k), np.sum(rest_fold != k)])
        model = boosted_classifier(len(train), is_categorical, int(draw.integers(2**31)))
        seen, unseen = fill_empty_columns(train, test)
        odds = model.fit(seen, labels).decision_function(unseen)
        n_real, n_left = np.sum(fold == k), np.sum(fold == k) + np.sum(rest_fold == k)
        own[fold == k], scores[k] = odds[:n_real], odds[n_left:]
        aucs.append(auc_with_variance(odds[:n_real], odds[n_real:n_left]))
    auc, variance = np.mean(aucs, axis=0)
    return _Scores(own, fold, scores, auc_interval(float(auc), float(variance) / N_FOLDS, len(real)))


def mixtures(start: CodedTable, end: CodedTable, weights: np.ndarray) -> CodedTable:
    """Rows on the straight way between rows of a table: what interpolating data, not latent vectors, gives.

    Parameters
    ----------
    start, end : CodedTable
        As many rows of the same columns, coded together.
    weights : ndarray, shape (S,)
        Of the end, in [0, 1].

    Returns
    -------
    CodedTable
        S rows of the first pair, then of the second, ...: weighted means of numbers, rounded where all are whole; levels
        of the nearer row, and numbers too where one of the two is missing.
    """
    n = start.n_rows
    t = np.tile(weights, n)
    first, last = (table.take(np.repeat(np.arange(n), len(weights))) for table in (start, end))
    columns = [_mixed(a, b, t) for a, b in zip(first.columns, last.columns, strict=True)]
    return CodedTable(tuple(columns), len(t))


def _mixed(a: CodedColumn, b: CodedColumn, t: np.ndarray) -> CodedColumn:
    nearer = np.where(t < 0.5, a.values, b.values)
    if not a.is_numeric:
        return CodedColumn(a.name, a.kind, nearer, a.levels)
    mean = (1 - t) * a.values + t * b.values
    if _is_whole(a.values) and _is_whole(b.values):
        mean = np.rint(mean)
    return CodedColumn(a.name, a.kind, np.where(np.isnan(mean), nearer, mean))


def _is_whole(values: np.ndarray) -> bool:
    present = values[~np.isnan(values)]
    return bool((present == np.rint(present)).all())


def _check(reference: CodedTable, samples: CodedTable) -> None:
    if not reference.columns:
        raise DataError(
            "There is no column to judge plausibility by: all are identifiers, free text or constant."
        )
    fewest = min(reference.n_rows, samples.n_rows)
    if fewest < MIN_ROWS:
        raise DataError(
            f"Plausibility needs at least {MIN_ROWS} rows to learn from. Got {fewest}; hold more rows out, or give none."
        )


def _background(
    reference: CodedTable, samples: CodedTable, draw: np.random.Generator
) -> tuple[CodedTable, ...]:
    """Rows without combinations, half of them with numbers between those that occur."""
    n = max(reference.n_rows // 2, 1)
    drawn = [independent_columns(t, n, draw) for t in (reference, samples) for _ in range(2)]
    return (
        drawn[0],
        drawn[2],
        *(_smeared(t, s, draw) for t, s in ((drawn[1], reference), (drawn[3], samples))),
    )


def _smeared(table: CodedTable, source: CodedTable, draw: np.random.Generator) -> CodedTable:
    """Each number moved some way towards another one of its column."""
    others = independent_columns(source, table.n_rows, draw)
    columns = [
        _mixed(a, b, draw.random(table.n_rows)) if a.is_numeric else a
        for a, b in zip(table.columns, others.columns, strict=True)
    ]
    return CodedTable(tuple(columns), table.n_rows)


def _places(scores: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """The share of sorted scores below each score, ties counted one half."""
    below = np.searchsorted(grid, scores, "left") + np.searchsorted(grid, scores, "right")
    return np.asarray(below / (2 * len(grid)))
