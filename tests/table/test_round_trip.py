"""Tables come back from files as they went in."""

import gzip
import io
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthgen.dtypes import dtype_token
from synthgen.schema import Column, Schema
from synthgen.table.arrow import SCHEMA_KEY
from synthgen.table.infer import infer_schema
from synthgen.table.read import read_schema, read_table
from synthgen.table.write import write_table

NEEDS_SCHEMA = {"str, storage python", "string[python]", "decimal128[pyarrow]"}
"""Dtypes that pandas' own metadata cannot tell from another; a schema in the file can."""
NEEDS_SCHEMA_IN_PARQUET = {*NEEDS_SCHEMA, "int category"}


class FakeStream:
    """Standard input or output with a buffer of bytes."""

    def __init__(self, content=b""):
        self.buffer = io.BytesIO(content)


def assert_same_columns(found, wanted, names):
    assert list(found.columns) == list(wanted.columns)
    for name in names:
        pd.testing.assert_series_equal(found[name], wanted[name], check_categorical=True)
        assert dtype_token(found[name]) == dtype_token(wanted[name]), name


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_every_dtype_survives_with_a_schema(awkward, tmp_path, suffix):
    schema = infer_schema(awkward)
    write_table(awkward, tmp_path / f"t.{suffix}", schema=schema)
    assert_same_columns(read_table(tmp_path / f"t.{suffix}"), awkward, awkward.columns)
    assert read_schema(tmp_path / f"t.{suffix}") == schema


@pytest.mark.parametrize(("suffix", "lost"), [("parquet", NEEDS_SCHEMA_IN_PARQUET), ("arrow", NEEDS_SCHEMA)])
def test_nearly_every_dtype_survives_without_a_schema(awkward, tmp_path, suffix, lost):
    write_table(awkward, tmp_path / f"t.{suffix}")
    found = read_table(tmp_path / f"t.{suffix}")
    assert lost < set(awkward.columns)
    assert_same_columns(found, awkward, [n for n in awkward.columns if n not in lost])
    assert found["int category"].dtype == "category"


def test_categories_that_are_no_strings_stay_categories(tmp_path):
    table = pd.DataFrame({"x": pd.Categorical([3, 1, None, 3], categories=[1, 3], ordered=True)})
    write_table(table, tmp_path / "t.parquet")
    assert_same_columns(read_table(tmp_path / "t.parquet"), table, ["x"])


def test_ordered_categories_survive_many_row_groups(tmp_path):
    table = pd.DataFrame({"x": pd.Categorical(list("abcabc"), categories=list("cbaz"), ordered=True)})
    pq.write_table(pa.Table.from_pandas(table), tmp_path / "t.parquet", row_group_size=1)
    assert_same_columns(read_table(tmp_path / "t.parquet"), table, ["x"])


def test_a_schema_stands_in_the_metadata(tmp_path):
    table = pd.DataFrame({"x": [1, 2]})
    write_table(table, tmp_path / "t.parquet", schema=infer_schema(table))
    text = pq.read_schema(tmp_path / "t.parquet").metadata[SCHEMA_KEY].decode()
    assert Schema.from_json(text) == infer_schema(table)


def test_a_schema_that_does_not_fit_any_more_changes_nothing(tmp_path):
    schema = infer_schema(pd.DataFrame({"x": pd.Categorical(["a", "b"]), "y": [1, 2], "gone": [1, 2]}))
    table = pd.DataFrame({"x": pd.Categorical(["c", "a"]), "y": ["one", "two"]})
    write_table(table, tmp_path / "t.parquet", schema=schema)
    assert_same_columns(read_table(tmp_path / "t.parquet"), table, ["x", "y"])


@pytest.mark.parametrize("dtype", ["", "no such dtype"])
def test_a_schema_without_a_known_dtype_changes_nothing(tmp_path, dtype):
    table = pd.DataFrame({"x": [1, 2]})
    write_table(table, tmp_path / "t.parquet", schema=Schema((Column("x", "integer", dtype),)))
    assert_same_columns(read_table(tmp_path / "t.parquet"), table, ["x"])


