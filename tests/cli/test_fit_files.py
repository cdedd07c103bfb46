"""`synthgen fit` of many files: what is streamed, what is not, and what is said."""

import numpy as np
import pandas as pd
import pytest

from synthgen import load
from synthgen.cli.fit import is_many
from synthgen.models import file_fit_memory
from synthgen.models.file_fit import fit_files
from tests.common.s3_server import s3_server  # noqa: F401


def table(n=600):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {"x": rng.normal(size=n), "kind": rng.choice(["a", "b", "c"], n), "n": rng.integers(0, 9, n)}
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "t").mkdir()
    for i in range(3):
        table().iloc[200 * i : 200 * (i + 1)].to_parquet(tmp_path / "t" / f"{i}.parquet", index=False)
    return tmp_path / "t"


@pytest.fixture
def run(synthgen):
    return lambda *arguments: synthgen("fit", *arguments)


COPULA = ("--model", "gaussian-copula", "--seed", "1", "--quiet")


def test_a_folder_a_pattern_and_a_list_give_the_same_model(run, folder, tmp_path):
    out = [tmp_path / f"{i}.synthgen" for i in range(4)]
    assert run(folder, "-o", out[0], *COPULA).code == 0
    assert run(folder / "*.parquet", "-o", out[1], *COPULA).code == 0
    assert run(*sorted(folder.glob("*")), "-o", out[2], *COPULA, "--max-memory", "8GiB").code == 0
    table().to_parquet(tmp_path / "whole.parquet", index=False)
    assert run(tmp_path / "whole.parquet", "-o", out[3], *COPULA).code == 0
    first, *others = (path.read_bytes() for path in out)
    assert all(other == first for other in others)


def test_files_are_streamed_within_the_memory_that_is_given(run, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(file_fit_memory, "FITTING_ROWS", 100)
    monkeypatch.setattr(fit_files, "__kwdefaults__", {"most": 256})
    done = run(
        folder,
        "-o",
        tmp_path / "m.synthgen",
        "--max-steps",
        "2",
        "--refine",
        "none",
        "--max-memory",
        "8GiB",
        "--seed",
        "0",
    )
    assert done.code == 0
    assert "learnt 600 rows of 3 columns" in done.err
    assert load(tmp_path / "m.synthgen").n_rows_in_ == 600


def test_a_dry_run_of_files_writes_nothing(run, folder, tmp_path):
    done = run(folder, "--dry-run", *COPULA, "--max-memory", "8GiB")
    assert done.code == 0
    assert "matrix: 600 rows" in done.out
    assert sorted(p.name for p in tmp_path.iterdir()) == ["t"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--max-memory", "much"], "must be a size above 0 such as '4GiB'"),
        (["--max-memory", "1MiB"], "are needed. Give more"),
        (["--format", "csv"], "--format goes with one table"),
        (["--layer", "counts"], "--layer goes with one table"),
        (["--workers", "2"], "needs engine='ray'"),
    ],
)
def test_what_does_not_go_together_is_one_line(run, folder, tmp_path, options, message):
    done = run(folder, "-o", tmp_path / "m.synthgen", "--quiet", *options)
    assert message in done.error
    assert not (tmp_path / "m.synthgen").exists()


def test_bootstrap_takes_files_that_memory_holds(run, folder, tmp_path):
    done = run(
        folder, "-o", tmp_path / "m.synthgen", "--quiet", "--model", "bootstrap", "--max-memory", "8GiB"
    )
    assert done.code == 0
    assert load(tmp_path / "m.synthgen").n_rows_in_ == 600


def test_standard_input_cannot_be_streamed(run, tmp_path):
    done = run("-", "-o", tmp_path / "m.synthgen", "--max-memory", "8GiB")
    assert "standard input cannot be streamed" in done.error


def test_what_is_many_files(folder, tmp_path):
    assert is_many(str(folder))
    assert is_many(str(folder / "*.parquet"))
    assert is_many("s3://bucket/folder")
    assert not is_many(str(folder / "0.parquet"))
    (tmp_path / "odd[1].csv").write_text("x\n1\n")
    assert not is_many(str(tmp_path / "odd[1].csv"))


def test_a_table_on_a_server_is_fitted_by_its_address(run, folder, tmp_path, s3_server):  # noqa: F811
    s3_server.make_bucket("fits")
    for path in folder.iterdir():
        address = s3_server.upload(path, f"fits/table/{path.name}")
    assert address.startswith("s3://fits/table/")
    assert run(s3_server.address("fits/table"), "-o", tmp_path / "a.synthgen", *COPULA).code == 0
    assert run(folder, "-o", tmp_path / "b.synthgen", *COPULA).code == 0
    assert (tmp_path / "a.synthgen").read_bytes() == (tmp_path / "b.synthgen").read_bytes()
    done = run(s3_server.address("nowhere/table"), "-o", tmp_path / "c.synthgen", *COPULA)
    assert "nowhere/table" in done.error
    assert not (tmp_path / "c.synthgen").exists()


def test_a_folder_that_is_not_there_is_named_as_such(synthgen, tmp_path):
    done = synthgen("fit", f"{tmp_path}/nothere/", "-o", tmp_path / "m.synthgen")
    assert done.code != 0
    assert "nothere" in done.err and "no such file or folder" in done.err
    assert done.err.count("\n") == 1
