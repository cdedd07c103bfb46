"""VCF files become tables of dosages, and tables of dosages files that htslib reads."""

import gzip
import io
import struct
import sys

import cyvcf2
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

import synthgen.table.bgzf
from synthgen.exceptions import DataError, FileError, TableFileError
from synthgen.table.annotated import AnnotatedTable, Annotation
from synthgen.table.bgzf import END, BlockedGzip
from synthgen.table.vcf import read_vcf, write_vcf

META = """##fileformat=VCFv4.3
##contig=<ID=2,assembly=B36,length=2000>
##contig=<ID=1>
##contig=<ID=3,length=9>
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=DS,Number=1,Type=Float,Description="Dosage">
"""
COLUMNS = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"]
NAN = np.nan
DOSAGES = np.array([[0, 1, 2, 0], [2, 2, 1, 0], [1, 0, 0, 1]], dtype=np.int8)


def vcf(*records, samples="ann bob cyd", meta=META):
    """A file's text; a record is "CHROM POS ID REF ALT" and calls, or also its FORMAT before them."""
    lines = ["\t".join([*COLUMNS, *samples.split()])]
    for record in records:
        fields = record.split()
        if len(fields) == 5 + len(samples.split()):
            fields.insert(5, "GT")
        lines.append("\t".join([*fields[:5], "50", "PASS", ".", *fields[5:]]))
    return meta + "\n".join(lines) + "\n"


SIMPLE = vcf("1 10 rs1 A C 0/1 1/1 0/0", "2 5 rs2 G GT 0|0 0|1 1|0")


def put(folder, text, name="x.vcf"):
    path = folder / name
    content = text.encode(errors="surrogateescape")
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def columns(table):
    return {
        name: values.tolist()
        for name, values in table.frame.astype(object).where(table.frame.notna(), None).items()
    }


def table(dosages=DOSAGES, details=None, **metadata):
    dosages = np.asarray(dosages)
    names = [f"rs{i}" for i in range(dosages.shape[1])]
    found = {"chromosome": "7", "position": range(1, len(names) + 1), "id": names, "ref": "A", "alt": "C"}
    features = pd.DataFrame({**found, **metadata}, index=names)
    return AnnotatedTable(pd.DataFrame(dosages, columns=names), Annotation(features, "vcf", details or {}))


def by_htslib(path):
    """Alleles of each record as a reader of its own sees them."""
    found = cyvcf2.VCF(str(path))
    return found.samples, [(v.CHROM, v.POS, v.ID, v.REF, v.ALT, v.genotype.array().tolist()) for v in found]


