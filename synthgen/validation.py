"""Parameter constraints declared as data, and the one error message for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Protocol

import numpy as np

from synthgen.exceptions import ParameterError


class Constraint(Protocol):
    """What a parameter may be."""

    def admits(self, value: Any) -> bool:
        """Whether `value` satisfies the constraint."""

    def describe(self) -> str:
        """The constraint in words, to stand after "must be"."""

    def bad_values(self) -> list[Any]:
        """Values that break the constraint, for tests."""


@dataclass(frozen=True)
class Interval:
    """A number in an interval.

    Parameters
    ----------
    kind : {"int", "float"}
        An int constraint refuses floats; a float constraint takes ints too. Booleans are refused.
    low, high : float
        Ends of the interval.
    closed : {"left", "right", "both", "neither"}
        Which ends belong to the interval.
    """

    kind: str
    low: float
    high: float
    closed: str = "left"

    def admits(self, value: Any) -> bool:
        """Whether `value` is a number of the right kind within the interval."""
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
            return False
        if self.kind == "int" and not isinstance(value, Integral):
            return False
        number: Any = value
        above = number >= self.low if self.closed in ("left", "both") else number > self.low
        below = number <= self.high if self.closed in ("right", "both") else number < self.high
        return bool(above and below)

    def describe(self) -> str:
        """For example ``an int in [1, inf)``."""
        left = "[" if self.closed in ("left", "both") else "("
        right = "]" if self.closed in ("right", "both") else ")"
        article = "an int" if self.kind == "int" else "a float"
        return f"{article} in {left}{_number(self.low)}, {_number(self.high)}{right}"

    def bad_values(self) -> list[Any]:
        """Below, above, and of another type."""
        step = 1 if self.kind == "int" else 0.5
        bad: list[Any] = ["a string", True]
        if np.isfinite(self.low):
            bad.append(type(step)(self.low) - step)
        if np.isfinite(self.high):
            bad.append(type(step)(self.high) + step)
        if self.kind == "int":
            bad.append(1.5)
        return bad


@dataclass(frozen=True)
class Choice:
    """One of a few values.

    Parameters
    ----------
    options : tuple
        The values allowed.
    """

    options: tuple[Any, ...]

    def admits(self, value: Any) -> bool:
        """Whether `value` is one of the options, and of the same type."""
        return any(type(value) is type(option) and value == option for option in self.options)

    def describe(self) -> str:
        """For example ``one of 'auto', 'cpu'``."""
        return "one of " + ", ".join(map(repr, self.options))

    def bad_values(self) -> list[Any]:
        """A string that is no option, and a number."""
        return ["no-such-option", 3.25]


@dataclass(frozen=True)
class Instance:
    """An instance of a type.

    Parameters
    ----------
    type_ : type or tuple of type
        The type, or several of which one suffices.
    words : str
        How the message calls it.
    """

    type_: type | tuple[type, ...]
    words: str

    def admits(self, value: Any) -> bool:
        """Whether `value` is an instance of the type."""
        return isinstance(value, self.type_)

    def describe(self) -> str:
        """The words given."""
        return self.words

    def bad_values(self) -> list[Any]:
        """An object of no known type."""
        return [object()]


@dataclass(frozen=True)
class Each:
    """A list or tuple whose every element satisfies a constraint.

    Parameters
    ----------
    element : Constraint
        What each element must be.
    min_length : int
        The fewest elements allowed.
    max_length : int or None
        The most; None: any number.
    """

    element: Constraint
    min_length: int = 0
    max_length: int | None = None

    def admits(self, value: Any) -> bool:
        """Whether `value` is a list or tuple of admitted elements, long enough."""
        if not isinstance(value, (list, tuple)) or len(value) < self.min_length:
            return False
        if self.max_length is not None and len(value) > self.max_length:
            return False
        return all(self.element.admits(v) for v in value)

    def describe(self) -> str:
        """For example ``a list or tuple, each element an int in [1, inf)``."""
        length = f" of at least {self.min_length}" if self.min_length else ""
        if self.max_length is not None:
            length = (
                f" of {self.min_length} to {self.max_length}"
                if self.max_length > self.min_length
                else f" of {self.max_length}"
            )
        return f"a list or tuple{length}, each element {self.element.describe()}"

    def bad_values(self) -> list[Any]:
        """A scalar, and lists of bad elements."""
        bad: list[Any] = [7, *([v] for v in self.element.bad_values())]
        if self.max_length is not None:
            bad.append([1] * (self.max_length + 1))
        return [*bad, ()] if self.min_length else bad


@dataclass(frozen=True)
class Nothing:
    """``None``."""

    def admits(self, value: Any) -> bool:
        """Whether `value` is None."""
        return value is None

    def describe(self) -> str:
        """``None``."""
        return "None"

    def bad_values(self) -> list[Any]:
        """Nothing of its own: the other constraints say what is bad."""
        return []


def admits(constraints: Sequence[Constraint], value: Any) -> bool:
    """Whether any of `constraints` admits `value`."""
    return any(c.admits(value) for c in constraints)


def validate_parameters(
    owner: str, constraints: Mapping[str, Sequence[Constraint]], values: Mapping[str, Any]
) -> None:
    """Hold every parameter to its declared constraints.

    Parameters
    ----------
    owner : str
        The class or function whose parameters these are; the message names it.
    constraints : mapping of str to sequence of Constraint
        For each parameter the alternatives: one must admit the value.
    values : mapping of str to object
        The parameters' values.

    Raises
    ------
    ParameterError
        For the first value that no alternative admits.

    Examples
    --------
    >>> validate_parameters("SynthGAN", {"n_critic": [Interval("int", 1, float("inf"))]}, {"n_critic": 0})
    Traceback (most recent call last):
    synthgen.exceptions.ParameterError: The `n_critic` parameter of SynthGAN must be an int in [1, inf). Got 0 instead.
    """
    for name, alternatives in constraints.items():
        if not admits(alternatives, values[name]):
            rule = " or ".join(c.describe() for c in alternatives)
            raise ParameterError(
                f"The `{name}` parameter of {owner} must be {rule}. Got {values[name]!r} instead."
            )


def _number(value: float) -> str:
    return f"{value:g}"


def some(names: Sequence[Any], most: int = 8) -> str:
    """The first few names, quoted, and how many more there are; for messages.

    Parameters
    ----------
    names : sequence
        Names, or other values.
    most : int
        How many are shown.

    Returns
    -------
    str
        For example ``'a', 'b' and 3 more``.

    Examples
    --------
    >>> some(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    shown = ", ".join(map(repr, list(names)[:most]))
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"
