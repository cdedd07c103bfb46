"""Samples as folders of files: equal to `sample`, whole or not there, and gone on with."""

import errno
import gc
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal

from synthgen.constraints.rules import Inequality, Unique
from synthgen.exceptions import ConditionError, FileError, NotFittedError, ParameterError
from synthgen.models.independent import IndependentMarginals
from synthgen.models.persistence import load
from synthgen.table import part_folder, sample_folder
from synthgen.table.read import read_schema, read_table
from tests.models.test_every_synthesizer import FACTORIES

PARTS = {"rows_per_file": 1500, "random_state": 3}


@pytest.fixture(scope="module")
def fitted(mixed):
    return IndependentMarginals(random_state=0, verbose=0).fit(mixed)


def contents(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def read_back(folder, pattern="part-*"):
    return pd.concat([read_table(p) for p in sorted(folder.glob(pattern))], ignore_index=True)


@pytest.mark.parametrize("name", FACTORIES)
def test_the_files_of_every_model_are_its_sample(name, mixed, tmp_path):
    model = FACTORIES[name]().fit(mixed)
    found = model.sample_to(tmp_path / "out", 4000, **PARTS)
    assert [f.rows for f in found.files] == [1500, 1500, 1000]
    assert_frame_equal(read_back(tmp_path / "out"), model.sample(4000, random_state=3))


@pytest.mark.parametrize("format", ["parquet", "arrow", "feather"])
def test_every_dtype_comes_back(format, awkward, tmp_path):
    model = IndependentMarginals(random_state=0, verbose=0).fit(awkward)
    model.sample_to(tmp_path / "out", 1100, rows_per_file=700, random_state=0, format=format)
    wanted = model.sample(1100, random_state=0)
    for i, path in enumerate(sorted((tmp_path / "out").glob("part-*"))):
        part = wanted.iloc[700 * i : 700 * (i + 1)].reset_index(drop=True)
        assert_frame_equal(read_table(path), part)
        assert read_schema(path) == model.schema_


def test_text_files_hold_the_values(fitted, tmp_path):
    fitted.sample_to(tmp_path / "out", 2000, format="csv", **PARTS)
    found, wanted = read_back(tmp_path / "out"), fitted.sample(2000, random_state=3)
    for name in ("age", "bmi", "target"):
        np.testing.assert_allclose(found[name].astype(float), wanted[name].astype(float))
    assert (found["visit"].astype("datetime64[ns]") == wanted["visit"]).all()
    assert found["patient"].tolist() == wanted["patient"].tolist()


def test_the_bytes_depend_neither_on_the_batch_nor_on_a_loaded_model(fitted, tmp_path, monkeypatch):
    monkeypatch.setattr("synthgen.models.sample_files.batch_rows", lambda n: 1024)
    fitted.sample_to(tmp_path / "a", 4000, **PARTS)
    fitted.sample_to(tmp_path / "b", 4000, batch_size=1, **PARTS)
    fitted.save(tmp_path / "m.synthgen")
    load(tmp_path / "m.synthgen").sample_to(tmp_path / "c", 4000, **PARTS)
    assert contents(tmp_path / "a") == contents(tmp_path / "b") == contents(tmp_path / "c")
    groups = pq.ParquetFile(tmp_path / "a" / "part-00001.parquet")
    rows = [groups.metadata.row_group(i).num_rows for i in range(groups.num_row_groups)]
    assert rows == [548, 952]  # row groups end where blocks end


@pytest.mark.parametrize("name", FACTORIES)
def test_a_model_has_one_digest_before_and_after_it_is_saved(name, mixed, tmp_path):
    model = FACTORIES[name]().fit(mixed)
    one = model.sample_to(tmp_path / "out", 100, random_state=0)
    model.save(tmp_path / "m.synthgen")
    again = load(tmp_path / "m.synthgen").sample_to(tmp_path / "out", 100, random_state=0)
    assert (one.n_written, again.n_written) == (1, 0)


def test_the_manifest_names_every_file_and_its_checksum(fitted, tmp_path):
    import hashlib

    found = fitted.sample_to(tmp_path / "out", 4000, **PARTS)
    kept = json.loads((tmp_path / "out" / "_manifest.json").read_text())
    assert kept == found.to_dict()
    assert (kept["n_rows"], kept["request"]["seed"], kept["streams"]) == (4000, 3, "one")
    for record in kept["files"]:
        content = (tmp_path / "out" / record["name"]).read_bytes()
        assert (record["bytes"], record["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "_manifest.json",
        "part-00000.parquet",
        "part-00001.parquet",
        "part-00002.parquet",
    ]
    assert len(pd.read_parquet(tmp_path / "out")) == 4000  # the manifest is in nobody's way


def test_a_rerun_writes_what_is_missing_or_damaged_and_nothing_else(fitted, tmp_path):
    fitted.sample_to(tmp_path / "out", 6000, **PARTS)
    before = contents(tmp_path / "out")
    times = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "out").iterdir()}
    (tmp_path / "out" / "part-00001.parquet").unlink()
    damaged = bytearray(before["part-00003.parquet"])
    damaged[100] ^= 1
    (tmp_path / "out" / "part-00003.parquet").write_bytes(damaged)
    assert fitted.sample_to(tmp_path / "out", 6000, **PARTS).n_written == 2
    assert contents(tmp_path / "out") == before
    kept = {p.name for p in (tmp_path / "out").iterdir() if p.stat().st_mtime_ns == times[p.name]}
    assert kept == {"part-00000.parquet", "part-00002.parquet", "_manifest.json"}


