import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from synthgen.exceptions import DataError, ParameterError, SchemaError
from synthgen.metrics import detection
from synthgen.metrics.marginals import column_shapes
from synthgen.metrics.predictors import fit_predictor
from synthgen.metrics.tables import code_tables
from synthgen.reports import tables, usefulness
from synthgen.reports.summary import evaluate
from synthgen.reports.tables import make_tables
from synthgen.reports.wordings import WORDINGS
from synthgen.schema import Column, Schema
from synthgen.table.infer import infer_schema

ALWAYS = {n for n, w in WORDINGS.items() if w.area in ("fidelity", "privacy")} - {"relations_kept"}
"""Scores that every pair of tables has, relations, a target, genes and variants aside."""
UTILITY = {"utility_auc", "augmented_auc", "importance_agreement"}


@pytest.fixture
def quick(monkeypatch):
    """Detection on two small folds: for tests that are about something else."""
    monkeypatch.setattr(detection, "MAX_ROWS", 20)
    monkeypatch.setattr(detection, "_REPEATS", 1)


def test_every_score_stands_beside_its_baselines(full_report):
    assert set(full_report.scores) == ALWAYS | UTILITY | {"relations_kept"}
    for name, score in full_report.scores.items():
        if name == "membership_tpr":  # needs a hundred non-members
            assert score.value is None
            continue
        assert score.low <= score.value <= score.high, name
        assert None not in (score.ceiling.value, score.floor.value, score.memoriser.value), name
        assert score.meaning and score.better and score.trusted


def test_the_figures_are_those_of_the_metrics(full_report, people):
    real, synthetic = people(200, 1), people(200, 2)
    synthetic["weight"] = synthetic["weight"].sample(frac=1, random_state=0).to_numpy()
    synthetic.iloc[:10] = real.iloc[:10]
    coded = code_tables({"real": real, "synthetic": synthetic, "holdout": people(150, 3)}, infer_schema(real))
    mean, columns = column_shapes(coded["real"], make_tables(coded, 0).synthetic)
    assert full_report.scores["column_shapes"].value == mean.value
    assert full_report.columns == columns


def test_planted_faults_are_seen(full_report):
    scores = full_report.scores
    assert scores["nearest_record_copies"].value == pytest.approx(0.05)
    assert scores["nearest_record_copies"].ceiling.value == 0
    assert scores["c2st_auc"].low > 0.55 > scores["c2st_auc"].ceiling.low
    assert scores["pair_trends"].high < scores["pair_trends"].ceiling.high
    assert full_report.detection.importances[0].name in ("height", "weight")
    worst = min((p for p in full_report.pairs if p.score is not None), key=lambda p: p.score)
    assert {worst.first, worst.second} == {"height", "weight"}


def test_controls_do_what_they_should(full_report):
    scores = full_report.scores
    assert scores["nearest_record_copies"].memoriser.value == 1
    assert scores["nearest_record_real_share"].memoriser.low > 0.7
    assert scores["column_shapes"].floor.value > 0.9
    assert scores["membership_auc"].memoriser.low > 0.5 > scores["membership_auc"].ceiling.low
    assert scores["c2st_auc"].floor.low > 0.55
    assert 0 < scores["c2st_auc"].position < 1


def test_identifiers_are_left_out_with_a_reason(full_report):
    (left_out,) = full_report.left_out
    assert left_out.name == "code" and left_out.reason.startswith("identifier: all 200 strings distinct")
    assert "code" not in {c.name for c in full_report.columns}


def test_without_a_holdout_the_report_says_so(bare_report):
    assert set(bare_report.scores) == ALWAYS and not bare_report.has_holdout
    assert bare_report.notes[0].startswith("NO HELD-OUT ROWS")
    assert "not with held-out rows" in bare_report.scores["c2st_auc"].caution
    for name in ("nearest_record_real_share", "membership_auc", "inference_risk"):
        assert bare_report.scores[name].value is None
        assert "needs held-out rows" in bare_report.scores[name].caution
    trusted = {name for name, score in bare_report.scores.items() if score.trusted}
    assert trusted == {name for name in ALWAYS if not WORDINGS[name].needs_holdout}
    (verdict,) = [v for v in bare_report.verdicts if v.about == "holdout"]
    assert verdict.kind == "unknown" and "Detection by trees" in verdict.sentence


def test_a_copy_of_the_real_rows_is_below_one_half_and_explained(people, monkeypatch):
    monkeypatch.setattr(detection, "_REPEATS", 1)
    real = people(100, 1)
    score = evaluate(real, real.sample(100, replace=True, random_state=0)).scores["c2st_auc"]
    assert score.high < 0.5 and "Below 0.5 is not better" in score.caution


