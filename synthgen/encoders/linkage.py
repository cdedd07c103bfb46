"""Neighbouring columns of few levels given the common scores: linkage disequilibrium of haplotypes and dosages.

Each column is an ordered logistic regression on the row's scores, on products of the first few of them, and on a
few of the columns before it, those that say most about it beyond the scores. Rows are drawn column after column. Columns are
taken a part at a time: no part needs more of those before it than the last `parents.REACH`.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from scipy.special import logit

from synthgen.encoders.linkage_model import Linkage, fit_features
from synthgen.encoders.ordered_logit import fit_ordered_logit, set_cuts, smoothed_shares
from synthgen.encoders.parents import REACH, length_one, parents_of, without_design
from synthgen.rng import filled, stream

MAX_LINKED_LEVELS = 5
"""Levels of a column at most: dosages of up to four copies."""
SLOPE_RIDGE = 1.0
"""Prior precision of the slopes of the (standardised) features of the scores."""
PARENT_RIDGE = 0.1
"""Prior precision of the slopes of (standardised) earlier columns: two may be all but equal."""
_COLUMNS_PER_DRAW = 2_048
"""Columns whose noise is drawn together."""
COLUMNS_PER_FIT = 4_096
"""Columns that are fitted together at most."""
_COLUMNS_AT_ONCE = 64
_CUT_STEPS = 8
_THREADS = 2


def fit_linkage(levels: np.ndarray, scores: np.ndarray, n_parents: int = 2) -> Linkage:
    """Fit all regressions to the training rows.

    Parameters
    ----------
    levels : ndarray of int8, shape (q, N)
        Place of each value among its column's levels, 0 to 4; -1 where missing. Columns in their order along the
        genome.
    scores : ndarray of float32, shape (N, k)
        Common scores of the rows; k may be 0.
    n_parents : int, default 2
        Earlier columns that a column may depend on at most.

    Returns
    -------
    Linkage
        The regressions.

    Notes
    -----
    The chain rule p(x_1) p(x_2 | x_1) ... needs no more than the few columns in linkage disequilibrium with x_j beyond
    population structure, which the scores carry: logistic factor analysis [1]_ with an autologistic part. Slopes
    have normal priors. Cuts are set last, so that each level keeps its smoothed share (count + 1/2) / (N + 1).

    References
    ----------
    .. [1] W. Hao, M. Song, J. D. Storey, "Probabilistic models of genetic variation in structured populations applied
       to global human studies", Bioinformatics 32 (2016).
    """
    fitting = LinkageFit(len(levels), int(levels.max(initial=0)) + 1, scores, n_parents)
    for part in _parts(len(levels), COLUMNS_PER_FIT):
        fitting.add(levels[part])
    return fitting.linkage()


class LinkageFit:
    """`fit_linkage` of columns that come a few at a time.

    Parameters
    ----------
    n_columns : int
        q, of all columns together.
    n_levels : int
        Levels of the column that has most.
    scores : ndarray of float32, shape (N, k)
        Common scores of the rows.
    n_parents : int, default 2
        w, earlier columns that a column may depend on at most.
    """

    def __init__(self, n_columns: int, n_levels: int, scores: np.ndarray, n_parents: int = 2) -> None:
        self._n_levels = min(max(n_levels, 2), MAX_LINKED_LEVELS)
        self._design, self._bounds, self._centre, self._spread = fit_features(scores)
        self._prior = np.repeat([SLOPE_RIDGE, PARENT_RIDGE], [len(self._design), n_parents])
        self._cuts = np.empty((n_columns, self._n_levels - 1), dtype=np.float32)
        self._shares = np.empty((n_columns, self._n_levels - 1), dtype=np.float32)
        self._slopes = np.empty((n_columns, len(self._design)), dtype=np.float32)
        self._parents = np.empty((n_columns, n_parents), dtype=np.int32)
        self._weights = np.empty((n_columns, n_parents), dtype=np.float32)
        self._deviations, self._means = np.ones(n_columns), np.zeros(n_columns, dtype=np.float32)
        # the last columns seen, standardised and what the scores leave of them
        self._before = np.zeros((2, REACH, len(scores)), dtype=np.float32)
        self._n_seen = 0

    def add(self, levels: np.ndarray) -> None:
        """Fit the next columns.

        Parameters
        ----------
        levels : ndarray of int8, shape (c, N)
            As for `fit_linkage`. The result is the same to the last bit for all multiples of 256 columns up to
            `COLUMNS_PER_FIT`, the last columns aside.
        """
        own = slice(self._n_seen, self._n_seen + len(levels))
        standard, self._deviations[own], self._means[own] = _standardised(levels)
        residual = length_one(without_design(standard, self._design))
        near = np.concatenate([self._before, np.stack([standard, residual])], axis=1)
        self._before = near[:, len(levels) :].copy()
        self._parents[own] = parents_of(near[1], own.start, self._parents.shape[1])
        capped = np.minimum(levels, self._n_levels - 1)
        self._shares[own] = smoothed_shares(capped, self._n_levels)
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(lambda part: self._fit(levels[part], near[0], part, own), _parts(len(levels))))
        self._n_seen = own.stop

    def linkage(self) -> Linkage:
        """The regressions of all columns."""
        return Linkage(
            self._cuts,
            self._shares,
            self._slopes,
            self._parents,
            self._weights,
            self._bounds,
            self._centre,
            self._spread,
        )

    def _fit(self, levels: np.ndarray, near: np.ndarray, part: slice, block: slice) -> None:
        """The regressions of a part of a block of columns, in place."""
        own = slice(block.start + part.start, block.start + part.stop)
        parents = self._parents[own]
        extra = _parent_values(near, parents, own, block.start - REACH)
        cuts, slopes = fit_ordered_logit(levels, self._design, extra, self._prior, self._n_levels)
        n_features, slopes = len(self._design), slopes.astype(np.float32)
        weights = slopes[:, n_features:] / self._deviations[parents]
        self._cuts[own] = cuts
        self._cuts[own] += (weights * self._means[parents]).sum(axis=1, keepdims=True)
        self._slopes[own], self._weights[own] = slopes[:, :n_features], weights


def recalibrated(linkage: Linkage, scores: np.ndarray, seed: int) -> Linkage:
    """The same regressions with cuts that keep every level's share in rows drawn with these scores.

    Parameters
    ----------
    linkage : Linkage
        The regressions.
    scores : ndarray of float32, shape (M, k)
        Scores as they will be drawn, a thousand or more: from the fitted model of the scores.
    seed : int
        Of the noise.

    Returns
    -------
    Linkage
        With new cuts.

    Notes
    -----
    The cuts of `fit_linkage` keep the shares given the training scores and the true values of the parents. Drawn
    parents, and scores that are not spread quite as the training scores are, move them: in 374 inbred rice lines the
    correlation of allele frequencies with the training rows' falls to .93.
    """
    parts = _draw(linkage, scores, (seed, "linkage calibration", 0), is_recut=True)
    return replace(linkage, cuts=np.concatenate([cuts for _, cuts in parts] or [linkage.cuts]))


def draw_linked(linkage: Linkage, scores: np.ndarray, seed: int, block: int) -> np.ndarray:
    """Levels of the rows with these scores.

    Parameters
    ----------
    linkage : Linkage
        The regressions.
    scores : ndarray of float32, shape (R, k)
        Common scores of the first R rows of a block.
    seed, block : int
        Of the noise: a row's values depend on these, its place and its scores alone.

    Returns
    -------
    ndarray of int8, shape (q, R)
        Places of the values among their columns' levels.
    """
    out = np.empty((linkage.n_columns, len(scores)), dtype=np.int8)
    for part, levels in draw_linked_parts(linkage, scores, seed, block):
        out[part] = levels
    return out


def draw_linked_parts(
    linkage: Linkage, scores: np.ndarray, seed: int, block: int
) -> Iterator[tuple[slice, np.ndarray]]:
    """`draw_linked`, a part of the columns at a time: which they are, and their levels."""
    drawn = _draw(linkage, scores, (seed, "linked noise", block), is_recut=False)
    for part, (levels, _) in zip(_parts(linkage.n_columns, _COLUMNS_PER_DRAW), drawn, strict=True):
        yield part, levels


def _draw(
    linkage: Linkage, scores: np.ndarray, source: tuple[int, str, int], *, is_recut: bool
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Of each part of the columns in turn the levels, shape (c, R), and the cuts that they were drawn with."""
    design = linkage.features(scores)
    # whole blocks: the last bits of a product depend on how many rows it has
    design = (design if is_recut else filled(design)).T
    reach = _reach(linkage)
    before = np.zeros((reach, len(scores)), dtype=np.int8)
    for number, part in enumerate(_parts(linkage.n_columns, _COLUMNS_PER_DRAW)):
        noise = _logistic(stream(*source, number), len(scores), part.stop - part.start)
        common = (linkage.slopes[part] @ design)[:, : len(scores)]
        near = np.concatenate([before, np.empty((len(common), len(scores)), dtype=np.int8)])
        parents, weights = linkage.parents[part] - (part.start - reach), linkage.weights[part]
        cuts = linkage.cuts[part].copy()
        for columns in _generations(linkage, part):
            latent = common[columns]
            for parent, weight in zip(parents[columns].T, weights[columns].T, strict=True):
                latent += weight[:, None] * near[parent]
            if is_recut:
                shares = linkage.shares[part][columns]
                cuts[columns] = set_cuts(cuts[columns], shares, latent, None, _CUT_STEPS)
            latent += noise[columns]
            near[columns + reach] = sum((latent > cut[:, None]).astype(np.int8) for cut in cuts[columns].T)
        before = near[len(common) :].copy()
        yield near[reach:], cuts