def test_a_longer_sample_keeps_the_whole_files(fitted, tmp_path):
    fitted.sample_to(tmp_path / "out", 4000, **PARTS)
    assert fitted.sample_to(tmp_path / "out", 7000, **PARTS).n_written == 3  # the third was short
    fitted.sample_to(tmp_path / "whole", 7000, **PARTS)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_another_request_is_refused_by_name_or_takes_the_place(fitted, mixed, tmp_path):
    out = tmp_path / "out"
    fitted.sample_to(out, 4000, **PARTS)
    with pytest.raises(FileError, match=r"holds another sample \(seed 3, now 4\); .* overwrite=True"):
        fitted.sample_to(out, 4000, rows_per_file=1500, random_state=4)
    with pytest.raises(FileError, match=r"\(n 4,000, now 10\)"):
        fitted.sample_to(out, 10, **PARTS)
    with pytest.raises(FileError, match=r"\(format parquet, now csv\)"):
        fitted.sample_to(out, 4000, format="csv", **PARTS)
    with pytest.raises(FileError, match=r"\(n 4,000, now 1,000,000,000\)"):  # names would have a digit more
        fitted.sample_to(out, 10**9, **PARTS)
    other = IndependentMarginals(random_state=1, verbose=0).fit(mixed.head(100))
    with pytest.raises(FileError, match=r"\(model [0-9a-f]{12}\.\.\., now [0-9a-f]{12}"):
        other.sample_to(out, 4000, **PARTS)
    other.sample_to(out, 2000, overwrite=True, **PARTS)
    assert_frame_equal(read_back(out), other.sample(2000, random_state=3))


def test_without_a_seed_the_folder_remembers_one(fitted, tmp_path):
    one = fitted.sample_to(tmp_path / "out", 2000, rows_per_file=1500)
    again = fitted.sample_to(tmp_path / "out", 2000, rows_per_file=1500)
    assert again == one and again.n_written == 0
    other = fitted.sample_to(tmp_path / "other", 2000, rows_per_file=1500)
    assert other.request.seed != one.request.seed


def test_a_file_of_the_user_that_is_called_as_ours_is_left_alone(fitted, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "part-00000.parquet").write_bytes(b"mine")
    for overwrite in (False, True):
        with pytest.raises(FileError, match=r"holds other things \(part-00000.parquet\)"):
            fitted.sample_to(tmp_path / "out", 10, random_state=0, overwrite=overwrite)
    assert contents(tmp_path / "out") == {"part-00000.parquet": b"mine"}
    fitted.sample_to(tmp_path / "kept", 10, rows_per_file=5, random_state=0)
    (tmp_path / "kept" / "part-00002.parquet").write_bytes(b"mine")
    with pytest.raises(FileError, match=r"holds other things \(part-00002.parquet\)"):
        fitted.sample_to(tmp_path / "kept", 15, rows_per_file=5, random_state=0)
    assert (tmp_path / "kept" / "part-00002.parquet").read_bytes() == b"mine"


