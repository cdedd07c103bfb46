"""Which matrix columns a model is conditional on."""

from __future__ import annotations

from collections.abc import Sequence

from synthgen.encoders.table_encoder import TableEncoder
from synthgen.exceptions import ParameterError
from synthgen.validation import some


def condition_columns(encoder: TableEncoder, conditional_on: Sequence[str] | None, owner: str) -> list[int]:
    """The matrix columns of the conditions.

    Parameters
    ----------
    encoder : TableEncoder
        Fitted.
    conditional_on : sequence of str or None
        The `conditional_on` parameter of the model.
    owner : str
        Class of the model, for messages.

    Returns
    -------
    list of int
        Of the columns named. Where a block is reduced: of all choices among the covariates, gates included.

    Raises
    ------
    ParameterError
        If a column is absent, is not of few values, or none is left to be learnt.
    """
    names, layout = tuple(conditional_on or ()), encoder.layout_
    for name in names:
        _check(encoder, name, owner)
    names = tuple(dict.fromkeys(c for name in names for c in encoder.carriers(name)))
    if names and len(layout.columns_of(names)) == layout.width:
        raise ParameterError(
            f"The `conditional_on` parameter of {owner} must leave a column to be learnt. Got {names!r}, which are all."
        )
    if encoder.is_reduced:
        return [i for b in layout.one_hot for i in range(b.start, b.stop)]
    return layout.columns_of(names)


def _check(encoder: TableEncoder, name: str, owner: str) -> None:
    if name not in encoder.schema_:
        raise ParameterError(
            f"The `conditional_on` parameter of {owner} names column {name!r}, which the table lacks. "
            f"It has {some(encoder.schema_.names)}."
        )
    column = encoder.schema_[name]
    carriers = encoder.carriers(name)
    blocks = [b for b in encoder.layout_.blocks if b.column in carriers]
    if not blocks or any(b.activation == "numeric" for b in blocks):
        raise ParameterError(
            f"The `conditional_on` parameter of {owner} must name columns of few values. "
            f"Got {name!r}, which is {column.kind} with many or only one; ask for its values in `sample` instead."
        )
