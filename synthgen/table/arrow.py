"""Arrow tables to pandas frames and back, every dtype as it was.

pyarrow alone loses some dtypes on the way through a file: categories that are no strings, seconds,
Arrow-backed strings, object columns, whole numbers with missing values. What pandas wrote in the file's
metadata says what they were, and a schema of synthgen's says it where pandas cannot.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from synthgen.dtypes import dtype_token, family
from synthgen.exceptions import DataError, SchemaError, TableFileError
from synthgen.plain import from_plain, to_plain
from synthgen.schema import Column, Schema

SCHEMA_KEY = b"synthgen.schema"
"""Where a file's metadata carries the JSON of a `Schema`."""

WIDE = 1000
"""Tables of this many columns are written without pyarrow's metadata on columns of plain numbers."""
_PLAIN_TYPES = {
    "float": "float32",
    "double": "float64",
    **{name: name for name in (f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))},
}
"""Arrow types, as text, that are numpy's by the names given, where no value is missing or floats are."""
_UNNAMED_INDEX = re.compile(r"__index_level_\d+__")


def check_columns(table_schema: pa.Schema, source: str) -> None:
    """Refuse what no frame of plain columns can hold.

    Parameters
    ----------
    table_schema : pyarrow.Schema
        Of the file.
    source : str
        The file's name, for the message.

    Raises
    ------
    TableFileError
        If a column is nested, or two columns have one name.
    """
    check_names(table_schema.names, source)
    for field in table_schema:
        value_type = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_nested(value_type):
            raise TableFileError(
                f"{source}: column {field.name!r} is nested (type {field.type}); spread its parts over columns "
                "of their own, or drop it."
            )


def check_names(names: list[str], source: str) -> None:
    """Refuse repeated column names.

    Parameters
    ----------
    names : list of str
        In file order.
    source : str
        The file's name, for the message.

    Raises
    ------
    TableFileError
        If a name repeats.
    """
    if len(set(names)) == len(names):
        return
    name = next(n for n in names if names.count(n) > 1)
    places = " and ".join(str(i + 1) for i, n in enumerate(names) if n == name)
    raise TableFileError(
        f"{source}: column names must be distinct, but columns {places} are both called {name!r}; "
        "rename or drop one."
    )


def to_frame(table: pa.Table) -> pd.DataFrame:
    """An Arrow table as a pandas frame with the dtypes that it was made of.

    Parameters
    ----------
    table : pyarrow.Table, shape (N, n_columns)
        With or without pandas metadata.

    Returns
    -------
    pandas.DataFrame, shape (N, n_columns)
        With a RangeIndex. Without pandas metadata, whole numbers and booleans with missing values become
        pandas' nullable dtypes, so that they stay whole numbers and booleans.
    """
    metadata = _pandas_metadata(table)
    if dropped := _dropped(metadata, table.column_names):
        table = table.drop_columns(dropped)
    entries = {c["field_name"]: c for c in metadata["columns"] if c["field_name"] not in dropped}
    safe = {"columns": list(map(_safe_entry, entries.values())), "index_columns": [], "column_indexes": []}
    frame = table.replace_schema_metadata({b"pandas": json.dumps({**metadata, **safe}).encode()}).to_pandas()
    objects = int(str(metadata.get("pandas_version") or 0).split(".")[0]) >= 3
    exact = {n: _exact_dtype(entry, table.schema.field(n), objects) for n, entry in entries.items()}
    changed = {n: dtype for n, dtype in exact.items() if dtype is not None and dtype != frame[n].dtype}
    for name, dtype in changed.items():
        frame[name] = _cast(frame[name], table.column(name), dtype)
    schema = _declared(table.schema, frame)
    return frame if schema is None else _as_declared(frame, schema)


