"""Every value of the training table that a fitted model keeps, as plain data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from synthgen.models.base import AbstractSynthesizer


def stored_values(model: AbstractSynthesizer) -> dict[str, dict[str, Any]]:
    """What a model keeps of the values of its training table.

    Parameters
    ----------
    model : AbstractSynthesizer
        Fitted.

    Returns
    -------
    dict
        ``columns``: of each encoded column its levels, single values, ends, knots and shapes, and how many rare levels
        (and rows) were pooled. ``relations``: by rule, the values that it lists. ``conditions``: the combinations that
        the model may be given, column by column. ``features``: what travels with the columns of an AnnData or a
        genomic file. Each only if there is something.

    Notes
    -----
    What networks, correlations and trees have learnt is no value of the table and not listed.
    """
    encoder = model.encoder_
    out = {
        **encoder.stored_values(),
        "conditions": _conditions(model),
        "features": {} if model.annotation_ is None else _features(model.annotation_.features),
    }
    return {name: part for name, part in out.items() if part}


def _conditions(model: AbstractSynthesizer) -> dict[str, list[Any]]:
    """The conditions of a model, as columns of the table."""
    layout, columns = model.encoder_.layout_, set(model.model_.cond_columns)
    named = {b.column for b in layout.blocks if b.start in columns and b.width}
    # of a number whose gate alone is given the condition says no value
    partly = {b.column for b in layout.blocks if b.start not in columns}
    whole = [c.name for c in model.schema_ if _is_given(model, c.name, named, partly)]
    if not columns or not whole:
        return {}
    rows = model.model_.condition_rows()
    matrix = np.zeros((len(rows), layout.width), dtype=np.float32)
    matrix[:, model.model_.cond_columns] = rows
    table = model.encoder_.inverse_transform(matrix, columns=whole)
    return {name: _plain(table[name]) for name in whole}


def _is_given(model: AbstractSynthesizer, name: str, named: set[str], partly: set[str]) -> bool:
    carriers = set(model.encoder_.carriers(name))
    return bool(carriers) and carriers <= named and carriers.isdisjoint(partly)


def _features(table: pd.DataFrame) -> dict[str, list[Any]]:
    return {"names": [str(n) for n in table.index], **{str(n): _plain(table[n]) for n in table.columns}}


def _plain(series: pd.Series) -> list[Any]:
    """Values fit for JSON; None where missing."""
    values = zip(series.tolist(), series.isna().tolist(), strict=True)
    return [None if gap else v if isinstance(v, (str, int, float, bool)) else str(v) for v, gap in values]
