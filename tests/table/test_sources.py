"""Tables in files, read in parts: the same rows and dtypes as `read_table` gives of the whole."""

import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthgen.exceptions import TableFileError
from synthgen.table.infer import infer_schema
from synthgen.table.read import read_table
from synthgen.table.source_files import read_groups
from synthgen.table.source_rows import random_rows
from synthgen.table.sources import open_source
from synthgen.table.write import write_table
from tests.common.tables import every_dtype

N = 60
WHOLE = every_dtype(N)
NAMES = list(WHOLE.columns)


def shards(table, folder, cuts, *, suffix="parquet", schema=None):
    """Write the rows between the cuts to files in order."""
    folder.mkdir(exist_ok=True)
    for i, (first, last) in enumerate(zip([0, *cuts], [*cuts, len(table)], strict=True)):
        write_table(
            table.iloc[first:last].reset_index(drop=True), folder / f"part-{i:03}.{suffix}", schema=schema
        )
    return folder


def joined(source, **kwargs):
    """All blocks as one frame; their dtypes must agree."""
    frames = [frame for _, frame in source.blocks(**kwargs)]
    assert all(f.dtypes.equals(frames[0].dtypes) for f in frames)
    return pd.concat(frames, ignore_index=True)


@pytest.fixture
def numbers(tmp_path):
    """Rows 0 to 99 in four files of unequal lengths, one of them without rows, in row groups of ten."""
    folder = tmp_path / "numbers"
    folder.mkdir()
    table = pa.table(
        {"row": np.arange(100), "half": np.arange(100) / 2, "word": [f"w{i % 7}" for i in range(100)]}
    )
    for i, (first, last) in enumerate([(0, 25), (25, 25), (25, 60), (60, 100)]):
        pq.write_table(table.slice(first, last - first), folder / f"{i}.parquet", row_group_size=10)
    return folder


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=12, unique=True),
    cuts=st.lists(st.integers(1, N - 1), max_size=4, unique=True).map(sorted),
    suffix=st.sampled_from(["parquet", "arrow"]),
    declared=st.booleans(),
    rows_together=st.integers(1, N + 5),
)
def test_any_table_in_shards_is_the_table(tmp_path_factory, names, cuts, suffix, declared, rows_together):
    folder = tmp_path_factory.mktemp("shards")
    table = WHOLE[names]
    schema = infer_schema(table) if declared else None
    write_table(table, folder / f"whole.{suffix}", schema=schema)
    whole = read_table(folder / f"whole.{suffix}")
    source = open_source(shards(table, folder / "parts", cuts, suffix=suffix, schema=schema))
    pd.testing.assert_frame_equal(joined(source, rows_together=rows_together), whole)
    assert source.dtypes.equals(whole.dtypes)


def test_every_dtype_at_once_with_its_values_missing_in_some_files(tmp_path):
    folder = shards(WHOLE, tmp_path / "parts", [1, 2, 4, 20])
    write_table(WHOLE, tmp_path / "whole.parquet")
    pd.testing.assert_frame_equal(joined(open_source(folder)), read_table(tmp_path / "whole.parquet"))


@pytest.mark.parametrize("statistics", [True, False])
def test_whole_numbers_missing_in_one_file_are_nullable_in_all(tmp_path, statistics):
    for i, values in enumerate([[1, 2], [3, None], [4, 5]]):
        columns = {"n": pa.array(values, pa.int64()), "b": pa.array([v is None or v > 2 for v in values])}
        pq.write_table(pa.table(columns), tmp_path / f"{i}.parquet", write_statistics=statistics)
    frames = [f for _, f in open_source(tmp_path).blocks(rows_together=2)]
    assert [str(f["n"].dtype) for f in frames] == ["Int64"] * 3
    assert [str(f["b"].dtype) for f in frames] == ["bool"] * 3


def test_categories_are_those_of_all_files(tmp_path):
    for i, values in enumerate([[3, 1], [2, 2], [9, 1]]):
        write_table(pd.DataFrame({"c": pd.Categorical(values)}), tmp_path / f"{i}.parquet")
    frames = [f for _, f in open_source(tmp_path).blocks(rows_together=2)]
    assert [f["c"].cat.categories.tolist() for f in frames] == [[1, 2, 3, 9]] * 3


def test_a_column_missing_throughout_in_one_file_has_the_others_type(tmp_path):
    for i, values in enumerate([[None, None], ["a", "b"]]):
        write_table(
            pd.DataFrame({"s": pd.Series(values, dtype=object), "x": [1.0, 2.0]}), tmp_path / f"{i}.parquet"
        )
    found = joined(open_source(tmp_path), rows_together=1)
    assert found["s"].isna().tolist() == [True, True, False, False]
    assert found["s"].dropna().tolist() == ["a", "b"]


