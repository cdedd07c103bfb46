"""Frozen dataclasses to plain JSON data and back."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from typing import Any, TypeVar

from synthgen.exceptions import DataError

T = TypeVar("T")


def to_plain_data(value: Any) -> Any:
    """Dataclasses, tuples and mappings as dicts, lists, strings, numbers and None.

    Parameters
    ----------
    value : object
        A tree of dataclasses, tuples, mappings with string keys, and scalars.

    Returns
    -------
    object
        What strict JSON can hold: a number that is not finite becomes None.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain_data(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {k: to_plain_data(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain_data(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def from_plain_data(cls: type[T], data: Any, where: str = "report") -> T:
    """A dataclass from the data that `to_plain_data` made of it.

    Parameters
    ----------
    cls : type
        A dataclass whose annotations are scalars, dataclasses, ``tuple[X, ...]``, ``dict[str, X]`` or ``X | None``.
    data : object
        Its fields as a dict.
    where : str
        What messages call the place.

    Returns
    -------
    cls
        The object.

    Raises
    ------
    DataError
        If a field is missing, unknown, or of the wrong type.
    """
    if not isinstance(data, dict):
        raise DataError(f"{where} must be a JSON object. Got {type(data).__name__}.")
    all_hints = typing.get_type_hints(cls)
    hints = {f.name: all_hints[f.name] for f in dataclasses.fields(typing.cast(Any, cls))}
    if unlike := sorted(set(hints) ^ set(data)):
        state = "lacks" if unlike[0] in hints else "has the unknown field"
        raise DataError(f"{where} {state} {unlike[0]!r}; it was not written by this version of synthgen.")
    return cls(**{name: _decode(hint, data[name], f"{where}.{name}") for name, hint in hints.items()})


def _decode(hint: Any, data: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return None if data is None else _decode(arguments[0], data, where)
    if origin is tuple:
        _hold(isinstance(data, list), "a list", data, where)
        return tuple(_decode(arguments[0], v, f"{where}[{i}]") for i, v in enumerate(data))
    if origin is dict:
        _hold(isinstance(data, dict), "an object", data, where)
        return {k: _decode(arguments[1], v, f"{where}[{k!r}]") for k, v in data.items()}
    if dataclasses.is_dataclass(hint):
        return from_plain_data(typing.cast(type, hint), data, where)
    if hint is float and isinstance(data, int) and not isinstance(data, bool):
        _hold(abs(data) < 2**1023, "a number that a float can hold", data, where)
        return float(data)
    _hold(type(data) is hint, f"of type {hint.__name__}", data, where)
    return data


def _hold(holds: bool, rule: str, data: Any, where: str) -> None:
    if not holds:
        raise DataError(f"{where} must be {rule}. Got {data!r:.80}.")
