import numpy as np
import pytest

from synthgen.metrics import aats as module
from synthgen.metrics.aats import MAX_ROWS, affordable_rows, neighbours
from synthgen.rng import stream


def aats(truth, made):
    return module.aats(neighbours(truth, 0), neighbours(made, 0))


def by_loops(truth, made):
    """The definition, row by row, with Hamming distances."""
    truth, made = truth.T, made.T

    def nearest(row, others):
        return min(int((row != other).sum()) for other in others)

    def half(own, foreign):
        return np.mean(
            [nearest(r, foreign) > nearest(r, np.delete(own, i, axis=0)) for i, r in enumerate(own)]
        )

    return half(truth, made), half(made, truth)


def haplotypes(n, p=30, seed=0, shift=0.0):
    draw = stream(seed, "test.aats")
    return (draw.random((p, n)) < 0.3 + shift).astype(np.float32)


def test_both_halves_are_those_of_the_definition():
    truth, made = haplotypes(40, seed=1), haplotypes(40, seed=2, shift=0.15)
    found = aats(truth, made)
    expected = by_loops(truth, made)
    assert (found.truth.value, found.synthetic.value) == pytest.approx(expected)
    assert found.mean.value == pytest.approx(np.mean(expected)) and found.n_rows == 40
    assert found.mean.low <= found.mean.value <= found.mean.high


def test_the_interval_is_that_of_the_figures_without_each_group_of_rows():
    truth, made = neighbours(haplotypes(30, seed=1), 0), neighbours(haplotypes(30, seed=2), 0)
    variance = 0.0
    for side in range(2):
        without = []
        for g in range(10):
            kept = [np.full(30, True), np.full(30, True)]
            kept[side] = truth.groups != g
            without.append(by_loops(truth.values[:, kept[0]], made.values[:, kept[1]])[0])
        variance += 9 * np.var(without)
    found = module.aats(truth, made).truth
    assert found.high - found.value == pytest.approx(min(1.96 * variance**0.5, 1 - found.value), rel=1e-4)


def test_copies_are_nearer_than_anything_and_rows_far_away_are_not():
    truth = haplotypes(30, p=200)
    assert aats(truth, truth.copy()).truth.value == 0
    far = aats(truth, haplotypes(30, p=200, seed=5) + 5)
    assert far.truth.value == far.synthetic.value == far.mean.value == 1


def test_fresh_rows_reach_about_a_half_where_nothing_ties():
    draw = stream(3, "test.aats")
    tables = [draw.normal(size=(20, 400)).astype(np.float32) for _ in range(2)]
    found = aats(*tables)
    assert found.mean.low < 0.5 < found.mean.high


def test_a_row_is_not_its_own_neighbour():
    points = np.array([[0, 3, 7]], dtype=np.float32)
    np.testing.assert_array_equal(neighbours(points, 0).nearest.min(axis=1), [9, 9, 16])


def test_wide_tables_get_fewer_rows():
    assert affordable_rows(805, 2_504) == 2_504
    assert affordable_rows(10, 100_000) == MAX_ROWS
    assert 100 <= affordable_rows(42_000, 1_000) < 1_000
