"""GaussianCopula: the linear model that published benchmarks find hard to beat."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from synthgen.constraints.rules import Rule
from synthgen.encoders.pooling import MIN_CATEGORY_COUNT
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.encoders.wide_columns import WideOptions
from synthgen.models.base import AbstractSynthesizer
from synthgen.models.condition_columns import condition_columns
from synthgen.models.condition_table import condition_table
from synthgen.models.covariate_table import covariate_table
from synthgen.models.estimate_memory import MatrixShape, linear_bytes
from synthgen.models.fit_run import FitRun
from synthgen.models.gaussian_model import GaussianModel
from synthgen.models.matrix_model import AbstractMatrixModel, EmptyModel
from synthgen.models.relation_parameters import POOLING_CONSTRAINTS, RELATION_CONSTRAINTS
from synthgen.models.wide_parameters import WIDE_CONSTRAINTS, wide_options
from synthgen.rng import derived_seed
from synthgen.schema import Schema
from synthgen.validation import Constraint, Each, Instance, Interval, Nothing


class GaussianCopula(AbstractSynthesizer):
    """Every column's own distribution, joined by correlations of normal scores.

    Numbers are encoded as normal scores, choices as cut normal numbers; all of them are drawn from one normal
    distribution, given the columns that the model is conditional on. A block of many numeric columns is first
    reduced to a few common factors (low rank), and then the model is conditional on all covariates of few values.

    Parameters
    ----------
    conditional_on : sequence of str, optional
        Columns of few values that are drawn first, as they occur together; everything else is regressed on them.
    reduce : "auto", int or None, default "auto"
        Common factors of a block of many numeric columns. "auto": by parallel analysis, at most one for so many rows
        as `preset` says. None: no reduction.
    preset : {"default", "fidelity", "strict"}, default "default"
        Rows for each common factor at least: 16, 8 or 32. More factors give more away.
    covariates : sequence of str, optional
        Columns that stay out of the block and are modelled by themselves. Those of another dtype do anyway.
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
    random_state : int, optional
        Seed of everything in `fit`.
    verbose : int, default 1
        0: no progress bars. They are off anyway when not writing to a terminal.

    Attributes
    ----------
    schema_, encoder_, model_, n_rows_in_
        See `AbstractSynthesizer`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> table = load_iris(as_frame=True).frame
    >>> GaussianCopula(random_state=0).fit(table).sample(5).shape
    (5, 5)
    """

    parameter_constraints: ClassVar[dict[str, list[Constraint]]] = {
        "conditional_on": [Each(Instance(str, "a column name")), Nothing()],
        **WIDE_CONSTRAINTS,
        "schema": [Instance(Schema, "a Schema"), Nothing()],
        **RELATION_CONSTRAINTS,
        **POOLING_CONSTRAINTS,
        "random_state": [Interval("int", 0, 2**63), Nothing()],
        "verbose": [Interval("int", 0, math.inf)],
    }

    def __init__(
        self,
        *,
        conditional_on: Sequence[str] | None = None,
        reduce: str | int | None = "auto",
        preset: str = "default",
        covariates: Sequence[str] | None = None,
        schema: Schema | None = None,
        constraints: Sequence[Rule] | None = None,
        detect_relations: bool = True,
        min_category_count: int = MIN_CATEGORY_COUNT,
        random_state: int | None = None,
        verbose: int = 1,
    ) -> None:
        self.conditional_on = conditional_on
        self.reduce = reduce
        self.preset = preset
        self.covariates = covariates
        self.schema = schema
        self.constraints = constraints
        self.detect_relations = detect_relations
        self.min_category_count = min_category_count
        self.random_state = random_state
        self.verbose = verbose

    def _wide_options(self) -> WideOptions:
        return wide_options(self.reduce, self.preset, self.covariates, self.conditional_on, is_local=False)

    def _fit_matrix(
        self, matrix: np.ndarray, encoder: TableEncoder, seed: int, run: FitRun
    ) -> AbstractMatrixModel:
        if not encoder.layout_.width:
            return EmptyModel()
        columns = condition_columns(encoder, self.conditional_on, type(self).__name__)
        if encoder.is_reduced:
            conditions = covariate_table(matrix, encoder.layout_, columns, derived_seed(seed, "covariates"))
        else:
            conditions = condition_table(matrix, encoder.layout_, columns)
        return GaussianModel.fit(matrix, encoder.layout_, columns, conditions)

    def _training_bytes(self, shape: MatrixShape, is_reduced: bool) -> dict[str, int]:
        given = set(self.conditional_on or ())
        conditions = [b for b in shape.layout.one_hot if is_reduced or b.column in given]
        return {"model": linear_bytes(shape, sum(b.width for b in conditions))}

    def _load_matrix_model(self, state: dict[str, Any]) -> AbstractMatrixModel:
        layout = self.encoder_.layout_
        return GaussianModel.from_state(state, layout) if layout.width else EmptyModel()
