"""Regions of the real rows that another table leaves empty, or crowds into: mode collapse, in words."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import fisher_exact
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning

from synthgen.metrics.baselines import split, subsample
from synthgen.metrics.coordinates import MAX_COORDINATES, some_columns, standardised
from synthgen.metrics.features import MAX_ONE_HOT_LEVELS
from synthgen.metrics.intervals import Estimate, influence_variance, normal_interval
from synthgen.metrics.level_checks import MIN_NAMED
from synthgen.metrics.rows import concatenate
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.rng import stream

MAX_FITTED = 10_000
"""Real rows that the regions are drawn around, at most."""
MAX_COUNTED = 50_000
"""Rows of each table that are counted, at most; fewer where rows have many coordinates."""
MAX_REGIONS = 40
LEVEL = 0.001
"""Regions are named where the p-value, times the number of regions, is below this."""
LOST, INFLATED = 0.25, 2.0
"""A region is lost below, inflated above this multiple of its share of the real rows."""
MIN_DESCRIBED = 20
"""A region of fewer rows is not described: a median of few rows tells too much of each."""
_ROWS_PER_REGION = 50
_MAX_CELLS = 100_000_000
_MANY_COORDINATES = 200
_N_COMPONENTS = 20
_N_WORDS = 3
_LEAST_MARK = 0.4
_BLOCK = 256
_CLIP = 4.0
_UNIFORM = 0.29  # the standard deviation of a rank in [0, 1]: what a number weighs beside a level


@dataclass(frozen=True)
class Region:
    """One region.

    Parameters
    ----------
    share_real, share_other : float
        Shares of the counted rows, in [0, 1].
    p_value : float
        Fisher's exact test of equal shares, times the number of regions, at most 1.
    words : str
        The columns in which its rows depart most from all rows, such as "x about 3.1, group = b". Empty if there
        are too few rows to say.
    """

    share_real: float
    share_other: float
    p_value: float
    words: str


@dataclass(frozen=True)
class Regions:
    """How two tables fill the regions of the real rows.

    Parameters
    ----------
    occupancy : Estimate
        One less the total variation distance of the shares, in [0, 1]. Rows of the same source reach 1 but for
        chance: compare with held-out rows of the same number. Empty where there are too few rows.
    n_regions : int
        Regions.
    lost, inflated : tuple of Region
        Regions that the other table has far less, or far more of; the largest difference first.
    n_rows, n_columns : int
        Rows of the other table and columns that were used.
    """

    occupancy: Estimate
    n_regions: int
    lost: tuple[Region, ...]
    inflated: tuple[Region, ...]
    n_rows: int
    n_columns: int


@dataclass(frozen=True, eq=False)
class FittedRegions:
    """The regions of a real table.

    Parameters
    ----------
    columns : ndarray of int
        The columns that are used, of those of the table.
    model : CodedTable
        The real rows that the regions are drawn around, and that give the coordinates their scale.
    counted : CodedTable
        The real rows that are counted.
    labels : (ndarray of int, ndarray of int)
        The region of each of these rows.
    pca : PCA or None
        What reduces many coordinates.
    search : KMeans or None
        Gives rows their region; None if there were too few rows to draw any.
    most : int
        Rows of another table that are counted, at most.
    seed : int
        For their choice.
    """

    columns: np.ndarray
    model: CodedTable
    counted: CodedTable
    labels: tuple[np.ndarray, np.ndarray]
    pca: PCA | None
    search: KMeans | None
    most: int
    seed: int


def fit_regions(real: CodedTable, seed: int) -> FittedRegions:
    """Part the space of the real rows by k-means.

    Parameters
    ----------
    real : CodedTable
        The real rows; fewer than 4 are too few.
    seed : int
        For the choice of rows and columns, and the start of k-means.

    Returns
    -------
    FittedRegions
        For `regions`.

    Notes
    -----
    The regions are drawn around one half of the real rows and the other half is counted, so that a row has the same
    chance in every region whether it is real or a fresh one of the same source, and the tests are valid. One
    region for every 50 real rows, from 2 to 40. A number's coordinate is its standard deviations from the mean, cut at
    4 of them; a level's is one-hot as in `synthgen.metrics.features.distance_matrix`, and the two vary alike. Not
    its ranks: they close the gap that sets a mode apart. Over 200 coordinates are reduced to 20 principal components.
    A mode that differs from the rest in one of many columns may share its regions with other rows, and is then
    seen as smaller shares rather than lost ones.
    """
    draw = stream(seed, "metrics.regions")
    used = some_columns(real, MAX_COORDINATES, draw)
    real = real.select(used)
    if real.n_rows < 4:
        nothing = np.zeros(0, dtype=np.int64)
        return FittedRegions(used, real, real, (nothing, nothing), None, None, 0, seed)
    model, counted = split(subsample(real, 2 * MAX_COUNTED, draw), 0.5, draw)
    model = subsample(model, MAX_FITTED, draw)
    width = sum(2 if c.is_numeric else len(c.levels) + 1 for c in real.columns)
    most = int(np.clip(_MAX_CELLS // width, 2_000, MAX_COUNTED))
    counted = subsample(counted, most, draw)
    pca, search, own = _search(model, int(draw.integers(2**31)))
    labels = (own, _labels(counted, model, pca, search))
    return FittedRegions(used, model, counted, labels, pca, search, most, seed)


def _search(model: CodedTable, random_state: int) -> tuple[PCA | None, KMeans, np.ndarray]:
    """The regions around some rows, and the region of each of these."""
    points, pca = _coordinates(model, model), None
    if points.shape[1] > _MANY_COORDINATES:
        n_components = min(_N_COMPONENTS, len(points))
        pca = PCA(n_components, svd_solver="randomized", random_state=random_state).fit(points)
        points = pca.transform(points)
    n_distinct = len(np.unique(model.row_keys))
    n_regions = int(np.clip(2 * len(points) // _ROWS_PER_REGION, 2, MAX_REGIONS))
    search = KMeans(min(n_regions, n_distinct), n_init=1, random_state=random_state)
    with warnings.catch_warnings():
        # rows that differ by less than rounding: fewer regions than asked for
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(points)
    return pca, search, search.predict(points)


def _labels(table: CodedTable, model: CodedTable, pca: PCA | None, search: KMeans) -> np.ndarray:
    points = _coordinates(table, model)
    return search.predict(points if pca is None else pca.transform(points))


def regions(fitted: FittedRegions, other: CodedTable) -> Regions:
    """Count the rows of another table in the regions of a real one, beside the real rows.

    Parameters
    ----------
    fitted : FittedRegions
        From `fit_regions`.
    other : CodedTable
        Coded together with the real table.

    Returns
    -------
    Regions
        Occupancy, and the regions that are lost or inflated.

    Notes
    -----
    The interval takes the sign of each region's difference as given (the delta method). That makes it too wide where
    the tables are alike.

    References
    ----------
    .. [1] E. Richardson, Y. Weiss, "On GANs and GMMs", NeurIPS 2018 (number of statistically different bins).
    """
    if fitted.search is None or other.n_rows < 1:
        return Regions(Estimate(None), 0, (), (), other.n_rows, len(fitted.columns))
    other = other.select(fitted.columns)
    other = subsample(other, fitted.most, stream(fitted.seed, "metrics.regions.other"))
    tables = (fitted.model, fitted.counted, other)
    labels = (*fitted.labels, _labels(other, fitted.model, fitted.pca, fitted.search))
    return _compare(tables, labels, len(fitted.search.cluster_centers_), len(fitted.columns))


def _coordinates(table: CodedTable, model: CodedTable) -> np.ndarray:
    """Numbers on the scale of the model's rows, and one-hot levels; float32, shape (n_rows, n_coordinates)."""
    numeric = np.array([c.is_numeric for c in model.columns])
    numbers = _numbers(table.select(np.flatnonzero(numeric)), model)
    pairs = zip(table.columns, model.columns, strict=True)
    return np.concatenate([numbers, *(_one_hot(c, like) for c, like in pairs if not c.is_numeric)], axis=1)


