"""What a fit holds in memory at once, by its parts: counts of the arrays that exist side by side, from shapes alone.

Every constant counts arrays of the code that it names. Parts are bytes on top of what the process holds before the fit,
the table included; the most memory is held in the largest of them.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthgen.dtypes import family
from synthgen.encoders.normal_scores import COLUMNS_TOGETHER
from synthgen.encoders.top_directions import MAX_GRAM_ROWS
from synthgen.layout import MatrixLayout
from synthgen.models.calibrated import BLOCKS as CALIBRATION_BLOCKS
from synthgen.models.calibrated import WIDTH as CALIBRATION_WIDTH
from synthgen.models.density_ratio import MAX_TREES
from synthgen.models.margins import MAX_PAIRED, MAX_PAIRS
from synthgen.models.selection import MAX_CELLS, MAX_ROWS, POOL_PER_ROW
from synthgen.rng import ROWS_PER_BLOCK
from synthgen.schema import Schema

FLOAT, DOUBLE = 4, 8
COLUMNS_SORTED = 2_000
"""Columns of numbers whose values are sorted together when the schema is inferred (`table.infer`)."""
NUMBER_TEMPORARIES = 200
"""Bytes for each row of a number while it is encoded: about 25 arrays of doubles in `ranks.to_scores` and `gated.encode`."""
BIN_SAMPLE = 200_000
"""Rows that LightGBM takes the bins from (its bin_construct_sample_cnt): a double and a place of each number."""
ROW_OF_TREES = 40
"""Bytes for each row while trees grow: gradient, Hessian, score, label, weight, and places in leaves."""
WATCHED_ROWS = 4_096


@dataclass(frozen=True)
class MatrixShape:
    """What the memory of a training depends on.

    Parameters
    ----------
    n_rows : int
        N, of the whole table.
    layout : MatrixLayout
        What the F matrix columns are.
    n_features : int
        Encoded columns, as trees see them.
    """

    n_rows: int
    layout: MatrixLayout
    n_features: int

    @property
    def matrix(self) -> int:
        """Bytes of the encoded table, float32, shape (N, F)."""
        return FLOAT * self.n_rows * self.layout.width

    @property
    def n_choices(self) -> int:
        """One-hot columns."""
        return sum(b.width for b in self.layout.one_hot)

    @property
    def widest_group(self) -> int:
        """One-hot columns of blocks of equal width, which are calibrated together."""
        widths = Counter(b.width for b in self.layout.one_hot)
        return max((width * count for width, count in widths.items()), default=0)


def schema_bytes(table: pd.DataFrame) -> int:
    """The most that finding the schema takes: columns of numbers of one dtype are sorted together.

    Parameters
    ----------
    table : pandas.DataFrame, shape (N, n_columns)
        The table.

    Returns
    -------
    int
        A copy of such columns and their sorted values, or one column of strings as Python objects.
    """
    counts = Counter(str(d) for d in table.dtypes if isinstance(d, np.dtype) and d.kind in "iuf")
    numbers = max(
        (min(n, COLUMNS_SORTED) * (2 * np.dtype(d).itemsize + 2) for d, n in counts.items()), default=0
    )
    return len(table) * max(numbers, _text_bytes(table))


def encoding_bytes(table: pd.DataFrame, schema: Schema, shape: MatrixShape) -> int:
    """The most that encoding column by column takes, the matrix included.

    Parameters
    ----------
    table : pandas.DataFrame, shape (N, n_columns)
        The table.
    schema : Schema
        Its columns.
    shape : MatrixShape
        Of the matrix.

    Returns
    -------
    int
        The matrix, and what one column takes beside it.
    """
    widths = Counter[str]()
    for block in shape.layout.blocks:
        widths[block.column] += block.width
    widest = max(widths.values(), default=0)
    is_number = any(family(c.dtype) in ("int", "float", "datetime", "duration") for c in schema)
    own = max(NUMBER_TEMPORARIES if is_number else 0, _text_bytes(table), 4 * DOUBLE)
    return shape.matrix + shape.n_rows * (own + FLOAT * widest)


def block_bytes(n_rows: int, n_columns: int, itemsize: int, *, has_gaps: bool, has_levels: bool) -> int:
    """The most that a block of many numeric columns takes (`encoders.block`).

    Parameters
    ----------
    n_rows, n_columns : int
        N and p of the block.
    itemsize : int
        Bytes of a value: 4 where float32 is exact, else 8.
    has_gaps : bool
        Whether values are missing.
    has_levels : bool
        Whether there are covariates whose levels may shift columns.

    Returns
    -------
    int
        While values are read: the columns, their transpose and its absolute values; or while factors are fitted: values,
        scores, with covariates the rest of the scores and the product that is taken from them; the chunk of columns that
        is ranked, in 60 bytes a value; the rows' Gram matrix and its eigenvectors.
    """
    cells = n_rows * n_columns
    reading = cells * (3 * itemsize + 1)
    chunk = 60 * n_rows * min(n_columns, COLUMNS_TOGETHER)
    gram = 4 * DOUBLE * min(n_rows, MAX_GRAM_ROWS) ** 2
    fitting = cells * (itemsize + FLOAT + has_gaps + 2 * FLOAT * has_levels)
    return max(reading, fitting + gram, cells * (itemsize + FLOAT) + chunk)


def gan_bytes(shape: MatrixShape, n_validation: int, *, watched: bool, audited: bool) -> dict[str, int]:
    """What training a GAN on all columns takes.

    Parameters
    ----------
    shape : MatrixShape
        Of the matrix.
    n_validation : int
        Rows held out; with none the training rows are the matrix itself.
    watched, audited : bool
        Whether the generator's rows are measured, and whether an auditor is trained at the end.

    Returns
    -------
    dict of str to int
        By part: the matrix, the training rows, which are a copy of it, and what each part takes beside them.
    """
    rows = shape.matrix + (shape.matrix if n_validation else 0)
    out = {"training": rows + _evaluation_bytes(shape, n_validation)}
    if watched:  # the one-hot columns of all rows, for their shares
        out["watching"] = rows + FLOAT * shape.n_rows * shape.n_choices
    if audited:  # all training rows in another order
        out["audit"] = rows + shape.matrix + _evaluation_bytes(shape, n_validation)
    return out


def calibration_bytes(shape: MatrixShape, n_validation: int) -> int:
    """What calibrating margins takes: one-hot columns of equal width of all rows, and generated rows five times."""
    rows = shape.matrix + (shape.matrix if n_validation else 0)
    width = max(shape.layout.width, 1)
    generated = int(np.clip(CALIBRATION_WIDTH // width, *CALIBRATION_BLOCKS)) * ROWS_PER_BLOCK
    one_column = 3 * DOUBLE + FLOAT  # sorted values, their places, and which rows count
    return rows + shape.n_rows * max(FLOAT * shape.widest_group, one_column) + 5 * FLOAT * generated * width


def selection_bytes(shape: MatrixShape) -> dict[str, int]:
    """What learning to choose rows takes.

    Parameters
    ----------
    shape : MatrixShape
        Of the matrix.

    Returns
    -------
    dict of str to int
        By part: the matrix and, as doubles, features of real rows and of a pool of generated ones; the trees' learning rows,
        bins and the leaves of every real row in every tree; the cells that every row lies in, and their count.
    """
    real, pool = selection_rows(shape)
    number = DOUBLE * shape.n_features
    held = shape.matrix + number * (real + pool)
    drawing = held + number * 2 * pool
    binning = number * 1.8 * (real + pool) + 1.5 * DOUBLE * min(real + pool, BIN_SAMPLE) * shape.n_features
    growing = (number + shape.n_features + ROW_OF_TREES) * (real + pool)
    leaves = (DOUBLE + FLOAT) * 0.8 * real * MAX_TREES + number * 0.8 * real
    n_paired = min(shape.n_features, MAX_PAIRED)
    n_margins = shape.n_features + min(n_paired * (n_paired - 1) // 2, MAX_PAIRS)
    margins = n_margins * (FLOAT * (real + pool) + DOUBLE * pool)
    return {
        "drawing pools": int(drawing),
        "trees": int(held + max(binning, growing + leaves)),
        "margins": int(held + margins),
    }


def selection_rows(shape: MatrixShape) -> tuple[int, int]:
    """Real and generated rows that selection learns from (`selection.fit_selector`)."""
    most = max(ROWS_PER_BLOCK, min(MAX_ROWS, MAX_CELLS // max(shape.n_features, 1)))
    pool = -(-min(POOL_PER_ROW * shape.n_rows, most) // ROWS_PER_BLOCK) * ROWS_PER_BLOCK
    return min(shape.n_rows, most), pool


def linear_bytes(shape: MatrixShape, n_conditions: int) -> int:
    """What the linear model takes: the matrix, and as doubles the latent numbers five times, the conditions three times.

    Five: numbers, beside choices, centred, what conditions leave over, and its squares (`gaussian_model.fit_regression`,
    scikit-learn's ``ledoit_wolf``).
    """
    n_latent = len(shape.layout.numeric) + len(shape.layout.one_hot)
    return shape.matrix + DOUBLE * shape.n_rows * (5 * n_latent + 3 * n_conditions)


def copy_bytes(table: pd.DataFrame) -> int:
    """What keeping all rows takes: a copy of numpy's columns; the others as an Arrow stream, and what is read from it."""
    is_numpy = [isinstance(d, np.dtype) and d.kind != "O" for d in table.dtypes]
    plain = int(table.loc[:, is_numpy].memory_usage(index=False).sum())
    rest = table.loc[:, [not own for own in is_numpy]]
    other = int(rest.memory_usage(index=False, deep=False).sum()) if rest.shape[1] else 0
    return 2 * plain + 3 * other


def _evaluation_bytes(shape: MatrixShape, n_validation: int) -> int:
    """Generated rows beside validation rows: raw, noise, hard and as features."""
    return 4 * FLOAT * max(n_validation, WATCHED_ROWS) * shape.layout.width


def _text_bytes(table: pd.DataFrame) -> int:
    """Bytes for each row of the longest column of strings, as Python objects; 0 without such columns."""
    longest = 0.0
    for place, dtype in enumerate(table.dtypes):
        if isinstance(dtype, np.dtype) and dtype.kind != "O":
            continue
        series = table.iloc[:, place]
        some = series.iloc[:: max(1, len(series) // 100)]
        if isinstance(series.dtype, pd.CategoricalDtype) or not len(some):
            continue
        sizes = [sys.getsizeof(v) for v in some if isinstance(v, str)]
        if sizes:
            is_object = series.dtype == object
            longest = max(longest, 4 * DOUBLE + (0 if is_object else float(np.mean(sizes))))
    return int(longest)
