"""Genotypes as columns of a table: what PLINK and VCF files have in common."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from synthgen.exceptions import DataError, TableFileError
from synthgen.table.annotated import AnnotatedTable

MISSING = -127
"""Stands for a missing dosage among small integers, as in the library bed-reader."""
_BATCH = 1 << 20
"""Dosages checked together."""


def variant_names(ids: pd.Series, alleles: pd.DataFrame, taken: Collection[str] = ()) -> pd.Index:
    """One name for each variant, none twice.

    Parameters
    ----------
    ids : pandas.Series of str, shape (V,)
        As the file has them; ``.`` stands for none.
    alleles : pandas.DataFrame, shape (V, 4)
        Chromosome, position and the two alleles.
    taken : collection of str
        Names that other columns of the table have.

    Returns
    -------
    pandas.Index, shape (V,)
        The id where it is one variant's only; else ``chromosome:position:allele:allele``, and where that repeats
        too, a number behind it (``:2``, ``:3``, ...).

    Examples
    --------
    >>> alleles = pd.DataFrame({"c": ["1"] * 3, "p": [5, 6, 6], "a": list("AAA"), "b": list("CGG")})
    >>> list(variant_names(pd.Series(["rs1", ".", "."]), alleles))
    ['rs1', '1:6:A:G', '1:6:A:G:2']
    """
    parts = [alleles[name].astype(str) for name in alleles]
    spelled = parts[0].str.cat(parts[1:], sep=":")
    is_own = (ids != ".") & ~ids.duplicated(keep=False) & ~ids.isin(list(taken))
    names = ids.where(is_own, spelled)
    while names.duplicated().any():
        number = names.groupby(names).cumcount() + 1
        names = names.where(number == 1, names + ":" + number.astype(str))
    return pd.Index(names, name=None).rename(None)


def dosage_frame(dosages: npt.NDArray[np.int8], names: pd.Index) -> pd.DataFrame:
    """Dosages as a table.

    Parameters
    ----------
    dosages : numpy.ndarray of int8, shape (V, N)
        0, 1, 2, or `MISSING`; contiguous, because a frame keeps its columns like that.
    names : pandas.Index, shape (V,)
        Of the variants.

    Returns
    -------
    pandas.DataFrame, shape (N, V)
        int8 if none is missing; else float32 with NaN.
    """
    is_missing = dosages == MISSING
    if not is_missing.any():
        return pd.DataFrame(dosages.T, columns=names, copy=False)
    values = dosages.astype(np.float32)
    values[is_missing] = np.nan
    return pd.DataFrame(values.T, columns=names, copy=False)


def dosage_matrix(table: AnnotatedTable, ploidy: npt.NDArray[np.integer]) -> npt.NDArray[np.int8]:
    """The dosages of a table, checked.

    Parameters
    ----------
    table : AnnotatedTable
        Its features hold whole numbers from 0 to the variant's ploidy, or missing values.
    ploidy : numpy.ndarray of int, shape (V,)
        The most copies of an allele that a person can have.

    Returns
    -------
    numpy.ndarray of int8, shape (V, N)
        Missing dosages are `MISSING`.

    Raises
    ------
    DataError
        If the table has no rows, or a value is no dosage.
    """
    frame = table.features
    if len(frame) == 0:
        raise DataError("The table has no rows; a file of genotypes needs at least one person.")
    values = _numbers(frame).T
    out = np.empty(values.shape, dtype=np.int8)
    size = max(1, _BATCH // len(frame))
    for start in range(0, len(values), size):
        batch = slice(start, start + size)
        out[batch], is_dosage = _dosages(values[batch], ploidy[batch, None])
        if not is_dosage.all():
            variant, row = np.argwhere(~is_dosage)[0]
            raise DataError(
                f"Column {frame.columns[start + variant]!r} holds {values[start + variant, row].item()!r} in row "
                f"{row}; a dosage here is a whole number from 0 to {ploidy[start + variant]}, or missing."
            )
    return out


def _dosages(
    values: npt.NDArray[Any], most: npt.NDArray[np.integer]
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.bool_]]:
    """Numbers as dosages, and which of them are dosages or missing."""
    is_missing = np.isnan(values)
    with np.errstate(invalid="ignore"):  # what does not fit in int8 differs afterwards
        whole = values.astype(np.int8)
    is_dosage = (whole == values) & (whole >= 0) & (whole <= most)
    whole[is_missing] = MISSING
    return whole, is_dosage | is_missing


def need_columns(features: pd.DataFrame, names: tuple[str, ...], source: str, kind: str) -> pd.DataFrame:
    """What a file must say of every variant.

    Parameters
    ----------
    features : pandas.DataFrame, shape (V, n_columns)
        Metadata of variants.
    names : tuple of str
        Columns that it must have.
    source : str
        The file's name, for the message.
    kind : str
        The kind of file, for the message.

    Returns
    -------
    pandas.DataFrame, shape (V, len(names))
        These columns.

    Raises
    ------
    TableFileError
        If one is lacking, or has missing values, empty text or spaces.
    """
    if lacking := [name for name in names if name not in features.columns]:
        raise TableFileError(
            f"{source}: a {kind} file says the {lacking[0]} of every variant, and this table does not know it; write "
            "it as the kind of file that it was read from, or as Parquet."
        )
    found = features[list(names)]
    for name in names:
        texts = found[name].astype(str)
        is_bad = found[name].isna() | (texts == "") | texts.str.contains(r"\s")
        if is_bad.any():
            variant = is_bad.idxmax()
            word = str(found[name][variant])
            raise TableFileError(
                f"{source}: the {name} of variant {variant!r} is {word!r}; it must be one word."
            )
    return found


def check_covariates(table: AnnotatedTable, allowed: tuple[str, ...], source: str, kind: str) -> None:
    """Refuse columns that the file has no place for.

    Parameters
    ----------
    table : AnnotatedTable
        To be written.
    allowed : tuple of str
        Covariates that the file can hold.
    source : str
        The file's name, for the message.
    kind : str
        The kind of file, for the message.

    Raises
    ------
    TableFileError
        If the table has another covariate.
    """
    if extra := [name for name in table.covariates.columns if name not in allowed]:
        can = " and ".join(repr(name) for name in allowed) or "none"
        raise TableFileError(
            f"{source}: a {kind} file has no place for column {extra[0]!r} (covariates that it holds: {can}); drop "
            "the column, or write Parquet."
        )


def sample_ids(n: int) -> list[str]:
    """Names for people who do not exist: ``syn1``, ``syn2``, ...

    Parameters
    ----------
    n : int
        How many.

    Returns
    -------
    list of str, length n
    """
    return [f"syn{i + 1}" for i in range(n)]


def _numbers(frame: pd.DataFrame) -> npt.NDArray[Any]:
    """The values of a frame as one array of numbers, small where the frame's are."""
    if all(dtype == np.int8 for dtype in frame.dtypes.unique()):
        return frame.to_numpy()
    try:
        return frame.to_numpy(dtype=np.float32, na_value=np.nan)
    except (TypeError, ValueError):
        name = next(n for n in frame.columns if not pd.api.types.is_numeric_dtype(frame[n].dtype))
        raise DataError(
            f"Column {name!r} holds dtype {frame[name].dtype}; dosages are numbers: 0, 1, 2 or missing."
        ) from None
