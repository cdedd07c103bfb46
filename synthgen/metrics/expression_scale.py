"""The scale on which expression values are compared: as they are, or logarithms where a few values dwarf the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthgen.metrics.value_block import ValueBlock

HEAVY = 50.0
"""Ratio of the 99.9% quantile to the median of the sizes that are not 0, from which on logarithms are taken."""
_SAMPLE = 400_000
_BLOCK = 2_000


@dataclass(frozen=True)
class ExpressionScale:
    """How expression values are transformed before they are compared.

    Parameters
    ----------
    kind : {"log of counts per library", "log", "arcsinh", "as given"}
        `log1p` of counts over their row total, times the median total of the real rows; `log1p`; `arcsinh`; nothing.
    library : float
        The median row total of the real rows; 0 where no totals are used.
    """

    kind: str
    library: float = 0.0


def expression_scale(values: np.ndarray, block: ValueBlock) -> ExpressionScale:
    """The scale for a block, by the real rows.

    Parameters
    ----------
    values : ndarray of float32, shape (p, N)
        The real values; NaN is missing.
    block : ValueBlock
        Of the real table.

    Returns
    -------
    ExpressionScale
        Counts: logarithms of counts per library. Others: logarithms where the 99.9% quantile of the sizes is more than
        `HEAVY` times their median (arcsinh where there are negative values), else as they are.
    """
    if block.family == "counts":
        totals = row_totals(values)
        positive = totals[totals > 0]
        return ExpressionScale(
            "log of counts per library", float(np.median(positive)) if len(positive) else 0.0
        )
    sample = values.ravel()[:: max(1, values.size // _SAMPLE)]
    sizes = np.abs(sample[np.isfinite(sample) & (sample != 0)])
    if not len(sizes) or np.quantile(sizes, 0.999) <= HEAVY * np.median(sizes):
        return ExpressionScale("as given")
    negative = any((values[i : i + _BLOCK] < 0).any() for i in range(0, len(values), _BLOCK))
    return ExpressionScale("arcsinh" if negative else "log")


def row_totals(values: np.ndarray) -> np.ndarray:
    """The sum of each row of a table: of counts, its library size.

    Parameters
    ----------
    values : ndarray of float32, shape (p, N)
        NaN is missing and counts as 0.

    Returns
    -------
    ndarray of float64, shape (N,)
        Sums.
    """
    out = np.zeros(values.shape[1])
    for start in range(0, len(values), _BLOCK):
        out += np.nansum(values[start : start + _BLOCK], axis=0, dtype=np.float64)
    return out


def row_detected(values: np.ndarray) -> np.ndarray:
    """How many values of each row are above 0: of counts, its detected genes.

    Parameters
    ----------
    values : ndarray of float32, shape (p, N)
        NaN is missing.

    Returns
    -------
    ndarray of float64, shape (N,)
        Numbers of genes.
    """
    return np.asarray((values > 0).sum(axis=0), dtype=np.float64)


def to_scale(values: np.ndarray, scale: ExpressionScale, totals: np.ndarray | None = None) -> None:
    """Transform values in place.

    Parameters
    ----------
    values : ndarray of float32, shape (p, N)
        NaN stays. Counts below 0, which no real row has, count as 0.
    scale : ExpressionScale
        As `expression_scale` gives it for the real rows.
    totals : ndarray, shape (N,), optional
        Row totals, which counts need.
    """
    if scale.kind == "as given":
        return
    factor = None
    if totals is not None and scale.library > 0:
        factor = (scale.library / np.where(totals > 0, totals, scale.library)).astype(np.float32)
    for start in range(0, len(values), _BLOCK):
        block = values[start : start + _BLOCK]
        if scale.kind == "arcsinh":
            np.arcsinh(block, out=block)
            continue
        np.maximum(block, np.float32(0), out=block)
        if factor is not None:
            block *= factor
        np.log1p(block, out=block)
