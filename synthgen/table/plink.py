"""PLINK 1 files (``.bed``, ``.bim``, ``.fam``) to annotated tables and back."""

from __future__ import annotations

import contextlib
import os

import numpy as np
import pandas as pd

from synthgen.files import atomic_write
from synthgen.table.annotated import AnnotatedTable
from synthgen.table.extras import import_extra
from synthgen.table.plink_bed import BED_FORMAT, read_bed
from synthgen.table.plink_people import COVARIATES, people_lines
from synthgen.table.plink_trio import BIM, bim_text, read_around, trio_of
from synthgen.table.variants import check_covariates, dosage_frame, dosage_matrix, need_columns


def read_plink(path: str | os.PathLike[str]) -> AnnotatedTable:
    """Genotypes from a PLINK 1 file set.

    Parameters
    ----------
    path : path-like
        The ``.bed`` file, or its name without the suffix. The ``.bim`` and ``.fam`` files stand beside it.

    Returns
    -------
    AnnotatedTable
        Rows are people. Features are dosages: how many copies of allele 1 (A1) a person has, 0, 1 or 2; int8, or
        float32 with NaN if any is missing in the file. Covariates are ``sex`` (male, female) and ``phenotype``
        (control and case, or numbers, or words), each if it has at least two distinct values. The features'
        metadata are chromosome, cm, position, allele_1 and allele_2.

    Raises
    ------
    TableFileError
        If one of the three files is missing, empty or malformed, or they do not fit together.
    FileError
        If the library bed-reader is not installed.

    Notes
    -----
    A variant is named by its id; where that is ``.``, is repeated, or is the name of a covariate, by
    ``chromosome:position:allele_1:allele_2``, and where that repeats too by a number behind it.

    Ids of families, people and parents are dropped: synthetic rows are new people. A sex other than 1 or 2 is
    missing; so is a phenotype of -9 or NA, and 0 where all others are 1 (control) or 2 (case), as in PLINK [1]_.
    Files in the order of people (individual-major) are read too.

    References
    ----------
    .. [1] https://www.cog-genomics.org/plink/1.9/formats
    """
    trio = trio_of(path)
    around = read_around(trio)
    dosages = read_bed(trio.bed, around.n_people, len(around.annotation))
    frame = dosage_frame(dosages, around.annotation.features.index)
    return AnnotatedTable(pd.concat([around.covariates, frame], axis=1), around.annotation)


def write_plink(table: AnnotatedTable, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
    """Write genotypes as a PLINK 1 file set, for people called ``syn1``, ``syn2``, ...

    Parameters
    ----------
    table : AnnotatedTable
        As from `read_plink`: dosages of allele 1, and possibly ``sex`` and ``phenotype``.
    path : path-like
        The ``.bed`` file, or its name without the suffix.
    overwrite : bool
        Whether existing files may be replaced.

    Raises
    ------
    DataError
        If the table has no rows, or a value is no dosage.
    TableFileError
        If the table has other covariates, its features lack alleles or places, or a sex or phenotype cannot be
        written.
    FileError
        If a file cannot be written, or the library bed-reader is not installed.

    Notes
    -----
    The three files are written under temporary names and replaced together, the ``.bed`` last. A numeric phenotype
    of exactly -9 cannot be told from a missing one.
    """
    trio = trio_of(path)
    check_covariates(table, COVARIATES, str(trio.fam), BED_FORMAT)
    named = table.annotation.features.assign(id=table.annotation.features.index)
    features = need_columns(named, BIM, str(trio.bim), BED_FORMAT)
    people = people_lines(table.covariates, table.annotation.details.get("constant", {}), str(trio.fam))
    dosages = dosage_matrix(table, np.full(len(features), 2, dtype=np.int8))
    to_bed = import_extra("bed_reader", BED_FORMAT + " files").to_bed
    with contextlib.ExitStack() as stack:
        bed, bim, fam = (stack.enter_context(atomic_write(part, overwrite=overwrite)) for part in trio)
        to_bed(bed, dosages.T, fam_filepath=fam, bim_filepath=bim)
        # bed-reader's own lines would cut centimorgans to float32
        fam.write_text("".join(people), encoding="utf-8")
        bim.write_text(bim_text(features), encoding="utf-8")