def _reach(linkage: Linkage) -> int:
    """How far before a column its parents may lie."""
    distance = np.arange(linkage.n_columns)[:, None] - linkage.parents
    if linkage.parents.size and distance.min() < 0:
        raise ValueError("a column is linked to a later one")
    return int(distance.max(initial=0))


def _generations(linkage: Linkage, part: slice) -> list[np.ndarray]:
    """The columns of a part, numbered within it, in groups, each of which needs only the groups before it."""
    depth = [0] * (part.stop - part.start)
    used = linkage.weights[part] != 0
    parents = np.where(used, linkage.parents[part] - part.start, -1)
    for column, own in enumerate(parents.tolist()):
        depth[column] = max((depth[p] + 1 for p in own if p >= 0), default=0)
    order = np.argsort(depth, kind="stable")
    ends = np.cumsum(np.bincount(depth))
    return [order[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]


def _logistic(rng: np.random.Generator, n_rows: int, n_columns: int) -> np.ndarray:
    """Standard logistic noise, shape (n_columns, n_rows), drawn row after row."""
    uniform = rng.random((n_rows, n_columns), dtype=np.float32)
    return np.ascontiguousarray(logit(np.maximum(uniform, np.float32(2.0**-25))).T)


def _standardised(levels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Levels at mean 0 and deviation 1 (0 where missing or constant), the deviations and the means."""
    known = levels >= 0
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    means = (np.where(known, levels, 0).sum(axis=1, keepdims=True) / count).astype(np.float32)
    values = np.where(known, levels - means, np.float32(0.0))
    deviations = np.sqrt((values**2).sum(axis=1, keepdims=True) / count)
    deviations[deviations < 1e-6] = 1.0
    values /= deviations
    return values, deviations[:, 0], means[:, 0]


def _parent_values(near: np.ndarray, parents: np.ndarray, part: slice, first: int) -> np.ndarray:
    """Standardised values of the parents, 0 where there is none, shape (c, w, N); `near` begins with column `first`."""
    is_parent = parents != np.arange(part.start, part.stop)[:, None]
    return np.asarray(near[parents - first] * is_parent[:, :, None])


def _parts(n_columns: int, size: int = _COLUMNS_AT_ONCE) -> list[slice]:
    return [slice(i, min(i + size, n_columns)) for i in range(0, n_columns, size)]
