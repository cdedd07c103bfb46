"""What is said about genotypes, beside their ceiling, floor and memoriser."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from synthgen.metrics.aats import Aats, aats, affordable_rows, neighbours
from synthgen.metrics.classes import two_classes
from synthgen.metrics.genotype_facts import FREQUENCY_BINS, FrequencyBin, Genotypes
from synthgen.metrics.genotypes import (
    MIN_FREQUENCY,
    GenotypeBasis,
    GenotypeProfile,
    fixed_share,
    genotype_basis,
    genotype_profile,
    minor,
)
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.jackknife import Resampled, agreement, alone, pearson
from synthgen.metrics.ld import decay, distance_bins
from synthgen.metrics.pca_overlay import pca_overlay
from synthgen.metrics.tasks import Task
from synthgen.reports.alike import Alike, alike, equal_rows, some_real_rows
from synthgen.reports.section import Section, score_of
from synthgen.reports.tables import Tables

_UNIT = (-1.0, 1.0)
_SHARE = (0.0, 1.0)
_MIN_MISSING = 20
Figure = Callable[[GenotypeProfile, GenotypeProfile], Estimate]


def genotypes(t: Tables, task: Task | None) -> Section:
    """Sites one by one, in pairs, between populations, and rows beside rows.

    Parameters
    ----------
    t : Tables
        What is compared.
    task : Task or None
        Its two largest classes are the populations.

    Returns
    -------
    Section
        ``allele_frequencies``, ``lost_sites``, ``new_sites``, ``ld_r2``, ``aats*`` and, where they apply, ``missing_shares``,
        ``hwe_failures``, ``inbreeding``, ``f_st_sites``, ``f_st``; nothing if the table holds no block of genotypes.
    """
    block = t.block
    if block is None or not block.is_genotypes:
        return Section({}, {})
    n = equal_rows(t, len(block.columns))
    smallest = n if t.holdout is not None else min(n, t.twins[0].n_rows, t.twins[1].n_rows)
    n_alike = affordable_rows(len(block.columns), min(smallest, t.real.n_rows))
    populations = two_classes(t.real, task, against_rest=False)
    basis = genotype_basis(some_real_rows(t, len(block.columns)), block, populations, n_alike, t.seed)
    found = alike(t, len(block.columns), lambda which, table: genotype_profile(table, basis, t.seed, which))
    mixing = _mixing(t, found)
    estimates = {
        name: {which: figure(*pair) for which, pair in found.pairs().items()}
        for name, figure in _figures(found).items()
    }
    for name, field in (("aats", "mean"), ("aats_truth", "truth"), ("aats_synthetic", "synthetic")):
        estimates[name] = {which: getattr(a, field) for which, a in mixing.items()}
    scores = {
        name: score_of(t, name, values["synthetic"], [values[w] for w in ("ceiling", "floor", "memoriser")])
        for name, values in estimates.items()
    }
    return Section(scores, {"genotypes": _facts(basis, found)})


def _mixing(t: Tables, found: Alike[GenotypeProfile]) -> dict[str, Aats]:
    within = {id(x): neighbours(x.alike, t.seed) for x in (found.reference, found.ceiling_reference)}
    return {
        which: aats(within[id(a)], neighbours(b.alike, t.seed)) for which, (a, b) in found.pairs().items()
    }


def _figures(found: Alike[GenotypeProfile]) -> dict[str, Figure]:
    reference, made = found.reference, found.tables["synthetic"]
    figures: dict[str, Figure] = {
        "allele_frequencies": lambda a, b: agreement(pearson, a.frequencies, b.frequencies, _UNIT),
        "lost_sites": lambda a, b: agreement(fixed_share, a.frequencies, b.frequencies, _SHARE),
        "new_sites": lambda a, b: agreement(fixed_share, b.frequencies, a.frequencies, _SHARE),
        "ld_r2": lambda a, b: agreement(pearson, a.linkage, b.linkage, _UNIT),
    }
    if (reference.missing.total > 0).sum() >= _MIN_MISSING:
        figures["missing_shares"] = lambda a, b: agreement(pearson, a.missing, b.missing, _UNIT)
    if reference.inbreeding is not None:
        figures["hwe_failures"] = lambda _, b: Estimate(b.hwe_failures)
        figures["inbreeding"] = _inbreeding
    if reference.differentiation is not None and made.differentiation is not None:
        figures["f_st_sites"] = _f_st_sites
        figures["f_st"] = lambda _, b: _f_st(b)
    return figures


def _inbreeding(reference: GenotypeProfile, other: GenotypeProfile) -> Estimate:
    """Agreement of the inbreeding coefficients of the sites that are common in the reference."""
    if reference.inbreeding is None or other.inbreeding is None:
        return Estimate(None)
    common = minor(reference.frequencies.total) >= MIN_FREQUENCY
    return agreement(pearson, _some(reference.inbreeding, common), _some(other.inbreeding, common), _UNIT)


def _some(quantity: Resampled, sites: np.ndarray) -> Resampled:
    return Resampled(quantity.total[sites], quantity.without[:, sites])


def _f_st_sites(reference: GenotypeProfile, other: GenotypeProfile) -> Estimate:
    if reference.differentiation is None or other.differentiation is None:
        return Estimate(None)
    sites = [
        Resampled(x.total[1:], x.without[:, 1:]) for x in (reference.differentiation, other.differentiation)
    ]
    return agreement(pearson, sites[0], sites[1], _UNIT)


def _f_st(table: GenotypeProfile) -> Estimate:
    if table.differentiation is None:
        return Estimate(None)
    return alone(lambda x: float(x[0]), table.differentiation)


def _facts(basis: GenotypeBasis, found: Alike[GenotypeProfile]) -> Genotypes:
    bins, ends = distance_bins(basis.linked)
    tables = {"reference": found.reference, **found.tables}
    tested = found.reference.differentiation is not None and basis.classes is not None
    places = {"ceiling": found.reference.places, "synthetic": found.tables["synthetic"].places}
    return Genotypes(
        family=basis.block.family,
        n_variants=len(basis.block.columns),
        n_linked=len(basis.linked),
        n_rows=found.reference.n_rows,
        n_alike=found.reference.alike.shape[1],
        bins=_bins(found),
        inbreeding=_mean_inbreeding(found),
        distances=ends,
        decay={which: decay(p.linkage, bins, len(ends)) for which, p in tables.items()},
        first=basis.classes.first if tested and basis.classes else None,
        second=basis.classes.second if tested and basis.classes else None,
        f_st={which: _f_st(p) for which, p in tables.items()} if tested else {},
        overlay=None if basis.axes is None else pca_overlay(basis.axes, places),
    )


def _mean_inbreeding(found: Alike[GenotypeProfile]) -> dict[str, Estimate]:
    tables = {"reference": found.reference, **found.tables}
    common = minor(found.reference.frequencies.total) >= MIN_FREQUENCY
    return {
        which: alone(_mean, _some(p.inbreeding, common))
        for which, p in tables.items()
        if p.inbreeding is not None
    }


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


def _bins(found: Alike[GenotypeProfile]) -> tuple[FrequencyBin, ...]:
    out = []
    for low, high in FREQUENCY_BINS:
        sites = _in_bin(found.reference.frequencies.total, low, high)
        if sites.any():
            pairs = found.pairs()
            out.append(
                FrequencyBin(
                    low=low,
                    high=high,
                    n_sites=int(sites.sum()),
                    agreement={which: _bin_agreement(a, b, low, high) for which, (a, b) in pairs.items()},
                    error={which: _bin_error(a, b, low, high) for which, (a, b) in pairs.items()},
                )
            )
    return tuple(out)


def _in_bin(frequencies: np.ndarray, low: float, high: float) -> np.ndarray:
    f = minor(frequencies)
    return np.asarray((f >= low) & ((f < high) | (high == 0.5)) & (f > 0))


def _folded(reference: GenotypeProfile, other: GenotypeProfile, low: float, high: float) -> list[Resampled]:
    """Frequencies of the allele that is the rarer one in the reference, at the sites of a bin."""
    sites = _in_bin(reference.frequencies.total, low, high)
    turned = reference.frequencies.total[sites] > 0.5
    chosen = [_some(p.frequencies, sites) for p in (reference, other)]
    return [
        Resampled(np.where(turned, 1 - x.total, x.total), np.where(turned, 1 - x.without, x.without))
        for x in chosen
    ]


def _bin_agreement(a: GenotypeProfile, b: GenotypeProfile, low: float, high: float) -> Estimate:
    first, second = _folded(a, b, low, high)
    return agreement(pearson, first, second, _UNIT)


def _bin_error(a: GenotypeProfile, b: GenotypeProfile, low: float, high: float) -> float | None:
    first, second = _folded(a, b, low, high)
    differences = np.abs(first.total - second.total)
    known = differences[np.isfinite(differences)]
    return float(known.mean()) if len(known) else None
