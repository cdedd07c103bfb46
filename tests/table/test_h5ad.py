"""AnnData in memory and in .h5ad files, there and back."""

import sys
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from synthgen.exceptions import DataError, FileError, TableFileError
from synthgen.table.annotated import AnnotatedTable, Annotation, as_annotated, is_anndata
from synthgen.table.h5ad import from_anndata, read_h5ad, to_anndata, write_h5ad
from synthgen.table.read import read_annotated, read_table
from synthgen.table.write import write_table

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    anndata = pytest.importorskip("anndata")
    h5py = pytest.importorskip("h5py")

N, GENES = 12, ["CD3E", "MS4A1", "LYZ", "EMPTY"]


def make(X=None, obs=None, layers=None, names=GENES):
    """An AnnData as users have it; names that repeat are warned of by anndata itself."""
    obs = {"cluster": pd.Categorical(["b", "t"] * (N // 2), categories=["t", "b"]), **(obs or {})}
    index = pd.Index([f"ACGT-{i}" for i in range(N)], dtype=object)
    var = pd.DataFrame(
        {
            "gene_ids": pd.Series([f"E{i}" for i in range(len(names))], dtype=object),
            "start": range(len(names)),
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return anndata.AnnData(
            counts() if X is None else X,
            obs=pd.DataFrame(obs, index=index),
            var=var.set_axis(pd.Index(names, dtype=object), axis=0),
            layers=layers,
        )


def counts(dtype="float32"):
    values = np.random.default_rng(0).poisson(2.0, (N, len(GENES)))
    values[:, 3] = 0
    return values.astype(dtype)


def written(table, path):
    write_h5ad(table, path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return anndata.read_h5ad(path)


def test_obs_are_covariates_and_genes_are_features():
    table = from_anndata(make())
    assert table.frame.columns.tolist() == ["cluster", *GENES]
    assert table.frame["cluster"].cat.categories.tolist() == ["t", "b"]
    np.testing.assert_array_equal(table.features.to_numpy(), counts())
    assert table.annotation.features["gene_ids"].tolist() == ["E0", "E1", "E2", "E3"]
    assert table.frame.index.tolist() == list(range(N))


@pytest.mark.parametrize("form", ["csr", "csc"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_sparse_counts_go_back_sparse_and_of_their_dtype(tmp_path, form, dtype):
    X = getattr(scipy.sparse, f"{form}_matrix")(counts(dtype))
    table = from_anndata(make(X))
    assert table.features.dtypes.unique().tolist() == [np.dtype("int32")]
    found = written(table, tmp_path / "t.h5ad")
    assert (found.X.format, found.X.dtype) == (form, np.dtype(dtype))
    np.testing.assert_array_equal(found.X.toarray(), counts())
    with h5py.File(tmp_path / "t.h5ad") as file:
        assert file["X"].attrs["encoding-type"] == f"{form}_matrix"


def test_zeros_that_a_sparse_matrix_stores_are_zeros():
    X = scipy.sparse.csr_matrix(counts())
    X.data[:5] = 0
    assert X.nnz > X.count_nonzero()
    np.testing.assert_array_equal(from_anndata(make(X)).features.to_numpy(), X.toarray())


def test_var_and_obs_come_back_and_uns_says_that_the_samples_are_synthetic(tmp_path):
    table = from_anndata(
        make(obs={"age": np.arange(N), "site": np.array(["x", "y"] * (N // 2), dtype=object)})
    )
    found = written(table, tmp_path / "t.h5ad")
    assert found.var["gene_ids"].tolist() == ["E0", "E1", "E2", "E3"]
    assert found.var["start"].tolist() == [0, 1, 2, 3]
    assert found.obs["cluster"].cat.categories.tolist() == ["t", "b"]
    assert found.obs["cluster"].tolist() == ["b", "t"] * (N // 2)
    assert found.obs["age"].tolist() == list(range(N))
    assert found.obs["site"].tolist() == ["x", "y"] * (N // 2)
    assert found.obs_names.tolist() == [f"syn{i + 1}" for i in range(N)]
    assert bool(found.uns["synthgen"]["synthetic"]) is True


def scanpy_like():
    """An AnnData with what scanpy computes from the cells, and with what is known of the genes besides."""
    adata = make()
    place = {
        "chromosome": pd.Categorical([1, 1, 2, 2]),
        "Gene start (bp)": [1.0, 2.0, 3.0, 4.0],
        "feature_length": np.arange(4),
        "allele_1": list("ACGT"),
        "ploidy": [2, 2, 1, 1],
        "biotype": pd.Categorical(["coding"] * 4),
    }
    statistics = {
        "total_counts": counts().sum(axis=0),
        "n_cells": [1, 2, 3, 4],
        "means": [0.1, 0.2, 0.3, np.nan],
        "pct_dropout_by_counts": [1.0] * 4,
        "highly_variable": [True, False, True, False],
        "highly_variable_rank": pd.array([1, None, 2, None], dtype="Int64"),
        "dispersions_norm": np.ones(4, dtype="float32"),
        "allele_frequency": [0.1] * 4,
        "mean_start": [0.1] * 4,
        "bins": pd.Categorical([0.5, 0.5, 1.5, 1.5]),
        "kept": np.array([True, None, False, True], dtype=object),
    }
    for name, values in (place | statistics).items():
        adata.var[name] = values
    adata.uns["pca"] = {"variance": np.arange(3.0)}
    adata.obsm["X_pca"], adata.varm["PCs"] = np.ones((N, 2)), np.ones((4, 2))
    adata.obsp["distances"] = np.ones((N, N))
    adata.raw = adata.copy()
    return adata, list(place), list(statistics)


def test_statistics_of_the_cells_are_not_written_into_samples(tmp_path):
    adata, place, statistics = scanpy_like()
    table = from_anndata(adata)
    assert table.annotation.details["dropped"] == statistics
    found = written(table, tmp_path / "t.h5ad")
    assert found.var.columns.tolist() == ["gene_ids", "start", *place]
    assert list(found.uns) == ["synthgen"]
    assert [*found.obsm, *found.varm, *found.obsp] == []
    assert found.raw is None
    assert as_annotated(adata)[1].details["dropped"] == statistics


def test_statistics_that_are_asked_for_are_kept():
    table = from_anndata(scanpy_like()[0], keep=["means"])
    assert "means" in table.annotation.features
    assert "means" not in table.annotation.details["dropped"]


def test_real_samples_are_not_called_synthetic():
    found = to_anndata(from_anndata(make()), synthetic=False)
    assert "synthgen" not in found.uns
    assert found.obs_names[0] == "row1"


def test_a_layer_is_taken_and_written_as_layer_and_x(tmp_path):
    adata = make(X=np.log1p(counts()), layers={"counts": scipy.sparse.csr_matrix(counts())})
    table = from_anndata(adata, layer="counts")
    np.testing.assert_array_equal(table.features.to_numpy(), counts())
    found = written(table, tmp_path / "t.h5ad")
    np.testing.assert_array_equal(found.layers["counts"].toarray(), counts())
    np.testing.assert_array_equal(found.X.toarray(), counts())


def test_a_layer_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(DataError, match="has no layer 'raw'; its layers are: 'counts'"):
        from_anndata(make(layers={"counts": counts()}), layer="raw")


def test_an_anndata_without_x_asks_for_a_layer():
    adata = make(layers={"counts": counts()})
    adata.X = None
    with pytest.raises(DataError, match="has no X; name one of its layers instead: 'counts'"):
        from_anndata(adata)


def test_values_that_are_no_whole_numbers_stay_floats():
    table = from_anndata(make(X=counts() / 4))
    assert table.features.dtypes.unique().tolist() == [np.dtype("float32")]


def test_missing_values_stay_missing(tmp_path):
    X = counts()
    X[3, 1] = np.nan
    table = from_anndata(make(X))
    assert table.features.isna().sum().tolist() == [0, 1, 0, 0]
    np.testing.assert_array_equal(written(table, tmp_path / "t.h5ad").X, X)


def test_samples_beyond_the_range_of_the_dtype_are_not_cut():
    table = from_anndata(make(counts("uint8")))
    frame = table.frame.copy()
    frame["LYZ"] = 300
    found = to_anndata(AnnotatedTable(frame, table.annotation))
    assert found.X[:, 2].tolist() == [300] * N


def test_an_obs_column_with_the_name_of_a_gene_gets_another_and_goes_back(tmp_path):
    table = from_anndata(make(obs={"LYZ": np.arange(N) / 2}))
    assert table.covariates.columns.tolist() == ["cluster", "LYZ (obs)"]
    found = written(table, tmp_path / "t.h5ad")
    assert found.obs["LYZ"].tolist() == (np.arange(N) / 2).tolist()


def test_repeated_genes_are_named_with_the_way_out(tmp_path):
    adata = make(names=["A", "B", "A", "C"])
    with pytest.raises(DataError, match=r"Repeated: 'A'; make them so with adata.var_names_make_unique\(\)"):
        from_anndata(adata)


def test_an_empty_gene_is_a_column_of_zeros():
    assert from_anndata(make()).frame["EMPTY"].tolist() == [0] * N


def test_text_as_values_is_refused():
    adata = make()
    adata.layers["text"] = np.full((N, 4), "a", dtype=object)
    with pytest.raises(DataError, match=r"must be numbers. Got dtype object"):
        from_anndata(adata, "text")


def test_instants_and_strings_with_gaps_are_written_as_text(tmp_path):
    obs = {"seen": pd.date_range("2020-01-01", periods=N), "note": ["x", None] * (N // 2)}
    table = from_anndata(make())
    frame = pd.concat([pd.DataFrame(obs), table.frame], axis=1)
    found = written(AnnotatedTable(frame, table.annotation), tmp_path / "t.h5ad").obs
    assert str(found["seen"].iloc[1]) == "2020-01-02 00:00:00"
    assert found["note"].isna().tolist() == [False, True] * (N // 2)


def test_a_table_of_another_container_is_written_too(tmp_path):
    frame = pd.DataFrame(
        {"rs1": np.array([0, 1, 2], dtype=np.int8), "rs2": np.array([2, 2, 0], dtype=np.int8)}
    )
    features = pd.DataFrame({"chromosome": ["1", "1"]}, index=["rs1", "rs2"])
    found = written(AnnotatedTable(frame, Annotation(features, "vcf")), tmp_path / "t.h5ad")
    assert found.X.tolist() == [[0, 2], [1, 2], [2, 0]]
    assert found.var["chromosome"].tolist() == ["1", "1"]


def test_a_plain_table_is_written_with_its_numbers_as_genes(tmp_path):
    table = pd.DataFrame({"sex": ["f", "m"], "a": [1.5, 2.5], "ok": [True, False], "b": [3, 4]})
    write_table(table, tmp_path / "t.h5ad")
    found = read_annotated(tmp_path / "t.h5ad")
    assert found.covariates.columns.tolist() == ["sex", "ok"]
    assert found.features.to_numpy().tolist() == [[1.5, 3], [2.5, 4]]


def test_read_table_gives_the_frame(tmp_path):
    table = from_anndata(make())
    write_h5ad(table, tmp_path / "t.h5ad")
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.h5ad"), table.frame)
    pd.testing.assert_frame_equal(read_h5ad(tmp_path / "t.h5ad").frame, table.frame)


def test_an_anndata_is_told_from_other_things():
    adata = make()
    assert is_anndata(adata)
    assert not is_anndata(adata.obs)
    frame, annotation = as_annotated(adata)
    assert frame.shape == (N, 5)
    assert annotation.container == "anndata"


@pytest.fixture
def whole(tmp_path):
    write_h5ad(from_anndata(make(scipy.sparse.csr_matrix(counts()))), tmp_path / "t.h5ad")
    return tmp_path / "t.h5ad"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_that_is_cut_short(whole, share):
    content = whole.read_bytes()
    whole.write_bytes(content[: int(share * len(content))])
    with pytest.raises(TableFileError, match=r"t.h5ad: is cut short or damaged, or holds no AnnData"):
        read_annotated(whole)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"age,sex\n", "is not a .h5ad file .it is no HDF5"), (b"", "is empty .0 bytes.")],
)
def test_a_file_that_is_no_hdf5(tmp_path, content, message):
    (tmp_path / "t.h5ad").write_bytes(content)
    with pytest.raises(TableFileError, match=message):
        read_annotated(tmp_path / "t.h5ad")


def test_hdf5_that_is_no_anndata(tmp_path):
    with h5py.File(tmp_path / "t.h5ad", "w") as file:
        file["numbers"] = [1, 2, 3]
    with pytest.raises((TableFileError, DataError), match=r"t.h5ad: "):
        read_annotated(tmp_path / "t.h5ad")


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(TableFileError, match="no such file"):
        read_annotated(tmp_path / "t.h5ad")
    (tmp_path / "f.h5ad").mkdir()
    with pytest.raises(TableFileError, match="is a folder"):
        read_annotated(tmp_path / "f.h5ad")


def test_an_error_about_the_data_names_the_file(whole):
    with pytest.raises(DataError, match=r"t.h5ad: The AnnData has no layer 'x'; its layers are: none"):
        read_annotated(whole, layer="x")


def test_features_in_rows_is_refused(whole):
    with pytest.raises(TableFileError, match="h5ad says by itself where its features are"):
        read_annotated(whole, features_in_rows=True)


def test_without_the_library_the_extra_is_named(whole, monkeypatch):
    monkeypatch.setitem(sys.modules, "anndata", None)
    with pytest.raises(FileError, match=r'\.h5ad files need .*anndata.*pip install "synthgen\[genomics\]"'):
        read_annotated(whole)