def test_blocks_number_their_rows(numbers):
    source = open_source(numbers)
    starts = [(first, len(frame)) for first, frame in source.blocks(rows_together=30)]
    assert starts == [(0, 30), (30, 30), (60, 30), (90, 10)]
    assert joined(source)["row"].tolist() == list(range(100))


def test_a_span_and_row_numbers_give_those_rows(numbers):
    source = open_source(numbers)
    assert joined(source, rows=(22, 63), rows_together=9)["row"].tolist() == list(range(22, 63))
    rows = np.array([0, 24, 25, 59, 60, 99])
    assert joined(source, rows=rows, rows_together=4)["row"].tolist() == rows.tolist()
    assert source.take(rows, ["half"]).to_dict("list") == {"half": (rows / 2).tolist()}


def test_row_groups_without_wanted_rows_and_other_columns_are_not_read(numbers, monkeypatch):
    read = []
    original = pq.ParquetFile.iter_batches

    def spy(self, *args, row_groups=None, columns=None, **kwargs):
        read.append((row_groups, columns))
        return original(self, *args, row_groups=row_groups, columns=columns, **kwargs)

    source = open_source(numbers)
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", spy)
    source.take(np.array([3, 61, 95]), ["half"])
    assert read == [([0], ["half"]), ([0], ["half"]), ([3], ["half"])]


def test_parts_cover_all_rows_between_row_groups(numbers):
    source = open_source(numbers)
    assert source.parts(1) == [(0, 100)]
    for k in (2, 3, 7, 50):
        parts = source.parts(k)
        assert [p[0] for p in parts] == [0, *(p[1] for p in parts[:-1])]
        assert parts[-1][1] == 100
        assert len(parts) <= k
        ends = {10, 20, 25, 35, 45, 55, 60, 70, 80, 90, 100}
        assert {p[1] for p in parts} <= ends


def test_a_source_can_be_sent_to_another_process(numbers):
    source = pickle.loads(pickle.dumps(open_source(numbers)))
    assert joined(source)["row"].tolist() == list(range(100))


@pytest.mark.parametrize(("n_rows", "n"), [(50, 7), (50, 40), (50, 50), (50, 90), (1, 1), (10**12, 1000)])
def test_random_rows_differ_ascend_and_repeat(n_rows, n):
    rows = random_rows(n_rows, n, 3)
    assert len(rows) == min(n, n_rows)
    assert (np.diff(rows) > 0).all()
    assert rows[0] >= 0
    assert rows[-1] < n_rows
    assert np.array_equal(rows, random_rows(n_rows, n, 3))


@pytest.mark.parametrize("n", [3, 8])
def test_every_row_is_as_likely(n):
    counts = np.zeros(10)
    for seed in range(2000):
        counts[random_rows(10, n, seed)] += 1
    expected, sd = 2000 * n / 10, np.sqrt(2000 * n / 10 * (1 - n / 10))
    assert (np.abs(counts - expected) < 4.5 * sd).all()


def test_patterns_lists_and_datasets_are_the_same_rows(numbers, monkeypatch):
    monkeypatch.chdir(numbers.parent)
    expected = list(range(100))
    dataset = pyarrow.dataset.dataset(str(numbers), format="parquet")
    for given_ in (
        "numbers",
        "numbers/*.parquet",
        "**/[0-9].parquet",
        numbers,
        [numbers / "3.parquet", "numbers/[0-2].parquet"],
        dataset,
    ):
        found = open_source(given_)
        assert (found.n_rows, joined(found)["row"].tolist()) == (100, expected)
        assert found.n_bytes == sum(f.stat().st_size for f in numbers.iterdir())


def test_text_files_have_the_types_of_all(tmp_path):
    (tmp_path / "a.csv").write_text("x,s,n\n1,u,\n2,v,\n")
    (tmp_path / "b.csv").write_text("x,s,n\n1.5,w,7\n,x,8\n")
    (tmp_path / "all.tsv").write_text("x\ts\tn\n1\tu\t\n2\tv\t\n1.5\tw\t7\n\tx\t8\n")
    found = joined(open_source(tmp_path / "*.csv"), rows_together=3)
    pd.testing.assert_frame_equal(found, read_table(tmp_path / "all.tsv"))


