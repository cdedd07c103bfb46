"""How much a fit from files may hold: rows in memory, rows of a block, rows of a shard, from the memory that is allowed."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from synthgen.exceptions import ParameterError
from synthgen.models.estimate import MemoryWarning
from synthgen.models.machine import free_memory, resident_memory

MAX_SAMPLE = 2**18
"""Rows in memory at most: what is taken from them (relations, joint distributions, the trees that choose rows) is then known
to a thousandth, and all rows beyond them serve single columns and training only."""
MIN_SAMPLE = 2_048
"""Rows in memory at least: relations and combinations are found in them."""
FEW_SAMPLE = 20_000
"""Fewer rows in memory than this are warned of."""
FITTING_ROWS = 2**40
"""Tables of more rows than this are streamed even if they fit."""
MAX_SHARD = 2**17
MIN_SHARD = 4_096
ROWS_TOGETHER = 65_536
"""Rows of a block that is read, ..."""
MIN_TOGETHER = 2_048
"""... or fewer, where rows are long."""
_FOR_SAMPLE, _FOR_SHARD, _FOR_BLOCKS = 0.5, 0.15, 0.2
"""Shares of the memory that is allowed. The rest is for sketches, trees and what libraries take."""
_COPIES_OF_ROWS = 4
"""Of a table row: itself, reduced by relations, decoded, and as trees see it."""
_COPIES_OF_MATRIX = 4
"""Of an encoded row: itself, split into training and validation rows, calibrated, and drawn to compare with."""
_COPIES_OF_BLOCK = 5
"""Of a row of a block: as Arrow has it, as pandas has it, and while it is encoded or counted."""
_COLUMN_BYTES = 200
"""Of one column while it is encoded (`estimate_memory.NUMBER_TEMPORARIES`)."""
_UNITS = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}
_SIZE = re.compile(r"\s*(?P<number>\d+(?:\.\d+)?(?:e\+?\d+)?)\s*(?P<unit>(?:[kmgt]i?)?)b?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class MemoryPlan:
    """How many rows are held where.

    Parameters
    ----------
    n_sample : int
        Random rows that stay in memory, in steps of powers of two, so that a little more or less free memory gives the same
        fit. All rows of the table where they fit.
    rows_per_shard : int
        At most.
    rows_together : int
        Of a block.
    max_memory : int
        Bytes that were allowed when it was made.
    """

    n_sample: int
    rows_per_shard: int
    rows_together: int
    max_memory: int = 0


def allowed_memory(max_memory: str | int | None) -> int:
    """Bytes that this process may hold.

    Parameters
    ----------
    max_memory : str, int or None
        As ``"4GiB"``, ``"500 MB"`` or a number of bytes. None: half of what is free, besides what is held.

    Returns
    -------
    int
        Bytes.

    Raises
    ------
    ParameterError
        If it is no size.
    """
    if max_memory is None:
        return resident_memory() + free_memory() // 2
    found = None if isinstance(max_memory, int) else _SIZE.fullmatch(max_memory)
    if isinstance(max_memory, int) and not isinstance(max_memory, bool) and max_memory > 0:
        return max_memory
    if found is None or float(found["number"]) == 0:
        raise ParameterError(
            "The `max_memory` parameter of fit must be a size above 0 such as '4GiB' or '500MB', or bytes. "
            f"Got {max_memory!r} instead."
        )
    return int(float(found["number"]) * _UNITS[found["unit"].lower()])


def memory_plan(
    trial: pd.DataFrame, n_features: int, n_rows: int, max_memory: str | int | None, most: int = MAX_SAMPLE
) -> MemoryPlan:
    """Deal out the memory that is allowed.

    Parameters
    ----------
    trial : pandas.DataFrame
        Some rows, which say how long a row is.
    n_features : int
        Columns that rows are encoded as, F.
    n_rows : int
        Of the whole table.
    max_memory : str, int or None
        See `allowed_memory`.
    most : int
        Rows in memory at most, if not all are.

    Returns
    -------
    MemoryPlan
        The rows.

    Raises
    ------
    ParameterError
        If it is too little for `MIN_SAMPLE` rows.

    Warns
    -----
    MemoryWarning
        If it is too little for `FEW_SAMPLE` rows.
    """
    allowed, held = allowed_memory(max_memory), resident_memory()
    left = max(allowed - held, 0)
    row, encoded, resident, block = _row_bytes(trial, n_features)
    fitting = int(_FOR_SAMPLE * left / resident)
    together = _power(_FOR_BLOCKS * left / block, ROWS_TOGETHER)
    if min(fitting, FITTING_ROWS) >= n_rows:
        return MemoryPlan(n_rows, MAX_SHARD, max(together, MIN_TOGETHER), allowed)
    n_sample = min(_power(fitting, most), n_rows)
    if n_sample < min(MIN_SAMPLE, most) or together < MIN_TOGETHER:
        need = held + max(
            MIN_SAMPLE * resident / _FOR_SAMPLE, MIN_TOGETHER * (6 * row + 2 * encoded) / _FOR_BLOCKS
        )
        raise ParameterError(
            f"The `max_memory` parameter of fit is {_size(allowed)}, and this process holds {_size(held)} before it "
            f"begins: with rows of {row + encoded:,.0f} bytes at least {_size(1.2 * need)} are needed. Give more, or leave out columns."
        )
    if n_sample < min(FEW_SAMPLE, most):
        warnings.warn(
            f"`max_memory` = {_size(allowed)} leaves room for {n_sample:,} rows in memory: relations between columns and joint "
            "distributions are taken from these alone. Give more memory for a closer model.",
            MemoryWarning,
            stacklevel=5,
        )
    shard = _power(_FOR_SHARD * left / (2 * encoded + 1), MAX_SHARD)
    return MemoryPlan(n_sample, max(shard, MIN_SHARD), together, allowed)


def begun_plan(
    begun: Mapping[str, int] | None,
    trial: pd.DataFrame,
    n_features: int,
    n_rows: int,
    max_memory: str | int | None,
) -> MemoryPlan:
    """The plan of a fit that is taken up: what it began with, since another plan gives another model.

    Parameters
    ----------
    begun : mapping or None
        The fields of its `MemoryPlan`; None: it began with all rows in memory.
    trial, n_features, n_rows, max_memory
        As for `memory_plan`.

    Returns
    -------
    MemoryPlan
        The one that it began with.

    Raises
    ------
    ParameterError
        If the memory that is allowed now is less than it began with, and too little for it.
    """
    plan = MemoryPlan(n_rows, 0, 0) if begun is None else MemoryPlan(**begun)
    allowed, held = allowed_memory(max_memory), resident_memory()
    _, encoded, resident, block = _row_bytes(trial, n_features)
    shard = 2 * encoded * plan.rows_per_shard if plan.rows_per_shard > MIN_SHARD else 0
    parts = (
        plan.n_sample * resident / _FOR_SAMPLE,
        plan.rows_together * block / _FOR_BLOCKS,
        shard / _FOR_SHARD,
    )
    need = held + max(parts)
    if need > allowed and (not plan.max_memory or allowed < plan.max_memory):
        raise ParameterError(
            f"The `max_memory` parameter of fit allows {_size(allowed)}, which is less than what the fit began with: its "
            f"{plan.n_sample:,} rows in memory need {_size(need)}, and fewer would give another model. Allow more to go on with it, or "
            "begin anew in another folder."
        )
    return plan


def _row_bytes(trial: pd.DataFrame, n_features: int) -> tuple[float, float, float, float]:
    """Of one row: as the table holds it, encoded, with all copies while it is in memory, and in a block."""
    row = float(trial.memory_usage(index=False, deep=True).sum()) / max(len(trial), 1)
    encoded = 4.0 * n_features
    resident = _COPIES_OF_ROWS * row + _COPIES_OF_MATRIX * encoded + _COLUMN_BYTES
    return row, encoded, resident, _COPIES_OF_BLOCK * row + 2 * encoded + _COLUMN_BYTES


def _power(n: float, most: int) -> int:
    """The largest power of two up to `n` and `most`, or `most`; 0 below one."""
    if n >= most:
        return most
    return 1 << (int(n).bit_length() - 1) if n >= 1 else 0


def _size(n_bytes: float) -> str:
    return f"{n_bytes / 2**30:.2f} GiB" if n_bytes >= 2**30 else f"{n_bytes / 2**20:.0f} MiB"
