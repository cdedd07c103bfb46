"""The relations of a table: those declared, held against its rows, and those detected."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence, Set

import numpy as np
import pandas as pd

from synthgen.constraints.relation import Relation
from synthgen.constraints.rules import Dependency, FixedCombinations, Formula, Rule, Unique
from synthgen.exceptions import DataError, SchemaError
from synthgen.plain import Plain
from synthgen.relations.checks import check_rule, obeyed
from synthgen.relations.detect import detect
from synthgen.relations.quantities import decimals_of, plains
from synthgen.schema import Schema

MAX_COMBINATIONS = 20
"""So many combinations are always fixed; of more, only if they are no more than half as many as rows."""


def find_relations(
    table: pd.DataFrame, schema: Schema, constraints: Sequence[Rule] = (), *, look: bool = True
) -> Schema:
    """A table's schema with its relations.

    Parameters
    ----------
    table : pandas.DataFrame, shape (N, n_columns)
        The table.
    schema : Schema
        Its complete columns; the relations that were declared, or None.
    constraints : sequence of Rule
        Declared besides.
    look : bool
        Whether to look for relations where the schema does not say what there are.

    Returns
    -------
    Schema
        With a tuple of relations: declared ones first, each with the rows that it was seen to hold in. The schema as it
        is, if nothing is declared and nothing looked for.

    Raises
    ------
    SchemaError
        If a rule names a column that there is not, or of the wrong kind.
    DataError
        If rows of the table break a rule.
    """
    if schema.relations is None and not constraints and not look:
        return schema
    declared = [*(schema.relations or ()), *(Relation(r) for r in constraints)]
    held = []
    for relation in dict.fromkeys(declared):
        check_rule(relation.rule, schema)
        held.append(_supported(relation, table, schema) if relation.enabled else relation)
    if schema.relations is None and look:
        in_force = [r.rule for r in held if r.enabled]
        held += detect(table, schema, in_force)
    return schema.relate(held)


def without_columns(schema: Schema, names: Set[str]) -> Schema:
    """A schema without the detected relations that name some columns.

    Parameters
    ----------
    schema : Schema
        With relations, or None.
    names : set of str
        Columns whose values no longer are what the relations were found in.

    Returns
    -------
    Schema
        With the others.

    Raises
    ------
    SchemaError
        If a declared relation that is in force names one of the columns.
    """
    for relation in schema.relations or ():
        own = names & set(relation.rule.names)
        if own and relation.enabled and relation.source == "declared":
            raise SchemaError(
                f"The constraint {relation.rule.words()!r} names column {min(own)!r}, most of whose values so few rows "
                "hold that they are not kept. Declare its levels in a schema, take the constraint out, or lower "
                "`min_category_count`."
            )
    if schema.relations is None:
        return schema
    return schema.relate([r for r in schema.relations if names.isdisjoint(r.rule.names)])


def _supported(relation: Relation, table: pd.DataFrame, schema: Schema) -> Relation:
    rule = relation.rule
    columns = plains(table, schema, rule.names)
    decimals = decimals_of(columns[rule.column], schema[rule.column]) if isinstance(rule, Formula) else None
    good = obeyed(rule, columns, schema, decimals)
    if not good.all():
        raise DataError(_broken(relation, columns, good))
    if isinstance(rule, (FixedCombinations, Dependency)):
        _check_number(rule, table)
    complete = ~np.logical_or.reduce([p.missing for p in columns.values()])
    return dataclasses.replace(relation, support=int(complete.sum()))


def _broken(relation: Relation, columns: dict[str, Plain], good: np.ndarray) -> str:
    rows = np.flatnonzero(~good)
    what = "rows repeat an earlier one" if isinstance(relation.rule, Unique) else "rows break it"
    out = "take it out of the schema, or set its `enabled` to false"
    return (
        f"The constraint {relation.rule.words()!r} does not hold in the table: {len(rows):,} of {len(good):,} {what}, "
        f"first row {rows[0]}. A model learns what the rows show: mend or drop these rows, or {out}. For a sample of "
        "certain values only, use `conditions`."
    )


def _check_number(rule: FixedCombinations | Dependency, table: pd.DataFrame) -> None:
    n = len(table[list(rule.names)].drop_duplicates())
    if n > max(MAX_COMBINATIONS, len(table) / 2):
        raise DataError(
            f"The constraint {rule.words()!r} has {n:,} combinations in {len(table):,} rows: samples would repeat the "
            "rows. Name columns of fewer values."
        )
