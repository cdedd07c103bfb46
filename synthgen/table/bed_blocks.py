"""PLINK ``.bed`` files a few variants at a time: read, and written, without ever holding all genotypes.

A variant takes two bits for each person, four people to a byte, the first person in the lowest bits [1]_: 00 two copies of
allele 1, 10 one, 11 none, 01 missing.

References
----------
.. [1] https://www.cog-genomics.org/plink/1.9/formats#bed
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pandas as pd

from synthgen.exceptions import DataError, TableFileError
from synthgen.files import atomic_write
from synthgen.table.annotated import Annotation
from synthgen.table.plink_bed import (
    BED_FORMAT,
    BY_VARIANT,
    HEADER,
    MAGIC,
    check_bed,
    more_than_fits,
    packed,
)
from synthgen.table.plink_people import people_lines
from synthgen.table.plink_trio import BIM, bim_text, read_around, trio_of
from synthgen.table.variants import MISSING, need_columns

_DOSAGES = np.array([2, MISSING, 1, 0], dtype=np.int8)
"""Of the four codes of two bits."""
_FOUR = _DOSAGES[(np.arange(256)[:, None] >> np.arange(0, 8, 2)) & 3].view(np.uint32)[:, 0]
"""The four dosages of each byte, as one number."""
_CODES = np.full(256, 255, dtype=np.uint8)
_CODES[_DOSAGES.view(np.uint8)] = np.arange(4, dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class BedFile:
    """A PLINK file set whose genotypes stay on disk.

    Parameters
    ----------
    bed : pathlib.Path
        In the order of variants.
    n_people : int
        N.
    covariates : pandas.DataFrame, shape (N, 0 to 2)
        ``sex`` and ``phenotype``, as `synthgen.table.plink.read_plink` has them.
    annotation : Annotation
        Of the V variants.
    """

    bed: Path
    n_people: int
    covariates: pd.DataFrame
    annotation: Annotation

    @property
    def n_variants(self) -> int:
        """V."""
        return len(self.annotation)

    @property
    def names(self) -> pd.Index:
        """The variants' names, shape (V,)."""
        return self.annotation.features.index

    def dosages(self, start: int, stop: int) -> npt.NDArray[np.int8]:
        """The genotypes of some variants.

        Parameters
        ----------
        start, stop : int
            The first variant, and the one after the last.

        Returns
        -------
        numpy.ndarray of int8, shape (stop - start, N)
            Copies of allele 1: 0, 1, 2, or `MISSING`.

        Raises
        ------
        TableFileError
            If the file cannot be read, or is another than it was when it was opened.
        """
        width = packed(self.n_people)
        try:
            found = np.fromfile(
                self.bed, dtype=np.uint8, count=(stop - start) * width, offset=HEADER + start * width
            )
        except OSError as error:
            raise TableFileError(f"{self.bed}: cannot be read: {error.strerror or error}.") from error
        if len(found) != (stop - start) * width:
            raise TableFileError(f"{self.bed}: was cut short while it was read; take another copy.")
        rows = found.reshape(stop - start, width)
        if (rest := self.n_people % 4) and (rows[:, -1] >> (2 * rest)).any():
            raise more_than_fits(self.bed, self.n_people)
        return np.take(_FOUR, rows).view(np.int8)[:, : self.n_people]

    def blocks(self, size: int) -> Iterator[tuple[slice, npt.NDArray[np.int8]]]:
        """All genotypes in order, `size` variants at a time: which they are, and `dosages` of them."""
        for start in range(0, self.n_variants, size):
            stop = min(start + size, self.n_variants)
            yield slice(start, stop), self.dosages(start, stop)


def open_bed_blocks(path: str | os.PathLike[str]) -> BedFile:
    """A PLINK 1 file set, of which only the people and the variants' metadata are read.

    Parameters
    ----------
    path : path-like
        The ``.bed`` file, or its name without the suffix. The ``.bim`` and ``.fam`` files stand beside it.

    Returns
    -------
    BedFile
        Checked for its size; the genotypes are read when they are asked for.

    Raises
    ------
    TableFileError
        If one of the three files is missing, empty or malformed, they do not fit together, or the genotypes are in the
        order of people.
    """
    files = trio_of(path)
    around = read_around(files)
    packing = check_bed(files.bed, around.n_people, len(around.annotation))
    if not packing.is_by_variant:
        raise TableFileError(
            f"{files.bed}: holds its genotypes in the order of people, which cannot be read a few variants at a time; "
            "rewrite it in the order of variants (plink --make-bed), or read it whole with read_plink."
        )
    return BedFile(files.bed, around.n_people, around.covariates, around.annotation)


