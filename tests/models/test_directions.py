"""Directions between the axes of few numbers."""

import numpy as np
import pytest
from safetensors.numpy import load, save

from synthgen.models.density_ratio import fit_density_ratio
from synthgen.models.directions import HALF_TURN, MAX_NUMBERS, Directions, fit_directions
from synthgen.models.row_features import RowFeatures
from synthgen.rng import stream


def features(values, levels=()):
    return RowFeatures(values, np.isin(np.arange(values.shape[1]), levels))


def normal(n_columns, n=500):
    return stream(0, "normal").normal(size=(n, n_columns))


@pytest.mark.parametrize("n_columns", [0, 1, MAX_NUMBERS + 1])
def test_one_number_or_many_have_none(n_columns):
    given = features(normal(n_columns))
    found = fit_directions(given)
    assert len(found.pairs) == len(found.weights) == 0
    assert np.array_equal(found.added(given).values, given.values)


def test_levels_and_numbers_that_do_not_vary_do_not_count():
    values = normal(4)
    values[:, 1] = 7.0
    values[:, 2] = np.nan
    assert len(fit_directions(features(values[:, :3])).pairs) == 0
    assert set(map(tuple, fit_directions(features(values)).pairs.tolist())) == {(0, 3)}
    assert len(fit_directions(features(values, levels=[3])).pairs) == 0


def test_three_numbers_are_mixed_two_by_two():
    found = fit_directions(features(normal(3))).pairs.tolist()
    assert {(a, b): found.count([a, b]) for a, b in found} == dict.fromkeys(
        [(0, 1), (0, 2), (1, 2)], HALF_TURN - 2
    )


def test_directions_stand_at_even_steps_of_a_half_turn_whatever_the_units():
    values = normal(2, n=200_000) * [1000.0, 0.001] + [5.0, 5.0]
    weights = fit_directions(features(values)).weights * [1000.0, 0.001]
    angles = np.rad2deg(np.arctan2(weights[:, 1], weights[:, 0]))
    assert angles == pytest.approx([18, 36, 54, 72, 108, 126, 144, 162], abs=0.5)
    assert np.linalg.norm(weights, axis=1) == pytest.approx(np.ones(8), abs=0.02)


def test_a_number_that_is_mostly_one_value_counts_by_its_standard_deviation():
    values = normal(2)
    values[20:, 1] = 0.0
    first = fit_directions(features(values)).weights[0, 1]
    assert first == pytest.approx(np.sin(np.pi / HALF_TURN) / values[:, 1].std())


def test_mixtures_come_after_the_features_and_are_missing_with_their_numbers():
    values = normal(3)
    values[4, 0] = np.nan
    given = features(values, levels=[1])
    found = fit_directions(given)
    seen = found.added(given)
    assert np.array_equal(seen.values[:, :3], values, equal_nan=True)
    assert seen.is_level.tolist() == [False, True] + [False] * (HALF_TURN - 1)
    expected = values[:, 0] * found.weights[5, 0] + values[:, 2] * found.weights[5, 1]
    assert seen.values[:, 8] == pytest.approx(expected, nan_ok=True)
    assert np.isnan(seen.values[4, 3:]).all() and not np.isnan(seen.values[5]).any()


def test_they_survive_a_file():
    found = fit_directions(features(normal(2)))
    for one in (found, Directions()):
        state = load(save(one.to_state()))
        again = Directions.from_state(state)
        assert np.array_equal(again.pairs, one.pairs) and np.array_equal(again.weights, one.weights)
        assert again.weights.shape == one.weights.shape
    assert len(Directions.from_state({}).pairs) == 0


def test_trees_see_a_narrow_ridge_askew_more_sharply():
    """Real rows lie on a line turned by 30 degrees, generated ones all about it."""

    def ridge(n, width, seed):
        rng = stream(seed, "ridge")
        along, across = rng.uniform(-3, 3, n), width * rng.normal(size=n)
        return np.column_stack([0.866 * along - 0.5 * across, 0.5 * along + 0.866 * across])

    real = features(ridge(2000, 0.03, 0))
    pool = ridge(6000, 0.4, 1)
    on_it = np.abs(0.866 * pool[:, 1] - 0.5 * pool[:, 0]) < 0.09

    def share(directions):
        def draw(number):
            return directions.added(features(ridge(6000, 0.4, 2 + number)))

        ratio = fit_density_ratio(directions.added(real), draw, 0, lambda: None)
        weight = np.exp(ratio.log_ratio(directions.extended(pool)))
        return weight[on_it].sum() / weight.sum()

    plain, turned = share(Directions()), share(fit_directions(real))
    assert turned > 0.9 and 1 - turned < (1 - plain) / 2
