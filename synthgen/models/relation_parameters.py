"""The parameters of every synthesizer that speak of rules or of rare levels, and parameters as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from synthgen.constraints.rules import Rule, rule_from_dict
from synthgen.schema import Schema
from synthgen.validation import Choice, Constraint, Each, Instance, Interval, Nothing

RELATION_CONSTRAINTS: dict[str, list[Constraint]] = {
    "constraints": [Each(Instance(Rule, "a rule, such as Inequality")), Nothing()],
    "detect_relations": [Choice((True, False))],
}
"""What those on rules must be."""
POOLING_CONSTRAINTS: dict[str, list[Constraint]] = {"min_category_count": [Interval("int", 1, math.inf)]}
"""What the one on rare levels must be."""


def parameters_to_state(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A synthesizer's parameters as plain data.

    Parameters
    ----------
    parameters : mapping of str to object
        As `get_params` gives them.

    Returns
    -------
    dict
        Schema and rules as JSON-able data; callbacks are code, and are left out.
    """
    out = {name: value for name, value in parameters.items() if name != "callbacks"}
    if out.get("schema") is not None:
        out["schema"] = out["schema"].to_dict()
    if out.get("constraints") is not None:
        out["constraints"] = type(out["constraints"])(rule.to_dict() for rule in out["constraints"])
    return out


def published(parameters: Mapping[str, Any], learnt: Schema) -> dict[str, Any]:
    """A synthesizer's parameters without what its file must not hold: rare levels that a given schema names.

    Parameters
    ----------
    parameters : mapping of str to object
        As `get_params` gives them.
    learnt : Schema
        Of the fitted encoder: rare levels are pooled, public ones are kept.

    Returns
    -------
    dict
        With the learnt column in place of each given one whose levels are not public.
    """
    out = dict(parameters)
    if (given := out.get("schema")) is not None:
        columns = tuple(
            c if c.levels is None or learnt[c.name].public_levels else learnt[c.name] for c in given
        )
        out["schema"] = Schema(columns, given.relations)
    return out


def parameters_from_state(state: Mapping[str, Any]) -> dict[str, Any]:
    """A synthesizer's parameters from `parameters_to_state`'s data.

    Parameters
    ----------
    state : mapping of str to object
        Of this version, or of an older one that knew no rules.

    Returns
    -------
    dict
        For the constructor.
    """
    out = dict(state)
    if out.get("schema") is not None:
        out["schema"] = Schema.from_dict(out["schema"])
    if out.get("constraints") is not None:
        out["constraints"] = type(out["constraints"])(rule_from_dict(rule) for rule in out["constraints"])
    return out
