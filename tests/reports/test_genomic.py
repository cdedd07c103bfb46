import html
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.reports.alike import some_real_rows
from synthgen.reports.report import Report
from synthgen.reports.summary import evaluate
from synthgen.reports.wordings import WORDINGS
from synthgen.rng import stream

GENES = {name for name, w in WORDINGS.items() if w.area == "expression"}
VARIANTS = {name for name, w in WORDINGS.items() if w.area == "genotypes"}
LEVELS = stream(0, "test.genomic.levels").normal(0, 1, 230)
PROGRAMMES = stream(0, "test.genomic.programmes").normal(0, 0.6, (3, 230))
FREQUENCIES = stream(0, "test.genomic.frequencies").beta(2, 2, (2, 70, 1))


def cells(n, seed, shrunk=1.0):
    """Counts of two classes and three programmes; `shrunk` weakens the programmes."""
    draw = stream(seed, "test.genomic.cells")
    kind = draw.integers(0, 2, n)
    logs = (
        LEVELS
        + shrunk * draw.normal(size=(n, 3)) @ PROGRAMMES
        + kind[:, None] * np.where(np.arange(230) < 40, 1.0, 0)
    )
    values = draw.poisson(np.exp(logs) * draw.uniform(0.5, 2, (n, 1)))
    frame = pd.DataFrame(values, columns=[f"gene{j}" for j in range(230)])
    return frame.assign(kind=np.where(kind == 1, "tumour", "normal"))


def genotyped(n, seed):
    """Dosages of two populations, three neighbours alike, some missing."""
    draw = stream(seed, "test.genomic.people")
    population = draw.integers(0, 2, n)
    values = np.repeat(draw.binomial(2, FREQUENCIES[population, :, 0]), 3, axis=1).astype(float)
    values[draw.random(values.shape) < 0.1] = 1
    values[draw.random(values.shape) < np.linspace(0, 0.2, 210)] = np.nan
    frame = pd.DataFrame(values, columns=[f"rs{j}" for j in range(210)])
    return frame.assign(population=np.where(population == 1, "north", "south"))