@pytest.mark.parametrize("killed_at", [1, 3, 4])
def test_a_replacement_that_was_killed_is_gone_on_with(fitted, tmp_path, monkeypatch, killed_at):
    fitted.sample_to(tmp_path / "out", 4000, **PARTS)
    real, removed = part_folder.LocalFolder.remove, []

    def killed(self, name):
        removed.append(name)
        if len(removed) == killed_at:
            raise SystemExit
        real(self, name)

    monkeypatch.setattr(part_folder.LocalFolder, "remove", killed)
    with pytest.raises(SystemExit):
        fitted.sample_to(tmp_path / "out", 2000, rows_per_file=1000, random_state=4, overwrite=True)
    assert len(removed) == killed_at  # three files and the manifest are to be removed
    monkeypatch.undo()
    fitted.sample_to(tmp_path / "out", 2000, rows_per_file=1000, random_state=4, overwrite=True)
    fitted.sample_to(tmp_path / "whole", 2000, rows_per_file=1000, random_state=4)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


DAMAGE = {
    "a list": lambda m: [1],
    "a number of files": lambda m: {**m, "files": 7},
    "no files": lambda m: {k: v for k, v in m.items() if k != "files"},
    "a list as name": lambda m: {**m, "files": [{**m["files"][0], "name": ["x"]}]},
    "a name elsewhere": lambda m: {**m, "files": [{**m["files"][0], "name": "../part-00000.parquet"}]},
    "bytes below 0": lambda m: {**m, "files": [{**m["files"][0], "bytes": -1}]},
    "a seed below 0": lambda m: {**m, "request": {**m["request"], "seed": -5}},
    "a seed that is true": lambda m: {**m, "request": {**m["request"], "seed": True}},
    "a huge n": lambda m: {**m, "request": {**m["request"], "n": 10**300}},
    "very many files": lambda m: {**m, "request": {**m["request"], "n": 10**15, "rows_per_file": 1}},
    "a list as format": lambda m: {**m, "request": {**m["request"], "format": ["a"]}},
    "a list as conditions": lambda m: {**m, "request": {**m["request"], "conditions": [["a", 1]]}},
}


@pytest.fixture(scope="module")
def one_row(fitted, tmp_path_factory):
    out = tmp_path_factory.mktemp("one") / "out"
    fitted.sample_to(out, 1, random_state=3)
    return contents(out)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_manifest_is_one_line_that_names_it(fitted, one_row, tmp_path, damage):
    out = tmp_path / "out"
    out.mkdir()
    forged = json.dumps(DAMAGE[damage](json.loads(one_row["_manifest.json"]))).encode()
    for name, content in {**one_row, "_manifest.json": forged}.items():
        (out / name).write_bytes(content)
    for given in ({}, {"overwrite": True}, {"random_state": 3}):
        with pytest.raises(FileError, match=r"out: _manifest.json is damaged, .*; give another folder, or"):
            fitted.sample_to(out, 1, **given)
    assert contents(out) == {**one_row, "_manifest.json": forged}


def test_a_damaged_record_of_a_file_has_it_written_again(fitted, tmp_path, monkeypatch):
    out, finish = tmp_path / "out", sample_folder.SampleFolder.finish
    monkeypatch.setattr(sample_folder.SampleFolder, "finish", lambda *given: None)  # a run that never ended
    fitted.sample_to(out, 40, rows_per_file=10, random_state=3)
    for number, text in enumerate(("{", '{"name": ["x"]}', "7")):
        (out / ".running" / f"part-0000{number}.parquet.json").write_text(text)
    monkeypatch.setattr(sample_folder.SampleFolder, "finish", finish)
    assert fitted.sample_to(out, 40, rows_per_file=10, random_state=3).n_written == 3


