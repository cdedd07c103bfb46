"""Genotypes of very many variants to a `BlockEncoder`, and back, a few variants at a time.

The arithmetic is that of tables in memory (`BlockEncoder.fit`); only what is kept of each variant, and what the rows have in
common, is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from synthgen.disclosure import MIN_ROWS
from synthgen.encoders.block import BlockEncoder
from synthgen.encoders.level_marginals import LevelMarginals, marginals_of_counts
from synthgen.encoders.linkage import LinkageFit, draw_linked_parts
from synthgen.encoders.low_rank import Design, Factors, factors_of_chunks, no_factors
from synthgen.encoders.normal_scores import scores_of_counts
from synthgen.encoders.parallel_analysis import chosen_for_rank, n_factors_of_chosen
from synthgen.encoders.score_chunks import CHUNK, Chunk
from synthgen.encoders.smooth_marginals import fit_smooth_marginals
from synthgen.encoders.top_directions import MAX_GRAM_ROWS
from synthgen.encoders.wide_columns import WideOptions
from synthgen.rng import ROWS_PER_BLOCK, derived_seed, stream

LEVELS = 3
"""A dosage is 0, 1 or 2."""
_STEP = 256
"""Variants of a block are a multiple of this, as the linkage counts them."""
_CELLS = 2**24


class DosageBlocks(Protocol):
    """Dosages of V variants and N people."""

    @property
    def n_variants(self) -> int:
        """V."""

    @property
    def n_people(self) -> int:
        """N."""

    def blocks(self, size: int, purpose: str) -> Iterator[tuple[slice, np.ndarray]]:
        """All variants in order, `size` at a time: which they are, and int8 dosages, shape (v, N), negative where missing.

        `purpose` says what they are wanted for, in words.
        """


@dataclass(frozen=True)
class DosageCounts:
    """How many people hold which dosage of each variant.

    Parameters
    ----------
    counts : ndarray of int32, shape (V, 3)
        Of 0, 1 and 2.
    n_people : int
        N.
    """

    counts: np.ndarray
    n_people: int

    @property
    def n_present(self) -> np.ndarray:
        """People whose dosage is known, shape (V,)."""
        return np.asarray(self.counts.sum(axis=1))

    def kept(self) -> DosageCounts:
        """The same, where a variant that fewer than `MIN_ROWS` people have a value of counts as missing throughout."""
        if self.n_people < MIN_ROWS:
            return self
        is_bare = self.n_present < MIN_ROWS
        return DosageCounts(np.where(is_bare[:, None], 0, self.counts), self.n_people)


def block_size(n_people: int) -> int:
    """Variants that are worked on together."""
    if n_people <= MAX_GRAM_ROWS:
        return CHUNK
    return int(np.clip(_CELLS // n_people // _STEP * _STEP, _STEP, CHUNK))


def count_dosages(source: DosageBlocks) -> DosageCounts:
    """Count the dosages of every variant.

    Parameters
    ----------
    source : DosageBlocks
        Gone through once.

    Returns
    -------
    DosageCounts
        Of all variants.
    """
    counts = np.empty((source.n_variants, LEVELS), dtype=np.int32)
    for which, dosages in source.blocks(block_size(source.n_people), "counts"):
        for level in range(LEVELS):
            counts[which, level] = np.count_nonzero(dosages == level, axis=1)
    return DosageCounts(counts, source.n_people)


class DosageScores:
    """The normal scores of dosages, made from them whenever they are asked for (`ScoreChunks`).

    Parameters
    ----------
    source : DosageBlocks
        The dosages.
    counts : DosageCounts
        Of them, as `DosageCounts.kept` has them.
    size : int
        Variants in a chunk.
    """

    def __init__(self, source: DosageBlocks, counts: DosageCounts, size: int) -> None:
        self.n_columns, self.n_rows = source.n_variants, source.n_people
        self._source, self._size = source, size
        of_levels, self.information = scores_of_counts(counts.counts)
        self._scores = np.zeros((self.n_columns, LEVELS + 1), dtype=np.float32)  # the last: missing
        self._scores[:, :LEVELS] = of_levels
        self._is_known = counts.n_present > 0
        self._has_gaps = bool((counts.n_present < counts.n_people).any())
        self.present = 1 - (counts.n_people - counts.n_present) / counts.n_people

    def chunks(self, purpose: str) -> Iterator[Chunk]:
        """See `ScoreChunks`."""
        for which, dosages in self._source.blocks(self._size, purpose):
            gaps = (dosages < 0) | ~self._is_known[which, None] if self._has_gaps else None
            yield which, looked_up(self._scores[which], dosages), gaps

    def of(self, columns: np.ndarray | None, people: np.ndarray | None, purpose: str) -> np.ndarray:
        """The scores of some variants and people, ascending, or of all (None); shape (c, r)."""
        wanted = np.arange(self.n_columns) if columns is None else columns
        own_people: np.ndarray | slice = slice(None) if people is None else people
        out = np.empty((len(wanted), self.n_rows if people is None else len(people)), dtype=np.float32)
        for which, dosages in self._source.blocks(self._size, purpose):
            first, last = np.searchsorted(wanted, [which.start, which.stop])
            own = wanted[first:last]
            out[first:last] = looked_up(self._scores[own], dosages[own - which.start][:, own_people])
        return out


def fit_dosages(
    names: list[str],
    dtype: str,
    source: DosageBlocks,
    counts: DosageCounts,
    options: WideOptions,
    design: Design,
    seed: int,
    size: int | None = None,
) -> tuple[BlockEncoder, np.ndarray]:
    """`BlockEncoder.fit` of dosages that are read several times over, and never held.

    Parameters
    ----------
    names : list of str, length V
        The variants.
    dtype : str
        Dtype token of the table's columns.
    source : DosageBlocks
        The dosages.
    counts : DosageCounts
        Of them (`count_dosages`).
    options : WideOptions
        How many factors; `reduce` is not None.
    design : Design
        The covariates of the people.
    seed : int
        As for `BlockEncoder.fit`.
    size : int, optional
        Variants that are worked on together. None: as `block_size` says.

    Returns
    -------
    encoder : BlockEncoder
        That of the table in memory: to the last bit with blocks of `CHUNK` variants; else, and with more than
        `MAX_GRAM_ROWS` people, to rounding errors.
    matrix : ndarray of float32, shape (N, k)
        The people's scores.
    """
    size = block_size(source.n_people) if size is None else size
    kept = counts.kept()
    levels = marginals_of_counts(kept.counts, kept.n_people)
    factors, common = _factors(DosageScores(source, kept, size), options, design, seed)
    nothing = np.zeros((0, source.n_people), dtype=np.float32)
    out = BlockEncoder(
        names,
        [dtype] * len(names),
        ((kept.n_people - kept.n_present) / kept.n_people).astype(np.float32),
        np.ones(len(names), dtype=bool),
        fit_smooth_marginals(nothing, np.zeros(0), np.zeros(0)),
        levels,
        factors,
    )
    if options.linked and common.shape[1]:
        places = _places(levels, kept)
        linking = LinkageFit(len(names), int(places.max(initial=0)) + 1, common)
        for which, dosages in source.blocks(size, "links between neighbours"):
            linking.add(looked_up(places[which], dosages))
        out.linkage = linking.linkage()
    return out, common


def decode_dosages(
    block: BlockEncoder, scores: np.ndarray, one_hot: np.ndarray, seed: int
) -> Iterator[np.ndarray]:
    """`BlockEncoder.inverse_transform` of a block of dosages, a few variants at a time.

    Parameters
    ----------
    block : BlockEncoder
        Of columns of levels only.
    scores : ndarray of float32, shape (N, k)
        Scores of rows 0 to N - 1 of a sample.
    one_hot : ndarray of float32, shape (N, C)
        The covariates' choices.
    seed : int
        Of the noise.

    Yields
    ------
    ndarray of int8, shape (v, N)
        Values of the next columns; -127 where missing.
    """
    rows = [slice(i, min(i + ROWS_PER_BLOCK, len(scores))) for i in range(0, len(scores), ROWS_PER_BLOCK)]
    places = [_linked_chunks(block, scores[own], seed, number) for number, own in enumerate(rows)]
    for number, chunk in enumerate(block.chunks()):
        out = np.empty((len(chunk[0]), len(scores)), dtype=np.int8)
        for row_block, own in enumerate(rows):
            linked = next(places[row_block])
            values = block.chunk_values(number, chunk, scores[own], one_hot[own], linked, row_block, seed)
            out[:, own] = np.nan_to_num(values, nan=-127.0)
        yield out


def looked_up(table: np.ndarray, dosages: np.ndarray) -> np.ndarray:
    """What a table of shape (v, 4) has for each dosage of its v variants; its last column is for missing ones."""
    place = dosages.astype(np.intp)
    place[dosages < 0] = LEVELS
    place += (table.shape[1] * np.arange(len(table)))[:, None]
    return np.asarray(np.take(table, place))


def _factors(
    scores: DosageScores, options: WideOptions, design: Design, seed: int
) -> tuple[Factors, np.ndarray]:
    """The factor model and the rows' scores, as in `BlockEncoder.fit`."""
    if options.reduce == 0:
        nothing = np.zeros((scores.n_rows, 0), dtype=np.float32)
        return no_factors(scores.n_columns, design.one_hot.shape[1]), nothing
    if isinstance(options.reduce, int):
        n_factors = options.reduce
    else:
        most, rng = max(1, int(scores.n_rows / options.rows_per_factor)), stream(seed, "parallel analysis")
        chosen = scores.of(*chosen_for_rank(scores.n_columns, scores.n_rows, rng), "number of factors")
        n_factors = max(1, n_factors_of_chosen(chosen, most, rng))
    return factors_of_chunks(scores, n_factors, design, derived_seed(seed, "factors"))


def _places(levels: LevelMarginals, counts: DosageCounts) -> np.ndarray:
    """Of each variant the place of the dosages 0, 1 and 2 among its levels, and -1; int8, shape (V, 4)."""
    wanted = np.append(np.arange(LEVELS, dtype=np.float32), np.nan)
    out = levels.places(np.broadcast_to(wanted, (len(counts.counts), LEVELS + 1)), slice(None))
    out[:, :LEVELS][counts.counts == 0] = -1  # nobody has it, or too few have any
    return out


def _linked_chunks(
    block: BlockEncoder, scores: np.ndarray, seed: int, row_block: int
) -> Iterator[np.ndarray | None]:
    """Levels of each chunk of `BlockEncoder.chunks` in one block of rows; None where columns are not linked."""
    if block.linkage is None:
        while True:
            yield None
    parts = draw_linked_parts(block.linkage, scores, seed, row_block)
    held, start = np.zeros((0, len(scores)), dtype=np.int8), 0
    for _, _, wanted in block.chunks():
        last = min(wanted.stop, len(block.names))
        while start + len(held) < last:
            held = np.concatenate([held, next(parts)[1]])
        yield held[wanted.start - start : last - start]
        held, start = held[last - start :], last