def test_utility_without_a_holdout_says_what_it_was_tested_on(people, quick):
    score = evaluate(people(100, 1), people(100, 2), target="weight").scores["utility_r2"]
    assert "a fifth of the real rows" in score.caution and score.ceiling.value > score.floor.value


def test_the_ceiling_learns_from_no_more_rows_than_the_synthetic_table_has(people, quick, monkeypatch):
    seen = []

    def record(train, *args, **options):
        seen.append(train.n_rows)
        return fit_predictor(train, *args, **options)

    monkeypatch.setattr(usefulness, "fit_predictor", record)
    parts = ["columns", "utility"]
    evaluate(people(60, 1), people(20, 2), people(30, 3), target="weight", metrics=parts)
    assert seen[:4] == [20, 20, 20, 20]
    seen.clear()
    evaluate(people(60, 1), people(90, 2), people(30, 3), target="weight", metrics=parts)
    assert seen[:4] == [90, 60, 60, 60]


def test_classes_that_the_real_table_lacks_are_pointed_out(people, quick):
    real, synthetic, holdout = (people(60, i).assign(word=["a", "b"] * 30) for i in (1, 2, 3))
    holdout.loc[:4, "word"], synthetic.loc[:1, "word"] = "c", "d"
    score = evaluate(real, synthetic, holdout, target="word").scores["utility_auc"]
    assert "5 held-out rows are left out: their class is not among" in score.caution
    assert "2 synthetic rows are left out" in score.caution
    assert evaluate(real, real, real, target="word").scores["utility_auc"].caution == ""


def test_a_holdout_of_training_rows_is_pointed_out(people, quick):
    real = people(60, 1)
    report = evaluate(real, people(60, 2), real.iloc[:30])
    (verdict,) = [v for v in report.verdicts if v.about == "holdout"]
    assert "100.0% of the held-out rows equal a real row" in verdict.sentence


def test_the_seed_repeats_the_report_and_is_stated(people, quick):
    tables = people(30, 1), people(30, 2)
    assert evaluate(*tables, random_state=7) == evaluate(*tables, random_state=7)
    assert evaluate(*tables, random_state=7).seed == 7
    drawn = evaluate(*tables, random_state=None)
    assert evaluate(*tables, random_state=drawn.seed) == drawn


def test_the_tables_are_left_as_they_were(people, quick):
    tables = [people(30, i) for i in range(3)]
    before = [t.copy() for t in tables]
    evaluate(*tables)
    for table, copy in zip(tables, before, strict=True):
        pd.testing.assert_frame_equal(table, copy)


def test_a_schema_decides_what_columns_are(people, quick):
    real, synthetic = people(30, 1), people(30, 2)
    schema = Schema((Column("code", "categorical"), Column("height", "integer")))
    report = evaluate(real, synthetic, schema=schema)
    assert {c.name: c.metric for c in report.columns}["code"] == "tv" and report.left_out == ()


def test_awkward_tables_do_not_fail_or_warn(quick):
    n = np.arange(40)
    real = pd.DataFrame(
        {
            "empty": np.nan,
            "constant": 3,
            "word": "same",
            "half": np.where(n % 2, np.nan, n / 2),
            "huge": n * 1e300,
            "span": pd.to_timedelta(n % 7, "h"),
            "flag": pd.array([True, None] * 20, dtype="boolean"),
            "level": pd.Categorical(["a", "b"] * 20, categories=["a", "b", "never"]),
        }
    )
    synthetic = real.iloc[::-1].assign(half=np.nan, constant=4, flag=False, empty="text")
    report = evaluate(real, synthetic.reset_index(drop=True), real.iloc[:20], target="level")
    shapes = {c.name: c.score.value for c in report.columns}
    assert shapes["empty"] is None and shapes["half"] is None and shapes["constant"] == 0
    assert shapes["word"] == 1 and shapes["flag"] == 0
    assert report.to_json() and report.to_html() and report.summary()


def test_one_column_is_enough(quick):
    table = pd.DataFrame({"x": np.arange(20.0) ** 1.5})
    report = evaluate(table, table)
    assert report.scores["pair_trends"].value is None and report.scores["column_shapes"].value == 1
    assert "<h1>" in report.to_html()


