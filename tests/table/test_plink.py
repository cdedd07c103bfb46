"""PLINK 1 files become tables of dosages, and tables of dosages files that bed-reader reads."""

import sys
from pathlib import Path

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from bed_reader import open_bed, to_bed
from hypothesis import given, settings

from synthgen.exceptions import DataError, FileError, TableFileError
from synthgen.table.annotated import AnnotatedTable, Annotation
from synthgen.table.plink import read_plink, write_plink

# https://www.cog-genomics.org/plink/1.9/formats#bed: the example
EXAMPLE = {
    "bed": bytes.fromhex("6c1b01dc0fe70f6b01"),
    "bim": b"1 snp1 0 1 G A\n1 snp2 0 2 1 2\n1 snp3 0 3 A C\n",
    "fam": b"1 1 0 0 1 0\n1 2 0 0 1 0\n1 3 1 2 1 2\n2 1 0 0 1 0\n2 2 0 0 1 2\n2 3 1 2 1 2\n",
}
NAN = np.nan
EXAMPLE_DOSAGES = [[2, 0, 0], [0, NAN, 1], [NAN, 1, 1], [0, 0, NAN], [0, 0, NAN], [0, 0, 2]]
DOSAGES = np.array([[0, 1, 2, 0], [2, 2, 1, 0], [1, 0, 0, 1]], dtype=np.int8)


def put(folder, **parts):
    """The example's files with some parts replaced, or left out (None)."""
    for suffix, content in {**EXAMPLE, **parts}.items():
        if content is not None:
            (folder / f"x.{suffix}").write_bytes(content)
    return folder / "x.bed"


def table(dosages=DOSAGES, covariates=None, details=None, **metadata):
    dosages = np.asarray(dosages)
    names = [f"rs{i}" for i in range(dosages.shape[1])]
    columns = {
        "chromosome": "7",
        "cm": 0.0,
        "position": range(1, len(names) + 1),
        "allele_1": "A",
        "allele_2": "C",
    }
    features = pd.DataFrame({**columns, **metadata}, index=names)
    frame = pd.DataFrame(dosages, columns=names)
    frame = pd.concat([pd.DataFrame(covariates or {}, index=frame.index), frame], axis=1)
    return AnnotatedTable(frame, Annotation(features, "plink", details or {}))


