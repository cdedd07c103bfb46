"""Rows whose target is not known: what stands for it in the matrix, and which matrix columns say nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthgen.constraints.rules import Unique
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.exceptions import DataError
from synthgen.models.latent_model import AbstractLatentModel

SEED = 0
"""Of the rows that the target's usual values are taken from."""


def matrix_without_target(
    table: pd.DataFrame, target: str, encoder: TableEncoder, model: AbstractLatentModel
) -> tuple[np.ndarray, np.ndarray]:
    """The matrix of rows that lack the target.

    Parameters
    ----------
    table : pandas.DataFrame, shape (n, n_columns - 1 or more)
        With the other columns of the schema.
    target : str
        The column that is not known.
    encoder : TableEncoder
        Fitted on tables with it.
    model : AbstractLatentModel
        Of its matrices.

    Returns
    -------
    rows : ndarray of float32, shape (n, F)
        With the mean of generated rows where the target stands.
    is_known : ndarray of bool, shape (F,)
        False there.

    Raises
    ------
    DataError
        If the other columns cannot be encoded without the target.
    """
    _check_apart(target, encoder, model)
    drawn = model.rows(model.draw_latent(SEED, 0))
    filler = encoder.inverse_transform(drawn[:1], columns=[target])[target]
    column = filler.take(np.zeros(len(table), dtype=int)).set_axis(table.index)
    rows = encoder.matrix(table.assign(**{target: column}), ties="middle")
    is_known = np.ones(rows.shape[1], dtype=bool)
    for block in encoder.layout_.blocks:
        if block.column == target:
            is_known[block.start : block.stop] = False
    rows[:, ~is_known] = drawn[:, ~is_known].mean(axis=0)
    return rows, is_known


def _check_apart(target: str, encoder: TableEncoder, model: AbstractLatentModel) -> None:
    """Refuse where other matrix columns depend on the target."""
    way_out = f"give it too: encode(X, y), or a table with the column {target!r}"
    rules = [r.rule for r in encoder.schema_.relations or () if r.enabled and not isinstance(r.rule, Unique)]
    for rule in rules:
        if target in rule.names:
            raise DataError(
                f"The target {target!r} cannot be left out, since a rule binds it to other columns "
                f"({rule.words()}); {way_out}, or fit with detect_relations=False."
            )
    if encoder.block_ is not None and target in encoder.block_.names:
        raise DataError(
            f"The target {target!r} cannot be left out, as it is one of the many columns that are encoded "
            f"together; {way_out}, or fit with covariates=[{target!r}]."
        )
    layout = encoder.layout_
    own = {i for b in layout.blocks if b.column == target for i in range(b.start, b.stop)}
    if own & set(model.cond_columns):
        raise DataError(
            f"The target {target!r} cannot be left out, as the model is conditional on it; {way_out}."
        )