def test_numbers_of_several_types_have_the_one_that_holds_all(tmp_path):
    parts = [
        {
            "a": [1, 2],
            "b": np.array([1, 2], "int32"),
            "c": np.array([0.5, 1], "float32"),
            "d": np.array([1, 255], "uint8"),
        },
        {"a": [0.5, None], "b": [2**40, 0], "c": [0.1, 2], "d": np.array([-1, 5], "int8")},
        {"a": np.array([7, 8], "int16"), "b": [3, 4], "c": [1, 2], "d": np.array([2, 3], "int8")},
    ]
    whole = pd.concat([pd.DataFrame(p) for p in parts], ignore_index=True)
    for order in ([0, 1, 2], [2, 1, 0]):
        for i, at in enumerate(order):
            pd.DataFrame(parts[at]).to_parquet(tmp_path / f"{i}.parquet", index=False)
        found = joined(open_source(tmp_path), rows_together=1)
        expected = pd.concat([whole.iloc[2 * at : 2 * at + 2] for at in order], ignore_index=True)
        pd.testing.assert_frame_equal(found, expected.astype({"d": "int16"}))


def test_whole_numbers_that_a_double_does_not_hold_are_refused_by_name(tmp_path):
    pd.DataFrame({"a": [1, 2**53 + 1]}).to_parquet(tmp_path / "0.parquet")
    pd.DataFrame({"a": [0.5, 2]}).to_parquet(tmp_path / "1.parquet")
    with pytest.raises(
        TableFileError, match=r"0\.parquet: column 'a' is of type int64, and double in other files"
    ):
        joined(open_source(tmp_path))


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_columns_without_a_value_in_one_file_are_what_the_other_says_whatever_their_order(tmp_path, order):
    full = pd.DataFrame({"n": [1, 2**60 + 1], "b": [True, False], "s": ["u", "v"], "x": [0.5, 1.5]})
    gaps = pd.DataFrame({name: pd.Series([None, None], dtype=object) for name in full})
    for i, at in enumerate(order):
        (full, gaps)[at].to_parquet(tmp_path / f"{i}.parquet", index=False)
    found = joined(open_source(tmp_path), rows_together=1)
    assert found.dtypes.astype(str).to_dict() == {
        "n": "Int64",
        "b": "boolean",
        "s": str(full["s"].dtype),
        "x": "float64",
    }
    for name in full:
        assert found[name].dropna().tolist() == full[name].tolist()
    assert found["n"].isna().sum() == 2


def test_a_dataset_has_the_columns_of_its_schema_in_the_types_of_its_files(numbers):
    def dataset(**types):
        return pyarrow.dataset.dataset(str(numbers), format="parquet", schema=pa.schema(list(types.items())))

    assert open_source(dataset(word=pa.string(), row=pa.int64())).names == ("word", "row")
    with pytest.raises(TableFileError, match="has column 'row' as int32, and its files hold int64"):
        open_source(dataset(half=pa.float64(), row=pa.int32()))


def test_a_dataset_of_text_with_options_of_its_own_is_refused(tmp_path):
    from pyarrow import csv

    (tmp_path / "a.csv").write_text("x,y\n1,2\n3,4\n")
    assert open_source(pyarrow.dataset.dataset(str(tmp_path), format="csv")).n_rows == 2
    for options in (
        {"parse_options": csv.ParseOptions(delimiter=";")},
        {"read_options": csv.ReadOptions(skip_rows=1)},
        {"convert_options": csv.ConvertOptions(null_values=["3"])},
    ):
        given = pyarrow.dataset.dataset(str(tmp_path), format=pyarrow.dataset.CsvFileFormat(**options))
        with pytest.raises(TableFileError, match="CSV with options of its own"):
            open_source(given)


def test_record_batches_are_cut_to_the_rows_wanted(tmp_path):
    table = pa.table({"n": pa.array([None, *range(1, 1_000)], pa.int64()), "x": np.arange(1_000) / 2})
    with pa.ipc.new_file(tmp_path / "a.arrow", table.schema) as sink:
        sink.write_batch(table.to_batches()[0])
    file = open_source(tmp_path / "a.arrow").source_files[0]
    assert file.groups == (1_000,)
    assert file.has_missing == {"n": True}
    parts = [t.num_rows for _, t in read_groups(file, [0], ["x"], 300)]
    assert parts == [300, 300, 300, 100]
    found = joined(open_source(tmp_path / "a.arrow"), rows_together=64)
    assert found["x"].tolist() == table["x"].to_pylist()
    assert found["n"].isna().sum() == 1


def test_a_pattern_that_fits_other_files_too_is_told_with_a_narrower_one(numbers):
    (numbers / "readme.txt").write_text("x")
    with pytest.raises(TableFileError, match=r"readme\.txt: .*numbers/\*\.parquet fits tables only"):
        open_source(numbers / "*")


def test_hidden_files_and_others_in_a_folder_are_left(numbers):
    (numbers / "_SUCCESS").touch()
    (numbers / ".part.parquet").touch()
    (numbers / "manifest.json").write_text("{}")
    assert open_source(numbers).n_rows == 100