def from_frame(table: pd.DataFrame, schema: Schema | None, source: str) -> pa.Table:
    """A pandas frame as an Arrow table, without its index.

    Parameters
    ----------
    table : pandas.DataFrame, shape (N, n_columns)
        Any table whose column names are distinct strings.
    schema : Schema or None
        Put into the metadata.
    source : str
        The file's name, for messages.

    Returns
    -------
    pyarrow.Table, shape (N, n_columns)

    Raises
    ------
    TableFileError
        If a column has no Arrow type: mixed types, complex numbers, ...
    """
    plain = _plain_columns(table)
    try:
        arrow = pa.Table.from_pandas(
            table.drop(columns=list(plain)) if plain else table, preserve_index=False
        )
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as error:
        reason = " ".join(str(part) for part in error.args)
        raise TableFileError(f"{source}: a column cannot be written: {reason}.") from error
    metadata = dict(arrow.schema.metadata or {})
    if plain:
        columns = dict(zip(arrow.column_names, arrow.columns, strict=True)) | plain
        arrow = pa.table({name: columns[name] for name in table.columns})
    if schema is not None:
        text = json.dumps(schema.to_dict(), ensure_ascii=False, separators=(",", ":"))
        metadata[SCHEMA_KEY] = text.encode()
    return arrow.replace_schema_metadata(metadata)


def stored_schema(table_schema: pa.Schema) -> Schema | None:
    """The schema that a file carries, if it carries one.

    Parameters
    ----------
    table_schema : pyarrow.Schema
        Of the file.

    Returns
    -------
    Schema or None
        None also where it cannot be read: the table is whole without it.
    """
    text = (table_schema.metadata or {}).get(SCHEMA_KEY)
    try:
        return None if text is None else Schema.from_json(text.decode())
    except (SchemaError, UnicodeDecodeError):
        return None


def _plain_columns(table: pd.DataFrame) -> dict[str, pa.Array]:
    """The columns of plain numbers of a wide table, as arrays."""
    # pyarrow's own road takes many Python steps, and a line of metadata, for each column
    if len(table) == 0 or table.shape[1] < WIDE:
        return {}
    dtypes = table.dtypes
    out: dict[str, pa.Array] = {}
    for dtype in dtypes.unique():
        if isinstance(dtype, np.dtype) and dtype.isnative and dtype.name in _PLAIN_TYPES.values():
            names = table.columns[dtypes == dtype]
            values = np.ascontiguousarray(table[names].to_numpy().T)
            # from_pandas: what is no number is missing
            out |= {n: pa.array(row, from_pandas=True) for n, row in zip(names, values, strict=True)}
    return out


def _declared(table_schema: pa.Schema, frame: pd.DataFrame) -> Schema | None:
    """What the stored schema says of those columns that are not yet of the dtype that it names."""
    text = (table_schema.metadata or {}).get(SCHEMA_KEY)
    dtypes = {n: t.name for n, t in zip(frame.columns, frame.dtypes, strict=True) if isinstance(t, np.dtype)}
    try:
        stored = None if text is None else json.loads(text)
        if isinstance(stored, dict) and isinstance(columns := stored.get("columns"), list):
            stored = {"columns": [c for c in columns if not _is_right(c, dtypes)]}
        return None if stored is None else Schema.from_dict(stored)
    except (SchemaError, ValueError):
        return None


def _is_right(column: Any, dtypes: dict[str, str]) -> bool:
    """Whether a column of a stored schema has the plain dtype that it names."""
    if not isinstance(column, dict) or not isinstance(name := column.get("name"), str):
        return False
    found = dtypes.get(name, "object")
    return found != "object" and found == column.get("dtype")


def _pandas_metadata(table: pa.Table) -> dict[str, Any]:
    """The table's pandas metadata, or what it would have been, of the columns that are not plain numbers."""
    found = _parsed_metadata(table.schema)
    entries = [c for c in found.get("columns", ()) if isinstance(c, dict)]
    by_name = {c.get("field_name", c.get("name")): c for c in entries}
    columns = [
        {**by_name[field.name], "name": field.name, "field_name": field.name}
        if field.name in by_name
        else _made_entry(table, field)
        for field, column in zip(table.schema, table.columns, strict=True)
        if not _is_plain(field, column, by_name.get(field.name))
    ]
    return {**found, "columns": columns}


def _is_plain(field: pa.Field, column: pa.ChunkedArray, entry: dict[str, Any] | None) -> bool:
    """Whether pyarrow makes the right numpy column of itself."""
    name = _PLAIN_TYPES.get(str(field.type))
    if name is None:
        return False
    # of a category the metadata name the dtype of the codes
    if entry is not None and (entry.get("numpy_type") != name or entry.get("pandas_type") == "categorical"):
        return False
    return name.startswith("float") or column.null_count == 0


