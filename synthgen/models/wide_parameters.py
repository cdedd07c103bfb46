"""The parameters of models that reduce a block of many numeric columns."""

from __future__ import annotations

import math
from collections.abc import Sequence

from synthgen.encoders.wide_columns import WideOptions
from synthgen.validation import Choice, Constraint, Each, Instance, Interval, Nothing

ROWS_PER_FACTOR = {"default": 16.0, "fidelity": 8.0, "strict": 32.0}
"""By preset, how many rows there must be at least for each common factor."""
EFFECT_THRESHOLD = {"default": 2.0, "fidelity": 1.5, "strict": 3.0}
"""By preset, from how many standard errors on a class may shift a single column."""

WIDE_CONSTRAINTS: dict[str, list[Constraint]] = {
    "reduce": [Choice(("auto",)), Interval("int", 0, math.inf), Nothing()],
    "preset": [Choice(tuple(ROWS_PER_FACTOR))],
    "covariates": [Each(Instance(str, "a column name")), Nothing()],
}


def wide_options(
    reduce: str | int | None,
    preset: str,
    covariates: Sequence[str] | None,
    conditional_on: Sequence[str] | None,
    *,
    is_local: bool,
) -> WideOptions:
    """The encoder's options from a model's parameters.

    Parameters
    ----------
    reduce, preset, covariates, conditional_on
        As the model has them.
    is_local : bool
        Whether single columns may go their own way beyond the common factors: shifted by classes, or linked to the
        columns before them.

    Returns
    -------
    WideOptions
        Columns that the model is conditional on are covariates.
    """
    threshold = EFFECT_THRESHOLD[preset] if is_local else None
    return WideOptions(
        reduce,
        ROWS_PER_FACTOR[preset],
        threshold,
        linked=is_local,
        covariates=tuple(covariates or ()),
        conditional_on=tuple(conditional_on or ()),
    )
