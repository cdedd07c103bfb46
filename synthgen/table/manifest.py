"""What is known of a folder of sampled files: whose sample it is, which files are whole, and their checksums.

While files are written, the folder ``.running`` holds the request and a record of each file, written before the file
gets its name; so a run that is killed leaves nothing that is not known. In the end ``_manifest.json`` holds all of it. Both names
are of those that pyarrow, pandas and Spark pass over when they read a folder.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from synthgen.exceptions import FileError
from synthgen.table.part_folder import Fill, PartFolder
from synthgen.table.part_writer import SUFFIXES

MANIFEST = "_manifest.json"
RUNNING = ".running"
_REQUEST = f"{RUNNING}/request.json"
_FORMAT = 1
_DIGITS = 5
_LEFT_BEHIND = re.compile(r"\.(part-\d+\.[a-z]+|_manifest\.json)\.[0-9a-f]{8}\.part")
"""Files that a run was writing when it was killed."""
_MATTERS = ("model", "seed", "rows_per_file", "format", "conditions", "refine", "versions")
"""Of a request, what the rows of every file depend on."""


@dataclass(frozen=True)
class SampleRequest:
    """What was asked for.

    Parameters
    ----------
    model : str
        SHA-256 of the model's state.
    seed : int
        Of the sample.
    n : int
        Rows, at least 1.
    rows_per_file : int
        At least 1.
    format : str
        One of `synthgen.table.part_writer.SUFFIXES`.
    conditions : dict of str to str, or None
        Column to what its values must be, as text.
    refine : str, int or None
        How rows are chosen.
    versions : dict of str to str
        Of the libraries that rows and bytes depend on.
    """

    model: str
    seed: int
    n: int
    rows_per_file: int
    format: str
    conditions: dict[str, str] | None
    refine: str | int | None
    versions: dict[str, str]

    @property
    def n_files(self) -> int:
        """How many files there will be."""
        return -(-self.n // self.rows_per_file)

    @property
    def digest(self) -> str:
        """SHA-256 of all but the number of rows: longer samples begin with shorter ones."""
        text = json.dumps({name: getattr(self, name) for name in _MATTERS}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def name(self, number: int) -> str:
        """Of a file: ``part-00000.parquet``."""
        digits = max(_DIGITS, len(str(self.n_files - 1)))
        return f"part-{number:0{digits}d}{SUFFIXES[self.format]}"

    def rows(self, number: int) -> tuple[int, int]:
        """Of a file: its first row, and the row after its last."""
        first = number * self.rows_per_file
        return first, min(first + self.rows_per_file, self.n)

    def difference(self, other: SampleRequest) -> str:
        """What is another, in words; empty for two requests that one folder can serve, this one after the other."""
        found = [
            f"{name} {_shown(getattr(other, name))}, now {_shown(getattr(self, name))}"
            for name in _MATTERS
            if getattr(self, name) != getattr(other, name)
        ]
        if self.n < other.n or self.name(0) != other.name(0):
            found.append(f"n {other.n:,}, now {self.n:,}")
        return "; ".join(found)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """From the data of a file.

        Raises
        ------
        TypeError, ValueError
            If they are no request.
        """
        found = cls(**given)
        counts = (found.seed, found.n, found.rows_per_file)
        if not all(isinstance(c, int) for c in counts) or found.format not in SUFFIXES or min(counts[1:]) < 1:
            raise ValueError("no request")
        return found


@dataclass(frozen=True)
class FileRecord:
    """What is known of one file.

    Parameters
    ----------
    name : str
        In the folder.
    first_row, rows : int
        Which rows of the sample it has.
    bytes : int
        Its size.
    sha256 : str
        Of its content.
    request : str
        `SampleRequest.digest` of what it is a file of.
    """

    name: str
    first_row: int
    rows: int
    bytes: int
    sha256: str
    request: str


@dataclass(frozen=True)
class Manifest:
    """A folder of sampled files.

    Parameters
    ----------
    address : str
        Of the folder.
    request : SampleRequest
        What was asked for.
    files : tuple of FileRecord
        In the order of rows.
    n_written : int
        Files that this run wrote; the others were there.
    """

    address: str
    request: SampleRequest
    files: tuple[FileRecord, ...]
    n_written: int = field(default=0, compare=False)

    @property
    def n_rows(self) -> int:
        """In all files."""
        return sum(f.rows for f in self.files)

    @property
    def n_bytes(self) -> int:
        """Of all files."""
        return sum(f.bytes for f in self.files)

    def to_dict(self) -> dict[str, Any]:
        """What ``_manifest.json`` holds: nothing of when and where, so that the same sample has the same."""
        return {
            "format_version": _FORMAT,
            "request": asdict(self.request),
            "n_rows": self.n_rows,
            "n_bytes": self.n_bytes,
            "files": [asdict(f) for f in self.files],
        }


class SampleFolder:
    """A folder while a sample is written to it.

    Parameters
    ----------
    folder : PartFolder
        Made already, and locked where that is possible.
    """

    def __init__(self, folder: PartFolder) -> None:
        self.folder = folder

    def begin(self, request: SampleRequest, *, any_seed: bool, overwrite: bool) -> SampleRequest:
        """Say what is to be written, or take up what was begun.

        Parameters
        ----------
        request : SampleRequest
            What is asked for.
        any_seed : bool
            Whether the seed was only drawn: then that of the folder is taken.
        overwrite : bool
            Whether the files of another request may be removed.

        Returns
        -------
        SampleRequest
            What is to be written.

        Raises
        ------
        FileError
            If the folder holds files of another request, or anything else; or cannot be written to.
        """
        before = self._before()
        if before is not None and any_seed:
            request = replace(request, seed=before.seed)
        self._check_others(before or request)
        if before is not None and (difference := request.difference(before)):
            if not overwrite:
                raise FileError(
                    f"{self.folder.address}: holds another sample ({difference}); give another folder, or overwrite=True "
                    "(--force) to replace it."
                )
            self._clear(before)
            before = None
        if before != request:
            text = json.dumps(asdict(request), indent=1).encode()
            self.folder.write(_REQUEST, lambda sink: _put(sink, text))
        self._sweep()
        return request

    def whole(self, request: SampleRequest) -> dict[int, FileRecord]:
        """The files that need not be written again: of the right size and checksum.

        Parameters
        ----------
        request : SampleRequest
            What is to be written.

        Returns
        -------
        dict of int to FileRecord
            By number.
        """
        sizes, records = self.folder.sizes(), self._records()
        found = {}
        for number in range(request.n_files):
            name, (first, last) = request.name(number), request.rows(number)
            for record in records.get(name, ()):
                wanted = (first, last - first, sizes.get(name), request.digest)
                if (record.first_row, record.rows, record.bytes, record.request) != wanted:
                    continue
                if self.folder.sha256(name) == record.sha256:
                    found[number] = record
                    break
        return found

    def write(self, request: SampleRequest, number: int, fill: Fill) -> FileRecord:
        """Write one file, and its record before it has its name.

        Parameters
        ----------
        request : SampleRequest
            What is to be written.
        number : int
            Of the file.
        fill : callable
            Writes its content to a `synthgen.table.part_folder.HashingSink`.

        Returns
        -------
        FileRecord
            Of the file.
        """
        name, (first, last) = request.name(number), request.rows(number)
        done: list[FileRecord] = []

        def seal(n_bytes: int, sha256: str) -> None:
            done.append(FileRecord(name, first, last - first, n_bytes, sha256, request.digest))
            text = json.dumps(asdict(done[0])).encode()
            self.folder.write(f"{RUNNING}/{name}.json", lambda sink: _put(sink, text))

        self.folder.write(name, fill, seal)
        return done[0]

    def finish(self, request: SampleRequest, records: Mapping[int, FileRecord], n_written: int) -> Manifest:
        """Write the manifest; what was kept for an interruption goes.

        Parameters
        ----------
        request : SampleRequest
            What was written.
        records : mapping of int to FileRecord
            Of all files.
        n_written : int
            Of these, how many this run wrote.

        Returns
        -------
        Manifest
            Of the folder.
        """
        files = tuple(records[number] for number in range(request.n_files))
        found = Manifest(self.folder.address, request, files, n_written)
        text = (json.dumps(found.to_dict(), indent=1) + "\n").encode()
        if self._text(MANIFEST) != text:
            self.folder.write(MANIFEST, lambda sink: _put(sink, text))
        if f"{RUNNING}/" in self.folder.sizes():
            self.folder.remove(f"{RUNNING}/")
        self._sweep()
        return found

    def _before(self) -> SampleRequest | None:
        """What the folder is of; the request of a longer run that was begun goes before the manifest."""
        for name, key in ((_REQUEST, None), (MANIFEST, "request")):
            text = self._text(name)
            if text is None:
                continue
            try:
                found = json.loads(text)
                return SampleRequest.from_dict(found if key is None else found[key])
            except (KeyError, TypeError, ValueError) as error:
                raise FileError(
                    f"{self.folder.address}: {name} is not one of synthgen's; give another folder, or remove it."
                ) from error
        return None

    def _check_others(self, request: SampleRequest) -> None:
        known = {MANIFEST, f"{RUNNING}/", *(request.name(number) for number in range(request.n_files))}
        others = [n for n in self.folder.sizes() if n not in known and not _LEFT_BEHIND.fullmatch(n)]
        if others:
            more = f" and {len(others) - 1:,} more" if len(others) > 1 else ""
            raise FileError(
                f"{self.folder.address}: holds other things ({others[0]}{more}), which a folder of samples must not; "
                "give an empty folder, or the name of one that is to be made."
            )

    def _sweep(self) -> None:
        """Remove what was being written when a run, or a worker of it, was killed."""
        for name in self.folder.sizes():
            if _LEFT_BEHIND.fullmatch(name):
                self.folder.remove(name)

    def _clear(self, before: SampleRequest) -> None:
        """Remove what the folder's own records name."""
        sizes = self.folder.sizes()
        for name in [MANIFEST, *map(before.name, range(before.n_files))]:
            if name in sizes:
                self.folder.remove(name)
        if f"{RUNNING}/" in sizes:
            self.folder.remove(f"{RUNNING}/")

    def _records(self) -> dict[str, list[FileRecord]]:
        """What is written of files, by name: by the run that was ended, then by one that ended well."""
        texts = [self._text(f"{RUNNING}/{n}") for n in self.folder.sizes(RUNNING) if n.startswith("part-")]
        given: list[Any] = [_parsed(text) for text in texts]
        manifest = _parsed(self._text(MANIFEST))
        given += manifest.get("files", ()) if isinstance(manifest, dict) else ()
        found: dict[str, list[FileRecord]] = {}
        for record in _made(given):
            found.setdefault(record.name, []).append(record)
        return found

    def _text(self, name: str) -> bytes | None:
        folder, _, own = name.rpartition("/")
        return self.folder.read(name) if own in self.folder.sizes(folder) else None


def _parsed(text: bytes | None) -> Any:
    try:
        return {} if text is None else json.loads(text)
    except ValueError:
        return {}


def _made(given: Iterable[Any]) -> Iterable[FileRecord]:
    for one in given:
        if isinstance(one, dict) and one.keys() == FileRecord.__dataclass_fields__.keys():
            yield FileRecord(**one)


def _put(sink: Any, text: bytes) -> None:
    sink.write(text)


def _shown(value: Any) -> str:
    return f"{value[:12]}..." if isinstance(value, str) and len(value) == 64 else f"{value}"
