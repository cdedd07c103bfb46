"""`synthgen sample`: rows as asked for, and nothing else on standard output."""

import io

import pandas as pd
import pyarrow.parquet as pq
import pytest

from synthgen.cli.sample import _value
from synthgen.models.persistence import load
from synthgen.schema import Column, Schema
from synthgen.table.read import read_schema, read_table


def test_rows_dtypes_and_schema(synthgen, model_file, mixed, tmp_path, names_in):
    done = synthgen("sample", model_file, "-n", 50, "-o", tmp_path / "s.parquet")
    assert (done.code, done.out) == (0, "")
    assert done.err == f"synthgen: 50 rows are in {tmp_path}/s.parquet\n"
    found = read_table(tmp_path / "s.parquet")
    assert len(found) == 50
    pd.testing.assert_series_equal(found.dtypes, mixed.dtypes)
    assert read_schema(tmp_path / "s.parquet") == load(model_file).schema_
    assert names_in(tmp_path) == ["s.parquet"]


def test_a_seed_repeats_the_rows_and_no_seed_does_not(synthgen, model_file):
    def rows(*options):
        return synthgen("sample", model_file, "-n", 20, "-o", "-", *options).out

    assert rows("--seed", 3) == rows("--seed", 3)
    assert rows("--seed", 3) == rows("--seed", 3, "--batch-size", 7)
    assert len({rows("--seed", 3), rows("--seed", 4), rows(), rows()}) == 4


def test_standard_output_holds_nothing_but_data(synthgen, model_file):
    done = synthgen("sample", model_file, "-n", 5, "-o", "-")
    assert len(pd.read_csv(io.StringIO(done.out))) == 5
    assert done.err == "synthgen: 5 rows are in standard output\n"
    assert synthgen("sample", model_file, "-n", 5, "-o", "-", "-q").err == ""


def test_parquet_on_standard_output(model_file, process, tmp_path):
    script = "import sys; from synthgen.cli.main import main; sys.stdout = open(sys.argv.pop(), 'w'); main()"
    done = process(
        "sample", model_file, "-n", 5, "-o", "-", "--format", "parquet", tmp_path / "out", code=script
    )
    assert done.code == 0
    assert pq.read_table(tmp_path / "out").num_rows == 5


def test_conditions(synthgen, model_file, tmp_path):
    wanted = ["--where", "sex=female", "--where", "age=20..60", "--where", "bmi="]
    done = synthgen("sample", model_file, "-n", 9, "-o", tmp_path / "s.csv", *wanted)
    assert done.code == 0
    found = read_table(tmp_path / "s.csv")
    assert len(found) == 9
    assert (found["sex"] == "female").all()
    assert found["age"].between(20, 60).all()
    assert found["bmi"].isna().all()


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("weight=3", "`conditions` names column 'weight', which was not in the training table."),
        ("sex=robot", "Column 'sex' has no level 'robot'. It has 'female', 'male'."),
        ("age=young", "Column 'age' is integer; 'young' is not one of its values."),
        ("age=60..20", "The range for column 'age' must rise."),
        ("sex", "--where must be COLUMN=VALUE. Got 'sex'."),
        ("age=", "Column 'age' has no missing values, so none can be asked for."),
    ],
)
def test_bad_conditions(synthgen, model_file, tmp_path, names_in, where, message):
    done = synthgen("sample", model_file, "-n", 5, "-o", tmp_path / "s.csv", "--where", where)
    assert done.error.startswith(message)
    assert names_in(tmp_path) == []


