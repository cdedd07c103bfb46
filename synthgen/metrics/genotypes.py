"""Genotypes: what of one table is compared with real rows, site by site and pair by pair."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from synthgen.metrics.aats import chosen_rows
from synthgen.metrics.baselines import some_of
from synthgen.metrics.classes import TwoClasses, class_labels
from synthgen.metrics.column_sums import column_sums, identity, one_hot
from synthgen.metrics.correlations import pair_correlations
from synthgen.metrics.fst import f_st
from synthgen.metrics.hardy_weinberg import MAX_ROWS, failing_share
from synthgen.metrics.jackknife import Resampled, left_out, resampled, row_groups
from synthgen.metrics.ld import chosen_variants
from synthgen.metrics.pca_overlay import Axes, fit_axes, projected
from synthgen.metrics.tables import CodedTable
from synthgen.metrics.value_block import ValueBlock, block_values
from synthgen.rng import stream

MIN_FREQUENCY = 0.05
"""Minor allele frequency in the reference from which on a site's inbreeding coefficient is compared."""


@dataclass(frozen=True, eq=False)
class GenotypeBasis:
    """What the real rows say about how to compare.

    Parameters
    ----------
    block : ValueBlock
        The variants.
    centre : ndarray, shape (V,)
        Mean value of each variant among the real rows; 0 where there is none.
    linked : ndarray of int
        Positions among the variants: those whose pairs are compared.
    axes : Axes or None
        Of the real rows.
    classes : TwoClasses or None
        Populations that are compared.
    n_alike : int
        Rows of each table that nearest neighbours are sought among.
    """

    block: ValueBlock
    centre: np.ndarray
    linked: np.ndarray
    axes: Axes | None
    classes: TwoClasses | None
    n_alike: int


@dataclass(frozen=True, eq=False)
class GenotypeProfile:
    """What is compared of one table.

    Parameters
    ----------
    frequencies : Resampled
        Of the allele that is counted, by variant, in [0, 1].
    missing : Resampled
        Shares of missing values, by variant.
    inbreeding : Resampled or None
        ``1 - observed / expected`` heterozygosity, by variant; None for haplotypes.
    linkage : Resampled
        Squared correlation, by pair of the chosen variants.
    differentiation : Resampled or None
        F_ST between the populations: of all variants together, then by variant.
    hwe_failures : float or None
        Share of the sites that fail the exact test; None for haplotypes.
    places : ndarray or None
        Of some rows on the axes of the real ones.
    alike : ndarray, shape (V, n)
        Some rows, missing values at the centre, for nearest neighbours.
    n_rows : int
        Rows of the table.
    """

    frequencies: Resampled
    missing: Resampled
    inbreeding: Resampled | None
    linkage: Resampled
    differentiation: Resampled | None
    hwe_failures: float | None
    places: np.ndarray | None
    alike: np.ndarray
    n_rows: int


def genotype_basis(
    real: CodedTable, block: ValueBlock, classes: TwoClasses | None, n_alike: int, seed: int
) -> GenotypeBasis:
    """Centre, choice of variants and axes, by the real rows alone.

    Parameters
    ----------
    real : CodedTable
        The real rows.
    block : ValueBlock
        The variants.
    classes : TwoClasses or None
        To be compared.
    n_alike : int
        Rows of each table for nearest neighbours.
    seed : int
        For the choices.

    Returns
    -------
    GenotypeBasis
        To be used for every table.

    Notes
    -----
    The axes are those of values less their mean over ``sqrt(f (1 - f))`` [1]_; a variant that does not vary has no part.

    References
    ----------
    .. [1] N. Patterson, A. L. Price, D. Reich, "Population structure and eigenanalysis", PLoS Genetics 2 (2006).
    """
    values = block_values(real, block.columns)
    sums = column_sums(values, np.ones((values.shape[1], 1)), {"sum": identity})
    centre = (sums["sum"] / np.maximum(sums["present"], 1))[0]
    f = centre / block.ploidy
    spread = np.sqrt(np.maximum(f * (1 - f), 0.0))
    scale = np.where(spread > 0, 1 / np.where(spread > 0, spread, 1.0), 0.0)
    linked = chosen_variants(len(block.columns), seed)
    return GenotypeBasis(block, centre, linked, fit_axes(values, centre, scale, seed), classes, n_alike)


