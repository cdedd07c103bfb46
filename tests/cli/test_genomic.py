"""The commands on genomic files: what went in as a kind of file comes out as that kind."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from synthgen.models.persistence import load
from synthgen.table.annotated import AnnotatedTable, Annotation
from synthgen.table.h5ad import to_anndata
from synthgen.table.read import read_annotated, read_table
from synthgen.table.write import write_annotated

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    anndata = pytest.importorskip("anndata")

GENES = [f"g{i}" for i in range(220)]
FLOOR = ["--model", "independent-marginals", "--seed", "1", "-q"]


def cells(n=40):
    rng = np.random.default_rng(0)
    counts = rng.poisson(rng.gamma(1, 3, len(GENES)), (n, len(GENES))).astype("int32")
    counts[:, 7] = 0
    covariates = pd.DataFrame(
        {"cluster": pd.Categorical(["b", "t"] * (n // 2)), "age": rng.integers(20, 90, n)}
    )
    frame = pd.concat([covariates, pd.DataFrame(counts, columns=GENES)], axis=1)
    features = pd.DataFrame({"gene_ids": [f"E{i}" for i in range(len(GENES))]}, index=GENES)
    details = {"dtype": "float32", "sparse": "csr", "layer": "counts", "renamed": {}}
    return AnnotatedTable(frame, Annotation(features, "anndata", details))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files of the same samples in several formats."""
    where, table = tmp_path_factory.mktemp("cells"), cells()
    for name in ("cells.h5ad", "cells.gct"):
        write_annotated(table, where / name, synthetic=False)
    table.frame.to_parquet(where / "cells.parquet")
    for name in ("turned.tsv", "turned.parquet"):
        plain = AnnotatedTable(table.features, Annotation(table.annotation.features, "features-in-rows"))
        write_annotated(plain, where / name, synthetic=False)
    return where


@pytest.fixture(scope="module")
def fitted(folder):
    """A floor of every kind of file, by the file's name."""
    from synthgen.cli.main import run

    for data, *options in (
        ["cells.h5ad", "--layer", "counts"],
        ["cells.gct"],
        ["turned.tsv", "--features-in-rows"],
        ["cells.parquet"],
    ):
        assert run(["fit", str(folder / data), "-o", str(folder / f"{data}.m"), *options, *FLOOR]) == 0
    return lambda data: folder / f"{data}.m"


