"""The map between values and normal scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.preprocessing import QuantileTransformer

from synthgen.disclosure import MIN_ROWS
from synthgen.encoders.ranks import (
    MAX_SEGMENTS,
    blurred_ends,
    fit_rank_map,
    from_scores,
    to_scores,
)


def fit(values, **kwargs):
    return fit_rank_map(*np.unique(values, return_counts=True), **kwargs)


def scores(values, rank_map, seed=0):
    return to_scores(values, rank_map, np.random.default_rng(seed).random(len(values)))


def through_float32(values, rank_map):
    return from_scores(scores(values, rank_map).astype(np.float32), rank_map)


def check_nothing_rare_is_kept(rank_map, values):
    """Segments in order; steps of enough rows; ends that are none of a few rows' extremes."""
    distinct, counts = np.unique(values, return_counts=True)
    rare = distinct[counts < MIN_ROWS]
    assert (rank_map.low <= rank_map.high).all() and (rank_map.high[:-1] <= rank_map.low[1:]).all()
    inner = rank_map.low[1:-1][rank_map.low[1:-1] == rank_map.high[1:-1]]
    assert not np.isin(inner, rare).any()
    low, high = rank_map.low[0], rank_map.high[-1]
    assert distinct[0] <= low <= high <= distinct[-1]
    if len(rank_map.low) > 1:
        assert not {low.item(), high.item()} & set(rare[[0, -1]].tolist() if len(rare) else []) & {
            distinct[0].item(), distinct[-1].item()
        }  # fmt: skip


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=60))
def test_levels_are_exact_through_float32(values):
    values = np.array(values, dtype=np.int64)
    assert np.array_equal(through_float32(values, fit(values, smooth=False)), values)


@given(st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-9, 9)), min_size=1, max_size=120))
def test_of_whole_numbers_frequent_ones_come_back_and_rare_ones_are_not_kept(values):
    values = np.array(values, dtype=np.int64)
    rank_map = fit(values)
    check_nothing_rare_is_kept(rank_map, values)
    back = through_float32(values, rank_map)
    distinct, counts = np.unique(values, return_counts=True)
    frequent = np.isin(values, distinct[counts >= MIN_ROWS])
    assert np.array_equal(back[frequent], values[frequent])
    assert np.abs(np.searchsorted(distinct, back) - np.searchsorted(distinct, values)).max() <= 2 * MIN_ROWS


@given(st.lists(st.integers(0, 50), min_size=1, max_size=300))
def test_small_whole_numbers_between_the_ends_are_exact_or_lone(values):
    values = np.array(values, dtype=np.uint64)
    rank_map = fit(values)
    check_nothing_rare_is_kept(rank_map, values)
    segment = np.searchsorted(rank_map.high, values)
    known = segment < len(rank_map.high)
    known[known] = rank_map.low[segment[known]] <= values[known]
    assert np.array_equal(through_float32(values, rank_map)[known], values[known])


