"""A rule as a schema carries it: with where it comes from, and whether it is in force."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from synthgen.constraints.rules import Rule, rule_from_dict
from synthgen.exceptions import SchemaError

SOURCES = ("declared", "detected")
"""Where a relation may come from."""


@dataclass(frozen=True)
class Relation:
    """A rule of a schema.

    Parameters
    ----------
    rule : Rule
        `Dependency`, `FixedCombinations`, `Formula`, `Inequality`, `Range`, `Repeats` or `Unique`.
    source : {"declared", "detected"}
        Whether a user said so, or the training table did.
    enabled : bool
        False: listed, but not in force.
    support : int or None
        Training rows that it was seen to hold in: those with no missing value among its columns. No row broke it.
        Of `Repeats`: the rows that repeat.
    reason : str
        Why it is here, in words.

    Raises
    ------
    SchemaError
        If a field is of the wrong type.
    """

    rule: Rule
    source: str = "declared"
    enabled: bool = True
    support: int | None = None
    reason: str = "declared"

    def __post_init__(self) -> None:
        if not isinstance(self.rule, Rule):
            raise SchemaError(f"A relation must hold a rule, such as Inequality. Got {self.rule!r}.")
        words = self.rule.words()
        if self.source not in SOURCES:
            raise SchemaError(
                f"The source of {words!r} must be one of {', '.join(SOURCES)}. Got {self.source!r}."
            )
        if not isinstance(self.enabled, bool):
            raise SchemaError(f"The enabled of {words!r} must be true or false. Got {self.enabled!r}.")
        if self.support is not None and (not isinstance(self.support, int) or self.support < 0):
            raise SchemaError(f"The support of {words!r} must be a number of rows. Got {self.support!r}.")
        if not isinstance(self.reason, str):
            raise SchemaError(f"The reason of {words!r} must be a string. Got {self.reason!r}.")

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON: the rule's fields and the relation's, side by side."""
        own = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "rule"}
        return {**self.rule.to_dict(), **own}

    @classmethod
    def from_dict(cls, data: Any) -> Relation:
        """From `to_dict`'s data; all but the rule's own fields may be left out."""
        if not isinstance(data, dict):
            raise SchemaError(f"A relation of a schema must be an object. Got {data!r}.")
        own = {f.name for f in dataclasses.fields(cls)} - {"rule"}
        rule = rule_from_dict({k: v for k, v in data.items() if k not in own})
        return cls(rule, **{k: v for k, v in data.items() if k in own})


def as_relation(given: Relation | Rule) -> Relation:
    """A relation as it is, or a rule as a declared relation."""
    return given if isinstance(given, Relation) else Relation(given)
