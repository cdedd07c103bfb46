"""Rows chosen from a larger pool of generated ones, so that they look more like the real rows.

A pool of several blocks is drawn for each block wanted. Its rows are weighted by how much likelier they are among real
rows (`density_ratio`) and by factors that bring one- and two-way margins right (`margins`); a block is then chosen by
these weights, no row twice, with margins as wanted (`balanced_choice`). All that is known of the real rows is
in the trees and in the shares of cells.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from tqdm import tqdm

from synthgen.encoders.table_encoder import TableEncoder
from synthgen.models.balanced_choice import balance, inclusion, systematic
from synthgen.models.density_ratio import MAX_ROUNDS, DensityRatio, fit_density_ratio, relative
from synthgen.models.directions import Directions, fit_directions
from synthgen.models.margins import Margins, fit_margins
from synthgen.models.matrix_model import AbstractMatrixModel
from synthgen.models.row_features import RowFeatures, row_features
from synthgen.models.row_gate import obeys
from synthgen.rng import ROWS_PER_BLOCK, derived_seed, stream
from synthgen.training.threads import in_parallel

MIN_ROWS = 1000
"""Fewer real rows than this teach trees little to choose by: then nothing is chosen unless asked for, ..."""
FEWEST_ROWS = 200
"""... and fewer than this teach them nothing."""
POOL_PER_ROW = 6
"""Generated rows for each real one in a round of learning the weights, ..."""
MAX_ROWS = 300_000
"""... no more than this, of either, ..."""
MAX_CELLS = 30_000_000
"""... nor so many rows that they hold more numbers than this."""
FACTORS = (4, 8, 16)
"""Generated rows for each one kept, of which "auto" takes ..."""
MAX_CUT = 0.05
"""... the fewest that cut no more than this share of all weight: a row is chosen once, however heavy it is."""
STAND_INS = 2
"""Rows that may be exchanged for the chosen ones, for each of them."""
_NEVER = 100.0  # nats


@dataclass(frozen=True)
class Selector:
    """How rows are weighted, and how many are drawn for each one kept.

    Parameters
    ----------
    ratio : DensityRatio
        Trees.
    margins : Margins
        Cells, their shares and factors.
    factor : int
        Rows of the pool for each row kept.
    effective_share : float
        Effective size of the weighted pool over its rows, in (0, 1].
    directions : Directions
        Features that the trees and margins see beside those of `row_features`.
    """

    ratio: DensityRatio
    margins: Margins
    factor: int
    effective_share: float
    directions: Directions = field(default_factory=Directions)

    def choose(
        self,
        values: np.ndarray,
        n: int,
        *,
        good: np.ndarray,
        is_free: bool,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Choose rows of a pool.

        Parameters
        ----------
        values : ndarray of float64, shape (S, n_features)
            The pool, as `row_features` gives it.
        n : int
            Rows wanted, at most S.
        good : ndarray of bool, shape (S,)
            Rows to choose from; others come only where these are too few.
        is_free : bool
            Whether the pool was drawn without conditions: only then the margins are those of the real rows.
        rng : numpy.random.Generator
            Draws.

        Returns
        -------
        ndarray of int64, shape (n,)
            Places, none twice, in random order.
        """
        values = self.directions.extended(values)
        cells = self.margins.cells(values)
        log_weight = self.ratio.log_ratio(values) + self.margins.log_weight(cells)
        log_weight = np.where(good, log_weight, log_weight.min() - _NEVER)
        probability = inclusion(log_weight, n)
        first = systematic(probability, rng)
        if not is_free:
            return first
        certain = first[probability[first] >= 1]
        others = np.setdiff1d(np.flatnonzero(good), first)
        n_others = min(STAND_INS * n, len(others))
        second = others[systematic(inclusion(log_weight[others], n_others), rng)]
        return balance(cells, first, second, self.margins.wanted, rng, fixed=certain)

    def describe(self) -> dict[str, Any]:
        """Its cost and its effect, as plain data."""
        return {
            "rows_drawn_for_each_given": self.factor,
            "trees": self.ratio.n_trees,
            "auc_before_and_after_each_round": [round(auc, 3) for auc in self.ratio.aucs],
            "effective_share_of_rows_drawn": round(self.effective_share, 3),
        }

    def to_state(self) -> dict[str, Any]:
        """As JSON-able values and numpy arrays."""
        parts = {name: getattr(self, name).to_state() for name in ("ratio", "margins", "directions")}
        return {**vars(self), **parts}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """From `to_state`'s data."""
        parts = {
            "ratio": DensityRatio.from_state(state["ratio"]),
            "margins": Margins.from_state(state["margins"]),
            "directions": Directions.from_state(state["directions"]),
        }
        return cls(**{**state, **parts})