@pytest.mark.parametrize(("scale", "least"), [(1, 0.999), (100, 0.99), (10**6, 0.0), (10**12, 0.0)])
def test_large_columns_agree_within_rank_resolution_and_small_ones_exactly(scale, least):
    values = (np.random.default_rng(0).lognormal(size=30_000) * scale).astype(np.int64)
    rank_map = fit(values)
    check_nothing_rare_is_kept(rank_map, values)
    back = through_float32(values, rank_map)
    assert (back == values).mean() >= least
    ordered = np.sort(values)
    between = np.searchsorted(ordered, back, "left"), np.searchsorted(ordered, back, "right")
    own = np.searchsorted(ordered, values)
    n_segment = 2 * (30_000 // MAX_SEGMENTS + 1)
    assert ((between[0] - own <= n_segment) & (own - between[1] <= n_segment)).all()


def test_lone_values_beside_frequent_ones_are_taken_to_be_these():
    rank_map = fit(np.repeat([-999, 0, 3, 1000, 10**9], [2, 100, 2, 100, 1]))
    assert rank_map.low.tolist() == rank_map.high.tolist() == [0, 1000]


def test_rare_whole_numbers_among_frequent_ones_are_not_lost():
    rank_map = fit(np.repeat([30, 31, 32, 33, 34], [9, 8, 4, 9, 9]))
    drawn = from_scores(np.random.default_rng(0).normal(size=20_000), rank_map)
    assert np.isin(drawn, [31, 32]).mean() == pytest.approx(12 / 39, abs=0.01)
    assert (drawn == 32).mean() == pytest.approx(6 / 39, abs=0.01)


@pytest.mark.parametrize(
    "values",
    [
        [1e300, -1e300, 5e-324, 1e-300] * 3,
        [1.7e308] * 6 + [-1.7e308] * 6 + list(range(40)),
        10.0 ** np.linspace(-300, 300, 500),
        5e-324 * np.arange(1, 60),
    ],
    ids=["a few", "frequent", "600 orders of magnitude", "subnormal"],
)
def test_extreme_numbers_neither_overflow_nor_leave_the_range(values):
    values = np.array(values, dtype=np.float64)
    rank_map = fit(values)
    drawn = from_scores(np.random.default_rng(0).normal(size=2000), rank_map)
    assert np.isfinite(drawn).all() and drawn.min() >= values.min() and drawn.max() <= values.max()
    check_nothing_rare_is_kept(rank_map, values)


@pytest.mark.parametrize(
    "values", [[3, 9, 1, 4], [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37], [5] * 6 + [9] * 7]
)
def test_blurred_ends_are_means_of_five_rows_unless_five_rows_hold_them(values):
    ordered = np.sort(np.array(values))
    low, high = blurred_ends(*np.unique(ordered, return_counts=True))
    if len(values) < 10:
        assert low == high == round(ordered.mean())
    else:
        assert (low, high) == (np.ceil(ordered[:5].mean()), np.floor(ordered[-5:].mean()))


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


@pytest.mark.parametrize("dtype", [np.int64, np.uint64, np.float64])
@pytest.mark.parametrize("secret", [10**6, 10**12, 2**62])
def test_an_extreme_cannot_be_reckoned_from_the_mean_that_stands_for_the_end(dtype, secret):
    others = np.arange(1000, 1500, dtype=dtype)
    distinct = np.append(others, np.array([secret], dtype=dtype))
    for ends in (
        blurred_ends(distinct, np.ones(501, dtype=np.int64)),
        from_scores(np.array([-9.0, 9.0]), fit_rank_map(distinct, np.ones(501, dtype=np.int64))),
    ):
        assert 1000 <= ends[0] <= 1004 and 1490 <= ends[1] <= 1510
    if dtype is not np.uint64:
        mirrored = np.sort(-distinct)
        ends = blurred_ends(mirrored, np.ones(501, dtype=np.int64))
        assert -1510 <= ends[0] <= -1490 and -1004 <= ends[1] <= -1000


def test_the_ends_of_the_largest_numbers_do_not_overflow():
    for values in (
        [-1.7e308, -1.6e308, -1e308, 0.0, 1e308, 1.7e308],
        [-1.7e308, 0.0, 1.0, 2.0, 3.0, 1.7e308],
    ):
        for counts in (np.ones(6, dtype=np.int64), np.array([1, 4, 9, 9, 4, 1])):
            ends = blurred_ends(np.array(values), counts)
            assert np.isfinite(ends).all() and values[0] <= ends[0] <= ends[1] <= values[-1]
    whole = np.array([-(2**63), -(2**63) + 1, 0, 2**63 - 2, 2**63 - 1], dtype=np.int64)
    low, high = blurred_ends(whole, np.array([1, 4, 5, 4, 1]))
    assert low <= -(2**62) and high >= 2**62
