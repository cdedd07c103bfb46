"""IndependentMarginals: every column by itself, and no dependence between columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np

from synthgen.constraints.rules import Rule
from synthgen.encoders.pooling import MIN_CATEGORY_COUNT
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.encoders.wide_columns import WideOptions
from synthgen.layout import MatrixLayout
from synthgen.models.base import AbstractSynthesizer
from synthgen.models.fit_run import FitRun
from synthgen.models.matrix_model import AbstractMatrixModel
from synthgen.models.relation_parameters import POOLING_CONSTRAINTS, RELATION_CONSTRAINTS
from synthgen.rng import ROWS_PER_BLOCK, stream
from synthgen.schema import Schema
from synthgen.validation import Constraint, Each, Instance, Interval, Nothing


class IndependentMarginals(AbstractSynthesizer):
    """Every column drawn by itself from its own distribution: the floor that a model must clear.

    The distributions are those of the table encoder, as in every other synthesizer: levels by their shares,
    numbers by their smoothed empirical distribution. Nothing is learnt about two columns together, so that
    whatever a model scores above this one is dependence that it has learnt.

    Parameters
    ----------
    schema : Schema, optional
        Declares kinds of columns; the others are inferred.
    constraints : sequence of Rule, optional
        What every row obeys: `Inequality`, `Range`, `FixedCombinations`, `Formula`, `Unique`,
        `Dependency` or `Repeats`.
    detect_relations : bool, default True
        Whether to look for such rules in the training table, if `schema` does not say what there are.
    min_category_count : int, default 5
        Rows that must hold a level of a column for it to be kept: the rows of rarer ones are taken to hold another, and
        where most are rare, strings are made anew by their patterns. Levels that `schema` declares are kept, and so are
        true and false. A pandas categorical loses the categories that are not kept. 1 keeps all.
    covariates : sequence of str, optional
        In a wide table, columns that are encoded by themselves and not in the block of the many: conditions can be
        set on them.
    random_state : int, optional
        Seed of everything in `fit`.
    verbose : int, default 1
        0: no progress bars. They are off anyway when not writing to a terminal.

    Attributes
    ----------
    schema_, encoder_, model_, n_rows_in_
        See `AbstractSynthesizer`.

    Notes
    -----
    `conditions` are met by drawing until enough rows meet them.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> table = load_iris(as_frame=True).frame
    >>> IndependentMarginals(random_state=0).fit(table).sample(5).shape
    (5, 5)
    """

    parameter_constraints: ClassVar[dict[str, list[Constraint]]] = {
        "schema": [Instance(Schema, "a Schema"), Nothing()],
        **RELATION_CONSTRAINTS,
        **POOLING_CONSTRAINTS,
        "covariates": [Each(Instance(str, "a column name")), Nothing()],
        "random_state": [Interval("int", 0, 2**63), Nothing()],
        "verbose": [Interval("int", 0, math.inf)],
    }

    def __init__(
        self,
        *,
        schema: Schema | None = None,
        constraints: Sequence[Rule] | None = None,
        detect_relations: bool = True,
        min_category_count: int = MIN_CATEGORY_COUNT,
        covariates: Sequence[str] | None = None,
        random_state: int | None = None,
        verbose: int = 1,
    ) -> None:
        self.schema = schema
        self.constraints = constraints
        self.detect_relations = detect_relations
        self.min_category_count = min_category_count
        self.covariates = covariates
        self.random_state = random_state
        self.verbose = verbose

    def _wide_options(self) -> WideOptions:
        """No common factors: every column of a block is drawn by its own noise alone."""
        return WideOptions(reduce=0, covariates=tuple(self.covariates or ()))

    def _fit_matrix(
        self, matrix: np.ndarray, encoder: TableEncoder, seed: int, run: FitRun
    ) -> AbstractMatrixModel:
        return IndependentModel.fit(matrix, encoder.layout_)

    def _load_matrix_model(self, state: dict[str, Any]) -> AbstractMatrixModel:
        return IndependentModel(state["shares"], self.encoder_.layout_)


class IndependentModel(AbstractMatrixModel):
    """Blocks of the matrix drawn one by one.

    A one-hot block is one choice, by the shares of its columns; a number is standard normal, which is what
    normal scores are, and 0 where its gate is closed. The gate and the number behind it are one table column.

    Parameters
    ----------
    shares : ndarray of float64, shape (F,)
        Of each one-hot column, summing to 1 over its block; 0 for numbers.
    layout : MatrixLayout
        What the F columns are.
    """

    def __init__(self, shares: np.ndarray, layout: MatrixLayout) -> None:
        self.shares = shares
        self.layout = layout
        self.cond_columns = []
        self._gates = [(b.start, b.gate) for b in layout.numeric if b.gate is not None]

    @classmethod
    def fit(cls, matrix: np.ndarray, layout: MatrixLayout) -> Self:
        """Count the choices.

        Parameters
        ----------
        matrix : ndarray of float32, shape (N, F)
            The training rows.
        layout : MatrixLayout
            What the F columns are.

        Returns
        -------
        Self
            The fitted model.
        """
        shares = np.zeros(layout.width)
        for block in layout.one_hot:
            shares[block.start : block.stop] = matrix[:, block.start : block.stop].mean(axis=0, dtype=float)
        return cls(shares, layout)

    def generate_block(self, seed: int, block: int, allowed: np.ndarray | None = None) -> np.ndarray:
        """One block of rows. See the base class."""
        out = np.zeros((ROWS_PER_BLOCK, self.layout.width), dtype=np.float32)
        choices, numbers = self.layout.one_hot, self.layout.numeric
        uniform = stream(seed, "independent choice", block).random((len(choices), ROWS_PER_BLOCK))
        for one_hot, u in zip(choices, uniform, strict=True):
            reached = np.cumsum(self.shares[one_hot.start : one_hot.stop])
            choice = np.searchsorted(reached[:-1], u * reached[-1], side="right")
            out[np.arange(ROWS_PER_BLOCK), one_hot.start + choice] = 1.0
        normal = stream(seed, "independent number", block).standard_normal(
            (ROWS_PER_BLOCK, len(numbers)), dtype=np.float32
        )
        out[:, [b.start for b in numbers]] = normal
        out[:, [start for start, _ in self._gates]] *= out[:, [gate for _, gate in self._gates]]
        return out

    def condition_rows(self) -> np.ndarray:
        """One empty condition: nothing can be given."""
        return np.zeros((1, 0), dtype=np.float32)

    def to_state(self) -> dict[str, Any]:
        """The shares. See the base class."""
        return {"shares": self.shares}
