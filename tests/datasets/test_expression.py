"""The simulated expression table is what its card says."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from synthgen.table.read import read_table
from tests.datasets.builders import FOLDER, builder

HERE = FOLDER / "expression_600x42k"
expression = builder("expression_600x42k")


@pytest.fixture(scope="module")
def known():
    return expression.truth(3_000, seed=7)


@pytest.fixture(scope="module")
def drawn(known):
    return expression.samples(known, 600, seed=7)


def test_the_command_writes_both_files_and_the_genes_the_same_bytes_each_time(tmp_path):
    names = ("train", "fresh", "genes")
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        paths = [str(tmp_path / folder / f"{name}.parquet") for name in names]
        options = [
            "--rows", "30", "--genes", "50", "--seed", "3", "--holdout-rows", "20",
            "--holdout", paths[1], "--truth", paths[2],
        ]  # fmt: skip
        subprocess.run(
            [sys.executable, HERE / "build.py", paths[0], *options],
            check=True,
            capture_output=True,
            env=dict(os.environ),
        )
    train, fresh, genes = (read_table(tmp_path / "one" / f"{name}.parquet") for name in names)
    assert train.shape == (30, 54)
    assert fresh.shape == (20, 54)
    assert list(genes["gene"]) == list(train.columns[4:]) == [f"gene_{j:05d}" for j in range(1, 51)]
    for name in names:
        one, two = (tmp_path / folder / f"{name}.parquet" for folder in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_columns_and_dtypes(known):
    counts = expression.table(known, 12, 7)
    logs = expression.table(known, 12, 7, values="log")
    assert list(counts.columns[:4]) == ["class", "batch", "sex", "age"]
    assert all(isinstance(counts[name].dtype, pd.CategoricalDtype) for name in ("class", "batch", "sex"))
    assert counts["age"].between(18, 90).all()
    assert set(counts.dtypes.iloc[4:]) == {np.dtype("int32")}
    assert set(logs.dtypes.iloc[4:]) == {np.dtype("float32")}
    raw = counts.iloc[:, 4:].to_numpy(dtype=float)
    wanted = np.log(1 + 1e6 * raw / raw.sum(axis=1)[:, None])
    np.testing.assert_allclose(logs.iloc[:, 4:].to_numpy(), wanted, rtol=1e-6)


def test_seeds_and_parts_give_other_rows_of_other_and_of_the_same_genes(known, drawn):
    again = expression.samples(expression.truth(3_000, seed=7), 600, seed=7)[1]
    fresh = expression.samples(known, 600, seed=7, part="holdout")[1]
    other = expression.samples(expression.truth(3_000, seed=8), 600, seed=8)[1]
    counts = drawn[1]
    assert (again == counts).all()
    logs = [np.log1p(c.mean(axis=0)) for c in (counts, fresh, other)]
    assert (fresh != counts).mean() > 0.5
    assert np.corrcoef(logs[0], logs[1])[0, 1] > 0.99
    assert abs(np.corrcoef(logs[0], logs[2])[0, 1]) < 0.1


def test_counts_given_rates_have_the_mean_and_the_variance_of_the_card():
    dispersion = np.array([0.05, 0.5, 2.0])
    means = np.array([500.0, 20.0, 3.0])
    draw = np.random.default_rng(0)
    n = 40_000
    rates = np.tile(np.log(means), (n, 1))
    counts = expression._counts(draw, rates, np.full(n, means.sum()), dispersion)
    variance = means + dispersion * means**2
    deviations = (counts.mean(axis=0) - means) / np.sqrt(variance / n)
    assert (abs(deviations) < 4).all()
    np.testing.assert_allclose(counts.var(axis=0), variance, rtol=0.1)


def test_programme_activities_are_standardised_and_only_some_are_normal():
    activities = expression._activities(np.random.default_rng(1), 50_000)
    np.testing.assert_allclose(activities.mean(axis=0), 0, atol=0.03)
    np.testing.assert_allclose(activities.var(axis=0), 1, atol=0.05)
    skewness = (activities**3).mean(axis=0)
    kinds = np.array(expression.PROGRAMMES)
    assert (abs(skewness[kinds == "normal"]) < 0.1).all()
    assert (abs(skewness[kinds != "normal"]) > 0.5).all()  # gamma of shape 2: 2 / sqrt(2); on in 30%: .84


def test_differential_genes_are_found_in_the_class_that_has_them(known, drawn):
    covariates, counts = drawn
    seen = known.log_mean > np.log(20)
    logs = np.log1p(counts * (1e6 / counts.sum(axis=1, keepdims=True)))
    means = {c: logs[covariates["class"] == c].mean(axis=0) for c in "ABC"}
    for i, name in enumerate("ABC"[1:], start=1):
        truth = known.of_class[i] + (known.shifts[i] - known.shifts[0]) @ known.loadings
        found = means[name] - means["A"]
        assert np.corrcoef(found[seen], truth[seen])[0, 1] > 0.8
    assert 0.04 < (known.of_class[1] != 0).mean() < 0.06
    assert (known.of_class[0] == 0).all()


def test_expected_library_sizes(drawn):
    logs = np.log(drawn[1].sum(axis=1) / (200 * 3_000))
    assert abs(logs.mean()) < 0.1
    assert 0.25 < logs.std() < 0.4


def test_the_card_names_every_covariate():
    card = (HERE / "card.md").read_text(encoding="utf-8")
    assert all(f"| {name} |" in card for name in expression.COVARIATES)