def refusal(path):
    with pytest.raises(TableFileError) as caught:
        read_vcf(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert message.count(str(path)) == 1
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", ["x.vcf", "x.vcf.gz"])
def test_calls_are_counted(name, tmp_path):
    found = read_vcf(put(tmp_path, SIMPLE, name))
    assert columns(found) == {"rs1": [1, 2, 0], "rs2": [0, 1, 1]}
    assert set(found.frame.dtypes) == {np.dtype(np.int8)}
    assert found.annotation.container == "vcf"
    assert found.annotation.features.to_dict("list") == {
        "chromosome": ["1", "2"],
        "position": [10, 5],
        "id": ["rs1", "rs2"],
        "ref": ["A", "G"],
        "alt": ["C", "GT"],
        "ploidy": [2, 2],
    }
    assert found.annotation.details == {"phased": False, "split_sites": 0, "contigs": {"2": 2000, "1": None}}


def test_missing_calls_are_missing_dosages_and_so_are_half_missing_ones(tmp_path):
    text = vcf("1 10 rs1 A C ./. 1/1 0/0", "1 11 rs2 A C ./1 1|. 0/1", "1 12 rs3 A C . 0/0 0/1")
    found = read_vcf(put(tmp_path, text))
    assert columns(found) == {"rs1": [None, 2, 0], "rs2": [None, None, 1], "rs3": [None, 0, 1]}
    assert set(found.frame.dtypes) == {np.dtype(np.float32)}


def test_other_formats_beside_the_calls_are_left_out(tmp_path):
    text = vcf("1 10 rs1 A C DS:GT .5:0/1 2:1/1 0:0/0")
    assert columns(read_vcf(put(tmp_path, text))) == {"rs1": [1, 2, 0]}


def test_each_alternative_allele_has_its_column(tmp_path):
    found = read_vcf(
        put(
            tmp_path,
            vcf("1 10 rs1 A C,G,<DEL> 0/1 1/2 3/3", "1 11 rs2 A C 0/1 ./1 0/0"),
        )
    )
    assert columns(found) == {
        "1:10:A:C": [1, 1, 0],
        "1:10:A:G": [0, 1, 0],
        "1:10:A:<DEL>": [0, 0, 2],
        "rs2": [1, None, 0],
    }
    assert found.annotation.details["split_sites"] == 1
    assert found.annotation.features["id"].tolist() == ["rs1", "rs1", "rs1", "rs2"]


def test_a_site_without_an_alternative_is_a_column_of_zeros(tmp_path):
    found = read_vcf(put(tmp_path, vcf("1 10 rs1 A . 0/0 0/0 ./.")))
    assert columns(found) == {"rs1": [0, 0, None]}
    write_vcf(found, tmp_path / "y.vcf")
    assert columns(read_vcf(tmp_path / "y.vcf")) == {"rs1": [0, 0, None]}


def test_haploid_sites_count_to_one_and_stay_haploid(tmp_path):
    found = read_vcf(put(tmp_path, vcf("1 10 rs1 A C 0 1 .", "1 11 rs2 A C 0/0 0/1 1/1")))
    assert columns(found) == {"rs1": [0, 1, None], "rs2": [0, 1, 2]}
    assert found.annotation.features["ploidy"].tolist() == [1, 2]
    write_vcf(found, tmp_path / "y.vcf")
    lines = (tmp_path / "y.vcf").read_text().splitlines()
    assert [line.split("\t")[9:] for line in lines[-2:]] == [["0", "1", "."], ["0/0", "0/1", "1/1"]]


def test_mixed_ploidy_names_the_site_and_the_samples(tmp_path):
    message = refusal(put(tmp_path, vcf("1 9 . A C 0/0 0/0 0/0", "1 10 rs1 A C ./. 0/1 1")))
    assert "at 1:10 sample 'cyd' has one allele and sample 'bob' two" in message
    assert "bcftools +fixploidy" in message


@pytest.mark.parametrize(
    ("records", "phased"),
    [
        (["1 10 . A C 0|1 1|1 0|0"], True),
        (["1 10 . A C 0|1 1|1 0|0", "1 11 . A C 0 1 1"], True),
        (["1 10 . A C 0|1 1/1 0|0"], False),
        (["1 10 . A C 0|1 1|1 .|."], False),
    ],
)
def test_whether_all_calls_are_phased_is_kept(records, phased, tmp_path):
    assert read_vcf(put(tmp_path, vcf(*records))).annotation.details["phased"] is phased


def test_ids_that_name_no_single_variant_give_way_to_places(tmp_path):
    calls = "0/0 0/1 0/0"
    text = vcf(
        *(f"1 {place} {calls}" for place in ("5 . A C", "5 . A C", "6 rs1 A C", "7 rs1 A G", "8 rs2 A C"))
    )
    assert list(read_vcf(put(tmp_path, text)).frame) == ["1:5:A:C", "1:5:A:C:2", "1:6:A:C", "1:7:A:G", "rs2"]


def test_more_calls_than_fit_in_one_batch(tmp_path, monkeypatch):
    monkeypatch.setattr("synthgen.table.vcf_records._BATCH", 7)
    monkeypatch.setattr("synthgen.table.vcf_lines._BATCH", 7)
    monkeypatch.setattr("synthgen.table.variants._BATCH", 7)
    dosages = np.random.default_rng(0).integers(0, 3, (3, 11)).astype(np.int8)
    write_vcf(table(dosages), tmp_path / "x.vcf")
    np.testing.assert_array_equal(read_vcf(tmp_path / "x.vcf").frame, dosages)


@given(data=st.data(), suffix=st.sampled_from([".vcf", ".vcf.gz"]))
@settings(max_examples=25, deadline=None)
def test_any_dosages_come_back(data, suffix, tmp_path_factory):
    path = tmp_path_factory.mktemp("vcf") / f"x{suffix}"
    values = data.draw(
        hnp.arrays(
            np.float32,
            hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
            elements=st.sampled_from([0, 1, 2, NAN]),
        )
    )
    write_vcf(table(values), path)
    found = read_vcf(path)
    np.testing.assert_array_equal(found.frame, values)
    assert list(found.frame) == [f"rs{i}" for i in range(values.shape[1])]


@pytest.mark.parametrize("name", ["x.vcf", "x.vcf.gz"])
def test_htslib_reads_what_is_written(name, tmp_path, capfd):
    values = np.array([[0, NAN], [1, 2], [2, 0]], dtype=np.float32)
    write_vcf(
        table(values, {"contigs": {"7": 99}}, position=[5, 9], id=["rs0", "."], alt=["C", "<DEL>"]),
        tmp_path / name,
    )
    samples, records = by_htslib(tmp_path / name)
    assert samples == ["syn1", "syn2", "syn3"]
    assert records == [
        ("7", 5, "rs0", "A", ["C"], [[0, 0, 0], [0, 1, 0], [1, 1, 0]]),
        ("7", 9, None, "A", ["<DEL>"], [[-1, -1, 0], [1, 1, 0], [0, 0, 0]]),
    ]
    found = cyvcf2.VCF(str(tmp_path / name))
    assert dict(zip(found.seqnames, found.seqlens, strict=True)) == {"7": 99}
    assert capfd.readouterr().err == ""


def test_names_of_real_samples_are_not_written(tmp_path):
    write_vcf(read_vcf(put(tmp_path, SIMPLE)), tmp_path / "y.vcf")
    header = (tmp_path / "y.vcf").read_text().split("#CHROM")[1].split("\n")[0]
    assert header.split("\t")[9:] == ["syn1", "syn2", "syn3"]


def test_a_header_has_the_contigs_in_their_order(tmp_path):
    write_vcf(read_vcf(put(tmp_path, SIMPLE)), tmp_path / "y.vcf")
    lines = (tmp_path / "y.vcf").read_text().splitlines()
    assert [line for line in lines if line.startswith("##contig")] == [
        "##contig=<ID=2,length=2000>",
        "##contig=<ID=1>",
    ]


def test_an_annotation_from_a_model_file_writes_the_same(tmp_path):
    found = read_vcf(put(tmp_path, SIMPLE))
    kept = Annotation.from_state(found.annotation.to_state())
    write_vcf(found, tmp_path / "y.vcf")
    write_vcf(AnnotatedTable(found.frame, kept), tmp_path / "z.vcf")
    assert (tmp_path / "y.vcf").read_bytes() == (tmp_path / "z.vcf").read_bytes()


@pytest.mark.parametrize("n_bytes", [0, 1, 65_279, 65_280, 65_281, 300_000])
def test_blocked_gzip_is_a_chain_of_small_members(n_bytes):
    content = np.random.default_rng(0).bytes(n_bytes)
    sink = io.BytesIO()
    packed = BlockedGzip(sink)
    for start in range(0, n_bytes, 70_001):
        packed.write(content[start : start + 70_001])
    packed.finish()
    whole = sink.getvalue()
    assert gzip.decompress(whole) == content
    assert whole.endswith(END)
    start = 0
    while start < len(whole):
        magic, length = whole[start : start + 16], struct.unpack("<H", whole[start + 16 : start + 18])[0]
        assert magic == END[:16]
        assert struct.unpack("<I", whole[start + length - 3 : start + length + 1])[0] <= 65_536
        start += length + 1
    assert start == len(whole)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty (0 bytes)"),
        ("a,b\n1,2\n", "does not begin with ##fileformat=VCF"),
        (META, "no line that begins with #CHROM"),
        (vcf(), "has a header but no variants"),
        (SIMPLE.replace("\t", " "), "with tabs between"),
        (META + "\t".join(COLUMNS[:8]) + "\n1\t10\t.\tA\tC\t.\t.\t.\n", "has no samples"),
        (vcf("1 10 . A C 0/0 0/0 0/0", samples="ann bob ann"), "sample 'ann' is in the header twice"),
        (vcf("1 9 . A C 0/0 0/0 0/0", "1 10 . A C DS 1 2 0"), "the record at 1:10 has no genotypes (GT)"),
        (
            vcf("1 10 . A C 0/0 0/0 0/0").replace("\t0/0\n", "\n"),
            "line 8 has 11 columns where the line #CHROM has 12",
        ),
        (vcf("1 10 . A C 0/0 0/0 0/0", "1 11 . A C A/A 0/0 0/0"), "the record after 1:10 cannot be read"),
        (vcf("1 ten . A C 0/0 0/0 0/0"), "line 8 is no record of VCF"),
        (vcf("1 9 . A C 0/0 0/0 0/0", "#1 10 . A C 0/0 0/0 0/0"), "line 9 is no record of VCF"),
        (vcf("1 9 . A C 0/0 0/0 0/0", "new 10 . A C 0|x 0/0 0/0"), "the record after 1:9 cannot be read"),
        (vcf("1 9 . A C 0/0 0/0 0/0", "<1> 10 . A C 0/0 0/0 0/0"), "line 9 is no record of VCF"),
        (vcf("1 9 . A C :GT 0/0 0/0 0/0"), "line 8 is no record of VCF"),
        (vcf("1 9 . A <\udce1> 0/0 0/0 0/0"), "the first record cannot be read"),
        (vcf("1 10 . A C 0/1/1 0/0/1 0/0/0"), "at 1:10 sample 'ann' has 3 alleles"),
        (vcf("1 10 . A C 0/0 0/1 0/0/0"), "at 1:10 sample 'cyd' has 3 alleles"),
        (vcf("1 10 . A C 0/0 0/2 0/0"), "at 1:10 sample 'bob' has allele 2, but the site has 1"),
        (SIMPLE[:-3], "the last line has no end"),
        (SIMPLE + "garbage line\n", "line 10 has 1 column where the line #CHROM has 12"),
        (SIMPLE.replace("\n1\t10", "\n\n1\t10"), "line 8 has 1 column where"),
        (SIMPLE[:-1] + "\t0/0\n", "line 9 has 13 columns where the line #CHROM has 12"),
        ("\0\1\2 no end", "is no VCF file: it does not begin with ##fileformat=VCF"),
    ],
)
def test_bad_files(text, words, tmp_path, capfd):
    assert words in refusal(put(tmp_path, text))
    assert capfd.readouterr().err == ""