def strict(*tables, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return evaluate(*tables, **options)


@pytest.fixture(scope="module")
def gene_report():
    return strict(cells(120, 1), cells(120, 2), cells(100, 3), target="kind", metrics=["expression"])


@pytest.fixture(scope="module")
def variant_report():
    return strict(
        genotyped(120, 1), genotyped(120, 2), genotyped(100, 3), target="population", metrics=["genotypes"]
    )


def test_every_figure_stands_beside_its_baselines(gene_report, variant_report):
    assert set(gene_report.scores) == GENES and set(variant_report.scores) == VARIANTS
    for name, score in (gene_report.scores | variant_report.scores).items():
        assert None not in (score.value, score.ceiling.value, score.floor.value, score.memoriser.value), name
        if name != "hwe_failures":
            assert score.low <= score.value <= score.high, name


def test_fresh_rows_are_at_the_ceiling_and_independent_columns_at_the_floor(gene_report, variant_report):
    for report, together in ((gene_report, "gene_correlations"), (variant_report, "ld_r2")):
        score = report.scores[together]
        assert score.position > 0.9 and abs(score.floor.value) < 0.1 < score.ceiling.low
    assert gene_report.scores["gene_means"].value > 0.95 < gene_report.scores["gene_means"].floor.value
    assert gene_report.scores["passing_genes"].floor.value < 0.3
    assert variant_report.scores["allele_frequencies"].value > 0.9
    truth, made = (variant_report.scores[f"aats_{half}"] for half in ("truth", "synthetic"))
    assert truth.floor.value > 0.9 > truth.ceiling.value and made.floor.value < made.ceiling.value
    assert variant_report.scores["f_st"].floor.value < 0.02 < variant_report.scores["f_st"].ceiling.low


def test_what_is_wrong_with_genes_shows():
    real, holdout = cells(120, 1), cells(100, 3)
    weak = strict(real, cells(120, 2, shrunk=0.4), holdout, target="kind", metrics=["expression"])
    scores = weak.scores
    assert scores["gene_correlations"].high < scores["gene_correlations"].ceiling.low
    assert scores["gene_variances_slope"].value < scores["gene_variances_slope"].ceiling.value
    assert scores["passing_genes"].value > scores["passing_genes"].ceiling.value
    big = cells(120, 2)
    genes = [c for c in big if c != "kind"]
    big[genes] *= 4
    sized = strict(real, big, holdout, metrics=["expression"])
    assert sized.scores["library_size"].value < 0.5 < sized.scores["library_size"].ceiling.value


def test_the_facts_say_what_was_compared(gene_report, variant_report):
    genes, variants = gene_report.expression, variant_report.genotypes
    assert (genes.family, genes.scale, genes.n_genes, genes.n_rows) == (
        "counts",
        "log of counts per library",
        230,
        100,
    )
    assert {genes.fold_changes.first, genes.fold_changes.second} == {"normal", "tumour"}
    assert set(genes.fold_changes.n_passing) == {"reference", "synthetic", "ceiling", "floor", "memoriser"}
    assert genes.overlay.n_axes_rows == 120 and set(genes.overlay.points) == {"ceiling", "synthetic"}
    assert (variants.family, variants.n_variants, variants.n_linked) == ("dosages", 210, 210)
    assert sum(b.n_sites for b in variants.bins) == 210 and len(variants.decay["floor"]) == 8
    assert any("read as genes (counts)" in note for note in gene_report.notes)
    assert any("read as variants (dosages)" in note for note in variant_report.notes)


def test_neighbours_are_linked_more_than_distant_sites(variant_report):
    decay = variant_report.genotypes.decay
    assert decay["synthetic"][0] > 3 * decay["synthetic"][-1]
    assert decay["floor"][0] < 0.05


@pytest.mark.parametrize("which", ["gene_report", "variant_report"])
def test_json_round_trips_and_the_page_has_the_section(request, which):
    report = request.getfixturevalue(which)
    assert Report.from_json(report.to_json()) == report
    page = report.to_html()
    name = "expression" if which == "gene_report" else "genotypes"
    assert f'<h2 id="{name}">' in page and "raise no verdicts" in page
    assert f"{name}: axes" in report.figures()
    assert len([f for f in report.figures() if f.startswith(name)]) == page.count('class="plot"')
    assert all(html.escape(WORDINGS[score].title) in page for score in report.scores)


def test_the_parts_appear_by_themselves_and_only_where_they_belong(gene_report, people):
    real = people(60, 1)
    report = evaluate(real, people(60, 2), metrics=["columns", "expression", "genotypes"])
    assert report.expression is None and report.genotypes is None
    assert [s.name for s in report.skipped] == ["expression", "genotypes"]
    assert report.skipped[0].reason == "the table holds no block of 200 genes or more"
    assert gene_report.genotypes is None and gene_report.skipped == ()


def test_without_a_holdout_halves_of_the_real_rows_are_the_ceiling():
    report = strict(genotyped(60, 1), genotyped(80, 2), target="population", metrics=["genotypes"])
    score = report.scores["ld_r2"]
    assert (
        score.ceiling.value is not None and score.memoriser.value > score.ceiling.value and not score.trusted
    )
    genes = strict(cells(60, 1), cells(40, 2), metrics=["expression"])
    assert "fold_changes" not in genes.scores and genes.expression.fold_changes is None
    assert "the target gives no two classes" in genes.expression.no_classes
    assert genes.to_html() and report.to_html()


@pytest.mark.parametrize("part", ["expression", "genotypes"])
def test_ten_rows_of_little_variation_are_no_error(part):
    make = cells if part == "expression" else genotyped
    real, made, holdout = make(10, 1), make(10, 2), make(10, 3)
    values = [c for c in made if c not in ("kind", "population")]
    made[values] = 0
    holdout[values[:100]] = 1
    report = strict(real, made, holdout, target=real.columns[-1], metrics=[part])
    assert getattr(report, part).n_rows == 10 and report.to_html() and report.summary()


@pytest.mark.parametrize(("n_real", "n_taken"), [(400, 400), (501, 500), (999, 500), (1700, 500)])
def test_the_basis_has_no_more_rows_than_it_may(n_real, n_taken):
    def numbered(n):
        return CodedTable((CodedColumn("x", "continuous", np.arange(float(n))),), n)

    tables = SimpleNamespace(real=numbered(n_real), synthetic=numbered(300), reference=numbered(300), seed=0)
    taken = some_real_rows(tables, 210)
    assert taken.n_rows == len(np.unique(taken.columns[0].values)) == n_taken
    assert taken.columns[0].values[-1] > 0.9 * n_real
