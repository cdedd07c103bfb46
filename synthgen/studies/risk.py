"""Whether samples give their training rows away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synthgen.metrics.attack_scores import wide_scores
from synthgen.metrics.intervals import Estimate, auc_interval, auc_with_variance
from synthgen.metrics.membership import MIN_ROWS, membership
from synthgen.metrics.rows import Rows
from synthgen.metrics.tables import CodedTable
from synthgen.studies.points import Readings

MAX_MEMBERS = 500
"""Training rows that the span attack tries, at most."""
COLUMNS_PER_ROW = 4
"""Numeric columns for each synthetic row that the span attack takes: of as many rows as columns the span is everything."""
MIN_BLOCK = COLUMNS_PER_ROW * MIN_ROWS
"""Columns of a model's block from which on the span attack has rows enough."""


@dataclass(frozen=True, eq=False)
class Attacked:
    """What an attacker of a table of samples works on.

    Parameters
    ----------
    members : CodedTable
        The rows that the model was fitted to.
    nonmembers, reference : CodedTable
        As `synthgen.metrics.membership.split_holdout` gives them.
    by_span : bool
        Whether the attack is the span attack, else the strongest of several.
    seed : int
        Of this repeat.
    """

    members: CodedTable
    nonmembers: CodedTable
    reference: CodedTable
    by_span: bool
    seed: int


def attacked_by_span(model: Any) -> bool:
    """Whether the attack on a model's samples is the span attack.

    Parameters
    ----------
    model : synthesizer
        Fitted.

    Returns
    -------
    bool
        True if it has encoded `MIN_BLOCK` columns or more as one block, as models do with wide tables.
    """
    block = getattr(getattr(model, "encoder_", None), "block_", None)
    return block is not None and len(block.names) >= MIN_BLOCK


def risk(samples: CodedTable, attacked: Attacked) -> Readings:
    """Attack samples, or what stands in their place.

    Parameters
    ----------
    samples : CodedTable
        Coded together with the others; the first rows are used, no more than there are members.
    attacked : Attacked
        Members and others.

    Returns
    -------
    dict of str to Estimate
        ``span_auc`` or ``membership_auc``; empty where there are too few rows.
    """
    n = min(samples.n_rows, attacked.members.n_rows)
    if min(attacked.nonmembers.n_rows, attacked.reference.n_rows, n) < MIN_ROWS:
        return {}
    if attacked.by_span:
        return {"span_auc": span_attack(samples, attacked)}
    made = samples.take(np.arange(n))
    found = membership(attacked.members, made, attacked.nonmembers, attacked.reference, attacked.seed)
    return {"membership_auc": found.auc}


def span_attack(samples: CodedTable, attacked: Attacked) -> Estimate:
    """How well the space that synthetic rows span tells members from others.

    Parameters
    ----------
    samples : CodedTable
        As many of its first rows are used as there are members, or a quarter of the numeric columns, at most.
    attacked : Attacked
        Members and others.

    Returns
    -------
    Estimate
        AUC of `synthgen.metrics.wide_attacks.span_score`, with DeLong's interval. Empty where the samples
        do not vary.
    """
    n_numeric = sum(c.is_numeric for c in samples.columns)
    made = np.arange(max(min(samples.n_rows, attacked.members.n_rows, n_numeric // COLUMNS_PER_ROW), 2))
    members = Rows(attacked.members, np.arange(min(attacked.members.n_rows, MAX_MEMBERS)))
    others = Rows(attacked.nonmembers, np.arange(attacked.nonmembers.n_rows))
    reference = Rows(attacked.reference, np.arange(attacked.reference.n_rows))
    scores, _ = wide_scores([members, others], Rows(samples, made), reference)
    if "span" not in scores:
        return Estimate(None)
    inside, outside = np.split(scores["span"], [len(members.rows)])
    auc, variance = auc_with_variance(inside, outside)
    return auc_interval(auc, variance, min(len(inside), len(outside)))
