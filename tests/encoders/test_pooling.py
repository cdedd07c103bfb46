"""Levels of few rows: not kept, and what their rows hold instead."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from synthgen.constraints.rules import FixedCombinations
from synthgen.encoders.pooling import plain_levels, pool_levels
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.exceptions import ColumnRejected, SchemaError
from synthgen.schema import Column, Schema
from synthgen.table.infer import infer_schema

COUNTS = {"a": 50, "b": 30, "c": 5, "d": 4, "e": 1}


def column(counts, dtype=object):
    values = np.repeat(list(counts), list(counts.values()))
    return pd.DataFrame(
        {"x": pd.Series(np.random.default_rng(0).permutation(values).astype(object), dtype=dtype)}
    )


def encoded(table, schema=None, **options):
    encoder = TableEncoder(infer_schema(table, schema), random_state=0, **options)
    return encoder.fit(table)


def back(encoder, table):
    return encoder.inverse_transform(encoder.matrix(table))


@pytest.mark.parametrize("dtype", ["str", "category", "string[pyarrow]"])
def test_a_level_of_fewer_rows_is_nowhere_and_its_rows_hold_another(dtype):
    table = column(COUNTS, dtype)
    encoder = encoded(table)
    assert encoder.schema_["x"].levels == ("a", "b", "c")
    assert vars(encoder.pooled_["x"]) == {"levels": 2, "rows": 5, "how": "drawn"}
    rows = back(encoder, table)["x"]
    kept = table["x"].isin(["a", "b", "c"]).to_numpy()
    assert rows[kept].astype(str).tolist() == table["x"][kept].astype(str).tolist()
    assert rows[~kept].isin(["a", "b", "c"]).all()
    assert "'d'" not in repr(encoder.to_state()) and "'e'" not in repr(encoder.to_state())


def test_rare_rows_are_shared_out_by_the_shares_of_the_levels_kept():
    counts = {"a": 600, "b": 300, "c": 100, **{f"r{i}": 4 for i in range(200)}}
    table = column(counts)
    rows = back(encoded(table), table)["x"]
    shares = rows[table["x"].str.startswith("r")].value_counts(normalize=True)
    # three standard errors of 800 draws
    assert np.abs(shares[["a", "b", "c"]].to_numpy() - [0.6, 0.3, 0.1]).max() < 3 * np.sqrt(0.25 / 800)


def test_one_keeps_every_level_and_category():
    table = column(COUNTS, pd.CategoricalDtype([*COUNTS, "unseen"]))
    encoder = encoded(table, min_category_count=1)
    assert encoder.schema_ == encoder.schema and encoder.pooled_ == {}
    pd.testing.assert_frame_equal(back(encoder, table), table)


def test_categories_without_rows_are_not_kept_unless_declared():
    table = column(COUNTS, pd.CategoricalDtype([*COUNTS, "unseen"], ordered=True))
    assert list(back(encoded(table), table)["x"].cat.categories) == ["a", "b", "c"]
    declared = Schema((Column("x", "categorical", levels=(*COUNTS, "unseen")),))
    encoder = encoded(table, declared)
    pd.testing.assert_frame_equal(back(encoder, table), table)


def test_declared_levels_are_kept_and_inferred_ones_that_are_passed_on_are_not():
    table = column(COUNTS)
    assert encoded(table, Schema((Column("x", "categorical", levels=tuple("edcba")),))).pooled_ == {}
    again = Schema.from_json(infer_schema(table).to_json())
    assert not again["x"].public_levels
    assert encoded(table, again).schema_["x"].levels == ("a", "b", "c")
    kind_only = encoded(table, Schema((Column("x", "categorical"),)))
    assert kind_only.schema_["x"].levels == ("a", "b", "c")


@pytest.mark.parametrize("dtype", ["bool", "boolean", "bool[pyarrow]", "category"])
def test_true_and_false_are_kept_however_rare(dtype):
    table = pd.DataFrame({"x": pd.Series([True] + [False] * 60).astype(dtype)})
    pd.testing.assert_frame_equal(back(encoded(table), table), table)


def test_strings_of_few_rows_each_are_made_anew_by_their_pattern():
    zips = [f"Z{i:05d}" for i in np.random.default_rng(0).integers(0, 10_000, 1000)]
    table = pd.DataFrame({"zip": zips, "y": np.arange(1000) % 3})
    encoder = encoded(table)
    assert encoder.schema_["zip"].kind == "identifier" and encoder.schema_["zip"].levels is None
    assert encoder.pooled_["zip"].how == "pattern"
    rows = back(encoder, table)["zip"]
    assert rows.str.fullmatch(r"Z0\d{4}").all() and rows.is_unique


def test_categories_of_few_rows_each_become_made_up_ones():
    names = pd.Series([f"n-{i:04d}" for i in range(400)])
    table = pd.DataFrame({"x": pd.Categorical(pd.concat([names, names]))})
    encoder = encoded(table)
    rows = back(encoder, table)["x"]
    assert encoder.pooled_["x"].how == "made up" and 1 < rows.nunique() <= 20
    assert not set(rows.cat.categories) & set(names)
    assert rows.str.fullmatch(r"n-0\d{3}(_\d+)?").all()
    assert rows.value_counts(normalize=True).max() < 0.1


def test_numbers_of_few_rows_each_stand_together_with_their_neighbours():
    years = np.repeat(np.arange(1900, 2000), 2)
    table = pd.DataFrame({"year": pd.Categorical(years)})
    encoder = encoded(table)
    rows = back(encoder, table)["year"].astype(int)
    assert encoder.pooled_["year"].how == "nearest"
    assert np.abs(rows - years).max() <= 2
    assert rows.value_counts().min() >= 4
    rare = pd.DataFrame({"year": pd.Categorical([1, 2, 3] * 20 + [77])})
    assert back(encoded(rare), rare)["year"].tolist() == [1, 2, 3] * 20 + [3]


def test_many_rare_numbers_of_many_levels_take_little_memory():
    rng = np.random.default_rng(0)
    levels = rng.permutation(2_000)
    own = Column("x", "categorical", "int64", levels=tuple(levels.tolist()))
    values = rng.integers(-50, 2_050, 20_000) + 0.25
    series = pd.Series(np.where(np.arange(20_000) < 10_000, values, values - 0.25), name="x")
    tracemalloc.start()
    found = plain_levels(series, own).values
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.array_equal(levels[found], np.clip(np.rint(series), 0, 1_999))
    assert peak < 2_000 * 20_000


def test_levels_that_fit_never_saw_count_as_rare_only_where_some_were():
    with_rare, without = column(COUNTS), column({"a": 50, "b": 30})
    new = pd.DataFrame({"x": ["zz"]})
    assert back(encoded(with_rare), new)["x"].isin(["a", "b", "c"]).all()
    with pytest.raises(ColumnRejected, match="'x' holds 'zz', which was not among its levels"):
        encoded(without).matrix(new)


def test_a_declared_rule_on_a_column_that_is_made_anew_is_refused():
    table = pd.DataFrame({"zip": [f"Z{i // 4:03d}" for i in range(100)], "y": np.repeat([1, 2], 50)})
    schema = infer_schema(table, constraints=[FixedCombinations(("zip", "y"))])
    with pytest.raises(
        SchemaError, match=r"names column 'zip', most of whose values .* lower `min_category_count`"
    ):
        pool_levels(table, schema, 5)


def test_a_rule_none_of_whose_combinations_is_frequent_is_refused():
    table = pd.DataFrame({"a": [1, 2, 3, 4] * 2, "b": [5, 6, 7, 8] * 2})
    with pytest.raises(SchemaError, match=r"none has 5 rows, so that none may be kept"):
        encoded(
            table, Schema((Column("a", "integer"), Column("b", "integer")), (FixedCombinations(("a", "b")),))
        )
