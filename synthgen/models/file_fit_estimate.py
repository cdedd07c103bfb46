"""What a fit from files will take: rows from the footers, memory from how it is dealt out, time from some rows read and encoded."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from synthgen.models.estimate import Estimate, estimate_fit
from synthgen.models.estimate_memory import FLOAT, MatrixShape
from synthgen.models.estimate_time import Rehearsal
from synthgen.models.file_fit import fitted_encoder, opened, planned
from synthgen.models.file_fit_memory import MAX_SAMPLE, MemoryPlan
from synthgen.models.machine import free_memory, resident_memory
from synthgen.relations.find import find_relations
from synthgen.rng import resolve_seed
from synthgen.sketches.table_sketch import TableSketch
from synthgen.table.infer import infer_schema
from synthgen.table.sources import TableSource

TIMED_ROWS = 50_000
"""First rows of the files that are read, sketched and encoded."""
_SKETCH_BYTES = 4 * 2**20
"""Of a column whose values are counted, about."""


def estimate_files(model: Any, X: Any, max_memory: str | int | None, *, most: int = MAX_SAMPLE) -> Estimate:
    """What a fit from files will take.

    Parameters
    ----------
    model : AbstractSynthesizer
        Its parameters are valid.
    X, max_memory, most
        As for `file_fit.fit_files`.

    Returns
    -------
    Estimate
        Of the fit in memory, where all rows fit. Else memory is what is dealt out to the parts of the fit, and the times of both
        passes are those of the first rows, as many times as there are rows.

    Raises
    ------
    ParameterError, FileError, DataError, SchemaError
        As `file_fit.fit_files`.
    """
    source = opened(model, X)
    seed = resolve_seed(model.random_state)
    held = resident_memory()
    plan = planned(model, source, max_memory, seed, most)
    if plan.n_sample < source.n_rows:
        return _streamed(model, source, plan, held, seed)
    table = source.take(np.arange(source.n_rows))
    held = resident_memory()
    began = time.process_time()
    schema = infer_schema(table, model.schema)
    schema = find_relations(table, schema, model.constraints or (), look=model.detect_relations)
    before = {"schema and relations": time.process_time() - began}
    return estimate_fit(model, table, schema, model._wide_options(), before, held, seed)


def _streamed(model: Any, source: TableSource, plan: MemoryPlan, held: int, seed: int) -> Estimate:
    """Of a table whose rows do not fit."""
    free = free_memory()
    began = time.process_time()
    trial = source.take(np.arange(min(TIMED_ROWS, source.n_rows)))
    reading = time.process_time() - began
    TableSketch.of(trial)
    sketching = time.process_time() - began - reading
    schema = find_relations(trial, infer_schema(trial), model.constraints or (), look=model.detect_relations)
    related = time.process_time() - began - reading - sketching
    encoder, matrix = fitted_encoder(model, schema, trial, seed)
    fitting = time.process_time() - began - reading - sketching - related
    began = time.process_time()
    encoder.matrix(trial)
    encoding = time.process_time() - began
    timed = model._training_seconds(Rehearsal(matrix, encoder, source.n_rows, seed))
    loaded = max(resident_memory() - held - matrix.nbytes - int(trial.memory_usage(deep=True).sum()), 0)

    is_trained = bool(encoder.layout_.width) and not encoder.is_reduced
    n_encoded = min(model._rows_drawn(source.n_rows), source.n_rows) if is_trained else 0
    passes, again = source.n_rows / len(trial), plan.n_sample / len(trial)
    seconds = {
        "first pass": passes * (reading + sketching),
        "schema, relations and encoders": again * (related + fitting),
        "second pass": n_encoded / len(trial) * encoding + (passes * reading if n_encoded else 0.0),
        **timed.parts,
    }
    n_features = len(encoder.encoders_) + (0 if encoder.block_ is None else len(encoder.block_.names))
    shape = MatrixShape(plan.n_sample, encoder.layout_, n_features)
    row = float(trial.memory_usage(index=False, deep=True).sum()) / len(trial)
    sample = int(plan.n_sample * row)
    block = int(plan.rows_together * (5 * row + 2 * FLOAT * encoder.layout_.width))
    shard = 2 * FLOAT * plan.rows_per_shard * encoder.layout_.width if n_encoded else 0
    parts = {
        "first pass": sample + block + _SKETCH_BYTES * len(source.names),
        "second pass": sample + shape.matrix + block,
        "schema and relations": 3 * sample,
    }
    for name, n_bytes in model._training_bytes(shape, encoder.is_reduced).items():
        parts[name] = sample + shard + n_bytes
    return Estimate(
        peak_bytes=held + loaded + max(parts.values()),
        held_bytes=held,
        free_bytes=free,
        seconds=sum(seconds.values()),
        seconds_at_most=sum(seconds.values()) + timed.more,
        n_rows=source.n_rows,
        n_features=encoder.layout_.width,
        n_steps=model._training_steps(source.n_rows, encoder.is_reduced),
        bytes_by_part=dict(sorted(parts.items(), key=lambda item: -item[1])),
        seconds_by_part=dict(sorted(seconds.items(), key=lambda item: -item[1])),
    )