def refusal(path):
    with pytest.raises(TableFileError) as caught:
        read_plink(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def people(path):
    return [line.split("\t") for line in path.with_suffix(".fam").read_text().splitlines()]


def test_the_example_of_the_format(tmp_path):
    found = read_plink(put(tmp_path))
    np.testing.assert_array_equal(found.frame, EXAMPLE_DOSAGES)
    assert set(found.frame.dtypes) == {np.dtype(np.float32)}
    assert found.annotation.container == "plink"
    assert found.annotation.features.to_dict("list") == {
        "chromosome": ["1", "1", "1"],
        "cm": [0.0, 0.0, 0.0],
        "position": [1, 2, 3],
        "allele_1": ["G", "1", "A"],
        "allele_2": ["A", "2", "C"],
    }
    assert list(found.features.columns) == ["snp1", "snp2", "snp3"]


def test_the_example_is_written_as_it_was_read(tmp_path):
    found = read_plink(put(tmp_path))
    write_plink(found, tmp_path / "y.bed")
    assert (tmp_path / "y.bed").read_bytes() == EXAMPLE["bed"]


def test_without_missing_calls_dosages_are_small_integers(tmp_path):
    write_plink(table(), tmp_path / "x.bed")
    assert set(read_plink(tmp_path / "x").frame.dtypes) == {np.dtype(np.int8)}


def test_files_in_the_order_of_people_are_read_too(tmp_path):
    dosages = np.array(EXAMPLE_DOSAGES, dtype=np.float32)
    by_person = put(tmp_path)
    scratch = {"fam_filepath": tmp_path / "no.fam", "bim_filepath": tmp_path / "no.bim"}
    to_bed(by_person, dosages, major="individual", **scratch)
    assert by_person.read_bytes()[2] == 0
    np.testing.assert_array_equal(read_plink(by_person).frame, dosages)


@given(dosages=st.data())
@settings(max_examples=25, deadline=None)
def test_any_dosages_come_back(dosages, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plink")
    values = dosages.draw(
        hnp.arrays(
            np.float32,
            hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
            elements=st.sampled_from([0, 1, 2, NAN]),
        )
    )
    write_plink(table(values), folder / "x.bed")
    np.testing.assert_array_equal(read_plink(folder / "x.bed").frame, values)


def test_bed_reader_reads_what_is_written(tmp_path):
    dosages = np.array(EXAMPLE_DOSAGES, dtype=np.float32)
    sex = pd.Categorical(["male", "female", None, "male", "male", "male"])
    covariates = {"sex": sex, "phenotype": [0.25, -1.5, NAN, 1e-7, 3, 4]}
    write_plink(table(dosages, covariates, cm=[0.5, 1.5, 2.5]), tmp_path / "x.bed")
    with open_bed(tmp_path / "x.bed") as bed:
        np.testing.assert_array_equal(bed.read(), dosages)
        assert list(bed.sid) == ["rs0", "rs1", "rs2"]
        assert list(bed.chromosome) == ["7", "7", "7"]
        assert list(bed.cm_position) == [0.5, 1.5, 2.5]
        assert list(bed.bp_position) == [1, 2, 3]
        assert (list(bed.allele_1), list(bed.allele_2)) == (["A"] * 3, ["C"] * 3)
        assert list(bed.sex) == [1, 2, 0, 1, 1, 1]
        assert list(bed.pheno) == ["0.25", "-1.5", "-9", "1e-07", "3.0", "4.0"]


def test_people_who_are_written_are_new(tmp_path):
    found = read_plink(put(tmp_path))
    write_plink(found, tmp_path / "y.bed")
    assert [line[:4] for line in people(tmp_path / "y.bed")] == [
        [f"syn{i}", f"syn{i}", "0", "0"] for i in range(1, 7)
    ]


def test_centimorgans_keep_their_digits(tmp_path):
    cm = [0.1234567890123, 1 / 3, 100.00000001, 0.0]
    write_plink(table(cm=cm), tmp_path / "x.bed")
    assert read_plink(tmp_path / "x.bed").annotation.features["cm"].tolist() == cm


def test_a_sex_that_all_have_is_no_covariate_and_comes_back(tmp_path):
    found = read_plink(put(tmp_path))
    assert "sex" not in found.frame
    write_plink(found, tmp_path / "y.bed")
    assert {line[4] for line in people(tmp_path / "y.bed")} == {"1"}


def test_sexes_are_words(tmp_path):
    fam = "".join(f"f p{i} 0 0 {code} -9\n" for i, code in enumerate("120210"))
    path = put(tmp_path, fam=fam.encode())
    sex = read_plink(path).frame["sex"]
    assert sex.astype(object).where(sex.notna(), None).tolist() == [
        "male",
        "female",
        None,
        "female",
        "male",
        None,
    ]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ("1 2 0 -9 2 1", ["control", "case", None, None, "case", "control"]),
        ("1.5 0 -9 2 NA 1", [1.5, 0.0, None, 2.0, None, 1.0]),
        ("red blue -9 red NA red", ["red", "blue", None, "red", None, "red"]),
        ("-9 -9 -9 -9 -9 -9", None),
        ("0 0 0 0 0 0", None),
        ("2 2 2 2 2 2", None),
        ("2 2 2 0 2 2", None),
        ("1.5 1.5 1.5 1.5 1.5 1.5", None),
    ],
)
def test_phenotypes(texts, expected, tmp_path):
    fam = "".join(f"f p{i} 0 0 0 {text}\n" for i, text in enumerate(texts.split()))
    found = read_plink(put(tmp_path, fam=fam.encode()))
    if expected is None:
        assert "phenotype" not in found.frame
    else:
        values = found.frame["phenotype"]
        assert values.astype(object).where(values.notna(), None).tolist() == expected
    write_plink(found, tmp_path / "y.bed")
    again = read_plink(tmp_path / "y.bed")
    pd.testing.assert_frame_equal(again.covariates, found.covariates)
    assert again.annotation.details == found.annotation.details