def genotype_profile(table: CodedTable, basis: GenotypeBasis, seed: int, purpose: str) -> GenotypeProfile:
    """What is compared of one table.

    Parameters
    ----------
    table : CodedTable
        Coded with the real one.
    basis : GenotypeBasis
        Of the real rows.
    seed : int
        For the groups and choices of rows.
    purpose : str
        Which table it is: tables of one purpose and size take the same rows.

    Returns
    -------
    GenotypeProfile
        Without the whole matrix.
    """
    values, ploidy = block_values(table, basis.block.columns), basis.block.ploidy
    groups = row_groups(table.n_rows, seed)
    weights = one_hot(groups, int(groups.max()) + 1)
    sums = column_sums(values, weights, {"sum": identity, "het": _is_het})
    present, copies, hets = (left_out(sums[name]) for name in ("present", "sum", "het"))
    known = np.where(present > 0, present, np.nan)
    frequencies = copies / known / ploidy
    n = left_out(weights.sum(axis=0)[:, None])
    diploid = ploidy == 2
    linked = values[basis.linked]
    populations = None if basis.classes is None else class_labels(table, basis.classes)
    return GenotypeProfile(
        frequencies=resampled(frequencies),
        missing=resampled(1 - present / n),
        inbreeding=resampled(inbreeding(frequencies, hets / known, known)) if diploid else None,
        linkage=pair_correlations(linked, basis.centre[basis.linked], seed, square=True),
        differentiation=None if populations is None else f_st(values, populations, groups, ploidy),
        hwe_failures=failing_share(_some_rows(values, seed)) if diploid else None,
        places=None if basis.axes is None else projected(basis.axes, values, seed),
        alike=_filled(chosen_rows(values, min(basis.n_alike, table.n_rows), seed, purpose), basis.centre),
        n_rows=table.n_rows,
    )


def _some_rows(values: np.ndarray, seed: int) -> np.ndarray:
    rows = some_of(values.shape[1], MAX_ROWS, stream(seed, "metrics.hardy_weinberg"))
    return values if len(rows) == values.shape[1] else values[:, rows]


def _is_het(values: np.ndarray) -> np.ndarray:
    return values == 1


def _filled(values: np.ndarray, centre: np.ndarray) -> np.ndarray:
    missing = np.isnan(values)
    return np.where(missing, centre[:, None].astype(np.float32), values) if missing.any() else values


def inbreeding(frequencies: np.ndarray, heterozygosity: np.ndarray, n_people: np.ndarray) -> np.ndarray:
    """The inbreeding coefficient of each site.

    Parameters
    ----------
    frequencies : ndarray
        Of one allele, in [0, 1]; NaN where unknown.
    heterozygosity : ndarray of the same shape
        Observed share of heterozygotes.
    n_people : ndarray of the same shape
        With a genotype.

    Returns
    -------
    ndarray of the same shape
        ``1 - observed / expected``: 0 under random mating, 1 without heterozygotes; NaN for a site with one allele.

    Notes
    -----
    Expected is ``2 f (1 - f) 2n / (2n - 1)`` [1]_, unbiased under random mating.

    References
    ----------
    .. [1] M. Nei, "Estimation of average heterozygosity and genetic distance from a small number of individuals",
       Genetics 89 (1978).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = 2 * frequencies * (1 - frequencies) * 2 * n_people / (2 * n_people - 1)
        found = 1 - heterozygosity / expected
    return np.where(expected > 0, found, np.nan)


def minor(frequencies: np.ndarray) -> np.ndarray:
    """The frequency of the rarer allele, in [0, 1/2]; NaN stays."""
    return np.minimum(frequencies, 1 - frequencies)


def fixed_share(first: np.ndarray, second: np.ndarray) -> float:
    """The share of the sites with two alleles in one table that have one allele in another.

    Parameters
    ----------
    first, second : ndarray, shape (V,)
        Allele frequencies; NaN where unknown.

    Returns
    -------
    float
        In [0, 1]; NaN where no site of the first table has two alleles.
    """
    varied = minor(first) > 0
    return float((~(minor(second[varied]) > 0)).mean()) if varied.any() else math.nan
