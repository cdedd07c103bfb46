"""A table to one float32 matrix, and back again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from synthgen.dtypes import dtype_token, family
from synthgen.encoders.affine import AffineEncoder
from synthgen.encoders.base import AbstractColumnEncoder
from synthgen.encoders.block import BlockEncoder
from synthgen.encoders.calendar import CalendarEncoder
from synthgen.encoders.categorical import CategoricalEncoder
from synthgen.encoders.column_margin import ColumnMargin
from synthgen.encoders.constant import ConstantEncoder
from synthgen.encoders.identifier import IdentifierEncoder
from synthgen.encoders.low_rank import Design
from synthgen.encoders.numeric import NumericEncoder
from synthgen.encoders.packed_schema import schema_from_state, schema_to_state
from synthgen.encoders.pooling import (
    MIN_CATEGORY_COUNT,
    Pooled,
    plain_levels,
    plain_margin,
    pool_levels,
)
from synthgen.encoders.wide_columns import WideOptions, block_columns
from synthgen.estimator.arrays import as_frame
from synthgen.estimator.errors import UnfittedError
from synthgen.estimator.features import check_features, check_input_features, remember_features
from synthgen.estimator.tags import table_tags, with_table_tags
from synthgen.exceptions import ColumnRejected, DataError
from synthgen.layout import Block, MatrixLayout
from synthgen.plain import Plain, from_plain, strings_to_array
from synthgen.relations.combined import CombinationStep
from synthgen.relations.plan import Plan, RowCheck
from synthgen.rng import Middle, derived_seed, resolve_seed, stream
from synthgen.schema import Column, Schema
from synthgen.table.infer import check_table, infer_schema

_ENCODERS: dict[str, type[AbstractColumnEncoder]] = {
    "continuous": NumericEncoder,
    "integer": NumericEncoder,
    "datetime": NumericEncoder,
    "boolean": CategoricalEncoder,
    "categorical": CategoricalEncoder,
    "constant": ConstantEncoder,
    "identifier": IdentifierEncoder,
}


class TableEncoder(TransformerMixin, BaseEstimator):
    """Encode a table of known schema as a float32 matrix: one encoder for each column, or for a block of many.

    What the schema's relations say of a column that others decide is left out first and computed after decoding.

    Parameters
    ----------
    schema : Schema, optional
        Complete: as `synthgen.table.infer.infer_schema` makes it for the table. Its relations hold in every row. None: it
        is inferred, without relations.
    wide : WideOptions, optional
        How a block of many numeric columns is encoded. None: column by column, whatever their number.
    numbers : {"rank-normal", "min-max", "raw"}
        How single columns of numbers and instants are encoded: by ranks (`NumericEncoder`, `CalendarEncoder`), moved to
        [0, 1], or as they are (`AffineEncoder`; instants are moved all the same).
    min_category_count : int
        Rows that must hold a level for it to be kept (`pooling`). 1 keeps all.
    random_state : int or None
        Seeds the places of tied values and of rare levels in `transform`, and what is random in the fit of a block.

    Attributes
    ----------
    schema_ : Schema
        What the table is: `schema`, or what was inferred, with the levels that are kept.
    pooled_ : dict of str to Pooled
        How many levels of which columns are not kept.
    n_features_in_, feature_names_in_
        How many columns the table had, and their names if it was no array.
    plan_ : Plan
        From the table to the columns that are encoded, and back: some tables of relations are smaller.
    encoders_ : list of AbstractColumnEncoder
        One for each encoded column that is not in the block, in table order.
    block_ : BlockEncoder or None
        Of the block; its matrix columns are the last.
    layout_ : MatrixLayout
        Which matrix columns carry which table column.
    """

    def __init__(
        self,
        schema: Schema | None = None,
        *,
        wide: WideOptions | None = None,
        numbers: str = "rank-normal",
        min_category_count: int = MIN_CATEGORY_COUNT,
        random_state: int | None = 0,
    ) -> None:
        self.schema = schema
        self.wide = wide
        self.numbers = numbers
        self.min_category_count = min_category_count
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit every column's encoder.

        Parameters
        ----------
        X : pandas.DataFrame or array-like, shape (N, n_columns)
            The table; the columns of an array become ``x0``, ``x1``, ...
        y : object
            Ignored: a target is no part of what is encoded here.

        Returns
        -------
        Self
            The fitted encoder.

        Raises
        ------
        ColumnRejected
            If a column cannot be encoded, as free text.
        """
        self._fit_input(X)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Fit, and the matrix of the same table.

        Parameters
        ----------
        X : pandas.DataFrame or array-like, shape (N, n_columns)
            The table.
        y : object
            Ignored.

        Returns
        -------
        ndarray of float32, shape (N, F)
            As `transform` gives it, but for the scores of a block: these are as they were learnt, where `transform`
            knows the smoothed marginals only. A DataFrame after ``set_output(transform="pandas")``.
        """
        return self._fit_input(X)

    def _fit_input(self, X: Any) -> np.ndarray:
        """Fit on a table in any form, and remember its form."""
        table, has_names = as_frame(X)
        check_table(table)
        matrix = self.fit_matrix(table)
        remember_features(self, table.columns, are_given=has_names)
        return matrix

    def fit_matrix(self, X: pd.DataFrame, margins: Mapping[str, ColumnMargin] | None = None) -> np.ndarray:
        """`fit_transform`, whose result is an array whatever `set_output` says, of a table that is a DataFrame.

        Parameters
        ----------
        X : pandas.DataFrame, shape (N, n_columns)
            The table, or some of its rows.
        margins : mapping of str to ColumnMargin, optional
            What is known of whole columns where `X` holds only some rows: encoders learn single columns from them, and
            everything else (relations, blocks) from `X`. Rows of combinations that `X` does not hold are then taken to
            hold one of those that it does. Columns of a block are learnt from `X` alone.

        Returns
        -------
        ndarray of float32, shape (N, F)
            See `fit_transform`.
        """
        schema = infer_schema(X) if self.schema is None else self.schema
        margins = margins or {}
        _check_columns(X, schema)
        self.schema_, self.pooled_ = pool_levels(X, schema, self.min_category_count, margins)
        remember_features(self, pd.Index(self.schema_.names), are_given=True)
        possible = _possible(X, self.schema_, margins)
        self.plan_ = Plan.fit(X, self.schema_, possible, self.min_category_count)
        for step in self.plan_.steps if margins else ():
            if isinstance(step, CombinationStep):
                step.takes_others = True
        self.schema_ = self.plan_.schema
        X = self.plan_.reduce(X)
        wide = self._wide_of_reduced()
        columns = block_columns(self.plan_.reduced, len(X), wide)
        inside = {c.name for c in columns}
        is_alone = (
            wide is not None and wide.reduce == 0
        )  # columns without any dependence: nothing is told apart
        encoders = [
            _fit_column(X[c.name], c, is_alone, self.numbers, margins.get(c.name))
            for c in self.plan_.reduced
            if c.name not in inside
        ]
        self._assemble(encoders, None)
        own = self._transform_columns(X)
        if not columns or wide is None:
            return own
        design = self._design(own, wide.effect_threshold)
        seed = derived_seed(resolve_seed(self.random_state), "block")
        block, scores = BlockEncoder.fit(X, columns, wide, design, seed)
        self._assemble(encoders, block)
        return np.hstack([own, scores])

    def fit_beside(
        self,
        X: pd.DataFrame,
        columns: Sequence[Column],
        fit_block: Callable[[Design, int], tuple[BlockEncoder, np.ndarray]],
    ) -> np.ndarray:
        """`fit_matrix` of a table whose block memory does not hold: something else fits it.

        Parameters
        ----------
        X : pandas.DataFrame, shape (N, n_columns)
            The columns before the block, with those of `schema`; there may be none.
        columns : sequence of Column
            The block's, which come after them.
        fit_block : callable
            Takes the covariates of the rows and a seed, and gives what `BlockEncoder.fit` does.

        Returns
        -------
        ndarray of float32, shape (N, F)
            See `fit_transform`.

        Raises
        ------
        ParameterError
            If `wide` names a covariate that is none of the columns of `X`.
        """
        if self.wide is None or self.schema is None:
            raise DataError("A block beside a table needs the options of a block, and the table's schema.")
        alone = replace(self.wide, features=())  # nothing of X is part of the block
        beside = TableEncoder(
            self.schema,
            wide=alone,
            numbers=self.numbers,
            min_category_count=self.min_category_count,
            random_state=self.random_state,
        )
        own = beside.fit_matrix(X)
        seed = derived_seed(resolve_seed(self.random_state), "block")
        block, scores = fit_block(beside._design(own, self.wide.effect_threshold), seed)
        self.schema_ = Schema((*beside.schema_.columns, *columns), beside.schema_.relations)
        self.pooled_ = beside.pooled_
        plan = beside.plan_
        self.plan_ = Plan(self.schema_, plan.steps, plan.checks, plan.possible)
        remember_features(self, pd.Index(self.schema_.names), are_given=True)
        self._assemble(beside.encoders_, block)
        return np.hstack([own, scores])

    def _design(self, own: np.ndarray, threshold: float | None) -> Design:
        """The covariates of the rows, from the matrix of the columns beside the block."""
        choices = self._choices
        one_hot = own[:, [i for part in choices for i in range(part.start, part.stop)]]
        return Design(one_hot, _compacted(choices), threshold)

    def transform(self, X: Any, *, ties: str = "drawn") -> np.ndarray:
        """The matrix of a table.

        Parameters
        ----------
        X : pandas.DataFrame or array-like, shape (N, n_columns)
            With the columns of the table in `fit`, in their order.
        ties : {"drawn", "middle"}
            Where tied values go within their range: anywhere, by `random_state`, or to its middle: then a row of the matrix
            is a function of its table row alone.

        Returns
        -------
        ndarray of float32, shape (N, F)
            The matrix. A DataFrame after ``set_output(transform="pandas")``.

        Raises
        ------
        NotFittedError
            Before `fit`.
        DataError
            If it is no table, or has no rows; if the columns are others than in `fit`, of another dtype family, or hold a level that was not there.
        """
        self._check_fitted()
        table, has_names = as_frame(X)
        check_table(table)
        check_features(self, table.columns, self.schema_.names, are_given=has_names)
        if not has_names or list(table.columns) != self.schema_.names:
            table = table.set_axis(pd.Index(self.schema_.names), axis=1)
        return self.matrix(table, ties=ties)

    def matrix(self, X: pd.DataFrame, *, ties: str = "drawn", part: int = 0) -> np.ndarray:
        """`transform`, whose result is an array whatever `set_output` says, of columns that are found by their names.

        Parameters
        ----------
        X : pandas.DataFrame, shape (N, n_columns or more)
            With the columns of the schema, in any order.
        ties : {"drawn", "middle"}
            See `transform`.
        part : int
            Which part of a table this is, >= 0: each has its own places of tied values.

        Returns
        -------
        ndarray of float32, shape (N, F)
            The matrix.

        Raises
        ------
        DataError
            If a column is absent, of another dtype family than in `fit`, or holds a level that was not there.
        """
        self._check_fitted()
        _check_columns(X, self.schema_)
        X = self.plan_.reduce(X)
        own = self._transform_columns(X, ties, part)
        return own if self.block_ is None else np.hstack([own, self.block_.transform(X)])

    def _transform_columns(self, X: pd.DataFrame, ties: str = "drawn", part: int = 0) -> np.ndarray:
        """The matrix of the columns that are not in the block."""
        seed = resolve_seed(self.random_state)
        own_part = (part,) if part else ()
        out = np.zeros((len(X), sum(self._widths)), dtype=np.float32)
        start = 0
        for i, encoder in enumerate(self.encoders_):
            plain = _plain(X[encoder.column.name], encoder)
            rng = Middle() if ties == "middle" else stream(seed, "ties", i, *own_part)
            found = encoder.transform(plain, rng)
            out[:, start : start + found.shape[1]] = found
            start += found.shape[1]
        return out

    def inverse_transform(
        self, X: np.ndarray, *, first_row: int = 0, seed: int = 0, columns: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """The table of a matrix.

        Parameters
        ----------
        X : ndarray of float32, shape (N, F)
            As `transform` gives it.
        first_row : int
            Number of the first row in the whole sample, for identifiers.
        seed : int
            For identifiers.
        columns : sequence of str, optional
            Decode these only.

        Returns
        -------
        pandas.DataFrame, shape (N, n_columns)
            Columns, order and dtypes of the table in `fit`; index 0 to N - 1.

        Raises
        ------
        DataError
            If the matrix has another width.
        """
        self._check_fitted()
        if X.ndim != 2 or X.shape[1] != self.layout_.width:
            raise DataError(f"The matrix must have shape (N, {self.layout_.width}). Got {X.shape}.")
        wanted = None if columns is None else set(columns)
        encoded = None if wanted is None else self.plan_.needed(wanted)
        return self.plan_.restore(self._decode(X, first_row, seed, encoded), wanted)

    def _decode(self, X: np.ndarray, first_row: int, seed: int, wanted: set[str] | None) -> pd.DataFrame:
        """The encoded columns, or some of them."""
        found, start = {}, 0
        for encoder, width in zip(self.encoders_, self._widths, strict=True):
            if wanted is None or encoder.column.name in wanted:
                decoded = encoder.inverse_transform(X[:, start : start + width], first_row, seed)
                found[encoder.column.name] = _to_series(decoded, encoder.column)
            start += width
        frame = pd.DataFrame(found, index=pd.RangeIndex(len(X)), copy=False)
        if self.block_ is None or (wanted is not None and wanted.isdisjoint(self.block_.names)):
            return frame
        block = self.block_.inverse_transform(*self.block_input(X), first_row, seed)
        return self._beside(frame, block, wanted)

    def block_input(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the block is decoded from.

        Parameters
        ----------
        X : ndarray of float32, shape (N, F)
            Rows of the matrix.

        Returns
        -------
        scores : ndarray of float32, shape (N, k)
            Of the block.
        one_hot : ndarray of float32, shape (N, C)
            The covariates' choices.
        """
        choices = [i for part in self._choices for i in range(part.start, part.stop)]
        return X[:, sum(self._widths) :], X[:, choices]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """The names of the matrix columns, shape (F,): ``column=level`` and ``column~score``."""
        self._check_fitted()
        check_input_features(self, input_features)
        return np.array(self.layout_.names, dtype=object)

    def stored_values(self) -> dict[str, dict[str, Any]]:
        """Every value of the table that is kept, as plain data.

        Returns
        -------
        dict
            ``columns``: by column, what its encoder keeps, and how many levels were pooled. ``relations``: by rule, the
            values that it lists.
        """
        self._check_fitted()
        columns = {e.column.name: e.stored_values() for e in self.encoders_}
        if self.block_ is not None:
            columns |= self.block_.stored_values()
        for name, pooled in self.pooled_.items():
            columns[name] = {**columns.get(name, {}), "pooled": vars(pooled)}
        for column in self.schema_:  # a category that no encoder gives back is in the dtype all the same
            if column.levels is not None:
                columns[column.name] = {"levels": list(column.levels), **columns.get(column.name, {})}
                columns[column.name]["levels"] = list(column.levels)
        return {"columns": columns, "relations": self.plan_.stored_values()}

    def to_state(self) -> dict[str, Any]:
        """Schema and encoders, as JSON-able values and numpy arrays."""
        self._check_fitted()
        return {
            "schema": schema_to_state(self.schema_),
            "pooled": {name: vars(p) for name, p in self.pooled_.items()},
            "encoders": [e.to_state() for e in self.encoders_],
            "block": None if self.block_ is None else self.block_.to_state(),
            "relations": self.plan_.to_state(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """From `to_state`'s data."""
        schema = schema_from_state(state["schema"])
        block = None if state.get("block") is None else BlockEncoder.from_state(state["block"])
        inside = set() if block is None else set(block.names)
        plan = Plan.from_state(state.get("relations"), schema)
        columns = [c for c in plan.reduced if c.name not in inside]
        encoders = [
            _encoder_class(c, s).from_state(c, s) for c, s in zip(columns, state["encoders"], strict=True)
        ]
        out = cls(schema)
        out.schema_ = schema
        out.pooled_ = {name: Pooled(**p) for name, p in state["pooled"].items()}
        out.plan_ = plan
        remember_features(out, pd.Index(schema.names), are_given=True)
        return out._assemble(encoders, block)

    def _assemble(self, encoders: list[AbstractColumnEncoder], block: BlockEncoder | None) -> Self:
        blocks: list[Block] = []
        widths = []
        for encoder in encoders:
            own = encoder.blocks(blocks[-1].stop if blocks else 0)
            widths.append(sum(b.width for b in own))
            blocks.extend(own)
        if block is not None:
            blocks.extend(block.blocks(blocks[-1].stop if blocks else 0))
        self.encoders_ = encoders
        self.block_ = block
        self.layout_ = MatrixLayout(tuple(blocks))
        self._widths = widths
        return self

    def settle(self, X: np.ndarray, seed: int) -> None:
        """Adapt what depends on the scores that will be drawn (`BlockEncoder.settle`).

        Parameters
        ----------
        X : ndarray of float32, shape (M, F)
            Rows of the fitted matrix model.
        seed : int
            Of the noise.
        """
        if self.block_ is not None:
            self.block_.settle(X[:, X.shape[1] - self.block_.n_scores :], seed)

    @property
    def is_reduced(self) -> bool:
        """Whether the matrix holds common factors of a block in place of its columns."""
        return self.block_ is not None and self.block_.factors is not None

    @property
    def is_linked(self) -> bool:
        """Whether columns of the block depend on the ones before them."""
        return self.block_ is not None and self.block_.linkage is not None

    def encoder_of(self, name: str) -> AbstractColumnEncoder | RestoredColumn | None:
        """The encoder of one column, or what is known of one that others give; None if the column is in the block."""
        if name in self.plan_.possible:
            return RestoredColumn(self.schema_[name], self.plan_.possible[name])
        return next((e for e in self.encoders_ if e.column.name == name), None)

    def carriers(self, name: str) -> tuple[str, ...]:
        """The encoded columns that decide a column of the table; itself, where no relation does."""
        return self.plan_.carriers(name)

    @property
    def row_checks(self) -> list[RowCheck]:
        """The rules that the encoding does not guarantee, so that drawn rows must be held to them."""
        return self.plan_.checks

    def _wide_of_reduced(self) -> WideOptions | None:
        """The same options, which name encoded columns; what stands for others is no part of a block, nor smoothed."""
        if self.wide is None or not self.plan_.steps:
            return self.wide
        named = (self.wide.covariates, self.wide.conditional_on)
        unknown = [n for n in self.wide.covariates if n not in self.schema_]
        covariates, conditional_on = (
            tuple(dict.fromkeys(c for n in names if n in self.schema_ for c in self.carriers(n)))
            for names in named
        )
        own = [s.own.name for s in self.plan_.steps if s.own is not None]
        return replace(
            self.wide,
            covariates=tuple(dict.fromkeys((*covariates, *own, *unknown))),
            conditional_on=conditional_on,
        )

    @property
    def _choices(self) -> list[slice]:
        """Where the one-hot blocks of the columns beside the block lie."""
        return [slice(b.start, b.stop) for b in self.layout_.one_hot]

    def _beside(self, frame: pd.DataFrame, block: pd.DataFrame, wanted: set[str] | None) -> pd.DataFrame:
        """Both halves of a table in the table's order."""
        both = pd.concat([frame, block], axis=1)
        names = [n for n in self.plan_.reduced.names if wanted is None or n in wanted]
        return both if names == both.columns.tolist() else both[names]

    def _check_fitted(self) -> None:
        if not hasattr(self, "encoders_"):
            raise UnfittedError("This TableEncoder is not fitted; call `fit` first.")

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "encoders_")

    def __sklearn_tags__(self) -> Any:
        return with_table_tags(super().__sklearn_tags__(), [np.float32])

    def _more_tags(self) -> dict[str, Any]:
        return table_tags([np.float32])  # scikit-learn 1.5


@dataclass(frozen=True)
class RestoredColumn:
    """A column that is not encoded itself, since others give it.

    Parameters
    ----------
    column : Column
        What it is.
    ends : Plain
        Its levels that were seen, or the smallest and the largest number.
    """

    column: Column
    ends: Plain

    def possible(self) -> Plain:
        """What can come back, as `AbstractColumnEncoder.possible` has it."""
        return self.ends


def _possible(
    table: pd.DataFrame, schema: Schema, margins: Mapping[str, ColumnMargin]
) -> Callable[[str], Plain]:
    """What a column's own encoder would give back, found once for each column that is asked for."""
    return cache(lambda name: _fit_column(table[name], schema[name], margin=margins.get(name)).possible())


def _check_columns(table: pd.DataFrame, schema: Schema) -> None:
    if absent := [n for n in schema.names if n not in table.columns]:
        raise DataError(f"The table lacks column {absent[0]!r}, which the schema has.")


def _compacted(parts: list[slice]) -> list[slice]:
    """The same parts, one right after another from 0 on."""
    ends = np.cumsum([part.stop - part.start for part in parts]).tolist()
    return [slice(start, stop) for start, stop in zip([0, *ends[:-1]], ends, strict=False)]


def _encoder_class(column: Column, state: dict[str, Any]) -> type[AbstractColumnEncoder]:
    """Which encoder a state is of; those that do not say are the usual ones."""
    named: dict[str, type[AbstractColumnEncoder]] = {"calendar": CalendarEncoder, "affine": AffineEncoder}
    return named.get(state.get("encoder", ""), _ENCODERS[column.kind])


def _fit_column(
    series: pd.Series,
    column: Column,
    is_alone: bool = False,
    numbers: str = "rank-normal",
    margin: ColumnMargin | None = None,
) -> AbstractColumnEncoder:
    """One column's encoder; `is_alone`: as one score, since nothing will be learnt about two matrix columns."""
    if column.kind == "text":
        raise ColumnRejected(
            column.name,
            f"is free text ({column.reason}), which cannot be learnt; drop it, or declare it categorical.",
        )
    if column.kind == "identifier" and _is_string(column):
        present = series[series.notna().to_numpy()].tolist()
        share = float(series.isna().mean()) if margin is None else _missing_share(margin)
        return IdentifierEncoder.fit_strings(present, share, column)
    plain = plain_margin(series, margin, column)
    if numbers != "rank-normal" and column.kind in ("continuous", "integer", "datetime"):
        is_scaled = (
            numbers == "min-max" or column.kind == "datetime"
        )  # ticks since 1970 are no size for a network
        return AffineEncoder.fit(plain, column, is_scaled)
    if column.kind == "datetime" and not is_alone and CalendarEncoder.suits(plain, column):
        return CalendarEncoder.fit(plain, column)
    encoder = _ENCODERS[column.kind].fit(plain, column)
    if margin is not None and margin.is_partial and isinstance(encoder, CategoricalEncoder):
        encoder.takes_others = True
    return encoder


def _missing_share(margin: ColumnMargin) -> float:
    return float(margin.rows[margin.values.isna().to_numpy(dtype=bool)].sum() / margin.rows.sum())


def _plain(series: pd.Series, encoder: AbstractColumnEncoder) -> Plain:
    if isinstance(encoder, IdentifierEncoder):
        missing = series.isna().to_numpy(dtype=bool)
        return Plain(np.zeros(len(missing)), missing)
    if family(token := dtype_token(series)) != family(encoder.column.dtype) and encoder.column.levels is None:
        raise ColumnRejected(
            encoder.column.name,
            f"has dtype {token}, but had {encoder.column.dtype} in `fit`; convert it, or drop the rows in the way.",
        )
    takes_others = isinstance(encoder, CategoricalEncoder) and encoder.takes_others
    plain = plain_levels(series, encoder.column)
    if (
        encoder.column.levels is not None
        and not takes_others
        and (outside := (plain.values < 0) & ~plain.missing).any()
    ):
        value = series.iloc[int(np.flatnonzero(outside)[0])]
        value = value.item() if isinstance(value, np.generic) else value
        raise ColumnRejected(
            encoder.column.name,
            f"holds {value!r}, which was not among its levels in `fit`; drop or recode the {int(outside.sum()):,} such rows.",
        )
    return plain


def _is_string(column: Column) -> bool:
    return family(column.dtype) == "string"


def _to_series(decoded: Plain | list[str | None], column: Column) -> pd.Series:
    if isinstance(decoded, Plain):
        return from_plain(decoded, column)
    array = strings_to_array(decoded, column.dtype)
    return pd.Series(array, dtype=array.dtype, name=column.name)
