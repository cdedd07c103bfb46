"""A fit from files that memory need not hold: two passes over the rows, then training on shards of them.

The first pass keeps a sketch of every column and a random sample of rows. Schema and encoders come from the sketches, what
ties columns together (relations, joint distributions, validation, the choice among rows) from the sample, and the rows to train on
are encoded in the second pass. A table whose rows all fit is fitted as one in memory is, to the same bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd

from synthgen.encoders.column_margin import ColumnMargin
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.encoders.wide_columns import WideOptions
from synthgen.exceptions import DataError, ParameterError
from synthgen.models.file_fit_look import Look, look, progress_bar
from synthgen.models.file_fit_margins import column_margins
from synthgen.models.file_fit_memory import MAX_SAMPLE, MemoryPlan, begun_plan, memory_plan
from synthgen.models.file_fit_rules import checked_relations, to_check
from synthgen.models.file_fit_schema import whole_schema
from synthgen.models.file_fit_shards import training_rows, write_shards
from synthgen.models.fit_run import MIN_ROWS, FileRows, FitRun
from synthgen.models.gan_fit import held_out_rows
from synthgen.models.machine import file_bytes, free_memory
from synthgen.models.training_table import training_table
from synthgen.relations.find import find_relations
from synthgen.rng import derived_seed, resolve_seed
from synthgen.schema import Schema
from synthgen.table.infer import check_table, infer_schema
from synthgen.table.sources import TableSource, open_source
from synthgen.training.row_shards import RowShards, scratch_folder

LARGEST_SHARE = 1 / 40
"""Of the free memory: a file of more bytes than this takes half of it."""
_STREAMED = (".parquet", ".pq", ".arrow", ".feather")
TRIED_ROWS = 4_096
"""Rows that are read to see how long rows are and how wide they are encoded."""


@dataclass(frozen=True)
class Prepared:
    """What stands when both passes but the last are done.

    Parameters
    ----------
    source : TableSource
        The table.
    plan : MemoryPlan
        How many rows are held where.
    seen : Look
        What the first pass found.
    schema : Schema
        Of the whole table, relations included, before levels are pooled.
    encoder : TableEncoder
        Fitted.
    matrix : ndarray of float32, shape (R, F)
        The sample, encoded.
    key : str
        Of the files, the schema and the sample.
    """

    source: TableSource
    plan: MemoryPlan
    seen: Look
    schema: Schema
    encoder: TableEncoder
    matrix: np.ndarray
    key: str


def fit_files(
    model: Any, X: Any, run: FitRun, max_memory: str | int | None, *, most: int = MAX_SAMPLE
) -> None:
    """Fit a model to a table in files.

    Parameters
    ----------
    model : AbstractSynthesizer
        Its parameters are valid.
    X : path-like, str, list of these, or pyarrow.dataset.Dataset
        See `synthgen.table.sources.open_source`.
    run : FitRun
        Where the state is written, and who trains.
    max_memory : str, int or None
        See `AbstractSynthesizer.fit`.
    most : int
        Rows in memory at most, if not all fit.

    Raises
    ------
    ParameterError
        If the model needs the whole table, or `max_memory` is too little.
    FileError
        If a file cannot be read, or encoded rows cannot be written.
    DataError, SchemaError
        As `AbstractSynthesizer.fit`.
    """
    source = opened(model, X)
    seed = run.seed(resolve_seed(model.random_state))
    plan = planned(model, source, max_memory, seed, most, run.begun())
    plan = MemoryPlan(**run.agreed(asdict(plan)))  # free memory differs between processes
    if plan.n_sample >= source.n_rows:
        model._fit(source.take(np.arange(source.n_rows)), None, run)
        return
    found = prepared(model, source, plan, seed)
    with _training_rows(model, found, run, seed) as shards:
        files = FileRows(source.n_rows, found.key, shards, asdict(plan))
        model._learn(found.matrix, found.encoder, found.schema, seed, replace(run, files=files))
    model.annotation_, model._gives_anndata = None, False
    model.n_rows_in_ = source.n_rows
    training_table(found.seen.sample.iloc[:MIN_ROWS]).remember(model)


def is_too_large(path: str) -> bool:
    """Whether a table in one file is better streamed: Parquet or Arrow, and `LARGEST_SHARE` of the free memory on disk or more.

    Parameters
    ----------
    path : str
        The file; ``-`` and files that do not exist are not.

    Returns
    -------
    bool
        A fit in memory takes some twenty times the bytes of a compressed file.
    """
    size = file_bytes(path) if PurePath(path).suffix.lower() in _STREAMED else 0
    return size > LARGEST_SHARE * free_memory()


def opened(model: Any, X: Any) -> TableSource:
    """The files of a table that a model can be fitted to.

    Raises
    ------
    DataError
        If there are too few rows.
    """
    source = open_source(X)
    if source.n_rows < MIN_ROWS:
        raise DataError(
            f"The table has {source.n_rows} rows; a model needs at least {MIN_ROWS} to learn from "
            f"(n_samples={source.n_rows})."
        )
    return source


def planned(
    model: Any,
    source: TableSource,
    max_memory: str | int | None,
    seed: int,
    most: int = MAX_SAMPLE,
    begun: Mapping[str, Any] | None = None,
) -> MemoryPlan:
    """How many rows are held where, from the first rows of a table; of a fit that is taken up, from what it began with.

    Raises
    ------
    ParameterError
        If memory is too little: for any fit, for the one that was begun, or for all rows where the model needs them.
    """
    rows = source.take(np.arange(min(source.n_rows, TRIED_ROWS)))
    check_table(rows)
    encoder, _ = fitted_encoder(model, infer_schema(rows, _kinds(model.schema)), rows, seed)
    told = rows, encoder.layout_.width, source.n_rows, max_memory
    plan = memory_plan(*told, most) if begun is None else begun_plan(begun.get("memory plan"), *told)
    if plan.n_sample < source.n_rows and not model._learns_from_samples:
        raise ParameterError(
            f"{type(model).__name__} keeps every row of its table, and {source.n_rows:,} rows do not fit in the memory that is "
            "allowed; allow more with `max_memory`, or give fewer files."
        )
    return plan


def prepared(model: Any, source: TableSource, plan: MemoryPlan, seed: int) -> Prepared:
    """Read every row, and fit the encoder of a table of which `plan.n_sample` rows stay in memory."""
    numbers = source.random_rows(plan.n_sample, derived_seed(seed, "rows in memory"))
    seen = look(source, numbers, plan.rows_together, model.verbose)
    sample = seen.sample
    schema = whole_schema(sample, model.schema, seen.sketch)
    try:
        schema = find_relations(sample, schema, model.constraints or (), look=model.detect_relations)
    except DataError as error:
        raise DataError(f"In {len(sample):,} of {source.n_rows:,} rows, drawn at random: {error}") from error
    if to_check(schema):
        with progress_bar("check relations", source.n_rows, model.verbose) as bar:
            schema = checked_relations(source, sample, schema, plan.rows_together, bar.update)
    margins = column_margins(sample, schema, seen.sketch)
    encoder, matrix = fitted_encoder(model, schema, sample, seed, margins)
    return Prepared(source, plan, seen, schema, encoder, matrix, _key(source, schema, matrix, seed))


@contextlib.contextmanager
def _training_rows(model: Any, found: Prepared, run: FitRun, seed: int) -> Iterator[RowShards | None]:
    """The rows to train on, for as long as they are needed; None where those in memory are enough."""
    n_drawn = 0
    if found.encoder.layout_.width and not found.encoder.is_reduced:
        n_drawn = model._rows_drawn(found.source.n_rows)
    if not n_drawn:
        yield None
        return
    held_out = held_out_rows(len(found.matrix), _validation_fraction(model), seed)
    rows = training_rows(found.source, found.seen.numbers[held_out], n_drawn, seed)
    beside = run.checkpoints.folder if run.checkpoints is not None and run.checkpoints.leads else None
    with scratch_folder(beside) as folder:
        own = np.delete(np.arange(len(found.matrix)), held_out)[:TRIED_ROWS]
        filler = found.seen.sample.take(own)
        yield write_shards(
            found.source, rows, found.encoder, filler, found.plan, folder, found.key, seed, model.verbose
        )


def _validation_fraction(model: Any) -> float:
    """Which share of the rows in memory is held out, a preset's filled in."""
    own = (
        model._filled_in(1)
        if "preset" in model.get_params(deep=False) and hasattr(model, "_filled_in")
        else None
    )
    return float((own or model.get_params(deep=False))["validation_fraction"])


