import numpy as np
import pytest

from synthgen.metrics.fst import f_st, hudson
from synthgen.metrics.jackknife import row_groups
from synthgen.rng import stream


def two_populations(n=60, p=300, f_st_true=0.1, seed=0):
    """Allele frequencies from the Balding-Nichols model, which has this F_ST; dosages of n people each."""
    draw = stream(seed, "test.fst")
    ancestral = draw.uniform(0.2, 0.8, p)
    a, b = (x * (1 - f_st_true) / f_st_true for x in (ancestral, 1 - ancestral))
    frequencies = draw.beta(a, b, size=(2, p))
    values = np.concatenate([draw.binomial(2, f, (n, p)) for f in frequencies]).T
    return values.astype(np.float32), np.repeat([0, 1], n)


def test_it_is_the_ratio_of_sums_of_hudsons_terms():
    values, labels = two_populations(p=20)
    found = f_st(values, labels, row_groups(120, 0), 2)
    p1, p2 = (values[:, labels == c].mean(axis=1) / 2 for c in (0, 1))
    top = (p1 - p2) ** 2 - p1 * (1 - p1) / 119 - p2 * (1 - p2) / 119
    bottom = p1 * (1 - p2) + p2 * (1 - p1)
    np.testing.assert_allclose(found.total[1:], top / bottom, rtol=1e-5)
    assert found.total[0] == pytest.approx(top.sum() / bottom.sum(), rel=1e-5)


def test_it_finds_what_the_populations_were_drawn_with():
    values, labels = two_populations(p=2_000)
    assert f_st(values, labels, row_groups(120, 0), 2).total[0] == pytest.approx(0.1, abs=0.01)


def test_one_population_has_none():
    values, labels = two_populations(p=2_000)
    mixed = stream(1, "test.fst").permutation(labels)
    assert f_st(values[:, labels == 0], mixed[labels == 0], row_groups(60, 0), 2).total[0] == pytest.approx(
        0, abs=0.01
    )


def test_haplotypes_have_one_allele_a_row():
    values, labels = two_populations(p=20)
    halves = (values > 0).astype(np.float32)
    p1, p2 = (halves[:, labels == c].mean(axis=1) for c in (0, 1))
    top, bottom = hudson(p1, p2, np.full(20, 60), np.full(20, 60))
    found = f_st(halves, labels, row_groups(120, 0), 1)
    assert found.total[0] == pytest.approx(top.sum() / bottom.sum(), rel=1e-5)


def test_sites_of_one_allele_and_missing_ones_are_left_out():
    values, labels = two_populations(p=5)
    values[0], values[1], values[2, :10] = 0, np.nan, np.nan
    found = f_st(values, labels, row_groups(120, 0), 2)
    assert np.isnan(found.total[1:3]).all() and np.isfinite(found.total[[0, 3, 4, 5]]).all()


def test_populations_of_too_few_rows_are_not_compared():
    values, labels = two_populations(p=5)
    assert f_st(values[:, :62], labels[:62], row_groups(62, 0), 2) is None
