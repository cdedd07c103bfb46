"""`synthgen latent`: a page with and without held-out rows, and one line for every mistake."""

import json

import pytest

from synthgen.models.bootstrap import Bootstrap
from synthgen.models.gaussian_copula import GaussianCopula
from synthgen.models.independent import IndependentMarginals
from synthgen.studies.latent_result import LatentStudy
from synthgen.table.write import write_table


@pytest.fixture(autouse=True, scope="module")
def few_rows():
    """Fewer samples, for the time's sake."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("synthgen.studies.latent_study.MAX_ROWS", 200)
        patch.setattr("synthgen.studies.latent_study.SCALE_ROWS", 100)
        yield


FEW = ("--paths", "10", "--steps", "4")


@pytest.fixture
def holdout(tmp_path, mixed):
    write_table(mixed.tail(60), tmp_path / "holdout.parquet")
    return tmp_path / "holdout.parquet"


def test_the_model_alone_makes_a_page(synthgen, model_file, tmp_path):
    page, numbers = tmp_path / "page.html", tmp_path / "latent.json"
    done = synthgen("latent", model_file, "-o", page, "--json", numbers, *FEW)
    assert done.code == 0, done.err
    found = LatentStudy.from_json(numbers.read_text())
    assert (found.n_paths, found.steps, found.n_holdout) == (10, 4, None)
    assert done.out.splitlines()[0] == found.answer
    assert "What lies between rows" in page.read_text()
    assert done.err.splitlines() == [f"synthgen: the latent study is in {p}" for p in (page, numbers)]


def test_held_out_rows_are_read_in_any_format(synthgen, model_file, holdout, mixed, tmp_path):
    write_table(mixed.tail(60), tmp_path / "holdout.csv")
    found = [
        json.loads(synthgen("latent", model_file, "--holdout", path, "--json", "-", *FEW).out)
        for path in (holdout, tmp_path / "holdout.csv")
    ]
    assert [f["n_holdout"] for f in found] == [60, 60]
    assert found[0]["groups"] == found[1]["groups"]


def test_the_seed_repeats(synthgen, model_file):
    first, again, other = (
        synthgen("latent", model_file, "--json", "-", "--seed", seed, *FEW).out for seed in (1, 1, 2)
    )
    assert first == again != other


@pytest.mark.parametrize("model", [Bootstrap, GaussianCopula, IndependentMarginals])
def test_models_without_a_latent_space_are_named(synthgen, mixed, tmp_path, model):
    model().fit(mixed[["age", "bmi", "sex"]].head(60)).save(tmp_path / "m.synthgen")
    error = synthgen("latent", tmp_path / "m.synthgen").error
    assert (
        error
        == f"The model is a {model.__name__}, which has no latent space; SynthGAN and SynthVAE have one."
    )


def test_held_out_rows_of_another_table_are_named(synthgen, model_file, mixed, tmp_path):
    write_table(mixed.drop(columns="bmi").tail(60), tmp_path / "other.parquet")
    error = synthgen("latent", model_file, "--holdout", tmp_path / "other.parquet", *FEW).error
    assert "other.parquet" in error and "lacks column 'bmi'" in error


@pytest.mark.parametrize("option", [("--paths", "1"), ("--steps", "2"), ("-o", "page.png")])
def test_bad_options_are_one_line(synthgen, model_file, option):
    assert option[0] in synthgen("latent", model_file, *option).error


def test_a_file_that_is_there_is_not_replaced_unasked(synthgen, model_file, tmp_path):
    (tmp_path / "page.html").write_text("mine")
    assert "page.html" in synthgen("latent", model_file, "-o", tmp_path / "page.html", *FEW).error
    assert (tmp_path / "page.html").read_text() == "mine"


def test_the_help_shows_examples(synthgen):
    assert (
        "\n  Examples:\n    synthgen latent model.synthgen -o page.html" in synthgen("latent", "--help").out
    )