def test_a_folder_of_other_things_is_left_alone(fitted, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("x")
    for overwrite in (False, True):
        with pytest.raises(FileError, match=r"holds other things \(thesis.tex\)"):
            fitted.sample_to(tmp_path / "out", 10, overwrite=overwrite)
    assert contents(tmp_path / "out") == {"thesis.tex": b"x"}


def test_a_file_in_place_of_the_folder(fitted, tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(FileError, match="is a file; give a folder"):
        fitted.sample_to(tmp_path / "out", 10)


def test_two_runs_on_one_folder(fitted, tmp_path):
    fitted.sample_to(tmp_path / "out", 10, random_state=0)
    with (
        part_folder.LocalFolder(str(tmp_path / "out")).locked(),
        pytest.raises(FileError, match="another run writes there"),
    ):
        fitted.sample_to(tmp_path / "out", 10, random_state=0)


def test_no_space_left_is_one_line_and_leaves_no_file(fitted, tmp_path, monkeypatch):
    real = part_folder.HashingSink.write

    def full(self, content):
        if self.n_bytes > 50_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(self, content)

    monkeypatch.setattr(part_folder.HashingSink, "write", full)
    with pytest.raises(
        FileError, match=r"part-00000.parquet: could not be written: No space left on device\.$"
    ):
        fitted.sample_to(tmp_path / "out", 5000, random_state=0)
    assert [p.name for p in (tmp_path / "out").iterdir()] == [".running"]
    monkeypatch.undo()
    assert fitted.sample_to(tmp_path / "out", 5000, random_state=0).n_written == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_no_permission_is_one_line(fitted, tmp_path):
    (tmp_path / "shut").mkdir(mode=0o500)
    with pytest.raises(FileError, match="could not be made: Permission denied"):
        fitted.sample_to(tmp_path / "shut" / "out", 10)


def test_conditions_hold_in_every_file_and_the_first_file_is_the_sample(fitted, tmp_path):
    wanted = {"sex": "male", "age": (30, 60)}
    fitted.sample_to(tmp_path / "out", 3500, conditions=wanted, **PARTS)
    found = read_back(tmp_path / "out")
    assert (found["sex"] == "male").all() and found["age"].between(30, 60).all()
    assert_frame_equal(found.head(1500), fitted.sample(1500, conditions=wanted, random_state=3))
    assert (
        not found.iloc[:500]
        .drop(columns="patient")
        .reset_index(drop=True)
        .equals(found.iloc[1500:2000].drop(columns="patient").reset_index(drop=True))
    )
    fitted.sample_to(tmp_path / "small", 3500, conditions=wanted, batch_size=1, **PARTS)
    assert contents(tmp_path / "small") == contents(tmp_path / "out")


def test_identifiers_differ_over_the_files_under_conditions_too(fitted, tmp_path):
    fitted.sample_to(tmp_path / "out", 3500, conditions={"sex": "male"}, **PARTS)
    assert read_back(tmp_path / "out")["patient"].is_unique


def test_rules_that_drop_rows_hold_in_every_file(tmp_path):
    rng = np.random.default_rng(0)
    low = rng.normal(size=500)
    table = pd.DataFrame({"id": "P-" + pd.Series(rng.permutation(90_000)[:500] + 10_000).astype(str)})
    table["low"], table["high"] = low, low + rng.gamma(1.0, 3.0, 500)
    model = IndependentMarginals(
        random_state=0, verbose=0, constraints=[Inequality("low", "high")], detect_relations=False
    ).fit(table)
    assert model.encoder_.row_checks  # not held by the encoding
    streams = model.sample_to(tmp_path / "out", 2500, **PARTS).streams
    found = read_back(tmp_path / "out")
    assert len(found) == 2500 and (found["low"] <= found["high"]).all()
    assert_frame_equal(found.head(1500), model.sample(1500, random_state=3))
    assert found["id"].is_unique
    assert len(found.drop(columns="id").drop_duplicates()) > 2400  # the second file is not the first again
    kept = json.loads((tmp_path / "out" / "_manifest.json").read_text())
    assert kept["streams"] == streams == "one a file"
    assert model.sample_to(tmp_path / "single", 1500, **PARTS).streams == "one"


def test_unique_values_are_only_held_within_a_file(tmp_path):
    table = pd.DataFrame({"a": np.arange(200.0) ** 1.5, "b": np.arange(200) % 7})
    model = IndependentMarginals(random_state=0, verbose=0, constraints=[Unique(["a", "b"])]).fit(table)
    with pytest.raises(ParameterError, match=r"can only be held within a file, and n=300 rows"):
        model.sample_to(tmp_path / "out", 300, rows_per_file=200)
    assert not (tmp_path / "out").exists()
    model.sample_to(tmp_path / "out", 300, random_state=0)
    assert not read_back(tmp_path / "out").duplicated().any()


def test_bad_parameters(fitted, tmp_path):
    out = tmp_path / "out"
    for given in (
        {"n": 0},
        {"n": 1, "rows_per_file": 0},
        {"n": 1, "format": "xlsx"},
        {"n": 1, "engine": "dask"},
    ):
        with pytest.raises(ParameterError, match="parameter of sample_to must be"):
            fitted.sample_to(out, **given)
    with pytest.raises(ParameterError, match="`workers` parameter of sample_to needs engine='ray'"):
        fitted.sample_to(out, 1, workers=2)
    with pytest.raises(ConditionError, match=r"must be a mapping\. Got DataFrame"):
        fitted.sample_to(out, 1, conditions=pd.DataFrame({"sex": ["male"]}))
    with pytest.raises(NotFittedError):
        IndependentMarginals().sample_to(out, 1)
    assert not out.exists()


@pytest.mark.parametrize("format", ["parquet", "arrow", "csv"])
def test_an_interruption_within_a_file_leaves_nothing_to_complain(fitted, tmp_path, monkeypatch, format):
    complaints = []

    def interrupted(*_):
        yield fitted.sample(10, random_state=0)
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    monkeypatch.setattr("synthgen.models.sample_files._frames", interrupted)
    with pytest.raises(KeyboardInterrupt, match="0 of 2 files are whole"):
        fitted.sample_to(tmp_path / "out", 20, rows_per_file=10, format=format)
    gc.collect()
    assert not complaints
    assert [p.name for p in (tmp_path / "out").iterdir()] == [".running"]


def test_whole_floats_are_numbers_of_rows(fitted, tmp_path):
    found = fitted.sample_to(tmp_path / "out", 2e1, rows_per_file=1e1, random_state=0)
    assert [f.rows for f in found.files] == [10, 10]
    assert fitted.sample_to(tmp_path / "out", 20, rows_per_file=10, random_state=0).n_written == 0
    for n in (1.5, float("inf"), float("nan"), 2**63):
        with pytest.raises(ParameterError, match="`n` parameter of sample_to must be"):
            fitted.sample_to(tmp_path / "bad", n)


def test_too_many_files_are_refused_before_any_is_counted(fitted, tmp_path):
    with pytest.raises(ParameterError, match=r"1,000,000,000 files, and .* give rows_per_file=1000000 \("):
        fitted.sample_to(tmp_path / "out", 10**12, rows_per_file=1000)
    assert not (tmp_path / "out").exists()


def test_names_that_are_no_folders(fitted, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileError, match=r"is empty; the current folder is '\.'"):
        fitted.sample_to("", 10)
    for out in ("x.parquet", "x.csv.gz", "s3://bucket/x.parquet"):
        with pytest.raises(FileError, match=r"is the name of a file, and a folder .* end it with /"):
            fitted.sample_to(out, 10)
    with pytest.raises(FileError, match=r"a .bed file is written to a path of this machine"):
        fitted.sample_to("s3://bucket/x.bed", 10)
    assert not list(tmp_path.iterdir())
    fitted.sample_to("x.parquet/", 10, random_state=0)
    assert fitted.sample_to("x.parquet", 10, random_state=0).n_written == 0  # it is a folder now


KILLED = """
import os, signal, sys
from synthgen.models.persistence import load
from synthgen.table import part_folder

real, written = part_folder.LocalFolder.write, []

def write(self, name, fill, seal=None):
    def half(sink):
        fill(sink)
        if name.startswith("part-00002") and sys.argv[3] == "inside":
            os.kill(os.getpid(), signal.SIGKILL)
    def sealed(*given):
        seal(*given)
        if name.startswith("part-00002"):
            os.kill(os.getpid(), signal.SIGKILL)
    real(self, name, half, sealed if seal else None)

part_folder.LocalFolder.write = write
load(sys.argv[1]).sample_to(sys.argv[2], 6000, rows_per_file=1500, random_state=3)
"""


@pytest.mark.parametrize("where", ["inside", "sealed"])
def test_a_killed_run_is_gone_on_with_to_the_same_bytes(fitted, tmp_path, where):
    fitted.save(tmp_path / "m.synthgen")
    out = tmp_path / "out"
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "m.synthgen", out, where], check=False)
    assert done.returncode == -signal.SIGKILL
    parts = sorted(out.glob("part-*"))
    assert [p.name for p in parts] == ["part-00000.parquet", "part-00001.parquet"]
    times = [p.stat().st_mtime_ns for p in parts]
    fitted.sample_to(out, 6000, **PARTS)
    assert [p.stat().st_mtime_ns for p in parts] == times
    fitted.sample_to(tmp_path / "whole", 6000, **PARTS)
    assert contents(out) == contents(tmp_path / "whole")


def test_an_interruption_says_how_to_go_on(fitted, tmp_path, monkeypatch):
    real = part_folder.LocalFolder.write

    def interrupted(self, name, fill, seal=None):
        if name.startswith("part-00001"):
            raise KeyboardInterrupt
        real(self, name, fill, seal)

    monkeypatch.setattr(part_folder.LocalFolder, "write", interrupted)
    with pytest.raises(
        KeyboardInterrupt, match=r"1 of 3 files are whole in .* the same call writes the rest"
    ):
        fitted.sample_to(tmp_path / "out", 4000, rows_per_file=1500)
    monkeypatch.undo()
    assert fitted.sample_to(tmp_path / "out", 4000, rows_per_file=1500).n_written == 2
