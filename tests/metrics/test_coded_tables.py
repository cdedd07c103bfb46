import datetime

import numpy as np
import pandas as pd
import pytest

from synthgen.exceptions import DataError
from synthgen.metrics.tables import code_tables
from synthgen.schema import Column, Schema
from synthgen.table.infer import infer_schema


def values(coded, real, synthetic):
    tables = coded(real=pd.DataFrame({"x": real}), synthetic=pd.DataFrame({"x": synthetic}))
    return tables["real"].columns[0], tables["synthetic"].columns[0]


def test_levels_are_coded_together_with_those_that_only_one_table_has(coded):
    real, synthetic = values(coded, ["b", "a", None, "a"], ["c", "a", "b", None])
    assert real.levels == synthetic.levels == ("a", "b", "c")
    assert real.values.tolist() == [1, 0, -1, 0]
    assert synthetic.values.tolist() == [2, 0, 1, -1]


@pytest.mark.parametrize(
    "synthetic",
    [
        pd.Series([1.0, 2.0, np.nan]),
        pd.Series([1, 2, None], dtype="Int64"),
        pd.Series([1, 2, None], dtype="int64[pyarrow]"),
        pd.Series([1, 2, None], dtype="category"),
        pd.Series([1, 2, None], dtype=object),
        pd.Series([1, 2, None], dtype="float32"),
    ],
    ids=lambda s: str(s.dtype),
)
def test_numbers_of_any_dtype_are_the_same_numbers(coded, synthetic):
    got = values(coded, [5, 6, 7], synthetic)[1]
    assert got.is_numeric
    np.testing.assert_array_equal(got.values, [1, 2, np.nan])


@pytest.mark.parametrize(
    "synthetic", [pd.Series(["a", "b", None], dtype=d) for d in ("category", "string", object)]
)
def test_strings_of_any_dtype_are_the_same_levels(coded, synthetic):
    assert values(coded, ["a", "b", "b"], synthetic)[1].values.tolist() == [0, 1, -1]


@pytest.mark.parametrize(
    "synthetic",
    [
        pd.Series(pd.to_datetime(["2020-01-02", None])).astype("datetime64[s]"),
        pd.Series(pd.to_datetime(["2020-01-02", None])).astype("datetime64[ms]"),
        pd.Series([datetime.date(2020, 1, 2), None], dtype=object),
        pd.Series(pd.to_datetime(["2020-01-02", None])).astype("timestamp[us][pyarrow]"),
        pd.Series([datetime.date(2020, 1, 2), None], dtype="date32[day][pyarrow]"),
    ],
    ids=lambda s: str(s.dtype),
)
def test_instants_of_any_unit_are_seconds(coded, synthetic):
    real = pd.to_datetime(["2020-01-01", "2020-01-03"]).astype("datetime64[ns]")
    np.testing.assert_array_equal(values(coded, real, synthetic)[1].values, [1577923200.0, np.nan])


def test_zoned_instants_are_seconds_in_utc(coded):
    real = pd.to_datetime(["2020-01-01", "2020-01-03"]).tz_localize("UTC")
    synthetic = pd.to_datetime(["2020-01-01 01:00", "2020-01-01 01:00"]).tz_localize("Europe/Berlin")
    assert values(coded, real, synthetic)[1].values.tolist() == [1577836800.0] * 2


def test_durations_are_seconds(coded):
    got = values(coded, pd.to_timedelta([1, 2], "h"), pd.to_timedelta([3, 4], "min").astype("timedelta64[s]"))
    assert [c.values.tolist() for c in got] == [[3600, 7200], [180, 240]]


def test_zeros_and_ones_are_booleans_where_the_real_column_is(coded):
    assert values(coded, [True, False, True], [1, 0, 1])[1].values.tolist() == [1, 0, 1]


def test_a_column_without_values_fits_any_dtype(coded):
    real, synthetic = values(coded, ["a", "b"], [np.nan, np.nan])
    assert synthetic.missing.all() and not real.missing.any()


def test_an_empty_real_column_is_compared_as_numbers(coded):
    real, synthetic = values(coded, [np.nan, np.nan], [1.0, 2.0])
    assert real.missing.all() and synthetic.values.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("real", "synthetic", "words"),
    [
        ([1, 2], ["1", "2"], "'x' holds numbers .* in the real table but strings .* in the synthetic"),
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), ["2020-01-01", "b"], "holds datetimes .* but strings"),
        (
            pd.to_datetime(["2020-01-01", "2020-01-02"]),
            pd.to_datetime(["2020-01-01", "2020-01-02"]).tz_localize("UTC"),
            "but datetimes with a time zone",
        ),
    ],
)
def test_dtypes_that_cannot_be_compared_are_refused(coded, real, synthetic, words):
    with pytest.raises(DataError, match=words):
        values(coded, real, synthetic)


def test_a_dtype_that_cannot_be_read_is_refused_with_the_table_named(coded):
    with pytest.raises(DataError, match=r"The synthetic table: Column 'x'"):
        values(coded, [1, 2], [[1], [2]])


def test_infinities_are_refused(coded):
    with pytest.raises(DataError, match=r"'x' of the synthetic table holds infinities"):
        values(coded, [1.0, 2.5], [np.inf, 1.0])


@pytest.mark.parametrize(
    ("synthetic", "words"),
    [
        ({"a": [1]}, "The synthetic table lacks column 'b', which the real table has"),
        ({"a": [1], "b": [1], "c": [1]}, "The synthetic table has column 'c', which the real table lacks"),
    ],
)
def test_other_columns_are_refused(coded, synthetic, words):
    with pytest.raises(DataError, match=words):
        coded(real=pd.DataFrame({"a": [1, 2], "b": [1, 2]}), synthetic=pd.DataFrame(synthetic))


def test_identifiers_and_text_are_left_out_and_order_does_not_matter():
    real = pd.DataFrame({"key": ["k1", "k2"], "x": [1, 2], "note": ["some", "words"]})
    schema = infer_schema(real, Schema((Column("key", "identifier"), Column("note", "text"))))
    tables = code_tables({"real": real, "synthetic": real[["note", "x", "key"]]}, schema)
    assert [c.name for c in tables["synthetic"].columns] == ["x"]


def test_take_select_and_without():
    frame = pd.DataFrame({"x": [1.0, 2.5, 3.0], "y": list("abc")})
    table = code_tables({"real": frame}, infer_schema(frame))["real"]
    taken = table.take(np.array([2, 0, 0]))
    assert taken.n_rows == 3 and taken.column("x").values.tolist() == [3, 1, 1]
    assert [c.name for c in table.without("x").columns] == ["y"]
    swapped = table.select([1, 0])
    assert swapped.columns == (table.columns[1], table.columns[0]) and swapped.n_rows == table.n_rows
