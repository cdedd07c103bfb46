"""Gene expression: what of one table is compared with real rows, gene by gene and pair by pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthgen.metrics.baselines import some_of
from synthgen.metrics.classes import TwoClasses, class_labels
from synthgen.metrics.column_sums import column_sums, identity, one_hot, squared
from synthgen.metrics.correlations import pair_correlations
from synthgen.metrics.differential import N_GROUPS, Differential, differential
from synthgen.metrics.expression_scale import (
    ExpressionScale,
    expression_scale,
    row_detected,
    row_totals,
    to_scale,
)
from synthgen.metrics.jackknife import Resampled, left_out, resampled, row_groups
from synthgen.metrics.pca_overlay import Axes, fit_axes, projected
from synthgen.metrics.tables import CodedTable
from synthgen.metrics.value_block import ValueBlock, block_values
from synthgen.rng import stream

MAX_CORRELATED = 1_000
"""Genes whose correlations are compared, at most."""
MIN_DETECTED = 0.1
"""Share of real rows in which a gene must not be 0, to be among them, where there are `MIN_CORRELATED` such genes."""
MIN_CORRELATED = 100
_LEAST_VARIANCE = 1e-6


@dataclass(frozen=True, eq=False)
class ExpressionBasis:
    """What the real rows say about how to compare.

    Parameters
    ----------
    block : ValueBlock
        The genes.
    scale : ExpressionScale
        Of the values.
    centre : ndarray, shape (p,)
        Means of the real rows on that scale.
    correlated : ndarray of int
        Positions among the genes: those whose correlations are compared.
    has_zeros : bool
        Whether at least one real value in a hundred is 0.
    axes : Axes or None
        Of the real rows.
    classes : TwoClasses or None
        Compared by differential expression.
    """

    block: ValueBlock
    scale: ExpressionScale
    centre: np.ndarray
    correlated: np.ndarray
    has_zeros: bool
    axes: Axes | None
    classes: TwoClasses | None


@dataclass(frozen=True, eq=False)
class ExpressionProfile:
    """What is compared of one table.

    Parameters
    ----------
    means, variances, zeros : Resampled
        By gene, on the scale of comparison; `zeros` are shares of values that are 0.
    correlations : Resampled
        By pair of the chosen genes.
    totals, detected : ndarray, shape (N,)
        Of each row: its sum and its number of genes above 0, before any transformation.
    differential : Differential or None
        Between the classes.
    places : ndarray or None
        Of some rows on the axes of the real ones.
    n_rows : int
        N.
    """

    means: Resampled
    variances: Resampled
    zeros: Resampled
    correlations: Resampled
    totals: np.ndarray
    detected: np.ndarray
    differential: Differential | None
    places: np.ndarray | None
    n_rows: int


def expression_basis(
    real: CodedTable, block: ValueBlock, classes: TwoClasses | None, seed: int
) -> ExpressionBasis:
    """Scale, centre, choice of genes and axes, by the real rows alone.

    Parameters
    ----------
    real : CodedTable
        The real rows.
    block : ValueBlock
        The genes.
    classes : TwoClasses or None
        To be compared.
    seed : int
        For the choices.

    Returns
    -------
    ExpressionBasis
        To be used for every table.
    """
    values = block_values(real, block.columns)
    scale = expression_scale(values, block)
    shares = _zero_shares(values)
    to_scale(values, scale, row_totals(values))
    everyone = np.ones((values.shape[1], 1))
    sums = column_sums(values, everyone, {"sum": identity})
    centre = (sums["sum"] / np.maximum(sums["present"], 1))[0]
    spread = column_sums(values, everyone, {"square": squared}, centre)["square"][0]
    return ExpressionBasis(
        block=block,
        scale=scale,
        centre=centre,
        correlated=_chosen(spread > 0, shares, seed),
        has_zeros=bool(np.nanmean(shares) >= 0.01) if len(shares) else False,
        axes=fit_axes(values, centre, np.ones(len(values)), seed),
        classes=classes,
    )


def _zero_shares(values: np.ndarray) -> np.ndarray:
    ones = np.ones((values.shape[1], 1))
    sums = column_sums(values, ones, {"zero": _is_zero})
    return np.asarray((sums["zero"] / np.maximum(sums["present"], 1))[0])


def _is_zero(values: np.ndarray) -> np.ndarray:
    return values == 0


def _chosen(varies: np.ndarray, zeros: np.ndarray, seed: int) -> np.ndarray:
    often = np.flatnonzero(varies & (zeros <= 1 - MIN_DETECTED))
    among = often if len(often) >= MIN_CORRELATED else np.flatnonzero(varies)
    return np.asarray(among[some_of(len(among), MAX_CORRELATED, stream(seed, "metrics.expression.genes"))])


def expression_profile(table: CodedTable, basis: ExpressionBasis, seed: int) -> ExpressionProfile:
    """What is compared of one table.

    Parameters
    ----------
    table : CodedTable
        Coded with the real one.
    basis : ExpressionBasis
        Of the real rows.
    seed : int
        For the groups of rows.

    Returns
    -------
    ExpressionProfile
        Without the matrix itself.
    """
    values = block_values(table, basis.block.columns)
    totals, detected = row_totals(values), row_detected(values)
    groups = row_groups(table.n_rows, seed)
    weights = one_hot(groups, int(groups.max()) + 1)
    zeros = _ratio(column_sums(values, weights, {"zero": _is_zero}), "zero")
    to_scale(values, basis.scale, totals)
    means, variances = _moments(values, weights, basis.centre)
    chosen = basis.correlated
    tested = None
    if basis.classes is not None:
        labels = class_labels(table, basis.classes)
        tested = differential(values, labels, row_groups(table.n_rows, seed, N_GROUPS), basis.centre)
    return ExpressionProfile(
        means=means,
        variances=variances,
        zeros=resampled(zeros),
        correlations=pair_correlations(values[chosen], basis.centre[chosen], seed),
        totals=totals,
        detected=detected,
        differential=tested,
        places=None if basis.axes is None else projected(basis.axes, values, seed),
        n_rows=table.n_rows,
    )


def _ratio(sums: dict[str, np.ndarray], name: str) -> np.ndarray:
    present = left_out(sums["present"])
    return np.asarray(
        np.where(present > 0, left_out(sums[name]) / np.where(present > 0, present, 1.0), np.nan)
    )


def _moments(values: np.ndarray, weights: np.ndarray, centre: np.ndarray) -> tuple[Resampled, Resampled]:
    """Means and variances; what is left of the variance of a constant gene is 0."""
    sums = column_sums(values, weights, {"sum": identity, "square": squared}, centre)
    shifted, square = _ratio(sums, "sum"), _ratio(sums, "square")
    present = left_out(sums["present"])
    raw = square - shifted**2
    variances = np.where(raw > _LEAST_VARIANCE * square, raw, 0.0) * present / np.maximum(present - 1, 1)
    return resampled(shifted + centre), resampled(np.where(present > 1, variances, np.nan))
