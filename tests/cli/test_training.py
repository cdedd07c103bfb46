"""`synthgen training`: a page, the numbers, and one line for every mistake."""

import json

from synthgen.models.gaussian_copula import GaussianCopula
from synthgen.reports.training_report import TrainingReport


def test_a_page_the_numbers_and_the_answer(synthgen, model_file, tmp_path):
    page, numbers = tmp_path / "page.html", tmp_path / "training.json"
    done = synthgen("training", model_file, "-o", page, "--json", numbers)
    assert done.code == 0, done.err
    found = TrainingReport.from_json(numbers.read_text())
    assert found.n_steps == 3 and found.parameters["max_steps"] == "3"
    assert done.out.splitlines()[0] == found.answer
    assert "How the training went" in page.read_text()
    assert done.err.splitlines() == [f"synthgen: the training report is in {p}" for p in (page, numbers)]


def test_standard_output_holds_the_numbers_alone(synthgen, model_file):
    assert json.loads(synthgen("training", model_file, "--json", "-").out)["model"] == "SynthGAN"


def test_a_model_without_networks_has_a_page_too(synthgen, mixed, tmp_path):
    GaussianCopula(random_state=0).fit(mixed.head(60)).save(tmp_path / "m.synthgen")
    done = synthgen("training", tmp_path / "m.synthgen", "-o", tmp_path / "page.html")
    assert done.code == 0
    assert done.out.startswith("Nothing was trained step by step: ")


def test_a_page_must_be_named_as_one(synthgen, model_file):
    assert "its name must end in .html" in synthgen("training", model_file, "-o", "page.png").error


def test_a_file_that_is_there_is_not_replaced_unasked(synthgen, model_file, tmp_path):
    (tmp_path / "page.html").write_text("mine")
    assert "page.html" in synthgen("training", model_file, "-o", tmp_path / "page.html").error
    assert (tmp_path / "page.html").read_text() == "mine"
    assert synthgen("training", model_file, "-o", tmp_path / "page.html", "--force").code == 0


def test_a_table_is_no_model(synthgen, data):
    assert "data.parquet" in synthgen("training", data).error


def test_the_help_shows_examples(synthgen):
    assert "\n  Examples:\n    synthgen training model.synthgen" in synthgen("training", "--help").out
