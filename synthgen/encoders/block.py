"""A block of many numeric columns as a few common scores, and back: arrays throughout, whatever the number of columns."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import numpy as np
import pandas as pd

from synthgen.encoders.block_frames import (
    block_frame,
    block_values,
    common_dtype,
    dtype_limits,
    without_columns_of_few_values,
)
from synthgen.encoders.level_marginals import LevelMarginals, fit_level_marginals, has_few_levels
from synthgen.encoders.linkage import MAX_LINKED_LEVELS, Linkage, draw_linked, fit_linkage, recalibrated
from synthgen.encoders.low_rank import (
    Design,
    Factors,
    fit_factors,
    no_factors,
)
from synthgen.encoders.normal_scores import COLUMNS_TOGETHER, conditional_scores
from synthgen.encoders.parallel_analysis import n_factors_by_parallel_analysis
from synthgen.encoders.smooth_marginals import SmoothMarginals, fit_smooth_marginals
from synthgen.encoders.wide_columns import WideOptions
from synthgen.layout import Block
from synthgen.rng import ROWS_PER_BLOCK, derived_seed, filled, stream
from synthgen.schema import Column

Marginals = SmoothMarginals | LevelMarginals
ColumnChunk = tuple[np.ndarray, Marginals, slice]
"""Columns of one sort: their places in the block, their marginals, their places in those."""
_THREADS = 2
_NEARLY_ALL = 0.9


class BlockEncoder:
    """Many numeric columns: their marginals, their common factors, and noise that belongs to each column alone.

    Parameters
    ----------
    names : list of str
        The table columns, p of them.
    dtypes : list of str
        Their dtype tokens.
    missing : ndarray of float32, shape (p,)
        Share of missing values.
    is_level : ndarray of bool, shape (p,)
        Which columns have few levels.
    smooth : SmoothMarginals
        Of the other columns, in their order.
    levels : LevelMarginals
        Of the columns of few levels, in their order.
    factors : Factors or None
        None: every column keeps its own score.
    linkage : Linkage or None
        How columns of few levels depend on the scores and on the columns before them; None: by thresholds of their
        normal scores alone.
    """

    def __init__(
        self,
        names: list[str],
        dtypes: list[str],
        missing: np.ndarray,
        is_level: np.ndarray,
        smooth: SmoothMarginals,
        levels: LevelMarginals,
        factors: Factors | None,
        linkage: Linkage | None = None,
    ) -> None:
        self.names, self.dtypes, self.missing, self.is_level = names, dtypes, missing, is_level
        self.smooth, self.levels, self.factors, self.linkage = smooth, levels, factors, linkage

    @classmethod
    def fit(
        cls, table: pd.DataFrame, columns: list[Column], options: WideOptions, design: Design, seed: int
    ) -> tuple[Self, np.ndarray]:
        """Learn marginals and factors.

        Parameters
        ----------
        table : pandas.DataFrame, shape (N, n_columns)
            The table, N >= 2.
        columns : list of Column
            The block's (`wide_columns.block_columns`).
        options : WideOptions
            How many factors.
        design : Design
            The covariates of the rows.
        seed : int
            For the parallel analysis and the randomised SVD.

        Returns
        -------
        encoder : Self
            The fitted encoder.
        matrix : ndarray of float32, shape (N, k)
            The rows' scores, as they were learnt.

        Raises
        ------
        ColumnRejected
            If a value is infinite, or a whole number beyond 2**53.
        """
        names = [c.name for c in columns]
        values = without_columns_of_few_values(block_values(table, names))
        is_level = np.concatenate([has_few_levels(values[part]) for part in _parts(len(values))])
        low, high = _bounds(values)
        smooth = fit_smooth_marginals(values[~is_level], low[~is_level], high[~is_level])
        levels = fit_level_marginals(values[is_level])
        missing = np.isnan(values).mean(axis=1).astype(np.float32)
        factors, common = _factors(values, options, design, seed)
        out = cls(names, [c.dtype for c in columns], missing, is_level, smooth, levels, factors)
        if options.linked and common.shape[1] and _can_be_linked(is_level, levels):
            out.linkage = fit_linkage(levels.places(values, slice(None)), common)
        return out, (out.transform(table) if factors is None else common)

    def settle(self, scores: np.ndarray, seed: int) -> None:
        """Bring the shares of linked columns' levels to what they are to be, for scores as they will be drawn.

        Parameters
        ----------
        scores : ndarray of float32, shape (M, k)
            From the fitted model of the scores, a thousand or more.
        seed : int
            Of the noise.
        """
        if self.linkage is not None:
            self.linkage = recalibrated(self.linkage, scores, seed)

    @property
    def n_scores(self) -> int:
        """Matrix columns, k."""
        return len(self.names) if self.factors is None else self.factors.n_factors

    @property
    def title(self) -> str:
        """What the matrix columns are called together."""
        return f"({len(self.names):,} columns)"

    def blocks(self, start: int) -> list[Block]:
        """The layout, when the first matrix column is `start`: one numeric block for each score."""
        labels = self.names if self.factors is None else [f"factor {i + 1}" for i in range(self.n_scores)]
        return [
            Block(self.title, "numeric", start + i, start + i + 1, (label,)) for i, label in enumerate(labels)
        ]

    def transform(self, table: pd.DataFrame) -> np.ndarray:
        """Rows to scores.

        Parameters
        ----------
        table : pandas.DataFrame, shape (N, n_columns)
            With the block's columns. A missing value counts as an average one.

        Returns
        -------
        ndarray of float32, shape (N, k)
            Common scores, near standard normal over the training rows; or every column's own.
        """
        values = block_values(table, self.names)
        if self.factors is None:
            out = np.empty((values.shape[1], len(self.names)), dtype=np.float32)
            for which, marginals, part in self.chunks():
                out[:, which] = marginals.scores(values[which], part).T
            return out
        scores = np.zeros((values.shape[1], self.n_scores), dtype=np.float32)
        if self.n_scores:
            for which, marginals, part in self.chunks():
                scores += marginals.scores(values[which], part).T @ self.factors.projection[which]
        return scores

    def inverse_transform(
        self, matrix: np.ndarray, one_hot: np.ndarray, first_row: int, seed: int
    ) -> pd.DataFrame:
        """Scores to rows, with fresh noise for what the common scores do not say.

        Parameters
        ----------
        matrix : ndarray of float32, shape (N, k)
            Scores.
        one_hot : ndarray of float32, shape (N, C)
            The covariates' choices.
        first_row : int
            Number of the first row in the whole sample: noise is a function of the seed and the row. A multiple of
            `ROWS_PER_BLOCK`.
        seed : int
            Of the noise.

        Returns
        -------
        pandas.DataFrame, shape (N, p)
            The block's columns in their dtypes.
        """
        parts = [
            self._decode(matrix[rows], one_hot[rows], (first_row + rows.start) // ROWS_PER_BLOCK, seed)
            for rows in _parts(len(matrix), ROWS_PER_BLOCK)
        ]
        return block_frame(
            parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1), self.names, self.dtypes
        )

    @property
    def is_noisy(self) -> bool:
        """Whether `inverse_transform` draws anything: what factors leave over, linked places, gaps."""
        return self.factors is not None or self.linkage is not None or bool(self.missing.any())

    def stored_values(self) -> dict[str, dict[str, Any]]:
        """What is kept of each column's values: levels, or knots and the lowest value if that stands by itself."""
        out: dict[str, dict[str, Any]] = {}
        for which, marginals, part in self.chunks():
            kept = marginals.stored_values(part)
            out |= {self.names[i]: own for i, own in zip(which.tolist(), kept, strict=True)}
        return {name: out[name] for name in self.names}

    def to_state(self) -> dict[str, Any]:
        """What was learnt, as JSON-able values and numpy arrays."""
        return {
            "names": self.names,
            "dtypes": self.dtypes if len(set(self.dtypes)) > 1 else self.dtypes[:1],
            "missing": self.missing,
            "is_level": self.is_level,
            "smooth": self.smooth.to_state(),
            "levels": self.levels.to_state(),
            "factors": None if self.factors is None else dict(vars(self.factors)),
            "linkage": None if self.linkage is None else self.linkage.to_state(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """From `to_state`'s data."""
        names, dtypes = state["names"], state["dtypes"]
        return cls(
            names,
            dtypes if len(dtypes) > 1 else dtypes * len(names),
            state["missing"],
            state["is_level"],
            SmoothMarginals.from_state(state["smooth"]),
            LevelMarginals.from_state(state["levels"]),
            None if state["factors"] is None else Factors(**state["factors"]),
            None if state["linkage"] is None else Linkage.from_state(state["linkage"]),
        )

    def _decode(self, scores: np.ndarray, one_hot: np.ndarray, block: int, seed: int) -> np.ndarray:
        """Values of some rows, shape (p, N)."""
        dtype = common_dtype(self.dtypes, self.smooth.knots.dtype)
        out = np.empty((len(self.names), len(scores)), dtype=dtype)
        places = None if self.linkage is None else draw_linked(self.linkage, scores, seed, block)
        limits = dtype_limits(self.dtypes)

        def fill(number: int, chunk: ColumnChunk) -> None:
            """One chunk of columns, in place."""
            own = None if places is None else places[chunk[2]]
            values = self.chunk_values(number, chunk, scores, one_hot, own, block, seed)
            which = chunk[0]
            out[which] = (
                values if limits is None else np.clip(values, *(side[which, None] for side in limits))
            )

        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(fill, *zip(*enumerate(self.chunks()), strict=True)))
        return out

    def chunk_values(
        self,
        number: int,
        chunk: ColumnChunk,
        scores: np.ndarray,
        one_hot: np.ndarray,
        places: np.ndarray | None,
        block: int,
        seed: int,
    ) -> np.ndarray:
        """Values of one chunk of columns in the first rows of a block of rows.

        Parameters
        ----------
        number : int
            Of the chunk.
        chunk : ColumnChunk
            From `chunks`.
        scores : ndarray of float32, shape (R, k)
            Scores of the rows.
        one_hot : ndarray of float32, shape (R, C)
            The covariates' choices.
        places : ndarray of int8, shape (q, R), or None
            Levels of these columns, where they are linked (`linkage.draw_linked`).
        block, seed : int
            Of the noise.

        Returns
        -------
        ndarray, shape (q, R)
            Values; NaN where missing.
        """
        which, marginals, part = chunk
        if places is None or isinstance(marginals, SmoothMarginals):
            rng = stream(seed, "gene noise", block, number)
            values = marginals.values(self._normal(scores, one_hot, which, rng), part)
        else:
            values = np.take_along_axis(marginals.levels[part], places.astype(np.intp), axis=1)
        if (share := self.missing[which]).any():
            rng = stream(seed, "gene gaps", block, number)
            gaps = rng.random((len(scores), len(which)), dtype=np.float32)
            values[share[:, None] > gaps.T] = np.nan
        return values

    def _normal(
        self, scores: np.ndarray, one_hot: np.ndarray, which: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Normal scores of some columns, shape (q, N): common part, shifts and noise."""
        if self.factors is None:
            return np.ascontiguousarray(scores[:, which].T)
        # row by row, so that the first rows of a block do not depend on how many are wanted
        noise = rng.standard_normal((len(scores), len(which)), dtype=np.float32)
        noise *= self.factors.residual[which]
        # of whole blocks, for the same reason: the last bits of a product depend on how many rows it has
        noise += (filled(scores) @ self.factors.loadings[which].T)[: len(scores)]
        noise += (filled(one_hot) @ self.factors.shifts[:, which])[: len(scores)]
        return np.ascontiguousarray(noise.T)

    def chunks(self) -> Iterator[ColumnChunk]:
        """Columns of one sort at a time: their places in the block, their marginals, their places in those."""
        sorts: list[tuple[np.ndarray, Marginals]] = [
            (~self.is_level, self.smooth),
            (self.is_level, self.levels),
        ]
        for mask, marginals in sorts:
            places = np.flatnonzero(mask)
            for part in _parts(len(places)):
                if len(places):
                    yield places[part], marginals, part


def _parts(length: int, together: int = COLUMNS_TOGETHER) -> list[slice]:
    return [slice(i, i + together) for i in range(0, max(length, 1), together)]


def _bounds(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """0 for columns without negative values, and 1 for those within [0, 1], where nearly all of the block are such.

    Counts and shares stay counts and shares, whatever other columns stand among them.
    """
    lowest, highest = np.nanmin(values, axis=1, initial=np.inf), np.nanmax(values, axis=1, initial=-np.inf)
    is_positive, is_share = lowest >= 0, (lowest >= 0) & (highest <= 1)
    low = np.where(is_positive & (is_positive.mean() >= _NEARLY_ALL), 0.0, -np.inf)
    high = np.where(is_share & (is_share.mean() >= _NEARLY_ALL), 1.0, np.inf)
    return low, high


def _can_be_linked(is_level: np.ndarray, levels: LevelMarginals) -> bool:
    """Whether all columns are dosages or haplotypes, or look like such."""
    return bool(is_level.all()) and levels.n_levels <= MAX_LINKED_LEVELS


def _factors(
    values: np.ndarray, options: WideOptions, design: Design, seed: int
) -> tuple[Factors | None, np.ndarray]:
    """The factor model and the rows' scores; no model where every column keeps its own."""
    nothing = np.zeros((values.shape[1], 0), dtype=np.float32)
    if options.reduce is None:
        return None, nothing
    if options.reduce == 0:
        return no_factors(len(values), design.one_hot.shape[1]), nothing
    scores, information = conditional_scores(values)
    if isinstance(options.reduce, int):
        n_factors = options.reduce
    else:
        most = max(1, int(values.shape[1] / options.rows_per_factor))
        n_factors = max(1, n_factors_by_parallel_analysis(scores, most, stream(seed, "parallel analysis")))
    gaps = np.isnan(values)
    return fit_factors(
        scores,
        information,
        n_factors,
        design,
        derived_seed(seed, "factors"),
        gaps if gaps.any() else None,
    )
