import pytest
from scipy.stats import norm

from synthgen.metrics.intervals import Estimate
from synthgen.metrics.significance import LEVEL, clearly_above, clearly_below, clearly_more, is_alarm

UNIT = norm.isf(0.025)


def estimate(value, sd=1.0):
    return Estimate(value, value - UNIT * sd, value + UNIT * sd)


@pytest.mark.parametrize("n_tests", [1, 40])
def test_the_bound_is_that_of_a_two_sided_normal_test(n_tests):
    z = norm.isf(LEVEL / n_tests / 2)
    assert clearly_above(estimate(z + 0.01), 0, n_tests) and not clearly_above(estimate(z - 0.01), 0, n_tests)
    assert clearly_below(estimate(-z - 0.01), 0, n_tests) and not clearly_below(
        estimate(-z + 0.01), 0, n_tests
    )


def test_two_figures_are_compared_with_both_their_variances():
    z = norm.isf(LEVEL / 2)
    assert clearly_more(estimate(5 * z + 0.01, 3), estimate(0, 4))
    assert not clearly_more(estimate(5 * z - 0.01, 3), estimate(0, 4))
    assert not clearly_more(estimate(0), estimate(100))


def test_without_a_figure_or_interval_nothing_is_clear():
    for empty in (Estimate(None), Estimate(3.0)):
        assert not clearly_above(empty, 0) and not clearly_below(empty, 9)
        assert not clearly_more(empty, estimate(0, 1e-9)) and not clearly_more(estimate(9, 1e-9), empty)


def test_an_alarm_shares_the_level_among_the_tests():
    assert is_alarm(LEVEL, 1) and is_alarm(LEVEL / 10, 10) and not is_alarm(LEVEL / 9.9, 10)
