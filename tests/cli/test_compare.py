"""`synthgen compare`: several saved reports, one summary and one page."""

import json
import sys
from types import SimpleNamespace

import pytest

from synthgen.metrics.intervals import Estimate
from synthgen.reports.report import FORMAT_VERSION, Report
from synthgen.reports.scores import make_score


def make_report(value, **more):
    ends = Estimate(1.0, 0.99, 1.0), Estimate(0.5, 0.49, 0.51), Estimate(1.0, 0.99, 1.0)
    shapes = make_score("column_shapes", Estimate(value, value - 0.01, value + 0.01), ends)
    given = {
        "format_version": FORMAT_VERSION,
        "synthgen_version": "0.2.0",
        "libraries": {},
        "seed": 0,
        "n_rows": {"real": 100, "synthetic": 90, "holdout": 50},
        "n_columns": 3,
        "has_holdout": True,
        "target": None,
        "scores": {"column_shapes": shapes},
    }
    return Report(**given | more)


@pytest.fixture
def files(tmp_path):
    """Two reports of the same tables, of which the first is better."""
    for name, value in (("gan", 0.9), ("copula", 0.8)):
        (tmp_path / f"{name}.json").write_text(make_report(value).to_json(), encoding="utf-8")
    return tmp_path


def test_a_summary_a_page_and_the_numbers(synthgen, files, names_in):
    done = synthgen(
        "compare", files / "gan.json", files / "copula.json", "-o", files / "page.html", "--json", files / "c.json"
    )  # fmt: skip
    assert done.code == 0
    assert "2 reports: gan, copula" in done.out
    assert "0.900 (0.890 to 0.910) *" in done.out
    assert done.err.splitlines() == [
        f"synthgen: the comparison is in {files}/{name}" for name in ("page.html", "c.json")
    ]
    assert json.loads((files / "c.json").read_text())["scores"][0]["best"] == "gan"
    assert "Synthetic tables compared" in (files / "page.html").read_text()
    assert names_in(files) == ["c.json", "copula.json", "gan.json", "page.html"]


def test_files_of_one_name_are_told_apart_by_their_folders(synthgen, files, monkeypatch):
    for name in ("gan", "copula"):
        (files / f"{name}.dir").mkdir()
        (files / f"{name}.json").rename(files / f"{name}.dir" / "report.json")
    monkeypatch.chdir(files / "gan.dir")
    done = synthgen("compare", "report.json", "../copula.dir/report.json")
    assert done.out.startswith("2 reports: gan.dir/report, copula.dir/report.")


def test_different_tables_are_warned_about(synthgen, files):
    rows = {"real": 200, "synthetic": 90, "holdout": 50}
    (files / "other.json").write_text(make_report(0.7, n_rows=rows).to_json())
    done = synthgen("compare", files / "gan.json", files / "other.json")
    assert done.code == 0
    assert "The reports compare different tables (real rows: 100 / 200)" in done.out


def test_standard_input_is_a_report_too(synthgen, files, monkeypatch):
    content = (files / "copula.json").read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=SimpleNamespace(read=lambda: content)))
    done = synthgen("compare", files / "gan.json", "-")
    assert done.out.startswith("2 reports: gan, standard input.")


def test_quiet_prints_no_summary(synthgen, files):
    done = synthgen("compare", files / "gan.json", files / "copula.json", "-q")
    assert (done.code, done.out, done.err) == (0, "", "")


@pytest.mark.parametrize(("option", "start"), [("--json", "{\n"), ("-o", "<!DOCTYPE html>\n")])
def test_standard_output_holds_the_comparison_alone(synthgen, files, option, start):
    done = synthgen("compare", files / "gan.json", files / "copula.json", option, "-")
    assert done.code == 0
    assert done.out.startswith(start)
    assert done.err.startswith("2 reports: ")


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_reports(synthgen, files, n):
    done = synthgen("compare", *[files / "gan.json"][:n])
    assert done.error == f"compare needs two reports at least. Got {n}. See `synthgen compare --help`."


@pytest.mark.parametrize("other", ["gan.json", "../{folder}/gan.json", "link.json"])
def test_one_report_given_twice(synthgen, files, monkeypatch, other):
    monkeypatch.chdir(files)
    (files / "link.json").symlink_to(files / "gan.json")
    done = synthgen("compare", "gan.json", "copula.json", other.format(folder=files.name))
    assert done.error.startswith("the report gan.json is given more than once.")


def test_standard_input_twice(synthgen):
    assert synthgen("compare", "-", "-").error.startswith("only one input can be `-`.")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "The report is not JSON"),
        (b'{"a": 1}', "The JSON is not a synthgen report"),
        (b"[1, 2]", "The JSON is not a synthgen report"),
        (b"PAR1\xff\xfe", "is not a report in JSON, but a binary file"),
        (b"", "The report is not JSON"),
    ],
)
def test_what_is_no_report_is_named(synthgen, files, content, words):
    (files / "bad.json").write_bytes(content)
    done = synthgen("compare", files / "gan.json", files / "bad.json")
    assert done.error.startswith(f"{files}/bad.json: {words}")


def test_a_report_of_a_newer_version_is_named(synthgen, files):
    newer = make_report(0.9, format_version=FORMAT_VERSION + 1)
    (files / "new.json").write_text(newer.to_json())
    error = synthgen("compare", files / "gan.json", files / "new.json").error
    assert error.startswith(f"{files}/new.json: The report has format version {FORMAT_VERSION + 1}")


def test_files_that_cannot_be_read_are_named(synthgen, files):
    assert (
        synthgen("compare", files / "gan.json", files / "no.json").error == f"{files}/no.json: no such file."
    )
    assert synthgen("compare", files / "gan.json", files).error == f"{files}: Is a directory."


def test_pages_are_not_overwritten(synthgen, files):
    (files / "page.html").write_text("precious")
    arguments = [files / "gan.json", files / "copula.json", "-o", files / "page.html"]
    assert "exists already" in synthgen("compare", *arguments).error
    assert (files / "page.html").read_text() == "precious"
    assert synthgen("compare", *arguments, "--force").code == 0
    assert "Synthetic tables compared" in (files / "page.html").read_text()


@pytest.mark.parametrize("option", ["-o", "--json"])
def test_an_output_is_never_an_input(synthgen, files, option):
    before = (files / "gan.json").read_bytes()
    done = synthgen(
        "compare", files / "copula.json", files / "gan.json", option, files / "gan.json", "--force"
    )
    assert f"the output {files}/gan.json is the input {files}/gan.json" in done.error
    assert (files / "gan.json").read_bytes() == before


def test_bad_outputs_are_refused_before_anything_is_read(synthgen, files):
    done = synthgen("compare", files / "no.json", files / "none.json", "-o", files / "no" / "page.html")
    assert "does not exist; make it first" in done.error


def test_the_help_shows_examples(synthgen):
    done = synthgen("compare", "--help")
    assert done.code == 0
    assert "\n  Examples:\n    synthgen compare " in done.out
