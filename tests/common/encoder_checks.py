"""What every table must survive: run on every table that the tests know."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.testing import assert_series_equal

from synthgen.disclosure import MIN_ROWS
from synthgen.encoders.calendar import CalendarEncoder
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.plain import to_plain
from synthgen.schema import Column
from synthgen.table.infer import infer_schema


def fit(table: pd.DataFrame) -> TableEncoder:
    return TableEncoder(infer_schema(table), random_state=0).fit(table)


def check_round_trip(table: pd.DataFrame) -> None:
    """Levels exactly where they are kept, numbers within rank resolution, identifiers made anew."""
    encoder = fit(table)
    back = encoder.inverse_transform(encoder.transform(table))
    assert list(back.columns) == list(table.columns)
    for column in encoder.schema_:
        got, wanted = back[column.name], table[column.name].reset_index(drop=True)
        check_dtype(got, wanted)
        if column.kind == "identifier":
            assert got.dropna().is_unique
        elif column.levels is not None:
            check_levels(got, wanted, encoder)
        else:
            own = encoder.encoder_of(column.name)
            calendar = own if isinstance(own, CalendarEncoder) else None
            check_within_rank_resolution(got, wanted, column, calendar=calendar)


def check_dtype(got: pd.Series, wanted: pd.Series) -> None:
    """The dtype as it came; a pandas categorical may lack categories, and keeps the order of the others."""
    if isinstance(wanted.dtype, pd.CategoricalDtype):
        assert len(got.cat.categories) or wanted.isna().all() or not len(wanted.cat.categories)
        categories = wanted.cat.categories
        places = categories.get_indexer(got.cat.categories)
        if (places >= 0).any():  # else all are made up
            assert (np.diff(places) > 0).all() and (places >= 0).all()
            assert got.cat.categories.dtype == categories.dtype
        assert got.cat.ordered == wanted.cat.ordered
    else:
        assert got.dtype == wanted.dtype


def check_levels(got: pd.Series, wanted: pd.Series, encoder: TableEncoder) -> None:
    """Levels of enough rows come back where they were, the rows of others hold one of them; true and false are kept."""
    column = encoder.schema_[str(got.name)]
    pooled = encoder.pooled_.get(column.name)
    assert_series_equal(got.isna(), wanted.isna())
    counts = wanted.value_counts()
    kept = wanted.isin(column.levels).to_numpy(dtype=bool)
    got_values, wanted_values = got.astype(object)[kept], wanted.astype(object)[kept]
    assert_series_equal(got_values, wanted_values)
    assert got.dropna().isin(column.levels).all()
    assert (pooled is None) == bool(
        (kept | wanted.isna().to_numpy(dtype=bool)).all() and not _lost(got, wanted)
    )
    if pooled is not None and pooled.how == "drawn":
        assert counts.reindex(list(column.levels)).min() >= encoder.min_category_count
        assert pooled.rows == int((~kept & ~wanted.isna().to_numpy(dtype=bool)).sum())


def _lost(got: pd.Series, wanted: pd.Series) -> bool:
    """Whether categories of no rows are gone."""
    is_category = isinstance(wanted.dtype, pd.CategoricalDtype)
    return is_category and len(got.cat.categories) < len(wanted.cat.categories)


def check_within_rank_resolution(
    got: pd.Series, wanted: pd.Series, column: Column, *, calendar: CalendarEncoder | None = None
) -> None:
    """Missing where it was, inside the range, no further off than two segments; frequent values where they were.

    Instants that a `calendar` takes apart may change their day or week for the one beside it where it has few rows, and
    their times of day are smoothed by themselves.
    """
    a, b = to_plain(got, column), to_plain(wanted, column)
    n_present = int((~b.missing).sum())
    if n_present < MIN_ROWS <= len(wanted) and b.missing.any():
        assert a.missing.all()  # too few to learn from
        return
    assert np.array_equal(a.missing, b.missing)
    found, given = a.values[~a.missing], b.values[~b.missing]
    if not len(given):
        return
    assert found.min() >= given.min() and found.max() <= given.max()
    distinct, counts = np.unique(given, return_counts=True)
    most = (2 if calendar is None else 4) * MIN_ROWS
    is_near = np.abs(np.searchsorted(distinct, found) - np.searchsorted(distinct, given)) <= most
    if calendar is not None:
        unit = calendar.parts.ticks * (7 if len(calendar.parts.weekdays) else 1)
        inside = np.clip(
            given, *calendar.parts.ends
        )  # what lies beyond the smoothed ends is moved there first
        is_near |= np.abs(found - inside) <= unit + calendar.parts.ticks
    assert is_near.all()
    for end, n in ((0, counts[0]), (-1, counts[-1])):
        assert n >= MIN_ROWS or len(distinct) <= 2 or len(given) < 2 * MIN_ROWS or distinct[end] not in found
    if calendar is None:
        is_frequent = np.isin(given, distinct[counts >= MIN_ROWS])
        assert np.array_equal(found[is_frequent], given[is_frequent])


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
    for name in table.columns:
        check_dtype(back[name], table[name])


CHECKS = [check_round_trip, check_matrix, check_state, check_repeatable, check_no_rows]
