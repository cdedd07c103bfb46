"""`--refine`: of `fit`, how many rows a model draws for each it gives; of `sample`, whether it does."""

import pandas as pd
import pytest

from synthgen.models.persistence import load


@pytest.fixture
def data(tmp_path, mixed):
    path = tmp_path / "mixed.parquet"
    mixed.head(240).to_parquet(path)
    return path


@pytest.fixture
def refined(synthgen, data, tmp_path):
    path = tmp_path / "refined.synthgen"
    done = synthgen("fit", data, "-o", path, "--refine", 3, "--max-steps", 5, "--seed", 0)
    assert done.code == 0
    assert "`sample` draws 3 rows for each it gives" in done.err
    return path


def test_sample_chooses_unless_told_not_to(synthgen, refined, tmp_path):
    tables = {}
    for word in ("auto", "none", "5"):
        path = tmp_path / f"{word}.csv"
        assert synthgen("sample", refined, "-n", 30, "-o", path, "--seed", 1, "--refine", word).code == 0
        tables[word] = pd.read_csv(path)
    assert not tables["auto"].equals(tables["none"])
    assert not tables["auto"].equals(tables["5"])
    assert synthgen("sample", refined, "-n", 30, "-o", tmp_path / "default.csv", "--seed", 1).code == 0
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "default.csv"), tables["auto"])


def test_inspect_shows_cost_and_effect(synthgen, refined):
    out = synthgen("inspect", refined).out
    assert "rows_drawn_for_each_given: 3" in out
    assert "auc_before_and_after_each_round" in out


def test_none_learns_nothing_to_choose_by(synthgen, data, tmp_path):
    path = tmp_path / "plain.synthgen"
    assert synthgen("fit", data, "-o", path, "--refine", "none", "--max-steps", 5).code == 0
    assert load(path).selector_ is None
    message = synthgen("sample", path, "-n", 5, "-o", "-", "--refine", 4).error
    assert "`refine` parameter of sample is 4, but this SynthGAN has not learnt to choose rows" in message


@pytest.mark.parametrize("word", ["many", "1", "1000", "-3"])
def test_other_words_are_refused(synthgen, data, refined, tmp_path, word):
    fitted = synthgen("fit", data, "-o", tmp_path / "no.synthgen", f"--refine={word}", "--max-steps", 5)
    assert "The `refine` parameter of SynthGAN must be" in fitted.error
    assert (
        "The `refine` parameter of sample must be"
        in synthgen("sample", refined, "-n", 5, "-o", "-", f"--refine={word}").error
    )


def test_baselines_have_no_such_option(synthgen, data, tmp_path):
    path = tmp_path / "floor.synthgen"
    assert synthgen("fit", data, "-o", path, "--model", "independent-marginals").code == 0
    done = synthgen("sample", path, "-n", 5, "-o", "-", "--refine", "none")
    assert done.code == 2 and "IndependentMarginals never chooses among its rows" in done.err
