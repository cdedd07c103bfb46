"""Bootstrap: training rows drawn again. The memoriser that a model must not resemble."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from synthgen.constraints.rules import Rule
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.models.base import AbstractSynthesizer
from synthgen.models.estimate_memory import copy_bytes
from synthgen.models.fit_run import FitRun
from synthgen.models.matrix_model import AbstractMatrixModel
from synthgen.models.relation_parameters import RELATION_CONSTRAINTS
from synthgen.models.row_encoder import RowEncoder, numbers_to_matrix
from synthgen.rng import ROWS_PER_BLOCK, stream
from synthgen.schema import Schema
from synthgen.validation import Constraint, Instance, Interval, Nothing


class Bootstrap(AbstractSynthesizer):
    """Training rows drawn with replacement: a copy of the data, with no privacy at all.

    **The model stores every training row, and every row that it samples is a training row**, identifiers and free
    text included. It is there to be compared with: it looks perfect on every measure of fidelity, and every attack
    on it succeeds. Share neither its file nor its samples unless the training table itself may be shared.

    Parameters
    ----------
    schema : Schema, optional
        Declares kinds of columns; the others are inferred. Rows come back as they were whatever it says.
    constraints : sequence of Rule, optional
        What every row obeys: `Inequality`, `Range`, `FixedCombinations`, `Formula`, `Unique`,
        `Dependency` or `Repeats`.
    detect_relations : bool, default True
        Whether to look for such rules in the training table, if `schema` does not say what there are.
    random_state : int, optional
        Kept for the common interface: nothing in `fit` is random.
    verbose : int, default 1
        0: no progress bars. They are off anyway when not writing to a terminal.

    Attributes
    ----------
    schema_, encoder_, model_, n_rows_in_
        See `AbstractSynthesizer`. ``encoder_.rows_`` holds the training rows.

    Notes
    -----
    Under `conditions` the rows are drawn from the training rows that meet them, so that a single such row is
    enough. Missing values of object columns come back as None and of nullable ones as NA, whatever stood for them.

    References
    ----------
    .. [1] B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7(1), 1979.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> table = load_iris(as_frame=True).frame
    >>> rows = Bootstrap().fit(table).sample(5)
    >>> len(rows.merge(table.drop_duplicates()))
    5
    """

    _encoder_class: ClassVar[type[TableEncoder]] = RowEncoder
    _learns_from_samples: ClassVar[bool] = False
    parameter_constraints: ClassVar[dict[str, list[Constraint]]] = {
        "schema": [Instance(Schema, "a Schema"), Nothing()],
        **RELATION_CONSTRAINTS,
        "random_state": [Interval("int", 0, 2**63), Nothing()],
        "verbose": [Interval("int", 0, math.inf)],
    }

    def __init__(
        self,
        *,
        schema: Schema | None = None,
        constraints: Sequence[Rule] | None = None,
        detect_relations: bool = True,
        random_state: int | None = None,
        verbose: int = 1,
    ) -> None:
        self.schema = schema
        self.constraints = constraints
        self.detect_relations = detect_relations
        self.random_state = random_state
        self.verbose = verbose

    def _fit_matrix(
        self, matrix: np.ndarray, encoder: TableEncoder, seed: int, run: FitRun
    ) -> AbstractMatrixModel:
        return RowModel(len(matrix))

    def _table_bytes(self, table: pd.DataFrame) -> dict[str, int]:
        return {"rows kept": copy_bytes(table)}

    def _load_matrix_model(self, state: dict[str, Any]) -> AbstractMatrixModel:
        return RowModel(state["n_rows"])

    def _privacy_notes(self) -> list[str]:
        return [
            f"No privacy: all {self.n_rows_in_:,} training rows are stored in this file as they are, and every sampled "
            "row is one of them. Whoever has the file, or a sample, has the data.",
            "A baseline to compare with: share it only where the training table itself may be shared.",
        ]


class RowModel(AbstractMatrixModel):
    """Row numbers, each as likely as any other.

    Parameters
    ----------
    n_rows : int
        Training rows, N.
    """

    def __init__(self, n_rows: int) -> None:
        self.n_rows = n_rows
        self.cond_columns = [0, 1]  # the whole row number: any row can be asked for

    def generate_block(self, seed: int, block: int, allowed: np.ndarray | None = None) -> np.ndarray:
        """One block of row numbers, of those allowed. See the base class."""
        which = np.arange(self.n_rows) if allowed is None else allowed
        drawn = stream(seed, "bootstrap", block).integers(len(which), size=ROWS_PER_BLOCK)
        return numbers_to_matrix(which[drawn])

    def condition_rows(self) -> np.ndarray:
        """Every row number, shape (N, 2)."""
        return numbers_to_matrix(np.arange(self.n_rows))

    def to_state(self) -> dict[str, Any]:
        """How many rows there are; the encoder has them. See the base class."""
        return {"n_rows": self.n_rows}
