"""What is refused of a sample in files before anything is drawn."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from synthgen.constraints.rules import Unique
from synthgen.engines.engine import ENGINES
from synthgen.exceptions import ConditionError, FileError, ParameterError
from synthgen.models.conditions import parse_conditions
from synthgen.table.formats import is_table_name
from synthgen.table.manifest import MAX_FILES
from synthgen.table.part_folder import without_secrets
from synthgen.table.part_writer import SUFFIXES
from synthgen.validation import Choice, Constraint, Instance, Interval, Nothing

RULES: dict[str, list[Constraint]] = {
    "out": [Instance((str, os.PathLike), "a path or an address")],
    "n": [Interval("int", 1, 2**63)],
    "rows_per_file": [Interval("int", 1, 2**63)],
    "format": [Choice(tuple(SUFFIXES))],
    "random_state": [Interval("int", 0, 2**63), Nothing()],
    "batch_size": [Interval("int", 1, float("inf")), Nothing()],
    "engine": [Choice(ENGINES)],
    "overwrite": [Choice((True, False))],
}


def whole(number: Any) -> Any:
    """A float that is a whole number, such as 1e9, as an int; anything else as it is.

    Parameters
    ----------
    number : object
        What the user gave.

    Returns
    -------
    int or object
        For `validate_parameters` to judge.
    """
    return int(number) if isinstance(number, float) and number.is_integer() else number


def check_name(out: str) -> None:
    """Refuse names that say something else than what would be written.

    Parameters
    ----------
    out : str
        The folder, or a ``.bed`` file.

    Raises
    ------
    FileError
        If it is empty, or the name of another file.
    """
    if not out:
        raise FileError("The `out` parameter of sample_to is empty; the current folder is '.'.")
    if not is_table_name(out) or out.endswith("/"):
        return
    if out.lower().endswith(".bed"):
        if "://" in out:
            raise FileError(f"{without_secrets(out)}: a .bed file is written to a path of this machine only.")
    elif not Path(out).is_dir():
        raise FileError(
            f"{without_secrets(out)}: is the name of a file, and a folder of files is to be written; end it with / if the "
            "folder is to be called so, or draw one file with `sample`."
        )


def check_rules(model: Any, n: int, rows_per_file: int, conditions: Any) -> None:
    """Refuse what cannot be held over several files, or is no condition.

    Parameters
    ----------
    model : AbstractSynthesizer
        Fitted.
    n, rows_per_file : int
        Rows in all, and of a file.
    conditions : object
        None, or a mapping that can be met.

    Raises
    ------
    ConditionError
        If the conditions are none.
    ParameterError
        If there would be too many files, or a constraint would have to hold over several.
    """
    if isinstance(conditions, pd.DataFrame) or not (conditions is None or isinstance(conditions, Mapping)):
        raise ConditionError(
            f"`conditions` of sample_to must be a mapping. Got {type(conditions).__name__}; a frame that says what each row "
            "must hold goes to `sample`, some rows at a time."
        )
    if conditions is not None:
        parse_conditions(conditions, model.encoder_)
    if (n_files := -(-n // rows_per_file)) > MAX_FILES:
        raise ParameterError(
            f"n={n:,} rows in files of rows_per_file={rows_per_file:,} are {n_files:,} files, and a folder may have "
            f"{MAX_FILES:,}; give rows_per_file={-(-n // MAX_FILES)} (--rows-per-file) or more."
        )
    unique = [c.rule.words() for c in model.encoder_.row_checks if isinstance(c.rule, Unique)]
    if unique and n > rows_per_file:
        raise ParameterError(
            f"The constraint {unique[0]!r} can only be held within a file, and n={n:,} rows need several of "
            f"rows_per_file={rows_per_file:,}; give rows_per_file={n} (--rows-per-file), or fit without the constraint."
        )
