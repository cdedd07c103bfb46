"""Which relations are built into the encoding of a table, in what order, and which are checked row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from synthgen.constraints.rules import (
    Dependency,
    FixedCombinations,
    Formula,
    Inequality,
    Repeats,
    Rule,
    Unique,
    rule_from_dict,
)
from synthgen.exceptions import SchemaError
from synthgen.plain import Plain, from_plain, to_plain
from synthgen.relations.checks import obeyed
from synthgen.relations.combined import CombinationStep
from synthgen.relations.computed import FormulaStep
from synthgen.relations.gaps import GapStep
from synthgen.relations.lookup import LookupStep
from synthgen.relations.quantities import plains
from synthgen.relations.repeats import RepeatStep
from synthgen.relations.steps import AbstractStep, Table, too_rare
from synthgen.schema import Column, Schema

_STEPS: dict[str, type[AbstractStep]] = {
    s.name: s for s in (CombinationStep, FormulaStep, GapStep, LookupStep, RepeatStep)
}
_ORDER = (FixedCombinations, Formula, Dependency, Repeats, Inequality)
"""Which rules are built in first: those that nothing else can hold."""


@dataclass(frozen=True)
class RowCheck:
    """A rule that rows are held to when they are drawn.

    Parameters
    ----------
    rule : Rule
        The rule.
    decimals : int or None
        Of a formula: the grid of the column that it gives.
    """

    rule: Rule
    decimals: int | None = None

    def passed(self, table: pd.DataFrame, schema: Schema) -> np.ndarray:
        """Which rows of a table obey, shape (N,)."""
        return obeyed(self.rule, plains(table, schema, self.rule.names), schema, self.decimals)


class Plan:
    """Steps from a table to a smaller one and back.

    Parameters
    ----------
    schema : Schema
        Of the full table.
    steps : sequence of AbstractStep
        In the order in which they are undone: inputs before what they give.
    checks : sequence of RowCheck
        The rules that no step guarantees.
    possible : mapping of str to Plain
        Of each column that steps restore: its levels, or the smallest and the largest number.

    Attributes
    ----------
    reduced : Schema
        Of the smaller table.
    """

    def __init__(
        self,
        schema: Schema,
        steps: Sequence[AbstractStep],
        checks: Sequence[RowCheck],
        possible: Mapping[str, Plain],
    ) -> None:
        self.schema = schema
        self.steps = _ordered(steps)
        self.checks = list(checks)
        self.possible = dict(possible)
        self._by_target = {t: s for s in self.steps for t in s.targets}
        self.reduced = _reduced(schema, self.steps)

    @classmethod
    def fit(
        cls, table: pd.DataFrame, schema: Schema, possible: Callable[[str], Plain], least: int = 1
    ) -> Self:
        """Decide what is built in and what is checked, and learn what that needs.

        Parameters
        ----------
        table : pandas.DataFrame, shape (N, n_columns)
            In which every rule in force holds.
        schema : Schema
            Its schema, with relations.
        possible : callable
            A column's levels, or the smallest and the largest number that its own encoder would give back.
        least : int
            Rows that must hold a combination of values for it to be kept.

        Returns
        -------
        Self
            The plan. Detected rules that list combinations which `least` rows nowhere hold are no part of it, nor of
            its schema.

        Raises
        ------
        SchemaError
            If two rules compute one column, or rules compute columns from each other in a circle, or a declared rule
            lists combinations that `least` rows nowhere hold.
        """
        rules = [(r.rule, r.source) for r in schema.relations or () if r.enabled]
        steps: list[AbstractStep] = []
        checks: list[RowCheck] = []
        too_rare_ones: set[Rule] = set()
        for rule, source in sorted(rules, key=lambda pair: _rank(pair[0])):
            columns = plains(table, schema, rule.names)
            step = _step(rule, columns, schema, possible, steps, least)
            if step is not None:
                steps.append(step)
            elif isinstance(rule, (FixedCombinations, Dependency)):  # nothing of what it lists may be kept
                if source == "declared":
                    raise SchemaError(too_rare(rule, least))
                too_rare_ones.add(rule)
                continue
            if isinstance(rule, Repeats):
                continue  # no row can break it
            if isinstance(rule, Unique) and any(schema[n].kind == "identifier" for n in rule.names):
                continue  # no two of these are alike
            if step is None or not step.is_exact:
                checks.append(RowCheck(rule, getattr(step, "decimals", None)))
        restored = {t: possible(t) for s in steps for t in s.targets}
        return cls(_without(schema, too_rare_ones), steps, checks, restored)

    def carriers(self, name: str) -> tuple[str, ...]:
        """The columns of the reduced table that a column of the full one is restored from; itself if it is there."""
        if name not in self._by_target:
            return (name,)
        step = self._by_target[name]
        own = [step.own.name] if step.own is not None else [name] if step.keeps else []
        return tuple(dict.fromkeys([*own, *(c for i in step.inputs for c in self.carriers(i))]))

    def reduce(self, table: pd.DataFrame) -> pd.DataFrame:
        """The smaller table.

        Parameters
        ----------
        table : pandas.DataFrame, shape (N, n_columns)
            The full one.

        Returns
        -------
        pandas.DataFrame, shape (N, n_reduced)
            As `reduced` says; the table itself if there are no steps.
        """
        if not self.steps:
            return table
        own: dict[str, pd.Series] = {}
        for step in self.steps:
            columns = plains(table, self.schema, (*step.targets, *step.inputs))
            if step.own is not None and (plain := step.reduce(columns)) is not None:
                own[step.own.name] = from_plain(plain, step.own).set_axis(table.index)
        kept = {n: own[n] if n in own else table[n] for n in self.reduced.names}
        return pd.DataFrame(kept, index=table.index, copy=False)

    def needed(self, wanted: Iterable[str]) -> set[str]:
        """The columns of the reduced table that some columns of the full one are restored from."""
        return {c for name in wanted for c in self.carriers(name)}

    def restore(self, table: pd.DataFrame, wanted: set[str] | None) -> pd.DataFrame:
        """The full table, or some of its columns.

        Parameters
        ----------
        table : pandas.DataFrame, shape (N, n_reduced)
            The smaller one; what `needed` says is enough.
        wanted : set of str or None
            Columns of the full one; None: all.

        Returns
        -------
        pandas.DataFrame, shape (N, n_wanted)
            In the order of the full table.
        """
        if not self.steps:
            return table
        names = [n for n in self.schema.names if wanted is None or n in wanted]
        own = {n: table[n] for n in table.columns if n not in self.schema}
        found = {n: table[n] for n in table.columns if n in self.schema}
        through = self._through(names)
        for step in self.steps:
            if not through.isdisjoint(step.targets):
                self._undo(step, found, own)
        return pd.DataFrame({n: found[n] for n in names}, index=table.index, copy=False)

    def _through(self, names: Iterable[str]) -> set[str]:
        """The columns of the full table on the way to some of them, themselves included."""
        seen: set[str] = set()
        waiting = list(names)
        while waiting:
            if (name := waiting.pop()) not in seen:
                seen.add(name)
                waiting += self._by_target[name].inputs if name in self._by_target else ()
        return seen

    def _undo(self, step: AbstractStep, found: dict[str, pd.Series], own: dict[str, pd.Series]) -> None:
        names = (*step.inputs, *(step.targets if step.keeps else ()))
        columns = {n: to_plain(found[n], self.schema[n]) for n in names}
        mine = None if step.own is None else to_plain(own[step.own.name], step.own)
        for name, plain in step.restore(columns, mine).items():
            found[name] = from_plain(plain, self.schema[name])

    def stored_values(self) -> dict[str, Any]:
        """What the steps keep of the columns' values, by rule, as plain data."""
        return {s.rule.words(): own for s in self.steps if (own := s.stored_values(self.schema))}

    def to_state(self) -> dict[str, Any]:
        """Steps and checks, as JSON-able values and numpy arrays; the schema is not in it."""
        return {
            "steps": [{"step": s.name, **s.to_state()} for s in self.steps],
            "checks": [{"rule": c.rule.to_dict(), "decimals": c.decimals} for c in self.checks],
            "possible": [[n, p.values] for n, p in self.possible.items()],
        }

    @classmethod
    def from_state(cls, state: dict[str, Any] | None, schema: Schema) -> Self:
        """From `to_state`'s data; None: a plan without steps."""
        if state is None:
            return cls(schema, [], [], {})
        steps = [_STEPS[s["step"]].from_state(s, schema) for s in state["steps"]]
        checks = [RowCheck(rule_from_dict(c["rule"]), c["decimals"]) for c in state["checks"]]
        possible = {n: Plain(v, np.zeros(len(v), dtype=bool)) for n, v in state["possible"]}
        return cls(schema, steps, checks, possible)