def long_vcf():
    rng = np.random.default_rng(0)
    calls = rng.choice(["0/0", "0/1", "1/1"], (9000, 3))
    return vcf(*(f"1 {i + 1} . A C {' '.join(row)}" for i, row in enumerate(calls)))


@pytest.fixture(scope="module")
def compressed():
    content = long_vcf().encode()
    sink = io.BytesIO()
    packed = BlockedGzip(sink)
    packed.write(content)
    packed.finish()
    return {"gzip": gzip.compress(content), "bgzip": sink.getvalue()}


@pytest.mark.parametrize("kind", ["gzip", "bgzip"])
@pytest.mark.parametrize("damage", ["cut in the middle", "cut at the end", "a byte changed"])
def test_damaged_gzip(kind, damage, compressed, tmp_path, capfd):
    content = compressed[kind]
    middle = len(content) // 2
    damaged = {
        "cut in the middle": content[:middle],
        "cut at the end": content[:-4],
        "a byte changed": content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :],
    }[damage]
    path = tmp_path / "x.vcf.gz"
    path.write_bytes(damaged)
    message = refusal(path)
    assert any(words in message for words in ("is cut short", "is damaged", "is not a whole gzip file"))
    assert capfd.readouterr().err == ""


def test_gzip_that_is_damaged_in_the_header(tmp_path):
    path = tmp_path / "x.vcf.gz"
    path.write_bytes(gzip.compress(SIMPLE.encode())[:60])
    assert "is not a whole gzip file" in refusal(path)


