"""What trees see of a matrix row."""

import numpy as np
import pandas as pd
import pytest

from synthgen import FixedCombinations, Repeats, infer_schema
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.models.row_features import row_features
from synthgen.plain import to_plain
from synthgen.rng import stream
from tests.common.related import shop

N = 300


def seen(table, *rules, look=False):
    """The features of a table's own rows, and the encoder."""
    encoder = TableEncoder(infer_schema(table, constraints=rules, detect_relations=look), random_state=0)
    return row_features(encoder.fit_transform(table), encoder), encoder


def columns_of(found):
    return [tuple(v) for v in found.values.T]


@pytest.fixture(scope="module")
def table():
    rng = stream(0, "table")
    gap = rng.random(N) < 0.2
    return pd.DataFrame(
        {
            "ticket": [f"T-{i:05d}" for i in rng.permutation(90_000)[:N]],
            "count": rng.integers(0, 30, N),
            "level": pd.Series(
                np.where(gap, None, np.array(list("pqr"))[rng.integers(0, 3, N)]), dtype=object
            ),
            "site": "north",
            "cents": np.where(np.roll(gap, 1), np.nan, rng.integers(0, 100, N) / 4),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 200, N), unit="D"),
            "flag": rng.random(N) < 0.3,
        }
    )


def test_one_column_for_each_that_is_learnt(table):
    found, _ = seen(table)
    assert found.values.shape == (N, 5) and found.values.dtype == np.float64
    assert found.is_level.tolist() == [False, True, False, False, True]


def test_levels_are_codes_and_missing_ones_nan(table):
    found, encoder = seen(table)
    levels = list(encoder.schema["level"].levels)
    expected = [np.nan if v is None else levels.index(v) for v in table["level"]]
    assert np.array_equal(found.values[:, 1], expected, equal_nan=True)
    assert len(np.unique(found.values[:, 4])) == 2
    assert pd.Series(found.values[:, 4]).groupby(table["flag"]).nunique().tolist() == [1, 1]


def test_numbers_are_as_they_are_and_missing_ones_nan(table):
    found, encoder = seen(table)
    back = encoder.inverse_transform(encoder.matrix(table))  # rare numbers within their segment
    assert np.array_equal(found.values[:, 0], back["count"])
    assert np.array_equal(found.values[:, 2], back["cents"], equal_nan=True)
    assert np.array_equal(found.values[:, 3], to_plain(back["day"], encoder.schema["day"]).values)
    assert np.array_equal(np.isnan(found.values[:, 2]), table["cents"].isna())


def test_places_inside_a_tie_say_nothing(table):
    encoder = TableEncoder(infer_schema(table), random_state=0).fit(table)
    matrix = encoder.transform(table)
    block = next(b for b in encoder.layout_.numeric if b.column == "count")
    moved = matrix.copy()
    counts = table["count"].value_counts()
    tied = np.flatnonzero(table["count"] == counts.index[0])  # the commonest is a step
    assert len(tied) > 3 and len(np.unique(matrix[tied, block.start])) > 1
    moved[tied, block.start] = np.roll(matrix[tied, block.start], 1)
    assert np.array_equal(
        row_features(moved, encoder).values, row_features(matrix, encoder).values, equal_nan=True
    )


def test_restored_numbers_come_in_place_of_what_stands_for_them():
    table = shop(N)
    found, encoder = seen(table, look=True)
    assert {t for s in encoder.plan_.steps for t in s.targets} >= {"total", "amount", "delivered", "city"}
    got = columns_of(found)
    back = encoder.inverse_transform(encoder.matrix(table))
    for name in ("ordered", "delivered", "price", "number", "tip", "amount", "total", "grade_number"):
        assert tuple(to_plain(back[name], encoder.schema[name]).values.astype(float)) in got, name
    gap = (table["delivered"] - table["ordered"]).dt.total_seconds()
    assert not any(np.allclose(np.array(c) / c[0], gap / gap[0]) for c in got if c[0])
    # zip and grade, but neither city nor state, which zip determines
    assert found.is_level.sum() == 2 and found.values.shape[1] == len(table.columns) - 2


def test_a_column_that_repeats_another_is_seen_as_it_is():
    rng = stream(0, "bills")
    bill = rng.integers(0, 10_000, N)
    table = pd.DataFrame(
        {"bill": bill, "paid": np.where(rng.random(N) < 0.4, bill, rng.integers(0, 10_000, N))}
    )
    found, _ = seen(table, Repeats("paid", of="bill"))
    assert found.values.shape == (N, 2) and not np.isnan(found.values).any()
    repeats = (table["bill"] == table["paid"]).to_numpy()
    assert np.array_equal(found.values[:, 0] == found.values[:, 1], repeats)


def test_combinations_of_levels_are_one_level():
    rng = stream(0, "combined")
    a, b = rng.integers(0, 3, N), rng.integers(0, 2, N)
    table = pd.DataFrame({"a": np.array(list("xyz"))[a], "b": np.array(list("uv"))[np.where(a == 0, 0, b)]})
    found, _ = seen(table, FixedCombinations(["a", "b"]))
    assert found.values.shape == (N, 1) and found.is_level.tolist() == [True]
    assert len(np.unique(found.values)) == 5


def test_tables_in_which_nothing_is_learnt_have_no_features(table):
    found, _ = seen(table[["ticket", "site"]])
    assert found.values.shape == (N, 0) and found.is_level.shape == (0,)


def test_no_rows_have_no_features_but_the_same_columns(table):
    encoder = TableEncoder(infer_schema(table), random_state=0).fit(table)
    matrix = encoder.transform(table)
    whole, none = row_features(matrix, encoder), row_features(matrix[:0], encoder)
    assert none.values.shape == (0, whole.values.shape[1])
    assert np.array_equal(none.is_level, whole.is_level)
