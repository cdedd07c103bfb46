"""Membership inference: whether rows that the model was fitted to can be told from rows that it never saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from synthgen.metrics.attacks import (
    chosen_auc,
    classifier_score,
    density_score,
    distance_score,
    distance_to_nearest,
    likelihood_ratio_score,
    tpr_at_one_percent,
)
from synthgen.metrics.features import MAX_ONE_HOT_LEVELS, distance_matrix, row_keys, tree_matrix
from synthgen.metrics.intervals import Estimate, auc_interval, auc_with_variance
from synthgen.metrics.projection import principal_scores
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.metrics.wide_attacks import linear_score, mean_score, row_products, span_score
from synthgen.rng import stream

MIN_ROWS = 10
"""Members, non-members, reference and synthetic rows without which nothing is tried."""
MAX_CANDIDATES = 2_000
"""Members that are tried, and as many non-members, at most."""
MAX_REFERENCE = 5_000
"""Reference rows that the attacker has, at most."""
MAX_SYNTHETIC = 50_000
"""Synthetic rows among which the nearest is sought, at most; exact copies are sought among all."""
MAX_FITTED = 5_000
"""Synthetic rows that densities and the classifier are fitted to, at most."""
MAX_FEATURES = 2_000
"""Coordinates (two a number, one a level) of the columns that all attacks but the wide ones see, at most; a random
choice of columns beyond that."""
MAX_TREE_COLUMNS = 300
"""Columns that the classifier sees, at most."""
MIN_WIDE_COLUMNS = 50
"""Numeric columns from which on the wide attacks are tried."""
MAX_WIDE_ROWS = 2_000
"""Synthetic rows, and reference rows, that the wide attacks use, at most; fewer in very wide tables."""
N_EXPOSED = 20
"""Rows that are named as the most exposed."""
_NEAREST_CELLS = 20_000_000
_WIDE_CELLS = 42_000_000
_FEWEST_WIDE = 500
_BLOCK = 1_024


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


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of a table, not taken out yet: a wide table is never copied whole.

    Parameters
    ----------
    table : CodedTable
        The table.
    rows : ndarray of int
        Positions in it, in random order.
    """

    table: CodedTable
    rows: np.ndarray


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
    own shares, and at exact copies. With far more real rows than `MAX_SYNTHETIC`, exact copies are found in any number,
    but the near copies of most members are not among the synthetic rows that are searched.

    References
    ----------
    .. [1] J. Ward, X. Lin, C.-H. Wang, G. Cheng, "Synth-MIA: a testbed for auditing privacy leakage in tabular data
       synthesis", arXiv 2509.18014 (2025) (the maximum over many attacks).
    """
    if reason := _unfit(real, synthetic, nonmembers, reference):
        return Membership((), None, (), Estimate(None), Estimate(None), 0, 0, 0, 0, 0, 0, (), reason=reason)
    n_wide = sum(c.is_numeric for c in real.columns)
    most = int(np.clip(_WIDE_CELLS // max(n_wide, 1), _FEWEST_WIDE, MAX_CANDIDATES))
    n = min(real.n_rows, nonmembers.n_rows, most)
    members, others = _draw(real, n, seed, "members"), _draw(nonmembers, n, seed, "nonmembers")
    known = _draw(reference, MAX_REFERENCE, seed, "reference")
    used = _columns(real, seed)
    made = _draw(synthetic, _most_synthetic(real, used), seed, "synthetic")
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


def mixed_scores(
    candidates: Sequence[Rows], synthetic: Rows, reference: Rows, columns: np.ndarray, seed: int
) -> dict[str, np.ndarray]:
    """Scores of the attacks by distance, density, likelihood ratio and classifier.

    Parameters
    ----------
    candidates : sequence of Rows
        Scored one after the other.
    synthetic, reference : Rows
        What the attacker has.
    columns : ndarray of int
        Positions of the columns that are used, in random order: the classifier uses the first 300.
    seed : int
        For the classifier.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        By the attack's name.
    """
    trial = _joined([_taken(part, columns) for part in candidates])
    known, made = _taken(reference, columns), _taken(synthetic, columns)
    # the scale of a number comes from all that the attacker has: of copies it must keep every digit
    held, queries = distance_matrix([_joined([known, made]), trial])
    to_reference, to_synthetic = (
        distance_to_nearest(points, queries) for points in (held[: known.n_rows], held[known.n_rows :])
    )
    to_synthetic[_copied(trial, synthetic, columns)] = 0.0
    fitted = _taken(Rows(synthetic.table, synthetic.rows[:MAX_FITTED]), columns)
    both, trial_scores = principal_scores([_joined([known, fitted]), trial])
    clouds = trial_scores, both[known.n_rows :], both[: known.n_rows]
    (trial_cells, *cells), is_categorical = tree_matrix([_first(t) for t in (trial, fitted, known)])
    random_state = int(stream(seed, "metrics.membership.classifier").integers(2**31))
    return {
        "distance": distance_score(to_synthetic, to_reference),
        "distance, uncalibrated": -to_synthetic,
        "density": density_score(*clouds),
        "likelihood-ratio": likelihood_ratio_score(*clouds),
        "classifier": classifier_score(trial_cells, cells[0], cells[1], is_categorical, random_state),
    }


def wide_scores(
    candidates: Sequence[Rows], synthetic: Rows, reference: Rows
) -> tuple[dict[str, np.ndarray], int]:
    """Scores of the wide attacks, where there are numeric columns enough.

    Parameters
    ----------
    candidates : sequence of Rows
        Scored one after the other.
    synthetic, reference : Rows
        What the attacker has.

    Returns
    -------
    (scores, n_columns) : (dict of str to ndarray of shape (n,), int)
        By the attack's name, and how many columns vary. Without "span" where the synthetic rows span them all.
    """
    numeric = [j for j, c in enumerate(synthetic.table.columns) if c.is_numeric]
    if len(numeric) < MIN_WIDE_COLUMNS:
        return {}, 0
    most = int(np.clip(_WIDE_CELLS // len(numeric), _FEWEST_WIDE, MAX_WIDE_ROWS))
    attacker = [[Rows(part.table, part.rows[:most])] for part in (synthetic, reference)]
    products = row_products(_blocks([list(candidates), *attacker], numeric))
    if products.n_columns < MIN_WIDE_COLUMNS:
        return {}, 0
    scores = {"mean score": mean_score(products), "linear classifier": linear_score(products)}
    if (span := span_score(products)) is not None:
        scores = {"span": span, **scores}
    return scores, products.n_columns


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


def _width(column: CodedColumn) -> int:
    """Coordinates that `distance_matrix` makes of a column."""
    return 2 if column.is_numeric else min(len(column.levels), MAX_ONE_HOT_LEVELS + 1) + 1


def _columns(table: CodedTable, seed: int) -> np.ndarray:
    order = stream(seed, "metrics.membership.columns").permutation(len(table.columns))
    n = int((np.cumsum([_width(table.columns[j]) for j in order]) <= MAX_FEATURES).sum())
    return order[: max(n, 1)]


def _most_synthetic(table: CodedTable, columns: np.ndarray) -> int:
    width = sum(_width(table.columns[j]) for j in columns)
    return int(np.clip(_NEAREST_CELLS // width, MAX_FITTED, MAX_SYNTHETIC))


def _taken(part: Rows, columns: np.ndarray) -> CodedTable:
    chosen = tuple(part.table.columns[j] for j in columns)
    return CodedTable(chosen, part.table.n_rows).take(part.rows)


def _copied(candidates: CodedTable, synthetic: Rows, columns: np.ndarray) -> np.ndarray:
    """Which candidates equal a synthetic row, also one that was not drawn."""
    if len(synthetic.rows) == synthetic.table.n_rows:
        return np.zeros(candidates.n_rows, dtype=bool)  # the nearest row is at distance 0 already
    whole = CodedTable(tuple(synthetic.table.columns[j] for j in columns), synthetic.table.n_rows)
    keys, seen = row_keys([candidates, whole])
    return np.isin(keys, seen)


def _first(table: CodedTable) -> CodedTable:
    return CodedTable(table.columns[:MAX_TREE_COLUMNS], table.n_rows)


def _joined(tables: Sequence[CodedTable]) -> CodedTable:
    columns = tuple(
        CodedColumn(p[0].name, p[0].kind, np.concatenate([c.values for c in p]), p[0].levels)
        for p in zip(*(t.columns for t in tables), strict=True)
    )
    return CodedTable(columns, sum(t.n_rows for t in tables))


def _blocks(
    groups: Sequence[Sequence[Rows]], numeric: Sequence[int]
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Matrices of the rows of each group, some columns at a time."""
    for start in range(0, len(numeric), _BLOCK):
        chosen = numeric[start : start + _BLOCK]
        first, second, third = (
            np.concatenate(
                [np.stack([p.table.columns[j].values[p.rows] for j in chosen], axis=1) for p in group]
            )
            for group in groups
        )
        yield first, second, third


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