def test_bcf_is_told_from_damage(tmp_path):
    path = tmp_path / "x.vcf.gz"
    path.write_bytes(gzip.compress(b"BCF\2\2" + bytes(50)))
    assert "bcftools view -Oz" in refusal(path)


def test_a_damaged_line_of_a_compressed_file_is_named(tmp_path):
    lines = SIMPLE.splitlines()
    text = "\n".join([*lines[:-1], "garbage line", lines[-1]]) + "\n"
    assert "line 9 has 1 column where the line #CHROM has 12" in refusal(put(tmp_path, text, "x.vcf.gz"))


def test_a_file_that_is_no_gzip_in_spite_of_its_name(tmp_path):
    path = tmp_path / "x.vcf.gz"
    path.write_bytes(b"hello")
    message = refusal(path)
    assert "is no gzip file, though its name ends in .gz, and no VCF" in message
    assert "cut short" not in message


def test_a_file_that_is_not_there(tmp_path):
    assert "no such file" in refusal(tmp_path / "x.vcf")


def test_a_folder(tmp_path):
    assert "is a folder" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("value", "metadata", "most"),
    [(3, {}, 2), (-1, {}, 2), (0.5, {}, 2), (2, {"ploidy": 1}, 1), (1, {"alt": "."}, 0)],
)
def test_values_that_are_no_dosages(value, metadata, most, tmp_path):
    dosages = np.zeros((3, 4))
    dosages[1, 2] = value
    with pytest.raises(
        DataError, match=rf"Column 'rs2' holds .* in row 1; a dosage here is a whole number from 0 to {most}"
    ):
        write_vcf(table(dosages, **metadata), tmp_path / "x.vcf")
    assert not list(tmp_path.iterdir())


