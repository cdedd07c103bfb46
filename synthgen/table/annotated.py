"""Tables whose columns are features that something is known of: genes, variants.

A genomic file is more than a table: its genes have names and places, its variants have alleles. The table
goes through the model as any other; what is known of its features travels beside it as an `Annotation`, so
that samples can be written as the kind of file that the training rows came from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pandas as pd

from synthgen.exceptions import DataError
from synthgen.table.feature_names import check_feature_names
from synthgen.table.infer import check_table

CONTAINERS = ("anndata", "plink", "vcf", "gct", "features-in-rows")
"""Kinds of file that an annotation can come from."""


@dataclass(frozen=True, eq=False)
class Annotation:
    """What is known of the feature columns of a table, and of the file that they came from.

    Parameters
    ----------
    features : pandas.DataFrame, shape (n_features, n_metadata_columns)
        One row for each feature column of the table, in their order; its index holds the columns' names.
    container : {"anndata", "plink", "vcf", "gct", "features-in-rows"}
        The kind of file.
    details : dict
        What else the file's writer needs, as JSON-able values. ``dropped`` names metadata that were left out, since they may
        be statistics of the samples.

    Raises
    ------
    DataError
        If the container is unknown, or the names of the features repeat or are no strings.
    """

    features: pd.DataFrame
    container: str
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.container not in CONTAINERS:
            raise DataError(f"The container must be one of {', '.join(CONTAINERS)}. Got {self.container!r}.")
        check_feature_names(self.features.index)

    def __len__(self) -> int:
        """How many features there are."""
        return len(self.features)

    def to_state(self) -> dict[str, Any]:
        """As JSON-able values and numeric numpy arrays, for a model file.

        Returns
        -------
        dict
            Of strings, numbers, lists, and arrays of numbers and booleans.

        Notes
        -----
        Metadata that are neither numbers, booleans, strings nor categories are kept as text.
        """
        return {
            "names": self.features.index.tolist(),
            "columns": [
                {"name": str(name), **_column_state(series)} for name, series in self.features.items()
            ],
            "container": self.container,
            "details": self.details,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """From `to_state`'s data.

        Parameters
        ----------
        state : dict
            As `to_state` made it.

        Returns
        -------
        Annotation
            The same names, metadata and dtypes.
        """
        index = pd.Index(state["names"])
        columns = {c["name"]: pd.Series(_column_values(c), index=index) for c in state["columns"]}
        return cls(pd.DataFrame(columns, index=index), state["container"], state["details"])


@dataclass(frozen=True, eq=False)
class AnnotatedTable:
    """A table of samples, and what is known of its features.

    Parameters
    ----------
    frame : pandas.DataFrame, shape (N, n_covariates + n_features)
        Rows are samples; covariates first, then features.
    annotation : Annotation
        Of the features, in the order of the frame's last columns.

    Raises
    ------
    DataError
        If the frame's last columns are not the annotation's features.
    """

    frame: pd.DataFrame
    annotation: Annotation

    def __post_init__(self) -> None:
        n_features, names = len(self.annotation), self.frame.columns
        if len(names) < n_features or not names[len(names) - n_features :].equals(
            self.annotation.features.index
        ):
            raise DataError(
                f"The last columns of the table must be the {n_features:,} features of its annotation, in order. "
                f"Its {len(names):,} columns end with {names[-1:].tolist()!r}."
            )

    @property
    def covariates(self) -> pd.DataFrame:
        """The columns before the features, shape (N, n_covariates)."""
        return self.frame.iloc[:, : self.frame.shape[1] - len(self.annotation)]

    @property
    def features(self) -> pd.DataFrame:
        """The columns that are features, shape (N, n_features)."""
        return self.frame.iloc[:, self.frame.shape[1] - len(self.annotation) :]


def as_annotated(X: Any) -> tuple[pd.DataFrame, Annotation | None]:
    """A table in any form that models take, as a frame and what is known of its features.

    Parameters
    ----------
    X : pandas.DataFrame, AnnotatedTable or anndata.AnnData
        Of an AnnData, ``X`` is taken; `synthgen.table.h5ad.from_anndata` takes a layer.

    Returns
    -------
    frame : pandas.DataFrame
        Rows are samples.
    annotation : Annotation or None
        None for a plain frame. Of an AnnData, ``var`` without its statistics, as `from_anndata` gives it.

    Raises
    ------
    DataError
        If it is none of these, or an AnnData that no table can be made of.
    """
    if isinstance(X, AnnotatedTable):
        return X.frame, X.annotation
    if is_anndata(X):
        from synthgen.table.anndata_parts import anndata_parts

        frame, features, details = anndata_parts(X, None)
        return frame, Annotation(features, "anndata", details)
    check_table(X)
    return X, None


def is_anndata(value: Any) -> bool:
    """Whether a value is an AnnData, told without importing anndata."""
    return any(
        f"{t.__module__}.{t.__name__}".startswith("anndata.") and t.__name__ == "AnnData"
        for t in type(value).__mro__
    )


def _column_state(series: pd.Series) -> dict[str, Any]:
    """A metadata column without object arrays."""
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        categories = _column_state(pd.Series(dtype.categories))
        codes = series.cat.codes.to_numpy().astype(np.int32)
        return {"kind": "category", "codes": codes, "categories": categories, "ordered": bool(dtype.ordered)}
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf" and dtype.isnative:
        return {"kind": "array", "values": series.to_numpy()}
    missing = series.isna().to_numpy()
    if str(dtype) == "boolean" or (str(dtype).startswith(("Int", "UInt", "Float"))):
        values = series.to_numpy(dtype=dtype.numpy_dtype, na_value=0)
        return {"kind": "masked", "values": values, "missing": missing, "dtype": str(dtype)}
    texts = [None if m else str(v) for v, m in zip(series.tolist(), missing, strict=True)]
    return {"kind": "text", "values": texts, "object": pd.api.types.is_object_dtype(dtype)}


def _column_values(state: dict[str, Any]) -> Any:
    kind = state["kind"]
    if kind == "category":
        categories = pd.Index(_column_values(state["categories"]))
        return pd.Categorical.from_codes(state["codes"], categories=categories, ordered=state["ordered"])
    if kind == "array":
        return state["values"]
    if kind == "masked":
        values = pd.array(state["values"], dtype=state["dtype"])
        values[state["missing"]] = pd.NA
        return values
    return pd.array(state["values"], dtype=object if state["object"] else pd.Series(["a"]).dtype)
