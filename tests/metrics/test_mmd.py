import numpy as np
import pandas as pd
import pytest

from synthgen.metrics import mmd as module
from synthgen.metrics.baselines import bootstrap, independent_columns
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.mmd import mmd, squared_mmd
from synthgen.rng import stream


def direct_mmd(kernel, n):
    """Equation 3 of Gretton et al. (2012), pair by pair."""
    total, m = 0.0, len(kernel) - n
    for i in range(len(kernel)):
        for j in range(len(kernel)):
            if i == j:
                continue
            if i < n and j < n:
                total += kernel[i, j] / (n * (n - 1))
            elif i >= n and j >= n:
                total += kernel[i, j] / (m * (m - 1))
            elif i < n:
                total -= 2 * kernel[i, j] / (n * m)
    return total


@pytest.mark.parametrize("n", [2, 5, 10])
def test_the_statistic_equals_its_definition_for_any_parting(n):
    points = stream(0, "test.mmd").normal(size=(12, 3))
    kernel = np.exp(-((points[:, None] - points) ** 2).sum(axis=2))
    orders = [np.arange(12), np.arange(12)[::-1], np.roll(np.arange(12), 5)]
    first = np.stack([np.isin(np.arange(12), order[:n]) for order in orders], axis=1)
    expected = [direct_mmd(kernel[np.ix_(order, order)], n) for order in orders]
    np.testing.assert_allclose(squared_mmd(kernel, first), expected, atol=1e-14)


def test_two_rows_each_of_two_levels_have_a_known_discrepancy(coded):
    tables = coded(real=pd.DataFrame({"g": ["a", "a"]}), other=pd.DataFrame({"g": ["b", "b"]}))
    found = mmd(tables["real"], tables["other"], 0)
    # four of six pairs lie 1 apart, so that the median is 1: 1 + 1 - 2 exp(-1/2)
    assert found.bandwidth == pytest.approx(1.0, rel=1e-6)
    assert found.squared.value == pytest.approx(2 - 2 * np.exp(-0.5), rel=1e-6)


@pytest.fixture
def tables(people, coded):
    tables = coded(real=people(500, 1), holdout=people(300, 2))
    tables["floor"] = independent_columns(tables["real"], 500, stream(0, "test"))
    tables["copy"] = bootstrap(tables["real"], 500, stream(1, "test"))
    return tables


def test_fresh_rows_are_of_the_same_distribution(tables):
    found = mmd(tables["real"], tables["holdout"], 0)
    assert found.squared.low < 0 < found.squared.high and found.p_value > 0.05
    assert (found.n_rows, found.n_columns, found.n_permutations) == (300, 6, 500)


def test_shuffled_columns_are_not(tables):
    found = mmd(tables["real"], tables["floor"], 0)
    assert found.squared.low > 0 and found.p_value < 0.01


def test_a_copy_lies_nearer_than_chance_allows(tables):
    assert mmd(tables["real"], tables["copy"], 0).p_value > 0.5


def test_the_p_value_is_uniform_and_the_interval_holds_the_mean_under_the_null(coded):
    found = []
    for i in range(100):
        draw = stream(i, "test.null")
        tables = coded(
            **{w: pd.DataFrame(draw.normal(size=(40, 2)), columns=["x", "y"]) for w in ("real", "other")}
        )
        found.append(mmd(tables["real"], tables["other"], i))
    p_values = np.array([f.p_value for f in found])
    for level in (0.1, 0.3, 0.5, 0.7):
        assert abs((p_values <= level).mean() - level) < 3 * np.sqrt(level * (1 - level) / 100)
    assert sum(f.squared.low <= 0 <= f.squared.high for f in found) >= 93


def test_the_interval_holds_the_mean_where_the_tables_differ(coded):
    found = []
    for i in range(60):
        draw = stream(i, "test.shift")
        frames = {w: pd.DataFrame(draw.normal(size=(80, 2)), columns=["x", "y"]) for w in ("real", "other")}
        frames["other"]["x"] += 1
        tables = coded(**frames)
        found.append(mmd(tables["real"], tables["other"], i).squared)
    mean = np.mean([e.value for e in found])
    assert sum(e.low <= mean <= e.high for e in found) >= 52
    assert np.mean([e.high - e.low for e in found]) < 6 * np.std([e.value for e in found])


def test_the_seed_repeats_the_figures_and_rows_are_capped(tables, monkeypatch):
    monkeypatch.setattr(module, "MAX_ROWS", 80)
    found = mmd(tables["real"], tables["holdout"], 4)
    assert found == mmd(tables["real"], tables["holdout"], 4) != mmd(tables["real"], tables["holdout"], 5)
    assert found.n_rows == 80


def test_columns_are_capped(tables, monkeypatch):
    monkeypatch.setattr(module, "MAX_COORDINATES", 4)
    assert mmd(tables["real"], tables["holdout"], 0).n_columns < 6


def test_one_row_gives_an_empty_estimate(people, coded):
    tables = coded(real=people(20, 1), other=people(1, 2))
    found = mmd(tables["real"], tables["other"], 0)
    assert found.squared == Estimate(None) and found.p_value == 1


def test_rows_that_are_mostly_equal_have_a_bandwidth(coded):
    tables = coded(
        real=pd.DataFrame({"g": ["a"] * 19 + ["b"]}), other=pd.DataFrame({"g": ["a"] * 18 + ["b"] * 2})
    )
    found = mmd(tables["real"], tables["other"], 0)
    assert 0 < found.bandwidth < 1 and found.p_value > 0.5


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"x": [1.0] * 12}),
        pd.DataFrame({"x": [1.0] * 12, "y": [np.nan] * 12}),
        pd.DataFrame({"g": ["a", "b"] * 6}),
        pd.DataFrame({"x": [1e300, -1e300, *range(10)]}),
        pd.DataFrame({"x": [1.0, np.nan, 3.0] * 4, "g": pd.Series(["a", None, "b"] * 4)}),
    ],
    ids=["constant", "empty column", "levels", "huge", "missing"],
)
def test_odd_tables_do_not_differ_from_themselves(coded, frame):
    tables = coded(real=frame, other=frame)
    found = mmd(tables["real"], tables["other"], 0)
    assert found.squared.low <= found.squared.value <= 1e-12 and found.p_value > 0.3
