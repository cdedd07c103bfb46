"""Conditional mean scores against integrals and Blom's formula."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm, rankdata

from synthgen.encoders.normal_scores import conditional_scores


def test_a_level_scores_the_mean_of_the_normal_number_inside_its_window():
    values = np.array([[0, 0, 0, 1, 1, 2.0]])
    scores, _ = conditional_scores(values)
    cuts = norm.ppf([0, 3 / 6, 5 / 6, 1])
    wanted = [
        quad(lambda z: z * norm.pdf(z), a, b)[0] / (norm.cdf(b) - norm.cdf(a)) for a, b in pairwise(cuts)
    ]
    assert scores[0] == pytest.approx([wanted[0]] * 3 + [wanted[1]] * 2 + [wanted[2]], rel=1e-6)


def test_distinct_values_score_nearly_as_blom_has_it():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((3, 500))
    scores, information = conditional_scores(values)
    blom = norm.ppf((rankdata(values, axis=1) - 0.375) / (500 + 0.25))
    inner = np.abs(blom) < 2.2  # the mean of the outermost windows lies beyond their middle
    assert np.abs(scores - blom)[inner].max() < 0.02
    assert information == pytest.approx(1.0, abs=0.01)


def test_scores_have_mean_zero_and_missing_values_score_zero():
    rng = np.random.default_rng(1)
    values = rng.integers(0, 4, (50, 80)).astype(float)
    values[rng.random(values.shape) < 0.2] = np.nan
    scores, information = conditional_scores(values)
    assert (scores[np.isnan(values)] == 0).all()
    assert scores.sum(axis=1) == pytest.approx(np.zeros(50), abs=1e-4)
    present = (~np.isnan(values)).sum(axis=1)
    assert (scores.astype(float) ** 2).sum(axis=1) / present == pytest.approx(information, rel=1e-5)


def test_each_column_is_scored_as_if_it_were_alone():
    rng = np.random.default_rng(2)
    values = rng.integers(0, 3, (2_500, 12)).astype(np.float32)
    values[rng.random(values.shape) < 0.1] = np.nan
    together, _ = conditional_scores(values)
    for i in (0, 999, 1_000, 2_499):
        alone, _ = conditional_scores(values[i : i + 1])
        assert np.array_equal(alone[0], together[i])


@pytest.mark.parametrize("row", [[3.0] * 6, [np.nan] * 6, [np.nan, np.nan, 1, np.nan, np.nan, np.nan]])
def test_columns_that_say_nothing_score_zero(row):
    scores, information = conditional_scores(np.array([row]))
    assert not scores.any()
    assert information[0] == 0
