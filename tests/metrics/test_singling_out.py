import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

from synthgen.metrics import predicates as predicates_module
from synthgen.metrics import singling_out as module
from synthgen.metrics.baselines import bootstrap
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.predicates import (
    N_ATTACKS,
    Predicate,
    count_matches,
    extreme_predicates,
    medians_of,
    predicate_of_row,
    predicates_of_rows,
)
from synthgen.metrics.risk import Risk, success_rate
from synthgen.metrics.singling_out import singling_out
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.reports.plain import from_plain_data, to_plain_data
from synthgen.rng import stream
from tests.reference.anonymeter_attacks import CONDITIONS, SETS, build, numbers

NUMBERS = numbers()


@pytest.fixture
def wine(coded):
    return coded(**build())


@pytest.fixture
def tables(people, coded):
    return coded(real=people(400, 1), fresh=people(400, 2), holdout=people(400, 3), few=people(150, 4))


def position(table, name):
    return [c.name for c in table.columns].index(name)


def coded_value(column, value):
    if value is None:
        return np.nan if column.is_numeric else -1.0
    return float(value) if column.is_numeric else float(column.levels.index(value))


def test_predicates_of_rows_match_as_many_rows_as_anonymeter_s(wine):
    synthetic = wine["synthetic"]
    medians = medians_of(synthetic)
    sets = [[position(synthetic, name) for name in names] for names in SETS]
    predicates = [
        predicate_of_row(synthetic, row, columns, medians)
        for columns in sets
        for row in range(synthetic.n_rows)
    ]
    for which, counts in NUMBERS["of_rows"].items():
        assert count_matches(wine[which], predicates).tolist() == counts


def test_any_conditions_match_as_many_rows_as_with_anonymeter(wine):
    predicates = []
    for conditions in CONDITIONS:
        columns = [position(wine["real"], name) for name, _, _ in conditions]
        values = [
            coded_value(wine["real"].columns[j], value)
            for j, (_, _, value) in zip(columns, conditions, strict=True)
        ]
        predicates.append(Predicate(tuple(columns), tuple(o for _, o, _ in conditions), tuple(values)))
    for which, counts in NUMBERS["given"].items():
        assert count_matches(wine[which], predicates).tolist() == counts


@pytest.mark.parametrize("n_columns", [1, 2, 3])
def test_copies_single_out_the_copied(tables, n_columns):
    copied = bootstrap(tables["real"], 400, stream(0, "test"))
    risk = singling_out(tables["real"], copied, tables["holdout"], 0, n_columns=n_columns)
    assert risk.attack.low > risk.control.high and risk.attack.low > risk.baseline.high
    assert risk.risk.low > 0.2


@pytest.mark.parametrize("n_columns", [1, 3])
def test_fresh_rows_single_out_no_more_real_rows_than_held_out_ones(people, coded, n_columns):
    alarms = 0
    for seed in range(12):
        tables = coded(
            real=people(300, 3 * seed), fresh=people(300, 3 * seed + 1), holdout=people(300, 3 * seed + 2)
        )
        risk = singling_out(
            tables["real"], tables["fresh"], tables["holdout"], seed, n_columns=n_columns
        ).risk
        alarms += risk.low > 0
    assert alarms <= 2


@pytest.mark.parametrize("n_held", [120, 900])
def test_the_control_is_that_of_as_many_rows_as_real_ones(people, coded, n_held):
    alarms, controls, wanted = 0, [], []
    for seed in range(6):
        tables = coded(
            real=people(300, 4 * seed),
            fresh=people(300, 4 * seed + 1),
            holdout=people(n_held, 4 * seed + 2),
            equal=people(300, 4 * seed + 3),
        )
        risk = singling_out(tables["real"], tables["fresh"], tables["holdout"], seed)
        alarms += risk.risk.low > 0
        controls.append(risk.control.value)
        wanted.append(singling_out(tables["real"], tables["fresh"], tables["equal"], seed).control.value)
        assert f"from {n_held} held-out rows" in risk.words
    assert alarms <= 2
    assert np.mean(controls) == pytest.approx(np.mean(wanted), abs=0.04)


def test_a_larger_holdout_is_thinned_exactly():
    matches = np.array([0, 1, 2, 5])
    drawn = [sum(hypergeom.pmf(1, 50, k, 20) for k in matches)]
    assert module._control(matches, 20, matches, 50) == success_rate(drawn[0], 4)


def test_every_predicate_singles_out_one_synthetic_row(tables):
    fresh = tables["fresh"]
    found = predicates_of_rows(fresh, 3, stream(0, "test"))
    assert len(found) == len(set(found)) == N_ATTACKS
    assert (count_matches(fresh, found) == 1).all()
    found = extreme_predicates(fresh, stream(0, "test"))
    assert len(found) == len(set(found)) == N_ATTACKS
    assert (count_matches(fresh, found) == 1).all()
    assert all(len(p.columns) == 1 for p in found)


