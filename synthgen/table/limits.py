"""How much a table file may grow when it is read: a small file can stand for more than any memory holds.

Compressed text, Parquet's dictionaries and HDF5's chunks can stand for a thousand times their size and more. What a file
says of its size is read first, and a table that the machine cannot hold is refused before memory is taken for it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyarrow as pa

from synthgen.exceptions import TableFileError

VARIABLE = "SYNTHGEN_MAX_TABLE_BYTES"
"""Environment variable: bytes that a table may take in memory. Whoever sets it may read what would be refused."""
SHARE = 0.5
"""Of the machine's memory: what a table may take where that variable is not set, ..."""
UNSUSPICIOUS = 256 * 2**20
"""... though compressed text of more bytes than this ..."""
MAX_RATIO = 200
"""... may not be so many times larger than its file. Tables as text are some 3 to 30 times; nothing but repetition is more."""
_CHUNK = 2**20
_STRING = 16
"""Bytes of a string's place, besides its letters."""


def most_bytes() -> int:
    """How many bytes a table may take in memory.

    Returns
    -------
    int
        What the environment variable says, or a share of the machine's memory.

    Raises
    ------
    TableFileError
        If the variable is no whole number.
    """
    given = os.environ.get(VARIABLE)
    if given is None:
        return int(SHARE * _memory())
    if not given.isdecimal():
        raise TableFileError(f"The environment variable {VARIABLE} must be a number of bytes. Got {given!r}.")
    return int(given)


def check_room(n_bytes: int, source: str) -> None:
    """Refuse a table that the machine cannot hold.

    Parameters
    ----------
    n_bytes : int
        That it would take.
    source : str
        The file's name, for the message.

    Raises
    ------
    TableFileError
        If that is more than `most_bytes`.
    """
    most = most_bytes()
    if n_bytes > most:
        raise TableFileError(
            f"{source}: would take {_gib(n_bytes)} of memory, and at most {_gib(most)} may be taken. Read a part of it, or "
            f"set {VARIABLE} to the bytes that a table may take."
        )


def unpacked(stream: Any, source: str, n_packed: int) -> bytearray:
    """The bytes of compressed text, as long as they stay within bounds.

    Parameters
    ----------
    stream : binary file
        Gives bytes already unpacked, such as a `gzip.GzipFile`.
    source : str
        The file's name, for messages.
    n_packed : int
        Bytes of the file.

    Returns
    -------
    bytearray
        All of them.

    Raises
    ------
    TableFileError
        If there are more than `most_bytes`, or far more than text has that is no bomb.
    """
    out = bytearray()
    while chunk := stream.read(_CHUNK):
        out += chunk
        check_ratio(len(out), n_packed, source)
        check_room(len(out), source)
    return out


def check_ratio(n_bytes: int, n_packed: int, source: str) -> None:
    """Refuse text that grows as only a bomb does.

    Parameters
    ----------
    n_bytes, n_packed : int
        Unpacked so far, and of the file.
    source : str
        The file's name, for the message.

    Raises
    ------
    TableFileError
        If it is larger than `UNSUSPICIOUS` and `MAX_RATIO` times the file, and `VARIABLE` is not set.
    """
    if n_bytes > max(UNSUSPICIOUS, MAX_RATIO * n_packed) and VARIABLE not in os.environ:
        raise TableFileError(
            f"{source}: unpacks to more than {MAX_RATIO} times its {n_packed:,} bytes, as no table does. If it is meant, unpack "
            f"it first (gunzip), or set {VARIABLE} to the bytes that a table may take."
        )


def check_arrow(schema: pa.Schema, n_rows: int, source: str) -> None:
    """Refuse Arrow columns that the machine cannot hold.

    Parameters
    ----------
    schema : pyarrow.Schema
        Of the file.
    n_rows : int
        As the file says.
    source : str
        The file's name, for the message.

    Raises
    ------
    TableFileError
        If they would take more than `most_bytes`, the letters of strings left out.
    """
    check_room(max(n_rows, 0) * sum(_width(field.type) for field in schema), source)


def check_hdf5(path: Path, h5py: Any) -> None:
    """Refuse an HDF5 file whose arrays the machine cannot hold.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    h5py : module
        The library.

    Raises
    ------
    TableFileError
        If they would take more than `most_bytes`, sparse ones made dense.
    """
    sizes = []

    def add(_: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            sizes.append(int(item.size or 0) * max(item.dtype.itemsize, 1))
        elif "shape" in item.attrs:  # of a sparse matrix
            n_rows, n_columns = (int(n) for n in item.attrs["shape"])
            if min(n_rows, n_columns) < 0:  # it would make up for another's size
                raise TableFileError(
                    f"{path}: has a matrix of the shape {n_rows:,} x {n_columns:,}; take another copy."
                )
            sizes.append(n_rows * n_columns * 4)

    with h5py.File(path, "r") as file:
        file.visititems(add)
    check_room(sum(sizes), str(path))


def _width(type_: pa.DataType) -> int:
    if pa.types.is_dictionary(type_):
        return int(type_.index_type.bit_width) // 8
    try:
        return max(int(type_.bit_width) // 8, 1)
    except ValueError:  # strings
        return _STRING


def _memory() -> int:
    """The machine's, in bytes."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):  # not every system says
        return 16 * 2**30


def _gib(n_bytes: int) -> str:
    return f"{n_bytes / 2**30:,.1f} GiB"
