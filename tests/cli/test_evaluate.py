"""`synthgen evaluate`: a report, a summary, and thresholds that set the exit code."""

import json
import math
from types import SimpleNamespace

import pytest

import synthgen.reports.summary
from synthgen.table.read import read_table
from synthgen.table.write import write_table


@pytest.fixture
def tables(tmp_path, diabetes):
    """Real rows, other real rows that stand for synthetic ones, and a holdout."""
    for name, part in (
        ("real", diabetes[:150]),
        ("synthetic", diabetes[150:300]),
        ("holdout", diabetes[300:]),
    ):
        write_table(
            part[["age", "sex", "bmi", "target"]].reset_index(drop=True), tmp_path / f"{name}.parquet"
        )
    return tmp_path


@pytest.fixture
def fake(monkeypatch):
    """A report that needs no measuring; what it was asked for is kept."""
    asked = {}
    values = {"c2st_auc": 0.7, "pair_trends": 0.9, "utility_auc": math.nan, "mmd": None, "coverage": 0.9}

    def evaluate(real, synthetic, holdout=None, target=None, **kwargs):
        asked.update(
            kwargs, n=(len(real), len(synthetic), holdout is not None and len(holdout)), target=target
        )
        return SimpleNamespace(
            scores={
                name: SimpleNamespace(value=value, trusted=name != "coverage")
                for name, value in values.items()
            },
            summary=lambda: "the summary",
            to_html=lambda: "<html>ü</html>",
            to_json=lambda: '{"a": 1}',
        )

    monkeypatch.setattr(synthgen.reports.summary, "evaluate", evaluate)
    return asked


def test_the_real_report(synthgen, tables, names_in):
    before = names_in(tables)
    done = synthgen(
        "evaluate", tables / "real.parquet", tables / "synthetic.parquet", "--holdout", tables / "holdout.parquet",
        "--target", "target", "-o", tables / "r.html", "--json", tables / "r.json", "--require", "column_shapes>=0.5",
    )  # fmt: skip
    assert done.code == 0
    assert "column_shapes" in done.out
    assert done.err.count("the report is in") == 2
    scores = json.loads((tables / "r.json").read_text())["scores"]
    assert 0.5 <= scores["column_shapes"]["value"] <= 1
    assert "<html" in (tables / "r.html").read_text()[:200].lower()
    assert names_in(tables) == sorted([*before, "r.html", "r.json"])


def test_a_target_that_is_no_column(synthgen, tables):
    done = synthgen("evaluate", tables / "real.parquet", tables / "synthetic.parquet", "--target", "income")
    assert "'income'" in done.error


def test_everything_is_passed_on(synthgen, tables, fake):
    schema = tables / "s.json"
    schema.write_text('{"columns": [{"name": "age", "kind": "continuous"}]}')
    files = [tables / "real.parquet", tables / "synthetic.parquet", "--holdout", tables / "holdout.parquet"]
    done = synthgen("evaluate", *files, "--target", "bmi", "--seed", 4, "--schema", schema)
    assert (done.code, done.out) == (0, "the summary\n")
    assert fake["schema"]["age"].kind == "continuous"
    assert (fake["n"], fake["target"], fake["random_state"]) == ((150, 150, 142), "bmi", 4)


def test_quiet_prints_no_summary(synthgen, tables, fake):
    done = synthgen("evaluate", tables / "real.parquet", tables / "synthetic.parquet", "-q")
    assert (done.code, done.out, done.err) == (0, "", "")


@pytest.mark.parametrize(("option", "out"), [("--json", '{"a": 1}\n'), ("-o", "<html>ü</html>\n")])
def test_standard_output_holds_the_report_alone(synthgen, tables, fake, option, out):
    done = synthgen("evaluate", tables / "real.parquet", tables / "synthetic.parquet", option, "-")
    assert (done.code, done.out, done.err) == (0, out, "the summary\n")


