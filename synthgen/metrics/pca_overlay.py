"""Rows of several tables on the principal axes of the real rows: for a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from synthgen.metrics.baselines import some_of
from synthgen.rng import stream

MAX_AXES_ROWS = 600
"""Real rows that the axes are fitted to, at most."""
MAX_POINTS = 400
"""Rows of each table that are drawn, at most."""
N_AXES = 2
_DIGITS = 3
_BLOCK = 2_000


@dataclass(frozen=True, eq=False)
class Axes:
    """Principal axes of the real rows.

    Parameters
    ----------
    centre, scale : ndarray, shape (p,)
        A value less the centre, times the scale.
    directions : ndarray, shape (p, K)
        Of length 1.
    explained : tuple of float
        Share of the variance along each.
    n_rows : int
        Rows that they were fitted to.
    """

    centre: np.ndarray
    scale: np.ndarray
    directions: np.ndarray
    explained: tuple[float, ...]
    n_rows: int


@dataclass(frozen=True)
class PcaOverlay:
    """Rows of several tables on the axes of the real rows.

    Parameters
    ----------
    explained : tuple of float
        Share of the variance of the real rows along each axis.
    points : dict of str to tuple of tuple of float
        By table: the places along the first axis, and those along the second.
    means, spreads : dict of str to tuple of float
        By table: mean and standard deviation along each axis, in standard deviations of the first table.
    n_axes_rows, n_columns : int
        Real rows and columns that the axes were fitted to.
    """

    explained: tuple[float, ...]
    points: dict[str, tuple[tuple[float, ...], ...]]
    means: dict[str, tuple[float, ...]]
    spreads: dict[str, tuple[float, ...]]
    n_axes_rows: int
    n_columns: int


def fit_axes(values: np.ndarray, centre: np.ndarray, scale: np.ndarray, seed: int) -> Axes | None:
    """The first two principal axes.

    Parameters
    ----------
    values : ndarray of float32, shape (p, N)
        The real values; NaN is missing and lies at the centre.
    centre, scale : ndarray, shape (p,)
        What is taken away, and what is multiplied by.
    seed : int
        For the choice of rows.

    Returns
    -------
    Axes or None
        None where fewer than two directions vary.
    """
    rows = some_of(values.shape[1], MAX_AXES_ROWS, stream(seed, "metrics.pca_overlay.axes"))
    sample = values if len(rows) == values.shape[1] else values[:, rows]
    means = np.concatenate([_standard(sample, centre, scale, part).mean(axis=1) for part in _parts(values)])
    gram = np.zeros((len(rows), len(rows)))
    for part in _parts(values):
        block = _standard(sample, centre, scale, part) - means[part, None]
        gram += block.T @ block
    variances, vectors = np.linalg.eigh(gram)
    order = np.argsort(-variances)[:N_AXES]
    total = float(np.trace(gram))
    if len(order) < N_AXES or total <= 0 or variances[order[-1]] <= 1e-6 * total / len(rows):
        return None
    weights = (vectors[:, order] / np.sqrt(variances[order])).astype(np.float32)
    directions = np.concatenate([_standard(sample, centre, scale, p) @ weights for p in _parts(values)])
    explained = tuple(float(v / total) for v in variances[order])
    return Axes(centre, scale, directions, explained, len(rows))


def projected(axes: Axes, values: np.ndarray, seed: int) -> np.ndarray:
    """Some rows of a table on the axes.

    Parameters
    ----------
    axes : Axes
        Of the real rows.
    values : ndarray of float32, shape (p, N)
        NaN is missing and lies at the centre.
    seed : int
        For the choice of rows.

    Returns
    -------
    ndarray, shape (n, K)
        Places of at most `MAX_POINTS` rows.
    """
    rows = some_of(values.shape[1], MAX_POINTS, stream(seed, "metrics.pca_overlay.points"))
    out = np.zeros((len(rows), axes.directions.shape[1]))
    for part in _parts(values):
        out += _standard(values[part][:, rows], axes.centre[part], axes.scale[part]).T @ axes.directions[part]
    return out


def pca_overlay(axes: Axes, places: Mapping[str, np.ndarray | None]) -> PcaOverlay:
    """What the picture shows.

    Parameters
    ----------
    axes : Axes
        Of the real rows.
    places : mapping of str to ndarray or None, shape (n, K)
        Of each table, as `projected` gives them; the first gives the unit. None is left out.

    Returns
    -------
    PcaOverlay
        Places in standard deviations of the first table, to three digits.

    Notes
    -----
    The axes are fitted to the real rows, which lie further out on them than any other rows do, the more so the fewer
    rows there are: compare synthetic rows with held-out ones, which are projected alike. The real rows are not drawn.
    """
    known = {name: place for name, place in places.items() if place is not None}
    first = next(iter(known.values()))
    unit = np.where(first.std(axis=0) > 0, first.std(axis=0), 1.0)
    centre = first.mean(axis=0)
    scaled = {name: (place - centre) / unit for name, place in known.items()}
    return PcaOverlay(
        explained=axes.explained,
        points={name: tuple(_short(axis) for axis in place.T) for name, place in scaled.items()},
        means={name: _short(place.mean(axis=0)) for name, place in scaled.items()},
        spreads={name: _short(place.std(axis=0)) for name, place in scaled.items()},
        n_axes_rows=axes.n_rows,
        n_columns=len(axes.centre),
    )


def _parts(values: np.ndarray) -> list[slice]:
    return [slice(start, start + _BLOCK) for start in range(0, len(values), _BLOCK)]


def _standard(
    values: np.ndarray, centre: np.ndarray, scale: np.ndarray, part: slice | None = None
) -> np.ndarray:
    """Some columns, centred and scaled, with what is missing at the centre; float32."""
    if part is not None:
        values, centre, scale = values[part], centre[part], scale[part]
    out = (values - centre[:, None].astype(np.float32)) * scale[:, None].astype(np.float32)
    np.nan_to_num(out, copy=False, nan=0.0)
    return np.asarray(out)


def _short(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(f"{v:.{_DIGITS}g}") for v in values)
