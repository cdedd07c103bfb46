"""`synthgen split`."""

import pandas as pd
import pytest

from synthgen.table.read import read_table


def test_the_two_files_make_up_the_table(synthgen, data, tmp_path, names_in):
    train, holdout = tmp_path / "train.csv", tmp_path / "holdout.parquet"
    done = synthgen("split", data, "-o", train, "--holdout", holdout)
    assert (done.code, done.out) == (0, "")
    assert done.err == f"synthgen: 96 rows to learn from in {train}, 24 held out in {holdout}\n"
    both = [*read_table(train)["patient"], *read_table(holdout)["patient"]]
    assert sorted(both) == sorted(pd.read_parquet(data)["patient"])
    assert names_in(tmp_path) == ["data.parquet", "holdout.parquet", "train.csv"]


def test_a_seed_repeats_the_split(synthgen, data, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        outputs = ["-o", tmp_path / f"{name}.csv", "--holdout", tmp_path / f"{name}.h.csv"]
        assert synthgen("split", data, *outputs, "--seed", seed, "--share", "0.5").code == 0
    a, b, c = ((tmp_path / f"{name}.csv").read_text() for name in "abc")
    assert a == b != c


def test_bad_share_names_the_file(synthgen, data, tmp_path, names_in):
    done = synthgen(
        "split", data, "-o", tmp_path / "a.csv", "--holdout", tmp_path / "b.csv", "--share", "1.5"
    )
    assert done.error == f"{data}: The share of rows to hold out must be within (0, 1). Got 1.5."
    assert names_in(tmp_path) == ["data.parquet"]


def test_neither_output_is_written_if_one_exists(synthgen, data, tmp_path):
    (tmp_path / "b.csv").write_text("precious")
    done = synthgen("split", data, "-o", tmp_path / "a.csv", "--holdout", tmp_path / "b.csv")
    assert "b.csv: exists already" in done.error
    assert not (tmp_path / "a.csv").exists()


@pytest.mark.parametrize("outputs", [("a.foo", "b.csv"), ("a.csv", "b.foo")])
def test_an_output_of_unknown_format_is_refused_before_the_table_is_read(synthgen, tmp_path, outputs):
    output, holdout = (tmp_path / name for name in outputs)
    done = synthgen("split", "no such table.csv", "-o", output, "--holdout", holdout)
    assert "foo: the name does not say what format the table has" in done.error
    assert list(tmp_path.iterdir()) == []


def test_one_part_on_standard_output(synthgen, data, tmp_path):
    done = synthgen("split", data, "-o", "-", "--holdout", tmp_path / "h.csv")
    assert done.err == (
        f"synthgen: 96 rows to learn from in standard output, 24 held out in {tmp_path}/h.csv\n"
    )
    assert done.out.count("\n") == 97
