"""Rows chosen by weights, none twice, with margins nearer to those wanted."""

import numpy as np
import pytest

from synthgen.models.balanced_choice import MIN_EXPECTED, balance, inclusion, systematic
from synthgen.rng import stream

N_SEEDS = 400


def log_weights(n, spread, seed=0):
    return stream(seed, "weights").normal(0, spread, n)


@pytest.mark.parametrize("spread", [0.0, 0.5, 2.0, 10.0, 100.0])
@pytest.mark.parametrize("n", [0, 1, 7, 150, 299, 300])
def test_probabilities_sum_to_the_rows_wanted(spread, n):
    found = inclusion(log_weights(300, spread), n)
    assert found.sum() == pytest.approx(n, abs=1e-9)
    assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize("n", [2, 5, 9])
def test_probabilities_sum_to_the_rows_wanted_where_weights_are_too_small_for_a_float(n):
    """Rows that break a rule are put far below the others: they come evenly where the others are too few."""
    found = inclusion(np.array([0.0, 0, 0, *[-2000.0] * 7]), n)
    assert found.sum() == pytest.approx(n)
    assert found[:3] == pytest.approx(np.full(3, min(1.0, n / 3)))
    assert found[3:] == pytest.approx(np.full(7, max(0.0, n - 3) / 7))


def test_small_weights_keep_their_ratios():
    found = inclusion(np.array([0.0, -500, -500, -500 + np.log(2)]), 2)
    assert found == pytest.approx([1.0, 0.25, 0.25, 0.5])


def test_probabilities_are_proportional_to_weights_where_not_capped():
    log_weight = log_weights(500, 2.0)
    found = inclusion(log_weight, 100)
    free = found < 1
    assert 5 < np.count_nonzero(~free) < 100
    ratio = found[free] / np.exp(log_weight[free])
    assert ratio == pytest.approx(np.full(len(ratio), ratio[0]))
    # a capped row would have had more than one copy
    assert (np.exp(log_weight[~free]) * ratio[0] >= 1).all()


def test_probabilities_by_hand():
    assert inclusion(np.zeros(0), 0).shape == systematic(np.zeros(0), stream(0, "none")).shape == (0,)
    assert inclusion(np.log([1.0, 2, 3, 4]), 1) == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert inclusion(np.log([1.0, 1, 1, 97]), 2) == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1])
    assert inclusion(np.log([1.0, 2, 7]) + 500, 2) == pytest.approx([1 / 3, 2 / 3, 1])
    assert inclusion(np.zeros(8), 3) == pytest.approx(np.full(8, 3 / 8))
    assert inclusion(log_weights(8, 5.0), 8) == pytest.approx(np.ones(8))


@pytest.mark.parametrize("spread", [0.0, 1.0, 20.0])
@pytest.mark.parametrize(("size", "n"), [(1, 1), (5, 1), (5, 5), (100, 30), (3000, 1024)])
def test_places_are_distinct_and_as_many_as_wanted(spread, size, n):
    probability = inclusion(log_weights(size, spread), n)
    for seed in range(5):
        places = systematic(probability, stream(seed, "places"))
        assert len(places) == len(set(places.tolist())) == n
        assert places.min() >= 0 and places.max() < size
        assert set(np.flatnonzero(probability == 1)) <= set(places.tolist())


def test_rows_come_as_often_as_their_probability_says():
    probability = inclusion(log_weights(40, 1.5), 12)
    assert (probability == 1).any() and (probability < 0.1).any()
    times = np.zeros(40)
    for seed in range(N_SEEDS):
        times[systematic(probability, stream(seed, "frequency"))] += 1
    # binomial: four standard deviations for each of the 40 rows, exactly so where a row is certain
    deviation = np.sqrt(N_SEEDS * probability * (1 - probability))
    assert (np.abs(times - N_SEEDS * probability) <= 4 * deviation).all()


def test_the_order_of_places_is_random():
    first = [systematic(inclusion(np.zeros(10), 5), stream(seed, "order"))[0] for seed in range(N_SEEDS)]
    times = np.bincount(first, minlength=10)
    assert (np.abs(times - N_SEEDS / 10) <= 4 * np.sqrt(N_SEEDS * 0.1 * 0.9)).all()


def test_a_seed_repeats_the_places():
    probability = inclusion(log_weights(50, 1.0), 20)
    one, two, other = (systematic(probability, stream(seed, "again")) for seed in (0, 0, 1))
    assert np.array_equal(one, two) and not np.array_equal(one, other)


def pool_of_cells(size=4000, seed=0):
    """Cells of three margins of 4, 6 and 24 cells (the third is the first two together)."""
    rng = stream(seed, "cells")
    a, b = rng.choice(4, size, p=[0.4, 0.3, 0.2, 0.1]), rng.choice(6, size)
    return np.stack([a, 4 + b, 10 + 6 * a + b]).astype(np.int32)


