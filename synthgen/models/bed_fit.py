"""Fit to a PLINK ``.bed`` file: as a table where memory holds it with ease, else a few variants at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from synthgen.encoders.block import BlockEncoder
from synthgen.encoders.block_stream import DosageCounts, block_size, count_dosages, fit_dosages
from synthgen.encoders.low_rank import Design
from synthgen.encoders.top_directions import MAX_GRAM_ROWS
from synthgen.encoders.wide_columns import WideOptions, block_columns
from synthgen.estimator.features import remember_features
from synthgen.exceptions import DataError, ParameterError
from synthgen.models.file_fit_memory import allowed_memory
from synthgen.models.fit_run import MIN_ROWS, FitRun
from synthgen.relations.find import find_relations
from synthgen.rng import derived_seed, resolve_seed
from synthgen.schema import Column, Schema
from synthgen.table.bed_blocks import BedFile, open_bed_blocks
from synthgen.table.infer import infer_schema, number_columns
from synthgen.table.plink import read_plink
from synthgen.table.plink_people import with_public_levels

TABLE_BYTES = 40
"""Memory that a fit in memory takes for each person and variant: the table, its scores, what is left of them, and temporaries."""
BLOCK_BYTES = 60
"""The same of a block of variants that is streamed."""
VARIANT_BYTES = 2_000
"""Memory for each variant besides, streamed or not: its names, its column in the schema, its marginals and links; ..."""
FACTOR_BYTES = 12
"""... and for each of its factors."""
GRAM_COPIES = 4
"""Arrays of doubles as large as the Gram matrix that its eigenvalues take."""
BASE_BYTES = 600 * 2**20
"""Python, its libraries, and the networks."""


def fit_bed(model: Any, path: str | os.PathLike[str], run: FitRun, max_memory: str | int | None) -> None:
    """Fit a synthesizer to a PLINK file set.

    Parameters
    ----------
    model : AbstractSynthesizer
        Its parameters are checked.
    path : path-like
        The ``.bed`` file; the ``.bim`` and ``.fam`` files stand beside it.
    run : FitRun
        Where the state is written, and who trains.
    max_memory : str or int, optional
        Most memory that this process may hold. None: half of what is free.

    Raises
    ------
    ParameterError
        If the memory is too small for the file, or the model learns no common factors.
    DataError, SchemaError
        As for tables in memory.
    TableFileError
        If the files cannot be read, or the genotypes lie in the order of people and are too many for memory.

    Notes
    -----
    Both roads give the same model, to rounding errors of float32; to the last bit up to `MAX_GRAM_ROWS` people.
    """
    allowed = allowed_memory(max_memory)
    # free memory differs between processes that train together, and they must go the same way
    if not run.agreed({"streamed": table_bytes(path) > allowed})["streamed"]:
        model._fit(read_plink(path), None, run)
        return
    file = open_bed_blocks(path)
    if (needed := streamed_bytes(file.n_people, file.n_variants, model)) > allowed:
        raise ParameterError(
            f"The `max_memory` parameter of fit allows {_size(allowed)}, but {file.n_people:,} people and "
            f"{file.n_variants:,} variants take {_size(needed)}; allow more, set `reduce` to fewer common factors, or "
            "give fewer variants at a time."
        )
    stream_bed(model, file, run)


def table_bytes(path: str | os.PathLike[str]) -> int:
    """Memory that a fit of the whole file as a table takes, from its size alone."""
    path = Path(path)
    n_values = 4 * path.stat().st_size if path.is_file() else 0  # a missing file is told by its reader
    return BASE_BYTES + TABLE_BYTES * n_values


def streamed_bytes(n_people: int, n_variants: int, model: Any) -> int:
    """Memory that a streamed fit takes."""
    wide = model._wide_options()
    given = None if wide is None else wide.reduce
    n_factors = (
        given if isinstance(given, int) else 16
    )  # parallel analysis finds fewer than a dozen in populations
    together = BLOCK_BYTES * n_people * min(block_size(n_people), n_variants)
    gram = GRAM_COPIES * 8 * n_people**2 if n_people <= MAX_GRAM_ROWS else 0
    return BASE_BYTES + together + gram + n_variants * (VARIANT_BYTES + FACTOR_BYTES * n_factors)


def stream_bed(model: Any, file: BedFile, run: FitRun, size: int | None = None) -> None:
    """`fit_bed` a few variants at a time, however small the file is.

    Parameters
    ----------
    model : AbstractSynthesizer
        Its parameters are checked.
    file : BedFile
        At least `fit_run.MIN_ROWS` people.
    run : FitRun
        Where the state is written, and who trains.
    size : int, optional
        Variants that are worked on together. None: as `block_stream.block_size` says.

    Raises
    ------
    ParameterError, DataError, SchemaError
        See `fit_bed`.
    """
    if file.n_people < MIN_ROWS:
        raise DataError(
            f"{file.bed}: has {file.n_people} people; a model needs at least {MIN_ROWS} to learn from "
            f"(n_samples={file.n_people})."
        )
    wide = _options(model, file)
    seed = run.seed(resolve_seed(model.random_state))
    genotypes = _Watched(file, model.verbose)
    counts = count_dosages(genotypes)
    dtype = "float32" if (counts.n_present < counts.n_people).any() else "int8"
    columns = list(_columns(file, counts, dtype))
    beside = _schema_beside(model, file)
    if len(block_columns(Schema(tuple(columns)), file.n_people, replace(wide, covariates=()))) < len(columns):
        raise DataError(
            f"{file.bed}: {file.n_variants:,} variants of {file.n_people:,} people are no wide table, and too large for "
            "memory; allow more with `max_memory`, or write them as Parquet and fit to that."
        )

    def fit_block(design: Design, seed: int) -> tuple[BlockEncoder, np.ndarray]:
        names = [c.name for c in columns]
        return fit_dosages(names, dtype, genotypes, counts, wide, design, seed, size)

    encoder = model._encoder_class(
        beside,
        wide=wide,
        numbers=model._number_encoding(),
        min_category_count=model.min_category_count,
        random_state=derived_seed(seed, "encoder"),
    )
    matrix = encoder.fit_beside(file.covariates, columns, fit_block)
    schema = Schema((*beside.columns, *columns), beside.relations)
    model._learn(matrix, encoder, schema, seed, run)
    model.annotation_, model._gives_anndata = file.annotation, False
    model.n_rows_in_, model.target_name_ = file.n_people, None
    remember_features(model, pd.Index(model.schema_.names), are_given=True)


@dataclass(frozen=True)
class _Watched:
    """The genotypes of a file, with a bar of variants for each time that they are gone through."""

    file: BedFile
    verbose: int

    @property
    def n_variants(self) -> int:
        return self.file.n_variants

    @property
    def n_people(self) -> int:
        return self.file.n_people

    def blocks(self, size: int, purpose: str) -> Iterator[tuple[slice, np.ndarray]]:
        """See `block_stream.DosageBlocks`."""
        hidden = None if self.verbose else True
        with tqdm(
            total=self.n_variants, desc=purpose, unit="variant", unit_scale=True, disable=hidden
        ) as bar:
            for which, dosages in self.file.blocks(size):
                yield which, dosages
                bar.update(len(dosages))


def _options(model: Any, file: BedFile) -> WideOptions:
    """The options of the block, held to what can be streamed."""
    wide: WideOptions | None = model._wide_options()
    kind = type(model).__name__
    if wide is None or wide.reduce is None:
        way_out = "use SynthGAN" if wide is None else "leave `reduce` at its default"
        raise ParameterError(
            f"{kind} without common factors holds all genotypes, and {file.bed} is too large for that; {way_out}, or allow "
            "more with `max_memory`."
        )
    beside = set(file.covariates.columns)
    asked = {"covariates": wide.covariates, "conditional_on": wide.conditional_on}
    declared = () if model.schema is None else tuple(model.schema.names)
    for name, given in {**asked, "schema": declared}.items():
        if others := [n for n in given if n not in beside]:
            has = " and ".join(map(repr, file.covariates.columns)) or "none"
            raise ParameterError(
                f"The `{name}` parameter of {kind} names {others[0]!r}; of genotypes that are streamed, only covariates of "
                f"the people can be named ({has} in {file.bed})."
            )
    return wide


def _schema_beside(model: Any, file: BedFile) -> Schema:
    """Of the covariates, with the relations that were declared; in wide tables none are looked for."""
    found = infer_schema(file.covariates, model.schema) if file.covariates.shape[1] else Schema(())
    found = with_public_levels(found, file.annotation.features)
    schema = find_relations(file.covariates, found, model.constraints or (), look=False)
    return schema.relate(schema.relations or ()) if model.detect_relations else schema


def _columns(file: BedFile, counts: DosageCounts, dtype: str) -> Iterator[Column]:
    """The variants as columns of a table."""
    is_held = counts.counts > 0
    lowest, highest = is_held.argmax(axis=1), 2 - is_held[:, ::-1].argmax(axis=1)
    n_distinct = is_held.sum(axis=1)
    names = file.names.tolist()
    return number_columns(names, dtype, counts.n_people, counts.n_present, n_distinct, lowest, highest)


def _size(n_bytes: float) -> str:
    return f"{n_bytes / 2**30:,.1f} GiB"