def test_h5ad_to_h5ad(synthgen, fitted, tmp_path):
    done = synthgen("sample", fitted("cells.h5ad"), "-n", "25", "-o", tmp_path / "s.h5ad", "--seed", "3")
    assert (done.code, done.err) == (0, f"synthgen: 25 rows are in {tmp_path}/s.h5ad\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = anndata.read_h5ad(tmp_path / "s.h5ad")
    assert found.shape == (25, 220)
    assert (found.X.format, found.X.dtype) == ("csr", np.dtype("float32"))
    assert (found.X.data == np.rint(found.X.data)).all()
    assert found.layers["counts"].shape == (25, 220)
    assert found.var["gene_ids"].tolist() == [f"E{i}" for i in range(220)]
    assert found.obs["cluster"].cat.categories.tolist() == ["b", "t"]
    assert found.uns["synthgen"]["synthetic"]
    frame = load(fitted("cells.h5ad")).sample(25, random_state=3)
    np.testing.assert_array_equal(found.X.toarray(), frame[GENES].to_numpy())


def test_a_model_of_an_anndata_in_memory_writes_files_too(synthgen, folder, tmp_path):
    from synthgen import IndependentMarginals

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = IndependentMarginals(random_state=0).fit(anndata.read_h5ad(folder / "cells.h5ad"))
        assert model.sample(3).shape == (3, 220)
    model.save(tmp_path / "m")
    for name in ("s.h5ad", "s.parquet"):
        assert synthgen("sample", tmp_path / "m", "-n", "5", "-o", tmp_path / name).code == 0
        assert read_table(tmp_path / name).shape == (5, 222)


@pytest.mark.parametrize("data", ["cells.h5ad", "cells.gct", "cells.parquet"])
@pytest.mark.parametrize("output", ["s.h5ad", "s.gct", "s.gct.gz", "s.parquet", "s.csv"])
def test_one_format_to_another(synthgen, fitted, tmp_path, data, output):
    assert synthgen("sample", fitted(data), "-n", "6", "-o", tmp_path / output).code == 0
    found = read_table(tmp_path / output)
    assert found.shape == (6, 222)
    assert set(found.columns) == {"cluster", "age", *GENES}
    assert found["g7"].tolist() == [0] * 6


def test_features_in_rows_come_back_so(synthgen, fitted, folder, tmp_path):
    assert synthgen("sample", fitted("turned.tsv"), "-n", "3", "-o", tmp_path / "s.tsv").code == 0
    found = pd.read_csv(tmp_path / "s.tsv", sep="\t")
    assert found.columns.tolist() == ["feature", "syn1", "syn2", "syn3"]
    assert found["feature"].tolist() == GENES
    model = fitted("turned.tsv")
    assert synthgen("sample", model, "-n", "3", "-o", tmp_path / "t.tsv", "--samples-in-rows").code == 0
    assert read_table(tmp_path / "t.tsv").shape == (3, 220)


def test_a_plain_table_says_what_became_of_its_columns(synthgen, fitted, tmp_path):
    done = synthgen("sample", fitted("cells.parquet"), "-n", "6", "-o", tmp_path / "s.h5ad")
    assert done.err.splitlines()[0] == (
        "synthgen: 221 columns of numbers are features, 1 other columns describe the rows"
    )
    assert read_annotated(tmp_path / "s.h5ad").covariates.columns.tolist() == ["cluster"]


@pytest.mark.parametrize("output", ["s.bed", "s.vcf", "s.vcf.gz"])
@pytest.mark.parametrize("data", ["cells.h5ad", "cells.parquet"])
def test_genotypes_cannot_be_made_of_genes(synthgen, fitted, tmp_path, names_in, data, output):
    done = synthgen("sample", fitted(data), "-n", "6", "-o", tmp_path / output)
    assert (
        "needs the places and alleles of variants, which only a model of a .bed or .vcf file knows"
        in done.error
    )
    assert names_in(tmp_path) == []


def test_split_keeps_obs_var_and_layer_and_does_not_call_real_cells_synthetic(synthgen, folder, tmp_path):
    parts = [tmp_path / "a.h5ad", tmp_path / "b.h5ad"]
    done = synthgen(
        "split", folder / "cells.h5ad", "--layer", "counts", "-o", parts[0], "--holdout", parts[1]
    )
    assert done.code == 0
    found = [read_annotated(part, layer="counts") for part in parts]
    assert [len(t.frame) for t in found] == [32, 8]
    assert found[0].annotation.features["gene_ids"].tolist()[:2] == ["E0", "E1"]
    real = read_table(folder / "cells.h5ad")
    both = pd.concat([t.frame for t in found])[GENES].to_numpy().tolist()
    assert sorted(both) == sorted(real[GENES].to_numpy().tolist())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert "synthgen" not in anndata.read_h5ad(parts[0]).uns


def test_evaluate_reads_files_of_different_formats(synthgen, folder, fitted, tmp_path):
    synthgen("sample", fitted("cells.h5ad"), "-n", "40", "-o", tmp_path / "s.gct")
    report = tmp_path / "r.json"
    options = ["--layer", "counts", "--metrics", "columns", "--json", report]
    done = synthgen("evaluate", folder / "cells.h5ad", tmp_path / "s.gct", *options)
    assert done.code == 0
    assert "column_shapes" in json.dumps(json.loads(report.read_text())["scores"])


def test_inspect_shows_kinds_not_thousands_of_lines(synthgen, folder, fitted):
    lines = synthgen("inspect", folder / "cells.h5ad").out.splitlines()
    assert lines[0].endswith("cells.h5ad: 40 rows, 222 columns (2 covariates, 220 features)")
    assert len(lines) < 30
    assert any(line.startswith("g0, ...") and "columns, g0 to g219" in line for line in lines)
    text = synthgen("inspect", fitted("cells.h5ad")).out
    assert "  categorical: 1" in text
    assert len(text.splitlines()) < 60


def test_inspect_features_in_rows(synthgen, folder):
    done = synthgen("inspect", folder / "turned.parquet", "--features-in-rows")
    assert done.out.splitlines()[0].endswith(
        "turned.parquet: 40 rows, 220 columns (0 covariates, 220 features)"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["cells.h5ad", "--layer", "raw"],
            "cells.h5ad: The AnnData has no layer 'raw'; its layers are: 'counts'.",
        ),
        (["cells.gct", "--layer", "raw"], "cells.gct: only .h5ad files have layers; leave --layer out."),
        (["cells.h5ad", "--features-in-rows"], "leave --features-in-rows out."),
    ],
)
def test_options_that_the_file_does_not_have(synthgen, folder, tmp_path, arguments, message):
    data, *options = arguments
    done = synthgen("fit", folder / data, "-o", tmp_path / "m", *options)
    assert done.error.endswith(message)


def test_a_table_that_does_not_have_features_in_rows(synthgen, folder, tmp_path):
    done = synthgen("fit", folder / "cells.parquet", "-o", tmp_path / "m", "--features-in-rows")
    assert "cells.parquet: Names of features must be distinct. Repeated: 'b', 't'" in done.error


def test_h5ad_on_a_standard_stream(synthgen, fitted):
    done = synthgen("sample", fitted("cells.h5ad"), "-n", "6", "-o", "-", "--format", "h5ad")
    assert done.error == "h5ad cannot be written to standard output; give the name of a file."
    done = synthgen("inspect", "-", "--format", "h5ad")
    assert done.error == "h5ad cannot be read from standard input; give the name of a file."


def test_parameters_of_the_wide_road(synthgen, folder, tmp_path):
    options = [
        "--set",
        "reduce=3",
        "--set",
        "preset=strict",
        "--set",
        'covariates=["cluster"]',
        "--max-steps",
        "2",
    ]
    done = synthgen("fit", folder / "cells.gct", "-o", tmp_path / "m", "-q", *options)
    assert (done.code, done.err) == (0, "")
    found = load(tmp_path / "m").get_params()
    assert (found["reduce"], found["preset"], list(found["covariates"])) == (3, "strict", ["cluster"])


def test_inspect_says_what_was_left_out_of_the_genes(synthgen, folder, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adata = to_anndata(read_annotated(folder / "cells.h5ad"), synthetic=False)
        adata.var["n_cells"], adata.var["means"] = range(220), 0.5
        adata.write_h5ad(tmp_path / "t.h5ad")
    assert synthgen("inspect", tmp_path / "t.h5ad").out.splitlines()[-1] == (
        "Left out of what is known of the features, as they may be statistics of these rows: n_cells, means."
    )
    assert synthgen("fit", tmp_path / "t.h5ad", "-o", tmp_path / "m", *FLOOR).code == 0
    assert "left out of var: n_cells, means" in synthgen("inspect", tmp_path / "m").out.splitlines()
