"""Genotypes read and written a few variants at a time, against bed-reader."""

import errno
import os

import numpy as np
import pandas as pd
import pytest

from synthgen.exceptions import DataError, FileError, TableFileError
from synthgen.table.annotated import Annotation
from synthgen.table.bed_blocks import open_bed_blocks, write_bed_blocks
from synthgen.table.plink import read_plink
from tests.common.genotypes import MISSING, dosages, people, variants, write_genotypes

bed_reader = pytest.importorskip("bed_reader")


@pytest.mark.parametrize("n_people", [4, 5, 6, 7, 101])
def test_bed_reader_reads_what_was_written_and_we_what_it_wrote(tmp_path, n_people):
    path, wanted = write_genotypes(tmp_path / "a.bed", 403, n_people)
    with bed_reader.open_bed(path) as file:
        assert np.array_equal(file.read(dtype="int8").T, wanted)
        assert file.sid.tolist() == [f"rs{i}" for i in range(403)]
        assert file.iid[0] == "syn1"
    bed_reader.to_bed(tmp_path / "b.bed", wanted.T, properties={"sid": [f"rs{i}" for i in range(403)]})
    assert (tmp_path / "b.bed").read_bytes() == path.read_bytes()
    assert (open_bed_blocks(tmp_path / "b.bed").dosages(0, 403) == wanted).all()


def test_blocks_are_the_whole_in_order(tmp_path):
    path, wanted = write_genotypes(tmp_path / "a.bed", 100, 30)
    file = open_bed_blocks(path)
    assert (file.n_variants, file.n_people) == (100, 30)
    parts = list(file.blocks(33))
    assert [(part.start, part.stop) for part, _ in parts] == [(0, 33), (33, 66), (66, 99), (99, 100)]
    assert (np.concatenate([d for _, d in parts]) == wanted).all()
    assert (file.dosages(17, 18) == wanted[17:18]).all()


def test_people_and_variants_are_those_of_the_whole_table(tmp_path):
    path, _ = write_genotypes(tmp_path / "a.bed", 60, 200)
    whole, file = read_plink(path), open_bed_blocks(path)
    pd.testing.assert_frame_equal(file.covariates, whole.covariates)
    pd.testing.assert_frame_equal(file.annotation.features, whole.annotation.features)


def test_a_file_in_the_order_of_people_is_refused_with_a_way_out(tmp_path):
    path, _ = write_genotypes(tmp_path / "a.bed", 8, 8)
    content = bytearray(path.read_bytes())
    content[2] = 0
    path.write_bytes(content)
    with pytest.raises(TableFileError, match=r"in the order of people.*--make-bed"):
        open_bed_blocks(path)


def test_a_file_cut_short_is_told_when_opened_and_while_read(tmp_path):
    path, _ = write_genotypes(tmp_path / "a.bed", 50, 40)
    file = open_bed_blocks(path)
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(TableFileError, match="cut short while it was read"):
        file.dosages(45, 50)
    with pytest.raises(TableFileError, match=r"or the \.bed is cut short"):
        open_bed_blocks(path)


def test_genotypes_behind_the_last_person_are_told(tmp_path):
    path, _ = write_genotypes(tmp_path / "a.bed", 50, 41)
    content = bytearray(path.read_bytes())
    content[-1] |= 0b11000000
    path.write_bytes(content)
    file = open_bed_blocks(path)
    assert file.dosages(0, 49).shape == (49, 41)
    with pytest.raises(TableFileError, match="behind the last of 41"):
        file.dosages(49, 50)


def test_a_lost_file_is_told(tmp_path):
    path, _ = write_genotypes(tmp_path / "a.bed", 5, 8, missing=0)
    file = open_bed_blocks(path)
    path.unlink()
    with pytest.raises(TableFileError, match="cannot be read: No such file"):
        file.dosages(0, 5)
    with pytest.raises(TableFileError, match="no such file"):
        open_bed_blocks(path)


@pytest.mark.parametrize("n_given", [3, 12])
def test_too_few_and_too_many_variants_leave_nothing_behind(tmp_path, n_given):
    found, population = dosages(12, 9)
    with (
        pytest.raises(DataError, match=r"variants"),
        write_bed_blocks(tmp_path / "a.bed", people(population), variants(10)) as file,
    ):
        file.append(found[:n_given])
    assert not list(tmp_path.iterdir())


def test_a_value_that_is_no_dosage_leaves_the_old_files(tmp_path):
    path, wanted = write_genotypes(tmp_path / "a.bed", 10, 9)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    _, population = dosages(10, 9)
    with (
        pytest.raises(DataError, match="Got 3"),
        write_bed_blocks(path, people(population), variants(10)) as file,
    ):
        file.append(np.where(wanted == MISSING, 3, wanted).astype(np.int8))
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_full_disk_is_one_line_and_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match="could not be written: No space left on device"):
        write_genotypes(tmp_path / "a.bed", 10, 9)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_is_refused_before_the_first_variant(tmp_path):
    _, population = dosages(8, 9)
    nobody = people(population)[:0]
    with (
        pytest.raises(DataError, match="at least one"),
        write_bed_blocks(tmp_path / "a.bed", nobody, variants(8)),
    ):
        pass
    bare = Annotation(variants(8).features[["chromosome"]], "plink")
    with (
        pytest.raises(TableFileError, match="says the cm"),
        write_bed_blocks(tmp_path / "a.bed", people(population), bare),
    ):
        pass
    write_genotypes(tmp_path / "a.bed", 8, 9)
    with (
        pytest.raises(FileError, match="exists already"),
        write_bed_blocks(tmp_path / "a.bed", people(population), variants(8), overwrite=False),
    ):
        pass
