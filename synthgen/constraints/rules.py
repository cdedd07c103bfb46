"""The rules that rows of a table obey. Frozen; JSON in and out."""

from __future__ import annotations

import abc
import dataclasses
import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from synthgen.constraints.expression import Expression, parse_expression
from synthgen.exceptions import SchemaError


@dataclass(frozen=True)
class Rule(abc.ABC):
    """What every row of a table obeys; where one of the values is missing it holds."""

    @property
    @abc.abstractmethod
    def names(self) -> tuple[str, ...]:
        """The columns that it speaks of."""

    @abc.abstractmethod
    def words(self) -> str:
        """For messages and listings, such as ``pickup <= dropoff``."""

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON: the type's name and the fields."""
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {
            "type": type(self).__name__,
            **{k: list(v) if isinstance(v, tuple) else v for k, v in fields.items()},
        }


@dataclass(frozen=True)
class Inequality(Rule):
    """One column is never larger than another.

    Parameters
    ----------
    low, high : str
        Two columns of numbers, of instants or of durations.
    strict : bool
        Whether they must differ too.

    Raises
    ------
    SchemaError
        If they are not the names of two columns.

    Examples
    --------
    >>> Inequality("pickup", "dropoff").words()
    'pickup <= dropoff'
    """

    low: str
    high: str
    strict: bool = False

    def __post_init__(self) -> None:
        _check_names(self, (self.low, self.high), fewest=2)
        if not isinstance(self.strict, bool):
            raise SchemaError(f"The strict of {self.words()} must be true or false. Got {self.strict!r}.")

    @property
    def names(self) -> tuple[str, ...]:
        """Both columns."""
        return self.low, self.high

    def words(self) -> str:
        """``low <= high``."""
        return f"{self.low} {'<' if self.strict is True else '<='} {self.high}"


