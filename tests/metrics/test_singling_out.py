import dataclasses
import itertools
import json

import numpy as np
import pandas as pd
import pytest

from synthgen.metrics import predicates as predicates_module
from synthgen.metrics import singling_out as module
from synthgen.metrics.baselines import bootstrap
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.predicates import (
    N_ATTACKS,
    Predicate,
    count_matches,
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


def test_copies_single_out_the_copied(tables):
    copied = bootstrap(tables["real"], 400, stream(0, "test"))
    risk = singling_out(tables["real"], copied, tables["holdout"], 0)
    assert risk.attack.low > risk.control.high and risk.attack.low > risk.baseline.high
    assert risk.risk.low > 0.2


def test_fresh_rows_single_out_no_more_real_rows_than_held_out_ones(people, coded):
    alarms = 0
    for seed in range(12):
        tables = coded(
            real=people(300, 3 * seed), fresh=people(300, 3 * seed + 1), holdout=people(300, 3 * seed + 2)
        )
        risk = singling_out(tables["real"], tables["fresh"], tables["holdout"], seed).risk
        alarms += risk.low > 0
    assert alarms <= 1


@pytest.mark.parametrize("n_held", [30, 60, 900])
def test_the_control_is_that_of_as_many_rows_as_real_ones(people, coded, n_held):
    alarms, controls, wanted = 0, [], []
    for seed in range(10):
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
        assert (f"from {n_held} held-out rows" in risk.words) == (n_held < 300)
    assert alarms <= 1
    error = np.hypot(np.std(controls), np.std(wanted)) / np.sqrt(10)
    assert np.mean(controls) == pytest.approx(np.mean(wanted), abs=3 * error)


def test_a_smaller_holdout_does_not_hide_that_rows_are_copied(people, coded):
    tables = coded(real=people(600, 1), holdout=people(600, 2))
    real, holdout = tables["real"], tables["holdout"]
    for n_held in (600, 200, 60):
        found = singling_out(real, real, holdout.take(np.arange(n_held)), 0)
        assert found.control.value < 0.35 and found.risk.low > 0.9


def test_half_a_leak_is_as_large_beside_fewer_held_out_rows(people, coded):
    risks = {400: [], 130: []}
    for seed in range(8):
        tables = coded(
            real=people(400, 3 * seed), fresh=people(400, 3 * seed + 1), holdout=people(400, 3 * seed + 2)
        )
        leaked = [c.values.copy() for c in tables["fresh"].columns]
        for values, column in zip(leaked, tables["real"].columns, strict=True):
            values[:200] = column.values[:200]
        columns = [
            dataclasses.replace(c, values=v) for c, v in zip(tables["fresh"].columns, leaked, strict=True)
        ]
        for n_held, found in risks.items():
            holdout = tables["holdout"].take(np.arange(n_held))
            table = CodedTable(tuple(columns), 400)
            found.append(singling_out(tables["real"], table, holdout, seed).risk.value)
    assert np.mean(risks[400]) > 0.15
    assert np.mean(risks[130]) == pytest.approx(np.mean(risks[400]), abs=0.1)


def test_a_control_of_the_real_table_s_size_is_a_count_of_held_out_rows_singled_out(tables):
    real, fresh, holdout = (tables[t] for t in ("real", "fresh", "holdout"))
    predicates = predicates_of_rows(fresh, 3, stream(0, "test"))
    found = module._of_control(holdout, predicates, count_matches(real, predicates), real.n_rows)
    n_hits = int((count_matches(holdout, predicates) == 1).sum())
    assert found.rate(1.0) == success_rate(n_hits, len(predicates))


def test_held_out_rows_among_real_ones_succeed_as_often_as_if_they_were_drawn(tables):
    real, fresh, few = (tables[t] for t in ("real", "fresh", "few"))
    predicates = predicates_of_rows(fresh, 3, stream(0, "test"))
    found = module._of_control(few, predicates, count_matches(real, predicates), real.n_rows)
    held_once = count_matches(few, predicates) == 1
    draw, hits = stream(1, "test"), []
    for _ in range(40):
        others = real.take(draw.permutation(400)[:250])
        hits.append((held_once & (count_matches(others, predicates) == 0)).sum())
    assert found.factor == 400 / 150
    assert found.weights.sum() == pytest.approx(np.mean(hits), abs=3 * np.std(hits) / np.sqrt(40))


def test_predicates_that_succeed_on_one_row_count_as_fewer():
    weights = np.array([1.0] * 40 + [0.0] * 60)
    apart = module._Successes(weights, np.arange(100))
    alike = module._Successes(weights, np.repeat(np.arange(25), 4))
    assert (apart.together(), alike.together()) == (1.0, 4.0)
    assert apart.rate(1.0) == success_rate(40, 100)
    wider, fewer = alike.rate(4.0), success_rate(10, 25)
    assert wider == Estimate(apart.rate(1.0).value, fewer.low, fewer.high)


def test_every_predicate_singles_out_one_synthetic_row(tables):
    fresh = tables["fresh"]
    found = predicates_of_rows(fresh, 3, stream(0, "test"))
    assert len(found) == len(set(found)) == N_ATTACKS
    assert (count_matches(fresh, found) == 1).all()


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
    levels = [("a", "b")] * 4  # of any three columns each combination is there twice
    frame = pd.DataFrame(list(itertools.product(*levels)), columns=list("ghij"))
    tables = coded(real=frame, synthetic=frame)
    risk = singling_out(tables["real"], tables["synthetic"], tables["real"], 0)
    assert risk.n_attacks == 0
    assert risk.attack == risk.control == risk.risk == Estimate(None)


def test_odd_columns_do_no_harm(coded):
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
    risk = singling_out(tables["real"], tables["synthetic"], tables["real"].take(rows[:4]), 0)
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
