"""Every dtype to plain arrays and back."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_series_equal

from synthgen.dtypes import dtype_token, family
from synthgen.exceptions import ColumnRejected, DataError
from synthgen.plain import from_plain, strings_to_array, to_plain
from synthgen.schema import Column, Schema
from synthgen.table.infer import infer_schema
from tests.common.tables import every_dtype


@pytest.mark.parametrize("name", every_dtype(10).columns)
def test_every_dtype_returns_as_it_came(awkward, name):
    column = infer_schema(awkward[[name]])[name]
    back = from_plain(to_plain(awkward[name], column), column)
    assert_series_equal(back, awkward[name])


@pytest.mark.parametrize("name", every_dtype(10).columns)
def test_a_column_survives_json(awkward, name):
    schema = infer_schema(awkward[[name]])
    assert Schema.from_json(schema.to_json()) == schema


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=30))
def test_int64_is_exact(values):
    series = pd.Series(values, dtype="int64", name="x")
    column = Column("x", "integer", "int64")
    assert_series_equal(from_plain(to_plain(series, column), column), series)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=30))
def test_uint64_is_exact(values):
    series = pd.Series(values, dtype="uint64", name="x")
    column = Column("x", "integer", "uint64")
    assert_series_equal(from_plain(to_plain(series, column), column), series)


def test_mixed_object_column_is_refused_by_name_and_types():
    with pytest.raises(ColumnRejected, match=r"Column 'm' is an object column of mixed types \(int, str\)"):
        dtype_token(pd.Series([1, "a"], dtype=object, name="m"))


@pytest.mark.parametrize(
    ("values", "way_out"),
    [
        ([[1], [2]], r"object\[list\].*spread nested values over columns, or drop the column"),
        ([{"a": 1}, {"a": 2}], r"object\[dict\].*spread nested values over columns, or drop the column"),
        ([b"x", b"y"], r"object\[bytes\].*decode the values to str"),
        ([pd.Timestamp("2020"), None], r"object\[datetime\].*use pd.to_datetime\(...\)"),
        ([datetime.datetime(2020, 1, 1)], r"object\[datetime\].*use pd.to_datetime\(...\)"),
        ([pd.Timedelta(1)], r"object\[Timedelta\].*use pd.to_timedelta\(...\)"),
        ([datetime.timedelta(1)], r"object\[timedelta\].*use pd.to_timedelta\(...\)"),
        ([1j, 2j], r"object\[complex\].*convert it with .astype\(...\) or drop the column"),
    ],
)
def test_values_that_no_dtype_holds_are_refused_with_a_way_out(values, way_out):
    with pytest.raises(ColumnRejected, match=rf"Column 'odd' has dtype {way_out}"):
        dtype_token(pd.Series(values, dtype=object, name="odd"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            [1, 2**64],
            r"holds 18446744073709551616; Python numbers must all lie in \[0, 18446744073709551615\]",
        ),
        ([-1, 2**63], r"holds 9223372036854775808; Python numbers must all lie in \[-9223372036854775808, "),
        ([-(2**63) - 1, 0], "holds -9223372036854775809; Python numbers must all lie in"),
        ([10**5000, 0], "holds a number above 1e40; Python numbers must all lie in .*astype"),
        ([10**400, 0.5], "holds a number above 1e40; Python numbers must be below 1.8e[+]308; use .astype"),
    ],
)
def test_python_numbers_beyond_64_bits_are_refused(values, message):
    plain = pd.Series(values, dtype=object, name="big")
    coded = pd.Series(pd.Categorical.from_codes([0, 1], pd.Index(values, dtype=object)), name="big")
    for series in (plain, coded):
        with pytest.raises(ColumnRejected, match=f"Column 'big' {message}"):
            infer_schema(series.to_frame())


@pytest.mark.parametrize("kind", ["integer", "categorical"])
@pytest.mark.parametrize("values", [[2**64 - 1, 5, None, 0], [-(2**63), 2**63 - 1, None]])
def test_python_numbers_of_64_bits_are_exact(kind, values):
    series = pd.Series(values, dtype=object, name="x")
    column = infer_schema(series.to_frame(), Schema((Column("x", kind),)))["x"]
    assert Schema.from_json(Schema((column,)).to_json())["x"] == column
    assert_series_equal(from_plain(to_plain(series, column), column), series)


@pytest.mark.parametrize(
    ("token", "words"), [("object[int]", ["18446744073709551615", None, "-1"]), ("uint64", [f"{2**64 - 1}"])]
)
def test_whole_numbers_from_words_are_exact(token, words):
    found = strings_to_array(words, token)
    assert list(found) == [None if w is None else int(w) for w in words]


def test_decimals_that_are_no_number():
    values = [decimal.Decimal("1.50"), decimal.Decimal("NaN"), decimal.Decimal("Infinity")]
    assert dtype_token(pd.Series(values, dtype=object)) == "object[decimal.2]"
    with pytest.raises(ColumnRejected, match="'x' holds infinities"):
        infer_schema(pd.DataFrame({"x": pd.Series(values, dtype=object)}))


def test_nested_arrow_columns_are_refused():
    nested = pd.Series([[1], [2]], dtype=pd.ArrowDtype(pa.list_(pa.int64())), name="n")
    with pytest.raises(ColumnRejected, match=r"'n'.*spread nested values over columns"):
        dtype_token(nested)


@pytest.mark.parametrize("dtype", [object, pd.ArrowDtype(pa.decimal128(38, 2))])
def test_decimals_beyond_float64_are_refused(dtype):
    series = pd.Series([decimal.Decimal(10**30 + 1)] * 3, dtype=dtype, name="d")
    column = Column("d", "continuous", dtype_token(series))
    with pytest.raises(
        ColumnRejected, match=r"'d' holds 1000000000000000000000000000001.*more than 15 digits"
    ):
        to_plain(series, column)


def test_numbers_of_several_python_types_are_floats():
    assert dtype_token(pd.Series([1, 2.5], dtype=object)) == "object[float]"


def test_family_refuses_the_unknown():
    with pytest.raises(DataError, match=r"'complex128'"):
        family("complex128")


def test_a_level_outside_has_code_minus_one():
    column = Column("c", "categorical", "str", levels=("a", "b"))
    plain = to_plain(pd.Series(["b", "z", None], name="c", dtype="str"), column)
    assert plain.values[0] == 1
    assert plain.values[1] == -1 and not plain.missing[1]
    assert plain.missing[2]


def test_missing_strings_come_back_missing():
    column = Column("c", "categorical", "str", missing=True, levels=("a",))
    series = pd.Series(["a", np.nan], dtype="str", name="c")
    back = from_plain(to_plain(series, column), column)
    assert back.dtype == series.dtype
    assert back[0] == "a" and back.isna().tolist() == [False, True]
