"""A table's schema, with a reason for every column."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Container, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from synthgen.constraints.rules import Rule
from synthgen.dtypes import dtype_token, family
from synthgen.exceptions import ColumnRejected, DataError, SchemaError
from synthgen.plain import to_plain
from synthgen.relations.find import find_relations
from synthgen.schema import Column, Schema
from synthgen.validation import some

MIN_IDENTIFIERS = 20
"""Fewer distinct values than this never make an identifier: a short column is unique by chance."""
TEXT_WORDS = 8
"""Strings of more words than this on average, mostly distinct, are free text."""
_EMPTY = ("constant", "every value is missing")
INFINITE = "holds infinities; replace them by missing values or a bound first."
"""What is wrong with a column, in words."""
_BLOCK = 2_000
"""Columns looked at together."""
_ID_NAME = re.compile(
    r"(?i:(^|[_\W])(id|ids|uuid|guid|key|index|idx|no|nr|number|rowid|serial)$)|[a-z](ID|Id|No|Nr)$", re.ASCII
)
_KINDS_OF = {
    "int": ("integer", "continuous", "categorical", "boolean", "identifier", "constant"),
    "float": ("continuous", "integer", "categorical", "constant"),
    "decimal": ("continuous", "integer", "constant"),  # a schema's levels are JSON, which has no decimals
    "bool": ("boolean", "categorical", "constant"),
    "string": ("categorical", "identifier", "text", "constant", "boolean"),
    "datetime": ("datetime", "constant"),
    "duration": ("integer", "continuous", "constant"),
    "category": ("categorical", "boolean", "constant"),
}


def infer_schema(
    table: pd.DataFrame,
    schema: Schema | None = None,
    *,
    constraints: Sequence[Rule] = (),
    detect_relations: bool = False,
) -> Schema:
    """The schema of a table; what a given schema declares is kept, the rest is found.

    Parameters
    ----------
    table : pandas.DataFrame, shape (N, n_columns)
        Any table. Its index is ignored.
    schema : Schema, optional
        Declares the kinds of some or all columns, whether values may be missing, and levels. The dtypes, and
        the order of a pandas category, are always those of the table; levels of a kind that has none are left
        aside. Levels of a column whose reason is "declared" are public: of a schema that was inferred from a table,
        and carries other reasons, they are not. A column of kind ``text`` is kept as such.
    constraints : sequence of Rule
        What every row obeys, besides what the schema says.
    detect_relations : bool
        Whether to look for relations between the columns, if the schema does not say what there are, as models do, and
        to hold those that it names against the rows.

    Returns
    -------
    Schema
        One complete column for each of the table's, in table order, each with its reason. The relations, if any were
        declared or looked for.

    Raises
    ------
    DataError
        If the table is not a DataFrame, is empty, or has repeated or non-string column names, or a column
        holds infinities, or its rows break a relation.
    ColumnRejected
        If a column's dtype cannot be learnt.
    SchemaError
        If the schema names a column that the table lacks, a kind that its dtype cannot have, or levels that
        lack one of the column's values or are not the categories of a pandas category; or if a relation names an
        unknown column or one of the wrong kind.

    Examples
    --------
    >>> infer_schema(pd.DataFrame({"age": [31, 44, 44]}))["age"].kind
    'integer'
    """
    check_table(table)
    if schema is not None and (unknown := [n for n in schema.names if n not in table.columns]):
        raise SchemaError(
            f"The schema names column {unknown[0]!r}, which the table lacks. It has {some(table.columns)}."
        )
    declared = {} if schema is None else {c.name: c for c in schema}
    found = _complete_numbers(table, declared)
    relations = None if schema is None else schema.relations
    out = Schema(
        tuple(found.get(name) or _complete(table[name], declared.get(name)) for name in table.columns),
        relations,
    )
    if not constraints and not detect_relations:
        return out
    return find_relations(table, out, constraints, look=detect_relations)


def _complete_numbers(table: pd.DataFrame, declared: Container[str]) -> dict[str, Column]:
    """The columns of numpy numbers of which nothing is declared, many at once: there may be thousands."""
    out: dict[str, Column] = {}
    by_token: dict[str, list[str]] = {}
    for name, dtype in zip(table.columns, table.dtypes, strict=True):
        if name not in declared and _is_plain_number(dtype):
            by_token.setdefault(dtype.name, []).append(name)
    for token, names in by_token.items():
        for start in range(0, len(names), _BLOCK):
            block = names[start : start + _BLOCK]
            for column in _columns_of_numbers(table[block].to_numpy().T, block, token):
                out[column.name] = column
    return out


def _columns_of_numbers(values: np.ndarray, names: list[str], token: str) -> Iterator[Column]:
    """Columns of one dtype, from their values, shape (n_columns, N)."""
    ranked = np.sort(values, axis=1)  # missing values last
    n_rows = ranked.shape[1]
    is_float = ranked.dtype.kind == "f"
    n_present = (~np.isnan(ranked)).sum(axis=1) if is_float else np.full(len(ranked), n_rows)
    n_distinct = (ranked[:, 1:] > ranked[:, :-1]).sum(axis=1) + (n_present > 0)
    infinite = np.isinf(ranked).any(axis=1) if is_float else np.zeros(len(ranked), dtype=bool)
    if infinite.any():
        raise ColumnRejected(names[int(infinite.argmax())], INFINITE)
    yield from number_columns(names, token, n_rows, n_present, n_distinct, ranked[:, 0], ranked[:, -1])


def number_columns(
    names: Sequence[str],
    token: str,
    n_rows: int,
    n_present: np.ndarray,
    n_distinct: np.ndarray,
    lowest: np.ndarray,
    highest: np.ndarray,
) -> Iterator[Column]:
    """Columns of numbers, from what was counted of them.

    Parameters
    ----------
    names : sequence of str, length p
        The columns.
    token : str
        Their dtype.
    n_rows : int
        Rows of the table.
    n_present, n_distinct : ndarray of int, shape (p,)
        Values that are not missing, and distinct ones among them.
    lowest, highest : ndarray, shape (p,)
        The ends of each column; only looked at where the dtype is one of whole numbers.

    Yields
    ------
    Column
        Complete.
    """
    is_float = np.dtype(token).kind == "f"
    for i, name in enumerate(names):
        present, distinct = int(n_present[i]), int(n_distinct[i])
        if is_float or distinct == 1:
            kind, reason = _float_kind(n_rows, present, distinct, token)
            kind = kind if is_float or kind == "constant" else "integer"
        else:
            kind, reason = _integer_kind(name, present, distinct, int(lowest[i]), int(highest[i]))
        yield Column(name, kind, token, missing=present < n_rows, reason=reason)


def _is_plain_number(dtype: object) -> bool:
    return isinstance(dtype, np.dtype) and dtype.isnative and dtype.kind in "iuf" and dtype.name != "float16"


def _float_kind(n_rows: int, n_present: int, n_distinct: int, token: str) -> tuple[str, str]:
    if n_present == 0:
        return _EMPTY
    if n_distinct == 1 and n_present == n_rows > 1:
        return "constant", f"one value in all {n_rows:,} rows"
    return "continuous", f"dtype {token}, {n_distinct:,} distinct values"


def check_table(table: pd.DataFrame) -> None:
    """Hold a table to the rules that every part of synthgen relies on.

    Parameters
    ----------
    table : pandas.DataFrame
        Any table.

    Raises
    ------
    DataError
        If it is not a DataFrame, has no rows or columns, or its column names repeat or are no strings.
    """
    if not isinstance(table, pd.DataFrame):
        raise DataError(
            f"The table must be a pandas DataFrame. Got {type(table).__name__}; use pandas.DataFrame(...)."
        )
    if table.shape[1] == 0 or table.shape[0] == 0:
        raise DataError(
            f"The table is empty: {table.shape[0]} rows, {table.shape[1]} columns. It needs at least one of each."
        )
    if not_strings := [n for n in table.columns if not isinstance(n, str)]:
        raise DataError(
            f"Column names must be strings. Got {not_strings[0]!r} ({type(not_strings[0]).__name__}); "
            "use table.columns = table.columns.astype(str)."
        )
    if not table.columns.is_unique:
        repeated = table.columns[table.columns.duplicated()].unique()
        raise DataError(f"Column names must be distinct. Repeated: {some(repeated)}; rename or drop one.")


def _complete(series: pd.Series, declared: Column | None) -> Column:
    token = dtype_token(series)
    if declared is None:
        kind, reason = _infer_kind(series, token)
        declared = Column(str(series.name), kind, reason=reason)
    elif declared.kind not in (kinds := _KINDS_OF["decimal" if _is_decimal(token) else family(token)]):
        raise SchemaError(
            f"Column {declared.name!r} is declared {declared.kind}, but its dtype {token} can only be "
            f"{', '.join(kinds)}; declare one of these, or convert the column with .astype(...)."
        )
    column = dataclasses.replace(declared, dtype=token, missing=declared.missing or bool(series.isna().any()))
    if (
        family(token) == "float"
        and np.isinf(to_plain(series, dataclasses.replace(column, levels=None)).values).any()
    ):
        raise ColumnRejected(column.name, INFINITE)
    return _with_levels(series, column)


@dataclasses.dataclass(frozen=True)
class ColumnFacts:
    """What decides the kind of a column of a known dtype.

    Parameters
    ----------
    n_rows, n_missing, n_distinct : int
        Rows, those without a value, and values that differ.
    low, high : int
        The smallest and the largest of whole numbers.
    words : float
        Of a string, on average.
    """

    n_rows: int
    n_missing: int
    n_distinct: int
    low: int = 0
    high: int = 0
    words: float = 1.0


def kind_of(name: str, token: str, facts: ColumnFacts) -> tuple[str, str]:
    """The kind of a column, and why.

    Parameters
    ----------
    name, token : str
        Of the column, and of its dtype.
    facts : ColumnFacts
        What it holds.

    Returns
    -------
    kind, reason : str
        As `infer_schema` finds them.
    """
    n_present = facts.n_rows - facts.n_missing
    if not n_present:
        return _EMPTY
    if facts.n_distinct == 1 and not facts.n_missing and facts.n_rows > 1:
        return "constant", f"one value in all {facts.n_rows:,} rows"
    kind = family(token)
    if kind == "string":
        return _string_kind(n_present, facts.n_distinct, facts.words)
    if kind == "int":
        return _integer_kind(name, n_present, facts.n_distinct, facts.low, facts.high)
    return {
        "float": _float_kind(facts.n_rows, n_present, facts.n_distinct, token),
        "bool": ("boolean", f"dtype {token}"),
        "datetime": ("datetime", f"dtype {token}"),
        "duration": ("integer", f"dtype {token}, learnt as whole units"),
        "category": ("categorical", f"dtype category, {facts.n_distinct:,} levels seen"),
    }[kind]


def words_of(present: pd.Series) -> float:
    """How many words a string has on average; `present` holds no missing value, and at least one other."""
    return float(present.str.count(" ").mean()) + 1


def _infer_kind(series: pd.Series, token: str) -> tuple[str, str]:
    present = series[series.notna().to_numpy()]
    n_distinct = 0 if present.empty else int(present.nunique())
    facts = ColumnFacts(len(series), len(series) - len(present), n_distinct)
    if n_distinct and family(token) == "string":
        facts = dataclasses.replace(facts, words=words_of(present))
    elif n_distinct and family(token) == "int":
        facts = dataclasses.replace(facts, low=int(present.min()), high=int(present.max()))
    return kind_of(str(series.name), token, facts)


def _string_kind(n: int, n_distinct: int, words: float) -> tuple[str, str]:
    if words > TEXT_WORDS and n_distinct > 0.5 * n:
        return "text", f"strings of {words:.0f} words on average, {n_distinct:,} distinct: free text"
    if n_distinct == n >= MIN_IDENTIFIERS:
        return (
            "identifier",
            f"all {n_distinct:,} strings distinct; declare it categorical to learn its values",
        )
    if n_distinct > 0.5 * n and n_distinct >= MIN_IDENTIFIERS:
        return "categorical", (
            f"{n_distinct:,} distinct strings in {n:,} values, which will be repeated in samples; "
            "declare it identifier to regenerate them"
        )
    return "categorical", f"strings, {n_distinct:,} levels"


def _integer_kind(name: str, n: int, n_distinct: int, low: int, high: int) -> tuple[str, str]:
    if n_distinct == n >= MIN_IDENTIFIERS:
        if high - low + 1 == n:
            return "identifier", f"whole numbers that count the {n:,} rows"
        if _ID_NAME.search(name):
            return "identifier", f"all {n:,} whole numbers distinct, and the name says so"
    return "integer", f"whole numbers, {n_distinct:,} distinct"


def _with_levels(series: pd.Series, column: Column) -> Column:
    """Find what levels a column has, if its kind has levels, in the order of their codes."""
    if column.levels is not None and column.reason == Column.reason:
        column = dataclasses.replace(column, public_levels=True)
    if family(column.dtype) == "category":
        return _with_categories(series, column)
    if column.kind not in ("categorical", "boolean") and not (
        column.kind == "constant" and _is_coded(column)
    ):
        return dataclasses.replace(column, levels=None, public_levels=False)
    present = series[series.notna().to_numpy()]
    seen = sorted(map(_level, present.astype(object).unique()))
    if column.kind == "boolean" and family(column.dtype) == "bool":
        seen = [False, True]
    if column.levels is None:
        return dataclasses.replace(column, levels=tuple(seen))
    if outside := [v for v in seen if v not in set(column.levels)]:
        raise SchemaError(
            f"Column {column.name!r} holds {outside[0]!r}, which is not among its declared levels {some(column.levels)}."
        )
    return column


def _with_categories(series: pd.Series, column: Column) -> Column:
    categories = series.cat.categories
    level_dtype = dtype_token(pd.Series(categories, name=column.name))
    if family(level_dtype) not in ("string", "int", "float", "bool") or _is_decimal(level_dtype):
        raise ColumnRejected(column.name, f"has categories of dtype {level_dtype}; use .astype(str) first.")
    levels, ordered = tuple(map(_level, categories)), bool(series.cat.ordered)
    if column.levels not in (None, levels) and (ordered or set(column.levels or ()) != set(levels)):
        raise SchemaError(
            f"Column {column.name!r} is declared with the levels {some(column.levels)}, but its categories are "
            f"{some(levels)}{' in this order' if ordered else ''}; declare none, or use .cat.set_categories(...)."
        )
    return dataclasses.replace(column, levels=levels, ordered=ordered, level_dtype=level_dtype)


def _level(value: Any) -> Any:
    """A value as JSON can hold it: numpy's numbers are Python's."""
    return value.item() if isinstance(value, np.generic) else value


def _is_decimal(token: str) -> bool:
    return token.startswith(("object[decimal", "decimal"))


def _is_coded(column: Column) -> bool:
    return family(column.dtype) in ("string", "bool")
