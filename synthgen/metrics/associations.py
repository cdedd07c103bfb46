"""How much each column by itself says about one that is to be predicted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synthgen.metrics.coordinates import standardised
from synthgen.metrics.tables import CodedTable

_BLOCK_CELLS = 2_000_000
"""Of a matrix that associations are computed in."""
_CLIP = 3.0


def associations(tables: Sequence[CodedTable], y: np.ndarray, classes: tuple[float, ...]) -> np.ndarray:
    """How much each column by itself says about the target.

    Parameters
    ----------
    tables : sequence of CodedTable
        Coded together, the target not among their F columns; taken as one table of n rows.
    y : ndarray, shape (n,)
        The target of the rows of all, none missing.
    classes : tuple of float
        Values of the target that are classes; empty for a number.

    Returns
    -------
    ndarray, shape (F,)
        In [0, 1]: the share of the target's variance (for classes: of the sum of their indicators' variances)
        that the column explains, a line for numbers and a mean a level for levels, adjusted for its parameters.
        Missing numbers count as the mean, missing levels as one more level; numbers are cut at three standard
        deviations. 0 where there is no variance.

    References
    ----------
    .. [1] L. A. Goodman, W. H. Kruskal, "Measures of association for cross classifications", JASA 49 (1954):
       tau, which this is for levels and classes, before it is adjusted.
    """
    targets = standardised(y[None], y[None], _CLIP).T if not classes else y[:, None] == np.array(classes)
    targets = targets - targets.mean(axis=0) if len(y) else np.zeros((0, 1))
    total = float((targets**2).sum())
    columns = list(zip(*(t.columns for t in tables), strict=True))
    found = np.zeros(len(columns))
    if total == 0:
        return found
    numeric = [j for j, parts in enumerate(columns) if parts[0].is_numeric]
    width = max(_BLOCK_CELLS // len(y), 1)
    for start in range(0, len(numeric), width):
        block = numeric[start : start + width]
        x = np.stack([np.concatenate([c.values for c in columns[j]]) for j in block], axis=1)
        found[block] = _adjusted(_explained_by_lines(x, targets) / total, len(y), 2)
    for j in sorted(set(range(len(columns))) - set(numeric)):
        explained, n_levels = _explained_by_levels(np.concatenate([c.values for c in columns[j]]), targets)
        found[j] = _adjusted(np.array(explained / total), len(y), n_levels)
    return found


def _explained_by_lines(x: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """For each column the sum of squares that a line through it explains."""
    x = standardised(x.T, x.T, _CLIP).T
    x -= x.mean(axis=0)
    spread = (x**2).sum(axis=0)
    return ((x.T @ targets) ** 2).sum(axis=1) / np.where(spread > 0, spread, 1.0)


def _explained_by_levels(codes: np.ndarray, targets: np.ndarray) -> tuple[float, int]:
    """The sum of squares between the levels, and their number."""
    _, level, counts = np.unique(codes, return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(level, weights=t) for t in targets.T], axis=1)
    return float(((sums**2).sum(axis=1) / counts).sum()), len(counts)


def _adjusted(share: np.ndarray, n: int, n_parameters: int) -> np.ndarray:
    """A share of variance explained, less what that many parameters explain by chance."""
    if n <= n_parameters:
        return np.zeros_like(share)
    return np.clip(1 - (1 - share) * (n - 1) / (n - n_parameters), 0, 1)
