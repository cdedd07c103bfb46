"""`synthgen fit --model`: which model learns the table."""

import pandas as pd
import pytest

from synthgen.cli.parameters import MODELS, model_class
from synthgen.models import persistence


def test_help_names_every_model(synthgen):
    text = synthgen("fit", "--help").out
    assert "bootstrap draws training rows again" in " ".join(text.split())
    for name in MODELS:
        assert name in text


def test_every_model_that_can_be_loaded_can_be_chosen():
    assert {model_class(name) for name in MODELS} == set(persistence._CLASSES.values())


@pytest.mark.parametrize("name", ["independent-marginals", "bootstrap"])
def test_the_chosen_model_is_written(synthgen, data, tmp_path, name):
    assert synthgen("fit", data, "-o", tmp_path / "m", "--model", name, "--seed", "3").code == 0
    model = persistence.load(tmp_path / "m")
    assert type(model) is model_class(name)
    assert model.get_params()["random_state"] == 3
    done = synthgen("sample", tmp_path / "m", "-n", "20", "-o", tmp_path / "s.parquet")
    assert done.code == 0
    assert list(pd.read_parquet(tmp_path / "s.parquet")) == list(pd.read_parquet(data))


def test_inspect_says_what_a_bootstrap_gives_away(synthgen, data, tmp_path):
    synthgen("fit", data, "-o", tmp_path / "m", "--model", "bootstrap")
    lines = synthgen("inspect", tmp_path / "m").out.splitlines()
    assert lines[0] == f"{tmp_path}/m: Bootstrap, trained on 120 rows of 14 columns"
    assert any("all 120 training rows are stored in this file as they are" in line for line in lines)


def test_a_parameter_that_the_model_lacks(synthgen, data, tmp_path):
    done = synthgen("fit", data, "-o", tmp_path / "m", "--model", "bootstrap", "--max-steps", "3")
    assert (
        done.error
        == "Bootstrap has no parameter 'max_steps'. It has schema, constraints, detect_relations, random_state, verbose."
    )


def test_an_unknown_model(synthgen, data, tmp_path):
    done = synthgen("fit", data, "-o", tmp_path / "m", "--model", "copula")
    assert done.code == 2
    assert "'copula' is not one of" in done.err