BAD_CALLS = {
    "empty": (lambda r: (r, r.iloc[:0]), {}, "The synthetic table cannot be evaluated. The table is empty"),
    "short": (lambda r: (r, r.iloc[:3]), {}, "The synthetic table has 3 rows; evaluate needs at least 10"),
    "short holdout": (lambda r: (r, r, r.iloc[:1]), {}, "The holdout table has 1 rows"),
    "no table": (lambda r: ([1, 2], r), {}, "The real table cannot be evaluated. The table must be a pandas"),
    "lacking": (lambda r: (r, r.drop(columns="weight")), {}, "synthetic table lacks column 'weight'"),
    "extra": (
        lambda r: (r, r, r.assign(z=1)),
        {},
        "holdout table has column 'z', which the real table lacks",
    ),
    "dtype": (lambda r: (r, r.assign(height="tall")), {}, "Column 'height' holds numbers .* but strings"),
    "target": (
        lambda r: (r, r),
        {"target": "nope"},
        "'nope' is not a column of the real table. It has 'height'",
    ),
    "identifier": (lambda r: (r, r), {"target": "code"}, "'code' cannot be predicted: it is identifier"),
    "one class": (lambda r: (r.assign(tall=True), r), {"target": "tall"}, "'tall' has 1 distinct values"),
    "nothing": (lambda r: (r[["code"]], r[["code"]]), {}, "No column can be compared: 'code' is identifier"),
    "alone": (lambda r: (r[["tall"]], r[["tall"]]), {"target": "tall"}, "no other column to predict 'tall'"),
}


@pytest.mark.parametrize("case", BAD_CALLS)
def test_bad_tables_are_refused(people, case):
    make, options, words = BAD_CALLS[case]
    with pytest.raises(DataError, match=words):
        evaluate(*make(people(30, 1)), **options)


@pytest.mark.parametrize(
    "options",
    [{"random_state": -1}, {"random_state": 1.5}, {"verbose": "yes"}, {"target": 3}, {"schema": {}}],
)
def test_bad_parameters_are_refused(people, options):
    with pytest.raises(ParameterError, match=f"The `{next(iter(options))}` parameter of evaluate must be"):
        evaluate(people(30, 1), people(30, 2), **options)


def test_a_schema_that_does_not_fit_is_refused(people):
    with pytest.raises(SchemaError, match="names column 'nope', which the table lacks"):
        evaluate(people(30, 1), people(30, 2), schema=Schema((Column("nope", "integer"),)))


@pytest.mark.parametrize("verbose", [0, 1])
def test_no_progress_is_shown_off_a_terminal(people, quick, capsys, verbose):
    evaluate(people(30, 1), people(30, 2), verbose=verbose)
    assert capsys.readouterr() == ("", "")


def test_evaluating_does_not_load_torch():
    code = "import sys, synthgen.reports.summary, synthgen.reports.render; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_most_exposed_rows_are_those_of_the_real_table_given(people, monkeypatch):
    monkeypatch.setattr(tables, "MAX_ROWS", 300)
    real, holdout = people(600, 1), people(300, 3)
    report = evaluate(real, real.iloc[400:450], holdout, metrics=["membership"])
    rows = {e.row for e in report.membership["synthetic"].exposed[:10]}
    assert len(rows & set(range(400, 450))) >= 7  # by chance 1 in 12; a few others share the highest score


def test_a_holdout_of_another_source_makes_unknown_of_what_depends_on_it(people, quick):
    holdout = people(300, 3)
    report = evaluate(
        people(300, 1), people(300, 2), holdout.assign(height=holdout.height + 8), target="tall"
    )
    kinds = {v.about: v.kind for v in report.verdicts}
    assert kinds["holdout"] == "unknown" == kinds["membership"]
    assert "leak" not in kinds.values()
    (verdict,) = [v for v in report.verdicts if v.about == "holdout"]
    assert "'height'" in verdict.sentence and "differ" in verdict.sentence
    assert not report.scores["membership_auc"].trusted and report.scores["column_shapes"].trusted


def test_a_holdout_that_says_nothing_of_the_target_skips_utility(people, quick):
    for values in (True, None):
        report = evaluate(people(60, 1), people(60, 2), people(40, 3).assign(tall=values), target="tall")
        assert "utility_auc" not in report.scores
        (verdict,) = [v for v in report.verdicts if v.about == "skipped"]
        assert "fewer than two known values of the target" in verdict.sentence


def test_copied_names_are_a_leak_even_where_the_column_is_not_compared(people, quick):
    real, synthetic = people(60, 1), people(60, 2)
    report = evaluate(
        real.assign(code=[f"n{i}x{i**3}" for i in range(60)]),
        synthetic.assign(code=[f"n{i}x{i**3}" for i in range(60)]),
    )
    (verdict,) = [v for v in report.verdicts if v.kind == "leak" and v.columns == ("code",)]
    assert "100.0% of the synthetic values of 'code' are real ones" in verdict.sentence


def test_a_report_says_in_a_line_what_it_is(full_report):
    assert repr(full_report).startswith("<Report: 5 columns, ") and len(repr(full_report)) < 120
