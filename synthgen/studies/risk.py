"""Whether samples give their training rows away."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, eq=False)
class Attacked:
    """What an attacker of a table of samples works on.

    Parameters
    ----------
    members : CodedTable
        The rows that the model was fitted to.
    nonmembers, reference : CodedTable
        As `synthgen.metrics.membership.split_holdout` gives them.
    wide : bool
        Whether the attack is the span attack, else the strongest of several.
    seed : int
        Of this repeat.
    """

    members: CodedTable
    nonmembers: CodedTable
    reference: CodedTable
    wide: bool
    seed: int


def risk(samples: CodedTable, attacked: Attacked) -> Readings:
    """Attack samples, or what stands in their place.

    Parameters
    ----------
    samples : CodedTable
        Coded together with the others.
    attacked : Attacked
        Members and others.

    Returns
    -------
    dict of str to Estimate
        ``span_auc`` or ``membership_auc``; empty where there are too few rows.
    """
    if (
        min(attacked.nonmembers.n_rows, attacked.reference.n_rows, samples.n_rows, attacked.members.n_rows)
        < MIN_ROWS
    ):
        return {}
    if attacked.wide:
        return {"span_auc": span_attack(samples, attacked)}
    found = membership(attacked.members, samples, attacked.nonmembers, attacked.reference, attacked.seed)
    return {"membership_auc": found.auc}


def span_attack(samples: CodedTable, attacked: Attacked) -> Estimate:
    """How well the space that synthetic rows span tells members from others.

    Parameters
    ----------
    samples : CodedTable
        As many of its first rows are used as a quarter of the numeric columns, at most.
    attacked : Attacked
        Members and others.

    Returns
    -------
    Estimate
        AUC of `synthgen.metrics.wide_attacks.span_score`, with DeLong's interval. Empty where the samples
        do not vary.
    """
    n_numeric = sum(c.is_numeric for c in samples.columns)
    made = np.arange(max(min(samples.n_rows, n_numeric // COLUMNS_PER_ROW), 2))
    members = Rows(attacked.members, np.arange(min(attacked.members.n_rows, MAX_MEMBERS)))
    others = Rows(attacked.nonmembers, np.arange(attacked.nonmembers.n_rows))
    reference = Rows(attacked.reference, np.arange(attacked.reference.n_rows))
    scores, _ = wide_scores([members, others], Rows(samples, made), reference)
    if "span" not in scores:
        return Estimate(None)
    inside, outside = np.split(scores["span"], [len(members.rows)])
    auc, variance = auc_with_variance(inside, outside)
    return auc_interval(auc, variance, min(len(inside), len(outside)))