class BedWriter:
    """Appends variants to a ``.bed`` file that is being written.

    Parameters
    ----------
    handle : file
        Open for writing.
    name : str
        Of the final file, for messages.
    n_people, n_variants : int
        What the file is to hold.
    """

    def __init__(self, handle: BinaryIO, name: str, n_people: int, n_variants: int) -> None:
        self._handle, self._name = handle, name
        self.n_people, self.n_variants, self.n_written = n_people, n_variants, 0
        handle.write(MAGIC + BY_VARIANT)

    def append(self, dosages: npt.NDArray[np.int8]) -> None:
        """Write the next variants.

        Parameters
        ----------
        dosages : numpy.ndarray of int8, shape (v, N)
            Copies of allele 1: 0, 1, 2, or `MISSING`.

        Raises
        ------
        DataError
            If they are of other people, more than the file is to hold, or no dosages.
        """
        self.n_written += len(dosages)
        if dosages.shape[1] != self.n_people or self.n_written > self.n_variants:
            raise DataError(
                f"{self._name}: is to hold {self.n_variants:,} variants of {self.n_people:,} people. Got variant number "
                f"{self.n_written:,} of {dosages.shape[1]:,} people."
            )
        self._handle.write(_packed_rows(dosages, self._name).data)


@contextlib.contextmanager
def write_bed_blocks(
    path: str | os.PathLike[str], covariates: pd.DataFrame, annotation: Annotation, *, overwrite: bool = True
) -> Iterator[BedWriter]:
    """Write a PLINK 1 file set, whose genotypes come a few variants at a time.

    Parameters
    ----------
    path : path-like
        The ``.bed`` file, or its name without the suffix.
    covariates : pandas.DataFrame, shape (N, 0 to 2)
        ``sex`` and ``phenotype`` of the people, who are called ``syn1``, ``syn2``, ...
    annotation : Annotation
        Of the variants, from a PLINK file.
    overwrite : bool
        Whether existing files may be replaced.

    Yields
    ------
    BedWriter
        To be given all variants in order.

    Raises
    ------
    DataError
        If there are no people, or fewer variants came than the annotation has.
    TableFileError
        If the annotation lacks alleles or places, or a sex or phenotype cannot be written.
    FileError
        If a file cannot be written.

    Notes
    -----
    The three files are written under temporary names and replaced together, the ``.bed`` last; none is after an error.
    """
    files = trio_of(path)
    if not len(covariates):
        raise DataError("There are no people; a file of genotypes needs at least one.")
    named = annotation.features.assign(id=annotation.features.index)
    features = need_columns(named, BIM, str(files.bim), BED_FORMAT)
    people = people_lines(covariates, annotation.details.get("constant", {}), str(files.fam))
    with contextlib.ExitStack() as stack:
        bed, bim, fam = (stack.enter_context(atomic_write(part, overwrite=overwrite)) for part in files)
        with bed.open("wb") as handle:
            writer = BedWriter(handle, str(files.bed), len(people), len(features))
            yield writer
        if writer.n_written < len(features):
            raise DataError(
                f"{files.bed}: {writer.n_written:,} variants were given for {len(features):,} lines of the .bim file."
            )
        fam.write_text("".join(people), encoding="utf-8")
        bim.write_text(bim_text(features), encoding="utf-8")


def _packed_rows(dosages: npt.NDArray[np.int8], name: str) -> npt.NDArray[np.uint8]:
    """Four dosages to a byte, shape (v, ceil(N / 4)); the bits behind the last are 0."""
    n_rows, n_people = dosages.shape
    codes = np.zeros((n_rows, 4 * packed(n_people)), dtype=np.uint8)
    codes[:, :n_people] = _CODES[dosages.view(np.uint8)]
    if codes.max(initial=0) > 3:
        row, person = np.argwhere(codes > 3)[0]
        raise DataError(f"{name}: a dosage is 0, 1, 2 or missing. Got {dosages[row, person]}.")
    fours = codes.reshape(n_rows, -1, 4)
    out = fours[:, :, 0]
    for place in (1, 2, 3):
        out |= fours[:, :, place] << np.uint8(2 * place)
    return np.ascontiguousarray(out)
