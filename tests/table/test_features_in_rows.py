"""Tables with a feature in each row and a sample in each column."""

import numpy as np
import pandas as pd
import pytest

from synthgen.exceptions import DataError, TableFileError
from synthgen.table.annotated import AnnotatedTable
from synthgen.table.read import read_annotated
from synthgen.table.write import write_annotated

SUFFIXES = ["tsv", "csv", "parquet", "arrow", "tsv.gz"]


@pytest.fixture
def genes():
    """Genes in rows, as expression matrices are published."""
    values = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    values[2, 1] = np.nan
    return pd.DataFrame(
        values, columns=["p1", "p2", "p3"], index=pd.Index([f"g{i}" for i in range(5)], name="gene")
    )


def turned(path, **options):
    return read_annotated(path, features_in_rows=True, **options)


def write(table, path):
    if path.suffix == ".parquet":
        table.to_parquet(path)
    elif path.suffix == ".arrow":
        table.reset_index().to_feather(path)
    else:
        table.to_csv(path, sep="," if ".csv" in path.name else "\t")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_rows_of_the_file_are_columns_of_the_table(genes, tmp_path, suffix):
    write(genes, tmp_path / f"t.{suffix}")
    table = turned(tmp_path / f"t.{suffix}")
    assert table.frame.columns.tolist() == genes.index.tolist()
    np.testing.assert_array_equal(table.frame.to_numpy().astype("float32"), genes.to_numpy().T)
    assert table.annotation.container == "features-in-rows"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_it_is_written_as_it_lay_with_new_samples(genes, tmp_path, suffix):
    write(genes, tmp_path / f"t.{suffix}")
    table = turned(tmp_path / f"t.{suffix}")
    write_annotated(table, tmp_path / f"o.{suffix}")
    found = turned(tmp_path / f"o.{suffix}")
    pd.testing.assert_frame_equal(found.frame, table.frame)
    assert found.annotation.details == {"name_column": "gene"}
    if suffix == "tsv":
        text = pd.read_csv(tmp_path / "o.tsv", sep="\t")
        assert text.columns.tolist() == ["gene", "syn1", "syn2", "syn3"]


def test_samples_in_rows_can_be_asked_for(genes, tmp_path):
    write(genes, tmp_path / "t.csv")
    table = turned(tmp_path / "t.csv")
    write_annotated(table, tmp_path / "o.csv", features_in_rows=False)
    assert pd.read_csv(tmp_path / "o.csv").columns.tolist() == genes.index.tolist()


def test_an_index_without_a_name_names_the_features(genes, tmp_path):
    genes.index.name = None
    for name in ("t.parquet", "t.csv"):
        write(genes, tmp_path / name)
        table = turned(tmp_path / name)
        assert table.frame.columns.tolist() == genes.index.tolist()
        assert table.annotation.details == {"name_column": "feature"}


def test_whole_numbers_stay_whole(tmp_path):
    (tmp_path / "t.tsv").write_text("gene\ta\tb\n1\t5\t0\n2\t7\t1\n")
    table = turned(tmp_path / "t.tsv")
    assert table.frame.columns.tolist() == ["1", "2"]
    assert table.frame.dtypes.unique().tolist() == [np.dtype("int64")]


def test_a_sample_without_any_value_is_missing_throughout(tmp_path):
    (tmp_path / "t.csv").write_text("gene,a,b\nx,1,\ny,2,NA\n")
    np.testing.assert_array_equal(turned(tmp_path / "t.csv").frame.to_numpy(), [[1, 2], [np.nan, np.nan]])


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("gene,a\nx,1\nx,2\n", DataError, "t.csv: Names of features must be distinct. Repeated: 'x'"),
        ("gene,a\nx,1\n,2\n", DataError, "the feature in row 2 has no name"),
        ("gene,a,b\nx,1,low\ny,2,3\n", TableFileError, "column 'b' holds text, e.g. 'low'"),
        ("gene\nx\ny\n", TableFileError, "has no column of a sample"),
        ("gene,a,a\nx,1,2\n", TableFileError, "columns 2 and 3 are both called 'a'"),
    ],
)
def test_files_that_cannot_be_turned(tmp_path, text, error, message):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(error, match=message):
        turned(tmp_path / "t.csv")


def test_a_covariate_has_no_place(genes, tmp_path):
    write(genes, tmp_path / "t.csv")
    table = turned(tmp_path / "t.csv")
    frame = table.frame.assign(sex="f")[["sex", *table.frame.columns]]
    with pytest.raises(TableFileError, match="no place for 'sex'"):
        write_annotated(AnnotatedTable(frame, table.annotation), tmp_path / "o.csv")
    assert not (tmp_path / "o.csv").exists()


def test_a_layer_is_refused(genes, tmp_path):
    write(genes, tmp_path / "t.csv")
    with pytest.raises(TableFileError, match=r"only .h5ad files have layers"):
        turned(tmp_path / "t.csv", layer="counts")


@pytest.mark.parametrize(("suffix", "name"), [("bed", "PLINK"), ("vcf", "VCF"), ("vcf.gz", "VCF")])
def test_genotype_formats_need_variants(genes, tmp_path, suffix, name):
    write(genes, tmp_path / "t.csv")
    with pytest.raises(TableFileError, match=f"{name} needs the places and alleles of variants"):
        write_annotated(turned(tmp_path / "t.csv"), tmp_path / f"o.{suffix}")