def _without(schema: Schema, rules: Set[Rule]) -> Schema:
    """A schema without some of the rules in force."""
    if not rules:
        return schema
    return schema.relate([r for r in schema.relations or () if not r.enabled or r.rule not in rules])


def _rank(rule: Rule) -> int:
    return next((i for i, kind in enumerate(_ORDER) if isinstance(rule, kind)), len(_ORDER))


def _step(
    rule: Rule,
    columns: Mapping[str, Plain],
    schema: Schema,
    possible: Callable[[str], Plain],
    steps: Sequence[AbstractStep],
    least: int,
) -> AbstractStep | None:
    """The step of a rule; None if it must be checked row by row, or if nothing of what it lists may be kept."""
    targets = targets_of(rule)
    inputs = [n for n in rule.names if n not in targets]
    taken = blocked(targets, inputs, {t: s.inputs for s in steps for t in s.targets})
    if taken is not None and not isinstance(rule, (Inequality, Unique)):
        raise SchemaError(
            f"The constraint {rule.words()!r} cannot hold beside the others: column {taken!r} is already computed from "
            "other columns, or would be from itself. Join the two constraints, or take one out."
        )
    if taken is not None or not targets:
        return None
    table = Table(columns, schema, {n: possible(n) for n in targets}, least)
    names = {*schema.names, *(s.own.name for s in steps if s.own is not None)}
    if isinstance(rule, FixedCombinations):
        return CombinationStep.fit(rule, table, _free(" & ".join(rule.columns), names))
    if isinstance(rule, Formula):
        return FormulaStep.fit(rule, table)
    if isinstance(rule, Dependency):
        return LookupStep.fit(rule, table)
    if isinstance(rule, Repeats):
        return RepeatStep.fit(rule, table, _free(f"{rule.column} unless {rule.of}", names))
    if isinstance(rule, Inequality):
        return GapStep.fit(rule, table, _free(f"{rule.high} - {rule.low}", names))
    return None


