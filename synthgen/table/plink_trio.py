"""The three files of PLINK 1: their names, and the lines of two of them."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from synthgen.exceptions import TableFileError
from synthgen.table.annotated import Annotation
from synthgen.table.plink_people import COVARIATES, people_covariates
from synthgen.table.variants import variant_names

BIM = ("chromosome", "id", "cm", "position", "allele_1", "allele_2")
"""Fields of a ``.bim`` file."""
_FAM = ("family", "person", "father", "mother", "sex", "phenotype")
_METADATA = ("chromosome", "cm", "position", "allele_1", "allele_2")


class Trio(NamedTuple):
    """The names of a file set."""

    bed: Path
    bim: Path
    fam: Path


class Around(NamedTuple):
    """What stands around the genotypes: covariates of N people and metadata of V variants."""

    n_people: int
    covariates: pd.DataFrame
    annotation: Annotation


def read_around(files: Trio) -> Around:
    """The people and the variants of a file set.

    Parameters
    ----------
    files : Trio
        All three must be there.

    Returns
    -------
    Around
        As `synthgen.table.plink.read_plink` has them.

    Raises
    ------
    TableFileError
        If a file is missing, empty or malformed.
    """
    for part in files:
        _check_there(part, files)
    fam, bim = _lines(files.fam, _FAM), _lines(files.bim, BIM)
    covariates, constant = people_covariates(fam)
    features = _features(bim, files.bim)
    return Around(len(fam), covariates, Annotation(features, "plink", {"constant": constant}))


def trio_of(path: str | os.PathLike[str]) -> Trio:
    """The names of the three files; upper case if the given one is.

    Parameters
    ----------
    path : path-like
        One of them, or their name without the suffix.

    Returns
    -------
    Trio
        Whether they are there or not.
    """
    path = Path(path)
    is_part = path.suffix.lower() in (".bed", ".bim", ".fam")
    stem = path.with_suffix("") if is_part else path
    suffixes = (".BED", ".BIM", ".FAM") if is_part and path.suffix.isupper() else (".bed", ".bim", ".fam")
    return Trio(*(stem.with_name(stem.name + suffix) for suffix in suffixes))


def _check_there(part: Path, trio: Trio) -> None:
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


def bim_text(features: pd.DataFrame) -> str:
    """The lines of a ``.bim`` file.

    Parameters
    ----------
    features : pandas.DataFrame, shape (V, 6)
        With the columns `BIM`.

    Returns
    -------
    str
        Tab-separated.
    """
    columns = [features[name].astype(str) for name in BIM]
    return "\n".join(columns[0].str.cat(columns[1:], sep="\t")) + "\n"
