"""What a report keeps about genotypes besides its scores."""

from __future__ import annotations

from dataclasses import dataclass

from synthgen.metrics.intervals import Estimate
from synthgen.metrics.pca_overlay import PcaOverlay

FREQUENCY_BINS = ((0.0, 0.01), (0.01, 0.05), (0.05, 0.1), (0.1, 0.5))
"""Minor allele frequencies; a bin holds its lower end, and the last its upper end too."""


@dataclass(frozen=True)
class FrequencyBin:
    """Allele frequencies of the sites of one bin of minor allele frequency in the reference.

    Parameters
    ----------
    low, high : float
        Ends of the bin.
    n_sites : int
        Sites with two alleles in the reference.
    agreement : dict of str to Estimate
        By table: Pearson's correlation of the frequencies of the allele that is rarer in the reference.
    error : dict of str to (float or None)
        By table: mean absolute difference of these frequencies.
    """

    low: float
    high: float
    n_sites: int
    agreement: dict[str, Estimate]
    error: dict[str, float | None]


@dataclass(frozen=True)
class Genotypes:
    """Genotypes.

    Parameters
    ----------
    family : {"haplotypes", "dosages"}
        Values of 0 and 1, or of 0, 1 and 2.
    n_variants, n_linked : int
        Variants, and those whose pairs are compared.
    n_rows, n_alike : int
        Rows of each table compared, and those that nearest neighbours are sought among.
    bins : tuple of FrequencyBin
        By minor allele frequency; no empty ones.
    inbreeding : dict of str to Estimate
        By table: mean inbreeding coefficient of the sites whose minor allele has a frequency of .05 or more in the
        reference. Empty for haplotypes.
    distances : tuple of tuple of int
        Least and largest distance of each bin of pairs, in columns.
    decay : dict of str to tuple of float
        By table: mean squared correlation in each of these bins.
    first, second : str or None
        The populations compared.
    f_st : dict of str to Estimate
        By table: F_ST between them, of all sites together.
    overlay : PcaOverlay or None
        Rows on the principal axes of the real ones.
    """

    family: str
    n_variants: int
    n_linked: int
    n_rows: int
    n_alike: int
    bins: tuple[FrequencyBin, ...]
    inbreeding: dict[str, Estimate]
    distances: tuple[tuple[int, ...], ...]
    decay: dict[str, tuple[float, ...]]
    first: str | None
    second: str | None
    f_st: dict[str, Estimate]
    overlay: PcaOverlay | None
