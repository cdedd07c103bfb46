"""What a PLINK ``.fam`` file says of people, as covariates of a table and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from synthgen.exceptions import TableFileError
from synthgen.schema import Schema
from synthgen.table.variants import sample_ids

COVARIATES = ("sex", "phenotype")
"""The columns of a ``.fam`` file that are learnt."""
UNKNOWN = {"sex": "0", "phenotype": "-9"}
"""What a ``.fam`` file has for a missing value."""
_SEX = {"1": "male", "2": "female"}
_CASE = {1.0: "control", 2.0: "case"}
_MISSING_WORDS = ("-9", "na", "nan")


def people_covariates(fam: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """The columns of a ``.fam`` file that tell people apart.

    Parameters
    ----------
    fam : pandas.DataFrame of str, shape (N, n_columns)
        With the columns ``sex`` and ``phenotype``, as they are in the file.

    Returns
    -------
    covariates : pandas.DataFrame, shape (N, 0 to 2)
        ``sex`` as a category of male and female; ``phenotype`` as a category of control and case if all values
        are 0, 1, 2 or missing, as numbers if all are numbers, else as a category of the words. A column with
        fewer than two distinct values is left out.
    constant : dict of str to str
        The one value, as in the file, of each column that has it in every row.
    """
    found = {
        "sex": _category(fam["sex"].map(_SEX), list(_SEX.values())),
        "phenotype": _phenotype(fam["phenotype"]),
    }
    kept = {name: series for name, series in found.items() if series.nunique() > 1}
    constant = {
        name: str(fam[name].iloc[0])
        for name, series in found.items()
        if name not in kept and series.notna().all()
    }
    return pd.DataFrame(kept, index=fam.index), constant


def with_public_levels(schema: Schema, features: pd.DataFrame) -> Schema:
    """A schema of which ``sex``, and ``phenotype`` if it is control and case, have public levels: the format gives them.

    Parameters
    ----------
    schema : Schema
        Of a table with an annotation.
    features : pandas.DataFrame
        The metadata of its features; without alleles they are no genotypes, and the schema stays as it is.

    Returns
    -------
    Schema
        However few people have such a level, it is kept as it is, where rare words of the people's own are pooled.
    """
    if not {"allele_1", "allele_2"} <= set(features.columns):
        return schema
    known = {"sex": set(_SEX.values()), "phenotype": set(_CASE.values())}
    columns = tuple(
        replace(c, public_levels=True) if c.levels and set(c.levels) == known.get(c.name) else c
        for c in schema
    )
    return Schema(columns, schema.relations)


def people_lines(covariates: pd.DataFrame, constant: dict[str, str], source: str) -> list[str]:
    """The lines of a ``.fam`` file, for people who do not exist.

    Parameters
    ----------
    covariates : pandas.DataFrame, shape (N, 0 to 2)
        As from `people_covariates`.
    constant : dict of str to str
        Values that all people have.
    source : str
        The file's name, for messages.

    Returns
    -------
    list of str, length N
        Tab-separated: family and own id (both ``syn1``, ...), no parents, sex, phenotype.

    Raises
    ------
    TableFileError
        If a sex is none, or a phenotype is more than one word.
    """
    ids = sample_ids(len(covariates))
    cells = {name: [constant.get(name, missing)] * len(ids) for name, missing in UNKNOWN.items()}
    if "sex" in covariates:
        cells["sex"] = _sex_codes(covariates["sex"], source)
    if "phenotype" in covariates:
        cells["phenotype"] = _phenotype_codes(covariates["phenotype"], source)
    rows = zip(ids, cells["sex"], cells["phenotype"], strict=True)
    return [f"{own}\t{own}\t0\t0\t{sex}\t{phenotype}\n" for own, sex, phenotype in rows]


def _category(values: pd.Series, levels: list[str]) -> pd.Series:
    return values.astype(pd.CategoricalDtype(levels))


def _phenotype(texts: pd.Series) -> pd.Series:
    is_missing = texts.str.lower().isin(_MISSING_WORDS)
    numbers = pd.to_numeric(texts.mask(is_missing), errors="coerce").astype(np.float64)
    if (numbers.isna() & ~is_missing).any():
        words = texts.mask(is_missing)
        return _category(words, sorted(words.dropna().unique()))
    numbers = numbers.mask(numbers == float(UNKNOWN["phenotype"]))
    if numbers.dropna().isin([0, *_CASE]).all():
        return _category(numbers.map(_CASE), list(_CASE.values()))
    return numbers


def _sex_codes(values: pd.Series, source: str) -> list[str]:
    codes = {**{word: code for code, word in _SEX.items()}, **{code: code for code in _SEX}, "0": "0"}
    out = [UNKNOWN["sex"] if missing else codes.get(str(v)) for v, missing in _with_missing(values)]
    if None in out:
        raise TableFileError(
            f"{source}: column 'sex' holds {values.iloc[out.index(None)]!r}; a .fam file knows male, female and missing."
        )
    return [code for code in out if code is not None]


def _phenotype_codes(values: pd.Series, source: str) -> list[str]:
    codes = {word: f"{code:g}" for code, word in _CASE.items()}
    out = [
        UNKNOWN["phenotype"] if missing else codes.get(str(v), str(v)) for v, missing in _with_missing(values)
    ]
    if bad := [text for text in out if text.split() != [text]]:
        raise TableFileError(
            f"{source}: column 'phenotype' holds {bad[0]!r}; a .fam file holds numbers and single words."
        )
    return out


def _with_missing(values: pd.Series) -> zip[tuple[object, bool]]:
    return zip(values.tolist(), values.isna().tolist(), strict=True)
