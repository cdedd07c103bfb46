"""The one table that many files make: their columns and types, and the dtypes that all blocks of its rows get.

Some dtypes hang on values: whole numbers become a nullable dtype if any is missing, categories are those of all rows. A
*witness* is a few rows in which all of that can be seen; put before the rows of a block, it gives the block the dtypes
that `synthgen.table.read.read_table` gives the whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from synthgen.exceptions import TableFileError
from synthgen.table.arrow import SCHEMA_KEY, stored_schema, to_frame
from synthgen.table.source_files import SourceFile, may_turn, read_groups

_PLAIN = re.compile(r"u?int\d+|bool")
"""dtypes of numpy's that hold no missing value."""
_LOOK = 1024
"""Rows of the first look."""


def agreed_schema(files: Sequence[SourceFile]) -> pa.Schema:
    """The columns and types of all files.

    Parameters
    ----------
    files : sequence of SourceFile
        In order; those without rows need only have the same columns.

    Returns
    -------
    pyarrow.Schema
        Of the first file with rows; a column that is missing throughout in that file has the type of the first file that
        has values, numbers of several types have the one that holds all (see `_number`), and categories count with 32-bit
        numbers.

    Raises
    ------
    TableFileError
        If a file has other columns, or a column of another type, than the first.
    """
    first = next((f for f in files if f.n_rows), None)
    if first is None:
        raise TableFileError(
            f"{files[0].name}: has no rows{', nor have the others' if len(files) > 1 else ''}; a table needs one."
        )
    types = {field.name: shared_type(field.type) for field in first.schema}
    givers = dict.fromkeys(types, first)
    partly_void: set[str] = set()
    if not types:
        raise TableFileError(f"{first.name}: has no columns; it needs at least one.")
    for file in files:
        _check_columns(file, first)
        for field in file.schema if file.n_rows else ():
            type_, name = shared_type(field.type), field.name
            found = _joined(types[name], type_)
            if _is_void(type_):
                partly_void.add(name)
            if found is None:
                raise TableFileError(
                    f"{file.name}: column {name!r} is of type {type_}, but in {givers[name].name} it is {types[name]}; all files "
                    "of a table must have the same columns and types. Write one of them anew, or leave it out."
                )
            if found != types[name]:
                types[name], givers[name] = found, file
    if first.location.format in ("csv", "tsv"):
        types = {name: pa.string() if pa.types.is_null(type_) else type_ for name, type_ in types.items()}
    fields = [pa.field(name, type_) for name, type_ in types.items()]
    metadata = _told_of(first, {n: f for n, f in givers.items() if f is not first}, types, partly_void)
    return pa.schema(fields, metadata)


def shared_type(type_: pa.DataType) -> pa.DataType:
    """A type as all files shall have it: how many bits count a file's categories is the file's own affair."""
    if pa.types.is_dictionary(type_):
        return pa.dictionary(pa.int32(), type_.value_type, type_.ordered)
    return type_


def conformed(table: pa.Table, schema: pa.Schema, source: str) -> pa.Table:
    """A table with the types of a schema, its columns those of the schema that it has.

    Parameters
    ----------
    table : pyarrow.Table
        Of one of the files.
    schema : pyarrow.Schema
        As `agreed_schema` gives it.
    source : str
        The file's name, for the message.

    Returns
    -------
    pyarrow.Table
        The same values.

    Raises
    ------
    TableFileError
        If the type of the schema does not hold a value.
    """
    columns = []
    for name in table.column_names:
        type_ = schema.field(name).type
        try:
            columns.append(_conformed(table.column(name), type_))
        except pa.ArrowInvalid as error:
            was = table.schema.field(name).type
            raise TableFileError(
                f"{source}: column {name!r} is of type {was}, and {type_} in other files, which does not hold all its numbers "
                f"({str(error).splitlines()[0]}); write the files anew with one type."
            ) from error
    fields = [schema.field(n) for n in table.column_names]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields, schema.metadata))


def make_witness(files: Sequence[SourceFile], schema: pa.Schema) -> pa.Table:
    """A few rows that decide all dtypes.

    Parameters
    ----------
    files : sequence of SourceFile
        In order.
    schema : pyarrow.Schema
        As `agreed_schema` gives it.

    Returns
    -------
    pyarrow.Table
        Of each column one value, if it has any; a missing one, if that matters and there is one; and all its categories.
    """
    look = _first_rows(files, schema)
    levels = _levels_of_all_rows(files, schema)
    columns = []
    for field in schema:
        if field.name in levels:
            columns.append(levels[field.name])
            continue
        found = look.column(field.name).drop_null().slice(0, 1)
        if not len(found):
            found = _first_value(files, field)
        if not len(found) or (may_turn(field.type) and _has_missing(files, field)):
            found = pa.chunked_array([*found.chunks, pa.nulls(1, field.type)], type=field.type)
        columns.append(found)
    return _even(columns, schema)


