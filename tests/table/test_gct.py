"""GCT, versions 1.2 and 1.3, there and back."""

import gzip

import numpy as np
import pandas as pd
import pytest

from synthgen.exceptions import DataError, TableFileError
from synthgen.table.annotated import AnnotatedTable, Annotation
from synthgen.table.read import read_annotated
from synthgen.table.write import write_annotated, write_table

V12 = """#1.2
3\t2
Name\tDescription\tS1\tS2
g1\tfirst "gene"\t1.5\t2
g2\tna\t-3\tNA
g3\tthird\t0\t0
"""
V13 = """#1.3
2\t3\t2\t2
id\tsymbol\tchr\tS1\tS2\tS3
tissue\tna\tna\tlung\tliver\tna
age\tna\tna\t50\t61\t-666
E1\tACTB\t7\t5\t0\t12
E2\tTP53\tna\t1\t2\t3
"""


def read(tmp_path, text, name="t.gct"):
    (tmp_path / name).write_text(text)
    return read_annotated(tmp_path / name)


def test_version_1_2_has_samples_in_columns_and_a_description(tmp_path):
    table = read(tmp_path, V12)
    assert table.frame.columns.tolist() == ["g1", "g2", "g3"]
    np.testing.assert_array_equal(table.frame.to_numpy(), [[1.5, -3, 0], [2, np.nan, 0]])
    found = table.annotation.features["Description"].tolist()
    assert [found[0], found[2]] == ['first "gene"', "third"]
    assert pd.isna(found[1])


def test_version_1_3_has_covariates(tmp_path):
    table = read(tmp_path, V13)
    assert table.covariates["tissue"].tolist()[:2] == ["lung", "liver"]
    assert table.covariates["tissue"].isna().tolist() == [False, False, True]
    assert table.covariates["age"].tolist()[:2] == [50, 61]
    assert table.features.to_numpy().tolist() == [[5, 1], [0, 2], [12, 3]]
    assert table.features["E1"].dtype == "int64"
    assert table.annotation.features["symbol"].tolist() == ["ACTB", "TP53"]


@pytest.mark.parametrize("text", [V12.replace('"gene"', "gene"), V13])
def test_what_is_written_is_read_again(tmp_path, text):
    table = read(tmp_path, text)
    write_annotated(table, tmp_path / "o.gct")
    assert (tmp_path / "o.gct").read_text().splitlines()[:2] == text.splitlines()[:2]
    found = read_annotated(tmp_path / "o.gct")
    pd.testing.assert_frame_equal(found.frame, table.frame)
    pd.testing.assert_frame_equal(found.annotation.features, table.annotation.features)
    assert found.annotation.details == table.annotation.details


def test_pandas_reads_version_1_2(tmp_path):
    write_annotated(read(tmp_path, V12), tmp_path / "o.gct")
    found = pd.read_csv(tmp_path / "o.gct", sep="\t", skiprows=2, index_col=0)
    assert found.columns.tolist() == ["Description", "syn1", "syn2"]
    np.testing.assert_array_equal(found[["syn1", "syn2"]].to_numpy(), [[1.5, 2], [-3, np.nan], [0, 0]])
    assert found["Description"].iloc[0] == "first 'gene'"


def test_gzip_both_ways(tmp_path):
    (tmp_path / "t.gct.gz").write_bytes(gzip.compress(V12.encode()))
    table = read_annotated(tmp_path / "t.gct.gz")
    write_annotated(table, tmp_path / "o.gct.gz")
    assert gzip.decompress((tmp_path / "o.gct.gz").read_bytes()).startswith(
        b"#1.2\n3\t2\nName\tDescription\tsyn1\tsyn2\n"
    )


def test_covariates_make_it_version_1_3(tmp_path):
    write_table(pd.DataFrame({"sex": ["f", None], "a": [1.5, 2.5], "b": [3, 4]}), tmp_path / "t.gct")
    assert (tmp_path / "t.gct").read_text().splitlines() == [
        "#1.3",
        "2\t2\t0\t1",
        "id\tsyn1\tsyn2",
        "sex\tf\tna",
        "a\t1.5\t2.5",
        "b\t3\t4",
    ]


def test_the_column_of_names_is_called_otherwise_if_metadata_have_its_name(tmp_path):
    features = pd.DataFrame({"id": ["E1"], "chr": ["1"]}, index=["g"])
    table = AnnotatedTable(pd.DataFrame({"g": [1.0, 2.0]}), Annotation(features, "anndata"))
    write_annotated(table, tmp_path / "t.gct")
    found = read_annotated(tmp_path / "t.gct")
    assert found.annotation.features["id"].tolist() == ["E1"]
    assert found.frame["g"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Name\tDescription\tS1\n", "is not GCT of version 1.2 or 1.3: its first line is 'Name"),
        (
            "#1.2\nthree\t2\n",
            "second line of a GCT file of version 1.2 must hold 2 whole numbers. Got 'three 2'",
        ),
        ("#1.3\n3\t2\n", "version 1.3 must hold 4 whole numbers. Got '3 2'"),
        ("#1.2\n3\t2\n", "is cut short: it ends before its header does"),
        (
            V12.rsplit("g3", 1)[0],
            "says that it has 3 rows and 2 samples, but holds 2 and 2; it may be cut short",
        ),
        (V12.replace("3\t2\nName", "3\t4\nName"), "3 rows and 4 samples, but holds 3 and 2"),
        (V12.replace("1.5", "x"), "column 'S1' holds text, e.g. 'x'"),
        (V12.replace("\t0\t0", "\t0\tabc"), "column 'S2' holds text, e.g. 'abc'"),
        (V13.replace("\tlung\tliver\tna", "\tlung"), "line 'tissue' holds 1 values for 3 samples"),
    ],
)
def test_files_that_are_no_gct(tmp_path, text, message):
    with pytest.raises(TableFileError, match=message):
        read(tmp_path, text)


def test_repeated_genes_are_named(tmp_path):
    with pytest.raises(DataError, match=r"t.gct: Names of features must be distinct. Repeated: 'g1'"):
        read(tmp_path, V12.replace("g2", "g1"))


def test_a_covariate_with_the_name_of_a_gene_is_refused(tmp_path):
    with pytest.raises(TableFileError, match="are both called 'age'"):
        read(tmp_path, V13.replace("E1", "age"))


def test_binary_content_is_refused(tmp_path):
    (tmp_path / "t.gct").write_bytes(b"\xff\xfe\x00\n")
    with pytest.raises(TableFileError, match="is not UTF-8 text, so not GCT"):
        read_annotated(tmp_path / "t.gct")
