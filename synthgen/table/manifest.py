"""What is known of a folder of sampled files: whose sample it is, which files are whole, and their checksums."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from synthgen.table.part_writer import SUFFIXES

MAX_FILES = 1_000_000
"""In a folder."""
_FORMAT = 1
_DIGITS = 5
_PART = re.compile(r"part-([0-9]{5,6})\.[a-z]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX = 2**63
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

    @property
    def digits(self) -> int:
        """Of the number in a file's name."""
        return max(_DIGITS, len(str(self.n_files - 1)))

    def name(self, number: int) -> str:
        """Of a file: ``part-00000.parquet``."""
        return f"part-{number:0{self.digits}d}{SUFFIXES[self.format]}"

    def number(self, name: str) -> int | None:
        """Of the file of a name; None if there will be none of that name."""
        found = _PART.fullmatch(name)
        number = self.n_files if found is None else int(found[1])
        return number if number < self.n_files and name == self.name(number) else None

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
        if self.n < other.n or self.digits != other.digits:
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
        sound = (
            _is_sha256(found.model),
            _is_count(found.seed, 0),
            _is_count(found.n, 1),
            _is_count(found.rows_per_file, 1),
            found.format in SUFFIXES,
            found.conditions is None or _is_text(found.conditions),
            found.refine is None or isinstance(found.refine, str | int),
            _is_text(found.versions),
        )
        if not all(sound) or found.n_files > MAX_FILES:
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

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """From the data of a file.

        Raises
        ------
        TypeError, ValueError
            If they are no record.
        """
        found = cls(**given)
        sound = (
            isinstance(found.name, str) and _PART.fullmatch(found.name) is not None,
            all(_is_count(c, 0) for c in (found.first_row, found.rows, found.bytes)),
            _is_sha256(found.sha256),
            _is_sha256(found.request),
        )
        if not all(sound):
            raise ValueError("no record")
        return found


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
    streams : {"one", "one a file"}
        "one": the files after each other are ``sample(n)``. "one a file": conditions or rules drop rows, and only the
        first file is how ``sample(n)`` begins.
    """

    address: str
    request: SampleRequest
    files: tuple[FileRecord, ...]
    n_written: int = field(default=0, compare=False)
    streams: str = "one"

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
            "streams": self.streams,
            "files": [asdict(f) for f in self.files],
        }


def _shown(value: Any) -> str:
    return f"{value[:12]}..." if isinstance(value, str) and len(value) == 64 else f"{value}"


def _is_count(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value < _MAX


def _is_sha256(value: Any) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


def _is_text(value: Any) -> bool:
    """Whether a value is a dict of str to str."""
    return isinstance(value, dict) and all(isinstance(v, str) for pair in value.items() for v in pair)