def test_ids_that_name_no_single_variant_give_way_to_places(tmp_path):
    bim = b"1 . 0 5 A C\n1 . 0 5 A C\n1 sex 0 6 A C\n1 rs1 0 7 A C\n1 rs1 0 8 A C\n2 rs2 0 5 A C\n"
    bed = EXAMPLE["bed"] + EXAMPLE["bed"][3:]
    assert list(read_plink(put(tmp_path, bim=bim, bed=bed)).features) == [
        "1:5:A:C", "1:5:A:C:2", "1:6:A:C", "1:7:A:C", "1:8:A:C", "rs2"
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["x", "x.bed", "x.bim", "x.fam"])
def test_any_name_of_the_three_will_do(name, tmp_path):
    put(tmp_path)
    assert read_plink(tmp_path / name).frame.shape == (6, 3)
    write_plink(table(), tmp_path / name.replace("x", "y"))
    assert sorted(p.name for p in tmp_path.glob("y*")) == ["y.bed", "y.bim", "y.fam"]


@pytest.mark.parametrize("name", ["chr1.v2", "X.BED"])
def test_names_with_dots_or_capitals(name, tmp_path):
    write_plink(table(), tmp_path / name)
    suffixes = ("BED", "BIM", "FAM") if name.isupper() else ("bed", "bim", "fam")
    stem = name.removesuffix(".BED")
    assert {p.name for p in tmp_path.iterdir()} == {f"{stem}.{suffix}" for suffix in suffixes}
    np.testing.assert_array_equal(read_plink(tmp_path / name).frame, DOSAGES)


def test_an_annotation_from_a_model_file_writes_the_same(tmp_path):
    found = read_plink(put(tmp_path))
    kept = Annotation.from_state(found.annotation.to_state())
    write_plink(AnnotatedTable(found.frame, kept), tmp_path / "y.bed")
    again = read_plink(tmp_path / "y.bed")
    pd.testing.assert_frame_equal(again.annotation.features, found.annotation.features)
    assert again.annotation.details == found.annotation.details


@pytest.mark.parametrize("suffix", ["bed", "bim", "fam"])
def test_a_file_that_is_missing_is_named(suffix, tmp_path):
    message = refusal(put(tmp_path, **{suffix: None}))
    assert message.startswith(f"{tmp_path / 'x'}.{suffix}: no such file.")


@pytest.mark.parametrize(
    ("parts", "named", "words"),
    [
        ({"bed": b"chr1\t100\t200\n"}, "bed", "Files of intervals are called .bed too"),
        ({"bed": b""}, "bed", "it begins with nothing"),
        ({"bed": b"\x6c\x1b\x02" + EXAMPLE["bed"][3:]}, "bed", "it begins with 6c 1b 02, not 6c 1b 01"),
        ({"bed": EXAMPLE["bed"][:-1]}, "bed", "6 people (.fam) and 3 variants (.bim) make 9."),
        ({"bed": EXAMPLE["bed"][:-1]}, "bed", "or the .bed is cut short"),
        ({"bed": EXAMPLE["bed"][:-2]}, "bed", "with 6 people it would hold 2 variants"),
        ({"fam": EXAMPLE["fam"] * 2}, "bed", "with 3 variants it would hold 5 to 8 people"),
        ({"fam": EXAMPLE["fam"][:24]}, "bed", "has 9 bytes, but 2 people (.fam)"),
        ({"fam": EXAMPLE["fam"][:60]}, "bed", "behind the last of 5 in a row"),
        ({"bim": EXAMPLE["bim"][:-15]}, "bed", "with 6 people it would hold 3 variants"),
        ({"bim": b""}, "bim", "is empty; it needs a line for each variant"),
        ({"fam": b"\n"}, "fam", "is empty; it needs a line for each person"),
        ({"fam": b"1 1 0 0 1\n"}, "fam", "Line 1 has 5."),
        ({"fam": b"1 1 0 0 1 0\n1 2 0 0 1\n"}, "fam", "Line 2 has 5."),
        ({"fam": b"1 1 0 0 1 0\n1 2 0 0 1 0 7\n"}, "fam", "is no PLINK .fam file"),
        ({"fam": b"1 1 0 0 1 \xff\n"}, "fam", "is no PLINK .fam file"),
        ({"bim": b"1 rs 0 five A C\n"}, "bim", "the position must be a whole number. Line 1 has 'five'."),
        ({"bim": b"1 rs 0 5 A C\n1 rs 0 6.5 A C\n"}, "bim", "Line 2 has '6.5'."),
        ({"bim": b"1 rs x 5 A C\n"}, "bim", "the cm must be a number. Line 1 has 'x'."),
    ],
)  # fmt: skip
def test_bad_files(parts, named, words, tmp_path):
    message = refusal(put(tmp_path, **parts))
    assert message.startswith(f"{tmp_path / 'x'}.{named}: ")
    assert words in message


