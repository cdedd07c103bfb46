import numpy as np
import pytest
from scipy.stats import chi2_contingency, fisher_exact, hypergeom

from synthgen.metrics.count_tests import chi_square_p, two_by_two_p


def test_missing_shares_are_tested_exactly_where_they_may_differ_and_by_yates_elsewhere():
    hits = np.array([3, 300, 300]), np.array([17, 420, 310])
    misses = np.array([97, 700, 700]), np.array([83, 580, 690])
    p_values = two_by_two_p(hits[0], misses[0], hits[1], misses[1])
    tables = [[[hits[0][j], misses[0][j]], [hits[1][j], misses[1][j]]] for j in range(3)]
    assert p_values[:2] == pytest.approx([fisher_exact(t)[1] for t in tables[:2]], rel=1e-7)
    assert p_values[2] == pytest.approx(chi2_contingency(tables[2]).pvalue)


@pytest.mark.parametrize(("n", "m"), [(200_000, 1_000), (1_000, 200_000), (900, 900), (40, 3_000)])
def test_p_values_of_two_cells_are_those_of_the_hypergeometric_tails(n, m):
    total, hits = n + m, (n + m) // 20
    in_a = np.unique(np.linspace(max(0, hits - m), min(n, hits), 60).astype(int))
    found = two_by_two_p(in_a, n - in_a, hits - in_a, m - hits + in_a)
    lower, upper = hypergeom.cdf(in_a, total, hits, n), hypergeom.sf(in_a - 1, total, hits, n)
    tail, far = np.minimum(lower, upper), np.where(lower < upper, min(n, hits), max(0, hits - m))
    sides = np.where(hypergeom.pmf(far, total, hits, n) > tail, 1, 2)
    expected = np.minimum(sides * tail, 1)
    assert expected.min() < 1e-8
    seen = (found < 0.05) & (expected > 1e-290)
    assert seen.sum() > 2
    np.testing.assert_allclose(found[seen], expected[seen], rtol=1e-6)
    assert (expected[found >= 0.05] > 0.01).all()


def rare_cells(n, m, expected, k):
    """Cell sizes of both tables together: k rare ones, of which the smaller table expects so many, and the rest."""
    rare = round(expected * (n + m) / m)
    return np.array([rare] * k + [n + m - k * rare])


@pytest.mark.parametrize(("n", "m", "expected", "k"), [
    (20_000, 1_000, 5, 3), (20_000, 1_000, 40, 3), (20_000, 150, 5, 6), (1_000, 1_000, 5, 3), (4_000, 1_000, 5, 10),
])  # fmt: skip
def test_small_p_values_of_rare_cells_are_not_too_small(n, m, expected, k):
    cells = rare_cells(n, m, expected, k)
    draw = np.random.default_rng(0)
    other = draw.multivariate_hypergeometric(cells, m, 60_000, method="marginals")
    p_values = chi_square_p(np.stack([cells - other, other], axis=2))
    for level in (1e-2, 1e-3, 1e-4):
        n_below, wanted = (p_values <= level).sum(), 60_000 * level
        assert n_below <= 1.2 * wanted + 3 * np.sqrt(wanted)


def test_many_cells_that_are_each_a_little_off_are_found_in_unequal_tables():
    cells = np.array([34] * 29 + [14])
    other = cells + np.array([15, -15] * 14 + [0, 0])
    counts = np.stack([20 * cells, other], axis=1)[None]
    assert chi2_contingency(counts[0]).pvalue < chi_square_p(counts)[0] < 1e-7


def test_large_cells_are_tested_by_chi_square_whatever_the_sizes():
    counts = np.array([[40_000, 4_500], [30_000, 2_900], [30_000, 2_600]])
    assert chi_square_p(counts[None])[0] == pytest.approx(chi2_contingency(counts).pvalue)