def targets_of(rule: Rule) -> tuple[str, ...]:
    """The columns that a rule's step restores."""
    if isinstance(rule, FixedCombinations):
        return rule.columns
    if isinstance(rule, (Formula, Dependency, Repeats)):
        return (rule.column,)
    return (rule.high,) if isinstance(rule, Inequality) else ()


def blocked(targets: Sequence[str], inputs: Sequence[str], steps: Mapping[str, Sequence[str]]) -> str | None:
    """Why a step cannot join others: the column that is a target twice, or that would depend on itself.

    Parameters
    ----------
    targets, inputs : sequence of str
        Of the new step.
    steps : mapping of str to sequence of str
        The inputs of each target of the others.

    Returns
    -------
    str or None
        The column; None if nothing is in the way.
    """
    if twice := [t for t in targets if t in steps]:
        return twice[0]
    seen: set[str] = set()
    waiting = list(inputs)
    while waiting:
        name = waiting.pop()
        if name in targets:
            return name
        if name not in seen:
            seen.add(name)
            waiting += steps.get(name, ())
    return None


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "'"
    return name


def _ordered(steps: Sequence[AbstractStep]) -> list[AbstractStep]:
    """Inputs before what they give."""
    left, done = list(steps), []
    waiting = {t for s in steps for t in s.targets}
    while left:
        ready = [s for s in left if waiting.isdisjoint(s.inputs)]
        if not ready:
            raise SchemaError("Relations compute columns from each other in a circle.")
        done += ready
        left = [s for s in left if s not in ready]
        waiting = {t for s in left for t in s.targets}
    return done


def _reduced(schema: Schema, steps: Sequence[AbstractStep]) -> Schema:
    if not steps:
        return schema
    gone = {t for s in steps for t in s.targets if not s.keeps}
    stands = {s.targets[0]: s.own for s in steps if s.own is not None}
    columns: list[Column] = []
    for column in schema:
        if column.name in stands:
            columns.append(stands[column.name])
        elif column.name not in gone:
            columns.append(column)
    return Schema(tuple(columns))
