"""Wide tables go through Parquet by a shorter road, and come back as they went in."""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from synthgen.schema import Schema
from synthgen.table import arrow
from synthgen.table.infer import infer_schema
from synthgen.table.read import read_schema, read_table
from synthgen.table.write import write_table
from tests.common.tables import every_dtype


@pytest.fixture(scope="module")
def wide():
    """More columns than `arrow.WIDE`: five plain dtypes in turn, and every awkward one among them."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(60, arrow.WIDE)) * 50
    dtypes = ["float32", "float64", "int8", "int64", "uint16"]
    plain = pd.DataFrame({f"x{i}": np.abs(values[:, i]).astype(dtypes[i % 5]) for i in range(arrow.WIDE)})
    plain.loc[3, ["x0", "x1"]] = np.nan
    return pd.concat([plain.iloc[:, :40], every_dtype(60), plain.iloc[:, 40:]], axis=1).copy()


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
@pytest.mark.parametrize("declared", [True, False])
def test_every_dtype_comes_back_as_from_a_narrow_table(wide, tmp_path, suffix, declared):
    schema = infer_schema(wide) if declared else None
    write_table(wide, tmp_path / f"wide.{suffix}", schema=schema)
    found = read_table(tmp_path / f"wide.{suffix}")
    assert found.columns.tolist() == wide.columns.tolist()
    awkward = every_dtype(60)
    narrow_schema = infer_schema(awkward) if declared else None
    write_table(awkward, tmp_path / f"narrow.{suffix}", schema=narrow_schema)
    wanted = read_table(tmp_path / f"narrow.{suffix}")
    pd.testing.assert_frame_equal(found[wanted.columns], wanted)
    others = [n for n in wide.columns if n not in wanted.columns]
    pd.testing.assert_frame_equal(found[others], wide[others])
    if declared:
        assert read_schema(tmp_path / f"wide.{suffix}") == schema


def test_pandas_reads_it_too(wide, tmp_path):
    table = wide.drop(columns=every_dtype(60).columns).copy().assign(kind=pd.Categorical(["a", "b"] * 30))
    write_table(table, tmp_path / "t.parquet", schema=infer_schema(table))
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), table)


def test_a_file_that_pandas_wrote_is_read_as_pandas_reads_it(wide, tmp_path):
    table = wide.drop(columns=every_dtype(60).columns).copy().assign(kind=pd.Categorical(["a", "b"] * 30))
    table.to_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.parquet"), table)


def test_pandas_metadata_speak_only_of_columns_that_need_it(tmp_path):
    values = np.zeros((4, arrow.WIDE), dtype="float32")
    table = pd.DataFrame(values, columns=[f"x{i}" for i in range(arrow.WIDE)]).assign(
        day=pd.Timestamp("2020")
    )
    write_table(table, tmp_path / "t.parquet")
    metadata = json.loads(pq.read_schema(tmp_path / "t.parquet").metadata[b"pandas"])
    assert [c["name"] for c in metadata["columns"]] == ["day"]


def test_floats_of_a_wide_table_are_written_without_a_list_of_values(tmp_path):
    table = pd.DataFrame(np.ones((50, arrow.WIDE)), columns=[f"x{i}" for i in range(arrow.WIDE)]).assign(n=1)
    write_table(table, tmp_path / "t.parquet")
    columns = pq.ParquetFile(tmp_path / "t.parquet").metadata.row_group(0)
    assert "RLE_DICTIONARY" not in columns.column(0).encodings
    assert "RLE_DICTIONARY" in columns.column(arrow.WIDE).encodings


def test_a_stored_schema_restores_levels_of_one_column_among_many(tmp_path):
    table = pd.DataFrame(np.ones((6, arrow.WIDE)), columns=[f"x{i}" for i in range(arrow.WIDE)])
    table["dose"] = pd.Categorical([1, 2, 1, 2, 1, 2], categories=[1, 2, 3])
    schema = infer_schema(table)
    write_table(table, tmp_path / "t.parquet", schema=schema)
    assert read_table(tmp_path / "t.parquet")["dose"].cat.categories.tolist() == [1, 2, 3]
    text = pq.read_schema(tmp_path / "t.parquet").metadata[arrow.SCHEMA_KEY].decode()
    assert Schema.from_json(text) == schema


def test_no_rows(tmp_path):
    table = pd.DataFrame(columns=[f"x{i}" for i in range(arrow.WIDE)], dtype="float32")
    write_table(table, tmp_path / "t.parquet")
    assert pq.read_metadata(tmp_path / "t.parquet").num_rows == 0
    assert len(pq.read_schema(tmp_path / "t.parquet").names) == arrow.WIDE
