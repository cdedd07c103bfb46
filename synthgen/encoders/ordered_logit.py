"""Ordered logistic regressions of many columns at once, with normal priors on the slopes."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

_STEPS = 12
_HALVINGS = 5
_TOLERANCE = 0.01
_LEAST_PROBABILITY = 1e-10


def fit_ordered_logit(
    levels: np.ndarray, shared: np.ndarray, own: np.ndarray, prior: np.ndarray, n_levels: int
) -> tuple[np.ndarray, np.ndarray]:
    """Fit P(x > l) = logistic(slopes . features - cut_l) to each column.

    Parameters
    ----------
    levels : ndarray of int8, shape (c, N)
        0 to n_levels - 1; -1 where missing. Higher levels count as the highest.
    shared : ndarray of float32, shape (F, N)
        Features of all columns, near mean 0 and deviation 1.
    own : ndarray of float32, shape (c, w, N)
        Features of each column.
    prior : ndarray, shape (F + w,)
        Precision of the normal prior of each slope, above 0.
    n_levels : int
        L, at least 2.

    Returns
    -------
    cuts : ndarray of float64, shape (c, L - 1)
        Ascending; -inf and +inf below the lowest and above the highest level seen.
    slopes : ndarray of float64, shape (c, F + w)
        Posterior mode.

    Notes
    -----
    McCullagh's proportional odds [1]_. Newton steps for slopes and a shift of all cuts, shortened until the posterior
    does not fall, alternate with steps that set each cut so that its level keeps the smoothed share
    (count + 1/2) / (N + 1) of the rows.

    References
    ----------
    .. [1] P. McCullagh, "Regression models for ordinal data", Journal of the Royal Statistical Society B 42, 1980.
    """
    levels = np.minimum(levels, n_levels - 1)
    known = (levels >= 0).astype(np.float32)
    design = _design(shared, own)
    shares = smoothed_shares(levels, n_levels)
    cuts, slopes = logit(shares), np.zeros((len(levels), len(prior)))
    penalty = np.append(0.0, prior)
    active = np.arange(len(levels))
    for _ in range(_STEPS):
        lower, upper = _edges(cuts[active], levels[active])
        full = np.concatenate([np.zeros((len(active), 1)), slopes[active]], axis=1)
        change = _newton(design, full, penalty, lower, upper, known[active])
        slopes[active] += change[:, 1:]
        latent = _latent(design[:, 1:], slopes[active])
        cuts[active] = set_cuts(cuts[active] - change[:, :1], shares[active], latent, known[active], 2)
        moves = np.abs(change).max(axis=1) >= _TOLERANCE
        if not moves.any():
            break
        if not moves.all():
            active, design = active[moves], design[moves]
    whole = _design(shared, own)[:, 1:]
    return set_cuts(cuts, shares, _latent(whole, slopes), known, 6), slopes


def smoothed_shares(levels: np.ndarray, n_levels: int) -> np.ndarray:
    """Share of the known values at or below each level but the last.

    Parameters
    ----------
    levels : ndarray of int8, shape (c, N)
        -1 where missing.
    n_levels : int
        L.

    Returns
    -------
    ndarray of float64, shape (c, L - 1)
        (count + 1/2) / (N + 1); 1 where all known values are at or below, if there are any, else 0 where none is.
    """
    count = (levels >= 0).sum(axis=1)[:, None]
    at_or_below = [((levels >= 0) & (levels <= at)).sum(axis=1) for at in range(n_levels - 1)]
    below = np.stack(at_or_below, axis=1)
    smooth = (below + 0.5) / (count + 1.0)
    return np.asarray(np.where(below == count, 1.0, np.where(below == 0, 0.0, smooth)))


def set_cuts(
    cuts: np.ndarray, shares: np.ndarray, latent: np.ndarray, known: np.ndarray | None, steps: int
) -> np.ndarray:
    """Newton steps of each cut towards mean P(x <= l) = share.

    Parameters
    ----------
    cuts, shares : ndarray, shape (c, L - 1)
        Cuts to start at, infinite ones stay; shares of the rows at or below each level, in [0, 1].
    latent : ndarray of float32, shape (c, N)
        Slopes times features of each row.
    known : ndarray of float32, shape (c, N), optional
        1 for rows that count, 0 for others. None: all count.
    steps : int
        How many, each of at most 1.

    Returns
    -------
    ndarray of float64, shape (c, L - 1)
        The cuts.
    """
    out = np.array(cuts, dtype=np.float64)
    weights = np.ones((1, latent.shape[1]), dtype=np.float32) if known is None else known
    count = np.maximum(weights.sum(axis=1), 1.0)
    for at in range(cuts.shape[1]):
        finite = np.isfinite(out[:, at])
        cut, target = np.where(finite, out[:, at], 0.0), shares[:, at]
        for _ in range(steps):
            below = expit(cut[:, None].astype(np.float32) - latent)
            value = (below * weights).sum(axis=1) / count
            slope = (below * (1 - below) * weights).sum(axis=1) / count
            cut = cut + np.clip((target - value) / np.maximum(slope, 1e-6), -1.0, 1.0)
        out[:, at] = np.where(finite, cut, out[:, at])
    return out


def _design(shared: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Ones, shared and own features, shape (c, 1 + F + w, N)."""
    n_columns, n_own, n_rows = own.shape
    out = np.empty((n_columns, 1 + len(shared) + n_own, n_rows), dtype=np.float32)
    out[:, 0] = 1.0
    out[:, 1 : 1 + len(shared)] = shared
    out[:, 1 + len(shared) :] = own
    return out


