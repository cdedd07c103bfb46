"""One file for a fitted model: an archive whose header holds the class. See `synthgen.archive`."""

from __future__ import annotations

import os
from typing import Any

import pandas as pd
import torch

from synthgen.archive import library_versions, read_archive, write_archive
from synthgen.exceptions import ModelFileError

FORMAT_VERSION = 4
"""Raised whenever an older synthgen could no longer read the file: from 4 on, very many columns are packed."""
UNPACKED_FORMAT = 3
"""Of files without such columns, which older ones can read."""
OLDEST_FORMAT = 3
"""Files of older formats were never released."""
_KEY = "synthgen"


def write_model_file(
    path: str | os.PathLike[str], class_name: str, state: dict[str, Any], *, overwrite: bool = True
) -> None:
    """Write a fitted model's state.

    Parameters
    ----------
    path : path-like
        Written whole or not at all.
    class_name : str
        Of the model.
    state : dict
        JSON-able values, tuples and numpy arrays.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    versions = library_versions(pandas=pd.__version__, torch=torch.__version__)
    is_packed = len(state.get("encoder", {}).get("schema", {}).get("names", ())) > 0
    version = FORMAT_VERSION if is_packed else UNPACKED_FORMAT
    header = {"format_version": version, "class": class_name, "versions": versions}
    write_archive(path, _KEY, header, state, overwrite=overwrite)


def read_model_file(path: str | os.PathLike[str]) -> tuple[str, dict[str, Any], dict[str, str]]:
    """Read what `write_model_file` wrote.

    Parameters
    ----------
    path : path-like
        A model file.

    Returns
    -------
    class_name : str
        Of the model.
    state : dict
        As it was given.
    versions : dict of str to str
        Of the libraries that wrote it.

    Raises
    ------
    ModelFileError
        If the file is missing, no model file, cut short, altered, or of a newer format.
    """
    header, state = read_archive(path, _KEY, newest=FORMAT_VERSION, oldest=OLDEST_FORMAT)
    if not isinstance(header.get("class"), str):
        raise ModelFileError(f"{path}: was altered after it was written: its header lacks the class.")
    return header["class"], state, header["versions"]
