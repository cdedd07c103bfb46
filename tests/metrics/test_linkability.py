import numpy as np
import pandas as pd
import pytest

from synthgen.metrics.baselines import bootstrap, independent_columns
from synthgen.metrics.gower import nearest_rows
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.linkability import linkability, links
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.rng import stream
from tests.reference.anonymeter_attacks import HALVES, build, numbers


@pytest.fixture
def tables(people, coded):
    return coded(real=people(300, 1), fresh=people(300, 2), holdout=people(300, 3))


def positions(table, names):
    all_names = [c.name for c in table.columns]
    return np.array([all_names.index(name) for name in names])


def one_column(values):
    values = np.asarray(values)
    kind = "continuous" if values.dtype.kind == "f" else "categorical"
    return CodedTable(
        (CodedColumn("x", kind, values, () if kind == "continuous" else tuple("abcd")),), len(values)
    )


def first_nearest(targets, candidates, columns=(0,)):
    return nearest_rows(targets, candidates, [columns], np.zeros((1, targets.n_rows)))[0].tolist()


@pytest.mark.parametrize("which", ["real", "control"])
def test_the_linked_rows_are_those_of_anonymeter(coded, which):
    tables = coded(**build())
    halves = [positions(tables["real"], half) for half in HALVES]
    found = links(tables[which], tables["synthetic"], halves, stream(0, "test"))
    assert np.flatnonzero(found).tolist() == numbers()["linked"][which]


def test_numbers_differ_by_their_range_and_levels_wholly(coded):
    frame = pd.DataFrame({"x": [0.0, 6.0, 10.0], "g": ["a", "b", "c"]})
    tables = coded(real=pd.DataFrame({"x": [4.0, 0.0], "g": ["a", "c"]}), synthetic=frame)
    # 0.4 + 0 against 0.2 + 1 and 0.6 + 1; then 0 + 1 against 0.6 + 1 and 1 + 0: a tie
    assert first_nearest(tables["real"], tables["synthetic"], (0, 1)) == [0, 0]
    last = nearest_rows(tables["real"], tables["synthetic"], [(0, 1)], np.full((1, 2), 0.999))
    assert last.tolist() == [[0, 2]]


def test_missing_is_like_missing_and_unlike_every_number():
    candidates = one_column([np.nan, 1.0, 9.0])
    assert first_nearest(one_column([np.nan, 1.5, 7.0]), candidates) == [0, 1, 2]
    assert first_nearest(one_column([-1, 2]), one_column([0, 2, -1])) == [2, 1]


def test_ties_are_broken_by_the_picks():
    candidates = one_column([1, 0, 1, 1])
    picks = np.array([[0.0, 0.34, 0.67, 0.999]])
    assert nearest_rows(one_column([1, 1, 1, 1]), candidates, [(0,)], picks).tolist() == [[0, 2, 3, 3]]


@pytest.mark.parametrize("scale", [1e300, 5e-324, 1.7e308])
def test_numbers_of_any_size_have_distances(scale):
    candidates = one_column(np.array([-1.0, 0.0, 1.0]) * scale)
    assert first_nearest(one_column(np.array([1.0, -1.0]) * scale), candidates) == [2, 0]


def test_more_levels_than_a_byte_counts():
    levels = tuple(str(i) for i in range(300))
    codes = np.arange(300)
    table = CodedTable((CodedColumn("g", "categorical", codes, levels),), 300)
    assert first_nearest(table.take(np.array([0, 255, 256, 299])), table) == [0, 255, 256, 299]


def test_copies_link_the_halves(tables):
    copied = bootstrap(tables["real"], 300, stream(0, "test"))
    risk = linkability(tables["real"], copied, tables["holdout"], 0)
    assert risk.attack.low > risk.control.high and risk.attack.low > risk.baseline.high
    assert risk.risk.low > 0.2 and risk.n_attacks == 300


def test_fresh_rows_link_no_better_than_held_out_ones(people, coded):
    alarms = 0
    for seed in range(20):
        tables = coded(
            real=people(150, 3 * seed), fresh=people(150, 3 * seed + 1), holdout=people(150, 3 * seed + 2)
        )
        alarms += linkability(tables["real"], tables["fresh"], tables["holdout"], seed).risk.low > 0
    assert alarms <= 2


def test_rows_that_are_all_alike_are_linked_by_chance_only(coded):
    frame = pd.DataFrame({"g": ["a", "b"] * 100, "h": ["u"] * 200, "i": [3] * 200})
    tables = coded(real=frame, synthetic=frame)
    risk = linkability(tables["real"], tables["synthetic"], tables["real"], 0)
    assert risk.attack.value < 0.1 and risk.control.value < 0.1


def test_shuffled_columns_link_as_badly_as_random_guesses(tables):
    floor = independent_columns(tables["real"], 300, stream(0, "test"))
    risk = linkability(tables["real"], floor, tables["holdout"], 0)
    assert risk.attack.low <= risk.baseline.high


def test_as_many_of_each_are_attacked_and_words_say_how_many(tables):
    few = tables["holdout"].take(np.arange(40))
    risk = linkability(tables["real"], tables["fresh"], few, 0)
    assert risk.n_attacks == 40
    assert risk.words.startswith("40 real rows, each cut into 3 and 3 of 6 columns")
    assert "300 synthetic rows" in risk.words


def test_one_seed_one_answer(tables):
    first, again = (linkability(tables["real"], tables["fresh"], tables["holdout"], 7) for _ in range(2))
    assert first == again


def test_without_a_holdout_there_is_no_control(tables):
    risk = linkability(tables["real"], tables["fresh"], None, 0)
    assert risk.attack.value is not None and risk.control is None and risk.risk is None


def test_one_column_cannot_be_linked(coded):
    tables = coded(real=pd.DataFrame({"x": [1.0, 2.0, 3.0]}))
    risk = linkability(tables["real"], tables["real"], tables["real"], 0)
    assert risk.attack == Estimate(None) and risk.n_attacks == 0


@pytest.mark.parametrize("kinds", ["numbers", "levels", "odd"])
def test_tables_of_one_kind_and_odd_ones_do_no_harm(coded, kinds):
    rows = np.arange(10)
    frames = {
        "numbers": pd.DataFrame({"x": rows * 1.5, "y": rows[::-1] * 1e300}),
        "levels": pd.DataFrame({"g": list("aabbccddee"), "h": list("ababababab")}),
        "odd": pd.DataFrame({"none": [np.nan] * 10, "one": [7] * 10, "x": rows * 1.0}),
    }
    frame = frames[kinds]
    tables = coded(real=frame, synthetic=frame.iloc[::-1])
    risk = linkability(tables["real"], tables["synthetic"], tables["real"].take(rows[:3]), 0)
    assert risk.n_attacks == 3 and 0 <= risk.risk.value <= 1


def test_wide_tables_are_attacked_on_a_random_choice():
    draw = stream(0, "test")
    real, synthetic = (
        CodedTable(tuple(CodedColumn(f"x{j}", "continuous", draw.normal(size=30)) for j in range(200)), 30)
        for _ in range(2)
    )
    risk = linkability(real, synthetic, None, 0)
    assert "30 and 30 of 60 columns drawn at random from 200" in risk.words