@dataclass(frozen=True)
class Range(Rule):
    """A column lies between two values, both included.

    Parameters
    ----------
    column : str
        A column of numbers, of instants or of durations.
    low, high : float, str, datetime or None
        The ends; instants may be ISO texts, durations are in seconds. None leaves an end open.

    Raises
    ------
    SchemaError
        If an end is none of these, both are open, or they fall.

    Examples
    --------
    >>> Range("age", 0, 120).words()
    '0 <= age <= 120'
    """

    column: str
    low: float | str | None
    high: float | str | None

    def __post_init__(self) -> None:
        _check_names(self, (self.column,), fewest=1)
        for end in ("low", "high"):
            object.__setattr__(self, end, _end(self.column, getattr(self, end)))
        ends = [e for e in (self.low, self.high) if e is not None]
        if not ends or len({isinstance(e, str) for e in ends}) > 1:
            raise SchemaError(
                f"The range of column {self.column!r} must have one end or two of one kind. Got "
                f"({self.low!r}, {self.high!r})."
            )
        if len(ends) == 2 and not isinstance(ends[0], str) and ends[0] > ends[1]:  # type: ignore[operator]
            raise SchemaError(
                f"The range of column {self.column!r} must rise. Got ({self.low!r}, {self.high!r})."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    def words(self) -> str:
        """``low <= column <= high``."""
        left = "" if self.low is None else f"{self.low} <= "
        return f"{left}{self.column}{'' if self.high is None else f' <= {self.high}'}"


@dataclass(frozen=True)
class FixedCombinations(Rule):
    """Columns come in combinations that the training table holds, and in no others.

    Parameters
    ----------
    columns : sequence of str
        Two or more. A missing value is one of the values that combine.

    Raises
    ------
    SchemaError
        If they are not the names of two or more columns.

    Examples
    --------
    >>> FixedCombinations(["zip", "city"]).words()
    'zip, city in combinations seen'
    """

    columns: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", _names(self, self.columns))
        _check_names(self, self.columns, fewest=2)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return self.columns

    def words(self) -> str:
        """``a, b in combinations seen``."""
        return f"{', '.join(self.columns)} in combinations seen"


@dataclass(frozen=True)
class Formula(Rule):
    """A column is computed from others.

    Parameters
    ----------
    column : str
        The column.
    expression : str
        Other columns, numbers, ``+ - * /`` and parentheses; instants and durations count in seconds. Names with
        spaces or signs stand between backquotes.

    Raises
    ------
    SchemaError
        If the expression holds anything else, or the column itself.

    Notes
    -----
    It holds if the column differs from the formula by no more than half a unit of its own last decimal (whole numbers:
    of 1; instants: of their unit), or by floating-point noise where it has no such grid. Where the formula has no
    finite value (0 / 0) it holds.

    Examples
    --------
    >>> Formula("total", "fare + tip + tolls").words()
    'total = fare + tip + tolls'
    """

    column: str
    expression: str

    def __post_init__(self) -> None:
        _check_names(self, (self.column,), fewest=1)
        if self.column in self.parsed.names:
            raise SchemaError(f"The formula {self.words()!r} must not hold the column that it gives.")

    @cached_property
    def parsed(self) -> Expression:
        """The expression, taken apart."""
        return parse_expression(self.expression)

    @property
    def names(self) -> tuple[str, ...]:
        """The column, then those in the expression."""
        return (self.column, *self.parsed.names)

    def words(self) -> str:
        """``column = expression``."""
        return f"{self.column} = {self.expression}"


@dataclass(frozen=True)
class Unique(Rule):
    """No two rows of a sample agree in these columns.

    Parameters
    ----------
    columns : str or sequence of str
        One or more.

    Raises
    ------
    SchemaError
        If they are not the names of columns.

    Notes
    -----
    Rows with a missing value in one of the columns may repeat. Two samples may share values.

    Examples
    --------
    >>> Unique("ticket").words()
    'ticket unique'
    """

    columns: tuple[str, ...]

    def __post_init__(self) -> None:
        given = (self.columns,) if isinstance(self.columns, str) else self.columns
        object.__setattr__(self, "columns", _names(self, given))
        _check_names(self, self.columns, fewest=1)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return self.columns

    def words(self) -> str:
        """``a, b unique``."""
        return f"{', '.join(self.columns)} unique"


@dataclass(frozen=True)
class Dependency(Rule):
    """One column determines another: each value of it comes with one value of the other, as in the training table.

    Parameters
    ----------
    by : str
        The column that determines.
    column : str
        The column that is determined.

    Raises
    ------
    SchemaError
        If they are not the names of two columns.

    Notes
    -----
    Missing is a value like any other here. A number that no training row had takes the value of the nearest one.

    Examples
    --------
    >>> Dependency("zip", "city").words()
    'zip determines city'
    """

    by: str
    column: str

    def __post_init__(self) -> None:
        _check_names(self, (self.by, self.column), fewest=2)

    @property
    def names(self) -> tuple[str, ...]:
        """Both columns."""
        return self.by, self.column

    def words(self) -> str:
        """``by determines column``."""
        return f"{self.by} determines {self.column}"


@dataclass(frozen=True)
class Repeats(Rule):
    """A column often holds the very value that another one holds: no row can break it.

    Parameters
    ----------
    column, of : str
        Two columns of numbers of one dtype, without missing values.

    Raises
    ------
    SchemaError
        If they are not the names of two columns.

    Examples
    --------
    >>> Repeats("paid", of="billed").words()
    'paid often repeats billed'
    """

    column: str
    of: str

    def __post_init__(self) -> None:
        _check_names(self, (self.column, self.of), fewest=2)

    @property
    def names(self) -> tuple[str, ...]:
        """Both columns."""
        return self.column, self.of

    def words(self) -> str:
        """``column often repeats of``."""
        return f"{self.column} often repeats {self.of}"


RULES: dict[str, type[Rule]] = {
    r.__name__: r for r in (Dependency, FixedCombinations, Formula, Inequality, Range, Repeats, Unique)
}
"""Every kind of rule by its name."""


def rule_from_dict(data: Any) -> Rule:
    """A rule from `Rule.to_dict`'s data.

    Parameters
    ----------
    data : dict
        ``type`` and the rule's fields.

    Returns
    -------
    Rule
        The rule.

    Raises
    ------
    SchemaError
        If the type or a field is unknown, or a field is absent or wrong.
    """
    if not isinstance(data, dict) or data.get("type") not in RULES:
        raise SchemaError(
            f"A rule must be an object whose `type` is one of {', '.join(RULES)}. Got {data!r}."
        )
    fields = {k: v for k, v in data.items() if k != "type"}
    kind = RULES[data["type"]]
    known = {f.name: f.default is dataclasses.MISSING for f in dataclasses.fields(kind)}
    if unknown := sorted(set(fields) - set(known), key=str):
        raise SchemaError(f"{data['type']} has no field {unknown[0]!r}; it has {', '.join(known)}.")
    if absent := [n for n, needed in known.items() if needed and n not in fields]:
        raise SchemaError(f"{data['type']} needs the field {absent[0]!r}. Got {data!r}.")
    return kind(**fields)


def _names(rule: Rule, given: Any) -> tuple[str, ...]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise SchemaError(f"The columns of {type(rule).__name__} must be a list of names. Got {given!r}.")
    return tuple(given)


def _check_names(rule: Rule, names: Sequence[Any], fewest: int) -> None:
    if wrong := [n for n in names if not isinstance(n, str)]:
        raise SchemaError(f"{type(rule).__name__} must name columns by strings. Got {wrong[0]!r}.")
    if len(names) < fewest or len(set(names)) < len(names):
        raise SchemaError(
            f"{type(rule).__name__} must name {'two or more' if fewest == 2 else 'one or more'} different columns. "
            f"Got {', '.join(map(repr, names)) or 'none'}."
        )


def _end(column: str, value: Any) -> float | str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    try:
        number = value if isinstance(value, int) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(value, bool) or math.isnan(number):
        raise SchemaError(
            f"The range of column {column!r} must have numbers or instants as ends. Got {value!r}."
        )
    return number