def block_frame(table: pa.Table, witness: pa.Table, name: str) -> pd.DataFrame:
    """Rows of a block as a frame of the whole table's dtypes.

    Parameters
    ----------
    table : pyarrow.Table, shape (N, n_columns)
        As `conformed` makes it.
    witness : pyarrow.Table
        Of the same columns.
    name : str
        What messages call the rows.

    Returns
    -------
    pandas.DataFrame, shape (N, n_columns)
        With a RangeIndex.
    """
    n = witness.num_rows
    frame = to_frame(pa.concat_tables([witness, table]))
    dtypes = to_frame(witness).dtypes
    if not frame.dtypes.equals(dtypes):
        column = next(c for c in dtypes.index if frame[c].dtype != dtypes[c])
        raise TableFileError(
            f"{name}: column {column!r} holds values that its own schema does not declare, or is {frame[column].dtype} here and "
            f"{dtypes[column]} elsewhere; write the file anew."
        )
    return frame.iloc[n:].reset_index(drop=True)


def _check_columns(file: SourceFile, first: SourceFile) -> None:
    own, others = file.schema.names, first.schema.names
    if set(own) == set(others):
        return
    extra = [n for n in own if n not in others]
    words = (
        f"has a column {extra[0]!r}" if extra else f"lacks column {next(n for n in others if n not in own)!r}"
    )
    also = f" that {first.name} lacks" if extra else f", which {first.name} has"
    raise TableFileError(
        f"{file.name}: {words}{also}; all files of a table must have the same columns. Leave this file out, or write it anew."
    )


def _joined(a: pa.DataType, b: pa.DataType) -> pa.DataType | None:
    """The type that holds columns of both; None if there is none but by a change of values."""
    if a == b or _is_void(b):
        return a
    if _is_void(a):
        return b
    if _is_string(a) and _is_string(b):
        return pa.large_string()
    if _are_dictionaries(a, b) and _is_string(a.value_type) and _is_string(b.value_type):
        return pa.dictionary(pa.int32(), pa.large_string(), a.ordered)
    return _number(a, b) if _is_number(a) and _is_number(b) else None


def _number(a: pa.DataType, b: pa.DataType) -> pa.DataType | None:
    """The narrowest type that holds the numbers of both: of a whole one and a float double, which holds whole numbers up to
    2**53 (others are refused as they are read); None for unsigned ones of 64 bits with signed ones."""
    whole = [t for t in (a, b) if pa.types.is_integer(t)]
    if len(whole) < 2:
        return pa.float64() if whole else max(a, b, key=lambda t: t.bit_width)
    if pa.types.is_signed_integer(a) == pa.types.is_signed_integer(b):
        return max(a, b, key=lambda t: t.bit_width)
    signed, unsigned = (a, b) if pa.types.is_signed_integer(a) else (b, a)
    wider = (t for t in (pa.int16(), pa.int32(), pa.int64()) if t.bit_width > unsigned.bit_width)
    least = next(wider, None)
    return None if least is None else max(signed, least, key=lambda t: t.bit_width)


def _is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_))


def _are_dictionaries(a: pa.DataType, b: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(a) and pa.types.is_dictionary(b) and a.ordered == b.ordered)


def _is_string(type_: pa.DataType) -> bool:
    return str(type_) in ("string", "large_string", "string_view")


def _is_void(type_: pa.DataType) -> bool:
    return bool(
        pa.types.is_null(type_) or (pa.types.is_dictionary(type_) and pa.types.is_null(type_.value_type))
    )


def _conformed(column: pa.ChunkedArray, type_: pa.DataType) -> pa.ChunkedArray:
    if column.type == type_:
        return column
    if _is_void(column.type):
        return pa.chunked_array([pa.nulls(len(column), type_)], type=type_)
    return column.cast(type_)


def _told_of(
    first: SourceFile, givers: dict[str, SourceFile], types: dict[str, pa.DataType], partly_void: set[str]
) -> dict[bytes, bytes] | None:
    """What the first file's metadata tells pandas, each column that has its type from another file as that one tells it.

    Parameters
    ----------
    first : SourceFile
        Whose metadata it is.
    givers : dict of str to SourceFile
        Other files, by the column that has their type, or a wider one.
    types : dict of str to pyarrow.DataType
        Of all columns.
    partly_void : set of str
        Columns that some file has no value of: whole numbers and booleans among them become nullable dtypes.

    Returns
    -------
    dict or None
        Without the schema of synthgen's if numbers have another type than it says.
    """
    metadata = dict(first.schema.metadata or {})
    own = {name: first.schema.field(name).type for name in givers}
    if any(_is_number(type_) and shared_type(type_) != types[name] for name, type_ in own.items()):
        metadata.pop(SCHEMA_KEY, None)
    if b"pandas" not in metadata or not (givers or partly_void):
        return metadata or None
    told: dict[str, Any] = dict(_pandas_entries(first))
    for name, file in givers.items():
        is_own = shared_type(file.schema.field(name).type) == types[name]
        told[name] = _pandas_entries(file).get(name) if is_own else None
    for name in partly_void & set(told):
        if _PLAIN.fullmatch(str((told[name] or {}).get("numpy_type"))):
            told[name] = None
    whole = json.loads(metadata[b"pandas"])
    rest = [c for c in whole["columns"] if c.get("field_name") not in told]
    whole["columns"] = [*(entry for entry in told.values() if entry is not None), *rest]
    metadata[b"pandas"] = json.dumps(whole).encode()
    return metadata


