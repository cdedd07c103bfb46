"""VCF files, plain or compressed, to annotated tables and back."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from synthgen.exceptions import DataError, TableFileError
from synthgen.files import atomic_write
from synthgen.table.annotated import AnnotatedTable, Annotation
from synthgen.table.bgzf import BlockedGzip
from synthgen.table.extras import import_extra
from synthgen.table.formats import is_gzipped_name
from synthgen.table.variants import check_covariates, dosage_frame, dosage_matrix, need_columns, variant_names
from synthgen.table.vcf_genotypes import Dosages, dosages_of_calls
from synthgen.table.vcf_header import Header, read_header
from synthgen.table.vcf_lines import METADATA, header_text, record_texts
from synthgen.table.vcf_records import Site, read_records


def read_vcf(path: str | os.PathLike[str]) -> AnnotatedTable:
    """Genotypes from a VCF file.

    Parameters
    ----------
    path : path-like
        ``.vcf``, or ``.vcf.gz`` by gzip or bgzip.

    Returns
    -------
    AnnotatedTable
        Rows are samples. Features are dosages: how many copies of the alternative allele a sample has, 0, 1 or 2
        (0 or 1 at sites where all calls are haploid); int8, or float32 with NaN if any is missing in the file.
        There are no covariates. The features' metadata are chromosome, position, id, ref, alt and ploidy.

    Raises
    ------
    TableFileError
        If the file is missing, empty, cut short, damaged or no VCF; if it has no samples, repeats one, or has no
        variants; if a record has another number of columns than the header, no GT, more than two alleles a sample, or haploid and diploid calls.
    FileError
        If the library cyvcf2 is not installed.

    Notes
    -----
    A site with several alternative alleles becomes one column for each of them, with the dosage of that allele, as
    ``bcftools norm -m-`` has it; `write_vcf` writes them as sites of their own. The annotation's details count such
    sites (``split_sites``). A site without an alternative allele becomes a column of zeros.

    A call with one allele missing (``./1``) is missing. Phase is not kept: ``phased`` in the details says whether
    every call was complete and phased. QUAL, FILTER, INFO and other formats than GT are dropped, and so are the
    names of the samples: synthetic rows are new people.

    A variant is named by its id; where that is ``.`` or repeated, by ``chromosome:position:ref:alt``, and where that
    repeats too by a number behind it.
    """
    path = Path(path)
    cyvcf2 = import_extra("cyvcf2", "VCF files")
    header = read_header(path)
    sites: list[Site] = []
    parts: list[Dosages] = []
    for batch, calls in read_records(cyvcf2, path, header):
        n_alternatives = np.array([len(site.alternatives) for site in batch])
        try:
            part = dosages_of_calls(calls, n_alternatives, list(map(str, batch)), header.samples)
        except DataError as error:
            raise TableFileError(f"{path}: {error}") from error
        parts.append(part._replace(site=part.site + len(sites)))
        sites += batch
    features = _features(sites, parts)
    details = {
        "phased": all(part.phased for part in parts),
        "split_sites": sum(len(site.alternatives) > 1 for site in sites),
        "contigs": _contigs(sites, header),
    }
    frame = dosage_frame(np.concatenate([part.values for part in parts]), features.index)
    return AnnotatedTable(frame, Annotation(features, "vcf", details))


def write_vcf(table: AnnotatedTable, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
    """Write genotypes as VCF 4.2, for samples called ``syn1``, ``syn2``, ...

    Parameters
    ----------
    table : AnnotatedTable
        As from `read_vcf`: dosages of the alternative allele, no covariates.
    path : path-like
        ``.vcf``, or ``.vcf.gz`` for blocked gzip, as bgzip makes it.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    DataError
        If the table has no rows, or a value is no dosage.
    TableFileError
        If the table has covariates, or its features lack alleles or places.
    FileError
        If the file cannot be written.

    Notes
    -----
    Calls are unphased: 0/0, 0/1, 1/1 or ./. (0, 1 or . at haploid sites). A dosage says nothing of phase.
    """
    check_covariates(table, (), str(path), "VCF")
    features = need_columns(table.annotation.features, METADATA, str(path), "VCF")
    ploidy = table.annotation.features.get("ploidy", pd.Series(2, index=features.index)).to_numpy()
    most = np.where(features["alt"] == ".", 0, ploidy)
    dosages = dosage_matrix(table, most)
    contigs = table.annotation.details.get("contigs") or dict.fromkeys(features["chromosome"].unique())
    with atomic_write(path, overwrite=overwrite) as temporary, temporary.open("wb") as file:
        packed = BlockedGzip(file) if is_gzipped_name(path) else None
        sink = packed or file
        sink.write(header_text(contigs, dosages.shape[1]))
        for text in record_texts(features, dosages, ploidy):
            sink.write(text)
        if packed:
            packed.finish()


def _features(sites: list[Site], parts: list[Dosages]) -> pd.DataFrame:
    """The metadata of the columns; its index holds their names."""
    site = np.concatenate([part.site for part in parts])
    allele = np.concatenate([part.allele for part in parts])
    alternatives = [
        sites[s].alternatives[a - 1] if sites[s].alternatives else "."
        for s, a in zip(site, allele, strict=True)
    ]
    found = (
        pd.DataFrame([s[:4] for s in sites], columns=list(Site._fields[:4])).iloc[site].reset_index(drop=True)
    )
    found["alt"] = alternatives
    found["ploidy"] = np.concatenate([part.ploidy for part in parts])
    names = variant_names(found["id"], found[["chromosome", "position", "ref", "alt"]])
    return found.set_axis(names, axis=0)


def _contigs(sites: list[Site], header: Header) -> dict[str, int | None]:
    """The contigs that sites are on, those of the header first."""
    used = dict.fromkeys(site.chromosome for site in sites)
    known = {name: length for name, length in header.contigs.items() if name in used}
    return known | dict.fromkeys(name for name in used if name not in known)
