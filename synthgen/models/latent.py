"""Synthesizers with a latent space: rows from vectors, vectors from rows, and walks between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin

from synthgen.estimator.features import check_input_features
from synthgen.estimator.tags import table_tags, with_table_tags
from synthgen.exceptions import ConditionError, DataError
from synthgen.models.base import AbstractSynthesizer
from synthgen.models.conditions import parse_conditions
from synthgen.models.drawing import allowed_conditions
from synthgen.models.inference import fit_inference, infer, row_errors
from synthgen.models.latent_model import AbstractLatentModel
from synthgen.models.latent_paths import METHODS, path
from synthgen.models.training_table import rows_by_name, rows_of_model
from synthgen.models.unknown_target import matrix_without_target
from synthgen.networks.build import encoder_from_state, encoder_to_state
from synthgen.networks.encoder import LatentEncoder
from synthgen.rng import hashed_uniform, resolve_seed, row_blocks
from synthgen.table.annotated import AnnotatedTable, is_anndata
from synthgen.training.threads import torch_threads
from synthgen.validation import Choice, Constraint, Interval, Nothing, validate_parameters

STEPS = 100
"""Of the optimiser that improves on an encoder's guess, unless asked otherwise."""
INFERENCE_SEED = 0
"""Of the encoder that `encode` learns: the same model gives the same vectors."""
_CHOICES: list[Constraint] = [Choice(("drawn", "likeliest"))]
_SEED: list[Constraint] = [Interval("int", 0, 2**63)]
_STEPS: list[Constraint] = [Interval("int", 0, float("inf"))]


