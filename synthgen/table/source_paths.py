"""Which files a table is spread over: a path, a folder, a pattern, an address, a list of these, or a pyarrow dataset."""

from __future__ import annotations

import fnmatch
import itertools
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from synthgen.exceptions import TableFileError
from synthgen.table.addresses import open_address
from synthgen.table.formats import format_of_name, is_table_name

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

FORMATS = ("parquet", "arrow", "csv", "tsv")
"""Formats that are read in parts."""
_PATTERN = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Location:
    """Where one file lies.

    Parameters
    ----------
    filesystem : pyarrow.fs.FileSystem
        That holds it.
    path : str
        Its path there.
    name : str
        As messages call it.
    n_bytes : int
        Its size.
    format : str
        One of `FORMATS`.
    """

    filesystem: Any
    path: str
    name: str
    n_bytes: int
    format: str


def locate(X: Any) -> tuple[Location, ...]:
    """The files of a table, by name.

    Parameters
    ----------
    X : path-like, str, list of these, or pyarrow.dataset.Dataset
        A file; a folder (all table files in it, those in folders inside too); a pattern such as ``"part-*.parquet"``; an
        address of a filesystem that pyarrow knows, such as ``s3://bucket/folder``.

    Returns
    -------
    tuple of Location
        At least one; all of one format.

    Raises
    ------
    TableFileError
        If there is no such file, no file fits, one is given twice, formats are mixed, or a server does not answer.
    """
    found = _of_dataset(X) if hasattr(X, "get_fragments") else _of_many(X)
    found.sort(key=_place)
    _check_distinct(found)
    _check_formats(found)
    return tuple(found)


def _of_many(X: Any) -> list[Location]:
    if isinstance(X, (list, tuple)):
        if not X:
            raise TableFileError("A list of files must name at least one. Got an empty list.")
        return [location for one in X for location in _of_one(one)]
    return _of_one(X)


def _of_one(given: Any) -> list[Location]:
    if not isinstance(given, (str, os.PathLike)):
        raise TableFileError(
            f"Files must be given by a path, an address, a list of these or a pyarrow dataset. Got {type(given).__name__}."
        )
    text = os.fspath(given)
    filesystem, path, prefix = _filesystem(text)
    with_reasons = f"{prefix}{path}"
    try:
        return _listed(filesystem, path, prefix)
    except TableFileError:
        raise
    except FileNotFoundError as error:
        raise TableFileError(f"{with_reasons}: no such file or folder.") from error
    except PermissionError as error:
        raise TableFileError(f"{with_reasons}: no permission to read it.") from error
    except OSError as error:
        raise TableFileError(f"{with_reasons}: cannot be reached: {reason_of(error)}.") from error


def reason_of(error: BaseException) -> str:
    """An error's first line, without the way that a library took to it."""
    text = str(error).split("\n")[0].strip().rstrip(".")
    return re.sub(r"\s*(Detail: .*|\(Request ID: [^)]*\))", "", text)


def _filesystem(text: str) -> tuple[FileSystem, str, str]:
    """A filesystem, the path on it, and what stands before that path in messages."""
    from pyarrow import fs

    scheme = re.match(r"([a-z][a-z0-9+.\-]+)://", text)
    if scheme is None:
        return fs.LocalFileSystem(), text, ""
    address, *query = re.split(r"(?=\?[A-Za-z_]+=)", text, maxsplit=1)
    # a pattern is no address: only what stands before it is one
    place = _PATTERN.search(address)
    base, rest = (address, "") if place is None else (address[: place.start()], address[place.start() :])
    filesystem, path = open_address("".join((base, *query)), TableFileError)
    if rest and base.endswith("/") and not path.endswith("/"):
        path += "/"
    return filesystem, path + rest, scheme[0] if scheme[1] != "file" else ""


def _listed(filesystem: Any, path: str, prefix: str) -> list[Location]:
    from pyarrow import fs

    info = filesystem.get_file_info(path)
    if info.type == fs.FileType.File:
        return [_location(filesystem, info, prefix)]
    if info.type == fs.FileType.Directory:
        return _of_folder(filesystem, path, prefix)
    if _PATTERN.search(path):
        return _of_pattern(filesystem, path, prefix)
    raise TableFileError(f"{prefix}{path}: no such file or folder.")


def _of_folder(filesystem: Any, path: str, prefix: str) -> list[Location]:
    infos = [i for i in _files_below(filesystem, path) if not _is_hidden(_below(i.path, path))]
    partitioned = next(
        (i.path for i in infos if "=" in str(PurePosixPath(_below(i.path, path)).parent)), None
    )
    if partitioned is not None:
        raise TableFileError(
            f"{prefix}{partitioned}: lies in a folder that names a column's value, which would be lost; write the column into the "
            "files too, or give a pattern of files (folder/*/*.parquet) to go without it."
        )
    found = [_location(filesystem, i, prefix) for i in infos if _is_readable(i.path)]
    if not found:
        raise TableFileError(f"{prefix}{path}: is a folder without a file of a table ({', '.join(FORMATS)}).")
    return found


