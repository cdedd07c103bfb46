"""Models from and to files, or the standard streams."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from synthgen.files import STANDARD_STREAM, write_to_stdout


def save_model(model: Any, path: str, *, overwrite: bool) -> None:
    """Save a model; ``-`` is standard output.

    Parameters
    ----------
    model : AbstractSynthesizer
        Fitted.
    path : str
        Where it goes.
    overwrite : bool
        Whether an existing file may be replaced.
    """
    if path != STANDARD_STREAM:
        model.save(path, overwrite=overwrite)
        return
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder, "model.synthgen"))
        write_to_stdout(Path(folder, "model.synthgen").read_bytes())


def load_model(path: str) -> Any:
    """Load a model; ``-`` is standard input.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    AbstractSynthesizer
        The model, fitted.
    """
    from synthgen.models.persistence import load

    if path != STANDARD_STREAM:
        return load(path)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "standard-input").write_bytes(sys.stdin.buffer.read())
        return load(Path(folder, "standard-input"))


def written_with(path: str) -> dict[str, Any]:
    """What made a model file, and how large it is.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    dict
        With ``file_bytes`` and ``versions``.
    """
    from synthgen.models.model_file import read_model_file

    return {"file_bytes": Path(path).stat().st_size, "versions": read_model_file(path)[2]}
