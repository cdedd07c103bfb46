"""The genotypes of PLINK 1: ``.bed`` files."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from synthgen.exceptions import TableFileError
from synthgen.table.extras import import_extra

BED_FORMAT = "PLINK .bed"
"""In messages."""
MAGIC = b"\x6c\x1b"
HEADER = 3
"""Bytes before the genotypes: two that are the same in all files, and the order."""
_BY_PERSON, BY_VARIANT = b"\0", b"\1"


def read_bed(bed: Path, n_people: int, n_variants: int) -> npt.NDArray[np.int8]:
    """All genotypes of a ``.bed`` file.

    Parameters
    ----------
    bed : pathlib.Path
        In the order of variants or of people.
    n_people, n_variants : int
        As its ``.fam`` and ``.bim`` files have them.

    Returns
    -------
    numpy.ndarray of int8, shape (V, N)
        Copies of allele 1: 0, 1, 2, or -127 where missing.

    Raises
    ------
    TableFileError
        If it is no ``.bed`` file, or holds another number of genotypes.
    FileError
        If the library bed-reader is not installed.
    """
    open_bed = import_extra("bed_reader", BED_FORMAT + " files").open_bed
    found = check_bed(bed, n_people, n_variants)
    if found.rest and _has_more(bed, found.rows, found.in_row):
        raise more_than_fits(bed, found.in_row)
    try:
        with open_bed(bed, iid_count=n_people, sid_count=n_variants) as file:
            values: npt.NDArray[np.int8] = file.read(dtype="int8", order="F")
    except (ValueError, OSError) as error:
        raise TableFileError(f"{bed}: cannot be read: {error}") from error
    return values.T


class Packing(NamedTuple):
    """How the genotypes of a file lie."""

    is_by_variant: bool
    rows: int
    in_row: int

    @property
    def rest(self) -> int:
        """Genotypes in the last byte of a row; 0 where it is full."""
        return self.in_row % 4


def check_bed(bed: Path, n_people: int, n_variants: int) -> Packing:
    """Hold the file to the number of people and variants that the others have.

    Parameters
    ----------
    bed : pathlib.Path
        The file.
    n_people, n_variants : int
        As its ``.fam`` and ``.bim`` files have them.

    Returns
    -------
    Packing
        The order of its genotypes.

    Raises
    ------
    TableFileError
        If it is no ``.bed`` file, or holds another number of genotypes.
    """
    with _opened(bed) as file:
        start = file.read(HEADER)
    size = bed.stat().st_size
    if start[:2] != MAGIC or start[2:] not in (_BY_PERSON, BY_VARIANT):
        raise TableFileError(
            f"{bed}: is no PLINK 1 .bed file (it begins with {start.hex(' ') or 'nothing'}, not 6c 1b 01). Files "
            "of intervals are called .bed too, and hold no genotypes."
        )
    major, minor = (n_variants, n_people) if start[2:] == BY_VARIANT else (n_people, n_variants)
    wanted = HEADER + major * packed(minor)
    if size != wanted:
        cut = ", or the .bed is cut short" if size < wanted else ""
        raise TableFileError(
            f"{bed}: has {size:,} bytes, but {n_people:,} people (.fam) and {n_variants:,} variants (.bim) make "
            f"{wanted:,}{_guess(size - HEADER, major, minor, start[2:])}. The three files do not belong together{cut}."
        )
    return Packing(start[2:] == BY_VARIANT, major, minor)


def more_than_fits(bed: Path, in_row: int) -> TableFileError:
    """The error for bits that must be zero, behind the last genotype of each row, and are not."""
    return TableFileError(
        f"{bed}: holds genotypes behind the last of {in_row:,} in a row, so the three files do not belong together."
    )


def packed(n: int) -> int:
    """Bytes that `n` genotypes take, at two bits each."""
    return (n + 3) // 4


def _guess(size: int, major: int, minor: int, order: bytes) -> str:
    """What else the file may be, in words."""
    of_rows, in_row = ("variants", "people") if order == BY_VARIANT else ("people", "variants")
    guesses = []
    if size and size % major == 0:
        most = size // major * 4
        guesses.append(f"with {major:,} {of_rows} it would hold {most - 3:,} to {most:,} {in_row}")
    if size and size % packed(minor) == 0:
        guesses.append(f"with {minor:,} {in_row} it would hold {size // packed(minor):,} {of_rows}")
    return "".join(f"; {guess}" for guess in guesses)


def _has_more(bed: Path, major: int, minor: int) -> bool:
    """Whether bits that must be zero, behind the last genotype of each row, are not."""
    rows = np.memmap(bed, dtype=np.uint8, mode="r", offset=HEADER, shape=(major, packed(minor)))
    return bool((rows[:, -1] >> (2 * (minor % 4))).any())


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise TableFileError(f"{path}: cannot be read: {error.strerror or error}.") from error
