"""A state with numpy arrays as one checksummed safetensors file. No pickle; nothing in the file is run.

The tensors are every numpy array of the state; the JSON is the rest of it, with a header and a SHA-256 checksum of
both. A file that is cut short, altered or too new is refused by name. Every size that the file declares is checked
against its length before memory is taken for it, and the JSON of a state is not parsed before the checksum is found right.
Reading takes the arrays' own size, and of the JSON's 3 to 6 times in models; no JSON is read that takes more than 16 times
the file's size.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import re
import stat
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from safetensors.numpy import load as from_bytes
from safetensors.numpy import save as to_bytes

from synthgen.exceptions import FileError, ModelFileError
from synthgen.files import atomic_write
from synthgen.version import __version__

MAX_BYTES = 64 * 2**30
"""Of a file."""
MAX_HEADER_BYTES = 100_000_000
"""Of the JSON: safetensors' own limit. A wide table takes some 190 for each column."""
MAX_VALUES = 8_000_000
"""In the JSON: commas and opening brackets that are not within strings."""
BYTES_OF_VALUE = 8
"""Of the file for each of those, at least. Models have 24 and more: of 84,000 columns 36."""
FEW_VALUES = 100_000
"""What small files may have in any case."""
MAX_DEPTH = 60
"""Of values in one another. Models have fewer than 20 levels."""
MAX_ARRAYS = 1_000_000
"""In a file. A column of levels has two, a block of numbers a handful."""
MANY_STRINGS = 50_000
"""A list of so many strings or more becomes one array of bytes, since the JSON of a million names would be too long. Read, two
letters take 20 times that."""
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
"""Of JSON; one that does not end goes to the end, so that text is gone through once."""
_HEAD = 10_000
"""Characters at the start of the header where its version is looked for before all else is believed."""
_HALF = re.compile("[\ud800-\udfff]")
_MAX_AXES = 8
_MAX_ELEMENTS = 2**48
"""Of an array, its empty axes left out: more than any memory, and no overflow in numpy."""
_DTYPES = {
    "BOOL": np.dtype("?"), "U8": np.dtype("u1"), "I8": np.dtype("i1"), "U16": np.dtype("<u2"), "I16": np.dtype("<i2"),
    "U32": np.dtype("<u4"), "I32": np.dtype("<i4"), "U64": np.dtype("<u8"), "I64": np.dtype("<i8"),
    "F16": np.dtype("<f2"), "F32": np.dtype("<f4"), "F64": np.dtype("<f8"),
}  # fmt: skip
"""What arrays may be of."""


