"""`synthgen evaluate` of folders, patterns and addresses."""

import json

import pytest

from synthgen.table.write import write_table


@pytest.fixture
def folders(tmp_path, diabetes, monkeypatch):
    """Two tables in folders of two files each, and the second in one file as well."""
    table = diabetes[["age", "sex", "bmi", "target"]]
    for name, first in (("real", 0), ("synthetic", 200)):
        (tmp_path / name).mkdir()
        for i in range(2):
            part = table[first + 100 * i : first + 100 * (i + 1)].reset_index(drop=True)
            write_table(part, tmp_path / name / f"{i}.parquet")
    write_table(table[200:400].reset_index(drop=True), tmp_path / "one.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_pattern_and_a_folder(synthgen, folders):
    done = synthgen(
        "evaluate", "real/*.parquet", "synthetic", "--sample-rows", 50, "--metrics", "columns,pairs", "--json", "r.json", "-o", "r.html"
    )  # fmt: skip
    assert done.code == 0
    line = "Margins: all 200 rows of each; the rest: 50 random rows of each."
    assert line in done.out
    assert line in (folders / "r.html").read_text()
    coverage = json.loads((folders / "r.json").read_text())["coverage"]
    assert (coverage["margins"]["real"], coverage["sampled"]["real"]) == (200, 50)


def test_a_folder_beside_one_file(synthgen, folders):
    done = synthgen("evaluate", "real", "one.parquet", "--metrics", "columns")
    assert done.code == 0
    assert "Margins: all 200 rows of each" in done.out


def test_files_of_one_table_are_read_whole_as_ever(synthgen, folders):
    done = synthgen("evaluate", "real/0.parquet", "one.parquet", "--metrics", "columns")
    assert done.code == 0
    assert "Margins:" not in done.out


def test_one_file_that_memory_does_not_hold_is_read_in_parts(synthgen, folders, monkeypatch):
    monkeypatch.setenv("SYNTHGEN_MAX_TABLE_BYTES", "4000")
    done = synthgen("evaluate", "real/0.parquet", "one.parquet", "--metrics", "columns")
    assert done.code == 0
    assert "Margins: all 100 real, 200 synthetic rows" in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["gone*.parquet", "synthetic"], "gone*.parquet: no file fits this pattern."),
        (["gone/", "synthetic"], "gone/"),
        (["real", "s3://"], "s3://: names no bucket"),
        (
            ["real", "synthetic", "--format", "parquet"],
            "real is read in parts, which --format does not go with",
        ),
        (["real", "synthetic", "--features-in-rows"], "which --features-in-rows does not go with"),
        (["real", "synthetic", "--workers", "2"], "needs engine='ray'"),
        (["real", "synthetic", "--sample-rows", "500000"], "`sample_rows` parameter of evaluate"),
    ],
)
def test_what_cannot_be_read_or_asked_is_one_line(synthgen, folders, arguments, words):
    done = synthgen("evaluate", *arguments, "-q")
    assert words in done.error


def test_shards_that_differ_are_named(synthgen, folders, diabetes):
    write_table(diabetes[["age", "sex"]].reset_index(drop=True), folders / "real" / "2.parquet")
    error = synthgen("evaluate", "real", "synthetic").error
    assert error.startswith("real/2.parquet: lacks column 'bmi', which real/0.parquet has")
