import numpy as np
import pandas as pd
import pytest
from scipy.stats import moment
from scipy.stats.contingency import association

from synthgen.metrics import pair_tests as pair_tests_module
from synthgen.metrics.pair_tests import pair_tests
from synthgen.metrics.tables import code_tables
from synthgen.rng import stream
from synthgen.table.infer import infer_schema


def judge(coded, real, other):
    tables = coded(real=real, other=other)
    return {(t.first, t.second): t for t in pair_tests(*tables.values(), np.arange(len(real.columns)))}


def test_fresh_rows_are_alarmed_about_no_more_often_than_stated(coded, people):
    p_values = [
        t.p_value
        for seed in range(60)
        for t in judge(coded, people(500, 2 * seed), people(400, 2 * seed + 1)).values()
    ]
    assert len(p_values) == 900
    assert np.mean(np.array(p_values) <= 0.05) < 0.07 and min(p_values) > 1e-5


def test_small_p_values_are_not_too_small_in_tables_of_unequal_size():
    draw = stream(0, "test.pairs")
    shares = np.outer([0.02, 0.98], [0.1, 0.9])
    real, other = (draw.multinomial(n, shares.ravel(), 15_000).reshape(-1, 2, 2) for n in (20_000, 1_500))
    least = [p.min() for a, b in zip(real, other, strict=True) if len(p := pair_tests_module._cell_p(a, b))]
    assert len(least) > 12_000
    for level in (1e-2, 1e-3, 1e-4):
        # the four cells of two columns of two values are one test: nothing is multiplied by their number
        assert np.sum(np.array(least) <= level) <= 15_000 * level + 3 * np.sqrt(15_000 * level)


def test_the_moments_of_a_cell_s_scores_are_those_of_its_rows():
    draw = stream(1, "test.pairs")
    a, b = draw.integers(0, 3, 200), draw.integers(0, 4, 200)
    p = np.zeros((3, 4))
    np.add.at(p, (a, b), 1 / 200)
    row, column = p.sum(axis=1, keepdims=True), p.sum(axis=0, keepdims=True)
    second, third = pair_tests_module._central_moments(p, row, column)
    scores = ((a == 1) - row[1, 0]) * ((b == 2) - column[0, 2])
    assert second[1, 2] == pytest.approx(scores.var()) and third[1, 2] == pytest.approx(moment(scores, 3))


def test_a_shuffled_column_loses_its_relations_and_no_other_does(coded, people):
    real, other = people(1_000, 1), people(1_000, 2)
    other["weight"] = other["weight"].sample(frac=1, random_state=0).to_numpy()
    found = judge(coded, real, other)
    assert found["height", "weight"].p_value < 1e-20 and found["height", "tall"].p_value > 0.001
    assert found["height", "weight"].real > 0.4 > 0.1 > found["height", "weight"].other


def test_a_changed_marginal_alone_changes_no_strength(coded, people):
    real, other = people(1_000, 1), people(1_000, 2)
    other["weight"] = np.exp(other["weight"] / 20) * 1.5
    other["height"] += 10
    found = judge(coded, real, other)
    before = judge(coded, real, people(1_000, 2))
    assert [t.other for t in found.values()] == [t.other for t in before.values()]


def test_the_strength_is_cramers_v_without_its_bias():
    draw = stream(0, "test")
    a = draw.choice(["x", "y", "z"], 300)
    frame = pd.DataFrame({"a": a, "b": np.where(draw.random(300) < 0.5, a, "w")})
    tables = code_tables({"real": frame, "other": frame}, infer_schema(frame))
    (found,) = pair_tests(*tables.values(), np.arange(2))
    counts = pd.crosstab(frame.a, frame.b).to_numpy()
    phi2 = association(counts, method="cramer") ** 2 * 2 - 2 * 3 / 299
    assert found.real == pytest.approx(np.sqrt(phi2 / (3 - 4 / 299 - 1))) == pytest.approx(found.other)
    assert found.p_value == 1


def test_many_cells_of_few_rows_show_no_relation_where_there_is_none(coded):
    draw = stream(0, "test")
    frame = pd.DataFrame({name: draw.choice(list("abcdefgh"), 400) for name in "xyzw"})
    assert np.mean([t.real for t in judge(coded, frame, frame).values()]) < 0.05


@pytest.mark.parametrize("values", [[1.0] * 12, [np.nan] * 12, list(range(12))])
def test_tables_too_small_or_constant_are_not_judged(coded, values):
    frame = pd.DataFrame({"x": values, "y": list("ab") * 6, "z": np.arange(12.0)})
    assert {t.p_value for t in judge(coded, frame, frame[::-1]).values()} == {1.0}