def fitted_encoder(
    model: Any,
    schema: Schema,
    rows: pd.DataFrame,
    seed: int,
    margins: Mapping[str, ColumnMargin] | None = None,
) -> tuple[TableEncoder, np.ndarray]:
    """The encoder that a fit in memory would have, and the encoded rows."""
    wide: WideOptions | None = model._wide_options()
    found: TableEncoder = model._encoder_class(
        schema,
        wide=wide,
        numbers=model._number_encoding(),
        min_category_count=model.min_category_count,
        random_state=derived_seed(seed, "encoder"),
    )
    return found, found.fit_matrix(rows, margins)


def _kinds(schema: Schema | None) -> Schema | None:
    """What is declared of the columns by themselves: the first rows need not show every level, or any relation."""
    if schema is None:
        return None
    return Schema(tuple(replace(c, levels=None, public_levels=False) for c in schema))


def _key(source: TableSource, schema: Schema, matrix: np.ndarray, seed: int) -> str:
    """Tells the rows of files from those of others: their names, sizes and number, the schema and the rows in memory."""
    told = {"files": source.files, "bytes": source.n_bytes, "rows": source.n_rows, "seed": seed}
    digest = hashlib.sha256(
        json.dumps({**told, "schema": schema.to_dict()}, sort_keys=True, default=str).encode()
    )
    digest.update(np.ascontiguousarray(matrix).data)
    return digest.hexdigest()
