"""Delimited text to typed columns: CSV and its kin.

Every value is read as text first and a column becomes numbers, booleans or instants only when all its
values say so, so that codes such as ``01234`` stay as they are.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from synthgen.exceptions import TableFileError
from synthgen.table.arrow import check_names

MISSING = (
    "",
    "#N/A",
    "#N/A N/A",
    "#NA",
    "-NaN",
    "-nan",
    "<NA>",
    "N/A",
    "NA",
    "NULL",
    "NaN",
    "n/a",
    "nan",
    "null",
)
"""What stands for a missing value, unless it stands in quotes."""

_MISSING_WORDS = pa.array(MISSING)
_DELIMITERS = ",;\t|"
_INTEGER = r"-?(0|[1-9]\d*)"
_FLOAT = r"-?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?[iI]nf(inity)?"
_INSTANT = r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,9})?)?)?"
_ZONED = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)"
_BOOLEANS = [{"true", "false"}, {"True", "False"}, {"TRUE", "FALSE"}]
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_delimited(stream: Any, source: str, delimiter: str | None, n_texts: int | None = None) -> pa.Table:
    r"""A table from delimited text with a header.

    Parameters
    ----------
    stream : seekable binary file
        UTF-8 text, at its start.
    source : str
        The file's name, for messages.
    delimiter : str or None
        None: whichever of ``, ; | \t`` is most frequent in the header.
    n_texts : int, optional
        The first so many columns are text, and the others numbers if all their values are; a first column without
        a name is kept.

    Returns
    -------
    pyarrow.Table, shape (N, n_columns)
        Columns of int64, uint64, double, bool, timestamp (of the coarsest unit that holds all values; in UTC
        where the values carry a zone) or string. A first column without a name, as pandas and R write their
        row numbers, is left out.

    Raises
    ------
    TableFileError
        If the text is empty, not UTF-8, ragged, or its header lacks or repeats a name.
    """
    names, delimiter = _header(stream, source, delimiter)
    texts = names if n_texts is None else names[:n_texts]
    stream.seek(0)
    try:
        table = pyarrow.csv.read_csv(
            stream,
            # one thread, because only then do messages know the row
            read_options=pyarrow.csv.ReadOptions(use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=len(names) > 1
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(texts, pa.string()),
                null_values=[*MISSING, *(() if n_texts is None else ("na",))],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except (pa.ArrowException, OSError) as error:
        raise _text_error(error, names, source) from error
    if table.num_rows == 0:
        raise TableFileError(f"{source}: has a header but no rows; it needs at least one.")
    if n_texts is not None:
        return table
    if names[0] == "" and len(names) > 1:
        table = table.drop_columns([""])
    return pa.table({n: typed(c) for n, c in zip(table.column_names, table.columns, strict=True)})


def _header(stream: Any, source: str, delimiter: str | None) -> tuple[list[str], str]:
    first = stream.readline()
    if not first.strip():
        raise TableFileError(f"{source}: is empty; it needs a first line with the columns' names.")
    if first.startswith(_UTF16):
        raise TableFileError(f"{source}: is UTF-16 text; save it as UTF-8.")
    if b"\0" in first:
        raise TableFileError(
            f"{source}: is not text, so not CSV; give the format (--format) if it has another."
        )
    try:
        delimiter = delimiter or _sniffed(first.decode("utf-8-sig"))
        stream.seek(0)
        lines = (line.decode("utf-8-sig" if i == 0 else "utf-8") for i, line in enumerate(stream))
        names = next(csv.reader(lines, delimiter=delimiter))
    except UnicodeDecodeError as error:
        raise TableFileError(f"{source}: the header is not UTF-8 text; save the file as UTF-8.") from error
    except csv.Error as error:
        raise TableFileError(f"{source}: the header cannot be read: {error}.") from error
    if "" in names[1:]:
        raise TableFileError(f"{source}: column {names.index('', 1) + 1} has no name; name it or drop it.")
    check_names(names, source)
    return names, delimiter


def _sniffed(line: str) -> str:
    unquoted = re.sub(r'"[^"]*"', "", line)
    return max(_DELIMITERS, key=unquoted.count)


def _text_error(error: Exception, names: list[str], source: str) -> TableFileError:
    message = " ".join(str(error).split())
    row = found[1] if (found := re.search(r"Row #(\d+)", message)) else None
    where = f"{source}: row {row}" if row else source
    if found := re.search(r"Expected (\d+) columns, got (\d+)", message):
        return TableFileError(
            f"{where} has {found[2]} values, but the header names {found[1]} columns; quote values that hold "
            "the delimiter or a quotation mark, or mend the row."
        )
    if found := re.search(r"column #(\d+).*invalid UTF8", message):
        return TableFileError(
            f"{where}, column {names[int(found[1])]!r} is not UTF-8 text; save the file as UTF-8."
        )
    if "cannot infer number of columns" in message:
        return TableFileError(f"{source}: has a header but no rows; it needs at least one.")
    return TableFileError(f"{where}: cannot be read as CSV: {message}")


def typed(column: pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """A column of text in the narrowest type that all its values spell; text if none does.

    Parameters
    ----------
    column : pyarrow.ChunkedArray of string, length N
        Of values as they stand in a file.

    Returns
    -------
    pyarrow.Array or pyarrow.ChunkedArray, length N
        Of int64, uint64, double, bool, timestamp or string.
    """
    coded = column.dictionary_encode().combine_chunks()
    trimmed = pc.utf8_trim_whitespace(coded.dictionary)
    is_value = pc.invert(pc.is_in(trimmed, _MISSING_WORDS))
    values = trimmed.filter(is_value)
    for parse in _PARSERS if len(values) else ():
        if (parsed := parse(values)) is not None:
            return parsed.take(_places(coded.indices, is_value, len(values)))
    return column


def _places(indices: pa.Array, is_value: pa.Array, n_values: int) -> pa.Array:
    """Where each row's value stands among the values alone; null for the words that mean missing."""
    if n_values == len(is_value):
        return indices
    place = pc.subtract(pc.cumulative_sum(pc.cast(is_value, pa.int64())), 1)
    return pc.if_else(is_value, place, pa.scalar(None, pa.int64())).take(indices)


def _all_match(values: pa.Array, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(values, f"^({pattern})$")).as_py())


def _cast(values: pa.Array, *types: pa.DataType) -> pa.Array | None:
    for type_ in types:
        try:
            return values.cast(type_)
        except pa.ArrowInvalid:
            continue
    return None


def _numbers(values: pa.Array) -> pa.Array | None:
    if _all_match(values, _INTEGER):
        # those too long for 64 bits are codes, and a float would change them
        return _cast(values, pa.int64(), pa.uint64())
    return _cast(values, pa.float64()) if _all_match(values, _FLOAT) else None


def _booleans(values: pa.Array) -> pa.Array | None:
    words = set(values.to_pylist()) if len(values) <= 2 else None
    return values.cast(pa.bool_()) if words is not None and any(words <= b for b in _BOOLEANS) else None


def _instants(values: pa.Array) -> pa.Array | None:
    units = ("s", "ms", "us", "ns")
    if _all_match(values, _INSTANT):
        return _cast(values, *map(pa.timestamp, units))
    if _all_match(values, _ZONED):
        return _cast(values, *(pa.timestamp(u, "UTC") for u in units))
    return None


_PARSERS: list[Callable[[pa.Array], pa.Array | None]] = [_numbers, _instants, _booleans]
