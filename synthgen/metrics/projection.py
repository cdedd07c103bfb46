"""Mixed rows to a few principal scores, and densities of scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import eigh

from synthgen.metrics.coordinates import standardised
from synthgen.metrics.features import one_hot_width, pooled_codes
from synthgen.metrics.tables import CodedColumn, CodedTable

N_SCORES = 10
"""Scores that a kernel density can bear, at most."""
_MAX_LEVELS = 20
_FEWEST = 1e-3
_LIMIT = 8.0
_LEAST_VARIANCE = 1e-6
_CELLS = 8_000_000


def principal_scores(tables: Sequence[CodedTable]) -> list[np.ndarray]:
    """Principal scores of mixed columns, of variance 1 in the first table.

    Parameters
    ----------
    tables : sequence of CodedTable
        Coded together; the first one gives scales and axes.

    Returns
    -------
    list of ndarray of float64, shape (n_rows, K)
        K in [1, `N_SCORES`]; one column of zeros if nothing varies.

    Notes
    -----
    Factor analysis of mixed data [1]_: a number is standardised, a level becomes a one-hot column over the root of
    its share, so that a column of either kind has about the same weight.

    NOTE[DIFF]: missing numbers take the mean and a column of their own; levels beyond the 20 most frequent are
    one; no share counts as less than .001 and no number as further than 8 standard deviations from its mean.

    References
    ----------
    .. [1] J. Pagès, "Analyse factorielle de données mixtes", Revue de statistique appliquée 52 (2004).
    """
    features = _features(tables)
    centre = features[0].mean(axis=0)
    variances, axes = _principal_axes(features[0] - centre)
    if not len(variances):
        return [np.zeros((len(f), 1)) for f in features]
    return [(f - centre) @ (axes / np.sqrt(variances)) for f in features]


def log_density(points: np.ndarray, queries: np.ndarray, bandwidth: float) -> np.ndarray:
    """Logarithm of a Gaussian kernel density.

    Parameters
    ----------
    points : ndarray, shape (n, K)
        Rows that the kernels stand on.
    queries : ndarray, shape (m, K)
        Where the density is wanted.
    bandwidth : float
        Standard deviation of the kernel in every direction, above 0.

    Returns
    -------
    ndarray of float64, shape (m,)
        ``log(1/n sum_i N(q; p_i, h^2 I))``; finite however far away a query lies.
    """
    scaled = (points / bandwidth).astype(np.float32)
    half = (scaled**2).sum(axis=1) / 2
    out = np.empty(len(queries))
    step = max(1, _CELLS // len(points))
    for start in range(0, len(queries), step):
        block = (queries[start : start + step] / bandwidth).astype(np.float32)
        exponents = block @ scaled.T - half
        highest = exponents.max(axis=1)
        np.exp(exponents - highest[:, None], out=exponents)
        own = (block.astype(np.float64) ** 2).sum(axis=1) / 2
        out[start : start + step] = np.log(exponents.sum(axis=1, dtype=np.float64)) + highest - own
    return out - np.log(len(points)) - log_kernel_volume(points.shape[1], bandwidth)


def log_kernel_volume(n_scores: int, bandwidth: float) -> float:
    """The logarithm of what a Gaussian kernel's exponential is divided by: ``K log(h sqrt(2 pi))``."""
    return float(n_scores * np.log(bandwidth * np.sqrt(2 * np.pi)))


def _principal_axes(centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variances and axes, shapes (K,) and (F, K), of the directions that vary."""
    n, width = centred.shape
    few_rows = n < width
    products = (centred @ centred.T if few_rows else centred.T @ centred) / n
    wanted = (max(len(products) - N_SCORES, 0), len(products) - 1)
    variances, axes = eigh(products, subset_by_index=wanted)
    kept = variances > _LEAST_VARIANCE * max(variances[-1], _LEAST_VARIANCE)
    variances, axes = variances[kept], axes[:, kept]
    return variances, centred.T @ axes / np.sqrt(n * variances) if few_rows else axes


def _features(tables: Sequence[CodedTable]) -> list[np.ndarray]:
    blocks: list[list[np.ndarray]] = [[] for _ in tables]
    for parts in zip(*(t.columns for t in tables), strict=True):
        made = _numbers(parts) if parts[0].is_numeric else _levels(parts)
        for block, part in zip(blocks, made, strict=True):
            block.append(part)
    return [np.concatenate(block, axis=1) for block in blocks]


def _numbers(parts: Sequence[CodedColumn]) -> list[np.ndarray]:
    like = parts[0].values[None]
    rare = np.sqrt(max(float(parts[0].missing.mean()), _FEWEST))
    flagged = any(p.missing.any() for p in parts)
    out = []
    for part in parts:
        number = standardised(part.values[None], like, _LIMIT)[0]
        out.append(np.stack([number, part.missing / rare] if flagged else [number], axis=1))
    return out


def _levels(parts: Sequence[CodedColumn]) -> list[np.ndarray]:
    pooled = pooled_codes(parts, _MAX_LEVELS)
    width = one_hot_width(parts[0], _MAX_LEVELS)
    codes = [np.where(np.isnan(c), width - 1, c).astype(np.int64) for c in pooled]
    shares = np.bincount(codes[0], minlength=width) / max(len(codes[0]), 1)
    unit = np.diag(1 / np.sqrt(np.maximum(shares, _FEWEST)))
    return [unit[c] for c in codes]