class SelectedModel(AbstractMatrixModel):
    """A matrix model whose rows are chosen from another's.

    Parameters
    ----------
    source : AbstractMatrixModel
        Makes the pools.
    selector : Selector
        Chooses.
    encoder : TableEncoder
        Says what matrix rows mean.
    """

    def __init__(self, source: AbstractMatrixModel, selector: Selector, encoder: TableEncoder) -> None:
        self.source = source
        self.selector = selector
        self.draws_per_row = selector.factor
        _ = selector.ratio.n_trees  # trees are read once, before threads share them
        self.encoder = encoder
        self.cond_columns = source.cond_columns

    def generate_block(self, seed: int, block: int, allowed: np.ndarray | None = None) -> np.ndarray:
        """One block of chosen rows. See the base class."""
        factor = self.selector.factor
        numbers = range(block * factor, (block + 1) * factor)
        pool = np.concatenate([self.source.generate_block(seed, b, allowed) for b in numbers])
        chosen = self.selector.choose(
            row_features(pool, self.encoder).values,
            ROWS_PER_BLOCK,
            good=obeys(pool, self.encoder),
            is_free=allowed is None,
            rng=stream(seed, "selection", block),
        )
        return pool[chosen]

    def condition_rows(self) -> np.ndarray:
        """The conditions that can be given. See the base class."""
        return self.source.condition_rows()

    def to_state(self) -> dict[str, Any]:
        """The source's state: the selector has one of its own. See the base class."""
        return self.source.to_state()


def fit_selector(
    source: AbstractMatrixModel,
    matrix: np.ndarray,
    encoder: TableEncoder,
    factor: int | None,
    seed: int,
    verbose: int,
) -> Selector | None:
    """Learn to choose among a model's rows.

    Parameters
    ----------
    source : AbstractMatrixModel
        Fitted.
    matrix : ndarray of float32, shape (N, F)
        The real rows.
    encoder : TableEncoder
        Says what they mean.
    factor : int or None
        Rows of the pool for each row kept; None: as many as the weights need.
    seed : int
        Of the pools, and of what is set aside.
    verbose : int
        0: no progress bar.

    Returns
    -------
    Selector or None
        None where there is nothing to choose by, or hardly a row obeys the encoder's rules.
    """
    n_features = max(1, len(encoder.encoders_))
    most = max(ROWS_PER_BLOCK, min(MAX_ROWS, MAX_CELLS // n_features))
    real = row_features(_some_rows(matrix, most, seed), encoder)
    if not real.values.shape[1]:
        return None
    directions, n_own = fit_directions(real), real.values.shape[1]
    real = directions.added(real)
    n_blocks = -(-min(POOL_PER_ROW * len(matrix), most) // ROWS_PER_BLOCK)

    def draw(number: int) -> RowFeatures:
        own_seed = derived_seed(seed, "selection pool", number)
        return directions.added(draw_pool(source, encoder, n_blocks, own_seed))

    first = draw_pool(source, encoder, min(n_blocks, 4), derived_seed(seed, "selection trial"))
    if len(first.values) < FEWEST_ROWS:
        return None

    with tqdm(total=MAX_ROUNDS + 2, desc="select", unit="round", disable=None if verbose else True) as bar:
        ratio = fit_density_ratio(real, draw, derived_seed(seed, "selection"), bar.update)
        pool = draw(MAX_ROUNDS + 1)
        margins, weight = fit_margins(real, pool, relative(ratio.log_ratio(pool.values)), n_own)
        bar.update(bar.total - bar.n)
    effective = float(1 / np.square(weight).sum() / len(weight))
    return Selector(ratio, margins, factor or enough(weight), effective, directions)


def _some_rows(matrix: np.ndarray, most: int, seed: int) -> np.ndarray:
    """The rows, or as many of them as are allowed, drawn without replacement."""
    if len(matrix) <= most:
        return matrix
    return matrix[np.sort(stream(seed, "selection rows").permutation(len(matrix))[:most])]


def draw_pool(source: AbstractMatrixModel, encoder: TableEncoder, n_blocks: int, seed: int) -> RowFeatures:
    """Blocks 0, 1, ... of a model, as features.

    Parameters
    ----------
    source : AbstractMatrixModel
        Makes the rows.
    encoder : TableEncoder
        Says what they mean.
    n_blocks : int
        At least 1.
    seed : int
        Of the rows.

    Returns
    -------
    RowFeatures
        Of the rows that obey the encoder's rules.
    """

    def make(block: int) -> RowFeatures:
        matrix = source.generate_block(seed, block)
        return row_features(matrix[obeys(matrix, encoder)], encoder)

    blocks = in_parallel(make, range(n_blocks))
    return RowFeatures(np.concatenate([b.values for b in blocks]), blocks[0].is_level)


def enough(weight: np.ndarray) -> int:
    """How many rows must be drawn for each row kept so that little weight is cut at one copy a row.

    Parameters
    ----------
    weight : ndarray of float64, shape (M,)
        Of the rows of a pool, >= 0.

    Returns
    -------
    int
        Of `FACTORS`; the largest where none is enough.
    """
    mean = weight.mean()
    for factor in FACTORS:
        if np.maximum(weight - factor * mean, 0).sum() <= MAX_CUT * weight.sum():
            return factor
    return FACTORS[-1]
