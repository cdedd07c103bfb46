"""Which format a table file has: by its suffix, or by its first bytes."""

from __future__ import annotations

import os
from pathlib import Path

from synthgen.exceptions import TableFileError
from synthgen.files import TABLE_FORMATS

SUFFIXES = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "tsv",
    ".tsv.gz": "tsv",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".h5ad": "h5ad",
    ".gct": "gct",
    ".gct.gz": "gct",
    ".bed": "plink",
    ".vcf": "vcf",
    ".vcf.gz": "vcf",
}
WHOLE_FILES = ("h5ad", "plink", "vcf")
"""Formats whose libraries want a file with a name: standard input and output cannot have them."""
GENOMIC = (*WHOLE_FILES, "gct")
"""Formats that say more of their features than a table can hold."""
_PARTS = "is one of PLINK's three files; give the .bed, beside which the .bim and the .fam stand."
_PLINK_2 = "is a file of PLINK 2, which is not read or written; `plink2 --pfile in --make-bed --out out` makes a .bed of it."
_WAYS_OUT = {
    ".bim": _PARTS,
    ".fam": _PARTS,
    ".pgen": _PLINK_2,
    ".pvar": _PLINK_2,
    ".psam": _PLINK_2,
    ".bcf": "is BCF, the binary form of VCF, which is not read or written; `bcftools view -Oz` makes a .vcf.gz of it.",
}
"""What to do about files that are no tables by themselves, by suffix."""
_MAGIC = {b"PAR1": "parquet", b"ARROW1": "arrow", b"#1.2": "gct", b"#1.3": "gct", b"\x89HDF": "h5ad"}


def is_table_name(path: str | os.PathLike[str]) -> bool:
    """Whether a file's suffix is one that tables have.

    Parameters
    ----------
    path : path-like
        A file, or its name.

    Returns
    -------
    bool
        False for a model file and for ``-``.

    Examples
    --------
    >>> is_table_name("Adult.CSV.gz"), is_table_name("adult.synthgen")
    (True, False)
    """
    return _suffix_format(path) is not None


def format_of_name(path: str | os.PathLike[str], format: str | None) -> str:
    """The format of a file, declared or by its suffix.

    Parameters
    ----------
    path : path-like
        The file's name; upper and lower case are the same.
    format : str or None
        One of `synthgen.files.TABLE_FORMATS` overrides the suffix.

    Returns
    -------
    str
        One of `synthgen.files.TABLE_FORMATS`.

    Raises
    ------
    TableFileError
        If neither says what the format is.
    """
    if format is not None and format not in TABLE_FORMATS:
        raise TableFileError(f"{path}: the format must be one of {', '.join(TABLE_FORMATS)}. Got {format!r}.")
    found = format or _suffix_format(path)
    if found is None:
        if (way_out := _WAYS_OUT.get(Path(path).suffix.lower())) is not None:
            raise TableFileError(f"{path}: {way_out}")
        raise TableFileError(
            f"{path}: the name does not say what format the table has; known suffixes are "
            f"{', '.join(SUFFIXES)}. Rename the file, or give the format (--format)."
        )
    return found


def format_of_bytes(start: bytes) -> str:
    """The format of a stream by its first bytes: Parquet, Arrow, GCT and HDF5 say what they are; all else is CSV.

    Parameters
    ----------
    start : bytes
        At least the first six.

    Returns
    -------
    {"parquet", "arrow", "gct", "h5ad", "csv"}

    Examples
    --------
    >>> format_of_bytes(b"PAR1..."), format_of_bytes(b"age,sex")
    ('parquet', 'csv')
    """
    return next((name for magic, name in _MAGIC.items() if start.startswith(magic)), "csv")


def is_gzipped_name(path: str | os.PathLike[str]) -> bool:
    """Whether a file's name ends in ``.gz``."""
    return str(path).lower().endswith(".gz")


def _suffix_format(path: str | os.PathLike[str]) -> str | None:
    name = Path(path).name.lower()
    return next((format_ for suffix, format_ in SUFFIXES.items() if name.endswith(suffix)), None)
