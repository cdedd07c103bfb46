"""The text of VCF files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from synthgen.table.variants import MISSING, sample_ids
from synthgen.table.vcf_header import FIXED

METADATA = ("chromosome", "position", "id", "ref", "alt")
"""What a record begins with."""
_BATCH = 1 << 22
"""Calls written together."""
_CELLS: dict[int, npt.NDArray[Any]] = {
    1: np.frombuffer(b"\t0\t1\t.\t.", dtype=np.uint16),
    2: np.frombuffer(b"\t0/0\t0/1\t1/1\t./.", dtype=np.uint32),
}
"""For each ploidy the calls of dosages 0, 1 and 2, and a missing one."""


def header_text(contigs: dict[str, int | None], n_samples: int) -> bytes:
    """The header of a VCF 4.2 file.

    Parameters
    ----------
    contigs : dict of str to int or None
        The length of each, where it is known.
    n_samples : int
        They are called ``syn1``, ``syn2``, ...

    Returns
    -------
    bytes
        Whole lines.
    """
    lengths = {name: "" if length is None else f",length={length}" for name, length in contigs.items()}
    lines = [
        "##fileformat=VCFv4.2",
        "##source=synthgen, samples are synthetic",
        *(f"##contig=<ID={name}{length}>" for name, length in lengths.items()),
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        "\t".join((*FIXED, "FORMAT", *sample_ids(n_samples))),
    ]
    return ("\n".join(lines) + "\n").encode()


def record_texts(
    features: pd.DataFrame, dosages: npt.NDArray[np.int8], ploidy: npt.NDArray[np.integer]
) -> Iterator[bytes]:
    """The records of a VCF file, some at a time.

    Parameters
    ----------
    features : pandas.DataFrame, shape (V, n_columns)
        With the columns `METADATA`.
    dosages : numpy.ndarray of int8, shape (V, N)
        Copies of the alternative allele, or `synthgen.table.variants.MISSING`.
    ploidy : numpy.ndarray of int, shape (V,)
        1 or 2.

    Yields
    ------
    bytes
        Whole lines.
    """
    parts = [features[name].astype(str) for name in METADATA]
    starts = (parts[0].str.cat(parts[1:], sep="\t") + "\t.\t.\t.\tGT").tolist()
    size = max(1, _BATCH // dosages.shape[1])
    for first in range(0, len(starts), size):
        batch = slice(first, first + size)
        codes = np.where(dosages[batch] == MISSING, 3, dosages[batch])
        lines = [
            start.encode() + _CELLS[int(copies)][row].tobytes() + b"\n"
            for start, row, copies in zip(starts[batch], codes, ploidy[batch], strict=True)
        ]
        yield b"".join(lines)