def test_extremes_are_the_least_the_largest_and_the_unique_values():
    values = np.array([1.0, 2.0, 2.0, 3.0, 3.0, np.nan])
    table = CodedTable(
        (
            CodedColumn("x", "continuous", values),
            CodedColumn("g", "categorical", np.array([0, 0, 1, 1, 2, -1])),
        ),
        6,
    )
    found = {
        (p.columns[0], p.operators[0], str(p.values[0])) for p in extreme_predicates(table, stream(0, "test"))
    }
    assert found == {
        (0, "==", "1.0"), (0, "<=", "1.0"), (0, "==", "nan"), (1, "==", "2.0"), (1, "==", "-1.0"),
    }  # fmt: skip


def test_the_share_of_rows_that_meet_a_row_s_own_condition_is_counted():
    draw = stream(1, "test")
    numbers = np.where(draw.random(60) < 0.2, np.nan, draw.integers(0, 8, 60))
    columns = (
        CodedColumn("x", "integer", numbers),
        CodedColumn("g", "categorical", draw.integers(-1, 4, 60)),
    )
    table = CodedTable(columns, 60)
    medians = medians_of(table)
    for j, column in enumerate(columns):
        counts = count_matches(table, [predicate_of_row(table, i, [j], medians) for i in range(60)])
        np.testing.assert_allclose(predicates_module._shares_alike(column, medians[j]), counts / 60)


def test_repeated_synthetic_rows_count_once(tables):
    fresh = tables["fresh"]
    twice = fresh.take(np.repeat(np.arange(400), 2))
    once = singling_out(tables["real"], fresh, tables["holdout"], 0)
    assert singling_out(tables["real"], twice, tables["holdout"], 0) == once


def test_the_same_seed_gives_the_same_risk(tables):
    first, again, other = (singling_out(tables["real"], tables["fresh"], tables["few"], s) for s in (1, 1, 2))
    assert first == again != other


def test_without_a_holdout_there_is_an_attack_but_no_risk(tables):
    risk = singling_out(tables["real"], tables["fresh"], None, 0)
    assert risk.attack.value is not None and risk.control is None and risk.risk is None


def test_rows_that_nothing_tells_apart_are_not_attacked(coded):
    frame = pd.DataFrame({"g": ["a", "b"] * 30, "h": ["a", "a", "b", "b"] * 15})
    tables = coded(real=frame, synthetic=pd.concat([frame] * 2))
    risk = singling_out(tables["real"], tables["synthetic"].take(np.arange(60)), tables["real"], 0)
    # four different rows are left, of which two columns each single one out
    assert risk.attack.value < 0.5 and risk.risk.value == 0
    alike = pd.DataFrame({"g": ["a"] * 50, "x": [1.0] * 50})
    tables = coded(real=alike, synthetic=alike.iloc[:0:-1])
    assert singling_out(tables["real"], tables["synthetic"], tables["real"], 0).risk.value == 0


def test_one_column_and_one_distinct_row_are_enough(coded):
    frame = pd.DataFrame({"g": ["a", "a", "b", "b"] * 5})
    tables = coded(real=frame, synthetic=frame)
    repeated = tables["synthetic"].take(np.array([0, 0]))
    risk = singling_out(tables["real"], repeated, tables["real"], 0)
    assert risk.n_attacks == 1 and "of exactly one of 1 different" in risk.words


def test_no_predicate_is_no_rate(coded):
    frame = pd.DataFrame({"g": list("aabb"), "h": list("abab")})
    tables = coded(real=frame, synthetic=frame)
    risk = singling_out(tables["real"], tables["synthetic"], tables["real"], 0, n_columns=1)
    assert risk.n_attacks == 0
    assert risk.attack == risk.control == risk.risk == Estimate(None)


@pytest.mark.parametrize("n_columns", [1, 3])
def test_odd_columns_do_no_harm(coded, n_columns):
    rows = np.arange(10)
    frame = pd.DataFrame(
        {
            "none": [np.nan] * 10,
            "one": 7,
            "huge": rows * 1e300,
            "tiny": rows * 5e-324,
            "g": list("aabbccddee"),
        }
    )
    other = frame.assign(g="new", none=rows * 1.0)
    tables = coded(real=frame, synthetic=other)
    risk = singling_out(
        tables["real"], tables["synthetic"], tables["real"].take(rows[:4]), 0, n_columns=n_columns
    )
    assert 0 <= risk.attack.value <= 1 and 0 <= risk.risk.value <= 1


def test_many_columns_are_drawn_from():
    draw = stream(0, "test")
    real, synthetic = (
        CodedTable(tuple(CodedColumn(f"x{j}", "continuous", draw.normal(size=50)) for j in range(300)), 50)
        for _ in range(2)
    )
    assert "of 60 columns drawn at random from 300" in singling_out(real, synthetic, None, 0).words


def test_the_result_is_plain_data(tables):
    found = singling_out(tables["real"], tables["fresh"], tables["few"], 0)
    assert from_plain_data(Risk, json.loads(json.dumps(to_plain_data(found)))) == found