def _one_hot(column: CodedColumn, like: CodedColumn) -> np.ndarray:
    """The most frequent levels of the model's rows, the pool of the others, and missing."""
    counts = np.bincount(like.values[~like.missing], minlength=len(like.levels))
    kept = np.argsort(-counts, kind="stable")[:MAX_ONE_HOT_LEVELS]
    place = np.full(len(counts) + 1, len(kept))
    place[kept] = np.arange(len(kept))
    place[-1] = len(kept) + 1  # where the code -1 points
    hot = np.zeros((len(column.values), len(kept) + 2), dtype=np.float32)
    hot[np.arange(len(hot)), place[column.values]] = np.sqrt(0.5)
    return hot


def _numbers(table: CodedTable, like: CodedTable) -> np.ndarray:
    models = [c for c in like.columns if c.is_numeric]
    out = np.zeros((table.n_rows, 2 * len(models)), dtype=np.float32)
    for start in range(0, len(models), _BLOCK):
        chosen = slice(start, start + _BLOCK)
        values, model = (np.stack([c.values for c in part[chosen]]) for part in (table.columns, models))
        out[:, 2 * start : 2 * (start + len(values)) : 2] = standardised(values, model, _CLIP).T * _UNIFORM
        out[:, 2 * start + 1 : 2 * (start + len(values)) : 2] = np.isnan(values).T
    return out


