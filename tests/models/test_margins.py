"""Cells, and weights that bring a pool's margins to the real ones."""

from itertools import combinations

import numpy as np
import pytest

from synthgen.disclosure import MIN_ROWS
from synthgen.models import margins
from synthgen.models.density_ratio import relative
from synthgen.models.margins import (
    MAX_FACTOR,
    MAX_LEVELS,
    MAX_PAIRS,
    MIN_POOL_ROWS,
    PRIOR_ROWS,
    SWEEPS,
    Margins,
    binned,
    edges,
    fit_margins,
)
from synthgen.models.model_file import read_model_file, write_model_file
from synthgen.models.row_features import RowFeatures
from synthgen.rng import stream

REAL = np.array([[0.30, 0.10, 0.10], [0.10, 0.15, 0.25]])
POOL = np.array([[0.20, 0.15, 0.20], [0.15, 0.20, 0.10]])
"""Shares of a table of 2 x 3 cells."""
N, M = 100_000, 200_000


def features(*columns, is_level=False):
    values = np.column_stack(columns).astype(np.float64)
    return RowFeatures(values, np.broadcast_to(np.asarray(is_level, dtype=bool), values.shape[1]))


def two_by_three(share, n):
    """Exactly so many rows in each cell."""
    place = np.repeat(np.arange(6), np.rint(share.ravel() * n).astype(int))
    return features(place // 3, place % 3, is_level=True)


def equal(n):
    return np.full(n, 1 / n)


def table_of(rows, weight):
    """Weight in each cell of the 2 x 3 table."""
    place = (3 * rows.values[:, 0] + rows.values[:, 1]).astype(int)
    return np.bincount(place, weight, minlength=6).reshape(2, 3)


def levels(counts):
    return np.repeat(np.arange(len(counts)), counts)


def ipf(table, rows, columns, sweeps):
    """Deming and Stephan's iterative proportional fitting, plainly."""
    for _ in range(sweeps):
        table = table * (rows / table.sum(axis=1))[:, None]
        table = table * (columns / table.sum(axis=0))
    return table


def mixed(n, seed, *, shift=0.0):
    """Numbers, one of them with gaps, and two columns of levels."""
    rng = stream(seed, "mixed")
    x = rng.normal(shift, 1.0, n)
    y = 0.6 * x + rng.normal(size=n)
    y[rng.random(n) < 0.1 + 0.1 * shift] = np.nan
    level = rng.choice(4, n, p=[0.5 - 0.3 * shift, 0.3 + 0.3 * shift, 0.15, 0.05])
    return features(x, y, level, (x > 0) + rng.integers(0, 2, n), is_level=[False, False, True, True])


def test_edges_lie_between_levels_and_few_values():
    assert edges(np.array([3.0, 0, 1, 0, np.nan]), True, 2).tolist() == [0.5, 2.0]
    assert edges(np.repeat([10.0, 20, 40], 5), False, 3).tolist() == [15.0, 30.0]
    assert edges(np.repeat([10.0, 20, 30, 40], [5, 4, 4, 5]), False, 4).tolist() == [25.0]
    assert edges(np.array([7.0, 7, np.nan]), False, 5).tolist() == []
    assert edges(np.array([np.nan, np.nan]), False, 5).tolist() == []
    assert edges(np.zeros(0), True, 5).tolist() == []


def test_edges_of_many_numbers_part_them_equally_with_both_tails_apart():
    values = stream(0, "x").permutation(1000.0 + np.arange(2000))
    found = edges(values, False, 10)
    held = np.diff(np.concatenate([[0], np.searchsorted(np.sort(values), found, side="right"), [2000]]))
    # an edge is the mean of five neighbours: one row more or less lies below it
    assert np.abs(held - np.array([10, 190, *[200] * 8, 190, 10])).max() <= 1
    assert not np.isin(np.diff(found), 0).any()


def test_no_edge_of_many_numbers_is_a_single_rows_value():
    values = stream(0, "x").standard_normal(2000)
    assert not np.isin(edges(values, False, 50), values).any()


def test_a_value_that_many_rows_hold_makes_one_edge():
    values = np.concatenate([np.zeros(900), np.arange(1, 101)])
    found = edges(values, False, 10)
    assert found.tolist() == sorted(set(found.tolist())) and found[0] == 0


def test_bins_take_values_on_an_edge_below_it_and_missing_ones_last():
    inner = [np.array([0.0, 1.0]), np.zeros(0)]
    values = np.array([[-1.0, 5], [0.0, -5], [0.5, np.nan], [1.0, 0], [1.5, 0], [np.nan, 0]])
    found = binned(values, inner)
    assert found.dtype == np.int32
    assert found.tolist() == [[0, 0, 1, 1, 2, 3], [0, 0, 1, 0, 0, 0]]


def test_cells_count_margin_after_margin():
    real = mixed(5000, 0)
    found, _ = fit_margins(real, mixed(8000, 1), equal(8000))
    cells = found.cells(real.values)
    sizes, starts = found.sizes, np.concatenate([[0], np.cumsum(found.sizes)[:-1]])
    assert cells.shape == (4 + 6, 5000) and len(found.share) == sizes.sum()
    assert ((cells >= starts[:, None]) & (cells < (starts + sizes)[:, None])).all()
    assert sorted(map(tuple, found.pairs.tolist())) == list(combinations(range(4), 2))
    # the pair of the two columns of levels, by hand
    own = cells[-1] - starts[-1]
    a, b = real.values[:, 2], real.values[:, 3]
    assert np.array_equal(own, (a * (len(np.unique(b)) + 1) + b).astype(int))


def test_only_the_first_features_are_paired_where_a_number_is_given():
    real, pool = mixed(3000, 0), mixed(8000, 1)
    found, _ = fit_margins(real, pool, equal(8000), 2)
    assert found.pairs.tolist() == [[0, 1]]
    assert len(found.sizes) == real.values.shape[1] + 1


def test_shares_are_those_of_the_real_rows():
    real = mixed(5000, 0)
    found, _ = fit_margins(real, mixed(8000, 1), equal(8000))
    count = np.bincount(found.cells(real.values).ravel(), minlength=len(found.share))
    own = ~found.is_rare
    assert np.array_equal(found.share[own], count[own] / 5000)
    sums = np.add.reduceat(found.share, np.concatenate([[0], np.cumsum(found.sizes)[:-1]]))
    assert sums == pytest.approx(np.ones(10))
    assert np.array_equal(np.isnan(found.wanted), found.is_rare)
    assert np.array_equal(found.wanted[own], found.share[own])


def test_raking_agrees_with_plain_ipf(monkeypatch):
    """Of the margins alone. A factor (w + p) / (h + p) in place of w / h is off by less than p / min(w, h), for each of
    the two margins; the next sweep takes that up again, so that one sweep's is left."""
    monkeypatch.setattr(margins, "MAX_PAIRS", 0)
    pool = two_by_three(POOL, M)
    found, weight = fit_margins(two_by_three(REAL, N), pool, equal(M))
    assert found.pairs.shape == (0, 2)
    rows, columns = REAL.sum(axis=1), REAL.sum(axis=0)
    expected = ipf(POOL, rows, columns, SWEEPS)
    tolerance = 2 * (2 * PRIOR_ROWS / N) / min(rows.min(), columns.min())
    got = table_of(pool, weight)
    assert got == pytest.approx(expected, rel=tolerance)
    assert np.abs(got / POOL - 1).max() > 100 * tolerance  # there was something to rake
    assert got.sum(axis=0) == pytest.approx(columns, rel=tolerance)
    assert got.sum(axis=1) == pytest.approx(rows, rel=tolerance)


def test_with_the_two_way_margin_the_table_is_the_real_one():
    pool = two_by_three(POOL, M)
    _, weight = fit_margins(two_by_three(REAL, N), pool, equal(M))
    assert table_of(pool, weight) == pytest.approx(REAL, rel=2 * (3 * PRIOR_ROWS / N) / REAL.min())


def test_raking_starts_from_the_weights_given():
    pool = two_by_three(POOL, M)
    given = (REAL / POOL)[pool.values[:, 0].astype(int), pool.values[:, 1].astype(int)]
    found, weight = fit_margins(two_by_three(REAL, N), pool, given)
    assert found.log_factor == pytest.approx(0.0, abs=1e-9)
    assert weight == pytest.approx(given / given.sum())


def test_one_sweep_moves_by_the_damped_factor_and_no_more_than_allowed(monkeypatch):
    monkeypatch.setattr(margins, "SWEEPS", 1)
    real, pool = features(levels([10, 20, 30]), is_level=True), features(levels([440, 35, 25]), is_level=True)
    wanted = np.array([10, 20, 30]) / 60
    held = np.bincount(pool.values[:, 0].astype(int)) / 500
    prior = PRIOR_ROWS / 60
    found, _ = fit_margins(real, pool, equal(500))
    assert found.is_rare.tolist() == [False, False, False, True]
    damped = np.clip((wanted + prior) / (held + prior), 1 / MAX_FACTOR, MAX_FACTOR)
    assert np.exp(found.log_factor[:3]) == pytest.approx(damped)
    assert (np.abs(np.log(damped)) < np.abs(np.log(wanted / held))).all()
    many = features(levels([5_000, 45_000]), is_level=True)
    few = features(levels([9_900, 100]), is_level=True)
    found, _ = fit_margins(many, few, equal(10_000))
    assert np.exp(found.log_factor) == pytest.approx([1 / MAX_FACTOR, MAX_FACTOR, 1.0])


def test_margins_of_mixed_columns_come_nearer():
    real, pool = mixed(20_000, 0), mixed(40_000, 1, shift=0.5)
    found, weight = fit_margins(real, pool, equal(40_000))
    cells, own = found.cells(pool.values), ~found.is_rare
    before = np.bincount(cells.ravel(), minlength=len(own)) / 40_000
    after = np.bincount(cells.ravel(), np.tile(weight, len(cells)), minlength=len(own))
    assert np.abs(after - found.share)[own].sum() < 0.1 * np.abs(before - found.share)[own].sum()


def test_the_factors_hold_for_another_pool_of_the_same_generator():
    real, pool = mixed(20_000, 0), mixed(40_000, 1, shift=0.5)
    found, _ = fit_margins(real, pool, equal(40_000))
    fresh = mixed(40_000, 2, shift=0.5)
    weight = relative(found.log_weight(found.cells(fresh.values)))
    wanted = np.nanmean(real.values, axis=0)
    before, after = (np.abs(m - wanted) for m in (np.nanmean(fresh.values, axis=0), _means(fresh, weight)))
    assert (after < 0.15 * before + 0.02).all()


def _means(rows, weight):
    return [np.average(v[~np.isnan(v)], weights=weight[~np.isnan(v)]) for v in rows.values.T]


def test_log_weights_are_sums_of_factors():
    real, pool = mixed(4000, 0), mixed(8000, 1, shift=0.3)
    start = stream(0, "weights").random(8000) + 0.1
    found, weight = fit_margins(real, pool, start)
    cells = found.cells(pool.values)
    by_hand = np.array([found.log_factor[cells[:, i]].sum() for i in range(50)])
    assert found.log_weight(cells)[:50] == pytest.approx(by_hand)
    assert weight.sum() == pytest.approx(1.0)
    assert weight == pytest.approx(relative(np.log(start) + found.log_weight(cells)))


def test_rare_cells_share_one_target_and_one_factor():
    rare = [MIN_ROWS - 1, 1, 2]
    real = features(levels([600, 300, 93, *rare]), is_level=True)
    pool = features(levels([3000, 2000, 500, 200, 100, 200]), is_level=True)
    found, weight = fit_margins(real, pool, equal(6000))
    assert found.is_rare.tolist() == [False, False, False, True, True, True, True]  # and the missing ones
    assert len(set(found.log_factor[3:6].tolist())) == 1
    assert len(set(found.log_factor[:6].tolist())) == 4
    assert len(set(found.share[3:6].tolist())) == 1 and found.share[3:].sum() == pytest.approx(
        sum(rare) / 1000
    )
    held = np.bincount(pool.values[:, 0].astype(int), weight)
    assert held[3:] / held[3:].sum() == pytest.approx(
        [0.4, 0.2, 0.4]
    )  # as in the pool, not as in the real rows


def test_cells_that_the_pool_hardly_has_are_rare():
    real = features(levels([500, 300, 200]), is_level=True)
    pool = features(levels([4000, 2000 - MIN_POOL_ROWS + 1, MIN_POOL_ROWS - 1]), is_level=True)
    found, _ = fit_margins(real, pool, equal(6000))
    assert found.is_rare.tolist() == [False, False, True, True]


def lacking(n, share, seed):
    """A column of three levels, the third of a given share, and four numbers."""
    rng = stream(seed, "lacking")
    level = np.where(rng.random(n) < share, 2, rng.integers(0, 2, n))
    return features(level, *rng.normal(size=(4, n)), is_level=[True, *[False] * 4])


def test_what_the_pool_lacks_does_not_outweigh_a_fresh_pool():
    """A level of 3% of the real rows, that the generator all but lost: three rows of the next pool have it."""
    found, weight = fit_margins(lacking(1000, 0.03, 0), lacking(6000, 0.0, 1), equal(6000))
    fresh = lacking(6000, 0.0, 2)
    fresh.values[:3, 0] = 2
    own = relative(found.log_weight(found.cells(fresh.values)))
    assert own[:3].sum() < 0.03
    assert 1 / np.square(own).sum() > 0.5 / np.square(weight).sum()
    assert np.exp(found.log_factor).max() <= MAX_FACTOR**SWEEPS


@pytest.mark.parametrize("n_lost", [0, 1, 3])
def test_no_factor_is_learnt_from_too_few_rows(n_lost):
    real, pool = lacking(1000, 0.03, 0), lacking(6000, 0.0, 1)
    pool.values[:n_lost, 0] = 2
    found, _ = fit_margins(real, pool, equal(6000))
    lost = found.cells(np.array([[2.0, 0, 0, 0, 0]]))[0]
    assert found.is_rare[lost].all()
    assert np.exp(found.log_factor[lost]).max() <= MAX_FACTOR


def test_the_worst_pairs_are_kept_where_there_are_too_many(monkeypatch):
    monkeypatch.setattr(margins, "MAX_PAIRS", 3)
    rng = stream(0, "pairs")
    real, pool = rng.integers(0, 3, (4000, 6)), rng.integers(0, 3, (6000, 6))
    for i, j in [(0, 3), (1, 5), (2, 4)]:
        real[:, j] = np.where(rng.random(4000) < 0.7, real[:, i], real[:, j])
    found, _ = fit_margins(features(real, is_level=True), features(pool, is_level=True), equal(6000))
    assert found.pairs.tolist() == [[0, 3], [1, 5], [2, 4]]


def test_weights_have_a_say_in_which_pairs_are_worst(monkeypatch):
    monkeypatch.setattr(margins, "MAX_PAIRS", 1)
    rng = stream(0, "pairs")
    real, pool = rng.integers(0, 2, (4000, 4)), rng.integers(0, 2, (6000, 4))
    pool[:3000, 1] = pool[:3000, 0]
    pool[:1500, 3] = pool[:1500, 2]
    weight = np.where(np.arange(6000) < 3000, 1e-6, 1.0)
    sides = [features(t, is_level=True) for t in (real, pool)]
    assert fit_margins(*sides, equal(6000))[0].pairs.tolist() == [[0, 1]]
    pool[3000:3600, 3] = pool[3000:3600, 2]
    sides = [features(t, is_level=True) for t in (real, pool)]
    assert fit_margins(*sides, weight)[0].pairs.tolist() == [[2, 3]]


def test_there_are_never_more_pairs_than_allowed():
    rng = stream(0, "many")
    real, pool = rng.integers(0, 2, (300, 30)), rng.integers(0, 2, (400, 30))
    found, _ = fit_margins(features(real, is_level=True), features(pool, is_level=True), equal(400))
    assert 30 * 29 // 2 > MAX_PAIRS == len(np.unique(found.pairs, axis=0))


def test_columns_of_many_levels_have_no_margins_with_others():
    rng = stream(0, "levels")
    real, pool = (
        features(
            rng.integers(0, MAX_LEVELS + 1, n), rng.normal(size=n), rng.normal(size=n), is_level=[1, 0, 0]
        )
        for n in (3000, 4000)
    )
    found, _ = fit_margins(real, pool, equal(4000))
    assert found.pairs.tolist() == [[1, 2]]


@pytest.mark.parametrize(
    "column", [np.zeros(40), np.full(40, np.nan), np.where(np.arange(40) % 2, np.nan, 1.0)], ids=str
)
def test_constant_and_missing_columns_weigh_nothing(column):
    rows = features(column, np.arange(40))
    found, weight = fit_margins(rows, rows, equal(40))
    assert np.isfinite(found.log_factor).all()
    assert weight == pytest.approx(equal(40), rel=1e-6)


def test_one_column_has_its_own_margin_alone():
    real, pool = features(stream(0, "a").normal(size=2000)), features(stream(1, "a").normal(0.5, 1, 4000))
    found, weight = fit_margins(real, pool, equal(4000))
    assert found.pairs.shape == (0, 2) and len(found.sizes) == 1
    assert abs(weight @ pool.values[:, 0]) < 0.1


def test_the_state_comes_back_through_a_file(tmp_path):
    found, _ = fit_margins(mixed(2000, 0), mixed(4000, 1, shift=0.3), equal(4000))
    path = tmp_path / "margins.synthgen"
    write_model_file(path, "Margins", found.to_state())
    _, state, _ = read_model_file(path)
    back = Margins.from_state(state)
    fresh = mixed(500, 2).values
    assert np.array_equal(back.cells(fresh), found.cells(fresh))
    assert np.array_equal(back.log_weight(back.cells(fresh)), found.log_weight(found.cells(fresh)))
    assert np.array_equal(back.wanted, found.wanted, equal_nan=True)
    assert np.array_equal(back.sizes, found.sizes)


def test_factors_do_not_learn_the_noise_of_many_small_cells():
    """Twenty columns that are right already: what is learnt of them must leave another pool nearly as it is."""
    real, pool, fresh = (
        features(*stream(seed, "noise").normal(size=(20, n))) for seed, n in enumerate([1000, 6000, 6000])
    )
    found, weight = fit_margins(real, pool, equal(6000))
    own = relative(found.log_weight(found.cells(fresh.values)))
    assert 1 / np.square(own).sum() > 0.5 / np.square(weight).sum()
