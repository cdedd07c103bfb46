import dataclasses
import json

import pytest

from synthgen.exceptions import DataError, FileError
from synthgen.reports.report import FORMAT_VERSION, Report


def altered(report, **changes):
    return json.dumps(report.to_dict() | changes)


@pytest.mark.parametrize("which", ["full_report", "bare_report"])
def test_json_round_trips(request, which):
    report = request.getfixturevalue(which)
    assert Report.from_json(report.to_json()) == report


def test_json_is_strict_and_says_where_it_comes_from(full_report):
    def refuse(constant):
        raise AssertionError(constant)

    data = json.loads(full_report.to_json(), parse_constant=refuse)
    assert data["format_version"] == FORMAT_VERSION and data["seed"] == 0
    assert data["n_rows"] == {"real": 200, "synthetic": 200, "holdout": 150}
    assert {"synthgen_version", "libraries", "notes", "scores"} <= set(data)


def test_nothing_can_be_changed(full_report):
    with pytest.raises(dataclasses.FrozenInstanceError):
        full_report.seed = 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        full_report.scores["c2st_auc"].value = 0.5


def test_what_is_no_report_is_refused(full_report):
    cases = {
        "{": "The report is not JSON",
        "[]": "is not a synthgen report",
        '{"a": 1}': "is not a synthgen report",
        altered(full_report, format_version=FORMAT_VERSION + 1): f"reads up to {FORMAT_VERSION}; upgrade it",
        altered(full_report, surprise=1): "unknown field 'surprise'",
        altered(full_report, seed="zero"): "report.seed must be of type int. Got 'zero'",
        altered(full_report, notes="x"): "report.notes must be a list",
        altered(full_report, scores=[]): "report.scores must be an object",
        altered(full_report, columns=[1]): r"report.columns\[0\] must be a JSON object",
        altered(full_report, detection={}): "report.detection lacks 'auc'",
    }
    for text, words in cases.items():
        with pytest.raises(DataError, match=words):
            Report.from_json(text)


def test_saving_by_suffix(bare_report, tmp_path):
    bare_report.save(tmp_path / "r.json")
    bare_report.save(str(tmp_path / "r.HTML"))
    assert Report.from_json((tmp_path / "r.json").read_text(encoding="utf-8")) == bare_report
    assert (tmp_path / "r.HTML").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("name", ["r.pdf", "r"])
def test_other_suffixes_are_refused(bare_report, tmp_path, name):
    with pytest.raises(FileError, match=r"a report is written as .html or .json"):
        bare_report.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_an_existing_file_can_be_kept(bare_report, tmp_path):
    (tmp_path / "r.json").write_text("mine")
    with pytest.raises(FileError, match="exists already"):
        bare_report.save(tmp_path / "r.json", overwrite=False)
    assert (tmp_path / "r.json").read_text() == "mine"


def test_the_summary_has_a_line_a_score_with_interval_and_baselines(full_report):
    text = full_report.summary()
    assert text.startswith("200 synthetic rows against 200 real rows and 150 held-out rows, 5 columns")
    score = full_report.scores["c2st_auc"]
    line = next(line for line in text.splitlines() if line.startswith("c2st_auc"))
    for number in (score.value, score.low, score.high, score.ceiling.value, score.floor.value):
        assert f"{number:.3f}" in line
    assert all(f"\n{name} " in text for name in full_report.scores)
    assert all(f"- {note}" in text for note in full_report.notes)


def test_the_summary_shows_a_dash_for_what_there_is_not(bare_report):
    line = next(x for x in bare_report.summary().splitlines() if x.startswith("nearest_record_real_share"))
    assert line.split()[1:5] == ["–"] * 4
