"""Tables of one or two numbers whose structure is known, and how far rows are from it.

Every problem says where its modes (or curves) are and how wide they are, so that a row has a nearest one and a distance
from it in standard deviations of the noise. That of held-out rows is the ceiling: 98.9% of a round normal cloud, and
99.7% of what is normal in one direction, lie within three.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from synthgen.rng import stream

WITHIN = 3.0
"""Standard deviations from a mode up to which a row belongs to it."""
LEAST_SHARE = 0.2
"""A mode is covered when rows within `WITHIN` of it are at least this share of what they should be."""
CURVE_POINTS = 4000
"""Points that stand for a curve: their gaps are far below the noise."""


class AbstractToy(ABC):
    """A distribution with known modes.

    Attributes
    ----------
    name : str
        For results and the command line.
    shares : ndarray of float64, shape (K,)
        Of the rows, by mode; they sum to 1.
    n_columns : int
        1 or 2.
    """

    name: str
    shares: np.ndarray
    n_columns: int

    @abstractmethod
    def points(self, modes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Rows, shape (N, n_columns), of given modes, shape (N,)."""

    @abstractmethod
    def nearest(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The nearest mode of each row and the distance from it in standard deviations, both of shape (N,)."""


@dataclass(frozen=True)
class Mixture(AbstractToy):
    """Round normal clouds.

    Parameters
    ----------
    name : str
    means : ndarray of float64, shape (K, n_columns)
    sds : ndarray of float64, shape (K,)
    shares : ndarray of float64, shape (K,)
    """

    name: str
    means: np.ndarray
    sds: np.ndarray
    shares: np.ndarray

    @property
    def n_columns(self) -> int:
        """1 or 2."""
        return self.means.shape[1]

    def points(self, modes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Rows of given modes."""
        return self.means[modes] + self.sds[modes, None] * rng.standard_normal((len(modes), self.n_columns))

    def nearest(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The nearest mode, by distance over its own standard deviation."""
        gaps = np.linalg.norm(rows[:, None, :] - self.means[None], axis=2) / self.sds
        return gaps.argmin(axis=1), gaps.min(axis=1)


@dataclass(frozen=True)
class Curves(AbstractToy):
    """Curves in the plane, even in their parameter, with round normal noise.

    Parameters
    ----------
    name : str
    curves : ndarray of float64, shape (K, `CURVE_POINTS`, 2)
    sd : float
    """

    name: str
    curves: np.ndarray
    sd: float

    n_columns = 2

    @property
    def shares(self) -> np.ndarray:
        """The same of every curve."""
        return np.full(len(self.curves), 1 / len(self.curves))

    def points(self, modes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Rows of given curves."""
        place = rng.integers(CURVE_POINTS, size=len(modes))
        return self.curves[modes, place] + self.sd * rng.standard_normal((len(modes), 2))

    def nearest(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The nearest curve, by distance from its points."""
        distance, place = cKDTree(self.curves.reshape(-1, 2)).query(rows)
        return place // CURVE_POINTS, distance / self.sd


def grid(degrees: float, name: str) -> Mixture:
    """25 clouds on a 5 x 5 grid of spacing 1, each with standard deviation 1/40, turned about its middle."""
    steps = np.arange(5) - 2.0
    square = np.array([(a, b) for a in steps for b in steps])
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return Mixture(name, square @ turn, np.full(25, 1 / 40), np.full(25, 1 / 25))


def moons() -> Curves:
    """scikit-learn's `make_moons`: two half circles of radius 1, noise 0.05."""
    angle = np.linspace(0, np.pi, CURVE_POINTS)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    lower = np.column_stack([1 - np.cos(angle), 0.5 - np.sin(angle)])
    return Curves("moons", np.stack([upper, lower]), 0.05)


def spiral(arms: int = 5) -> Curves:
    """Arms from radius 0.2 to 1 over three eighths of a turn, noise 0.02."""
    t = np.linspace(0, 1, CURVE_POINTS)
    radius, bend = 0.2 + 0.8 * t, 0.75 * np.pi * t
    starts = 2 * np.pi * np.arange(arms) / arms
    curves = [np.column_stack([radius * np.cos(s + bend), radius * np.sin(s + bend)]) for s in starts]
    return Curves("spiral", np.stack(curves), 0.02)


def line(means: list[float], sds: list[float], weights: list[float]) -> Mixture:
    """A mixture of one column; weights up to a factor."""
    shares = np.array(weights) / np.sum(weights)
    return Mixture(f"line{len(means)}", np.array(means)[:, None], np.array(sds), shares)


TOYS: dict[str, AbstractToy] = {
    toy.name: toy
    for toy in (
        grid(0, "grid"),
        grid(30, "turned-grid"),
        moons(),
        spiral(),
        line([-2, 2], [0.5, 0.2], [3, 1]),
        line([-4, -2, 0, 1, 5], [0.1, 0.3, 0.1, 0.2, 0.5], [1, 2, 4, 2, 1]),
        line(
            [-7, -5, -3, -1, 1, 3, 5, 7],
            [0.05, 0.1, 0.2, 0.05, 0.1, 0.2, 0.05, 0.1],
            [1, 2, 3, 4, 4, 3, 2, 1],
        ),
    )
}
"""By name."""


def rows_of(toy: AbstractToy, n: int, seed: int, part: str) -> pd.DataFrame:
    """Rows of a problem.

    Parameters
    ----------
    toy : AbstractToy
    n : int
    seed : int
    part : str
        Rows of another part ("train", "holdout") are other rows.

    Returns
    -------
    pandas.DataFrame, shape (n, n_columns)
        Columns x and y, or x.
    """
    rng = stream(seed, f"toy {toy.name} {part}")
    modes = rng.choice(len(toy.shares), size=n, p=toy.shares)
    return pd.DataFrame(toy.points(modes, rng), columns=["x", "y"][: toy.n_columns])


@dataclass(frozen=True)
class Cover:
    """How rows lie about the modes.

    Parameters
    ----------
    n_modes, n_covered : int
        All, and those that have their share (`LEAST_SHARE` of it).
    within : float
        Share of the rows within `WITHIN` standard deviations of a mode, in [0, 1].
    share_gap : float
        Total variation distance of the modes' shares, among rows within, from what they should be, in [0, 1]; 1 where there
        are none.
    """

    n_modes: int
    n_covered: int
    within: float
    share_gap: float


def cover(toy: AbstractToy, table: pd.DataFrame) -> Cover:
    """Count rows by the mode that they belong to.

    Parameters
    ----------
    toy : AbstractToy
    table : pandas.DataFrame, shape (N, n_columns)

    Returns
    -------
    Cover
    """
    mode, distance = toy.nearest(table.to_numpy(dtype=np.float64))
    counts = np.bincount(mode[distance <= WITHIN], minlength=len(toy.shares))
    found = counts / len(table)
    covered = int((found >= LEAST_SHARE * toy.shares).sum())
    gap = 0.5 * np.abs(counts / counts.sum() - toy.shares).sum() if counts.sum() else 1.0
    return Cover(len(toy.shares), covered, float(found.sum()), float(gap))


def nearest_neighbour_accuracy(made: np.ndarray, held_out: np.ndarray) -> float:
    """Share of the rows of two samples whose nearest other row is of their own sample.

    Parameters
    ----------
    made, held_out : ndarray of float64, shape (N, n_columns)
        Of equal length.

    Returns
    -------
    float
        In [0, 1]; about 0.5 where both are of one distribution, less where rows of one are copies of the other's.

    References
    ----------
    .. [1] D. Lopez-Paz, M. Oquab, "Revisiting classifier two-sample tests", ICLR 2017, section 3 (1-NN).
    """
    rows = np.concatenate([made, held_out])
    is_made = np.repeat([True, False], [len(made), len(held_out)])
    _, places = cKDTree(rows).query(rows, k=2)
    own = np.arange(len(rows))
    other = np.where(places[:, 0] == own, places[:, 1], places[:, 0])  # of equal rows either may come first
    return float((is_made == is_made[other]).mean())