def _pandas_entries(file: SourceFile) -> dict[str, Any]:
    """What a file tells pandas of each column."""
    try:
        columns = json.loads((file.schema.metadata or {}).get(b"pandas", b"{}")).get("columns", [])
        return {c["field_name"]: c for c in columns if c.get("field_name") in file.schema.names}
    except (ValueError, AttributeError, TypeError, KeyError):
        return {}


def _first_rows(files: Sequence[SourceFile], schema: pa.Schema) -> pa.Table:
    file = next(f for f in files if f.n_rows)
    group = next(g for g, n in enumerate(file.groups) if n)
    rows = next(table for _, table in read_groups(file, [group], None, _LOOK) if table.num_rows)
    return conformed(rows.slice(0, _LOOK), schema, file.name)


def _column(files: Sequence[SourceFile], field: pa.Field) -> Iterator[pa.ChunkedArray]:
    """A column's values, a part at a time."""
    for file in files:
        groups = [g for g, n in enumerate(file.groups) if n]
        for _, table in read_groups(file, groups, [field.name]):
            yield conformed(table, pa.schema([field]), file.name).column(0)


def _first_value(files: Sequence[SourceFile], field: pa.Field) -> pa.ChunkedArray:
    if not _is_void(field.type):
        for column in _column(files, field):
            if column.null_count < len(column):
                return column.drop_null().slice(0, 1)
    return pa.chunked_array([], type=field.type)


def _has_missing(files: Sequence[SourceFile], field: pa.Field) -> bool:
    said = [f.has_missing.get(field.name, True) for f in files if f.n_rows]
    if any(said) or None not in said:
        return any(said)
    return any(column.null_count for column in _column(files, field))


def _levels_of_all_rows(files: Sequence[SourceFile], schema: pa.Schema) -> dict[str, pa.ChunkedArray]:
    """The categories of those columns whose schema does not name them; they are read once for that."""
    declared = stored_schema(schema)
    named = (
        set()
        if declared is None
        else {c.name for c in declared if c.dtype == "category" and c.levels is not None}
    )
    fields = [
        f for f in schema if f.name in _categorical(schema) and f.name not in named and not _is_void(f.type)
    ]
    if not fields:
        return {}
    seen: dict[str, pa.Array] = {}
    names = [f.name for f in fields]
    for file in files:
        for _, table in read_groups(file, [g for g, n in enumerate(file.groups) if n], names):
            for field in fields:
                column = _conformed(table.column(field.name), field.type)
                seen[field.name] = _more_levels(seen.get(field.name), column, field.type)
    return {f.name: _as_rows(seen[f.name], f.type) for f in fields}


def _categorical(schema: pa.Schema) -> set[str]:
    """Columns that become pandas categories."""
    found = {f.name for f in schema if pa.types.is_dictionary(f.type)}
    try:
        entries = json.loads((schema.metadata or {}).get(b"pandas", b"{}")).get("columns", [])
        found |= {e.get("field_name") for e in entries if e.get("pandas_type") == "categorical"}
    except (ValueError, AttributeError, TypeError):
        return found
    return found


def _more_levels(seen: pa.Array | None, column: pa.ChunkedArray, type_: pa.DataType) -> pa.Array:
    """Categories in the order of their first appearance; of a dictionary those that no row has, too."""
    parts = (
        [c.dictionary for c in column.chunks]
        if pa.types.is_dictionary(type_)
        else [column.drop_null().combine_chunks()]
    )
    new = pa.chunked_array(parts, type=type_.value_type if pa.types.is_dictionary(type_) else type_).unique()
    if seen is None:
        return new
    unknown = new.filter(pc.invert(pc.is_in(new, value_set=seen)))
    return pa.concat_arrays([seen, unknown]) if len(unknown) else seen


def _as_rows(levels: pa.Array, type_: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_dictionary(type_):
        indices = pa.array(range(len(levels)), pa.int32())
        levels = pa.DictionaryArray.from_arrays(indices, levels, ordered=type_.ordered)
    found = levels if len(levels) else pa.nulls(1, type_)
    return pa.chunked_array([found], type=type_)


def _even(columns: list[pa.ChunkedArray], schema: pa.Schema) -> pa.Table:
    """Columns of unequal lengths as one table: the first values again until all are as long."""
    longest = max(len(c) for c in columns)
    even = []
    for column, field in zip(columns, schema, strict=True):
        n = len(column)
        rows = pa.array([i if i < n else 0 for i in range(longest)], pa.int64())
        even.append(pa.chunked_array([column.combine_chunks().take(rows)], type=field.type))
    return pa.Table.from_arrays(even, schema=schema)
