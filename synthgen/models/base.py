"""What every synthesizer promises: a table encoder, a matrix model, and the road between them."""

from __future__ import annotations

import abc
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from synthgen.constraints.relation import Relation
from synthgen.constraints.rules import Rule
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.encoders.wide_columns import WideOptions
from synthgen.exceptions import ConditionError, DataError, NotFittedError
from synthgen.models.conditions import parse_conditions
from synthgen.models.drawing import Source, batch_rows, draw_for_frame, draw_matching, draw_rows
from synthgen.models.matrix_model import AbstractMatrixModel
from synthgen.models.model_file import write_model_file
from synthgen.models.relation_parameters import parameters_from_state, parameters_to_state
from synthgen.relations.find import find_relations
from synthgen.rng import derived_seed, resolve_seed
from synthgen.schema import Schema
from synthgen.table.annotated import AnnotatedTable, Annotation, as_annotated, is_anndata
from synthgen.table.infer import infer_schema
from synthgen.validation import Constraint, Interval, Nothing, validate_parameters

MIN_ROWS = 4
"""Fewest rows to learn from."""


class AbstractSynthesizer(BaseEstimator, abc.ABC):
    """A model of tables: `fit`, `sample`, `save`, `describe`.

    A subclass stores its parameters, declares their constraints, and makes an `AbstractMatrixModel`.

    Attributes
    ----------
    schema_ : Schema
        What the training table is.
    annotation_ : Annotation or None
        What is known of its features, if it came as an AnnData or from a genomic file.
    encoder_ : TableEncoder
        Table to matrix and back.
    model_ : AbstractMatrixModel
        The fitted source of matrix rows.
    n_rows_in_ : int
        Rows of the training table.
    fitted_parameters_ : dict
        The parameters as they were in `fit`.
    """

    parameter_constraints: ClassVar[Mapping[str, list[Constraint]]]
    _encoder_class: ClassVar[type[TableEncoder]] = TableEncoder
    schema: Schema | None
    constraints: Sequence[Rule] | None
    detect_relations: bool
    random_state: int | None
    verbose: int

    @abc.abstractmethod
    def _fit_matrix(self, matrix: np.ndarray, encoder: TableEncoder, seed: int) -> AbstractMatrixModel:
        """Learn from the encoded rows."""

    @abc.abstractmethod
    def _load_matrix_model(self, state: dict[str, Any]) -> AbstractMatrixModel:
        """The matrix model of `AbstractMatrixModel.to_state`'s data; `encoder_` is there already."""

    def fit(self, X: Any, y: None = None) -> Self:
        """Learn from a table, forgetting what was learnt before.

        Parameters
        ----------
        X : pandas.DataFrame, AnnotatedTable or anndata.AnnData, shape (N, n_columns)
            At least `MIN_ROWS` rows of any supported dtypes. The index is ignored. Of an AnnData ``X`` is learnt,
            with the columns of ``obs`` as covariates, and `sample` gives an AnnData back.
        y : None
            Ignored; here for scikit-learn.

        Returns
        -------
        Self
            The fitted model.

        Raises
        ------
        ParameterError
            If a parameter breaks its constraint.
        DataError
            If the table is empty or too short, a name or column cannot be used, or rows break a constraint.
        SchemaError
            If `schema` or `constraints` do not fit the table.
        """
        validate_parameters(type(self).__name__, self.parameter_constraints, self.get_params(deep=False))
        table, annotation = as_annotated(X)
        if len(table) < MIN_ROWS:
            raise DataError(
                f"The table has {len(table)} rows; a model needs at least {MIN_ROWS} to learn from."
            )
        seed = resolve_seed(self.random_state)
        found = infer_schema(table, self.schema)
        schema = find_relations(table, found, self.constraints or (), look=self.detect_relations)
        wide = self._wide_options()
        if wide is not None and annotation is not None:
            wide = replace(wide, features=tuple(annotation.features.index))
        encoder = self._encoder_class(
            schema,
            wide=wide,
            numbers=self._number_encoding(),
            random_state=derived_seed(seed, "encoder"),
        )
        model = self._fit_matrix(encoder.fit_transform(table), encoder, seed)
        if encoder.is_linked:
            settling = derived_seed(seed, "settle")
            encoder.settle(np.concatenate([model.generate_block(settling, b) for b in range(2)]), settling)
        self.schema_, self.encoder_, self.model_ = schema, encoder, model
        self.annotation_, self._gives_anndata = annotation, is_anndata(X)
        self.n_rows_in_ = len(table)
        self.fitted_parameters_ = self.get_params(deep=False)
        return self

    def sample(
        self,
        n: int = 1,
        *,
        conditions: Mapping[str, Any] | pd.DataFrame | None = None,
        random_state: int | None = None,
        batch_size: int | None = None,
    ) -> Any:
        """Draw synthetic rows.

        Parameters
        ----------
        n : int
            Rows wanted, >= 0.
        conditions : mapping or DataFrame, optional
            What the rows must hold. A mapping holds for all rows: column name to value, None for missing, or
            (low, high) for a range. A frame of `n` rows gives each row its own values.
        random_state : int, optional
            An int repeats the rows, and a longer sample begins with the rows of a shorter one. None: fresh rows
            on every call.
        batch_size : int, optional
            Rows drawn together, for the memory's sake; the rows do not depend on it.

        Returns
        -------
        pandas.DataFrame, shape (n, n_columns)
            Columns, order and dtypes of the training table; index 0 to n - 1. An anndata.AnnData where `fit` was
            given one.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ParameterError
            If `n`, `random_state` or `batch_size` is out of range.
        ConditionError
            If a condition can never be met, or too few of the rows drawn met it or the constraints.
        """
        self._check_fitted()
        return self._sample(self.model_, n, conditions, random_state, batch_size)

    def _sample(
        self,
        model: AbstractMatrixModel,
        n: int,
        conditions: Mapping[str, Any] | pd.DataFrame | None,
        random_state: int | None,
        batch_size: int | None,
    ) -> Any:
        """Rows of a matrix model, in the form that `fit` was given."""
        _check_sample_parameters(n, random_state, batch_size)
        size = batch_size or batch_rows(len(self.schema_))
        source = Source(model, self.encoder_, resolve_seed(random_state), size, self.verbose)
        rows = self._draw(source, n, conditions)
        if not self._gives_anndata or self.annotation_ is None:
            return rows
        from synthgen.table.h5ad import to_anndata

        return to_anndata(AnnotatedTable(rows, self.annotation_))

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
        """Write the fitted model to one file.

        Parameters
        ----------
        path : path-like
            Usually ``name.synthgen``. Written whole or not at all.
        overwrite : bool
            Whether an existing file may be replaced.

        Raises
        ------
        NotFittedError
            Before `fit`.
        FileError
            If the file cannot be written.
        """
        self._check_fitted()
        write_model_file(path, type(self).__name__, self.to_state(), overwrite=overwrite)

    def describe(self) -> dict[str, Any]:
        """What the model is and what it was trained on, as plain data.

        Returns
        -------
        dict
            Class, parameters, schema, sizes, and notes on what the file gives away.
        """
        self._check_fitted()
        return {
            "model": type(self).__name__,
            "n_rows": self.n_rows_in_,
            "n_columns": len(self.schema_),
            "n_features": self.encoder_.layout_.width,
            "kinds": {c.name: c.kind for c in self.schema_},
            "relations": [_relation_text(r) for r in self.schema_.relations or ()],
            "parameters": {
                k: v for k, v in parameters_to_state(self.fitted_parameters_).items() if k != "schema"
            },
            **self._describe_block(),
            "privacy": self._privacy_notes(),
        }

    def _draw(
        self, source: Source, n: int, conditions: Mapping[str, Any] | pd.DataFrame | None
    ) -> pd.DataFrame:
        if conditions is None:
            return draw_rows(source, n)
        if isinstance(conditions, pd.DataFrame):
            if len(conditions) != n:
                raise ConditionError(f"A frame of conditions must have n = {n} rows. Got {len(conditions)}.")
            return draw_for_frame(source, conditions)
        if not isinstance(conditions, Mapping):
            raise ConditionError(
                f"`conditions` must be a mapping or a DataFrame. Got {type(conditions).__name__}."
            )
        return draw_matching(source, n, parse_conditions(conditions, self.encoder_))

    def _wide_options(self) -> WideOptions | None:
        """How a block of many numeric columns is to be encoded; None: column by column."""
        return None

    def _number_encoding(self) -> str:
        """How `TableEncoder` is to encode numbers."""
        return "rank-normal"

    def _describe_block(self) -> dict[str, Any]:
        """What there is to say of a wide table: how many columns became how many factors."""
        block = self.encoder_.block_
        if block is None:
            return {}
        n_factors = None if block.factors is None else block.n_scores
        return {"wide": {"n_columns": len(block.names), "n_factors": n_factors}}

    def to_state(self) -> dict[str, Any]:
        """Everything that `from_state` needs, as JSON-able values and numpy arrays."""
        self._check_fitted()
        return {
            "parameters": parameters_to_state(self.fitted_parameters_),
            "n_rows_in": self.n_rows_in_,
            "encoder": self.encoder_.to_state(),
            "model": self.model_.to_state(),
            "extra": self._extra_state(),
            "annotation": None if self.annotation_ is None else self.annotation_.to_state(),
            "gives_anndata": self._gives_anndata,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """A fitted model from `to_state`'s data."""
        model = cls(**parameters_from_state(state["parameters"]))
        model.fitted_parameters_ = model.get_params(deep=False)
        model.encoder_ = cls._encoder_class.from_state(state["encoder"])
        model.schema_ = model.encoder_.schema
        model.n_rows_in_ = state["n_rows_in"]
        annotation = state.get("annotation")
        model.annotation_ = None if annotation is None else Annotation.from_state(annotation)
        model._gives_anndata = state.get("gives_anndata", False)
        model._load_extra_state(state["extra"])
        model.model_ = model._load_matrix_model(state["model"])
        return model

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def _extra_state(self) -> dict[str, Any]:
        """What a subclass learnt besides the matrix model."""
        return {}

    def _load_extra_state(self, extra: dict[str, Any]) -> None:
        """Take back `_extra_state`'s data."""

    def _check_fitted(self) -> None:
        if not hasattr(self, "model_"):
            raise NotFittedError(f"This {type(self).__name__} is not fitted; call `fit` first.")

    def _block_note(self) -> str:
        """What the model of a wide table gives away besides its covariates."""
        block = self.encoder_.block_
        common = (
            "no common factors"
            if block is None or block.factors is None
            else f"{block.n_scores} common factors"
        )
        return (
            f"{0 if block is None else len(block.names):,} columns are learnt together with {common}: an attacker who "
            "knows a row can hold it against their span (the report's span attack), and the more factors the better. Kept of "
            "each column: means of five or more of its sorted values, or the levels that at least five cells of the block "
            "hold, with their shares. Combinations of covariates that fewer than five rows have are drawn, not kept."
        )

    def _privacy_notes(self) -> list[str]:
        """What the model file and its samples give away, as far as the model itself can tell."""
        notes = [
            "No whole training row is stored. The levels of categories, the ends of numeric ranges and the values of "
            "numbers on a grid (whole numbers, decimals, instants) are, where they are frequent or far apart."
        ]
        repeated = [
            e.column.name for e in self.encoder_.encoders_ if e.n_kept_values() > 0.5 * self.n_rows_in_
        ]
        if repeated:
            notes.append(
                f"Mostly distinct values are repeated from the training rows: {', '.join(repeated)}."
            )
        if self.encoder_.block_ is not None:
            notes.append(self._block_note())
        elif len(self.model_.cond_columns):
            notes.append(
                f"The {len(self.model_.condition_rows()):,} combinations of the columns that the model is conditional "
                "on are stored as they occurred."
            )
        if self.n_rows_in_ < 1000:
            notes.append(
                f"Only {self.n_rows_in_} training rows: single rows weigh much; evaluate before sharing."
            )
        if self.fitted_parameters_["random_state"] is not None:
            notes.append(
                "The seed of the fit is stored: whoever knows all training rows but one can fit again and compare. "
                "Fit without `random_state` before sharing the file."
            )
        notes.append("No differential privacy: nothing bounds what a determined attacker may infer.")
        return notes


def _relation_text(relation: Relation) -> str:
    """A relation in one line."""
    state = relation.source if relation.enabled else f"{relation.source}, not in force"
    reason = "" if relation.reason == relation.source else f": {relation.reason}"
    return f"{relation.rule.words()} ({state}{reason})"


def _check_sample_parameters(n: int, random_state: int | None, batch_size: int | None) -> None:
    rules: dict[str, list[Constraint]] = {
        "n": [Interval("int", 0, float("inf"))],
        "random_state": [Interval("int", 0, 2**63), Nothing()],
        "batch_size": [Interval("int", 1, float("inf")), Nothing()],
    }
    validate_parameters("sample", rules, {"n": n, "random_state": random_state, "batch_size": batch_size})
