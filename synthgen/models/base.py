"""What every synthesizer promises: a table encoder, a matrix model, and the road between them."""

from __future__ import annotations

import abc
import contextlib
import os
import warnings
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
from synthgen.estimator.errors import UnfittedError
from synthgen.estimator.tags import table_tags, with_table_tags
from synthgen.exceptions import ConditionError, DataError, ParameterError
from synthgen.models.conditions import parse_conditions
from synthgen.models.content import check_missing, drawing
from synthgen.models.device import training_device
from synthgen.models.drawing import Source, batch_rows, draw_for_frame, draw_matching, draw_rows
from synthgen.models.estimate import Estimate, estimate_fit, warn_if_tight
from synthgen.models.estimate_memory import MatrixShape
from synthgen.models.estimate_time import Rehearsal, Times, seconds, seconds_of_all
from synthgen.models.fit_inputs import (
    check_scale,
    check_trains,
    estimate_any,
    fit_any,
    leads,
    open_team,
)
from synthgen.models.fit_run import MIN_ROWS, FitRun
from synthgen.models.machine import resident_memory
from synthgen.models.matrix_model import AbstractMatrixModel
from synthgen.models.model_file import write_model_file
from synthgen.models.privacy_notes import privacy_notes
from synthgen.models.relation_parameters import parameters_from_state, parameters_to_state, published
from synthgen.models.resuming import identity, open_checkpoints, tell_ending
from synthgen.models.table_score import table_score
from synthgen.models.training_table import (
    input_from_state,
    input_to_state,
    rows_of_model,
    schema_of,
    training_table,
)
from synthgen.relations.find import find_relations
from synthgen.rng import derived_seed, resolve_seed
from synthgen.schema import Schema
from synthgen.table.annotated import AnnotatedTable, Annotation, as_annotated, is_anndata
from synthgen.table.sources import is_files
from synthgen.training.alarms import CollapseWarning
from synthgen.training.history import History
from synthgen.training.interruption import interruptible
from synthgen.validation import Constraint, Interval, Nothing, validate_parameters


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
    file_ : str
        Where the model was loaded from; empty where it was fitted.
    target_name_ : str or None
        The column that `y` became; None where `fit` had no `y`.
    n_features_in_, feature_names_in_
        Of `X`, as scikit-learn has them: how many columns, and their names where `X` had any.
    fitted_parameters_ : dict
        The parameters as they were in `fit`.
    """

    parameter_constraints: ClassVar[Mapping[str, list[Constraint]]]
    _encoder_class: ClassVar[type[TableEncoder]] = TableEncoder
    schema: Schema | None
    constraints: Sequence[Rule] | None
    detect_relations: bool
    min_category_count: int = 1  # Bootstrap, which has no such parameter, keeps all
    _learns_from_samples: ClassVar[bool] = (
        True  # whether some rows can stand for a table that memory does not hold
    )
    random_state: int | None
    verbose: int

    @abc.abstractmethod
    def _fit_matrix(
        self, matrix: np.ndarray, encoder: TableEncoder, seed: int, run: FitRun
    ) -> AbstractMatrixModel:
        """Learn from the encoded rows."""

    @abc.abstractmethod
    def _load_matrix_model(self, state: dict[str, Any]) -> AbstractMatrixModel:
        """The matrix model of `AbstractMatrixModel.to_state`'s data; `encoder_` is there already."""

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_every: int | None = None,
        resume: bool = False,
        max_memory: str | int | None = None,
        engine: str = "local",
        address: str | None = None,
        workers: int | None = None,
    ) -> Self:
        """Learn from a table, forgetting what was learnt before.

        Parameters
        ----------
        X : pandas.DataFrame, AnnotatedTable, anndata.AnnData or array-like, shape (N, n_columns)
            At least `MIN_ROWS` rows of any supported dtypes. The index is ignored. Of an AnnData ``X`` is learnt,
            with the columns of ``obs`` as covariates, and `sample` gives an AnnData back. An array becomes a table
            with columns ``x0``, ``x1``, ... Or files, which are streamed: a path, a folder, a pattern such as
            ``"folder/*.parquet"``, an ``s3://`` address, a list of these or a pyarrow dataset; or one PLINK ``.bed`` file.
        y : Series, one-column DataFrame or array-like, shape (N,), optional
            A further column of the table: the last one, under its own name or as ``y``, before the features of an
            annotated table. `sample` gives it back.
        checkpoint : path-like, optional
            Folder for the state of the training, written now and then, so that a fit that was killed can be taken up.
            It holds what the model's file does not (see docs/explain/reliability.md): keep it as you keep the table.
            Models that are fitted in one go write nothing there.
        checkpoint_every : int, optional
            Steps between checkpoints. None: at every evaluation.
        resume : bool
            Whether to go on where the checkpoints of the same table and parameters end, to the same bytes as if
            nothing had happened; without checkpoints the fit begins.
        max_memory : str or int, optional
            Of files alone: most memory that this process may hold, as ``"4GiB"`` or in bytes; the libraries alone take some
            700 MB. None: half of what is free. A fit that is taken up keeps what it began with, and needs memory for it.
        engine : {"local", "ray", "torchrun"}
            Who trains: this process; processes of a Ray cluster; or the processes that ``torchrun`` started, all of which
            must call `fit` alike.
        address : str, optional
            Of the Ray cluster. None: the one that the environment names, or a local one, which is started.
        workers : int, optional
            How many Ray processes train together. None: one for each GPU of the cluster, or each processor.

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
        FileError
            If checkpoints cannot be written or read, or are there and `resume` is False.
        TrainingError
            If losses stay infinite. Where anything was learnt, the model holds the best weights and can sample.

        Notes
        -----
        Ctrl-C while training ends the fit with the best weights so far, and a `FitWarning`; a second one raises
        KeyboardInterrupt.
        """
        validate_parameters(type(self).__name__, self.parameter_constraints, self.get_params(deep=False))
        check_scale(X, y, max_memory, engine, address, workers)
        check_trains(type(self).__name__, self.parameter_constraints, engine)
        checkpoints = open_checkpoints(checkpoint, checkpoint_every, resume, leads=leads(engine))
        with contextlib.ExitStack() as stack:
            if checkpoints is not None:
                stack.enter_context(contextlib.closing(checkpoints))
            team = stack.enter_context(open_team(engine, address, workers))
            fit_any(self, X, y, FitRun(checkpoints, team), max_memory)
        for words in self._alarm_words():
            warnings.warn(words, CollapseWarning, stacklevel=2)
        tell_ending(self._training_history())
        return self

    def _fit(self, X: Any, y: Any, run: FitRun) -> None:
        """Encode the table, learn from it, and keep what was learnt."""
        given = training_table(X, y)
        table, annotation = given.frame, given.annotation
        if len(table) < MIN_ROWS:
            raise DataError(
                f"The table has {len(table)} rows; a model needs at least {MIN_ROWS} to learn from "
                f"(n_samples={len(table)})."
            )
        seed = run.seed(resolve_seed(self.random_state))
        found = schema_of(given, self.schema)
        schema = find_relations(table, found, self.constraints or (), look=self.detect_relations)
        wide = self._wide_options()
        if wide is not None and annotation is not None:
            wide = replace(wide, features=tuple(annotation.features.index))
        warn_if_tight(self, table, schema, wide, seed)
        encoder = self._encoder_class(
            schema,
            wide=wide,
            numbers=self._number_encoding(),
            min_category_count=self.min_category_count,
            random_state=derived_seed(seed, "encoder"),
        )
        matrix = encoder.fit_matrix(table)
        self._learn(matrix, encoder, schema, seed, run)
        self.annotation_, self._gives_anndata = annotation, is_anndata(X)
        self.n_rows_in_ = len(table)
        given.remember(self)

    def _learn(
        self, matrix: np.ndarray, encoder: TableEncoder, schema: Schema, seed: int, run: FitRun
    ) -> None:
        """Fit the matrix model to encoded rows, and keep it with its encoder.

        Parameters
        ----------
        matrix : ndarray of float32, shape (N, F)
            The rows.
        encoder : TableEncoder
            Fitted; it may be settled by rows of the model.
        schema : Schema
            The table's own, before levels were pooled: with the rows and parameters it tells one fit from another.
        seed : int
            Of the fit.
        run : FitRun
            Where the state is written, and who trains.
        """
        if run.checkpoints is not None:
            own = self.get_params(deep=False)
            device = training_device(own["device"], type(self).__name__) if "device" in own else "cpu"
            files = "" if run.files is None else run.files.key
            told = identity(type(self).__name__, own, device, schema.to_dict(), matrix, seed, files)
            if run.files is not None:
                told["memory plan"] = dict(run.files.plan)
            run.checkpoints.begin(told)
        model = self._fit_matrix(matrix, encoder, seed, run)
        if encoder.is_linked:
            settling = derived_seed(seed, "settle")
            with interruptible():  # a second or two: not worth losing a fit for
                encoder.settle(
                    np.concatenate([model.generate_block(settling, b) for b in range(2)]), settling
                )
        self._forget()
        self.file_ = ""
        self.schema_, self.encoder_, self.model_ = encoder.schema_, encoder, model
        self.fitted_parameters_ = published(self.get_params(deep=False), encoder.schema_)

    def estimate(self, X: Any, y: Any = None, *, max_memory: str | int | None = None) -> Estimate:
        """What `fit` will take of memory and time on this machine, without training.

        Parameters
        ----------
        X, y, max_memory
            As for `fit`.

        Returns
        -------
        Estimate
            The most memory that this process will hold, and processor time, by part.

        Raises
        ------
        ParameterError, DataError, SchemaError
            As `fit`.

        Notes
        -----
        Memory is counted from the sizes of the arrays that the fit holds. For the time, the schema and the relations of the
        whole table are found, some rows are encoded, and some steps, one evaluation and some trees are tried: seconds
        to a minute. How many rounds a selection takes is only known when it is done: a usual number is assumed, and
        `seconds_at_most` says what the most of them would take.
        """
        validate_parameters(type(self).__name__, self.parameter_constraints, self.get_params(deep=False))
        check_scale(X, y, max_memory, "local", None, None)
        if is_files(X):
            return estimate_any(self, X, max_memory)
        given = training_table(X, y)
        table, annotation = given.frame, given.annotation
        if len(table) < MIN_ROWS:
            raise DataError(
                f"The table has {len(table)} rows; a model needs at least {MIN_ROWS} to learn from."
            )
        found: list[Schema] = []
        held = resident_memory()

        def look() -> None:
            own = schema_of(given, self.schema)
            found.append(find_relations(table, own, self.constraints or (), look=self.detect_relations))

        taken = seconds(look)
        wide = self._wide_options()
        if wide is not None and annotation is not None:
            wide = replace(wide, features=tuple(annotation.features.index))
        seed = resolve_seed(self.random_state)
        return estimate_fit(self, table, found[0], wide, {"schema and relations": taken}, held, seed)

    def sample(
        self,
        n: int = 1,
        *,
        conditions: Mapping[str, Any] | pd.DataFrame | None = None,
        random_state: int | None = None,
        batch_size: int | None = None,
        first_row: int = 0,
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
        first_row : int
            Where in the endless sample of `random_state` to begin, >= 0: rows ``a`` to ``b`` of it are
            ``sample(b - a, random_state=s, first_row=a)``, whoever draws them. Under conditions or rules that drop
            rows, those before are drawn too. Not for a frame of conditions.

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
            If `n`, `random_state`, `batch_size` or `first_row` is out of range.
        ConditionError
            If a condition can never be met, or too few of the rows drawn met it or the constraints.
        """
        self._check_fitted()
        return self._sample(self.model_, n, conditions, random_state, batch_size, first_row)

    def sample_to(
        self,
        out: str | os.PathLike[str],
        n: int,
        *,
        rows_per_file: int = 1_000_000,
        format: str = "parquet",
        random_state: int | None = None,
        conditions: Mapping[str, Any] | None = None,
        batch_size: int | None = None,
        engine: str = "local",
        address: str | None = None,
        workers: int | None = None,
        overwrite: bool = False,
    ) -> Any:
        """Draw synthetic rows into a folder of files, in memory that does not grow with `n`.

        Parameters
        ----------
        out : path-like
            The folder, which is made; or ``s3://bucket/folder``. It may hold nothing but an earlier run of the same call, which
            is gone on with. A name that ends in ``.bed`` is one PLINK file; names of other table files are refused,
            unless a slash follows.
        n : int
            Rows wanted, >= 1; whole floats such as 1e9 will do. A later call may ask for more: whole files are kept.
        rows_per_file : int
            Of every file but the last, >= 1, for at most a million files. A multiple of 1,024 saves one block of rows that two files would share.
        format : {"parquet", "arrow", "feather", "csv", "tsv"}
            Of the files, ``part-00000.parquet`` and so on. Annotated tables are written as tables.
        random_state : int, optional
            An int repeats the rows. None: fresh rows; the folder remembers the seed, so that the call can be gone on with.
        conditions : mapping, optional
            As for `sample`.
        batch_size : int, optional
            Rows made together; neither rows nor bytes depend on it.
        engine : {"local", "ray"}
            Who draws: this process, or the workers of a Ray cluster, a file each. The bytes are the same.
        address : str, optional
            Of the Ray cluster. None: what RAY_ADDRESS says, or a local one, which is started and ended.
        workers : int, optional
            Files that are made at the same time by Ray. None: one for each processor.
        overwrite : bool
            Whether files of another call of this function may be replaced. Only those that the folder's own
            manifest names are ever removed.

        Returns
        -------
        Manifest
            Every file with its rows, bytes and SHA-256, as ``_manifest.json`` in the folder has it. None of a ``.bed`` file.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ParameterError
            If a parameter is out of range, no Ray answers, or a constraint of unique values would have to be held over several files.
        ConditionError
            If a condition can never be met, or too few of the rows drawn met it or the constraints.
        FileError
            If a file cannot be written, the folder holds anything else, another run writes there, or the manifest
            is damaged.

        Notes
        -----
        One after the other, the files hold the rows of ``sample(n, random_state=random_state)``. Only under conditions, or rules that
        drop rows (declared, or found in the training table, where the encoding cannot hold them), every file but the first has
        a stream of its own, since of dropped rows nobody knows how many come before; the manifest's ``streams`` says which.
        Identifiers differ over all files.

        A run that ended early, by Ctrl-C or worse, is gone on with by the same call: files are whole or not there, those whose
        size and checksum are as recorded are kept, and in the end all bytes are those of an undisturbed run.
        """
        self._check_fitted()
        from synthgen.models.sample_files import sample_files

        return sample_files(
            self,
            out,
            n,
            rows_per_file=rows_per_file,
            format=format,
            random_state=random_state,
            conditions=conditions,
            batch_size=batch_size,
            refine="auto",
            engine=engine,
            address=address,
            workers=workers,
            overwrite=overwrite,
        )

    def _selected(self, refine: str | int | None) -> AbstractMatrixModel:
        """The matrix model that rows are drawn from."""
        return self.model_

    def _sample(
        self,
        model: AbstractMatrixModel,
        n: int,
        conditions: Mapping[str, Any] | pd.DataFrame | None,
        random_state: int | None,
        batch_size: int | None,
        first_row: int,
    ) -> Any:
        """Rows of a matrix model, in the form that `fit` was given."""
        _check_sample_parameters(n, random_state, batch_size, first_row)
        if first_row and random_state is None:
            raise ParameterError(
                f"The `first_row` parameter of sample is {first_row}, which needs `random_state`: without one every call draws "
                "from another sample."
            )
        size = batch_size or batch_rows(len(self.schema_))
        source = Source(model, self.encoder_, resolve_seed(random_state), size, self.verbose)
        with drawing(self.file_):
            rows = self._draw(source, n, conditions, first_row)
            if self.file_:
                check_missing(rows, self.schema_)
        if not self._gives_anndata or self.annotation_ is None:
            return rows
        from synthgen.table.h5ad import to_anndata

        return to_anndata(AnnotatedTable(rows, self.annotation_))

    def score(self, X: Any, y: Any = None) -> float:
        """How little boosted trees can tell sampled rows from given ones: higher is better.

        Parameters
        ----------
        X : pandas.DataFrame, AnnotatedTable, anndata.AnnData or array-like, shape (n, n_columns)
            At least 4 rows with the columns of the training table, best rows that `fit` has not seen. Levels and missing
            values that were not there in `fit` count against the model.
        y : Series, one-column DataFrame or array-like, shape (n,), optional
            The target, if there was one in `fit`. Without it the other columns are compared.

        Returns
        -------
        float
            In [0, 1]: min(1, 2 (1 - AUC)). 1: not better than chance. 0: every row is told. The same on every call.

        Raises
        ------
        NotFittedError
            Before `fit`.
        DataError
            If the columns are others than in `fit`, or there are fewer than 4 rows.

        Notes
        -----
        A few hundred rows give a score with a standard error of a few hundredths (`models.table_score.score_noise`); of two
        models compare the scores on the same rows. It says nothing about privacy: a model that repeats its training rows gets a
        high score too.
        """
        self._check_fitted()
        rows = rows_of_model(self, X, y)
        return table_score(
            rows, self.schema_, lambda n, seed: as_annotated(self.sample(n, random_state=seed))[0]
        )

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
        self, source: Source, n: int, conditions: Mapping[str, Any] | pd.DataFrame | None, first_row: int
    ) -> pd.DataFrame:
        if conditions is None:
            return draw_rows(source, first_row, first_row + n)
        if isinstance(conditions, pd.DataFrame):
            if first_row:
                raise ParameterError(
                    f"The `first_row` parameter of sample must be 0 with a frame of conditions, whose rows say which rows are "
                    f"wanted. Got {first_row} instead."
                )
            if len(conditions) != n:
                raise ConditionError(f"A frame of conditions must have n = {n} rows. Got {len(conditions)}.")
            return draw_for_frame(source, conditions)
        if not isinstance(conditions, Mapping):
            raise ConditionError(
                f"`conditions` must be a mapping or a DataFrame. Got {type(conditions).__name__}."
            )
        return draw_matching(source, first_row, first_row + n, parse_conditions(conditions, self.encoder_))

    def _wide_options(self) -> WideOptions | None:
        """How a block of many numeric columns is to be encoded; None: column by column."""
        return None

    def _number_encoding(self) -> str:
        """How `TableEncoder` is to encode numbers."""
        return "rank-normal"

    def _table_bytes(self, table: pd.DataFrame) -> dict[str, int]:
        """What an encoder that is not the usual one adds to the memory held, by part."""
        return {}

    def _training_bytes(self, shape: MatrixShape, is_reduced: bool) -> dict[str, int]:
        """What learning from the matrix adds to the memory held, the matrix included, by part."""
        return {}

    def _training_seconds(self, rehearsal: Rehearsal) -> Times:
        """How long learning from the matrix takes, by part."""

        def learn(n: int) -> None:
            self._fit_matrix(rehearsal.rows(n), rehearsal.encoder, rehearsal.seed, FitRun())

        half, whole = max(MIN_ROWS, len(rehearsal.matrix) // 2), len(rehearsal.matrix)
        return Times({"model": seconds_of_all(learn, (half, whole), rehearsal.n_rows)})

    def _training_steps(self, n_rows: int, is_reduced: bool) -> int:
        """Training steps at most."""
        return 0

    def _rows_drawn(self, n_rows: int) -> int:
        """How many rows the training of a table of `n_rows` draws, each as often as it is drawn; 0: it needs no others than
        those in memory."""
        return 0

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
            "input": input_to_state(self),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """A fitted model from `to_state`'s data."""
        model = cls(**parameters_from_state(state["parameters"]))
        model.fitted_parameters_ = model.get_params(deep=False)
        model.file_ = ""
        model.encoder_ = cls._encoder_class.from_state(state["encoder"])
        model.schema_ = model.encoder_.schema_
        model.n_rows_in_ = state["n_rows_in"]
        annotation = state.get("annotation")
        model.annotation_ = None if annotation is None else Annotation.from_state(annotation)
        model._gives_anndata = state.get("gives_anndata", False)
        input_from_state(model, state.get("input"))
        model._load_extra_state(state["extra"])
        model.model_ = model._load_matrix_model(state["model"])
        return model

    @property
    def interrupted_(self) -> bool:
        """Whether Ctrl-C ended the fit."""
        self._check_fitted()
        history = self._training_history()
        return history is not None and history.interrupted

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Any:
        return with_table_tags(super().__sklearn_tags__())

    def _more_tags(self) -> dict[str, Any]:
        return table_tags()  # scikit-learn 1.5

    def _forget(self) -> None:
        """Drop what was learnt after an earlier fit."""

    def _training_history(self) -> History | None:
        """Of the training that made the model; None where there was none."""
        return None

    def _alarm_words(self) -> list[str]:
        """What the watching of the training found wrong, in sentences."""
        return []

    def _extra_state(self) -> dict[str, Any]:
        """What a subclass learnt besides the matrix model."""
        return {}

    def _load_extra_state(self, extra: dict[str, Any]) -> None:
        """Take back `_extra_state`'s data."""

    def _check_fitted(self) -> None:
        if not hasattr(self, "model_"):
            raise UnfittedError(f"This {type(self).__name__} is not fitted; call `fit` first.")

    def _privacy_notes(self) -> list[str]:
        """What the model file and its samples give away, as far as the model itself can tell."""
        return privacy_notes(self.encoder_, self.model_, self.n_rows_in_, self.fitted_parameters_)


def _relation_text(relation: Relation) -> str:
    """A relation in one line."""
    state = relation.source if relation.enabled else f"{relation.source}, not in force"
    reason = "" if relation.reason == relation.source else f": {relation.reason}"
    return f"{relation.rule.words()} ({state}{reason})"


def _check_sample_parameters(
    n: int, random_state: int | None, batch_size: int | None, first_row: int
) -> None:
    rules: dict[str, list[Constraint]] = {
        "n": [Interval("int", 0, float("inf"))],
        "random_state": [Interval("int", 0, 2**63), Nothing()],
        "batch_size": [Interval("int", 1, float("inf")), Nothing()],
        "first_row": [Interval("int", 0, float("inf"))],
    }
    given = {"n": n, "random_state": random_state, "batch_size": batch_size, "first_row": first_row}
    validate_parameters("sample", rules, given)
