"""The table that a synthesizer learns from: `X` in any form, with `y` as one of its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synthgen.estimator.arrays import frame_of_array, is_array_like
from synthgen.estimator.features import check_features, remember_features
from synthgen.estimator.target import target_column
from synthgen.exceptions import DataError
from synthgen.schema import Schema
from synthgen.table.annotated import Annotation, as_annotated, is_anndata
from synthgen.table.infer import check_table, infer_schema
from synthgen.table.plink_people import with_public_levels


@dataclass(frozen=True)
class TrainingTable:
    """One table of `X` and `y`.

    Parameters
    ----------
    frame : pandas.DataFrame, shape (N, n_columns)
        `y`, if there is one, is its last column, or the last before the features of an annotated table.
    annotation : Annotation or None
        What is known of its features.
    target : str or None
        The column that is `y`.
    has_names : bool
        Whether the columns of `X` came with names.
    """

    frame: pd.DataFrame
    annotation: Annotation | None
    target: str | None
    has_names: bool

    def remember(self, model: Any) -> None:
        """Set what a fitted model tells of its input."""
        model.target_name_ = self.target
        own = self.frame.columns if self.target is None else self.frame.columns.drop(self.target)
        remember_features(model, own, are_given=self.has_names)


def training_table(X: Any, y: Any = None) -> TrainingTable:
    """The table of `X` and `y`.

    Parameters
    ----------
    X : pandas.DataFrame, AnnotatedTable, anndata.AnnData or array-like, shape (N, n_columns)
        Rows; the columns of an array become ``x0``, ``x1``, ...
    y : Series, one-column DataFrame or array-like, shape (N,), optional
        A further column.

    Returns
    -------
    TrainingTable
        Of both.

    Raises
    ------
    DataError
        If no table can be made of `X`, or no column of `y`.
    """
    frame, annotation, has_names = _as_table(X)
    if y is None:
        return TrainingTable(frame, annotation, None, has_names)
    column = target_column(y, frame.index, frame.columns)
    place = frame.shape[1] - (0 if annotation is None else len(annotation))
    return TrainingTable(_with_column(frame, column, place), annotation, str(column.name), has_names)


def schema_of(given: TrainingTable, declared: Schema | None) -> Schema:
    """The schema that is found in a table, before relations: of genotypes, sex and case or control are public."""
    found = infer_schema(given.frame, declared)
    return found if given.annotation is None else with_public_levels(found, given.annotation.features)


def rows_of_model(model: Any, X: Any, y: Any = None) -> pd.DataFrame:
    """Rows for a fitted model, with scikit-learn's checks of number, names and order of the columns.

    Parameters
    ----------
    model : AbstractSynthesizer
        Fitted.
    X : as for `training_table`
        With the columns of the `X` in `fit`, or of the whole training table.
    y : as for `training_table`, optional
        The target, if the model was fitted with one; its name does not matter.

    Returns
    -------
    pandas.DataFrame, shape (n, n_columns)
        The columns of the training table in their order; without the target's where it is in neither `X` nor `y`.

    Raises
    ------
    DataError
        If the columns are others, or `y` is given to a model that was fitted without.
    """
    frame, _, has_names = _as_table(X)
    target, whole = model.target_name_, model.schema_.names
    own = [n for n in whole if n != target]
    if y is not None and target is None:
        raise DataError(
            f"`y` was given, but this {type(model).__name__} was fitted without; leave it out, or fit with it."
        )
    if y is None and target is not None and has_names and list(frame.columns) == list(whole):
        return frame
    check_features(model, frame.columns, own, are_given=has_names)
    if not has_names or list(frame.columns) != own:
        frame = frame.set_axis(pd.Index(own), axis=1)
    if y is None or target is None:
        return frame
    column = target_column(y, frame.index, frame.columns, target)
    return _with_column(frame, column, whole.index(target))


def rows_by_name(model: Any, X: Any, y: Any = None) -> pd.DataFrame:
    """Rows for a fitted model, whose columns may stand in any order among others.

    Parameters
    ----------
    model, X, y
        As for `rows_of_model`.

    Returns
    -------
    pandas.DataFrame, shape (n, n_columns)
        At least the columns that `rows_of_model` gives.

    Raises
    ------
    DataError
        If a column is absent, or `y` is given to a model that was fitted without.
    """
    frame, _, has_names = _as_table(X)
    if not has_names or y is not None:
        own = [n for n in model.schema_.names if n != model.target_name_ and n in frame.columns]
        return rows_of_model(model, frame[own] if has_names else X, y)
    if absent := [n for n in model.schema_.names if n not in frame.columns and n != model.target_name_]:
        raise DataError(f"The table lacks column {absent[0]!r}, which the schema has.")
    return frame


def input_to_state(model: Any) -> dict[str, Any]:
    """What a model knows of its input, for its file."""
    return {"target": model.target_name_, "has_names": hasattr(model, "feature_names_in_")}


def input_from_state(model: Any, state: dict[str, Any] | None) -> None:
    """Take back `input_to_state`'s data; files without were fitted on tables with names, without `y`."""
    known = state or {"target": None, "has_names": True}
    model.target_name_ = known["target"]
    own = pd.Index([n for n in model.schema_.names if n != model.target_name_])
    remember_features(model, own, are_given=known["has_names"])


def _as_table(X: Any) -> tuple[pd.DataFrame, Annotation | None, bool]:
    """The frame of `X`, what is known of its features, and whether its columns had names."""
    if is_anndata(X) or isinstance(X, pd.DataFrame) or not is_array_like(X):
        return *as_annotated(X), True
    frame = frame_of_array(X)
    check_table(frame)
    return frame, None, False


def _with_column(frame: pd.DataFrame, column: pd.Series, place: int) -> pd.DataFrame:
    """A frame with one more column, without copying the others' values."""
    parts = [frame.iloc[:, :place], column, frame.iloc[:, place:]]
    return pd.concat([part for part in parts if np.prod(part.shape)], axis=1)