def frame(**columns):
    return pd.DataFrame(columns)


def test_other_columns_and_types_are_refused_naming_the_file(tmp_path):
    write_table(frame(a=[1], b=["x"]), tmp_path / "0.parquet")
    for name, other, words in (
        ("1", frame(a=[1], c=["x"]), "has a column 'c' that"),
        ("2", frame(a=[1]), "lacks column 'b', which"),
        ("3", frame(a=["1"], b=["x"]), "column 'a' is of type large_string, but in"),
    ):
        path = tmp_path / f"{name}.parquet"
        write_table(other, path)
        with pytest.raises(TableFileError) as error:
            open_source([tmp_path / "0.parquet", path])
        text = str(error.value)
        assert text.startswith(f"{path}: {words}")
        assert "0.parquet" in text
        assert "\n" not in text


BAD = {
    "no file": ("gone.parquet", "no such file or folder"),
    "no file fits": ("x*.parquet", "no file fits this pattern"),
    "another format": ("notes.txt", "the name does not say what format"),
    "a format of whole files": ("g.gct", "is not read in parts"),
    "unknown address": ("abc://x", "is no address that can be used"),
    "no bucket": ("s3://", "names no bucket"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_names_no_table_is_one_line(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    for name in ("notes.txt", "g.gct"):
        (tmp_path / name).write_text("x")
    name, words = BAD[case]
    with pytest.raises(TableFileError) as error:
        open_source(name)
    assert str(error.value).startswith(f"{name}: ")
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_folders_that_hold_no_table_or_a_columns_value_are_refused(tmp_path):
    with pytest.raises(TableFileError, match="is a folder without a file of a table"):
        open_source(tmp_path)
    (tmp_path / "year=2020").mkdir()
    write_table(frame(a=[1]), tmp_path / "year=2020" / "0.parquet")
    with pytest.raises(TableFileError, match="names a column's value, which would be lost"):
        open_source(tmp_path)


def test_mixed_formats_and_files_given_twice_are_refused(tmp_path):
    write_table(frame(a=[1]), tmp_path / "0.parquet")
    write_table(frame(a=[1]), tmp_path / "1.csv")
    with pytest.raises(TableFileError, match=r"1\.csv: is csv, but .*0\.parquet is parquet"):
        open_source(tmp_path)
    with pytest.raises(TableFileError, match=r"0\.parquet: is given twice"):
        open_source([tmp_path / "0.parquet", str(tmp_path / "0.parquet")])


def test_empty_cut_and_damaged_files_are_named(numbers):
    data = (numbers / "3.parquet").read_bytes()
    bad = numbers / "4.parquet"
    for content, words in (
        (b"", "is empty (0 bytes)"),
        (data[:300], "is cut short"),
        (b"x" * 300, "is not a Parquet file"),
    ):
        bad.write_bytes(content)
        with pytest.raises(TableFileError) as error:
            open_source(numbers)
        assert str(error.value).startswith(f"{bad}: {words}")


def test_pages_that_are_damaged_are_found_when_they_are_read(numbers):
    write_table(
        frame(row=np.arange(1000), half=np.arange(1000) / 2, word=["w"] * 1000), numbers / "4.parquet"
    )
    data = bytearray((numbers / "4.parquet").read_bytes())
    data[100:200] = bytes(100)
    (numbers / "4.parquet").write_bytes(data)
    source = open_source(numbers)
    with pytest.raises(TableFileError) as error:
        joined(source)
    assert str(error.value).startswith(f"{numbers / '4.parquet'}: is damaged")
    assert "\n" not in str(error.value)


def test_files_without_any_row_are_no_table(tmp_path):
    for i in range(2):
        pq.write_table(pa.table({"a": pa.array([], pa.int64())}), tmp_path / f"{i}.parquet")
    with pytest.raises(TableFileError, match=r"0\.parquet: has no rows, nor have the others"):
        open_source(tmp_path)


def test_nested_and_unknown_columns_are_refused(tmp_path, numbers):
    pq.write_table(pa.table({"a": [[1, 2]]}), tmp_path / "n.parquet")
    with pytest.raises(TableFileError, match="column 'a' is nested"):
        open_source(tmp_path / "n.parquet")
    with pytest.raises(TableFileError, match="has no column 'nope'; it has 'row', 'half', 'word'"):
        open_source(numbers, columns=["nope"])


def test_only_some_columns(numbers):
    source = open_source(numbers, columns=["word", "row"])
    assert source.names == ("word", "row")
    assert list(next(iter(source.blocks()))[1].columns) == ["word", "row"]