SCHEMA = Schema(
    (
        Column("flag", "boolean", levels=(False, True)),
        Column("grade", "categorical", levels=(1, 2)),
        Column("word", "categorical", levels=("", "1..2")),
        Column("size", "continuous"),
    )
)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("flag", "true", True),
        ("flag", "False", False),
        ("grade", "2", 2),
        ("grade", "", None),
        ("grade", "1..2", "1..2"),
        ("word", "", ""),
        ("word", "1..2", "1..2"),
        ("size", "1..2", ("1", "2")),
        ("size", "1.5", "1.5"),
        ("size", "", None),
        ("no such column", "1..2", "1..2"),
    ],
)
def test_texts_become_values_of_the_column(name, text, value):
    found = _value(SCHEMA, name, text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-n", "-1"], "--rows must be 0 or more. Got '-1'."),
        (["-n", "5", "--seed", "-1"], "The `random_state` parameter of sample must be"),
        (["-n", "5", "--batch-size", "0"], "The `batch_size` parameter of sample must be"),
    ],
)
def test_bad_numbers_give_the_message_of_python(synthgen, model_file, tmp_path, options, message):
    assert synthgen("sample", model_file, "-o", tmp_path / "s.csv", *options).error.startswith(message)


def test_outputs_are_not_overwritten(synthgen, model_file, tmp_path):
    (tmp_path / "s.csv").write_text("precious")
    assert "exists already" in synthgen("sample", model_file, "-n", 5, "-o", tmp_path / "s.csv").error
    assert (tmp_path / "s.csv").read_text() == "precious"
    assert synthgen("sample", model_file, "-n", 5, "-o", tmp_path / "s.csv", "--force").code == 0
    assert len(read_table(tmp_path / "s.csv")) == 5


def test_an_output_of_unknown_format(synthgen, model_file, tmp_path, names_in):
    done = synthgen(
        "sample", "no such model", "-n", 5, "-o", tmp_path / "s.xlsx"
    )  # refused before it is read
    assert done.error.startswith(f"{tmp_path}/s.xlsx: the name does not say what format the table has")
    assert names_in(tmp_path) == []
    done = synthgen("sample", model_file, "-n", 5, "-o", tmp_path / "s.xlsx", "--format", "csv")
    assert done.code == 0
    assert len(read_table(tmp_path / "s.xlsx", format="csv")) == 5


@pytest.mark.parametrize("damage", ["cut short", "one byte", "another file", "nothing"])
def test_damaged_models(synthgen, model_file, tmp_path, damage):
    content = bytearray(model_file.read_bytes())
    if damage == "cut short":
        content = content[: len(content) // 2]
    elif damage == "one byte":
        content[-5] ^= 1
    elif damage == "another file":
        content = b"age,sex\n1,f\n"
    bad = tmp_path / "bad.synthgen"
    if damage != "nothing":
        bad.write_bytes(content)
    assert synthgen("sample", bad, "-n", 5, "-o", "-").error.startswith(f"{bad}: ")


def test_a_column_named_twice_is_refused(synthgen, model_file, tmp_path, names_in):
    done = synthgen(
        "sample", model_file, "-n", 5, "-o", tmp_path / "s.csv", "--where", "age=20..30", "--where", "age=40"
    )
    assert done.code == 2
    assert "--where names a column twice" in done.err
    assert names_in(tmp_path) == []


def test_parts_of_a_sample_make_up_the_whole(synthgen, model_file, tmp_path):
    def rows(span, *options):
        out = tmp_path / "part.parquet"
        assert (
            synthgen("sample", model_file, "--rows", span, "-o", out, "--force", "--seed", 3, *options).code
            == 0
        )
        return pd.read_parquet(out)

    whole = rows(1500)
    assert len(whole) == 1500
    parts = [rows("0:300"), rows("300:1200"), rows("1200:1500")]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole)
    female = rows("40:60", "--where", "sex=female")
    pd.testing.assert_frame_equal(female, rows(60, "--where", "sex=female").tail(20).reset_index(drop=True))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rows", "many"], "--rows must be a number N, or A:B. Got 'many'."),
        (["--rows", "5:x"], "--rows must be a number N, or A:B. Got '5:x'."),
        (["--rows", "5:3", "--seed", "1"], "--rows A:B must have 0 <= A <= B. Got '5:3'."),
        (["--rows", "5:9"], "--rows A:B needs --seed: without one every call draws from another sample."),
    ],
)
def test_rows_that_make_no_sense(synthgen, model_file, options, message):
    assert (
        synthgen("sample", model_file, "-o", "-", *options).error
        == f"{message} See `synthgen sample --help`."
    )