def _parsed_metadata(table_schema: pa.Schema) -> dict[str, Any]:
    """The pandas metadata; empty where there is none, or none that can be read."""
    try:
        found = json.loads((table_schema.metadata or {}).get(b"pandas", b"{}"))
    except ValueError:
        return {}
    whole = isinstance(found, dict) and all(
        isinstance(found.get(k), list) for k in ("columns", "index_columns")
    )
    return found if whole else {}


def _made_entry(table: pa.Table, field: pa.Field) -> dict[str, Any]:
    entry = {
        "name": field.name,
        "field_name": field.name,
        "pandas_type": "",
        "numpy_type": "",
        "metadata": None,
    }
    if table.column(field.name).null_count:
        if pa.types.is_integer(field.type):
            entry["numpy_type"] = str(field.type).replace("uint", "UInt").replace("int", "Int")
        if pa.types.is_boolean(field.type):
            entry["numpy_type"] = "boolean"
    return entry


def _dropped(metadata: dict[str, Any], names: list[str]) -> list[str]:
    """Columns that only number the rows: an index without a name."""
    found = [n for n in metadata.get("index_columns", ()) if isinstance(n, str)]
    return [n for n in found if _UNNAMED_INDEX.fullmatch(n) and n in names]


def _safe_entry(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry that only tells pyarrow of a dtype that pandas knows."""
    promised = str(entry.get("numpy_type") or "object")
    try:
        pd.api.types.pandas_dtype(promised)
    except (TypeError, ValueError, NotImplementedError):
        promised = "object"
    return {**entry, "pandas_type": "", "numpy_type": promised, "metadata": None}


def _exact_dtype(entry: dict[str, Any], field: pa.Field, objects: bool) -> Any:
    """The dtype that pandas' metadata promises; None where `to_pandas` is right already."""
    promised, details = str(entry.get("numpy_type")), entry.get("metadata")
    details = details if isinstance(details, dict) else {}
    if promised.endswith("[pyarrow]") and not pa.types.is_dictionary(field.type):
        return pd.ArrowDtype(field.type)
    if entry.get("pandas_type") == "categorical" and not pa.types.is_dictionary(field.type):
        return pd.CategoricalDtype(ordered=bool(details.get("ordered")))
    if promised.startswith("datetime64[") and details.get("timezone") is None:
        return pd.api.types.pandas_dtype(promised)
    if promised.startswith("datetime64[") and pa.types.is_timestamp(field.type) and field.type.tz:
        return pd.DatetimeTZDtype(promised[11:-1], field.type.tz)
    is_text = pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
    # before pandas 3 every column of strings was an object column
    if promised == "object" and ((is_text and objects) or pa.types.is_integer(field.type)):
        return object
    return None


def _cast(series: pd.Series, column: pa.ChunkedArray, dtype: Any) -> Any:
    if isinstance(dtype, pd.ArrowDtype):
        return pd.arrays.ArrowExtensionArray(column)
    if isinstance(dtype, pd.CategoricalDtype):
        # from Arrow, because whole numbers with missing values are floats in `series`
        found = column.dictionary_encode().combine_chunks().to_pandas()
        return found.cat.reorder_categories(sorted(found.cat.categories), ordered=dtype.ordered)
    if dtype is object:
        return pd.Series(column.to_pylist(), dtype=object)
    return series.astype(dtype)


def _as_declared(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    for column in schema:
        if column.name in frame.columns and _differs(frame[column.name], column):
            plain = to_plain(frame[column.name], column)
            if column.levels is None or not (plain.values[~plain.missing] < 0).any():
                frame[column.name] = from_plain(plain, column)
    return frame


def _differs(series: pd.Series, column: Column) -> bool:
    """Whether a column of the same family is not yet what the schema declares, and can be made so."""
    if not column.dtype:
        return False
    if column.dtype == "category":
        is_category = isinstance(series.dtype, pd.CategoricalDtype)
        return column.levels is not None and not (
            is_category and tuple(series.cat.categories) == column.levels
        )
    try:
        token, wanted = dtype_token(series), family(column.dtype)
    except DataError:
        return False
    if (
        token != column.dtype
        and column.levels is None
        and wanted not in ("string", "bool")
        and series.isna().all()
    ):
        return True  # pandas' metadata call an Arrow decimal an object
    if token == column.dtype or family(token) != wanted:
        return False
    return column.levels is not None or wanted not in ("string", "bool")
