"""Models from and to files, or the standard streams."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from synthgen.cli.options import STANDARD_STREAM


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
        sys.stdout.buffer.write(Path(folder, "model.synthgen").read_bytes())
        sys.stdout.buffer.flush()


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
