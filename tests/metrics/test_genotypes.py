import math

import numpy as np
import pytest

from synthgen.metrics.classes import TwoClasses
from synthgen.metrics.genotypes import fixed_share, genotype_basis, genotype_profile, inbreeding, minor
from synthgen.metrics.jackknife import row_groups
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.metrics.value_block import find_block
from synthgen.rng import stream


def dosages(n=80, p=220, seed=0):
    """Neighbours go together: three copies of each of a third of the sites, some genotypes drawn anew."""
    draw = stream(seed, "test.genotypes")
    f = draw.uniform(0.05, 0.95, (p // 3 + 1, 1))
    values = np.repeat(draw.binomial(2, f, (p // 3 + 1, n)), 3, axis=0)[:p].astype(float)
    anew = draw.random(values.shape) < 0.2
    values[anew] = draw.integers(0, 3, anew.sum())
    return values


def as_table(values, labels=None):
    columns = [CodedColumn(f"rs{j}", "integer", v) for j, v in enumerate(values)]
    if labels is not None:
        columns.append(CodedColumn("pop", "categorical", labels, ("a", "b")))
    return CodedTable(tuple(columns), values.shape[1])


def profiled(values, labels=None, classes=None, n_alike=30):
    table = as_table(values, labels)
    basis = genotype_basis(table, find_block(table, "pop"), classes, n_alike, 0)
    return basis, genotype_profile(table, basis, 0, "real")


def test_frequencies_missing_shares_and_linkage_are_those_of_numpy():
    values = dosages()
    values[3, :8] = np.nan
    basis, found = profiled(values)
    np.testing.assert_allclose(found.frequencies.total, np.nanmean(values, axis=1) / 2, rtol=1e-6)
    np.testing.assert_allclose(found.missing.total, np.isnan(values).mean(axis=1), atol=1e-12)
    complete = np.where(np.isnan(values), np.nanmean(values, axis=1, keepdims=True), values)
    expected = np.corrcoef(complete)[np.triu_indices(220, 1)] ** 2
    np.testing.assert_allclose(found.linkage.total, expected, atol=1e-5)
    assert basis.linked.tolist() == list(range(220)) and found.alike.shape == (220, 30)
    assert not np.isnan(found.alike).any()


def test_without_a_group_of_rows_they_are_those_of_the_other_rows():
    values = dosages()
    kept = row_groups(80, 0) != 2
    _, found = profiled(values)
    np.testing.assert_allclose(found.frequencies.without[2], values[:, kept].mean(axis=1) / 2, rtol=1e-6)


def test_the_inbreeding_coefficient_is_the_lack_of_heterozygotes():
    values = dosages()
    _, found = profiled(values)
    f, observed = values.mean(axis=1) / 2, (values == 1).mean(axis=1)
    expected = 1 - observed / (2 * f * (1 - f) * 160 / 159)
    np.testing.assert_allclose(found.inbreeding.total, expected, rtol=1e-5, atol=1e-6)
    assert found.hwe_failures is not None
    assert inbreeding(np.array([0.5]), np.array([0.0]), np.array([10.0])) == 1
    assert np.isnan(inbreeding(np.array([1.0]), np.array([0.0]), np.array([10.0])))


def test_haplotypes_have_no_heterozygotes():
    basis, found = profiled((dosages() > 1).astype(float))
    assert basis.block.family == "haplotypes"
    assert found.inbreeding is None and found.hwe_failures is None
    np.testing.assert_allclose(found.frequencies.total, (dosages() > 1).mean(axis=1), rtol=1e-6)


def test_populations_are_compared_where_there_are_two():
    values, labels = dosages(), np.repeat([0, 1], 40)
    _, found = profiled(values, labels, TwoClasses("pop", "a", "b", 0.0, 1.0))
    assert found.differentiation.total.shape == (221,)
    assert profiled(values, labels)[1].differentiation is None


def test_the_axes_weigh_every_site_by_its_expected_spread():
    values = dosages()
    values[7] = 2
    basis, _ = profiled(values)
    f = values.mean(axis=1) / 2
    varied = np.arange(220) != 7
    np.testing.assert_allclose(basis.axes.scale[varied], 1 / np.sqrt(f * (1 - f))[varied], rtol=1e-4)
    assert basis.axes.scale[7] == 0


def test_sites_that_lost_an_allele():
    first = np.array([0.0, 0.2, 1.0, 0.9, 0.5, 0.1])
    second = np.array([0.5, 0.0, 0.5, 1.0, 0.4, np.nan])
    assert fixed_share(first, second) == pytest.approx(3 / 4)
    assert fixed_share(second, first) == pytest.approx(2 / 3)
    assert math.isnan(fixed_share(np.zeros(3), second[:3]))
    np.testing.assert_allclose(minor(np.array([0.2, 0.9])), [0.2, 0.1])


def test_a_table_of_one_allele_and_of_missing_genotypes_is_no_error():
    basis, _ = profiled(dosages())
    fixed = genotype_profile(as_table(np.zeros((220, 12))), basis, 0, "made")
    assert (fixed.frequencies.total == 0).all() and (fixed.linkage.total == 0).all()
    assert fixed.hwe_failures is None and np.isnan(fixed.inbreeding.total).all()
    nothing = genotype_profile(as_table(np.full((220, 12), np.nan)), basis, 0, "made")
    assert np.isnan(nothing.frequencies.total).all() and (nothing.missing.total == 1).all()
