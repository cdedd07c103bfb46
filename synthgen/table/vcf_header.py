"""The header of a VCF file, and whether the file is whole: its start, its end, and the columns of every line."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from synthgen.exceptions import TableFileError
from synthgen.table.bgzf import END
from synthgen.table.formats import is_gzipped_name
from synthgen.table.limits import check_ratio

FIXED = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
"""The columns that every VCF file has."""
_CONTIG = re.compile(r"##contig=<(?:.*,)?ID=([^,>]+)(?:.*[,<]length=(\d+))?")
_GZIP = b"\x1f\x8b"
_START = "##fileformat=VCF"
_LINE = 1 << 28
"""A line longer than this many bytes is none."""
_RECORD = re.compile(
    rb"[^#\s\0<>,=\"][^\s\0<>,=\"]*\t\d{1,10}\t[^\t\0]+\t[A-Za-z.*]+\t[^\s\0]+\t(\.|[-+.\deE]+|[-+]?[nNiI][a-zA-Z]+)\t[^\t\0]+\t[^\t\0]+"
    rb"\t[\w.+-]+(:[\w.+-]+)*\t"
)
"""How a record begins: eight fixed columns, and the names of the genotypes' parts."""


class Header(NamedTuple):
    """What a VCF file says before its first variant."""

    samples: list[str]
    """Names, in file order."""
    contigs: dict[str, int | None]
    """Length of each contig, in file order; None where it is not said."""
    undeclared: list[str]
    """Contigs that only records name."""


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
        If the file is missing, a folder, empty, no VCF, cut short or damaged, has no variants or no samples,
        repeats a sample's name, or has a line that is no record, or one of another number of columns than the header's
        last line.

    Notes
    -----
    The records are looked at here because htslib takes lines of too few columns for records, or lines that begin with #,
    and cyvcf2 then reads memory that is not there.
    """
    contigs: dict[str, int | None] = {}
    lines = _lines(path)
    for number, raw in enumerate(lines, start=1):
        line = raw.decode("utf-8", errors="replace").rstrip("\r\n")
        if found := _CONTIG.match(line):
            contigs[found[1]] = int(found[2]) if found[2] else None
        elif not line.startswith("##"):
            columns = line.split("\t")
            samples = _samples(columns, path)
            undeclared = _check_records(lines, number + 1, len(columns), set(contigs), path)
            return Header(samples, contigs, undeclared)
    raise TableFileError(
        f"{path}: the header has no line that begins with #CHROM; the file is cut short or no VCF."
    )


def _check_records(
    lines: Iterator[bytes], first: int, n_columns: int, contigs: set[str], path: Path
) -> list[str]:
    """Refuse records of another number of columns; the contigs that `contigs` lacks.

    `first` is the number of the first record's line.
    """
    known = {name.encode(): False for name in contigs}
    number = first - 1
    for number, line in enumerate(lines, start=first):
        if line.count(b"\t") != n_columns - 1 or not line.strip():
            found = line.count(b"\t") + 1
            raise TableFileError(
                f"{path}: line {number:,} has {found:,} column{'s' * (found > 1)} where the line #CHROM has "
                f"{n_columns:,}, with tabs between: the line is damaged. Mend it or leave it out."
            )
        if not _RECORD.match(line) or b"\0" in line:
            raise TableFileError(
                f"{path}: line {number:,} is no record of VCF: one begins with CHROM, POS (a whole number), ID, REF (letters) "
                "and ALT. Mend it or leave it out."
            )
        if (contig := line[: line.index(b"\t")]) not in known:
            known[contig] = True
    if number < first:
        raise TableFileError(f"{path}: has a header but no variants; it needs at least one.")
    try:
        return [name.decode() for name, is_new in known.items() if is_new]
    except UnicodeDecodeError as error:
        raise TableFileError(
            f"{path}: the name of a contig is not UTF-8 text; save the file as UTF-8."
        ) from error


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file that is VCF and whole as far as its start and end show."""
    if path.is_dir():
        raise TableFileError(f"{path}: is a folder; give a file in it.")
    try:
        with path.open("rb") as raw:
            is_packed = raw.read(2) == _GZIP
            _check_start(raw, path, is_packed)
            _check_end(raw, path, is_packed)
            raw.seek(0)
            with gzip.GzipFile(fileobj=raw) if is_packed else raw as file:
                size, n_packed = 0, path.stat().st_size
                while line := file.readline(_LINE):
                    size += len(line)
                    check_ratio(size, n_packed, str(path))
                    yield line
    except TableFileError:
        raise
    except FileNotFoundError as error:
        raise TableFileError(f"{path}: no such file.") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise TableFileError(f"{path}: is not a whole gzip file: {error}.") from error
    except OSError as error:
        raise TableFileError(f"{path}: cannot be read: {error.strerror or error}.") from error


def _check_start(raw: BinaryIO, path: Path, is_packed: bool) -> None:
    """Refuse a file that is no VCF."""
    if raw.seek(0, 2) == 0:
        raise TableFileError(f"{path}: is empty (0 bytes).")
    raw.seek(0)
    start = (gzip.GzipFile(fileobj=raw) if is_packed else raw).read(len(_START))
    if start == _START.encode():
        return
    if start.startswith(b"BCF"):
        reason = "is BCF, the binary form of VCF; turn it into VCF by `bcftools view -Oz`."
    elif is_gzipped_name(path) and not is_packed:
        reason = f"is no gzip file, though its name ends in .gz, and no VCF: it does not begin with {_START}."
    else:
        reason = f"is no VCF file: it does not begin with {_START}."
    raise TableFileError(f"{path}: {reason}")


def _check_end(raw: BinaryIO, path: Path, is_packed: bool) -> None:
    """Refuse a file that lacks its end."""
    size = raw.seek(0, 2)
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
