"""The block of genes or variants that a wide table holds, and its values as one matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthgen.metrics.tables import CodedColumn, CodedTable

MIN_COLUMNS = 200
"""Columns that make a block."""
MIN_SHARE = 0.95
"""Share of the numeric columns that must be of the family: the rest may be covariates."""
MAX_STRAYS = 0.001
"""Share of 0/1/2 columns among 0/1 columns that are taken for covariates beside haplotypes."""
GENOTYPES = ("haplotypes", "dosages")
"""Families that are read as genotypes; ``counts`` and ``continuous`` are read as expression."""
LIMIT = 1e15
"""No number counts as larger."""
_PEEKED = 2_000
_BLOCK = 2_000


@dataclass(frozen=True, eq=False)
class ValueBlock:
    """Many columns of one value family.

    Parameters
    ----------
    family : {"haplotypes", "dosages", "counts", "continuous"}
        Values 0 and 1; 0, 1 and 2; whole numbers of at least 0; any numbers.
    columns : ndarray of int
        Positions in the table, ascending.
    """

    family: str
    columns: np.ndarray

    @property
    def is_genotypes(self) -> bool:
        """Whether the columns are read as variants rather than as genes."""
        return self.family in GENOTYPES

    @property
    def ploidy(self) -> int:
        """Alleles in one value: 2 for dosages, else 1."""
        return 2 if self.family == "dosages" else 1


def find_block(table: CodedTable, target: str | None = None) -> ValueBlock | None:
    """The block of genes or variants of a table, if it has one.

    Parameters
    ----------
    table : CodedTable
        The real rows.
    target : str, optional
        A column that belongs to no block.

    Returns
    -------
    ValueBlock or None
        None where fewer than `MIN_COLUMNS` columns hold numbers; or where no family of whole numbers has `MIN_SHARE`
        of them, and less than this share is of numbers rather than of levels that are numbers.

    Notes
    -----
    The rule: numbers (and levels that are numbers) count, missing values aside. If the values of 95% of these columns
    are all among 0, 1 and 2, the columns that are so are genotypes: haplotypes if none holds a 2, but for a covariate
    or two. Else, if 95% hold whole numbers of at least 0, these are counts. Else all are continuous, those too that
    happen to hold whole numbers. Columns that are constant or missing belong to any family. A column is judged by
    2,000 rows at most. Counts that never exceed 2 in 95% of the genes cannot be told from dosages.
    """
    numeric = number_columns(table, target)
    if len(numeric) < MIN_COLUMNS:
        return None
    least, largest, whole = _ranges(table, numeric)
    known = ~np.isnan(least)
    few = whole & (least >= 0) & (largest <= 2) | ~known
    families = {
        _ploidy_family(few & (largest == 2), few): few,
        "counts": whole & (least >= 0) | ~known,
    }
    for family, members in families.items():
        if family == "haplotypes":
            members = members & ~(largest == 2)
        if members.sum() >= max(MIN_COLUMNS, MIN_SHARE * len(numeric)):
            return ValueBlock(family, np.asarray(numeric)[members])
    n_numbers = sum(table.columns[j].is_numeric for j in numeric)
    return ValueBlock("continuous", np.asarray(numeric)) if n_numbers >= MIN_SHARE * len(numeric) else None


def number_columns(table: CodedTable, target: str | None = None) -> list[int]:
    """The columns of which a block may consist.

    Parameters
    ----------
    table : CodedTable
        The real rows.
    target : str, optional
        A column that belongs to no block.

    Returns
    -------
    list of int
        Positions of the columns of numbers, or of levels that are numbers.
    """
    return [j for j, c in enumerate(table.columns) if c.name != target and _is_number(c)]


def _ploidy_family(with_two: np.ndarray, few: np.ndarray) -> str:
    return "haplotypes" if with_two.sum() <= MAX_STRAYS * few.sum() + 1 else "dosages"


def _is_number(column: CodedColumn) -> bool:
    if column.is_numeric:
        return column.kind != "datetime"
    return bool(column.levels) and all(isinstance(level, (bool, int, float)) for level in column.levels)


def _ranges(table: CodedTable, columns: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Least and largest value of each column (NaN where there is none), and whether all are whole."""
    step = max(1, table.n_rows // _PEEKED)
    least, largest = np.full(len(columns), np.nan), np.full(len(columns), np.nan)
    whole = np.zeros(len(columns), dtype=bool)
    for start in range(0, len(columns), _BLOCK):
        part = slice(start, start + _BLOCK)
        values = np.stack([_numbers(table.columns[j])[::step] for j in columns[part]])
        missing = np.isnan(values)
        empty = missing.all(axis=1)
        least[part] = np.where(empty, np.nan, np.where(missing, np.inf, values).min(axis=1))
        largest[part] = np.where(empty, np.nan, np.where(missing, -np.inf, values).max(axis=1))
        whole[part] = ((values == np.rint(values)) | missing).all(axis=1)
    return least, largest, whole


def block_values(table: CodedTable, columns: np.ndarray) -> np.ndarray:
    """The values of some columns as one matrix.

    Parameters
    ----------
    table : CodedTable
        Of N rows.
    columns : ndarray of int, shape (p,)
        Positions, of numbers or of levels that are numbers.

    Returns
    -------
    ndarray of float32, shape (p, N)
        A row a column; NaN is missing. Numbers are cut at `LIMIT`, so that no square overflows.
    """
    out = np.empty((len(columns), table.n_rows), dtype=np.float32)
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite for a moment
        for row, j in enumerate(columns):
            out[row] = _numbers(table.columns[j])
    for start in range(0, len(out), _BLOCK):
        block = out[start : start + _BLOCK]
        np.clip(block, -LIMIT, LIMIT, out=block)
    return out


def _numbers(column: CodedColumn) -> np.ndarray:
    if column.is_numeric:
        return column.values
    values = np.array([*map(float, column.levels), np.nan])  # the last is where the code -1 points
    return np.asarray(values[column.values])