def _compare(
    tables: Sequence[CodedTable], labels: Sequence[np.ndarray], n_regions: int, n_columns: int
) -> Regions:
    _, n_real, n_other = (len(x) for x in labels)
    _, in_real, in_other = (np.bincount(x, minlength=n_regions) for x in labels)
    differences = in_other / n_other - in_real / n_real
    found = []
    for region in np.argsort(-np.abs(differences), kind="stable"):
        counts = [[in_real[region], n_real - in_real[region]], [in_other[region], n_other - in_other[region]]]
        p_value = min(1.0, float(fisher_exact(counts)[1]) * n_regions)
        share_real, share_other = float(in_real[region] / n_real), float(in_other[region] / n_other)
        far = share_other < LOST * share_real or share_other > INFLATED * share_real
        if far and p_value < LEVEL:
            # lost: what the real rows there are like, of both halves; inflated: what the others are
            sources = (0, 1) if share_other < share_real else (2,)
            rows = concatenate([tables[i].take(np.flatnonzero(labels[i] == region)) for i in sources])
            words = _describe(rows, tables[0])
            found.append(Region(share_real, share_other, p_value, words))
    return Regions(
        occupancy=_occupancy(differences, labels),
        n_regions=n_regions,
        lost=tuple(r for r in found if r.share_other < r.share_real),
        inflated=tuple(r for r in found if r.share_other > r.share_real),
        n_rows=n_other,
        n_columns=n_columns,
    )


def _occupancy(differences: np.ndarray, labels: Sequence[np.ndarray]) -> Estimate:
    signs = np.sign(differences) / 2
    variance = influence_variance(signs[labels[1]], signs[labels[2]])
    return normal_interval(1 - float(np.abs(differences).sum()) / 2, variance, (0.0, 1.0))


def _describe(rows: CodedTable, whole: CodedTable) -> str:
    """The columns whose middle or most frequent level in some rows is least like that of all real rows."""
    if rows.n_rows < MIN_DESCRIBED:
        return ""
    marks = [
        _number_mark(c.values, w) if c.is_numeric else _level_mark(c.values, w)
        for c, w in zip(rows.columns, whole.columns, strict=True)
    ]
    order = sorted(range(len(marks)), key=lambda j: -marks[j][0])[:_N_WORDS]
    least = min(_LEAST_MARK, marks[order[0]][0])
    return ", ".join(marks[j][1] for j in order if marks[j][0] >= max(least, 1e-9))


def _number_mark(values: np.ndarray, whole: CodedColumn) -> tuple[float, str]:
    """How far the median lies from the whole's, in ranks from 0 to 1, and the words for it."""
    present = values[~np.isnan(values)]
    known = whole.values[~whole.missing]
    n_missing = len(values) - len(present)
    rise = n_missing / len(values) - whole.missing.mean()
    if len(present) < MIN_DESCRIBED or not len(known) or rise > 0.5:
        return float(max(rise, 0.0)), f"{whole.name} missing"
    middle = float(np.median(present))
    rank = (np.mean(known < middle) + np.mean(known <= middle)) / 2
    return float(abs(2 * rank - 1)), f"{whole.name} about {_spoken(middle, whole.kind)}"


def _level_mark(codes: np.ndarray, whole: CodedColumn) -> tuple[float, str]:
    """How much more frequent the most frequent level is than in the whole, and the words for it."""
    counts, expected = (np.bincount(c + 1, minlength=len(whole.levels) + 1) for c in (codes, whole.values))
    code = int(counts.argmax())
    if code and counts[code] < MIN_NAMED:
        return 0.0, ""
    rise = counts[code] / len(codes) - expected[code] / len(whole.values)
    words = f"{whole.name} = {whole.levels[code - 1]}" if code else f"{whole.name} missing"
    return float(rise), words


def _spoken(value: float, kind: str) -> str:
    if kind == "datetime":
        return str(np.datetime64(round(value), "s").astype("datetime64[D]"))
    digits = float(f"{value:.3g}")
    return f"{digits:,.10g}" if 1e-4 <= abs(digits) < 1e7 or digits == 0 else f"{digits:.2e}"
