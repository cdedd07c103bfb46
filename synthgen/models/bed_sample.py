"""Samples of a model of genotypes straight to a PLINK ``.bed`` file, a few variants at a time."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from tqdm import tqdm

from synthgen.encoders.block import BlockEncoder
from synthgen.encoders.block_stream import decode_dosages
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.exceptions import ParameterError, TableFileError
from synthgen.models.content import drawing
from synthgen.rng import resolve_seed, row_blocks
from synthgen.table.bed_blocks import write_bed_blocks
from synthgen.table.plink_people import COVARIATES
from synthgen.training.threads import in_parallel
from synthgen.validation import Constraint, Interval, Nothing, validate_parameters

_RULES: dict[str, list[Constraint]] = {
    "n": [Interval("int", 1, float("inf"))],
    "seed": [Interval("int", 0, 2**63), Nothing()],
}


def sample_to_bed(
    model: Any,
    out: str | os.PathLike[str],
    n: int,
    *,
    seed: int | None = None,
    overwrite: bool = True,
    verbose: int = 1,
) -> None:
    """Write a sample of a model of genotypes as a PLINK file set.

    Parameters
    ----------
    model : AbstractSynthesizer
        Fitted to a ``.bed`` file as a wide table: its variants are learnt together.
    out : path-like
        The ``.bed`` file; the ``.bim`` and ``.fam`` files are written beside it.
    n : int
        People wanted, at least 1.
    seed : int, optional
        Repeats the people: they are those of ``model.sample(n, random_state=seed)``. None: fresh ones.
    overwrite : bool
        Whether existing files may be replaced.
    verbose : int
        0: no bar of variants. None is shown anyway where nothing is written to a terminal.

    Raises
    ------
    NotFittedError
        Before `fit`.
    ParameterError
        If `n` or `seed` is out of range, or the model has rules that rows are dropped for.
    TableFileError
        If the model is none of genotypes from a PLINK file, or has columns that a ``.fam`` file has no place for.
    FileError
        If a file cannot be written.

    Notes
    -----
    The people's scores are drawn first, then variants are decoded a chunk at a time for all people and written. Memory
    is that of the model and some 4,000 variants, whatever their number.
    """
    model._check_fitted()
    validate_parameters("sample_to_bed", _RULES, {"n": n, "seed": seed})
    encoder: TableEncoder = model.encoder_
    block, names = _block_and_covariates(model, encoder, os.fspath(out))
    seed = resolve_seed(seed)
    with drawing(model.file_):
        matrix = _matrix(model, n, seed)
        people = encoder.inverse_transform(matrix, seed=seed, columns=names)
        scores, one_hot = encoder.block_input(matrix)
        hidden = None if verbose else True
        with (
            write_bed_blocks(out, people, model.annotation_, overwrite=overwrite) as writer,
            tqdm(
                total=len(block.names), desc="sample", unit="variant", unit_scale=True, disable=hidden
            ) as bar,
        ):
            for dosages in decode_dosages(block, scores, one_hot, seed):
                writer.append(dosages)
                bar.update(len(dosages))


def is_of_bed(model: Any) -> bool:
    """Whether a fitted model's samples can go straight to a ``.bed`` file."""
    block, annotation = model.encoder_.block_, model.annotation_
    is_block = block is not None and annotation is not None and annotation.container == "plink"
    return bool(
        is_block
        and block.is_level.all()
        and not model.encoder_.row_checks
        and len(block.names) == len(annotation)
        and block.names == annotation.features.index.tolist()
    )


def _block_and_covariates(model: Any, encoder: TableEncoder, out: str) -> tuple[BlockEncoder, list[str]]:
    """The block of variants, and the columns beside it; refuse models whose samples are no genotypes."""
    if encoder.row_checks:
        raise ParameterError(
            "This model drops rows that break a rule, which needs them whole; use `sample`, and write its table."
        )
    block = encoder.block_
    if block is None or not is_of_bed(model):
        raise TableFileError(
            f"{out}: only a model of a PLINK file whose variants are learnt together writes .bed files without a table in "
            "between; use `sample`, and write its table."
        )
    inside = set(block.names)
    names = [c.name for c in encoder.schema_ if c.name not in inside]
    if others := [name for name in names if name not in COVARIATES]:
        raise TableFileError(
            f"{out}: a .fam file has no place for column {others[0]!r}; use `sample`, and write Parquet."
        )
    return block, names


def _matrix(model: Any, n: int, seed: int) -> np.ndarray:
    """Rows 0 to n - 1 of the endless sample, before they are decoded."""
    wanted = row_blocks(0, n)
    blocks = in_parallel(
        lambda number: model.model_.generate_block(seed, number, None), [number for number, _, _ in wanted]
    )
    return np.concatenate([b[:stop] for b, (_, _, stop) in zip(blocks, wanted, strict=True)])