@pytest.mark.parametrize(
    "condition", ["c2st_auc<=0.7", "c2st_auc < 0.71", "pair_trends>=.9", "pair_trends > 0.8"]
)
def test_thresholds_that_hold(synthgen, tables, fake, condition):
    done = synthgen("evaluate", tables / "real.parquet", tables / "synthetic.parquet", "--require", condition)
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize(
    ("condition", "line"),
    [
        ("c2st_auc<=0.65", "synthgen: required c2st_auc <= 0.65, but it is 0.7"),
        ("c2st_auc<0.7", "synthgen: required c2st_auc < 0.7, but it is 0.7"),
        ("pair_trends>0.9", "synthgen: required pair_trends > 0.9, but it is 0.9"),
        ("utility_auc>=0", "synthgen: required utility_auc >= 0, but it could not be measured"),
        (
            "coverage>=0.5",
            "synthgen: required coverage >= 0.5, but without sound held-out rows it cannot be trusted",
        ),
        ("mmd<=1", "synthgen: required mmd <= 1, but it could not be measured"),
    ],
)
def test_thresholds_that_fail_exit_with_1_and_still_write_the_report(synthgen, tables, fake, condition, line):
    options = ["--require", condition, "--require", "c2st_auc<=1", "--json", tables / "r.json", "-q"]
    done = synthgen("evaluate", tables / "real.parquet", tables / "synthetic.parquet", *options)
    assert (done.code, done.out, done.err) == (1, "", f"{line}\n")
    assert (tables / "r.json").read_text() == '{"a": 1}'


def test_an_unknown_score_is_wrong_usage(synthgen, tables, fake):
    options = ["--require", "c2st<=1", "-q"]
    done = synthgen("evaluate", tables / "real.parquet", tables / "synthetic.parquet", *options)
    assert done.error.startswith(
        "--require names the unknown score 'c2st'; known are column_shapes, pair_trends"
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--metrics", "columns,nope"], "--metrics names the unknown part 'nope'; known are columns, pairs"),
        (["-o", "page.json"], "-o writes a page: its name must end in .html. Got 'page.json'"),
        (["--budget", "-3"], "Invalid value for '--budget'"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_measured(synthgen, tables, options, words):
    done = synthgen("evaluate", tables / "real.parquet", tables / "synthetic.parquet", *options)
    assert done.code == 2 and done.error.startswith(words)


@pytest.mark.parametrize(
    "condition", ["c2st_auc", "c2st_auc<=nan", "c2st_auc=0.7", "c2st_auc<=much", "<=1", "a<=1<=2"]
)
def test_malformed_thresholds_are_refused_before_anything_is_read(synthgen, condition):
    done = synthgen("evaluate", "no.parquet", "no.parquet", "--require", condition)
    assert done.error.startswith("--require must be a score, a comparison and a number")


def test_reports_are_not_overwritten(synthgen, tables, fake):
    (tables / "r.html").write_text("precious")
    files = [tables / "real.parquet", tables / "synthetic.parquet", "-o", tables / "r.html"]
    assert "exists already" in synthgen("evaluate", *files).error
    assert (tables / "r.html").read_text() == "precious"
    assert synthgen("evaluate", *files, "--force").code == 0
    assert (tables / "r.html").read_text() == "<html>ü</html>"


@pytest.mark.parametrize(
    ("change", "files", "message"),
    [
        (
            {"synthetic": lambda t: t.drop(columns="bmi")},
            ["synthetic", "real"],
            "The synthetic table lacks column 'bmi', which the real table has",
        ),
        ({"holdout": lambda t: t.head(3)}, ["holdout"], "The holdout table has 3 rows"),
        (
            {"synthetic": lambda t: t.assign(bmi="tall")},
            ["real", "synthetic"],
            "Column 'bmi' holds numbers (dtype float64) in the real table but strings",
        ),
        ({"real": lambda t: t.assign(bmi=math.inf)}, ["real"], "Column 'bmi' holds infinities"),
        (
            {"synthetic": lambda t: t.assign(bmi=math.inf)},
            ["synthetic"],
            "Column 'bmi' of the synthetic table holds infinities",
        ),
    ],
)
def test_errors_name_the_files_of_the_tables_they_speak_of(synthgen, tables, change, files, message):
    for name, alter in change.items():
        write_table(alter(read_table(tables / f"{name}.parquet")), tables / f"{name}.parquet")
    done = synthgen(
        "evaluate",
        tables / "real.parquet",
        tables / "synthetic.parquet",
        "--holdout",
        tables / "holdout.parquet",
    )
    assert done.error.startswith(f"{' / '.join(f'{tables}/{f}.parquet' for f in files)}: {message}")


def test_errors_of_the_schema_file_name_it_alone(synthgen, tables):
    (tables / "s.json").write_text('{"columns": [{"name": "age", "kind": "categorical", "levels": [["x"]]}]}')
    for command in ("evaluate", "inspect"):
        more = [tables / "synthetic.parquet"] if command == "evaluate" else []
        done = synthgen(command, tables / "real.parquet", *more, "--schema", tables / "s.json")
        assert done.error.startswith(f"{tables}/s.json: The levels of column 'age' must be")
