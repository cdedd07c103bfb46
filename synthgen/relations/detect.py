"""Relations that no row of a table breaks, and that are no accident."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from synthgen.constraints.relation import Relation
from synthgen.constraints.rules import Inequality, Rule
from synthgen.relations.detect_dependencies import dependencies
from synthgen.relations.detect_order import ordered_pairs
from synthgen.relations.detect_products import products
from synthgen.relations.detect_repeats import repeats
from synthgen.relations.detect_sums import sums
from synthgen.relations.looked_at import LookedAt
from synthgen.relations.plan import blocked, targets_of
from synthgen.schema import Schema

MAX_COLUMNS = 200
"""Tables of more columns are not looked at."""
MIN_ROWS = 50
"""Nor are tables of fewer rows."""


def detect(table: pd.DataFrame, schema: Schema, known: Sequence[Rule] = ()) -> list[Relation]:
    """Find sums and differences, products and ratios, columns that determine or repeat others, and ordered pairs.

    Parameters
    ----------
    table : pandas.DataFrame, shape (N, n_columns)
        The table.
    schema : Schema
        Its complete columns.
    known : sequence of Rule
        What is in force anyway: what it computes is not computed once more, but for inequalities, which can be held
        otherwise.

    Returns
    -------
    list of Relation
        Each holds in every row, can be built into the encoding beside the others, and no column is computed by two.
        None of tables of fewer than `MIN_ROWS` rows or more than `MAX_COLUMNS` columns.
    """
    if len(table) < MIN_ROWS or len(schema) > MAX_COLUMNS:
        return []
    looked = LookedAt(table, schema)
    steps: dict[str, tuple[str, ...]] = {}
    for rule in known:
        if not isinstance(rule, Inequality):
            _join(rule, steps)
    found: list[Relation] = []
    for search in (sums, products, dependencies, repeats, ordered_pairs):
        free = {c.name for c in schema if c.name not in steps}
        candidates: Iterator[Relation] = search(looked, free)
        found += [r for r in candidates if r.rule not in known and _join(r.rule, steps)]
    return found


def _join(rule: Rule, steps: dict[str, tuple[str, ...]]) -> bool:
    """Note what a rule computes; False if something else does so already, or it would be computed from itself."""
    targets = targets_of(rule)
    inputs = tuple(n for n in rule.names if n not in targets)
    if not targets or blocked(targets, inputs, steps) is not None:
        return False
    steps.update(dict.fromkeys(targets, inputs))
    return True