def test_a_folder(tmp_path):
    (tmp_path / "x.bed").mkdir()
    assert "is a folder" in refusal(tmp_path / "x.bed")


@pytest.mark.parametrize("value", [3, -1, 1.5, np.inf, 300.0])
def test_values_that_are_no_dosages(value, tmp_path):
    dosages = DOSAGES.astype(np.float64)
    dosages[1, 2] = value
    with pytest.raises(
        DataError, match=r"Column 'rs2' holds .* in row 1; a dosage here is a whole number from 0 to 2"
    ):
        write_plink(table(dosages), tmp_path / "x.bed")
    assert not list(tmp_path.iterdir())


def test_text_is_no_dosage(tmp_path):
    bad = table()
    frame = bad.frame.assign(rs1=["a", "b", "c"])
    with pytest.raises(DataError, match="Column 'rs1' holds dtype"):
        write_plink(AnnotatedTable(frame, bad.annotation), tmp_path / "x.bed")


def test_nullable_integers_are_dosages(tmp_path):
    good = table()
    frame = good.frame.assign(rs1=pd.array([1, None, 2], dtype="Int8"))
    write_plink(AnnotatedTable(frame, good.annotation), tmp_path / "x.bed")
    np.testing.assert_array_equal(read_plink(tmp_path / "x.bed").frame["rs1"], [1, NAN, 2])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"covariates": {"age": [1, 2, 3]}}, "no place for column 'age'"),
        ({"covariates": {"sex": ["male", "diverse", "male"]}}, "column 'sex' holds 'diverse'"),
        ({"covariates": {"phenotype": ["two words", "a", "b"]}}, "column 'phenotype' holds 'two words'"),
        ({"allele_1": ["A", "A C", "A", "A"]}, "the allele_1 of variant 'rs1' is 'A C'"),
        ({"chromosome": ["1", "", "1", "1"]}, "the chromosome of variant 'rs1' is ''"),
        ({"cm": [0.0, 0.0, NAN, 0.0]}, "the cm of variant 'rs2' is 'nan'"),
    ],
)
def test_what_the_files_cannot_hold(changes, words, tmp_path):
    with pytest.raises(TableFileError, match=words):
        write_plink(table(**changes), tmp_path / "x.bed")
    assert not list(tmp_path.iterdir())


def test_features_without_alleles(tmp_path):
    features = pd.DataFrame(index=["gene"])
    genes = AnnotatedTable(pd.DataFrame({"gene": [1, 2]}), Annotation(features, "gct", {}))
    with pytest.raises(
        TableFileError, match="says the chromosome of every variant, and this table does not know it"
    ):
        write_plink(genes, tmp_path / "x.bed")


def test_no_people(tmp_path):
    with pytest.raises(DataError, match="no rows"):
        write_plink(table(DOSAGES[:0]), tmp_path / "x.bed")


@pytest.mark.parametrize("suffix", ["bed", "bim", "fam"])
def test_none_of_three_is_written_if_one_may_not_be_replaced(suffix, tmp_path):
    (tmp_path / f"x.{suffix}").write_text("mine")
    with pytest.raises(FileError, match="exists already"):
        write_plink(table(), tmp_path / "x.bed", overwrite=False)
    assert [p.read_text() for p in tmp_path.iterdir()] == ["mine"]


def test_a_disk_that_fills_up_leaves_the_old_files(tmp_path, monkeypatch):
    path = put(tmp_path)

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(FileError, match="No space left on device"):
        write_plink(table(), path)
    assert {p.suffix[1:]: p.read_bytes() for p in tmp_path.iterdir()} == EXAMPLE


def test_without_the_library(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "bed_reader", None)
    for act in (lambda: read_plink(put(tmp_path)), lambda: write_plink(table(), tmp_path / "y.bed")):
        with pytest.raises(FileError, match=r'pip install "synthgen\[genomics\]"'):
            act()
