"""The map between values and normal scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.preprocessing import QuantileTransformer

from synthgen.encoders.ranks import MAX_SEGMENTS, MIN_ROWS, fit_rank_map, from_scores, to_scores


def fit(values, **kwargs):
    return fit_rank_map(*np.unique(values, return_counts=True), **kwargs)


def scores(values, rank_map, seed=0):
    return to_scores(values, rank_map, np.random.default_rng(seed).random(len(values)))


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=60), st.booleans())
def test_whole_numbers_are_exact_through_float32(values, smooth):
    values = np.array(values, dtype=np.int64)
    rank_map = fit(values, smooth=smooth)
    assert np.array_equal(from_scores(scores(values, rank_map).astype(np.float32), rank_map), values)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=300))
def test_small_whole_numbers_are_exact(values):
    values = np.array(values, dtype=np.uint64)
    rank_map = fit(values)
    assert np.array_equal(from_scores(scores(values, rank_map).astype(np.float32), rank_map), values)


@pytest.mark.parametrize("scale", [1, 100, 10**6, 10**12])
def test_large_columns_are_exact(scale):
    values = (np.random.default_rng(0).lognormal(size=30_000) * scale).astype(np.int64)
    rank_map = fit(values)
    assert np.array_equal(from_scores(scores(values, rank_map).astype(np.float32), rank_map), values)


@given(st.lists(st.floats(-1e9, 1e9, width=32), min_size=1, max_size=200))
def test_continuous_values_come_back_in_order_and_range(values):
    values = np.array(values, dtype=np.float64)
    rank_map = fit(values)
    back = from_scores(scores(values, rank_map), rank_map)
    assert back.min() >= values.min() and back.max() <= values.max()
    order = np.argsort(values, kind="stable")
    assert np.all(np.diff(back[order]) >= -1e-6 * max(1.0, np.abs(values).max()))


def test_continuous_values_agree_within_rank_resolution():
    values = np.random.default_rng(1).normal(size=5000)
    rank_map = fit(values)
    back = from_scores(scores(values, rank_map).astype(np.float32), rank_map)
    ranks = stats.rankdata(np.concatenate([values, back]))[5000:] / 2
    assert np.abs(ranks - stats.rankdata(values)).max() <= 2 * MIN_ROWS


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(2).normal(size=8000),
        np.random.default_rng(3).poisson(1.5, 8000),
        np.where(
            np.random.default_rng(4).random(8000) < 0.6, 0.0, np.random.default_rng(5).lognormal(size=8000)
        ),
    ],
    ids=["continuous", "counts", "zero-inflated"],
)
def test_scores_are_standard_normal_whatever_the_ties(values):
    found = scores(values, fit(values))
    assert stats.kstest(found, "norm").pvalue > 0.001


def test_fresh_scores_give_the_same_distribution_back():
    values = np.random.default_rng(6).gamma(2.0, size=20_000)
    drawn = from_scores(np.random.default_rng(7).normal(size=20_000), fit(values))
    assert stats.ks_2samp(values, drawn).statistic < 0.015


def test_it_agrees_with_scikit_learn_where_nothing_ties():
    values = np.random.default_rng(8).normal(size=4000)
    reference = QuantileTransformer(n_quantiles=4000, output_distribution="normal", subsample=None)
    expected = reference.fit_transform(values[:, None])[:, 0]
    inside = np.abs(expected) < 2.5
    assert np.abs(scores(values, fit(values)) - expected)[inside].max() < 0.05


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(9).normal(size=1003),
        np.repeat([0.1, 1 / 3, 0.7, 123.4567891234, 200.5], [400, 1, 300, 1, 300]) + 1e-11,
        np.repeat([-1 / 3, 0.1, 0.7, 1 / 7 + 1], [2, 400, 300, 3]),
    ],
    ids=["continuous", "lone values between frequent ones", "lone values at the ends"],
)
def test_no_continuous_value_of_few_rows_is_kept_or_drawn(values):
    distinct, counts = np.unique(values, return_counts=True)
    rare = distinct[counts < MIN_ROWS]
    rank_map = fit(values)
    assert not np.isin(np.concatenate([rank_map.low, rank_map.high]), rare).any()
    drawn = from_scores(np.random.default_rng(12).normal(size=50_000), rank_map)
    assert not np.isin(drawn, rare).any()
    assert drawn.min() >= values.min() and drawn.max() <= values.max()
    frequent = distinct[counts >= MIN_ROWS]
    assert np.isin(frequent, drawn).all()


def test_segments_are_bounded():
    values = np.random.default_rng(10).normal(size=200_000)
    assert len(fit(values).low) <= MAX_SEGMENTS


def test_samples_stay_on_the_grid():
    values = np.random.default_rng(11).integers(0, 5000, 3000) * 25
    drawn = from_scores(np.random.default_rng(12).normal(size=10_000), fit(values))
    assert np.all(drawn % 25 == 0)
    assert len(np.setdiff1d(drawn, values)) > 0


def test_without_smoothing_only_values_seen_come_back():
    values = np.random.default_rng(13).integers(0, 10**6, 500)
    drawn = from_scores(np.random.default_rng(14).normal(size=10_000) * 3, fit(values, smooth=False))
    assert np.isin(drawn, values).all()


def test_values_never_seen_take_the_nearest_end():
    rank_map = fit(np.array([10, 20, 30] * 10))
    assert from_scores(scores(np.array([-5, 99]), rank_map), rank_map).tolist() == [10, 30]
