"""Which metadata of genes may travel with a model: what they are, not what was measured on the training rows."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

_PLACES = re.compile(
    r"((gene|feature|transcript|genomic)?(chromosome|chrom|chr|start|end|stop|position|pos|strand|length)"
    r"|(chromosome|chrom|chr|tx)(start|end|pos|position))(bp|position)?"
    r"|bp|cm|ploidy|alleles?(a|b|ref|alt|\d+)?"
)
"""Names, in small letters and digits alone, of numbers that say where a feature lies or how long it is."""
_NUMBERS = ("boolean", "integer", "floating", "mixed-integer-float", "decimal", "complex")


def without_statistics(features: pd.DataFrame, keep: Iterable[str] = ()) -> tuple[pd.DataFrame, list[str]]:
    """Metadata of features without the columns that may have been computed from the samples.

    Parameters
    ----------
    features : pandas.DataFrame, shape (n_features, n_columns)
        Metadata.
    keep : iterable of str
        Columns to keep whatever they hold.

    Returns
    -------
    (kept, dropped) : (pandas.DataFrame, list of str)
        The metadata that are left, and the names of the columns that are not.

    Notes
    -----
    Means, counts of cells, dispersions and choices of genes, as scanpy writes them, are exact statistics of the
    training rows. Nothing tells them from other numbers but their names: so all columns of numbers and of true and
    false go (numeric categories too), but for those whose names are those of a place: chromosome, chrom or chr, start, end, stop,
    position or pos, strand, length, with or without gene, feature or transcript before them and bp after; cm, ploidy,
    allele or allele_1. Text stays, whatever it says.
    """
    kept = set(keep)
    dropped = [
        str(name)
        for name, column in features.items()
        if _holds_numbers(column) and not _is_place(str(name)) and str(name) not in kept
    ]
    return features.loc[:, [str(name) not in dropped for name in features.columns]], dropped


def _is_place(name: str) -> bool:
    return _PLACES.fullmatch(re.sub(r"[^a-z0-9]", "", name.lower())) is not None


def _holds_numbers(column: pd.Series) -> bool:
    values = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else column
    return pd.api.types.infer_dtype(values, skipna=True) in _NUMBERS
