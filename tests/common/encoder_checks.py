"""What every table must survive: run on every table that the tests know."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.testing import assert_series_equal

from synthgen.dtypes import family
from synthgen.encoders.ranks import MIN_ROWS
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.table.infer import infer_schema


def fit(table: pd.DataFrame) -> TableEncoder:
    return TableEncoder(infer_schema(table), random_state=0).fit(table)


def check_round_trip(table: pd.DataFrame) -> None:
    """Exactly, but for continuous values (within rank resolution) and identifiers (made anew)."""
    encoder = fit(table)
    back = encoder.inverse_transform(encoder.transform(table))
    assert list(back.columns) == list(table.columns)
    for column in encoder.schema:
        got, wanted = back[column.name], table[column.name].reset_index(drop=True)
        assert got.dtype == wanted.dtype, column
        if column.kind == "identifier":
            assert got.dropna().is_unique
        elif family(column.dtype) == "float":
            check_within_rank_resolution(got, wanted)
        else:
            assert_series_equal(got, wanted)


def check_within_rank_resolution(got: pd.Series, wanted: pd.Series) -> None:
    assert_series_equal(got.isna(), wanted.isna())
    got, wanted = got.dropna().astype("float64"), wanted.dropna().astype("float64")
    if len(wanted):
        assert got.between(wanted.min(), wanted.max()).all()
        distinct = np.unique(wanted)
        assert (
            np.abs(np.searchsorted(distinct, got) - np.searchsorted(distinct, wanted)) <= 2 * MIN_ROWS
        ).all()


def check_matrix(table: pd.DataFrame) -> None:
    """A finite float32 matrix whose one-hot blocks sum to 1 and whose numbers are 0 where they do not count."""
    encoder = fit(table)
    matrix = encoder.transform(table)
    assert matrix.dtype == np.float32 and np.isfinite(matrix).all()
    assert (
        matrix.shape
        == (len(table), encoder.layout_.width)
        == (len(table), len(encoder.get_feature_names_out()))
    )
    assert len(set(encoder.get_feature_names_out())) == matrix.shape[1]
    for block in encoder.layout_.one_hot:
        assert (matrix[:, block.start : block.stop].sum(axis=1) == 1).all()
    for block in encoder.layout_.numeric:
        if block.gate is not None:
            assert (matrix[matrix[:, block.gate] == 0, block.start] == 0).all()


def check_state(table: pd.DataFrame) -> None:
    """The state holds all there is to know."""
    encoder = fit(table)
    restored = TableEncoder.from_state(encoder.to_state())
    assert restored.layout_ == encoder.layout_
    matrix = encoder.transform(table)
    pd.testing.assert_frame_equal(restored.inverse_transform(matrix), encoder.inverse_transform(matrix))


def check_repeatable(table: pd.DataFrame) -> None:
    encoder = fit(table)
    assert np.array_equal(encoder.transform(table), encoder.transform(table))


def check_no_rows(table: pd.DataFrame) -> None:
    encoder = fit(table)
    back = encoder.inverse_transform(np.zeros((0, encoder.layout_.width), dtype=np.float32))
    assert back.shape == (0, table.shape[1])
    assert (back.dtypes == table.dtypes).all()


CHECKS = [check_round_trip, check_matrix, check_state, check_repeatable, check_no_rows]
