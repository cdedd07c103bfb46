"""What is measured of a generator while it is trained: has it collapsed, copied rows, or lost its judge.

Everything is a number of matrices and scores. What the numbers mean for the user is said in `alarms`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np

from synthgen.layout import MatrixLayout
from synthgen.rng import stream
from synthgen.training.coverage import Coverage, duplicate_share
from synthgen.training.geometry import Coordinates, among_themselves, nearest, participation, total_variance

MAX_ROWS = 2_048
"""Rows of each kind whose distances and directions are measured: what a fraction of a second allows."""
MAX_QUERIES = 1_024
"""Fake and real rows whose nearest row is sought."""
MAX_GROUPS = 8
"""Groups of fake rows, each as large as the real rows are, that small tables are measured by."""

MEASURES = {
    "d_auc_train": "the discriminator scores a training row above a fake one",
    "d_auc_validation": "the discriminator scores a validation row above a fake one",
    "d_gap": "how much better the discriminator knows training rows than validation rows",
    "d_accuracy_train": "training and fake rows that the discriminator judges rightly",
    "d_accuracy_validation": "validation and fake rows that the discriminator judges rightly",
    "participation_ratio": "directions in which fake rows vary, over the real rows'",
    "spread": "spread of fake rows over the real rows'",
    "lost_levels": "frequent levels that no fake row has",
    "empty_bins": "bins of real numbers that no fake number falls into",
    "duplicates": "fake rows that equal another one, beyond the real rows' share",
    "nearest_train": "distance to the nearest training row, over the real rows'",
    "nearest_fake": "distance of fake rows to each other, over the real rows'",
    "nearer_to_train": "fake rows that lie nearer to training rows than to validation rows",
}
"""The keys of `Watch.measure`, and what each is in a few words."""
AUDITED = {
    "auditor_auc": "a discriminator trained afresh scores a validation row above a fake one",
    "auditor_auc_train": "the same of the rows that it learnt from",
}
"""The keys of `synthgen.training.audit.audit`, in the same way."""


@dataclass(frozen=True, eq=False)
class Watch:
    """Real rows, and what they give themselves, against which fake rows are measured.

    Parameters
    ----------
    training, validation : ndarray of float32, shapes (n, F) and (v, F)
        At most `MAX_ROWS` rows of each, in random order; no validation rows: v = 0.
    coordinates : Coordinates
        Where distances are taken.
    coverage : Coverage
        Levels and bins that real rows fill.
    own : Reference
        What the n training rows give themselves.
    to_training : ndarray, shape (q,)
        Distances of real rows to the nearest other training row: of validation rows, of training rows where there
        are none.
    """

    training: np.ndarray
    validation: np.ndarray
    coordinates: Coordinates
    coverage: Coverage
    own: Reference
    to_training: np.ndarray

    @classmethod
    def of(cls, training: np.ndarray, validation: np.ndarray, layout: MatrixLayout, seed: int) -> Self:
        """Choose rows and measure them.

        Parameters
        ----------
        training, validation : ndarray of float32, shapes (N, F) and (V, F)
            Rows that the networks are trained on, and rows that they never see, V >= 0. N >= 1.
        layout : MatrixLayout
            What the F columns are; F >= 1.
        seed : int
            For the choice of rows, columns and projections.

        Returns
        -------
        Watch
            Ready.
        """
        rng = stream(seed, "watch rows")
        some = training[rng.permutation(len(training))[:MAX_ROWS]]
        held = validation[rng.permutation(len(validation))[:MAX_ROWS]]
        coordinates = Coordinates.of(some, layout, seed)
        places = coordinates(some)
        if len(held):
            to_training = nearest(coordinates(held)[:MAX_QUERIES], places)
        else:
            to_training = among_themselves(places, MAX_QUERIES)
        coverage = Coverage.of(training, layout, seed)
        return cls(some, held, coordinates, coverage, Reference.of(places, coverage.keys(some)), to_training)

    def measure(
        self, fake: np.ndarray, score: Callable[[np.ndarray], np.ndarray] | None = None
    ) -> dict[str, float]:
        """Measure a generator by its rows.

        Parameters
        ----------
        fake : ndarray of float32, shape (M, F)
            Hard rows, M >= 1; 4,096 are plenty.
        score : callable, optional
            Rows (B, F) -> the discriminator's scores, high for rows that look real; one for each row, or for each
            `pac` rows together. None: nothing is said of the discriminator (NaN).

        Returns
        -------
        dict of str to float
            ``d_auc_train``, ``d_auc_validation``
                In [0, 1]: the chance that a real row is scored above a fake one [1]_; 0.5: the discriminator cannot
                tell. NaN without such rows.
            ``d_gap``
                ``d_auc_train - d_auc_validation``, in [-1, 1]; 0: it has learnt nothing about the training rows
                alone.
            ``d_accuracy_train``, ``d_accuracy_validation``
                In [0, 1]: mean of the shares of real rows above and of fake rows below the median score of as many
                training as fake rows; 0.5: cannot tell. The median, not 0: relativistic and Wasserstein losses
                know differences of scores only, and their scores may drift.
            ``participation_ratio``
                > 0: ``(sum l)^2 / sum l^2`` over the eigenvalues l of the covariance matrix [2]_, of the fake rows
                over the real ones'; 1: as many directions, towards 0: few.
            ``spread``
                >= 0: root of the total variance, over the real rows'.
            ``lost_levels``
                Number of levels without a fake row. Levels count that at least 1% of the real rows have, and 20
                of M fake rows should have.
            ``empty_bins``
                In [0, 1]: of 20 quantile bins of every numeric column, the share without a fake row, among those
                that 20 of M should fall into.
            ``duplicates``
                In [-1, 1]: share of fake rows that equal another one (choices, and numbers to a tenth of a standard
                deviation), less the same of as many real rows.
            ``nearest_train``
                >= 0: median distance to the nearest training row, over that of real rows that are not it; 1: as
                far as other real rows, towards 0: copies.
            ``nearest_fake``
                >= 0: median distance to the nearest other fake row, over the real rows' own; towards 0: few points.
            ``nearer_to_train``
                In [0, 1]: share nearer to training rows than to as many validation rows, ties half; 0.5: as other
                real rows. NaN without validation rows.

        Notes
        -----
        As many fake rows as real ones are compared wherever the number of rows matters: for small tables in groups.
        A median of 0 (tables of few levels) gives way to the mean, and 0 / 0 to NaN.

        References
        ----------
        .. [1] J. A. Hanley, B. J. McNeil, "The meaning and use of the area under a receiver operating characteristic
           (ROC) curve", Radiology 143, 1982.
        .. [2] P. Gao et al., "A theory of multineuronal dimensionality, dynamics and measurement",
           bioRxiv 214262 (2017), equation 5.
        """
        return self._scores(fake, score) | self._coverage(fake) | self._distances(fake)

    def _scores(self, fake: np.ndarray, score: Callable[[np.ndarray], np.ndarray] | None) -> dict[str, float]:
        names = ("d_auc_train", "d_auc_validation", "d_gap", "d_accuracy_train", "d_accuracy_validation")
        if score is None:
            return dict.fromkeys(names, math.nan)
        of_fake, of_training = score(fake[:MAX_ROWS]), score(self.training)
        of_validation = score(self.validation) if len(self.validation) else np.empty(0)
        n = min(len(of_fake), len(of_training))
        middle = float(np.median(np.concatenate([of_fake[:n], of_training[:n]]))) if n else math.nan
        aucs = [auc(real, of_fake) for real in (of_training, of_validation)]
        rights = [_accuracy(real, of_fake, middle) for real in (of_training, of_validation)]
        return dict(zip(names, (*aucs, aucs[0] - aucs[1], *rights), strict=True))

    def _coverage(self, fake: np.ndarray) -> dict[str, float]:
        keys = self.coverage.keys(fake)
        groups = _groups(len(fake), len(self.training))
        own = self._own(groups[0].stop).duplicates
        shares = [duplicate_share(keys[group]) for group in groups]
        return {
            "lost_levels": float(self.coverage.lost_levels(fake)),
            "empty_bins": self.coverage.empty_bins(fake),
            "duplicates": float(np.mean(shares)) - own,
        }

    def _distances(self, fake: np.ndarray) -> dict[str, float]:
        groups = _groups(len(fake), len(self.training))
        own = self._own(groups[0].stop)
        some = self.coordinates(fake[: max(groups[-1].stop, MAX_QUERIES)])
        queries = some[:MAX_QUERIES]
        places = self.coordinates(self.training)
        each = MAX_QUERIES // len(groups)
        among = np.concatenate([among_themselves(some[group], each) for group in groups])
        return {
            "participation_ratio": _ratio(
                float(np.mean([participation(some[group]) for group in groups])), own.participation
            ),
            "spread": math.sqrt(_ratio(total_variance(some), own.variance)),
            "nearest_train": _over(nearest(queries, places), self.to_training),
            "nearest_fake": _over(among, own.among),
            "nearer_to_train": self._nearer(queries, places),
        }

    def _nearer(self, queries: np.ndarray, places: np.ndarray) -> float:
        n = min(len(places), len(self.validation))
        if not n:
            return math.nan
        to_training = nearest(queries, places[:n])
        to_validation = nearest(queries, self.coordinates(self.validation[:n]))
        return float(np.mean((to_training < to_validation) + 0.5 * (to_training == to_validation)))

    def _own(self, n_rows: int) -> Reference:
        """What so many training rows give."""
        if n_rows == len(self.training):
            return self.own
        rows = self.training[:n_rows]
        return Reference.of(self.coordinates(rows), self.coverage.keys(rows))


@dataclass(frozen=True, eq=False)
class Reference:
    """What real rows give, where it depends on how many there are.

    Parameters
    ----------
    participation, variance, duplicates : float
        Participation ratio, total variance and share of duplicates.
    among : ndarray
        Distances to the nearest other row.
    """

    participation: float
    variance: float
    duplicates: float
    among: np.ndarray

    @classmethod
    def of(cls, places: np.ndarray, keys: np.ndarray) -> Self:
        """Measure rows, given as coordinates (n, K) and as keys (n,)."""
        return cls(
            participation(places),
            total_variance(places),
            duplicate_share(keys),
            among_themselves(places, MAX_QUERIES),
        )


def auc(real: np.ndarray, fake: np.ndarray) -> float:
    """The chance that a real row's score lies above a fake row's, ties half.

    Parameters
    ----------
    real, fake : ndarray, shapes (a,) and (b,)
        Scores.

    Returns
    -------
    float
        In [0, 1]; NaN if either is empty. Mann and Whitney's U over a times b.
    """
    if not len(real) or not len(fake):
        return math.nan
    ordered = np.sort(fake)
    below = np.searchsorted(ordered, real, "left") + np.searchsorted(ordered, real, "right")
    return float(below.mean() / (2 * len(fake)))


def _accuracy(real: np.ndarray, fake: np.ndarray, middle: float) -> float:
    """Mean of both kinds' shares on their side of a score, those on it half."""
    if not len(real) or not len(fake):
        return math.nan
    one = np.array([middle])
    return (auc(real, one) + auc(one, fake)) / 2


def _groups(n_fake: int, n_real: int) -> list[slice]:
    """Runs of fake rows, each as long as there are real ones, several where these are few."""
    size = min(n_fake, n_real)
    n_groups = max(1, min(n_fake, MAX_QUERIES) // size) if size else 1
    return [slice(i * size, (i + 1) * size) for i in range(min(n_groups, MAX_GROUPS))]


def _over(distances: np.ndarray, of_real: np.ndarray) -> float:
    """Ratio of medians, of means where the real rows' median is 0."""
    if not len(distances) or not len(of_real):
        return math.nan
    middle = float(np.median(of_real))
    return (
        _ratio(float(np.median(distances)), middle)
        if middle > 0
        else _ratio(float(distances.mean()), float(of_real.mean()))
    )


def _ratio(value: float, of_real: float) -> float:
    return value / of_real if of_real > 0 else math.nan