class AbstractLatentSynthesizer(TransformerMixin, AbstractSynthesizer):
    """A synthesizer whose rows are a function of latent vectors z of a fixed, known distribution.

    As a scikit-learn transformer it gives the latent vectors of rows.
    """

    _learnt: list[LatentEncoder]
    """Nothing until `encode` is first called, and then its encoder: `transform` sets no attribute."""

    def _forget(self) -> None:
        self._learnt = []

    def sample_latent(self, n: int = 1, *, random_state: int | None = None) -> np.ndarray:
        """Draw latent vectors from the prior, which is fixed before training and never learnt.

        Parameters
        ----------
        n : int
            Vectors wanted, >= 0.
        random_state : int, optional
            An int repeats them: they are those of ``sample(n, random_state=...)`` without selection. None: fresh ones.

        Returns
        -------
        ndarray of float32, shape (n, Z)
            Of mean 0 and variance 1.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ParameterError
            If `n` or `random_state` is out of range.
        DataError
            If the table had nothing to learn.
        """
        model = self._latent_model()
        rules: dict[str, list[Constraint]] = {
            "n": [Interval("int", 0, float("inf"))],
            "random_state": [*_SEED, Nothing()],
        }
        validate_parameters("sample_latent", rules, {"n": n, "random_state": random_state})
        seed = resolve_seed(random_state)
        parts = [model.draw_latent(seed, block)[first:last] for block, first, last in row_blocks(0, n)]
        return np.concatenate([np.zeros((0, model.latent_dim), dtype=np.float32), *parts])

    def generate(
        self,
        z: Any,
        conditions: Mapping[str, Any] | pd.DataFrame | None = None,
        *,
        choices: str = "drawn",
        random_state: int = 0,
    ) -> pd.DataFrame:
        """The rows of latent vectors: the same vector gives the same row, whatever stands beside it.

        Parameters
        ----------
        z : array-like, shape (n, Z) or (Z,)
            Latent vectors.
        conditions : mapping or DataFrame, optional
            Values of the columns that the model is conditional on: for all rows, or one row for each vector. None: drawn
            by their shares, as z decides.
        choices : {"drawn", "likeliest"}
            What happens to what the generator leaves to chance: levels, and the rest of wide tables that common factors
            leave over. "drawn": it is drawn, by numbers that are a function of z (`synthgen.rng.hashed_uniform`), so that
            rows are distributed as those of `sample`. "likeliest": the likeliest level, and the same rest in every row,
            so that small changes of z make small changes of the row.
        random_state : int
            Another number gives other draws for the same vectors.

        Returns
        -------
        pandas.DataFrame, shape (n, n_columns)
            Columns, order and dtypes of the training table. Identifiers are numbered from the first row on. Rules that the
            encoding does not guarantee are not held: `sample` drops rows, this cannot.

        Raises
        ------
        NotFittedError
            Before `fit`.
        DataError
            If `z` is no matrix of finite numbers of width Z, or the table had nothing to learn.
        ConditionError
            If the model is not conditional on a column of `conditions`, or a value cannot be met.
        ParameterError
            If another parameter is out of range.

        Notes
        -----
        ``sample(n, random_state=s)`` of a table without rules, identifiers or a wide block gives the rows of
        ``generate(sample_latent(n, random_state=s))``, byte for byte, where no selection takes part (``refine=None``).
        """
        model = self._latent_model()
        rules = {"choices": _CHOICES, "random_state": _SEED}
        validate_parameters("generate", rules, {"choices": choices, "random_state": random_state})
        vectors = _as_vectors(z, model.latent_dim)
        cond = self._given_conditions(vectors, conditions, random_state)
        return self._decoded(vectors, cond, choices, random_state)

    def encode(
        self, X: Any, y: Any = None, *, steps: int = STEPS, return_error: bool = False
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Latent vectors whose rows are as near as possible to given rows.

        Parameters
        ----------
        X : pandas.DataFrame, AnnotatedTable, anndata.AnnData or array-like, shape (n, n_columns)
            Rows with the columns of the training table, in any order where they have names.
        y : Series, one-column DataFrame or array-like, shape (n,), optional
            The target, if there was one in `fit`. Where it is in neither `X` nor `y`, the vectors match the other columns.
        steps : int
            Of Adam on each row's vector, from the encoder's guess on, down minus the log of its posterior density, with
            numbers taken as normal around their reconstructions (`inference.SIGMA`). 0: the guess.
        return_error : bool
            Whether to return each row's reconstruction error too.

        Returns
        -------
        z : ndarray of float32, shape (n, Z)
            Of the rows, each by itself.
        error : ndarray of float64, shape (n,)
            Only with `return_error`: mean over the parts of a row, 1 for a wrong level and the squared error of a number
            in normal scores (its variance is 1). Without the target: over the other parts.

        Raises
        ------
        NotFittedError
            Before `fit`.
        DataError
            If a column is absent or holds what it cannot, or the table had nothing to learn; or if the target is not given
            and other columns are bound to it, by a rule or as a condition.

        Notes
        -----
        A generator need not be invertible: several vectors may give one row, and some rows none. The first call learns an
        encoder from generated rows, unless one was learnt in `fit`; it is kept, and saved with the model.
        """
        model = self._latent_model()
        validate_parameters("encode", {"steps": _STEPS}, {"steps": steps})
        rows, is_known = self._matrix_of(rows_by_name(self, X, y))
        z = self._infer(rows, steps, is_known)
        if not return_error:
            return z
        rebuilt = model.rows(z, rows[:, model.cond_columns], likeliest=True)
        return z, row_errors(rows, rebuilt, model.layout, is_known)

    def reconstruct(self, X: Any, y: Any = None, *, steps: int = STEPS) -> pd.DataFrame:
        """The rows that the generator makes of the latent vectors of given rows.

        Parameters
        ----------
        X, y, steps
            As for `encode`.

        Returns
        -------
        pandas.DataFrame, shape (n, n_columns)
            Under each row's own conditions, with the likeliest choices; the index of `X`.

        Raises
        ------
        NotFittedError, DataError
            As `encode`.
        """
        model = self._latent_model()
        validate_parameters("reconstruct", {"steps": _STEPS}, {"steps": steps})
        table = rows_by_name(self, X, y)
        rows, is_known = self._matrix_of(table)
        made = self._decoded(self._infer(rows, steps, is_known), rows[:, model.cond_columns], "likeliest", 0)
        return made.set_axis(table.index)

    def interpolate(
        self,
        a: Any,
        b: Any,
        steps: int = 10,
        *,
        method: str = "slerp",
        conditions: Mapping[str, Any] | None = None,
        choices: str = "likeliest",
    ) -> pd.DataFrame:
        """Rows on the way between two rows or two latent vectors.

        Parameters
        ----------
        a, b : DataFrame of one row, or array-like of shape (Z,)
            The ends; rows are encoded first.
        steps : int
            Rows wanted, both ends included, at least 2.
        method : {"slerp", "linear"}
            Along a great circle, where vectors of the prior lie, or a straight line.
        conditions : mapping, optional
            Held all the way. None: those of `a` (as its vector decides, if it is one).
        choices : {"drawn", "likeliest"}
            As for `generate`.

        Returns
        -------
        pandas.DataFrame, shape (steps, n_columns)
            From `a` to `b`.

        Raises
        ------
        NotFittedError, DataError, ConditionError, ParameterError
            As `encode` and `generate`.
        """
        rules: dict[str, list[Constraint]] = {
            "steps": [Interval("int", 2, float("inf"))],
            "method": [Choice(METHODS)],
            "choices": _CHOICES,
        }
        validate_parameters("interpolate", rules, {"steps": steps, "method": method, "choices": choices})
        start, cond = self._end(a)
        z = path(start, self._end(b)[0], steps, method)
        if conditions is not None or cond is None:
            cond = self._given_conditions(start[None], conditions, 0)
        return self._decoded(z, np.repeat(cond, len(z), axis=0), choices, 0)

    def traverse(
        self,
        dim: int,
        values: Sequence[float] | None = None,
        *,
        z: Any = None,
        conditions: Mapping[str, Any] | None = None,
        choices: str = "likeliest",
    ) -> pd.DataFrame:
        """Rows as one latent number changes and the others stay.

        Parameters
        ----------
        dim : int
            Which, in [0, Z).
        values : sequence of float, optional
            What it is given. None: nine from -3 to 3, or between the ends of a uniform prior.
        z : array-like of shape (Z,), optional
            The others. None: 0.
        conditions, choices
            As for `interpolate`.

        Returns
        -------
        pandas.DataFrame, shape (len(values), n_columns)
            One row for each value.

        Raises
        ------
        NotFittedError, DataError, ConditionError, ParameterError
            As `generate`.
        """
        model = self._latent_model()
        rules: dict[str, list[Constraint]] = {
            "dim": [Interval("int", 0, model.latent_dim)],
            "choices": _CHOICES,
        }
        validate_parameters("traverse", rules, {"dim": dim, "choices": choices})
        base = np.zeros(model.latent_dim) if z is None else z
        start = _as_vectors(base, model.latent_dim, is_one=True)
        along = np.linspace(-model.reach, model.reach, 9)[:, None] if values is None else _as_column(values)
        vectors = np.repeat(start, len(along), axis=0)
        vectors[:, [dim]] = along
        cond = self._given_conditions(start, conditions, 0)
        return self._decoded(vectors, np.repeat(cond, len(vectors), axis=0), choices, 0)

    def transform(self, X: Any) -> np.ndarray:
        """The latent vectors of rows: `encode`, for scikit-learn's pipelines.

        Parameters
        ----------
        X : pandas.DataFrame, AnnotatedTable, anndata.AnnData or array-like, shape (n, n_columns)
            Rows with the columns of the training table, in their order; with the target or without it.

        Returns
        -------
        ndarray of float32, shape (n, Z)
            See `encode`. A DataFrame with columns ``z0``, ``z1``, ... after ``set_output(transform="pandas")``.

        Notes
        -----
        ``fit_transform(X, y)`` gives ``fit(X, y).transform(X)``: the target is learnt, but does not leak into the vectors,
        so that they are what a later step of a pipeline will see of rows without it.
        """
        self._check_fitted()
        found = self.encode(rows_of_model(self, X))
        return found[0] if isinstance(found, tuple) else found

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """The names of what `transform` gives, shape (Z,): ``z0``, ``z1``, ..."""
        self._check_fitted()
        check_input_features(self, input_features)
        return np.array([f"z{i}" for i in range(self._latent_model().latent_dim)], dtype=object)

    def _latent_model(self) -> AbstractLatentModel:
        self._check_fitted()
        if not isinstance(self.model_, AbstractLatentModel) or not self.model_.latent_dim:
            raise DataError(
                "This model has no latent space: there was nothing to learn, as every column of its table is constant, "
                "regenerated, or one of a block without common factors (reduce=0)."
            )
        return self.model_

    def __sklearn_tags__(self) -> Any:
        return with_table_tags(super().__sklearn_tags__(), [np.float32])

    def _more_tags(self) -> dict[str, Any]:
        return table_tags([np.float32])  # scikit-learn 1.5

    def _matrix_of(self, table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray | None]:
        """Rows as the model has them, and what of them is known, if not all is."""
        target = self.target_name_
        if target is None or target in table.columns:
            return self.encoder_.matrix(table, ties="middle"), None
        return matrix_without_target(table, target, self.encoder_, self._latent_model())

    def _infer(self, rows: np.ndarray, steps: int, is_known: np.ndarray | None = None) -> np.ndarray:
        """Latent vectors of matrix rows, by the model's own way back or one that is learnt now."""
        model = self._latent_model()
        with torch_threads(1):
            if not self._learnt and not model.has_way_back:
                self._learnt.append(fit_inference(model, INFERENCE_SEED, self.verbose))
            return infer(model, self._inference, rows, steps, is_known)

    @property
    def _inference(self) -> LatentEncoder | None:
        """The encoder that was learnt from generated rows."""
        return self._learnt[0] if self._learnt else None

    def _end(self, end: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """The vector of an end of a path, and its conditions where it is a row."""
        model = self._latent_model()
        if not (isinstance(end, (pd.DataFrame, AnnotatedTable)) or is_anndata(end)):
            return _as_vectors(end, model.latent_dim, is_one=True)[0], None
        table = rows_by_name(self, end)
        if len(table) != 1:
            raise DataError(f"An end of a path must be one row. Got {len(table)} rows.")
        rows, is_known = self._matrix_of(table)
        return self._infer(rows, STEPS, is_known)[0], rows[:, model.cond_columns]

    def _given_conditions(
        self, z: np.ndarray, conditions: Mapping[str, Any] | pd.DataFrame | None, key: int
    ) -> np.ndarray:
        """Conditions as matrix columns, shape (n, C)."""
        model = self._latent_model()
        if conditions is None:
            return model.draw_conditions(z, key)
        if isinstance(conditions, pd.DataFrame):
            if len(conditions) != len(z):
                raise ConditionError(
                    f"A frame of conditions must have one row for each of the {len(z)} latent vectors. "
                    f"Got {len(conditions)}."
                )
            out = np.zeros((len(z), len(model.cond_columns)), dtype=np.float32)
            names = list(conditions.columns)
            for rows in conditions.groupby(names, dropna=False, sort=False, observed=True).indices.values():
                wanted = {name: conditions[name].iloc[rows[0]] for name in names}
                out[rows] = self._given_conditions(z[rows], wanted, key)
            return out
        parsed = parse_conditions(conditions, self.encoder_)
        return model.draw_conditions(z, key, allowed_conditions(model, self.encoder_, parsed, is_strict=True))

    def _decoded(self, z: np.ndarray, cond: np.ndarray, choices: str, key: int) -> pd.DataFrame:
        """The table rows of latent vectors."""
        matrix = self._latent_model().rows(z, cond, key=key, likeliest=choices == "likeliest")
        block = self.encoder_.block_
        if block is None or not block.is_noisy or not len(matrix):
            return self.encoder_.inverse_transform(matrix, seed=key)
        # what factors leave over is drawn by blocks of rows: here each row is one by itself
        seeds = [key] * len(z)
        if choices == "drawn":
            seeds = (hashed_uniform(z, 1, "rest", key)[:, 0] * 2**24).astype(int).tolist()
        rows = [self.encoder_.inverse_transform(matrix[[i]], seed=s) for i, s in enumerate(seeds)]
        table = pd.concat(rows, ignore_index=True)
        if names := [c.name for c in self.schema_ if c.kind == "identifier"]:
            table[names] = self.encoder_.inverse_transform(matrix, seed=key, columns=names)
        return table

    def _extra_state(self) -> dict[str, Any]:
        own = None if self._inference is None else encoder_to_state(self._inference)
        return {**super()._extra_state(), "inference": own}

    def _load_extra_state(self, extra: dict[str, Any]) -> None:
        own = extra.get("inference")
        self._learnt = [] if own is None else [encoder_from_state(own).requires_grad_(False).eval()]


def _as_column(values: Any) -> np.ndarray:
    """Finite numbers, one in each row."""
    try:
        return _as_vectors(np.asarray(values, dtype=float).reshape(-1, 1), 1)
    except (TypeError, ValueError) as error:
        raise DataError(f"`values` must be finite numbers. Got {values!r}.") from error


def _as_vectors(z: Any, width: int, *, is_one: bool = False) -> np.ndarray:
    """Latent vectors as a matrix of 32-bit numbers."""
    try:
        found = np.atleast_2d(np.asarray(z, dtype=np.float32))
    except (TypeError, ValueError) as error:
        raise DataError(
            f"Latent vectors must be numbers ({error}); a row of a table is given as a DataFrame: df.iloc[[0]]."
        ) from error
    if found.ndim != 2 or found.shape[1] != width:
        raise DataError(f"Latent vectors must have shape (n, {width}). Got {np.shape(z)}.")
    if not np.isfinite(found).all():
        raise DataError("Latent vectors must be finite numbers. Got NaN or infinity.")
    if is_one and len(found) != 1:
        raise DataError(f"Here one latent vector is needed. Got {len(found)}.")
    return found
