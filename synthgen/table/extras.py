"""Libraries that only some formats need."""

from __future__ import annotations

import importlib
from typing import Any

from synthgen.exceptions import FileError


def import_extra(module: str, needed_for: str) -> Any:
    """Import a library of the extra ``genomics``, or say how to get it.

    Parameters
    ----------
    module : str
        The library's module.
    needed_for : str
        What cannot be done without it, e.g. ``".h5ad files"``.

    Returns
    -------
    module
        The library.

    Raises
    ------
    FileError
        If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.split(".")[0]:
            raise
        raise FileError(
            f"{needed_for} need the library {error.name}, which is not installed; "
            'use pip install "synthgen[genomics]".'
        ) from error
