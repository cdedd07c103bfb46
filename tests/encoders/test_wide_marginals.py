"""Marginals of many columns: what comes back, and what is not kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from synthgen.disclosure import MIN_ROWS
from synthgen.encoders import smooth_marginals
from synthgen.encoders.level_marginals import LevelMarginals, fit_level_marginals, has_few_levels
from synthgen.encoders.normal_scores import conditional_scores
from synthgen.encoders.smooth_marginals import SmoothMarginals, bin_scores

ALL = slice(None)


def fit_smooth_marginals(values, low, high):
    """With the same bounds for all columns."""
    bounds = (np.full(len(values), bound, dtype=float) for bound in (low, high))
    return smooth_marginals.fit_smooth_marginals(values, *bounds)


def draw(q, n, seed=0):
    return np.random.default_rng(seed).standard_normal((q, n)).astype(np.float32)


def test_a_normal_column_comes_back_with_its_mean_and_spread():
    values = 5 + 3 * draw(20, 2_000)
    back = fit_smooth_marginals(values, -np.inf, np.inf).values(draw(20, 20_000, seed=1), ALL)
    assert back.mean(axis=1) == pytest.approx(values.mean(axis=1), abs=0.1)
    assert back.std(axis=1) == pytest.approx(values.std(axis=1), rel=0.04)


def test_every_knot_is_the_mean_of_at_least_five_rows():
    values = draw(7, 103)
    marginals = fit_smooth_marginals(values, -np.inf, np.inf)
    n_knots = 103 // MIN_ROWS
    assert marginals.knots.shape == (7, n_knots)
    ranked = np.sort(values.astype(float), axis=1)
    fine = np.repeat(ranked, n_knots, axis=1).reshape(7, n_knots, 103)  # every row cut into n_knots parts
    assert marginals.knots == pytest.approx(fine.mean(axis=2), abs=1e-5)


def test_an_extreme_of_one_row_is_not_kept():
    values = draw(1, 200)
    values[0, 17] = 1e6
    marginals = fit_smooth_marginals(values, -np.inf, np.inf)
    assert not np.isclose(marginals.knots, 1e6).any()
    assert values[0, 17] not in marginals.values(draw(1, 5_000, seed=3), ALL)


def test_whole_numbers_and_decimals_come_back_on_their_grid_and_within_bounds():
    rng = np.random.default_rng(4)
    values = np.vstack([rng.poisson(40, 300), rng.gamma(2, size=300).round(2), rng.gamma(2, size=300)])
    marginals = fit_smooth_marginals(values, 0.0, np.inf)
    assert marginals.decimals.tolist() == [0, 2, -1]
    back = marginals.values(draw(3, 3_000, seed=5), ALL)
    assert np.array_equal(back[0], np.rint(back[0]))
    assert back[1] == pytest.approx(back[1].round(2), abs=1e-6)
    assert back.min() >= 0


def test_scores_reverse_values():
    values = draw(30, 400)
    marginals = fit_smooth_marginals(values, -np.inf, np.inf)
    z = np.clip(draw(30, 50, seed=6), -2, 2)
    assert marginals.scores(marginals.values(z, ALL), ALL) == pytest.approx(z, abs=2e-3)


def test_missing_values_do_not_move_the_knots_of_other_columns():
    values = draw(4, 100)
    gaps = values.copy()
    gaps[2, ::2] = np.nan
    gaps[3] = np.nan
    whole, other = (fit_smooth_marginals(v, -np.inf, np.inf) for v in (values, gaps))
    assert np.array_equal(whole.knots[:2], other.knots[:2])
    assert np.isfinite(other.knots).all()
    assert other.knots[2].mean() == pytest.approx(np.nanmean(gaps[2]), abs=0.1)


def test_bin_scores_are_the_means_of_a_normal_number_in_its_bins():
    sample = np.sort(norm.ppf((np.arange(1_000_000) + 0.5) / 1_000_000))
    assert bin_scores(8) == pytest.approx(sample.reshape(8, -1).mean(axis=1), abs=1e-4)


@pytest.mark.parametrize("n", [2, 3, 4, 9])
def test_few_rows_are_enough_for_two_knots(n):
    marginals = fit_smooth_marginals(draw(3, n), -np.inf, np.inf)
    assert marginals.knots.shape == (3, 2)
    assert np.isfinite(marginals.values(draw(3, 10), ALL)).all()


def _nearest_common(present, values):
    """What rare values become: the nearest that at least five cells hold, where there are ten rows."""
    found, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    common = found[counts >= 5]
    if not len(common) or values.shape[1] < 10:
        return present
    return common[np.abs(present[:, None] - common).argmin(axis=1)]


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 6), st.integers(4, 60), st.integers(0, 10**6), st.floats(0, 0.6))
def test_levels_come_back_in_their_shares(q, n, seed, gaps):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 4, (q, n)).astype(float)
    values[rng.random(values.shape) < gaps] = np.nan
    marginals = fit_level_marginals(values)
    z = np.tile(norm.ppf((np.arange(2_000) + 0.5) / 2_000), (q, 1)).astype(np.float32)
    back = marginals.values(z, ALL)
    for row, real in zip(back, values, strict=True):
        present = real[~np.isnan(real)]
        if not len(present):
            assert np.isnan(row).all()
            continue
        levels, counts = np.unique(_nearest_common(present, values), return_counts=True)
        for level, share in zip(levels, counts / len(present), strict=True):
            assert (row == level).mean() == pytest.approx(share, abs=2e-3)


def test_level_scores_are_those_of_the_training_rows():
    rng = np.random.default_rng(7)
    values = rng.integers(0, 3, (9, 200)).astype(float)
    values[rng.random(values.shape) < 0.1] = np.nan
    wanted, _ = conditional_scores(values)
    assert fit_level_marginals(values).scores(values, ALL) == pytest.approx(wanted, abs=1e-5)


def test_a_value_of_one_cell_is_not_kept():
    values = np.zeros((3, 600))
    values[0, 5], values[1, :50], values[2, :3] = 8123.0, 1.0, 1.0
    marginals = fit_level_marginals(values)
    assert 8123.0 not in marginals.levels
    assert marginals.shares[1, 0] == pytest.approx(550 / 600)
    assert marginals.levels[2].max() == 1.0  # many cells of the block hold it


@pytest.mark.parametrize(
    ("n", "n_levels", "few"), [(14, 3, True), (14, 8, False), (80, 8, True), (600, 17, False)]
)
def test_whole_numbers_are_levels_where_each_has_rows(n, n_levels, few):
    values = np.arange(n)[None, :] % n_levels
    assert has_few_levels(values.astype(float))[0] == few


def test_zeros_keep_their_share_and_nothing_lies_between_them_and_the_rest():
    rng = np.random.default_rng(9)
    values = np.where(rng.random((5, 1_000)) < 0.4, 0.0, 1 + rng.gamma(2, size=(5, 1_000)))
    back = fit_smooth_marginals(values, 0.0, np.inf).values(draw(5, 50_000, seed=2), ALL)
    assert (back == 0).mean(axis=1) == pytest.approx((values == 0).mean(axis=1), abs=0.01)
    assert back[back > 0].min() >= 1
    assert back.mean(axis=1) == pytest.approx(values.mean(axis=1), rel=0.03)


def test_a_window_of_equal_values_scores_its_mean():
    values = np.vstack([np.repeat([0.0, 1.0, 2.0, 3.0, 4.0], [400, 300, 150, 100, 50])] * 2)
    wanted, _ = conditional_scores(values)
    found = fit_smooth_marginals(values, 0.0, np.inf).scores(values, ALL)
    assert found == pytest.approx(wanted, abs=0.02)


def test_doubles_keep_their_precision():
    values = 1e6 + 0.01 * np.random.default_rng(10).standard_normal((2, 300))
    back = fit_smooth_marginals(values, -np.inf, np.inf).values(draw(2, 4_000), ALL)
    assert back.std(axis=1) == pytest.approx(values.std(axis=1), rel=0.06)
    tenths = fit_smooth_marginals(values.round(1) + 0.1 * np.arange(300), 0, np.inf).values(draw(2, 99), ALL)
    assert np.array_equal(tenths, tenths.round(1))


def test_constants_are_levels_and_continuous_columns_are_not():
    values = np.vstack([np.full(30, 2.5), np.arange(30) % 3, np.arange(30.0), np.linspace(0, 1, 30)])
    assert has_few_levels(values).tolist() == [True, True, False, False]


@pytest.mark.parametrize("kind", [SmoothMarginals, LevelMarginals])
def test_state_gives_the_marginals_back(kind):
    values = np.random.default_rng(8).integers(0, 3, (5, 40)).astype(float)
    fitted = (
        fit_smooth_marginals(values, 0, np.inf) if kind is SmoothMarginals else fit_level_marginals(values)
    )
    z = draw(5, 100)
    assert np.array_equal(kind.from_state(fitted.to_state()).values(z, ALL), fitted.values(z, ALL))
