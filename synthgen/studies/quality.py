"""Fidelity and utility of one table of samples, on rows that are held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthgen.metrics.baselines import some_of, subsample
from synthgen.metrics.detection import MAX_FEATURES, cross_fitted_auc, folds
from synthgen.metrics.features import tree_matrix
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.predictors import fit_predictor
from synthgen.metrics.tables import CodedTable
from synthgen.metrics.tasks import Task
from synthgen.metrics.trees import boosted_classifier, fill_empty_columns
from synthgen.metrics.utility import score
from synthgen.rng import derived_seed, stream
from synthgen.studies.agreement import correlation_agreement
from synthgen.studies.points import Readings

MAX_BLOCKS = 5
"""Sets of samples that a classifier is trained to tell from the held-out rows, at most; the mean counts."""
MAX_BLOCK_ROWS = 3_000
"""Rows of all these sets, at most, but one."""
MAX_WIDE_BLOCKS = 3
"""Such sets of a table of 200 columns and more: each set takes columns of its own."""


@dataclass(frozen=True, eq=False)
class Target:
    """What the quality of samples is measured on.

    Parameters
    ----------
    heldout : CodedTable
        Real rows that no model has seen.
    n_same : int
        Rows of each table that relations are measured on and predictors learn from: the same for samples,
        floor and ceiling, since more rows do better by chance alone.
    task : Task or None
        What is predicted.
    seed : int
        Of this repeat: the same columns and folds for samples, floor and ceiling.
    """

    heldout: CodedTable
    n_same: int
    task: Task | None
    seed: int


def quality(table: CodedTable, target: Target, *, n_blocks: int = MAX_BLOCKS) -> Readings:
    """Measure samples, or what stands in their place.

    Parameters
    ----------
    table : CodedTable
        Coded together with the held-out rows; the rows in random order.
    target : Target
        What they are measured on.
    n_blocks : int
        Sets of rows that a classifier is trained on, at most.

    Returns
    -------
    dict of str to Estimate
        ``c2st_auc``, ``correlation_agreement``, and with a task ``utility_auc`` or ``utility_r2``.
    """
    same = table.take(np.arange(min(target.n_same, table.n_rows)))
    found = {
        "c2st_auc": _detection(table, target.heldout, target.seed, n_blocks),
        "correlation_agreement": correlation_agreement(same, target.heldout, target.seed),
    }
    if target.task is not None:
        learnt = fit_predictor(same, target.task, derived_seed(target.seed, "studies.utility"))
        found[f"utility_{target.task.metric}"] = score(learnt, target.heldout)
    return found


def _detection(table: CodedTable, heldout: CodedTable, seed: int, n_blocks: int) -> Estimate:
    """The mean AUC of several sets of samples, with the interval of one: all share the held-out rows."""
    n = min(heldout.n_rows, table.n_rows)
    if len(table.columns) >= MAX_FEATURES:
        n_blocks = min(n_blocks, MAX_WIDE_BLOCKS)
    blocks = [
        np.arange(b * n, (b + 1) * n)
        for b in range(max(1, min(n_blocks, table.n_rows // n, MAX_BLOCK_ROWS // n)))
    ]
    found = [
        _block_detection(table.take(b), heldout, stream(seed, "studies.c2st", i))
        for i, b in enumerate(blocks)
    ]
    return Estimate(*(_mean([getattr(e, end) for e in found]) for end in ("value", "low", "high")))


def _block_detection(table: CodedTable, heldout: CodedTable, draw: np.random.Generator) -> Estimate:
    """As `synthgen.metrics.detection.c2st`, but for one round of folds: sets of samples stand for rounds."""
    used = some_of(len(table.columns), MAX_FEATURES, draw)
    tables = [t.select(used) for t in (table, subsample(heldout, table.n_rows, draw))]
    (fake, real), is_categorical = tree_matrix(tables)
    matrix, labels = np.concatenate([fake, real]), np.repeat([1, 0], table.n_rows)
    splits, scores = folds(labels, draw, 1), []
    for train, test in splits:
        seen, unseen = fill_empty_columns(matrix[train], matrix[test])
        model = boosted_classifier(len(train), is_categorical, int(draw.integers(2**31)))
        scores.append(model.fit(seen, labels[train]).decision_function(unseen))
    return cross_fitted_auc(scores, splits, labels)


def _mean(values: list[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if len(known) == len(values) else None
