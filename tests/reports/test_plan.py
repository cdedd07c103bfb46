import pandas as pd
import pytest

from synthgen.exceptions import ParameterError
from synthgen.metrics.tables import code_tables
from synthgen.reports import plan
from synthgen.reports.section import Section
from synthgen.reports.summary import evaluate
from synthgen.reports.tables import equal_rows, make_tables, some_columns
from synthgen.table.infer import infer_schema


def coded(people, n_real=60, n_synthetic=50, n_holdout=None):
    frames = {"real": people(n_real, 1), "synthetic": people(n_synthetic, 2)}
    if n_holdout:
        frames["holdout"] = people(n_holdout, 3)
    return code_tables(frames, infer_schema(frames["real"]))


def test_automatic_is_everything_that_the_tables_allow():
    assert plan.chosen("auto", True) == (list(plan.PARTS), [])
    names, skipped = plan.chosen("auto", False)
    assert "utility" not in names and [s.name for s in skipped] == ["utility"]
    assert plan.chosen(["mmd", "columns"], False) == (["columns", "mmd"], [])


def test_parts_left_out_leave_no_scores(people):
    report = evaluate(people(40, 1), people(40, 2), metrics=["columns", "nearest"])
    assert set(report.scores) >= {"column_shapes", "nearest_record_copies"}
    assert not {"c2st_auc", "pair_trends"} & set(report.scores)
    assert report.detection is None and report.pairs == () and report.mmd is None
    assert report.to_html() and report.summary()


def test_the_budget_ends_after_the_part_that_spent_it_and_says_what_is_missing(people, monkeypatch):
    clock = iter([0.0, 0.5, 99.0, 99.0])
    monkeypatch.setattr(plan.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(
        plan, "PARTS", {name: plan.Part(name, lambda t, _: Section({}, {})) for name in ("a", "b", "c", "d")}
    )
    found, skipped = plan.run(make_tables(coded(people), 0), None, ["a", "b", "c", "d"], 1.0, 0)
    assert len(found) == 2 and [s.name for s in skipped] == ["c", "d"]
    assert skipped[0].reason == "the budget of 1 seconds was spent"


@pytest.mark.parametrize(
    "options", [{"metrics": "all"}, {"metrics": []}, {"metrics": ["nope"]}, {"budget": 0}, {"budget": "fast"}]
)
def test_bad_choices_are_refused(people, options):
    with pytest.raises(ParameterError, match=f"The `{next(iter(options))}` parameter of evaluate must be"):
        evaluate(people(30, 1), people(30, 2), **options)


def test_scores_take_as_many_synthetic_rows_as_there_are_held_out_ones():
    assert equal_rows(5_000, None) == 5_000
    assert equal_rows(5_000, 2_000) == 2_000 and equal_rows(2_000, 5_000) == 2_000
    assert equal_rows(5_000, 10) == 10


def test_the_baselines_are_as_long_as_the_table_they_stand_beside(people):
    tables = make_tables(coded(people, 60, 50, 40), 0)
    assert tables.synthetic.n_rows == tables.floor.n_rows == tables.memoriser.n_rows == 40
    assert tables.all_synthetic.n_rows == 50
    assert tables.twins == (tables.real, tables.holdout) and tables.reference is tables.holdout
    halves = make_tables(coded(people), 0).twins
    assert [h.n_rows for h in halves] == [30, 30]


def test_too_many_columns_are_cut_at_random_and_alike(people):
    table = coded(people)["real"]
    assert some_columns(table, 100, 0).tolist() == list(range(len(table.columns)))
    some = some_columns(table, 3, 0)
    assert len(some) == 3 and some.tolist() == some_columns(table, 3, 0).tolist()
    assert [c.name for c in table.select(some).columns] == [table.columns[j].name for j in some]


def test_the_frame_of_scores_has_a_row_a_score(full_report):
    frame = full_report.to_frame()
    assert isinstance(frame, pd.DataFrame) and list(frame.index) == list(full_report.scores)
    assert frame.loc["c2st_auc", "memoriser_low"] == full_report.scores["c2st_auc"].memoriser.low


def test_a_notebook_shows_the_page_in_a_frame_of_its_own(bare_report):
    shown = bare_report._repr_html_()
    assert shown.startswith('<iframe srcdoc="') and shown.count("<iframe") == 1
    assert "<script" not in shown


def test_many_numbers_without_a_block_are_said_to_be_none():
    names, skipped = plan.fitting(["columns", "expression", "genotypes"], None, "auto", 300)
    assert names == ["columns"]
    assert [part.name for part in skipped] == ["expression", "genotypes"]
    assert skipped[0].reason.startswith("of 300 columns of numbers too few are of one kind")
    assert plan.fitting(["columns", "expression"], None, "auto", 199) == (["columns"], [])