def _of_pattern(filesystem: Any, path: str, prefix: str) -> list[Location]:
    """Files whose path fits, part by part; ``**`` stands for any folders."""
    fixed = path[: _PATTERN.search(path).start()].rpartition("/")[0] if _PATTERN.search(path) else path  # type: ignore[union-attr]
    base = fixed or ("/" if path.startswith("/") else ".")
    try:
        infos = _files_below(filesystem, base, recursive="/" in path[len(fixed) + bool(fixed) :])
    except FileNotFoundError:
        infos = []
    found = [i for i in infos if _fits(_plain(i.path), _plain(path)) and not _is_hidden(i.base_name)]
    if not found:
        raise TableFileError(f"{prefix}{path}: no file fits this pattern.")
    readable = next((i.path for i in found if _is_readable(i.path)), None)
    try:
        return [_location(filesystem, i, prefix) for i in found]
    except TableFileError as error:
        if readable is None:
            raise
        suffix = PurePosixPath(readable).suffix
        raise TableFileError(
            f"{error} It fits the pattern {prefix}{path}; one such as {prefix}{path.rpartition('/')[0]}/*{suffix} fits tables only."
        ) from error


def _files_below(filesystem: Any, path: str, recursive: bool = True) -> list[Any]:
    from pyarrow import fs

    infos = filesystem.get_file_info(fs.FileSelector(path, recursive=recursive))
    return [i for i in infos if i.type == fs.FileType.File]


def _plain(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def _fits(parts: list[str], pattern: list[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return _fits(parts, pattern[1:]) or (bool(parts) and _fits(parts[1:], pattern))
    return bool(parts) and fnmatch.fnmatchcase(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])


def _below(path: str, folder: str) -> str:
    parts, above = _plain(path), _plain(folder)
    return "/".join(parts[len(above) :]) if parts[: len(above)] == above else path


def _is_hidden(path: str) -> bool:
    return any(part.startswith((".", "_")) for part in path.split("/"))


def _is_readable(path: str) -> bool:
    return is_table_name(path) and format_of_name(path, None) in FORMATS


def _location(filesystem: Any, info: Any, prefix: str) -> Location:
    name = f"{prefix}{info.path}"
    kind = format_of_name(info.path, None)
    if kind not in FORMATS:
        raise TableFileError(
            f"{name}: a file of format {kind} is not read in parts; {', '.join(FORMATS)} are."
        )
    return Location(filesystem, info.path, name, int(info.size or 0), kind)


def _of_dataset(dataset: Any) -> list[Location]:
    if hasattr(dataset, "children"):
        return [location for child in dataset.children for location in _of_dataset(child)]
    if not hasattr(dataset, "files"):
        raise TableFileError(
            f"A pyarrow dataset must be of files. Got {type(dataset).__name__}; fit its .to_table().to_pandas(), or write it first."
        )
    if getattr(dataset, "_scan_options", None):
        raise TableFileError(
            "A pyarrow dataset that is filtered is not read in parts; write the rows that are wanted first."
        )
    infos = dataset.filesystem.get_file_info(list(dataset.files))
    kind = dataset.format.default_extname
    if kind not in FORMATS:
        kind = "arrow" if kind in ("feather", "ipc") else kind
    prefix = "" if dataset.filesystem.type_name == "local" else f"{dataset.filesystem.type_name}://"
    _check_partitions(dataset)
    _check_types(dataset)
    if kind == "csv":
        _check_text_options(dataset.format)
    return [Location(dataset.filesystem, i.path, f"{prefix}{i.path}", int(i.size or 0), kind) for i in infos]


def _check_partitions(dataset: Any) -> None:
    fragment = next(iter(dataset.get_fragments()), None)
    if fragment is None:
        raise TableFileError("The pyarrow dataset has no files.")
    own = set(fragment.physical_schema.names)
    if lacking := [name for name in dataset.schema.names if name not in own]:
        raise TableFileError(
            f"{fragment.path}: has no column {lacking[0]!r}, which the dataset takes from folders' names; write it into the files."
        )


def _check_types(dataset: Any) -> None:
    """Refuse columns that the dataset wants in a type that no file has them in."""
    wanted = {field.name: field.type for field in dataset.schema}
    found: dict[str, Any] = {}
    for fragment in dataset.get_fragments():
        own = fragment.physical_schema
        found = {name: own.field(name).type for name in wanted if name in own.names} | found
        wanted = {n: t for n, t in wanted.items() if n not in own.names or own.field(n).type != t}
        if not wanted:
            return
    name, type_ = next(iter(wanted.items()))
    raise TableFileError(
        f"The pyarrow dataset has column {name!r} as {type_}, and its files hold {found.get(name)}; columns are learnt as files "
        "hold them. Leave the type out of the dataset's schema, or write the files anew."
    )


def _check_text_options(format_: Any) -> None:
    """Refuse text that is to be read in a way of its own."""
    from pyarrow import csv

    scan = format_.default_fragment_scan_options
    is_plain = (
        format_.parse_options.equals(csv.ParseOptions())
        and scan.convert_options.equals(csv.ConvertOptions())
        and scan.read_options.equals(csv.ReadOptions())
    )
    if not is_plain:
        raise TableFileError(
            "A pyarrow dataset of CSV with options of its own is not read as they say; give the files' names, if they are plain "
            "CSV, or write them as Parquet first."
        )


def _place(location: Location) -> str:
    """The same for two names of one file."""
    is_local = location.filesystem.type_name == "local"
    return str(Path(location.path).absolute()) if is_local else location.name


def _check_distinct(found: list[Location]) -> None:
    for a, b in itertools.pairwise(found):
        if _place(a) == _place(b):
            raise TableFileError(f"{a.name}: is given twice; its rows would count double.")


def _check_formats(found: list[Location]) -> None:
    other = next((one for one in found if one.format != found[0].format), None)
    if other is not None:
        raise TableFileError(
            f"{other.name}: is {other.format}, but {found[0].name} is {found[0].format}; the files of a table must be of one "
            "format. Give a pattern that fits one of them."
        )
