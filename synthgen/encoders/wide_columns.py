"""Which columns of a table form a block that is encoded as one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from synthgen.dtypes import family
from synthgen.exceptions import ParameterError
from synthgen.schema import Column, Schema
from synthgen.validation import some

MIN_COLUMNS = 200
"""Fewer columns than this are no block by themselves."""
MANY_COLUMNS = 2_000
"""This many are one whatever the number of rows; fewer only if there are more than a quarter as many as rows."""
_MAIN_SHARE = 0.9


@dataclass(frozen=True)
class WideOptions:
    """How a block of many numeric columns is to be encoded.

    Parameters
    ----------
    reduce : "auto", int or None
        Common factors: found by parallel analysis, given, or none of them: every column for itself, through a rank
        map. An int makes a block of any table with two numeric columns or more.
    rows_per_factor : float
        "auto" takes at most one factor for so many rows.
    effect_threshold : float or None
        Standard errors from which on a covariate's level may shift a single column beyond the common factors.
        None: never.
    linked : bool
        Whether columns of few levels, in a block of such, depend on the columns before them: neighbouring variants.
    covariates : tuple of str
        Columns that never belong to a block.
    conditional_on : tuple of str
        The same; names that the table lacks are left to the model to refuse.
    features : tuple of str or None
        The columns of the block, where the file says which they are. None: those of the commonest dtype.
    """

    reduce: str | int | None = "auto"
    rows_per_factor: float = 16.0
    effect_threshold: float | None = None
    linked: bool = False
    covariates: tuple[str, ...] = ()
    conditional_on: tuple[str, ...] = ()
    features: tuple[str, ...] | None = None


def block_columns(schema: Schema, n_rows: int, options: WideOptions | None) -> list[Column]:
    """The columns of the block.

    Parameters
    ----------
    schema : Schema
        Of the table.
    n_rows : int
        Rows of the table.
    options : WideOptions or None
        None: no block.

    Returns
    -------
    list of Column
        In table order; empty where the table is not wide.

    Raises
    ------
    ParameterError
        If a covariate is no column of the table.
    """
    if options is None:
        return []
    names = set(schema.names)
    if unknown := [n for n in options.covariates if n not in names]:
        raise ParameterError(
            f"The `covariates` parameter names column {unknown[0]!r}, which the table lacks. "
            f"It has {some(schema.names)}."
        )
    kept_out = {*options.covariates, *options.conditional_on}
    allowed = names if options.features is None else set(options.features)
    numeric = [c for c in schema if c.name in allowed and c.name not in kept_out and _is_number(c)]
    if options.features is None:
        numeric = _of_main_dtype(numeric)
    is_asked = isinstance(options.reduce, int) and options.reduce > 0 and len(numeric) > 1
    return numeric if is_asked or _is_wide(len(numeric), n_rows) else []


def _is_wide(n_columns: int, n_rows: int) -> bool:
    return n_columns >= MIN_COLUMNS and (n_columns >= MANY_COLUMNS or n_columns > n_rows / 4)


def _is_number(column: Column) -> bool:
    is_kind = column.kind in ("continuous", "integer", "constant", "boolean")
    is_array = "decimal" not in column.dtype and not column.dtype.startswith("object")
    return is_kind and family(column.dtype) in ("int", "float", "bool") and is_array


def _of_main_dtype(columns: list[Column]) -> list[Column]:
    """Columns of the commonest dtype if that is nearly all; else all: dosages are whole or, with gaps, floats."""
    if not columns:
        return columns
    token, count = Counter(c.dtype for c in columns).most_common(1)[0]
    return [c for c in columns if c.dtype == token] if count >= _MAIN_SHARE * len(columns) else columns
