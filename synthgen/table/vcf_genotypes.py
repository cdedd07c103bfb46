"""Genotype calls of VCF files as dosages."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from synthgen.exceptions import DataError
from synthgen.table.variants import MISSING

NO_CALL = -1
"""An allele that was not called."""
NO_ALLELE = -2
"""Where a haploid call has no second allele."""


class Dosages(NamedTuple):
    """Dosages of some sites; C columns, one for each alternative allele."""

    values: npt.NDArray[np.int8]
    """Shape (C, N): copies of the allele, or `MISSING`."""
    site: npt.NDArray[np.intp]
    """Shape (C,): which site the column is of."""
    allele: npt.NDArray[np.intp]
    """Shape (C,): which of the site's alternative alleles, from 1."""
    ploidy: npt.NDArray[np.int8]
    """Shape (C,): 1 where all calls of the site are haploid, else 2."""
    phased: bool
    """Whether every call is complete and says which allele is on which chromosome."""


def dosages_of_calls(
    calls: npt.NDArray[np.int16], n_alternatives: npt.NDArray[np.intp], sites: list[str], samples: list[str]
) -> Dosages:
    """Count alleles in calls.

    Parameters
    ----------
    calls : numpy.ndarray of int16, shape (S, N, 3)
        For each site and sample two alleles, as numbers from 0 (the reference), `NO_CALL` or `NO_ALLELE`, and 1 if
        the call is phased.
    n_alternatives : numpy.ndarray of int, shape (S,)
        How many alternative alleles a site has.
    sites, samples : list of str, lengths S and N
        Names, for messages.

    Returns
    -------
    Dosages
        A site without an alternative allele has one column, of zeros.

    Raises
    ------
    DataError
        If a site has haploid and diploid calls, or an allele has no name.

    Notes
    -----
    A call with one allele missing (``./1``) is missing. A single ``.`` is a missing call of either ploidy.
    """
    first, second = calls[:, :, 0], calls[:, :, 1]
    is_haploid = (first >= 0) & (second == NO_ALLELE)
    is_diploid = (second != NO_ALLELE) & ((first >= 0) | (second >= 0))
    _check_ploidy(is_haploid, is_diploid, sites, samples)
    _check_alleles(np.maximum(first, second), n_alternatives, sites, samples)
    is_missing = (first < 0) | (second == NO_CALL)
    n_columns = np.maximum(n_alternatives, 1)
    site = np.repeat(np.arange(len(calls)), n_columns)
    allele = np.arange(len(site)) - np.repeat(np.cumsum(n_columns) - n_columns, n_columns) + 1
    values = (first[site] == allele[:, None]).view(np.int8) + (second[site] == allele[:, None]).view(np.int8)
    values[is_missing[site]] = MISSING
    ploidy = np.where(is_haploid.any(axis=1), 1, 2).astype(np.int8)
    phased = not is_missing.any() and bool((calls[:, :, 2][is_diploid] == 1).all())
    return Dosages(values, site, allele, ploidy[site], phased)


def _check_ploidy(
    is_haploid: npt.NDArray[np.bool_], is_diploid: npt.NDArray[np.bool_], sites: list[str], samples: list[str]
) -> None:
    is_mixed = is_haploid.any(axis=1) & is_diploid.any(axis=1)
    if is_mixed.any():
        site = int(is_mixed.argmax())
        one, two = samples[is_haploid[site].argmax()], samples[is_diploid[site].argmax()]
        raise DataError(
            f"at {sites[site]} sample {one!r} has one allele and sample {two!r} two (as men and women on chromosome "
            "X), so dosages do not compare. `bcftools +fixploidy in.vcf -- -f 2` makes all calls diploid; or leave these sites out."
        )


def _check_alleles(
    highest: npt.NDArray[np.int16], n_alternatives: npt.NDArray[np.intp], sites: list[str], samples: list[str]
) -> None:
    is_unknown = highest > n_alternatives[:, None]
    if is_unknown.any():
        site, sample = np.argwhere(is_unknown)[0]
        raise DataError(
            f"at {sites[site]} sample {samples[sample]!r} has allele {highest[site, sample]}, but the site has "
            f"{n_alternatives[site]} alternative allele(s). The file is damaged."
        )