def test_a_damaged_schema_is_left_aside(tmp_path):
    arrow = pa.table({"x": [1, 2]}).replace_schema_metadata({SCHEMA_KEY: b"{not json"})
    pq.write_table(arrow, tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet")["x"].tolist() == [1, 2]


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_whole_numbers_and_booleans_with_gaps_stay_what_they_are(tmp_path, suffix):
    big = 2**53 + 1
    arrow = pa.table(
        {"i": [big, None], "u": pa.array([1, None], pa.uint8()), "b": [True, None], "s": ["x", None]}
    )
    if suffix == "parquet":
        pq.write_table(arrow, tmp_path / "t.parquet")
    else:
        with pa.ipc.new_stream(tmp_path / "t.arrow", arrow.schema) as writer:
            writer.write_table(arrow)
    found = read_table(tmp_path / f"t.{suffix}")
    assert found.dtypes.astype(str).tolist()[:3] == ["Int64", "UInt8", "boolean"]
    assert found["i"][0] == big
    assert found["s"].isna().tolist() == [False, True]


def test_large_strings_and_dictionaries_of_them(tmp_path):
    words = pa.array(["a", "b", None], pa.large_string())
    pq.write_table(pa.table({"plain": words, "coded": words.dictionary_encode()}), tmp_path / "t.parquet")
    found = read_table(tmp_path / "t.parquet")
    assert found["plain"].tolist()[:2] == ["a", "b"]
    assert found["coded"].dtype == "category"


def test_object_strings_of_older_pandas_become_todays_strings(tmp_path):
    arrow = pa.Table.from_pandas(pd.DataFrame({"x": pd.Series(["a", "b"], dtype=object)}))
    old = arrow.schema.metadata[b"pandas"].replace(pd.__version__.encode(), b"2.2.3")
    pq.write_table(arrow.replace_schema_metadata({b"pandas": old}), tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet")["x"].dtype == pd.Series(["a"]).dtype


def test_dtypes_that_pandas_does_not_know_fall_back(tmp_path):
    arrow = pa.Table.from_pandas(pd.DataFrame({"x": [1, 2]}))
    odd = arrow.schema.metadata[b"pandas"].replace(b'"numpy_type": "int64"', b'"numpy_type": "geometry"')
    pq.write_table(arrow.replace_schema_metadata({b"pandas": odd}), tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet")["x"].tolist() == [1, 2]


def test_an_arrow_backed_dictionary_becomes_a_category(tmp_path):
    words = pd.arrays.ArrowExtensionArray(pa.array(["a", "b", "a"]).dictionary_encode())
    pd.DataFrame({"x": words}).to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet")["x"].dtype == "category"


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_an_index_becomes_a_column_only_if_it_has_a_name(tmp_path, suffix):
    table = pd.DataFrame({"x": [1, 2, 3]}, index=[7, 8, 9])
    write = {"parquet": pd.DataFrame.to_parquet, "csv": pd.DataFrame.to_csv}[suffix]
    write(table, tmp_path / f"plain.{suffix}")
    write(table.rename_axis("patient"), tmp_path / f"named.{suffix}")
    assert list(read_table(tmp_path / f"plain.{suffix}")) == ["x"]
    named = read_table(tmp_path / f"named.{suffix}")
    assert sorted(named) == ["patient", "x"]
    assert named["patient"].tolist() == [7, 8, 9]
    assert isinstance(named.index, pd.RangeIndex)


def test_names_in_a_file_are_strings(tmp_path):
    pq.write_table(pa.Table.from_pandas(pd.DataFrame({0: [1], 1: [2]})), tmp_path / "t.parquet")
    assert list(read_table(tmp_path / "t.parquet")) == ["0", "1"]


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "tsv", "tsv.gz"])
def test_delimited_text_round_trip(tmp_path, suffix):
    table = pd.DataFrame(
        {
            "whole": [1, -2, 3, 4],
            "gaps": pd.array([1, None, 3, 4], dtype="Int64"),
            "real": [1.0, 2.0, np.nan, 1e300],
            "round": [1.0, 2.0, 3.0, 4.0],
            "flag": [True, False, True, True],
            "code": ["01", "02", None, "10"],
            "text": ['say "hi"', "a,b\tc", "", "NA"],
            "broken": ["two\nlines", "x", "y", "é"],
            "day": pd.to_datetime(["2020-01-01", None, "2020-01-03", "2020-01-04"]).astype("datetime64[s]"),
            "time": pd.to_datetime(["2020-01-01 10:00:00", "2020-01-01 10:00:01"] * 2).astype(
                "datetime64[s]"
            ),
            "empty": [None] * 4,
        }
    )
    write_table(table, tmp_path / f"t.{suffix}")
    found = read_table(tmp_path / f"t.{suffix}")
    assert found["empty"].isna().all()
    text = pd.Series(["a"]).dtype
    wanted = table.astype({"code": text, "text": text, "broken": text})
    assert_same_columns(found[list(table)], wanted, [n for n in table if n != "empty"])


def test_csv_gz_is_gzip(tmp_path):
    write_table(pd.DataFrame({"x": [1]}), tmp_path / "t.csv.gz")
    assert gzip.decompress((tmp_path / "t.csv.gz").read_bytes()) == b'"x"\n1\n'


def test_zoned_instants_are_written_in_utc(tmp_path):
    moment = (
        pd.Series(pd.to_datetime(["2020-07-01 12:00:00.5"]))
        .astype("datetime64[ms]")
        .dt.tz_localize("Europe/Paris")
    )
    write_table(pd.DataFrame({"t": moment}), tmp_path / "t.csv")
    found = read_table(tmp_path / "t.csv")["t"]
    assert str(found.dtype) == "datetime64[ms, UTC]"
    assert found[0] == moment[0]


@pytest.mark.parametrize("format_", ["parquet", "arrow", "csv"])
def test_standard_streams(monkeypatch, format_):
    table = pd.DataFrame({"x": [1, 2], "y": ["a", "b"]})
    out = FakeStream()
    monkeypatch.setattr(sys, "stdout", out)
    write_table(table, "-", format=format_)
    monkeypatch.setattr(sys, "stdin", FakeStream(out.buffer.getvalue()))
    pd.testing.assert_frame_equal(read_table("-"), table)


def test_a_declared_format_overrides_the_suffix(tmp_path):
    write_table(pd.DataFrame({"x": [1, 2]}), tmp_path / "t.dat", format="tsv")
    assert read_table(tmp_path / "t.dat", format="tsv")["x"].tolist() == [1, 2]
    assert [p.name for p in tmp_path.iterdir()] == ["t.dat"]


def test_a_table_of_no_rows_can_be_written(tmp_path):
    write_table(pd.DataFrame({"x": pd.Series([], dtype="int8")}), tmp_path / "t.parquet")
    assert pq.read_schema(tmp_path / "t.parquet").field("x").type == pa.int8()


def test_an_arrow_decimal_without_any_value_stays_one(tmp_path):
    dtype = pd.ArrowDtype(pa.decimal128(9, 2))
    table = pd.DataFrame({"x": pd.Series([None] * 4, dtype=dtype), "y": range(4)})
    for name in ("t.parquet", "t.arrow"):
        write_table(table, tmp_path / name, schema=infer_schema(table))
        assert read_table(tmp_path / name)["x"].dtype == dtype
