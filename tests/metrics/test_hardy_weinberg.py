import math
from fractions import Fraction

import numpy as np
import pytest

from synthgen.metrics.hardy_weinberg import failing_share, hwe_p_values
from synthgen.rng import stream


def exact(n_hets, n_minor, n_people):
    """By the definition, in whole numbers."""

    def ways(h):
        rare, common = (n_minor - h) // 2, n_people - h - (n_minor - h) // 2
        return Fraction(2**h * math.factorial(n_people), math.prod(map(math.factorial, (rare, h, common))))

    chances = {h: ways(h) for h in range(n_minor % 2, n_minor + 1, 2)}
    return float(sum(c for c in chances.values() if c <= chances[n_hets]) / sum(chances.values()))


@pytest.mark.parametrize(
    ("n_hets", "n_minor", "n_people"), [(5, 21, 100), (0, 4, 50), (4, 4, 50), (1, 1, 9), (14, 40, 41)]
)
def test_p_values_are_those_of_the_definition(n_hets, n_minor, n_people):
    (found,) = hwe_p_values(np.array([n_hets]), np.array([n_minor]), np.array([n_people]))
    assert found == pytest.approx(exact(n_hets, n_minor, n_people), rel=1e-9)


def test_many_sites_at_once_and_either_allele():
    draw = stream(0, "test.hardy_weinberg")
    genotypes = draw.binomial(2, draw.uniform(0.05, 0.95, 50)[:, None], (50, 30))
    copies, hets = genotypes.sum(axis=1), (genotypes == 1).sum(axis=1)
    found = hwe_p_values(hets, copies, np.full(50, 30))
    np.testing.assert_allclose(found, hwe_p_values(hets, 60 - copies, np.full(50, 30)), rtol=1e-9)
    expected = [exact(h, min(c, 60 - c), 30) for h, c in zip(hets.tolist(), copies.tolist(), strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_random_mating_rarely_fails_and_inbreeding_does():
    draw = stream(1, "test.hardy_weinberg")
    f = draw.uniform(0.1, 0.9, (2_000, 1))
    mated = draw.binomial(2, f, (2_000, 100)).astype(np.float32)
    inbred = (2 * draw.binomial(1, f, (2_000, 100))).astype(np.float32)
    assert failing_share(mated) < 0.003 and failing_share(inbred) > 0.99


def test_missing_genotypes_and_sites_of_one_allele_are_left_out():
    values = np.array([[0, 0, 0, 0], [2, 2, 2, np.nan], [np.nan] * 4, [0, 2, 0, np.nan]], dtype=np.float32)
    assert failing_share(values) == 0
    assert failing_share(values[:3]) is None
