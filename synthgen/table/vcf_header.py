"""The header of a VCF file, and whether the file is whole."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from synthgen.exceptions import TableFileError
from synthgen.table.bgzf import END

FIXED = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
"""The columns that every VCF file has."""
_CONTIG = re.compile(r"##contig=<(?:.*,)?ID=([^,>]+)(?:.*[,<]length=(\d+))?")
_GZIP = b"\x1f\x8b"
_LINE = 1 << 26
"""A header line longer than this many bytes is none."""


class Header(NamedTuple):
    """What a VCF file says before its first variant."""

    samples: list[str]
    """Names, in file order."""
    contigs: dict[str, int | None]
    """Length of each contig, in file order; None where it is not said."""


def read_header(path: Path) -> Header:
    """Read and check the header of a VCF file.

    Parameters
    ----------
    path : pathlib.Path
        Plain, or compressed by gzip or bgzip.

    Returns
    -------
    Header
        Its samples and contigs.

    Raises
    ------
    TableFileError
        If the file is missing, a folder, empty, no VCF, cut short or damaged, has no variants or no samples, or
        repeats a sample's name.
    """
    contigs: dict[str, int | None] = {}
    lines = _lines(path)
    first = next(lines, "")
    if not first.startswith("##fileformat=VCF"):
        raise TableFileError(f"{path}: {_wrong_start(first)}")
    for line in lines:
        if found := _CONTIG.match(line):
            contigs[found[1]] = int(found[2]) if found[2] else None
        elif not line.startswith("##"):
            if not next(lines, ""):
                raise TableFileError(f"{path}: has a header but no variants; it needs at least one.")
            return Header(_samples(line.split("\t"), path), contigs)
    raise TableFileError(
        f"{path}: the header has no line that begins with #CHROM; the file is cut short or no VCF."
    )


def _lines(path: Path) -> Iterator[str]:
    """The lines of a file that is whole as far as its end shows."""
    if path.is_dir():
        raise TableFileError(f"{path}: is a folder; give a file in it.")
    try:
        with path.open("rb") as raw:
            is_packed = raw.read(2) == _GZIP
            _check_end(raw, path, is_packed)
            raw.seek(0)
            with gzip.GzipFile(fileobj=raw) if is_packed else raw as file:
                while line := file.readline(_LINE):
                    yield line.decode("utf-8", errors="replace").rstrip("\r\n")
    except TableFileError:
        raise
    except FileNotFoundError as error:
        raise TableFileError(f"{path}: no such file.") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise TableFileError(f"{path}: is not a whole gzip file: {error}.") from error
    except OSError as error:
        raise TableFileError(f"{path}: cannot be read: {error.strerror or error}.") from error


def _check_end(raw: BinaryIO, path: Path, is_packed: bool) -> None:
    """Refuse a file that lacks its end."""
    size = raw.seek(0, 2)
    if size == 0:
        raise TableFileError(f"{path}: is empty (0 bytes).")
    raw.seek(0)
    is_blocked = raw.read(14)[12:] == END[12:14]
    raw.seek(-min(size, len(END)), 2)
    end = raw.read()
    if is_packed and is_blocked and end != END:
        raise TableFileError(f"{path}: is cut short: the end that bgzip writes is missing. Copy it again.")
    if not is_packed and not end.endswith(b"\n"):
        raise TableFileError(
            f"{path}: is cut short: the last line has no end. Copy it again, or end the line."
        )


def _wrong_start(first: str) -> str:
    if first.startswith("BCF"):
        return "is BCF, the binary form of VCF; turn it into VCF by `bcftools view -Oz`."
    return "is no VCF file: it does not begin with ##fileformat=VCF."


def _samples(columns: list[str], path: Path) -> list[str]:
    n_fixed = len(FIXED)
    if tuple(columns[:n_fixed]) != FIXED:
        raise TableFileError(
            f"{path}: the header's last line must be {', '.join(FIXED)}, FORMAT and the samples, with tabs between. "
            f"It begins with {', '.join(columns[:n_fixed])[:80]!r}."
        )
    samples = columns[n_fixed + 1 :]
    if not samples:
        raise TableFileError(f"{path}: has no samples, only sites; genotypes are needed to learn from.")
    if len(set(samples)) < len(samples):
        name = next(s for s in samples if samples.count(s) > 1)
        raise TableFileError(
            f"{path}: sample {name!r} is in the header twice; `bcftools reheader -s` renames samples."
        )
    return samples