def _edges(cuts: np.ndarray, levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The cuts below and above each value, shape (c, N), float32; all of the line where the value is missing."""
    infinity = np.full((len(cuts), 1), np.inf)
    padded = np.concatenate([-infinity, cuts, infinity], axis=1).astype(np.float32)
    place = np.maximum(levels, 0).astype(np.intp)
    return np.take_along_axis(padded, place, axis=1), np.take_along_axis(padded, place + 1, axis=1)


def _latent(design: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    return np.asarray(np.matmul(slopes[:, None].astype(np.float32), design)[:, 0])


def _newton(
    design: np.ndarray,
    slopes: np.ndarray,
    penalty: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    known: np.ndarray,
) -> np.ndarray:
    """One step for each column, shortened where the whole one makes things worse; shape (c, d)."""
    latent = _latent(design, slopes)
    above, below = expit(upper - latent), expit(lower - latent)
    before = _log_posterior(above, below, slopes, penalty, known)
    pull = (above + below - 1) * known
    gradient = np.matmul(design, pull[:, :, None])[:, :, 0] - penalty * slopes
    curvature = _curvature(design, (above * (1 - above) + below * (1 - below)) * known, penalty)
    step = np.linalg.solve(curvature, gradient[:, :, None].astype(np.float64))[:, :, 0]
    along = _latent(design, step)
    length = np.ones((len(slopes), 1))
    for _ in range(_HALVINGS):
        ahead = slopes + length * step
        after = _posterior(latent + length.astype(np.float32) * along, ahead, penalty, lower, upper, known)
        worse = after < before - 1e-3
        if not worse.any():
            break
        length[worse] *= 0.4
    return np.asarray(length * step)


def _curvature(design: np.ndarray, weight: np.ndarray, penalty: np.ndarray) -> np.ndarray:
    """Minus the Hessian of the log posterior, shape (c, d, d), from the rows' weights, shape (c, N)."""
    out = np.matmul(design * weight[:, None], design.transpose(0, 2, 1)).astype(np.float64)
    out[:, np.arange(len(penalty)), np.arange(len(penalty))] += penalty + 1e-6
    return out


def _posterior(
    latent: np.ndarray,
    slopes: np.ndarray,
    penalty: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    known: np.ndarray,
) -> np.ndarray:
    """Log posterior of each column, up to a constant, shape (c,)."""
    return _log_posterior(expit(upper - latent), expit(lower - latent), slopes, penalty, known)


def _log_posterior(
    above: np.ndarray, below: np.ndarray, slopes: np.ndarray, penalty: np.ndarray, known: np.ndarray
) -> np.ndarray:
    """The same from P(z <= cut) at the cuts above and below each value."""
    probability = np.maximum(above - below, _LEAST_PROBABILITY)
    fit = (np.log(probability) * known).sum(axis=1, dtype=np.float64)
    return np.asarray(fit - 0.5 * (slopes**2 * penalty).sum(axis=1))
