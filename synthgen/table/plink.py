"""PLINK 1 files (``.bed``, ``.bim``, ``.fam``) to annotated tables and back."""

from __future__ import annotations

import contextlib
import csv
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from synthgen.exceptions import TableFileError
from synthgen.files import atomic_write
from synthgen.table.annotated import AnnotatedTable, Annotation
from synthgen.table.extras import import_extra
from synthgen.table.plink_bed import BED_FORMAT, read_bed
from synthgen.table.plink_people import COVARIATES, people_covariates, people_lines
from synthgen.table.variants import check_covariates, dosage_frame, dosage_matrix, need_columns, variant_names

_FAM = ("family", "person", "father", "mother", "sex", "phenotype")
_BIM = ("chromosome", "id", "cm", "position", "allele_1", "allele_2")
_METADATA = ("chromosome", "cm", "position", "allele_1", "allele_2")


class _Trio(NamedTuple):
    bed: Path
    bim: Path
    fam: Path


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
    trio = _trio(path)
    for part in trio:
        _check_there(part, trio)
    fam, bim = _lines(trio.fam, _FAM), _lines(trio.bim, _BIM)
    covariates, constant = people_covariates(fam)
    features = _features(bim, trio.bim)
    frame = dosage_frame(read_bed(trio.bed, len(fam), len(bim)), features.index)
    return AnnotatedTable(
        pd.concat([covariates, frame], axis=1), Annotation(features, "plink", {"constant": constant})
    )


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
    trio = _trio(path)
    check_covariates(table, COVARIATES, str(trio.fam), BED_FORMAT)
    named = table.annotation.features.assign(id=table.annotation.features.index)
    features = need_columns(named, _BIM, str(trio.bim), BED_FORMAT)
    people = people_lines(table.covariates, table.annotation.details.get("constant", {}), str(trio.fam))
    dosages = dosage_matrix(table, np.full(len(features), 2, dtype=np.int8))
    to_bed = import_extra("bed_reader", BED_FORMAT + " files").to_bed
    with contextlib.ExitStack() as stack:
        bed, bim, fam = (stack.enter_context(atomic_write(part, overwrite=overwrite)) for part in trio)
        to_bed(bed, dosages.T, fam_filepath=fam, bim_filepath=bim)
        # bed-reader's own lines would cut centimorgans to float32
        fam.write_text("".join(people), encoding="utf-8")
        bim.write_text(_bim_text(features), encoding="utf-8")


def _trio(path: str | os.PathLike[str]) -> _Trio:
    """The names of the three files; upper case if the given one is."""
    path = Path(path)
    is_part = path.suffix.lower() in (".bed", ".bim", ".fam")
    stem = path.with_suffix("") if is_part else path
    suffixes = (".BED", ".BIM", ".FAM") if is_part and path.suffix.isupper() else (".bed", ".bim", ".fam")
    return _Trio(*(stem.with_name(stem.name + suffix) for suffix in suffixes))


def _check_there(part: Path, trio: _Trio) -> None:
    if part.is_dir():
        raise TableFileError(f"{part}: is a folder; give a file in it.")
    if not part.exists():
        others = " and ".join(p.name for p in trio if p != part)
        raise TableFileError(
            f"{part}: no such file. PLINK keeps genotypes in three files; this one belongs to {others}."
        )


def _lines(part: Path, names: tuple[str, ...]) -> pd.DataFrame:
    """A ``.fam`` or ``.bim`` file as columns of text."""
    try:
        found = pd.read_csv(
            part,
            sep=r"\s+",
            header=None,
            dtype=str,
            na_filter=False,
            quoting=csv.QUOTE_NONE,
            encoding="utf-8",
        )
    except pd.errors.EmptyDataError:
        raise TableFileError(f"{part}: is empty; it needs a line for each {_item(names)}.") from None
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        reason = str(error).strip().rstrip(".")
        raise TableFileError(f"{part}: is no PLINK {part.suffix} file: {reason}.") from error
    except OSError as error:
        raise TableFileError(f"{part}: cannot be read: {error.strerror or error}.") from error
    n_found = (found.notna() & (found != "")).sum(axis=1)
    if found.shape[1] != len(names) or (n_found != len(names)).any():
        line = int((n_found != len(names)).to_numpy().argmax())
        raise TableFileError(
            f"{part}: must have {len(names)} fields in every line ({', '.join(names)}). Line {line + 1} has "
            f"{n_found.iloc[line]}."
        )
    return found.set_axis(list(names), axis=1)


def _item(names: tuple[str, ...]) -> str:
    return "person" if names is _FAM else "variant"


def _features(bim: pd.DataFrame, part: Path) -> pd.DataFrame:
    numbers = {
        "cm": _number(bim["cm"], part, np.float64),
        "position": _number(bim["position"], part, np.int64),
    }
    found = bim.assign(**numbers)
    names = variant_names(bim["id"], found[["chromosome", "position", "allele_1", "allele_2"]], COVARIATES)
    return found[list(_METADATA)].set_axis(names, axis=0)


def _number(texts: pd.Series, part: Path, dtype: type) -> pd.Series:
    numbers = pd.to_numeric(texts, errors="coerce")
    is_bad = ~np.isfinite(numbers) | ((numbers % 1 != 0) if dtype is np.int64 else False)
    if is_bad.any():
        line = int(is_bad.to_numpy().argmax())
        raise TableFileError(
            f"{part}: the {texts.name} must be a{' whole' if dtype is np.int64 else ''} number. Line {line + 1} has "
            f"{texts.iloc[line]!r}."
        )
    return numbers.astype(dtype)


def _bim_text(features: pd.DataFrame) -> str:
    columns = [features[name].astype(str) for name in _BIM]
    return "\n".join(columns[0].str.cat(columns[1:], sep="\t")) + "\n"
