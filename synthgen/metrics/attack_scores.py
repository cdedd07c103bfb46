"""From tables to the scores of every attack: columns chosen, rows made into matrices, attacks run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from synthgen.metrics.attacks import (
    classifier_score,
    density_score,
    distance_score,
    distance_to_nearest,
    likelihood_ratio_score,
)
from synthgen.metrics.features import coordinate_widths, distance_matrix, tree_matrix
from synthgen.metrics.projection import principal_scores
from synthgen.metrics.rows import Rows, concatenate, taken
from synthgen.metrics.tables import CodedTable
from synthgen.metrics.wide_attacks import linear_score, mean_score, row_products, span_score
from synthgen.rng import stream

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
_NEAREST_CELLS = 20_000_000
_WIDE_CELLS = 42_000_000
_FEWEST_WIDE = 500
_BLOCK = 1_024


def attacked_columns(table: CodedTable, seed: int) -> np.ndarray:
    """The columns that all attacks but the wide ones see.

    Parameters
    ----------
    table : CodedTable
        Any of those that were coded together.
    seed : int
        For the choice.

    Returns
    -------
    ndarray of int
        Positions in random order, of at most `MAX_FEATURES` coordinates, but one column at least.
    """
    order = stream(seed, "metrics.membership.columns").permutation(len(table.columns))
    n = int((np.cumsum(coordinate_widths(table)[order]) <= MAX_FEATURES).sum())
    return order[: max(n, 1)]


def most_synthetic(table: CodedTable, columns: np.ndarray) -> int:
    """How many synthetic rows the nearest one is sought among, at most.

    Parameters
    ----------
    table : CodedTable
        Any of those that were coded together.
    columns : ndarray of int
        As `attacked_columns` gives them.

    Returns
    -------
    int
        Fewer in wide tables; in [`MAX_FITTED`, `MAX_SYNTHETIC`].
    """
    width = int(coordinate_widths(table)[columns].sum())
    return int(np.clip(_NEAREST_CELLS // width, MAX_FITTED, MAX_SYNTHETIC))


def affordable_rows(n_wide: int, most: int) -> int:
    """How many rows of a table the wide attacks can bear.

    Parameters
    ----------
    n_wide : int
        Numeric columns.
    most : int
        Rows wanted, at most.

    Returns
    -------
    int
        Fewer in very wide tables, but 500.
    """
    return int(np.clip(_WIDE_CELLS // max(n_wide, 1), _FEWEST_WIDE, most))


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
    trial = concatenate([taken(part, columns) for part in candidates])
    known, made = taken(reference, columns), taken(synthetic, columns)
    # the scale of a number comes from all that the attacker has: of copies it must keep every digit
    held, queries = distance_matrix([concatenate([known, made]), trial])
    to_reference, to_synthetic = (
        distance_to_nearest(points, queries) for points in (held[: known.n_rows], held[known.n_rows :])
    )
    to_synthetic[_copied(trial, synthetic, columns)] = 0.0
    fitted = taken(Rows(synthetic.table, synthetic.rows[:MAX_FITTED]), columns)
    both, trial_scores = principal_scores([concatenate([known, fitted]), trial])
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
    most = affordable_rows(len(numeric), MAX_WIDE_ROWS)
    attacker = [[Rows(part.table, part.rows[:most])] for part in (synthetic, reference)]
    products = row_products(_blocks([list(candidates), *attacker], numeric))
    if products.n_columns < MIN_WIDE_COLUMNS:
        return {}, 0
    scores = {"mean score": mean_score(products), "linear classifier": linear_score(products)}
    if (span := span_score(products)) is not None:
        scores = {"span": span, **scores}
    return scores, products.n_columns


def _copied(candidates: CodedTable, synthetic: Rows, columns: np.ndarray) -> np.ndarray:
    """Which candidates equal a synthetic row, also one that was not drawn."""
    if len(synthetic.rows) == synthetic.table.n_rows:
        return np.zeros(candidates.n_rows, dtype=bool)  # the nearest row is at distance 0 already
    keys, seen = candidates.row_keys, synthetic.table.select(columns).row_keys
    return np.isin(keys, seen)


def _first(table: CodedTable) -> CodedTable:
    return CodedTable(table.columns[:MAX_TREE_COLUMNS], table.n_rows)


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
