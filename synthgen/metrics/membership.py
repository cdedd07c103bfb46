"""Membership inference: whether rows that the model was fitted to can be told from rows that it never saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthgen.metrics.attack_choice import chosen_auc, tpr_at_one_percent
from synthgen.metrics.attack_scores import (
    affordable_rows,
    attacked_columns,
    mixed_scores,
    most_synthetic,
    wide_scores,
)
from synthgen.metrics.intervals import Estimate, auc_interval, auc_with_variance
from synthgen.metrics.rows import Rows
from synthgen.metrics.tables import CodedTable
from synthgen.rng import stream

MIN_ROWS = 10
"""Members, non-members, reference and synthetic rows without which nothing is tried."""
MAX_CANDIDATES = 2_000
"""Members that are tried, and as many non-members, at most; fewer in very wide tables."""
MAX_REFERENCE = 5_000
"""Reference rows that the attacker has, at most."""
N_EXPOSED = 20
"""Rows that are named as the most exposed."""


@dataclass(frozen=True)
class Attack:
    """How well one attack tells members from non-members.

    Parameters
    ----------
    name : str
        "distance", "distance, uncalibrated", "density", "likelihood-ratio", "classifier", "span", "mean score" or
        "linear classifier".
    auc : Estimate
        Over all candidates; 0.5 if it cannot tell.
    tpr_at_1_fpr : Estimate
        Share of the members that it finds when it takes one non-member in a hundred for a member; .01 if it cannot
        tell. Empty with fewer than 100 non-members.
    """

    name: str
    auc: Estimate
    tpr_at_1_fpr: Estimate


@dataclass(frozen=True)
class Exposed:
    """A member that the strongest attack points at.

    Parameters
    ----------
    row : int
        Its position in the real table.
    score : float
        Share of the non-members that score lower, ties counted one half.
    """

    row: int
    score: float


@dataclass(frozen=True)
class Membership:
    """Outcome of all attacks against one synthetic table.

    Parameters
    ----------
    attacks : tuple of Attack
        Every attack over all candidates. Their largest AUC is biased upward; `auc` is not.
    best : str or None
        The attack with the highest AUC over all candidates.
    chosen : tuple of str
        The attack measured on the first half of the candidates and the one measured on the second, each the
        strongest on the other half. Empty if nothing could be measured.
    auc, tpr : Estimate
        The mean of these two measures.
    n_members, n_nonmembers, n_reference, n_synthetic : int
        Rows that were used; synthetic ones by the nearest-row attacks.
    n_columns, n_wide_columns : int
        Columns that the attacks used (the classifier at most 300 of them), and that the wide attacks used (0: not
        tried).
    exposed : tuple of Exposed
        The members with the highest scores, highest first. Only members that were tried.
    exposed_by : str or None
        The attack that gave these scores: the one that finds the largest share of members at 1% false alarms, since
        a leak of few rows moves no AUC; `best` where that share is not known.
    reason : str or None
        Why nothing could be measured.
    """

    attacks: tuple[Attack, ...]
    best: str | None
    chosen: tuple[str, ...]
    auc: Estimate
    tpr: Estimate
    n_members: int
    n_nonmembers: int
    n_reference: int
    n_synthetic: int
    n_columns: int
    n_wide_columns: int
    exposed: tuple[Exposed, ...]
    exposed_by: str | None = None
    reason: str | None = None


def split_holdout(holdout: CodedTable, seed: int) -> tuple[CodedTable, CodedTable, CodedTable]:
    """Held-out rows in three disjoint parts, to be used for all tables that are attacked.

    Parameters
    ----------
    holdout : CodedTable
        Rows of the population that the model never saw; fewer than 30 are too few.
    seed : int
        For the order.

    Returns
    -------
    (nonmembers, reference, fresh) : (CodedTable, CodedTable, CodedTable)
        Candidates that are not members (a third, 2,000 at most), what the attacker knows of the population, and the
        negative control: a "synthetic" table that knows nothing of the members. The last two are equally large.
    """
    order = stream(seed, "metrics.membership.holdout").permutation(holdout.n_rows)
    n = min(holdout.n_rows // 3, MAX_CANDIDATES)
    middle = n + (holdout.n_rows - n) // 2
    first, second, third = (holdout.take(np.sort(part)) for part in np.split(order, [n, middle]))
    return first, second, third


def membership(
    real: CodedTable, synthetic: CodedTable, nonmembers: CodedTable, reference: CodedTable, seed: int
) -> Membership:
    """Try to tell the real rows from held-out rows by means of a synthetic table.

    Parameters
    ----------
    real, synthetic, nonmembers, reference : CodedTable
        Coded together. `nonmembers` and `reference` as `split_holdout` gives them. Call it with the same ones and
        the same seed for the model and the controls: a bootstrap of `real` must be found out, and fresh rows must
        not.
    seed : int
        For the choice of rows, columns and halves. The same candidates are tried for every synthetic table.

    Returns
    -------
    Membership
        With a `reason` and no numbers where there are too few rows.

    Notes
    -----
    The threat: someone holds the synthetic table and some rows of the same population, and asks of a complete row
    whether it was in the real table. Neither the model nor its likelihood is known to them. That none of these attacks
    succeeds is no guarantee.

    The AUC's interval is normal on the logit scale, for this synthetic table and this reference (both as given),
    over members and non-members that might have been drawn instead. By simulation (500 draws of 200 members and 200
    non-members, ``tests/reference/membership_coverage.py``) it holds what the chosen attacks reach on all training
    rows and 20,000 others in 95.4% (AUC .50) where nothing leaks and 96.2% (AUC .64) where half of the synthetic rows
    are training rows plus noise. The largest AUC over all candidates is too high there by +.027 and +.004.

    A leak of few rows moves no AUC and hardly `tpr`, whose attacks are chosen by their AUC: look at the attacks'
    own shares, and at exact copies. With far more real rows than the 50,000 synthetic ones that are searched, exact
    copies are found in any number, but the near copies of most members are not among the rows that are searched.

    References
    ----------
    .. [1] J. Ward, X. Lin, C.-H. Wang, G. Cheng, "Synth-MIA: a testbed for auditing privacy leakage in tabular data
       synthesis", arXiv 2509.18014 (2025) (the maximum over many attacks).
    """
    if reason := _unfit(real, synthetic, nonmembers, reference):
        return Membership((), None, (), Estimate(None), Estimate(None), 0, 0, 0, 0, 0, 0, (), reason=reason)
    n_wide = sum(c.is_numeric for c in real.columns)
    n = min(real.n_rows, nonmembers.n_rows, affordable_rows(n_wide, MAX_CANDIDATES))
    members, others = _draw(real, n, seed, "members"), _draw(nonmembers, n, seed, "nonmembers")
    known = _draw(reference, MAX_REFERENCE, seed, "reference")
    used = attacked_columns(real, seed)
    made = _draw(synthetic, most_synthetic(real, used), seed, "synthetic")
    scores = mixed_scores([members, others], made, known, used, seed)
    wide, n_wide = wide_scores([members, others], made, known)
    scores |= wide
    table = np.stack(list(scores.values()))
    inside, outside = table[:, :n], table[:, n:]
    attacks = tuple(_attack(name, p, q) for name, p, q in zip(scores, inside, outside, strict=True))
    best = max(range(len(attacks)), key=lambda i: attacks[i].auc.value or 0.0)
    sharpest = max(range(len(attacks)), key=lambda i: (attacks[i].tpr_at_1_fpr.value or 0.0, i == best))
    choice = chosen_auc(inside, outside, stream(seed, "metrics.membership.halves"))
    groups = [(inside[a, half], outside[a]) for a, half in zip(choice.chosen, choice.members, strict=True)]
    return Membership(
        attacks=attacks,
        best=attacks[best].name,
        chosen=tuple(attacks[i].name for i in choice.chosen),
        auc=auc_interval(choice.auc, choice.variance, n),
        tpr=tpr_at_one_percent(groups),
        n_members=n,
        n_nonmembers=n,
        n_reference=len(known.rows),
        n_synthetic=len(made.rows),
        n_columns=len(used),
        n_wide_columns=n_wide,
        exposed=_exposed(members.rows, inside[sharpest], outside[sharpest]),
        exposed_by=attacks[sharpest].name,
    )


def _unfit(
    real: CodedTable, synthetic: CodedTable, nonmembers: CodedTable, reference: CodedTable
) -> str | None:
    if not real.columns:
        return "No column can be compared."
    if nonmembers.n_rows < MIN_ROWS or reference.n_rows < MIN_ROWS:
        return (
            f"Membership attacks need at least {MIN_ROWS} held-out rows as non-members, {MIN_ROWS} as the attacker's "
            f"reference and {MIN_ROWS} for the control; this holdout gives {nonmembers.n_rows} and {reference.n_rows}. "
            f"Hold out {3 * MIN_ROWS} rows or more, better 300."
        )
    for name, table in (("real", real), ("synthetic", synthetic)):
        if table.n_rows < MIN_ROWS:
            return f"Membership attacks need at least {MIN_ROWS} {name} rows. Got {table.n_rows}."
    return None


def _draw(table: CodedTable, most: int, seed: int, purpose: str) -> Rows:
    order = stream(seed, f"metrics.membership.{purpose}").permutation(table.n_rows)
    return Rows(table, order[:most])


def _attack(name: str, members: np.ndarray, nonmembers: np.ndarray) -> Attack:
    auc, variance = auc_with_variance(members, nonmembers)
    return Attack(
        name, auc_interval(auc, variance, len(members)), tpr_at_one_percent([(members, nonmembers)])
    )


def _exposed(rows: np.ndarray, members: np.ndarray, nonmembers: np.ndarray) -> tuple[Exposed, ...]:
    ordered = np.sort(nonmembers)
    below = np.searchsorted(ordered, members, "left") + np.searchsorted(ordered, members, "right")
    shares = below / (2 * len(ordered))
    highest = np.lexsort((rows, -members))[:N_EXPOSED]
    return tuple(Exposed(int(rows[i]), float(shares[i])) for i in highest)
