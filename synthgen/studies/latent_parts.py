"""What a study of a latent space consists of: plain data."""

from __future__ import annotations

from dataclasses import dataclass

from synthgen.metrics.intervals import Estimate


@dataclass(frozen=True)
class Group:
    """Rows of one kind, and how plausible they are.

    Parameters
    ----------
    name : str
        One of `synthgen.studies.latent_text.TITLES`.
    n_walks : int
        Independent rows, or walks that rows belong to.
    n_rows : int
        Rows that were judged for the shares: of walks those between the ends, which are samples themselves.
    as_samples : Estimate
        Share that is as plausible as samples, in [0, 1]: of samples themselves 95%.
    difference : Estimate
        That share less the one of fresh samples.
    as_real : Estimate or None
        Share that is as plausible as held-out rows: of those themselves 95%. None without held-out rows.
    real_difference : Estimate or None
        That share less the one of fresh samples.
    positions : tuple of Estimate
        At each step of walks, ends included: the share that is as plausible as held-out rows, or as samples if there are none. Empty for
        other rows.
    """

    name: str
    n_walks: int
    n_rows: int
    as_samples: Estimate
    difference: Estimate
    as_real: Estimate | None
    real_difference: Estimate | None
    positions: tuple[Estimate, ...]


@dataclass(frozen=True)
class Curve:
    """A number along a walk.

    Parameters
    ----------
    name : str
        The column.
    values : tuple of (float or None)
        In standard deviations from the mean of samples, between -5 and 5; None where it is missing.
    """

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Picture:
    """Some rows to look at.

    Parameters
    ----------
    columns : tuple of str
        That change most along these rows, most first.
    cells : tuple of tuple of str
        A tuple a row.
    changed : tuple of tuple of bool
        Whether each cell is another level, or a number that moved by more than a tenth of the samples' ranks, than in the
        row above it.
    curves : tuple of Curve
        The numbers among these columns that change, six at most.
    images : tuple of str
        If rows are images, one a row: ``side * side`` bytes of greys, in base64.
    """

    columns: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    changed: tuple[tuple[bool, ...], ...]
    curves: tuple[Curve, ...]
    images: tuple[str, ...]


@dataclass(frozen=True)
class Walk:
    """A great circle between two random latent vectors, with the likeliest choices.

    Parameters
    ----------
    picture : Picture
        Its rows.
    percentile : tuple of float
        Share of the samples that each row is more plausible than.
    x, y : tuple of float
        Where its rows lie in the scatter; empty if there is none.
    """

    picture: Picture
    percentile: tuple[float, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class Traversal:
    """One latent number changes, the others stay.

    Parameters
    ----------
    dim : int
        Which.
    effect : float
        Distance of the row at the highest value from that at the lowest, mean over several vectors; in units of the
        distance between independent rows.
    values : tuple of float
        That the number is given.
    picture : Picture
        The rows.
    """

    dim: int
    effect: float
    values: tuple[float, ...]
    picture: Picture


@dataclass(frozen=True)
class Cloud:
    """Rows on the first two principal components.

    Parameters
    ----------
    name : str
        "samples" or "holdout".
    x, y : tuple of float
        Coordinates.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
