"""Files that cannot be read or written end in one line that says why."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import synthgen.table.write
from synthgen.exceptions import DataError, FileError, SchemaError, TableFileError
from synthgen.files import TABLE_FORMATS
from synthgen.schema import Schema
from synthgen.table.formats import SUFFIXES
from synthgen.table.read import read_schema, read_table
from synthgen.table.write import write_table

TABLE = pd.DataFrame({"x": np.arange(2000.0), "y": ["a", "b"] * 1000})
NESTED = {
    "list": pa.array([[1, 2], [3]]),
    "struct": pa.array([{"a": 1}, {"a": 2}]),
    "map": pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int64())),
    "fixed_size_list": pa.array([[1, 2], [3, 4]], pa.list_(pa.int64(), 2)),
}


@pytest.fixture
def whole(tmp_path):
    path = tmp_path / "t.parquet"
    write_table(TABLE, path)
    return path


def refusal(path, **kwargs):
    with pytest.raises(TableFileError) as caught:
        read_table(path, **kwargs)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def test_a_file_that_is_not_there(tmp_path):
    assert refusal(tmp_path / "no.parquet") == "no such file."


def test_every_suffix_has_a_known_format():
    assert set(SUFFIXES.values()) == set(TABLE_FORMATS)


def test_a_folder(tmp_path):
    assert refusal(tmp_path) == "is a folder; give a file in it."


def test_no_permission_to_read(whole, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", refuse)
    assert refusal(whole) == "no permission to read it."


def test_an_error_of_the_disk(whole, monkeypatch):
    def fail(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "open", fail)
    assert refusal(whole) == "cannot be read: Input/output error."


def test_an_unknown_suffix_lists_the_known_ones(tmp_path):
    path = tmp_path / "t.xlsx"
    path.write_text("x")
    message = refusal(path)
    assert all(suffix in message for suffix in SUFFIXES)
    with pytest.raises(TableFileError, match="does not say what format"):
        write_table(TABLE, tmp_path / "t.xlsx")


def test_an_unknown_format_lists_the_known_ones(whole):
    message = refusal(whole, format="excel")
    assert all(name in message for name in TABLE_FORMATS)
    assert "'excel'" in message


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_a_file_of_another_kind(tmp_path, suffix):
    path = tmp_path / f"t.{suffix}"
    path.write_text("age,sex\n1,f\n")
    assert "file (it does not begin with" in refusal(path)


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_an_empty_file(tmp_path, suffix):
    path = tmp_path / f"t.{suffix}"
    path.touch()
    assert refusal(path) == "is empty (0 bytes)."


@pytest.mark.parametrize("kept", [4, 7, 100, -1])
def test_a_parquet_file_cut_short(whole, kept):
    whole.write_bytes(whole.read_bytes()[:kept])
    assert refusal(whole).startswith("is cut short: the end of the Parquet file is missing")


def test_an_arrow_file_cut_short(tmp_path):
    path = tmp_path / "t.arrow"
    write_table(TABLE, path)
    path.write_bytes(path.read_bytes()[:-10])
    assert refusal(path).startswith("is cut short: the end of the Arrow file is missing")


def test_a_changed_byte_never_ends_in_another_error(whole):
    content = whole.read_bytes()
    refused = 0
    for place in range(4, len(content), 23):
        changed = bytearray(content)
        changed[place] ^= 0xFF if place % 2 else 0x02
        whole.write_bytes(changed)
        try:
            read_table(whole)
        except TableFileError as error:
            assert str(error).startswith(f"{whole}: ")
            refused += 1
    assert refused > 20


def test_a_changed_value_is_noticed(whole):
    content = whole.read_bytes()
    middle = len(content) // 4  # among the pages of x, which have checksums
    whole.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    assert refusal(whole).startswith("is damaged, and cannot be read as Parquet: ")


@pytest.mark.parametrize("kind", NESTED)
def test_nested_columns_are_named_with_their_type(tmp_path, kind):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"plain": [1, 2], "deep": NESTED[kind]}), path)
    message = refusal(path)
    assert message.startswith("column 'deep' is nested (type ")
    assert kind.split("_")[0] in message
    assert message.endswith("spread its parts over columns of their own, or drop it.")


def test_two_parquet_columns_of_one_name(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    assert refusal(path).startswith("column names must be distinct, but columns 1 and 2 are both called 'a'")


def test_a_parquet_file_without_rows(tmp_path):
    path = tmp_path / "t.parquet"
    write_table(TABLE.head(0), path)
    assert refusal(path) == "has 0 rows and 2 columns; it needs at least one of each."


def test_schema_files(tmp_path, whole):
    path = tmp_path / "schema.json"
    path.write_text('{"columns": [{"name": "x", "kind": "integer"}]}')
    assert read_schema(path).names == ["x"]
    path.write_text("{")
    with pytest.raises(SchemaError, match=r"schema\.json: The schema is not JSON"):
        read_schema(path)
    with pytest.raises(TableFileError, match=r"no\.json: no such file"):
        read_schema(tmp_path / "no.json")
    with pytest.raises(TableFileError, match="carries no schema"):
        read_schema(whole)


def test_what_cannot_be_written_is_named(tmp_path):
    mixed = pd.DataFrame({"fine": [1, 2], "odd": [1, "a"]})
    with pytest.raises(TableFileError, match=r"t\.parquet: a column cannot be written: .*column odd"):
        write_table(mixed, tmp_path / "t.parquet")
    with pytest.raises(DataError, match="Column names must be distinct"):
        write_table(pd.DataFrame([[1, 2]], columns=["a", "a"]), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="Column names must be strings"):
        write_table(pd.DataFrame({0: [1]}), tmp_path / "t.csv")
    assert [p.name for p in tmp_path.iterdir()] == []


def test_an_existing_file_is_kept_unless_overwriting(whole):
    before = whole.read_bytes()
    with pytest.raises(FileError, match="exists already"):
        write_table(TABLE.head(3), whole, overwrite=False)
    assert whole.read_bytes() == before
    write_table(TABLE.head(3), whole)
    assert len(read_table(whole)) == 3


def test_a_device_is_not_replaced():
    with pytest.raises(FileError, match="/dev/null: is a device or a pipe"):
        write_table(TABLE, "/dev/null", format="csv")
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("name", ["t.parquet", "t.csv", "t.csv.gz", "t.arrow"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, name):
    write_table(TABLE, tmp_path / name)
    before = (tmp_path / name).read_bytes()
    write = synthgen.table.write._write

    def half(table, sink, kind):
        write(table, sink, kind)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(synthgen.table.write, "_write", half)
    with pytest.raises(FileError, match=f"{name}: could not be written: No space left on device"):
        write_table(TABLE.head(7), tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize("suffix", ["parquet", "csv", "arrow"])
def test_a_file_that_the_system_stops_from_growing(tmp_path, suffix):
    """A real failing write, not a simulated one: the process may not write more than 20,000 bytes to a file."""
    script = """
import resource, signal, sys
import numpy as np, pandas as pd
from synthgen.exceptions import FileError
from synthgen.table.write import write_table
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    write_table(pd.DataFrame({"x": np.random.default_rng(0).random(50_000)}), sys.argv[1])
except FileError as error:
    print(error)
"""
    target = tmp_path / f"t.{suffix}"
    done = subprocess.run([sys.executable, "-c", script, target], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{target}: could not be written: ")
    assert "File too large" in done.stdout
    assert [p.name for p in tmp_path.iterdir()] == []


def test_a_schema_file_of_another_encoding(tmp_path):
    path = tmp_path / "schema.json"
    path.write_bytes(Schema(()).to_json().encode("utf-16"))
    with pytest.raises(SchemaError, match=r"schema\.json: "):
        read_schema(path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("coh.bim", "give the .bed"),
        ("COH.FAM", "give the .bed"),
        ("coh.pgen", "`plink2 --pfile in --make-bed --out out`"),
        ("coh.bcf", "`bcftools view -Oz`"),
    ],
)
def test_files_that_are_no_tables_by_themselves_come_with_a_way_out(name, words, tmp_path):
    (tmp_path / name).write_bytes(b"x")
    assert words in refusal(tmp_path / name)
