import numpy as np
import pandas as pd
import pytest

from synthgen.metrics import collapse as module
from synthgen.metrics.baselines import bootstrap, independent_columns
from synthgen.metrics.collapse import duplicate_share, participation_ratio
from synthgen.metrics.coordinates import standardised
from synthgen.metrics.intervals import Estimate
from synthgen.rng import stream


def test_rows_said_twice_are_counted_from_the_second_time_on(coded):
    frame = pd.DataFrame({"x": [1.0, 2.0, 1.0, np.nan, np.nan, 1.0], "g": ["a", "a", "a", None, None, "b"]})
    found = duplicate_share(coded(real=frame)["real"])
    assert found.value == pytest.approx(2 / 6) and found.low < 2 / 6 < found.high


def test_fresh_rows_have_no_duplicates_and_a_bootstrap_has_a_third(people, coded):
    real = coded(real=people(600, 1))["real"]
    copied = bootstrap(real, 600, stream(0, "test"))
    assert duplicate_share(real).value == 0
    assert duplicate_share(copied).low < np.exp(-1) < duplicate_share(copied).high


def numbers(coded, n, n_columns, seed, spread=None):
    """Independent normal columns of given standard deviations, made dependent by a rotation if they differ."""
    draw = stream(seed, "test.numbers")
    values = draw.normal(size=(n, n_columns)) * (1.0 if spread is None else spread)
    return pd.DataFrame(values, columns=[f"x{j}" for j in range(n_columns)])


@pytest.mark.parametrize(("n", "n_columns"), [(200, 5), (30, 80)])
def test_the_ratio_equals_that_of_the_eigenvalues(coded, n, n_columns):
    table = coded(real=numbers(coded, n, n_columns, 0), other=numbers(coded, n, n_columns, 1))
    real, other = table["real"], table["other"]
    scale = np.stack([c.values for c in real.columns], axis=1)
    z = (np.stack([c.values for c in other.columns], axis=1) - scale.mean(axis=0)) / scale.std(axis=0)
    eigenvalues = np.linalg.eigvalsh(np.cov(z.T))
    expected = eigenvalues.sum() ** 2 / (eigenvalues**2).sum()
    found = participation_ratio(other, real, 0)
    assert found.value == pytest.approx(expected, rel=1e-9)
    assert found.low < expected < found.high


def test_features_and_rows_give_the_same(coded, monkeypatch):
    tables = coded(real=numbers(coded, 60, 6, 0))
    by_features = participation_ratio(tables["real"], tables["real"], 0)
    monkeypatch.setattr(module, "_MAX_FEATURES", 100)
    monkeypatch.setattr(module, "_from_covariance", lambda z, groups: module._from_gram(z @ z.T, groups))
    by_rows = participation_ratio(tables["real"], tables["real"], 0)
    for name in ("value", "low", "high"):
        assert getattr(by_rows, name) == pytest.approx(getattr(by_features, name), rel=1e-9)


def test_independent_columns_count_each_and_equal_ones_count_once(coded):
    frame = numbers(coded, 4_000, 6, 0)
    equal = frame.assign(**{f"x{j}": frame["x0"] for j in range(6)})
    tables = coded(real=frame, equal=equal)
    assert participation_ratio(tables["real"], tables["real"], 0).value == pytest.approx(6, abs=0.05)
    assert participation_ratio(tables["equal"], tables["equal"], 0).value == pytest.approx(1)


def test_levels_count_with_one_variance_a_column(coded):
    draw = stream(0, "test.levels")
    frame = pd.DataFrame({f"g{j}": draw.choice(["a", "b"], 5_000) for j in range(4)})
    table = coded(real=frame)["real"]
    assert participation_ratio(table, table, 0).value == pytest.approx(4, abs=0.05)


def test_fewer_rows_give_less_by_the_stated_rule(coded):
    table = coded(real=numbers(coded, 2_000, 50, 0))["real"]
    few = participation_ratio(table.take(np.arange(100)), table, 0).value
    assert few == pytest.approx(1 / (1 / 50 + 1 / 100), rel=0.05)


def test_a_table_that_varies_along_one_direction_is_told_from_the_real_one(people, coded):
    real, other = people(500, 1), people(500, 2)
    tables = coded(
        real=real, holdout=other, line=other.sort_values("height").iloc[np.arange(500) // 100 * 100]
    )
    real = tables["real"]
    fresh, line = (participation_ratio(tables[w], real, 0) for w in ("holdout", "line"))
    itself = participation_ratio(real, real, 0)
    assert fresh.low < itself.value < fresh.high and line.high < fresh.low
    floor = independent_columns(real, 500, stream(0, "test"))
    assert participation_ratio(floor, real, 0).low > fresh.high


def test_the_interval_holds_the_mean_of_many_draws(coded):
    found = []
    for i in range(100):
        tables = coded(real=numbers(coded, 100, 5, 2 * i), other=numbers(coded, 100, 5, 2 * i + 1))
        found.append(participation_ratio(tables["other"], tables["real"], i))
    mean = np.mean([e.value for e in found])
    assert sum(e.low <= mean <= e.high for e in found) >= 89


def test_rows_are_capped(coded, monkeypatch):
    table = coded(real=numbers(coded, 200, 5, 0))["real"]
    monkeypatch.setattr(module, "MAX_ROWS", 20)
    capped = participation_ratio(table, table, 0)
    assert capped == participation_ratio(table, table, 0) != participation_ratio(table, table, 1)
    assert capped.value < 4.5


def test_numbers_are_standardised_by_others():
    like = np.array([[1.0, 3.0, np.nan], [5.0, 5.0, 5.0], [np.nan] * 3, [1e300, -1e300, 0.0]])
    values = np.array(
        [[2.0, 4.0, np.nan, 1e308], [6.0, 5.0, 4.0, 0.0], [1.0] * 4, [1e300, 0.0, -1e300, np.nan]]
    )
    root = np.sqrt(1.5)
    expected = [[0.0, 2.0, 0.0, 10.0], [0.0] * 4, [0.0] * 4, [root, 0.0, -root, 0.0]]
    np.testing.assert_allclose(standardised(values, like, 10.0), expected, atol=1e-12)


def test_a_number_too_large_for_the_scale_is_cut(coded):
    tables = coded(
        real=pd.DataFrame({"x": [1e-300, 2e-300, 3e-300]}), other=pd.DataFrame({"x": [1e300, 1.0, -2.0]})
    )
    assert participation_ratio(tables["other"], tables["real"], 0).value == pytest.approx(1)


@pytest.mark.parametrize(
    "frame",
    [pd.DataFrame({"x": [1.0] * 12}), pd.DataFrame({"x": [7.3] * 12, "g": ["a"] * 12, "y": [np.nan] * 12})],
    ids=["constant", "nothing varies"],
)
def test_where_nothing_varies_there_is_no_ratio(coded, frame):
    table = coded(real=frame)["real"]
    assert participation_ratio(table, table, 0) == Estimate(None)
    assert duplicate_share(table).value == pytest.approx(11 / 12)


@pytest.mark.parametrize("n", [1, 2, 10])
def test_few_rows(people, coded, n):
    tables = coded(real=people(50, 1), other=people(n, 2))
    found = participation_ratio(tables["other"], tables["real"], 0)
    assert (found.value is None) if n == 1 else 1 <= found.value <= n - 1 + 1e-9
    assert duplicate_share(tables["other"]).value == 0
