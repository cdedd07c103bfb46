"""The records of a VCF file, by the library cyvcf2."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from synthgen.exceptions import TableFileError
from synthgen.table.vcf_genotypes import NO_ALLELE
from synthgen.table.vcf_header import Header

_BATCH = 1 << 22
"""Calls looked at together: 24 MiB."""
_HTSLIB_SILENT, _HTSLIB_DEFAULT = 0, 3
"""Levels of htslib's own messages."""


class Site(NamedTuple):
    """Where a record is, and its alleles."""

    chromosome: str
    position: int
    id: str
    ref: str
    alternatives: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.chromosome}:{self.position}"


def read_records(
    cyvcf2: Any, path: Path, header: Header
) -> Iterator[tuple[list[Site], npt.NDArray[np.int16]]]:
    """Sites and their calls, some at a time.

    Parameters
    ----------
    cyvcf2 : module
        The library.
    path : pathlib.Path
        A VCF file.
    header : Header
        Of the file, with N samples.

    Yields
    ------
    sites : list of Site, length S
        In file order.
    calls : numpy.ndarray of int16, shape (S, N, 3)
        As `synthgen.table.vcf_genotypes.dosages_of_calls` takes them; valid until the next are asked for.

    Raises
    ------
    TableFileError
        If a record cannot be read, or has no GT, or calls of more than two alleles.
    """
    samples = header.samples
    size = max(1, _BATCH // len(samples))
    calls = np.empty((size, len(samples), 3), dtype=np.int16)
    sites: list[Site] = []
    with _quiet(cyvcf2), _Reading(path) as reading:
        for record in _opened(cyvcf2, path, header.undeclared):
            site = _site(record)
            reading.last = str(site)
            if "GT" not in record.FORMAT:
                raise TableFileError(
                    f"{path}: the record at {site} has no genotypes (GT); they are what is learnt."
                )
            found = record.genotype.array()
            _check_pairs(found, site, samples, path)
            calls[len(sites), :, 1] = NO_ALLELE
            calls[len(sites), :, : found.shape[1] - 1] = found[:, :-1]
            calls[len(sites), :, 2] = found[:, -1]
            sites.append(site)
            if len(sites) == size:
                yield sites, calls
                sites = []
        if sites:
            yield sites, calls[: len(sites)]


def _opened(cyvcf2: Any, path: Path, undeclared: list[str]) -> Any:
    """The records; contigs are declared, because htslib dies of damaged calls on one that it met in a record first."""
    file = cyvcf2.VCF(str(path))
    for name in undeclared:
        file.add_to_header(f"##contig=<ID={name}>")
    return file


def _check_pairs(found: npt.NDArray[np.int16], site: Site, samples: list[str], path: Path) -> None:
    """Refuse calls of more than two alleles; the last column holds the phase."""
    n_alleles = found.shape[1] - 1
    if n_alleles > 2:
        sample = samples[(found[:, 2] != NO_ALLELE).argmax()]
        raise TableFileError(
            f"{path}: at {site} sample {sample!r} has {n_alleles} alleles; only haploid and diploid calls can be read."
        )


def _site(record: Any) -> Site:
    return Site(record.CHROM, record.POS, record.ID or ".", record.REF, tuple(record.ALT))


class _Reading:
    """Says what htslib could not read, and where.

    cyvcf2 raises bare ``Exception`` for it, and nothing else does.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.last = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind in (Exception, OSError, UnicodeDecodeError):
            place = f"the record after {self.last}" if self.last else "the header or the first record"
            raise TableFileError(
                f"{self._path}: {place} cannot be read: it is damaged or breaks the rules of VCF. `bcftools view` "
                "says more."
            ) from error


@contextlib.contextmanager
def _quiet(cyvcf2: Any) -> Iterator[None]:
    """Keep htslib from printing."""
    cyvcf2.cyvcf2.set_htslib_log_level(_HTSLIB_SILENT)
    try:
        yield
    finally:
        cyvcf2.cyvcf2.set_htslib_log_level(_HTSLIB_DEFAULT)
