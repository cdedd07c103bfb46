"""Frames to bytes and back, every dtype as it was: what a model file can hold of a table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from synthgen.schema import Schema
from synthgen.table.arrow import from_frame, to_frame


def frame_to_bytes(table: pd.DataFrame, schema: Schema, source: str) -> np.ndarray:
    """A frame as an Arrow IPC stream, without its index.

    Parameters
    ----------
    table : pandas.DataFrame, shape (N, n_columns)
        Any table whose column names are distinct strings.
    schema : Schema
        Of the table; travels with it.
    source : str
        What the table is called in messages.

    Returns
    -------
    ndarray of uint8, shape (n_bytes,)
        The stream.

    Raises
    ------
    TableFileError
        If a column has no Arrow type.
    """
    arrow = from_frame(table, schema, source)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, arrow.schema) as writer:
        writer.write_table(arrow)
    return np.frombuffer(sink.getvalue(), dtype=np.uint8)


def frame_from_bytes(content: np.ndarray) -> pd.DataFrame:
    """The frame of an Arrow IPC stream.

    Parameters
    ----------
    content : ndarray of uint8, shape (n_bytes,)
        As `frame_to_bytes` gives it.

    Returns
    -------
    pandas.DataFrame, shape (N, n_columns)
        With the dtypes of the frame that was written, and a RangeIndex.

    Raises
    ------
    pyarrow.ArrowException, OSError
        If the stream is damaged.
    """
    with pa.ipc.open_stream(pa.py_buffer(np.ascontiguousarray(content))) as reader:
        table = reader.read_all()
    table.validate(full=True)  # what is wrong inside would end the process, not the call
    return to_frame(table)
