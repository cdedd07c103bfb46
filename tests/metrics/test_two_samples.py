import numpy as np
import pytest

from synthgen.metrics import two_samples
from synthgen.rng import stream


@pytest.mark.parametrize("size", [(60, 40), (300, 30)])
def test_p_values_of_means_and_spreads_are_those_of_permutations(size):
    draw = stream(4, "test.permutations")
    n, m = size
    scores = np.exp(draw.normal(0, 1, n + m))
    scores[n:] += 0.9 * m**-0.5 * 2
    other = np.repeat([0.0, 1.0], [n, m])
    p_value = two_samples._permutation_p(
        scores[None], other[None], np.zeros((1, n + m), bool), np.array([n]), np.array([m])
    )[0]
    sums = np.array([draw.permutation(scores)[:m].sum() for _ in range(20_000)])
    expected = 2 * min((sums >= scores[n:].sum()).mean(), (sums <= scores[n:].sum()).mean())
    assert p_value == pytest.approx(expected, rel=0.25)
