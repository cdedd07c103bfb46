"""One file for a fitted model: a safetensors file whose header carries JSON. No pickle.

The tensors are every numpy array of the model's state; the JSON is the rest of it, with the format version, the
library versions and a SHA-256 checksum of both. A file that is cut short, altered or too new is refused by name.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as to_bytes

from synthgen.exceptions import ModelFileError
from synthgen.files import atomic_write
from synthgen.version import __version__

FORMAT_VERSION = 2
"""Raised whenever an older synthgen could no longer read the file."""
OLDEST_FORMAT = 2
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
    arrays: dict[str, np.ndarray] = {}
    header = {
        "format_version": FORMAT_VERSION,
        "class": class_name,
        "versions": _versions(),
        "state": _without_arrays(state, "state", arrays),
    }
    text = json.dumps(header, ensure_ascii=False)
    # one key only: safetensors writes several in random order
    envelope = json.dumps({"sha256": _checksum(text, arrays), "header": text}, ensure_ascii=False)
    with atomic_write(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(to_bytes(arrays, metadata={_KEY: envelope}))


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
    header, arrays = _read(Path(path))
    return header["class"], _with_arrays(header["state"], arrays), header["versions"]


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror}.") from error
    envelope = _envelope(path, content)
    header = _json(path, envelope["header"])
    version = header.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        made_by = header.get("versions", {}).get("synthgen", "a newer version")
        raise ModelFileError(
            f"{path}: has format version {version}, written by synthgen {made_by}; this is synthgen {__version__}, "
            f"which reads up to {FORMAT_VERSION}. Update synthgen."
        )
    if isinstance(version, int) and version < OLDEST_FORMAT:
        raise ModelFileError(
            f"{path}: has format version {version}, from before the first release; this synthgen {__version__} reads from "
            f"{OLDEST_FORMAT} on. Fit the model again."
        )
    try:
        arrays = load_tensors(content)
    except SafetensorError as error:
        raise ModelFileError(f"{path}: is cut short or altered ({error}); take another copy.") from error
    if _checksum(envelope["header"], arrays) != envelope["sha256"]:
        raise ModelFileError(
            f"{path}: was altered after it was written: its checksum differs; take another copy."
        )
    return header, arrays


def _envelope(path: Path, content: bytes) -> dict[str, str]:
    """Checksum and JSON text, from a safetensors header: 8 bytes of length, then JSON with ``__metadata__``."""
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or content[8:9] != b"{":
        raise ModelFileError(f"{path}: is not a synthgen model file.")
    if len(content) < 8 + length:
        raise ModelFileError(
            f"{path}: is cut short ({len(content):,} bytes of at least {8 + length:,}); take another copy."
        )
    metadata = _json(path, content[8 : 8 + length]).get("__metadata__")
    if not isinstance(metadata, dict) or _KEY not in metadata:
        raise ModelFileError(f"{path}: is a safetensors file, but not a synthgen model.")
    envelope = _json(path, metadata[_KEY])
    if not all(isinstance(envelope.get(key), str) for key in ("sha256", "header")):
        raise ModelFileError(f"{path}: was altered after it was written: its header lacks the checksum.")
    return envelope


def _json(path: Path, text: str | bytes) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ModelFileError(
            f"{path}: was altered after it was written: its header is damaged ({error})."
        ) from error
    if not isinstance(data, dict):
        raise ModelFileError(f"{path}: was altered after it was written: its header is no object.")
    return data


def _checksum(text: str, arrays: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _without_arrays(value: Any, path: str, arrays: dict[str, np.ndarray]) -> Any:
    """The state with every array moved to `arrays` and a reference left in its place."""
    if isinstance(value, np.ndarray):
        arrays[path] = np.ascontiguousarray(value)
        return {"@array": path}
    if isinstance(value, dict):
        return {k: _without_arrays(v, f"{path}/{k}", arrays) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        items = [_without_arrays(v, f"{path}/{i}", arrays) for i, v in enumerate(value)]
        return {"@tuple": items} if isinstance(value, tuple) else items
    return value.item() if isinstance(value, np.generic) else value


def _with_arrays(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"@array"}:
            return arrays[value["@array"]]
        if set(value) == {"@tuple"}:
            return tuple(_with_arrays(value["@tuple"], arrays))
        return {k: _with_arrays(v, arrays) for k, v in value.items()}
    return [_with_arrays(v, arrays) for v in value] if isinstance(value, list) else value


def _versions() -> dict[str, str]:
    return {
        "synthgen": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pandas": pd.__version__,
        "torch": torch.__version__,
    }
