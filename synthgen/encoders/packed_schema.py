"""The schema of very many columns, most of which differ in their names alone, as a few lists and one array."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from synthgen.schema import Column, Schema

MANY_COLUMNS = 50_000
"""Schemas of so many columns or more are packed: the JSON of a million of them would be longer than a file may have."""


def schema_to_state(schema: Schema) -> dict[str, Any]:
    """A schema for a model's state.

    Parameters
    ----------
    schema : Schema
        Any.

    Returns
    -------
    dict
        `Schema.to_dict`'s; of `MANY_COLUMNS` or more their ``names``, the number of the ``sort`` of each, and the ``sorts``:
        columns without names.
    """
    if len(schema) < MANY_COLUMNS:
        return schema.to_dict()
    numbers: dict[Column, int] = {}
    sort = np.empty(len(schema), dtype=np.int32)
    for i, column in enumerate(schema):
        sort[i] = numbers.setdefault(dataclasses.replace(column, name=""), len(numbers))
    sorts = Schema(
        tuple(dataclasses.replace(c, name=str(i)) for i, c in enumerate(numbers)), schema.relations
    )
    return {"names": schema.names, "sort": sort, "sorts": sorts.to_dict()}


def schema_from_state(state: dict[str, Any]) -> Schema:
    """From `schema_to_state`'s data.

    Parameters
    ----------
    state : dict
        Packed or not.

    Returns
    -------
    Schema
        The schema.
    """
    if "names" not in state:
        return Schema.from_dict(state)
    sorts = Schema.from_dict(state["sorts"])
    if len(state["names"]) != len(state["sort"]):
        raise ValueError(f"{len(state['names'])} names of {len(state['sort'])} columns")
    pairs = zip(state["names"], state["sort"].tolist(), strict=True)
    columns = tuple(dataclasses.replace(sorts.columns[number], name=name) for name, number in pairs)
    return Schema(columns, sorts.relations)
