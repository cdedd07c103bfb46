"""`synthgen sample -o out/`: a folder of files."""

import json

import pandas as pd
import pytest

from synthgen.cli.sample import count
from synthgen.engines import ray_cluster
from synthgen.models.persistence import load
from synthgen.table.part_folder import LocalFolder
from synthgen.table.read import read_table


def rows_of(folder):
    return pd.concat([read_table(p) for p in sorted(folder.glob("part-*"))], ignore_index=True)


def test_a_folder_of_files_holds_the_sample(synthgen, model_file, tmp_path, names_in):
    out = tmp_path / "out"
    command = ("sample", model_file, "-n", "2.5e3", "-o", f"{out}/", "--rows-per-file", "1_500", "--seed", 3)
    done = synthgen(*command)
    assert (done.code, done.out) == (0, "")
    assert done.err == f"synthgen: 2,500 rows are in {out}/, files: 2\n"
    assert names_in(out) == ["_manifest.json", "part-00000.parquet", "part-00001.parquet"]
    pd.testing.assert_frame_equal(rows_of(out), load(model_file).sample(2500, random_state=3))
    assert synthgen(*command).err.endswith("files: 2; 2 of them were there already\n")
    (out / "part-00001.parquet").unlink()
    assert synthgen(*command).err.endswith("files: 2; 1 of them were there already\n")


def test_an_existing_folder_and_another_format(synthgen, model_file, tmp_path, names_in):
    (tmp_path / "out").mkdir()
    assert synthgen("sample", model_file, "-n", 20, "-o", tmp_path / "out", "--format", "csv").code == 0
    assert names_in(tmp_path / "out") == ["_manifest.json", "part-00000.csv"]


def test_conditions_and_selection_go_along(synthgen, model_file, tmp_path):
    done = synthgen(
        "sample", model_file, "-n", 30, "-o", f"{tmp_path}/out/", "--where", "sex=male", "--refine", "none"
    )
    assert done.code == 0
    assert (rows_of(tmp_path / "out")["sex"] == "male").all()
    assert "each file is drawn by itself" not in done.err  # there is one
    kept = json.loads((tmp_path / "out" / "_manifest.json").read_text())["request"]
    assert (kept["conditions"], kept["refine"]) == ({"sex": "'male'"}, None)


def test_files_that_are_not_the_sample_are_told(synthgen, model_file, tmp_path):
    command = ("sample", model_file, "-n", 30, "-o", f"{tmp_path}/out/", "--rows-per-file", 20, "--where")
    assert "drop rows, so each file is drawn by itself" in synthgen(*command, "sex=male").err


def test_another_sample_needs_force(synthgen, model_file, tmp_path):
    command = ("sample", model_file, "-n", 30, "-o", f"{tmp_path}/out/", "--seed")
    synthgen(*command, 1)
    assert synthgen(*command, 2).error == (
        f"{tmp_path}/out/: holds another sample (seed 1, now 2); give another folder, or overwrite=True (--force) to "
        "replace it."
    )
    assert synthgen(*command, 2, "--force").code == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-n", "many", "-o", "out/"), "--rows must be a number N, or A:B. Got 'many'"),
        (("-n", "1e-3", "-o", "out/"), "--rows must be a number N, or A:B. Got '1e-3'"),
        (("-n", "10:20", "-o", "out/"), "--rows A:B is for one file"),
        (("-n", "10", "-o", "out/", "--rows-per-file", "x"), "--rows-per-file must be a number. Got 'x'"),
        (("-n", "10", "-o", "-", "--rows-per-file", "5"), "--rows-per-file is for a folder; give -o FOLDER/"),
        (
            ("-n", "10", "-o", "a.csv", "--engine", "ray"),
            "--engine, --address and --workers are for a folder",
        ),
        (("-n", "10", "-o", "out/", "--workers", "2"), "--address and --workers need --engine ray"),
        (("-n", "10", "-o", "out/", "--features-in-rows"), "--features-in-rows is for one file"),
        (
            ("-n", "10", "-o", "out/", "--format", "h5ad"),
            "--format of a folder must be one of parquet, csv, tsv",
        ),
        (("-n", "0", "-o", "out/"), "--rows must be 1 or more for a folder. Got '0'"),
        (("-n", "1e30", "-o", "out/"), "--rows must be at most 1e18. Got '1e30'"),
        (("-n", "1e30", "-o", "a.csv"), "--rows must be at most 1e18. Got '1e30'"),
        (("-n", "10", "-o", "out/", "--rows-per-file", "0"), "--rows-per-file must be 1 or more. Got '0'"),
        (("-n", "10", "-o", "out/", "--rows-per-file", "1e30"), "--rows-per-file must be at most 1e18"),
        (("-n", "1e12", "-o", "out/", "--rows-per-file", "10"), "rows_per_file=1000000 (--rows-per-file)"),
        (("-n", "10", "-o", "x.csv", "--rows-per-file", "5"), "x.csv: is the name of a file, and a folder"),
        (("-n", "10", "-o", "x.bed", "--rows-per-file", "5"), "--rows-per-file is for a folder, and x.bed"),
        (("-n", "10", "-o", "newdir"), "For a folder of files, end it with /"),
    ],
)
def test_wrong_options_are_one_line(synthgen, model_file, tmp_path, monkeypatch, options, words):
    monkeypatch.chdir(tmp_path)
    assert words in synthgen("sample", model_file, *options).error
    assert not list(tmp_path.iterdir())


def test_no_ray_at_the_address_is_one_line(synthgen, model_file, tmp_path):
    pytest.importorskip("ray")
    options = ("-n", 10, "-o", f"{tmp_path}/out/", "--engine", "ray", "--address", "127.0.0.1:1")
    assert "No Ray answers at '127.0.0.1:1'" in synthgen("sample", model_file, *options).error
    assert not (tmp_path / "out").exists()


def test_an_interruption_says_how_to_go_on(synthgen, model_file, tmp_path, monkeypatch):
    real = LocalFolder.write

    def interrupted(self, name, fill, seal=None):
        if name.startswith("part-00001"):
            raise KeyboardInterrupt
        real(self, name, fill, seal)

    monkeypatch.setattr(LocalFolder, "write", interrupted)
    done = synthgen("sample", model_file, "-n", 30, "-o", f"{tmp_path}/out/", "--rows-per-file", 10)
    assert done.code == 130
    assert "1 of 3 files are whole in" in done.err and "the same command writes the rest (seed" in done.err


def test_numbers_of_rows_are_read_as_people_write_them():
    found = [count(text) for text in ("7", "1_000", "1e9", "2.5e3", "1E+2")]
    assert found == [7, 1000, 10**9, 2500, 100]
    for text in ("1e400", "1000000000000000001"):
        with pytest.raises(OverflowError, match="at most 1e18"):
            count(text)
    for text in ("1.5", "2.55e1", "nan", "inf", "-1e3", ""):
        with pytest.raises(ValueError, match="invalid literal"):
            count(text)


def test_the_extra_is_named_where_ray_is_missing(synthgen, model_file, tmp_path, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(ray_cluster.importlib, "import_module", missing)
    done = synthgen("sample", model_file, "-n", 10, "-o", f"{tmp_path}/out/", "--engine", "ray")
    assert "pip install 'synthgen[ray]'" in done.error
