"""A model's parameters from options, ``--set`` and a TOML file."""

from __future__ import annotations

import difflib
import importlib
import inspect
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from synthgen.exceptions import FileError, ParameterError

MODELS = {
    "synthgan": "synthgen.models.synthgan.SynthGAN",
    "synthvae": "synthgen.models.vae.SynthVAE",
    "independent-marginals": "synthgen.models.independent.IndependentMarginals",
    "gaussian-copula": "synthgen.models.gaussian_copula.GaussianCopula",
    "bootstrap": "synthgen.models.bootstrap.Bootstrap",
}
"""What ``--model`` may be, and where the class is."""


def model_class(name: str) -> Any:
    """The class of a model.

    Parameters
    ----------
    name : str
        A key of `MODELS`.

    Returns
    -------
    type
        A synthesizer.
    """
    module, _, class_name = MODELS[name].rpartition(".")
    return getattr(importlib.import_module(module), class_name)


def from_config(path: str, table: str) -> dict[str, Any]:
    """The parameters in one table of a TOML file.

    Parameters
    ----------
    path : str
        The file.
    table : str
        The table's name; no other may be in the file.

    Returns
    -------
    dict
        Parameter name to value; the word "none" is None.

    Raises
    ------
    FileError
        If the file cannot be read.
    ParameterError
        If it is not TOML, or holds anything but that table.
    """
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ParameterError(f"{path}: is not TOML: {error}.") from error
    except UnicodeDecodeError as error:
        raise ParameterError(f"{path}: is not UTF-8 text.") from error
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror or error}.") from error
    if unknown := sorted(set(content) - {table}):
        raise ParameterError(f"{path}: has {unknown[0]!r}; everything must stand under [{table}].")
    found = content.get(table, {})
    if not isinstance(found, dict):
        raise ParameterError(f"{path}: {table!r} must be a table, [{table}].")
    return {name: _or_none(value) for name, value in found.items()}


def from_settings(pairs: Iterable[str]) -> dict[str, Any]:
    """The parameters in ``name=value`` texts.

    Parameters
    ----------
    pairs : iterable of str
        The value in TOML's spelling; what is not TOML is a string, and ``none`` is None.

    Returns
    -------
    dict
        Parameter name to value.

    Raises
    ------
    ParameterError
        If there is no ``=``.

    Examples
    --------
    >>> from_settings(["loss=hinge", "hidden_dims=[64, 64]", "max_time=none", "pac=2"])
    {'loss': 'hinge', 'hidden_dims': [64, 64], 'max_time': None, 'pac': 2}
    """
    out = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.strip():
            raise ParameterError(f"--set must be name=value. Got {pair!r}.")
        out[name.strip()] = _or_none(_toml_value(text.strip()))
    return out


def from_refine(text: str) -> str | int | None:
    """What ``--refine`` means.

    Parameters
    ----------
    text : str
        A number, "none", or a word.

    Returns
    -------
    str, int or None
        The model judges whether it is one of its words.

    Examples
    --------
    >>> from_refine("16"), from_refine("none"), from_refine("auto")
    (16, None, 'auto')
    """
    return int(text) if text.strip().lstrip("-").isdigit() else _or_none(text.strip())


def check_names(parameters: Iterable[str], owner: type) -> None:
    """Refuse parameters that a class does not have.

    Parameters
    ----------
    parameters : iterable of str
        Names.
    owner : type
        The class.

    Raises
    ------
    ParameterError
        For the first unknown name, with the nearest known one.
    """
    known = [n for n in inspect.signature(owner).parameters if n != "self"]
    for name in parameters:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            guess = f" Did you mean {near[0]!r}?" if near else ""
            raise ParameterError(
                f"{owner.__name__} has no parameter {name!r}.{guess} It has {', '.join(known)}."
            )


def _toml_value(text: str) -> Any:
    try:
        found = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return found["value"] if set(found) == {"value"} else text


def _or_none(value: Any) -> Any:
    return None if isinstance(value, str) and value.lower() == "none" else value