def write_archive(
    path: str | os.PathLike[str],
    key: str,
    header: dict[str, Any],
    state: dict[str, Any],
    *,
    overwrite: bool = True,
) -> None:
    """Write a state; the same state gives the same bytes.

    Parameters
    ----------
    path : path-like
        Written whole or not at all.
    key : str
        Of the metadata: says what kind of file it is.
    header : dict
        JSON-able; at least ``format_version`` and ``versions`` (see `library_versions`).
    state : dict
        JSON-able values, tuples and numpy arrays of numbers or booleans. Keys are strings.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    FileError
        If the file cannot be written, or would be larger than `read_archive` reads.
    """
    arrays: dict[str, np.ndarray] = {}
    try:
        whole = {**header, "state": _without_arrays(state, "state", arrays, MAX_DEPTH)}
    except RecursionError as error:
        raise _too_large(path, f"values in {MAX_DEPTH} others", "nest the schema's values less") from error
    text = _text(whole)
    # one key only: safetensors writes several in random order
    envelope = _text({"sha256": _checksum(text, arrays), "header": text})
    content = to_bytes(arrays, metadata={key: envelope})
    _check_limits(path, content, text, len(arrays))
    with atomic_write(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(content)


def read_archive(
    path: str | os.PathLike[str],
    key: str,
    *,
    newest: int,
    oldest: int,
    what: str = "model file",
    error: type[FileError] = ModelFileError,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read what `write_archive` wrote.

    Parameters
    ----------
    path : path-like
        A file of that kind.
    key : str
        Of the metadata.
    newest, oldest : int
        Format versions that are read, both ends included.
    what : str
        The kind of file, in messages.
    error : type
        The error that is raised.

    Returns
    -------
    header : dict
        As it was given: at least ``format_version`` (int) and ``versions`` (str to str).
    state : dict
        As it was given.

    Raises
    ------
    FileError
        Of the type `error`: the file is missing, of another kind, cut short, altered, larger than the limits of this
        module, or of a newer format.
    """
    reader = _Reader(Path(path), key, what, error)
    try:
        if stat.S_ISFIFO(Path(path).stat().st_mode):  # to open a pipe would wait for who writes to it
            raise error(
                f"{path}: is a pipe; a synthgen {what} is read from a file, or from standard input as `-`."
            )
        with Path(path).open("rb") as handle:
            return reader.read(handle, newest, oldest)
    except FileError:
        raise
    except OSError as failure:
        raise error(f"{path}: cannot be read: {failure.strerror or failure}.") from failure
    except MemoryError as failure:
        raise error(f"{path}: cannot be read: there is too little memory for it.") from failure


def state_digest(state: dict[str, Any]) -> str:
    """What tells one state from another, whichever libraries write it.

    Parameters
    ----------
    state : dict
        As for `write_archive`.

    Returns
    -------
    str
        SHA-256 of its content, as 64 hexadecimal digits.
    """
    arrays: dict[str, np.ndarray] = {}
    return _checksum(_text({"state": _without_arrays(state, "state", arrays, MAX_DEPTH)}), arrays)


def library_versions(**others: str) -> dict[str, str]:
    """Versions of what writes a file.

    Parameters
    ----------
    **others : str
        Versions of other libraries, by name.

    Returns
    -------
    dict of str to str
        Of synthgen, Python, numpy and the others.
    """
    return {
        "synthgen": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        **others,
    }


def pack(state: dict[str, Any]) -> bytes:
    """A state as bytes, for another process of the same program; without the checksum and the limits of files.

    Parameters
    ----------
    state : dict
        As for `write_archive`.

    Returns
    -------
    bytes
        For `unpack`.
    """
    arrays: dict[str, np.ndarray] = {}
    text = _text({"state": _without_arrays(state, "state", arrays, MAX_DEPTH)})
    return bytes(to_bytes(arrays, metadata={"state": text}))


def unpack(content: bytes) -> dict[str, Any]:
    """The state of `pack`'s bytes.

    Parameters
    ----------
    content : bytes
        Of a process that is trusted.

    Returns
    -------
    dict
        The state.
    """
    length = int.from_bytes(content[:8], "little")
    text = json.loads(content[8 : 8 + length])["__metadata__"]["state"]
    found: dict[str, Any] = _with_arrays(json.loads(text)["state"], "state", from_bytes(content), MAX_DEPTH)
    return found


class _Reader:
    """One reading; it knows the file's name and kind for messages."""

    def __init__(self, path: Path, key: str, what: str, error: type[FileError]) -> None:
        self.path, self.key, self.what, self.error = path, key, what, error

    def read(self, handle: BinaryIO, newest: int, oldest: int) -> tuple[dict[str, Any], dict[str, Any]]:
        size = os.fstat(handle.fileno()).st_size
        if size > MAX_BYTES:
            raise self.error(f"{self.path}: has {size:,} bytes; a {self.what} has at most {MAX_BYTES:,}.")
        tensors = self._safetensors_header(handle, size)
        envelope = self._envelope(tensors.pop("__metadata__", None), size)
        if (head := _head(envelope["header"])) is not None:  # a newer file may have what is unknown here
            self._check_version(head, newest, oldest)
        places = self._places(tensors, size - handle.tell())
        arrays = {name: self._array(handle, *place) for name, place in places}
        if _checksum(envelope["header"], arrays) != envelope["sha256"]:
            raise self._altered("its checksum differs")
        header = self._object(envelope.pop("header"), size)
        self._check_version(header, newest, oldest)
        return self._parts(header, arrays)

    def _safetensors_header(self, handle: BinaryIO, size: int) -> dict[str, Any]:
        """The JSON with ``__metadata__`` and the tensors' places: 8 bytes of length, then the text."""
        start = handle.read(9)
        length = int.from_bytes(start[:8], "little")
        if len(start) < 9 or start[8:] != b"{":
            raise self.error(f"{self.path}: is not a synthgen {self.what}.")
        if size < 8 + length:
            raise self._short(size, 8 + length)
        if length > MAX_HEADER_BYTES:
            raise self._altered(f"its header has {length:,} bytes, at most {MAX_HEADER_BYTES:,} are read")
        try:
            text = (start[8:] + handle.read(length - 1)).decode()
        except UnicodeDecodeError as error:
            raise self._altered(f"its header is damaged ({error})") from error
        return self._object(text, size)

    def _envelope(self, metadata: object, size: int) -> dict[str, str]:
        """Checksum and JSON text."""
        if not isinstance(metadata, dict) or not isinstance(metadata.get(self.key), str):
            raise self.error(f"{self.path}: is a safetensors file, but not a synthgen {self.what}.")
        envelope = self._object(metadata[self.key], size)
        if not all(isinstance(envelope.get(key), str) for key in ("sha256", "header")):
            raise self._altered("its header lacks the checksum")
        return envelope

    def _check_version(self, header: dict[str, Any], newest: int, oldest: int) -> None:
        version, versions = header.get("format_version"), header.get("versions")
        if not isinstance(version, int) or isinstance(version, bool):
            raise self._altered("its header lacks the format version")
        if not isinstance(versions, dict) or not all(isinstance(v, str) for v in versions.values()):
            raise self._altered("its header lacks the versions of the libraries")
        if version > newest:
            made_by = versions.get("synthgen", "a newer version")
            raise self.error(
                f"{self.path}: has format version {version}, written by synthgen {made_by}; this is synthgen "
                f"{__version__}, which reads up to {newest}. Update synthgen."
            )
        if version < oldest:
            raise self.error(
                f"{self.path}: has format version {version}, from before the first release; this synthgen "
                f"{__version__} reads from {oldest} on. Fit the model again."
            )

    def _places(
        self, tensors: dict[str, Any], size: int
    ) -> list[tuple[str, tuple[np.dtype, tuple[int, ...]]]]:
        """Name, dtype and shape of every array, in the order of their bytes, which fill the rest of the file."""
        if len(tensors) > MAX_ARRAYS:
            raise self._altered(f"it declares {len(tensors):,} arrays, at most {MAX_ARRAYS:,} are read")
        places = []
        for name, entry in tensors.items():
            place = _place(entry)
            if place is None:
                raise self._altered(f"the place of its array {name[:60]!r} is damaged")
            places.append((place[2], place[3], name, place[:2]))
        places.sort()
        end = 0
        for begin, stop, name, _ in places:
            if begin != end:
                raise self._altered(f"the place of its array {name[:60]!r} is damaged")
            end = stop
        if end > size:
            raise self._short(size, end)
        if end < size:
            raise self._altered(f"there are {size - end:,} bytes after its end")
        return [(name, place) for _, _, name, place in places]

    def _array(self, handle: BinaryIO, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
        array = np.empty(shape, dtype)
        if not array.size:
            return array
        buffer = array.reshape(-1).view(np.uint8).data
        while buffer:
            read = handle.readinto(buffer)  # type: ignore[attr-defined]
            if not read:
                raise self._short(handle.tell(), handle.tell() + len(buffer))
            buffer = buffer[read:]
        if dtype.kind == "b" and array.view(np.uint8).max() > 1:
            raise self._altered("it has truth values other than 0 and 1")
        return array

    def _parts(
        self, header: dict[str, Any], arrays: dict[str, np.ndarray]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        waiting = dict(arrays)
        try:
            state = _with_arrays(header.pop("state", None), "state", waiting, MAX_DEPTH)
        except (KeyError, TypeError, ValueError) as error:
            raise self._altered("its arrays are not those that its header names") from error
        if waiting or not isinstance(state, dict):
            raise self._altered("its arrays are not those that its header names")
        return header, state

    def _object(self, text: str, size: int) -> dict[str, Any]:
        """A JSON object in a file of so many bytes, without a key twice in an object, and not too deep."""
        if _n_values(text) > (most := _most_values(size)):
            raise self._altered(f"its header has more than {most:,} values")
        try:
            data = json.loads(text, object_pairs_hook=_once)
        except RecursionError as error:
            raise self._altered("its header is nested too deeply") from error
        except ValueError as error:
            raise self._altered(f"its header is damaged ({error})") from error
        if not isinstance(data, dict):
            raise self._altered("its header is no object")
        return data

    def _altered(self, why: str) -> FileError:
        return self.error(f"{self.path}: was altered after it was written: {why}; take another copy.")

    def _short(self, size: int, needed: int) -> FileError:
        return self.error(
            f"{self.path}: is cut short ({size:,} bytes of at least {needed:,}); take another copy."
        )


def _place(entry: object) -> tuple[np.dtype, tuple[int, ...], int, int] | None:
    """Dtype, shape, first byte and the byte after the last of an array; None if they do not fit together."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        return None
    shape, offsets, name = entry["shape"], entry["data_offsets"], entry["dtype"]
    if not _counts(shape) or not _counts(offsets) or len(offsets) != 2 or len(shape) > _MAX_AXES:
        return None
    if not isinstance(name, str) or name not in _DTYPES or math.prod(n or 1 for n in shape) > _MAX_ELEMENTS:
        return None
    dtype = _DTYPES[name]
    if offsets[1] - offsets[0] != math.prod(shape) * dtype.itemsize:
        return None
    return dtype, tuple(shape), offsets[0], offsets[1]


def _n_values(text: str) -> int:
    """Commas and opening brackets of JSON, those within strings left out."""
    bare = _STRING.sub("", text)
    return sum(bare.count(mark) for mark in ",[{")


def _most_values(size: int) -> int:
    """How many of them the JSON in a file of so many bytes may have."""
    return min(MAX_VALUES, max(FEW_VALUES, size // BYTES_OF_VALUE))


def _head(text: str) -> dict[str, Any] | None:
    """What stands before the state, which comes last; None if that cannot be told."""
    head, mark, _ = text[:_HEAD].partition(', "state": ')
    try:
        return json.loads(head + "}") if mark else None
    except (ValueError, RecursionError):
        return None


def _check_limits(path: str | os.PathLike[str], content: bytes, text: str, n_arrays: int) -> None:
    """Refuse to write what `read_archive` would refuse to read."""
    size, length = len(content), int.from_bytes(content[:8], "little")
    columns = "drop columns of many levels, or declare them identifiers"
    if length > MAX_HEADER_BYTES:
        raise _too_large(
            path, f"{MAX_HEADER_BYTES:,} bytes of names and levels", f"it has {length:,}; {columns}"
        )
    n_values = max(_n_values(part) for part in (text, content[8 : 8 + length].decode()))
    if n_values > (most := _most_values(size)):
        raise _too_large(path, f"{most:,} values beside its arrays", f"it has {n_values:,}; {columns}")
    if n_arrays > MAX_ARRAYS:
        raise _too_large(path, f"{MAX_ARRAYS:,} arrays", f"it has {n_arrays:,}; fit fewer columns at a time")
    if size > MAX_BYTES:
        raise _too_large(
            path, f"{MAX_BYTES:,} bytes", f"it has {size:,}; fit fewer rows or columns at a time"
        )


def _too_large(path: str | os.PathLike[str], limit: str, way_out: str) -> FileError:
    return FileError(f"{path}: cannot be written: a file that can be read has at most {limit}; {way_out}.")


def _counts(values: object) -> bool:
    return isinstance(values, list) and all(type(v) is int and v >= 0 for v in values)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _text(data: dict[str, Any]) -> str:
    text = json.dumps(data, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: Python's strings may hold one, UTF-8 may not
        return json.dumps(data)
    return text


def _checksum(text: str, arrays: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256(text.encode(errors="surrogatepass"))
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype} {array.shape}".encode(errors="surrogatepass"))
        digest.update(array.data if array.size else b"")
    return digest.hexdigest()


def _without_arrays(value: Any, path: str, arrays: dict[str, np.ndarray], depth: int) -> Any:
    """The state with every array moved to `arrays` and a reference left in its place.

    Raises
    ------
    RecursionError
        If values are nested more deeply than `depth`.
    """
    if depth < 0 and isinstance(value, (np.ndarray, dict, list, tuple)):
        raise RecursionError(path)
    if isinstance(value, np.ndarray):
        arrays[path] = _plain_array(value, path)
        return {"@array": path}
    if isinstance(value, dict):
        items = {k: _without_arrays(v, _below(path, k), arrays, depth - 1) for k, v in value.items()}
        # a name that could be taken for one of our own marks
        return {"@dict": items} if any(str(k).startswith("@") for k in items) else items
    if isinstance(value, list) and (joined := _joined(value)) is not None:
        arrays[path] = joined
        return {"@strings": path}
    if isinstance(value, (list, tuple)):
        found = [_without_arrays(v, f"{path}/{i}", arrays, depth - 1) for i, v in enumerate(value)]
        return {"@tuple": found} if isinstance(value, tuple) else found
    return value.item() if isinstance(value, np.generic) else value


def _joined(values: list[Any]) -> np.ndarray | None:
    """Many strings as the bytes of one, with zeros between; None where they are few or no such strings."""
    if len(values) < MANY_STRINGS or not all(isinstance(v, str) and "\0" not in v for v in values):
        return None
    return np.frombuffer("\0".join(values).encode(errors="surrogatepass"), dtype=np.uint8)


def _plain_array(value: np.ndarray, path: str) -> np.ndarray:
    plain = np.asarray(value, dtype=value.dtype.newbyteorder("<"), order="C")
    if plain.dtype not in _DTYPES.values():
        raise TypeError(f"{path}: arrays of {value.dtype} cannot be written.")
    return plain


def _with_arrays(value: Any, path: str, waiting: dict[str, np.ndarray], depth: int) -> Any:
    """The state with its arrays, each taken out of `waiting`: every array stands in one place, which its name says.

    Dicts and lists are changed in place: a copy would double what they take.

    Raises
    ------
    KeyError, TypeError, ValueError
        If an array is missing, stands elsewhere, or values are nested more deeply than `depth`.
    """
    if depth < 0:
        raise ValueError(path)
    if isinstance(value, list):
        return _filled(value, path, waiting, depth)
    if not isinstance(value, dict):
        return value
    mark = next(iter(value)) if len(value) == 1 else ""
    if mark == "@array":
        if value[mark] != path:
            raise ValueError(path)
        return waiting.pop(path)
    if mark == "@strings":
        if value[mark] != path or waiting[path].dtype != np.uint8:
            raise ValueError(path)
        return waiting.pop(path).tobytes().decode(errors="surrogatepass").split("\0")
    if mark == "@tuple":
        return tuple(_filled(_checked(value[mark], list), path, waiting, depth))
    items = _checked(value[mark], dict) if mark == "@dict" else value
    for key, own in items.items():
        if isinstance(own, (dict, list)):
            items[key] = _with_arrays(own, _below(path, key), waiting, depth - 1)
    return items


def _filled(items: list[Any], path: str, waiting: dict[str, np.ndarray], depth: int) -> list[Any]:
    for i, own in enumerate(items):
        if isinstance(own, (dict, list)):
            items[i] = _with_arrays(own, f"{path}/{i}", waiting, depth - 1)
    return items


def _checked(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{type(value).__name__} where {kind.__name__} should stand")
    return value


def _below(path: str, key: object) -> str:
    """The path of a key, which may itself have a slash, or half of a surrogate pair."""
    text = str(key).replace("~", "~0").replace("/", "~1")
    return f"{path}/{_HALF.sub(lambda found: f'~{ord(found[0]):x}', text)}"