def test_covariates_have_no_place(tmp_path):
    good = table()
    frame = pd.concat([pd.DataFrame({"age": [1, 2, 3]}), good.frame], axis=1)
    with pytest.raises(TableFileError, match="a VCF file has no place for column 'age'"):
        write_vcf(AnnotatedTable(frame, good.annotation), tmp_path / "x.vcf")


def test_features_without_alleles(tmp_path):
    features = pd.DataFrame(index=["gene"])
    genes = AnnotatedTable(pd.DataFrame({"gene": [1, 2]}), Annotation(features, "gct", {}))
    with pytest.raises(TableFileError, match="a VCF file says the chromosome of every variant"):
        write_vcf(genes, tmp_path / "x.vcf")


@pytest.mark.parametrize("name", ["x.vcf", "x.vcf.gz"])
def test_a_disk_that_fills_up_leaves_the_old_file(name, tmp_path, monkeypatch):
    path = tmp_path / name
    path.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(synthgen.table.vcf, "record_texts", fail)
    with pytest.raises(FileError, match="No space left on device"):
        write_vcf(table(), path)
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]


def test_a_file_that_may_not_be_replaced(tmp_path):
    path = put(tmp_path, SIMPLE)
    with pytest.raises(FileError, match="exists already"):
        write_vcf(table(), path, overwrite=False)
    assert path.read_text() == SIMPLE


def test_without_the_library(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cyvcf2", None)
    with pytest.raises(FileError, match=r'pip install "synthgen\[genomics\]"'):
        read_vcf(put(tmp_path, SIMPLE))
