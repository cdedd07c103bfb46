"""What every synthesizer promises: a table encoder, a matrix model, and the road between them."""

from __future__ import annotations

import abc
import os
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from tqdm import tqdm

from synthgen.encoders.table_encoder import TableEncoder
from synthgen.exceptions import ConditionError, DataError, NotFittedError
from synthgen.models.conditions import Condition, describe, parse_conditions
from synthgen.models.matrix_model import MatrixModel
from synthgen.models.model_file import write_model_file
from synthgen.rng import ROWS_PER_BLOCK, derived_seed, resolve_seed, row_blocks
from synthgen.schema import Schema
from synthgen.table.infer import check_table, infer_schema
from synthgen.training.threads import in_parallel
from synthgen.validation import Constraint, Interval, Nothing, validate_parameters

MIN_ROWS = 4
"""Fewest rows to learn from."""
TRIES_PER_ROW = 1000
"""How many rows may be drawn for each row that must meet the conditions, and ..."""
MIN_TRIES = 200_000
"""... how many may be drawn in any case, before `sample` gives up."""
BATCH_ROWS = 64 * ROWS_PER_BLOCK
"""Rows that are decoded together unless `batch_size` says otherwise."""


class AbstractSynthesizer(BaseEstimator, abc.ABC):
    """A model of tables: `fit`, `sample`, `save`, `describe`.

    A subclass stores its parameters, declares their constraints, and makes a `MatrixModel`.

    Attributes
    ----------
    schema_ : Schema
        What the training table is.
    encoder_ : TableEncoder
        Table to matrix and back.
    model_ : MatrixModel
        The fitted source of matrix rows.
    n_rows_in_ : int
        Rows of the training table.
    """

    constraints: ClassVar[Mapping[str, list[Constraint]]]
    schema: Schema | None
    random_state: int | None
    verbose: int

    @abc.abstractmethod
    def _fit_matrix(self, matrix: np.ndarray, encoder: TableEncoder, seed: int) -> MatrixModel:
        """Learn from the encoded rows."""

    @abc.abstractmethod
    def _load_matrix_model(self, state: dict[str, Any]) -> MatrixModel:
        """The matrix model of `MatrixModel.to_state`'s data; `encoder_` is there already."""

    def fit(self, X: pd.DataFrame, y: None = None) -> Self:
        """Learn from a table, forgetting what was learnt before.

        Parameters
        ----------
        X : pandas.DataFrame, shape (N, n_columns)
            At least `MIN_ROWS` rows of any supported dtypes. The index is ignored.
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
            If the table is empty or too short, or a name or column cannot be used.
        SchemaError
            If `schema` does not fit the table.
        """
        validate_parameters(type(self).__name__, self.constraints, self.get_params(deep=False))
        check_table(X)
        if len(X) < MIN_ROWS:
            raise DataError(f"The table has {len(X)} rows; a model needs at least {MIN_ROWS} to learn from.")
        seed = resolve_seed(self.random_state)
        schema = infer_schema(X, self.schema)
        encoder = TableEncoder(schema, random_state=derived_seed(seed, "encoder")).fit(X)
        model = self._fit_matrix(encoder.transform(X), encoder, seed)
        self.schema_, self.encoder_, self.model_ = schema, encoder, model
        self.n_rows_in_ = len(X)
        return self

    def sample(
        self,
        n: int = 1,
        *,
        conditions: Mapping[str, Any] | pd.DataFrame | None = None,
        random_state: int | None = None,
        batch_size: int | None = None,
    ) -> pd.DataFrame:
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
            Columns, order and dtypes of the training table; index 0 to n - 1.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ParameterError
            If `n`, `random_state` or `batch_size` is out of range.
        ConditionError
            If a condition can never be met, or too few of the rows drawn met it.
        """
        self._check_fitted()
        _check_sample_parameters(n, random_state, batch_size)
        seed = resolve_seed(random_state)
        batch_rows = batch_size or BATCH_ROWS
        if conditions is None:
            return self._sample_rows(0, n, seed, batch_rows)
        if isinstance(conditions, pd.DataFrame):
            return self._sample_frame(n, conditions, seed, batch_rows)
        if not isinstance(conditions, Mapping):
            raise ConditionError(
                f"`conditions` must be a mapping or a DataFrame. Got {type(conditions).__name__}."
            )
        return self._sample_matching(n, parse_conditions(conditions, self.schema_), seed, batch_rows)

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
            "parameters": {k: v for k, v in self.get_params(deep=False).items() if k != "schema"},
            "privacy": self._privacy_notes(),
        }

    def to_state(self) -> dict[str, Any]:
        """Everything that `from_state` needs, as JSON-able values and numpy arrays."""
        self._check_fitted()
        parameters = self.get_params(deep=False)
        if parameters["schema"] is not None:
            parameters["schema"] = parameters["schema"].to_dict()
        return {
            "parameters": parameters,
            "n_rows_in": self.n_rows_in_,
            "encoder": self.encoder_.to_state(),
            "model": self.model_.to_state(),
            "extra": self._extra_state(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """A fitted model from `to_state`'s data."""
        parameters = dict(state["parameters"])
        if parameters["schema"] is not None:
            parameters["schema"] = Schema.from_dict(parameters["schema"])
        model = cls(**parameters)
        model.encoder_ = TableEncoder.from_state(state["encoder"])
        model.schema_ = model.encoder_.schema
        model.n_rows_in_ = state["n_rows_in"]
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

    def _privacy_notes(self) -> list[str]:
        notes = ["No training row is stored. Ends of numeric ranges and the levels of categories are."]
        repeated = [
            c.name for c in self.schema_ if c.kind == "categorical" and "will be repeated" in c.reason
        ]
        if repeated:
            notes.append(
                f"Mostly distinct strings are repeated from the training rows: {', '.join(repeated)}."
            )
        if self.n_rows_in_ < 1000:
            notes.append(
                f"Only {self.n_rows_in_} training rows: single rows weigh much; evaluate before sharing."
            )
        notes.append("No differential privacy: nothing bounds what a determined attacker may infer.")
        return notes

    def _sample_rows(
        self, start: int, stop: int, seed: int, batch_rows: int, allowed: np.ndarray | None = None
    ) -> pd.DataFrame:
        """Rows ``start:stop`` of the endless sample of a seed."""
        batches = []
        per_batch = max(1, batch_rows // ROWS_PER_BLOCK)
        wanted = row_blocks(start, stop)
        quiet = not self.verbose or len(wanted) <= per_batch
        with tqdm(
            total=stop - start, desc="sample", unit="row", unit_scale=True, disable=quiet or None
        ) as bar:
            for i in range(0, len(wanted), per_batch):
                blocks = wanted[i : i + per_batch]
                whole = in_parallel(
                    lambda b: self.model_.generate_block(seed, b, allowed), [b for b, _, _ in blocks]
                )
                parts = [rows[first:last] for rows, (_, first, last) in zip(whole, blocks, strict=True)]
                first_row = wanted[i][0] * ROWS_PER_BLOCK + wanted[i][1]
                matrix = np.concatenate(parts)
                batches.append(self.encoder_.inverse_transform(matrix, first_row=first_row, seed=seed))
                bar.update(len(matrix))
        if not batches:
            empty = np.zeros((0, self.encoder_.layout_.width), dtype=np.float32)
            return self.encoder_.inverse_transform(empty, seed=seed)
        return batches[0] if len(batches) == 1 else pd.concat(batches, ignore_index=True)

    def _sample_matching(
        self, n: int, conditions: list[Condition], seed: int, batch_rows: int
    ) -> pd.DataFrame:
        """The first `n` rows of the endless sample that meet the conditions."""
        allowed = self._allowed(conditions)
        most = max(MIN_TRIES, TRIES_PER_ROW * n)
        kept, n_kept, tried = [self._sample_rows(0, 0, seed, batch_rows)], 0, 0
        step = max(ROWS_PER_BLOCK, min(batch_rows, BATCH_ROWS) // ROWS_PER_BLOCK * ROWS_PER_BLOCK)
        while n_kept < n:
            if tried >= most or (tried >= MIN_TRIES and n_kept == 0):
                raise ConditionError(
                    f"Only {n_kept:,} of {tried:,} rows drawn had {describe(conditions)}; {n:,} were wanted. "
                    "Ask for fewer or wider conditions, or fit with `conditional_on` these columns."
                )
            rows = self._sample_rows(tried, tried + step, seed, batch_rows, allowed)
            tried += step
            match = np.logical_and.reduce([c.match(rows) for c in conditions], initial=True, axis=0)
            rows = rows[np.broadcast_to(match, len(rows))].head(n - n_kept)
            if len(rows):
                kept.append(rows)
            n_kept += len(rows)
        return pd.concat(kept[1:] or kept, ignore_index=True)

    def _sample_frame(self, n: int, frame: pd.DataFrame, seed: int, batch_rows: int) -> pd.DataFrame:
        """One row for each row of a frame of conditions, in its order."""
        check_table(frame)
        if len(frame) != n:
            raise ConditionError(f"A frame of conditions must have n = {n} rows. Got {len(frame)}.")
        groups = frame.groupby(list(frame.columns), dropna=False, sort=False).indices
        parts, places = [], []
        for number, rows in enumerate(groups.values()):
            wanted = {name: frame[name].iloc[rows[0]] for name in frame.columns}
            own_seed = derived_seed(seed, "condition group", number)
            parsed = parse_conditions(wanted, self.schema_)
            parts.append(self._sample_matching(len(rows), parsed, own_seed, batch_rows))
            places.append(rows)
        order = np.argsort(np.concatenate(places), kind="stable")
        return pd.concat(parts, ignore_index=True).iloc[order].reset_index(drop=True)

    def _allowed(self, conditions: list[Condition]) -> np.ndarray | None:
        """Which of the model's own conditions agree; None where they have no say."""
        columns = self.model_.cond_columns
        given = {b.column for b in self.encoder_.layout_.blocks if b.start in columns}
        own = [c for c in conditions if c.column.name in given]
        if not own:
            return None
        rows = self.model_.condition_rows()
        matrix = np.zeros((len(rows), self.encoder_.layout_.width), dtype=np.float32)
        matrix[:, columns] = rows
        table = self.encoder_.inverse_transform(matrix)
        allowed = np.flatnonzero(np.logical_and.reduce([c.match(table) for c in own]))
        if not len(allowed):
            raise ConditionError(f"0 of the {self.n_rows_in_:,} training rows had {describe(own)}.")
        return allowed


def _check_sample_parameters(n: int, random_state: int | None, batch_size: int | None) -> None:
    rules: dict[str, list[Constraint]] = {
        "n": [Interval("int", 0, float("inf"))],
        "random_state": [Interval("int", 0, 2**63), Nothing()],
        "batch_size": [Interval("int", 1, float("inf")), Nothing()],
    }
    validate_parameters("sample", rules, {"n": n, "random_state": random_state, "batch_size": batch_size})
