"""Every error that synthgen raises on purpose.

::

    SynthgenError
    |-- ParameterError      a parameter breaks its declared constraint          (ValueError)
    |-- SchemaError         a schema is wrong, or does not fit the table        (ValueError)
    |-- DataError           a table breaks a rule: its shape, a name, a value   (ValueError)
    |   `-- ColumnRejected  one column cannot be encoded, and why
    |-- ConditionError      `conditions` cannot be met                          (ValueError)
    |-- TrainingError       training cannot go on: losses are no longer finite      (ArithmeticError)
    |-- NotFittedError      `sample` or `save` before `fit`                     (ValueError, AttributeError)
    `-- FileError           a file cannot be read or written                    (OSError)
        |-- TableFileError  a table file is not what its name says
        `-- ModelFileError  a model file is cut short, altered, or too new
"""

from __future__ import annotations


class SynthgenError(Exception):
    """Base of every error that synthgen raises on purpose."""


class ParameterError(SynthgenError, ValueError):
    """A parameter breaks its declared constraint."""


class SchemaError(SynthgenError, ValueError):
    """A schema is wrong, or does not fit the table."""


class DataError(SynthgenError, ValueError):
    """A table breaks a rule: its shape, a name, a value."""


class ColumnRejected(DataError):
    """One column cannot be used; the message names it and says why and what to do.

    Parameters
    ----------
    column : str
        Name of the column.
    reason : str
        The rule, the value seen and the way out.
    """

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"Column {column!r} {reason}")
        self.column = column
        self.reason = reason


class ConditionError(SynthgenError, ValueError):
    """`conditions` cannot be met."""


class TrainingError(SynthgenError, ArithmeticError):
    """Training cannot go on: losses are no longer finite."""


class NotFittedError(SynthgenError, ValueError, AttributeError):
    """`sample` or `save` was called before `fit`."""


class FileError(SynthgenError, OSError):
    """A file cannot be read or written."""


class TableFileError(FileError):
    """A table file is not what its name says."""


class ModelFileError(FileError):
    """A model file is cut short, altered, or too new."""
