"""Every dtype to plain arrays and back."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_series_equal

from synthgen.dtypes import dtype_token, family, from_plain, to_plain
from synthgen.exceptions import ColumnRejected, DataError
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


@pytest.mark.parametrize("values", [[[1], [2]], [{"a": 1}, {"a": 2}], [b"x", b"y"], [1j, 2j]])
def test_values_that_no_dtype_holds_are_refused_with_a_way_out(values):
    with pytest.raises(ColumnRejected, match=r"Column 'odd' has dtype .* drop the column"):
        dtype_token(pd.Series(values, dtype=object, name="odd"))


def test_nested_arrow_columns_are_refused():
    nested = pd.Series([[1], [2]], dtype=pd.ArrowDtype(pa.list_(pa.int64())), name="n")
    with pytest.raises(ColumnRejected, match=r"'n'.*spread nested values over columns"):
        dtype_token(nested)


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
    assert_series_equal(from_plain(to_plain(series, column), column), series)