def shares_wanted():
    a, b = np.array([0.4, 0.3, 0.2, 0.1]), np.full(6, 1 / 6)
    return np.concatenate([a, b, np.outer(a, b).ravel()])


def distance(cells, chosen, share):
    """Total variation, summed over the margins."""
    got = np.bincount(cells[:, chosen].ravel(), minlength=len(share)) / len(chosen)
    return np.nansum(np.abs(got - share)) / 2


def split(size, n, n_second, seed):
    order = stream(seed, "split").permutation(size)
    return order[:n], order[n : n + n_second]


@pytest.mark.parametrize("seed", range(5))
def test_margins_come_nearer(seed):
    cells, share = pool_of_cells(seed=seed), shares_wanted()
    first, second = split(4000, 1000, 2000, seed)
    found = balance(cells, first, second, share, stream(seed, "balance"))
    assert distance(cells, found, share) < 0.5 * distance(cells, first, share)


def test_a_shift_in_the_pool_is_made_good():
    """Half as many of the last cell are wanted as the first choice has."""
    cells, share = pool_of_cells(), shares_wanted()
    own = np.array([0.45, 0.3, 0.2, 0.05])
    share = np.concatenate([own, share[4:10], np.outer(own, share[4:10]).ravel()])
    first, second = split(4000, 1000, 2000, 0)
    found = balance(cells, first, second, share, stream(0, "balance"))
    held = np.bincount(cells[0, found], minlength=4) / 1000
    assert np.abs(held - own).max() < 0.01 < np.abs(np.bincount(cells[0, first]) / 1000 - own).max()


def test_no_row_comes_twice_and_none_from_elsewhere():
    cells, share = pool_of_cells(), shares_wanted()
    first, second = split(4000, 1000, 2000, 0)
    before = first.copy(), second.copy()
    found = balance(cells, first, second, share, stream(0, "balance"))
    assert len(found) == len(set(found.tolist())) == 1000
    assert set(found.tolist()) <= {*first.tolist(), *second.tolist()}
    assert set(found.tolist()) & set(second.tolist())
    assert np.array_equal(first, before[0]) and np.array_equal(second, before[1])


def test_fixed_rows_stay():
    cells = pool_of_cells()
    first, second = split(4000, 1000, 2000, 0)
    fixed = first[cells[0, first] == 0][:200]
    wanted = np.concatenate([[0.1, 0.3, 0.3, 0.3], np.full(30, np.nan)])
    free = balance(cells, first, second, wanted, stream(0, "balance"))
    found = balance(cells, first, second, wanted, stream(0, "balance"), fixed=fixed)
    assert set(fixed.tolist()) <= set(found.tolist()) and not set(fixed.tolist()) <= set(free.tolist())
    assert len(found) == len(set(found.tolist())) == 1000


def test_all_rows_may_be_fixed():
    cells, share = pool_of_cells(), shares_wanted()
    first, second = split(4000, 100, 200, 0)
    found = balance(cells, first, second, share, stream(0, "balance"), fixed=first)
    assert sorted(found.tolist()) == sorted(first.tolist())


def test_nothing_to_exchange_leaves_the_rows():
    cells, share = pool_of_cells(), shares_wanted()
    first, none = split(4000, 100, 0, 0)
    found = balance(cells, first, none, share, stream(0, "balance"))
    assert sorted(found.tolist()) == sorted(first.tolist())


@pytest.mark.parametrize(("n", "n_second"), [(1, 1), (2, 1), (1, 5), (3, 20), (25, 4), (20, 40)])
def test_tiny_pools(n, n_second):
    cells, share = pool_of_cells(n + n_second), shares_wanted()
    first, second = split(n + n_second, n, n_second, 0)
    found = balance(cells, first, second, share, stream(0, "balance"))
    assert len(found) == len(set(found.tolist())) == n
    assert found.max() < n + n_second


def test_cells_without_a_target_are_left_to_chance():
    """The second choice has more of the first cell: without a target, or with one below what counts, none is taken."""
    cells = np.concatenate([np.zeros(2000), np.ones(2000)]).astype(np.int32)[None]
    first, second = np.arange(1900, 2900), np.concatenate([np.arange(1900), np.arange(2900, 4000)])
    held = np.count_nonzero(cells[0, first] == 0)
    for share in (np.full(2, np.nan), np.full(2, (MIN_EXPECTED - 0.1) / 1000)):
        found = balance(cells, first, second, share, stream(0, "balance"))
        n_exchanged = len(set(found.tolist()) - set(first.tolist()))
        # rows that come are like any of the second choice, 63% of them of the first cell
        assert n_exchanged > 100
        assert np.count_nonzero(cells[0, found] == 0) > held


def test_a_seed_repeats_the_choice_and_its_order():
    cells, share = pool_of_cells(), shares_wanted()
    first, second = split(4000, 500, 1000, 0)
    one, two, other = (balance(cells, first, second, share, stream(s, "balance")) for s in (0, 0, 1))
    assert np.array_equal(one, two) and not np.array_equal(one, other)
    assert one.tolist() != sorted(one.tolist())
