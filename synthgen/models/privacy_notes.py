"""What a model's file and samples give away, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthgen.disclosure import MIN_ROWS as SMALLEST_GROUP
from synthgen.encoders.block import BlockEncoder
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.models.matrix_model import AbstractMatrixModel

FEW_ROWS = 1000
"""In tables of fewer, single rows weigh much."""


def privacy_notes(
    encoder: TableEncoder, model: AbstractMatrixModel, n_rows: int, parameters: Mapping[str, Any]
) -> list[str]:
    """What can be told of a fitted model without looking at its rows.

    Parameters
    ----------
    encoder : TableEncoder
        Fitted.
    model : AbstractMatrixModel
        Fitted.
    n_rows : int
        Of the training table.
    parameters : mapping
        Of the synthesizer, as they were in `fit`.

    Returns
    -------
    list of str
        A sentence or two each.
    """
    least = parameters["min_category_count"]
    notes = [
        f"No whole training row is stored. Kept are levels that {least:,} rows or more hold, numbers "
        f"that {SMALLEST_GROUP} or more hold, and means of {SMALLEST_GROUP} or more; `synthgen inspect` lists them."
    ]
    if pooled := encoder.pooled_:
        told = (f"{n} ({p.levels:,} levels, {p.rows:,} rows: {p.how})" for n, p in pooled.items())
        notes.append(f"Levels of fewer than {least:,} rows are not kept: {', '.join(told)}.")
    repeated = [e.column.name for e in encoder.encoders_ if e.n_kept_values() > 0.5 * n_rows]
    if least == 1 and repeated:
        notes.append(f"Mostly distinct values are repeated from the training rows: {', '.join(repeated)}.")
    if encoder.block_ is not None:
        notes.append(_block_note(encoder.block_))
    elif len(model.cond_columns):
        notes.append(
            f"Of the {len(model.condition_rows()):,} combinations of the columns that the model is conditional on, "
            f"those that {SMALLEST_GROUP} rows have are stored as they occurred; the others are drawn."
        )
    if n_rows < FEW_ROWS:
        notes.append(f"Only {n_rows} training rows: single rows weigh much; evaluate before sharing.")
    if parameters["random_state"] is not None:
        notes.append(
            "The seed of the fit is stored: whoever knows all training rows but one can fit again and compare. "
            "Fit without `random_state` before sharing the file."
        )
    notes.append("No differential privacy: nothing bounds what a determined attacker may infer.")
    return notes


def _block_note(block: BlockEncoder) -> str:
    """What the model of a wide table gives away besides its covariates."""
    common = "no common factors" if block.factors is None else f"{block.n_scores} common factors"
    return (
        f"{len(block.names):,} columns are learnt together with {common}: an attacker who "
        "knows a row can hold it against their span (the report's span attack), and the more factors the better. Kept of "
        "each column: means of five or more of its sorted values, or the levels that at least five cells of the block "
        "hold, with their shares. Combinations of covariates that fewer than five rows have are drawn, not kept."
    )
