import math

import numpy as np
import pytest

from synthgen.metrics.intervals import (
    Z95,
    auc_interval,
    auc_with_variance,
    finite,
    influence_variance,
    normal_interval,
    wilson,
    wilson_centre,
)
from synthgen.rng import stream


def brute_force_delong(positive, negative):
    """The definition: structural components from all pairs."""
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    variance = wins.mean(1).var(ddof=1) / len(positive) + wins.mean(0).var(ddof=1) / len(negative)
    return wins.mean(), variance


@pytest.mark.parametrize("decimals", [1, 8])
def test_delong_equals_its_definition_with_and_without_ties(decimals):
    draw = stream(1, "test.delong")
    positive, negative = draw.normal(0.7, 1, 40).round(decimals), draw.normal(0, 1, 55).round(decimals)
    np.testing.assert_allclose(
        auc_with_variance(positive, negative), brute_force_delong(positive, negative), rtol=1e-12
    )


def test_delong_intervals_cover_the_true_auc():
    true_auc = 0.5 * (1 + math.erf(1 / 2))  # two normals one sd apart: Phi(1 / sqrt 2)
    hits = 0
    for i in range(400):
        draw = stream(i, "test.cover")
        auc, variance = auc_with_variance(draw.normal(1, 1, 60), draw.normal(0, 1, 60))
        interval = auc_interval(auc, variance, 60)
        hits += interval.low <= true_auc <= interval.high
    assert 0.92 <= hits / 400 <= 0.98


def test_an_auc_of_one_is_uncertain():
    interval = auc_interval(1.0, 0.0, 20)
    assert interval.value == 1 and 0.8 < interval.low < 0.9 and interval.high == 1


def test_an_auc_interval_stays_in_range():
    interval = auc_interval(0.99, 0.01, 10)
    assert 0 < interval.low < 0.99 < interval.high < 1


def test_wilson_gives_published_numbers():
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, 15 of 148, 0 of 20
    for hits, n, low, high in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)]:
        interval = wilson(hits, n)
        assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


def test_wilson_ends_solve_the_score_equation():
    for hits, n, z in [(3, 20, Z95), (700.5, 1_000, 2.5)]:
        centre, half = wilson_centre(hits, n, z)
        for end in (centre - half, centre + half):
            assert abs(hits / n - end) == pytest.approx(z * math.sqrt(end * (1 - end) / n), rel=1e-12)


def test_normal_interval_is_cut_at_its_bounds():
    interval = normal_interval(0.99, 0.01**2, (0, 1))
    assert interval.low == pytest.approx(0.9704, abs=1e-4) and interval.high == 1


def test_what_is_not_a_number_is_none():
    assert normal_interval(float("nan"), 0.1).value is None
    assert finite(float("inf")) is None and finite(np.float64(2)) == 2


def test_influence_variance_of_a_mean_is_that_of_the_mean():
    x = stream(0, "test.mean").normal(size=50)
    assert influence_variance(x - x.mean()) == pytest.approx(x.var() / 50)
