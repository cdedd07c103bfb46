"""Fits to ``.bed`` files a few variants at a time, and samples straight to them, against the road through a table."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from synthgen import Bootstrap, GaussianCopula, IndependentMarginals, SynthGAN, SynthVAE, archive, load
from synthgen.encoders import packed_schema
from synthgen.exceptions import DataError, FileError, ParameterError, TableFileError
from synthgen.models import bed_fit
from synthgen.models.bed_fit import stream_bed
from synthgen.models.bed_sample import is_of_bed, sample_to_bed
from synthgen.models.fit_run import FitRun
from synthgen.schema import Column, Schema
from synthgen.table.bed_blocks import open_bed_blocks
from synthgen.table.plink import read_plink
from tests.common.genotypes import write_genotypes

pytest.importorskip("bed_reader")
V, N = 520, 160
LINEAR = {"wide_model": "linear", "random_state": 3, "verbose": 0}
MODELS = [
    (SynthGAN, LINEAR),
    (SynthGAN, {**LINEAR, "wide_model": "gan", "max_steps": 5}),
    (SynthVAE, {"max_steps": 5, "random_state": 3, "verbose": 0}),
    (GaussianCopula, {"random_state": 3, "verbose": 0}),
    (IndependentMarginals, {"random_state": 3, "verbose": 0}),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("genotypes")
    write_genotypes(out / "gaps.bed", V, N)
    write_genotypes(out / "whole.bed", V, N, missing=0)
    write_genotypes(out / "alone.bed", V, N, with_people=False)
    return out


@pytest.fixture(scope="module")
def fitted(folder):
    return streamed(SynthGAN(**LINEAR), folder / "gaps.bed")


def streamed(model, path, size=None):
    stream_bed(model, open_bed_blocks(path), FitRun(), size)
    return model


def leaves(value, path=""):
    """Every array and plain value of a state by its place."""
    if isinstance(value, dict):
        for key, own in value.items():
            yield from leaves(own, f"{path}/{key}")
    elif isinstance(value, (list, tuple)) and any(isinstance(v, (dict, list, np.ndarray)) for v in value):
        for i, own in enumerate(value):
            yield from leaves(own, f"{path}/{i}")
    else:
        yield path, value


def bytes_of(model, tmp_path):
    model.save(tmp_path / "m.synthgen")
    return (tmp_path / "m.synthgen").read_bytes()


@pytest.mark.parametrize(("kind", "given"), MODELS, ids=lambda x: getattr(x, "__name__", ""))
@pytest.mark.parametrize("name", ["gaps", "whole"])
def test_streamed_fits_are_those_of_the_table_to_the_last_byte(folder, tmp_path, kind, given, name):
    table = kind(**given).fit(read_plink(folder / f"{name}.bed"))
    from_file = streamed(kind(**given), folder / f"{name}.bed")
    assert from_file.schema_ == table.schema_
    assert from_file.n_features_in_ == table.n_features_in_ == V + 2
    assert bytes_of(from_file, tmp_path) == bytes_of(table, tmp_path)


def test_without_covariates_too(folder, tmp_path):
    table = SynthGAN(**LINEAR).fit(read_plink(folder / "alone.bed"))
    from_file = streamed(SynthGAN(**LINEAR), folder / "alone.bed")
    assert bytes_of(from_file, tmp_path) == bytes_of(table, tmp_path)
    sample_to_bed(from_file, tmp_path / "out.bed", 5, seed=1)
    assert read_plink(tmp_path / "out.bed").frame.shape == (5, V)


def test_tiny_blocks_give_the_same_model_to_rounding_errors(folder, fitted):
    tiny = dict(leaves(streamed(SynthGAN(**LINEAR), folder / "gaps.bed", 64).to_state()))
    for path, wanted in leaves(fitted.to_state()):
        if isinstance(wanted, np.ndarray) and wanted.dtype.kind == "f":
            assert tiny[path] == pytest.approx(wanted, abs=2e-3, nan_ok=True), path
        elif isinstance(wanted, np.ndarray) and wanted.size:
            assert (tiny[path] == wanted).mean() > 0.99, path


def test_people_beyond_the_gram_matrix_give_the_same_span(folder, monkeypatch):
    from synthgen.encoders import block_stream, top_directions

    exact = streamed(SynthGAN(**LINEAR, reduce=2), folder / "whole.bed")
    monkeypatch.setattr(top_directions, "MAX_GRAM_ROWS", 100)
    monkeypatch.setattr(block_stream, "MAX_GRAM_ROWS", 100)
    quick = streamed(SynthGAN(**LINEAR, reduce=2), folder / "whole.bed", 128)
    a, b = (m.encoder_.block_.factors.loadings for m in (exact, quick))
    assert np.abs((a * b).sum(axis=0)) == pytest.approx((a**2).sum(axis=0), rel=1e-2)


class Follower:
    """A process that trains with others: what is not the same for all comes from the first one."""

    n_machines = 1

    def agreed(self, values):
        return {**values, **{"seed": 11, "streamed": True}}


def test_processes_that_train_together_have_one_seed_and_go_one_way(folder):
    run = FitRun(team=Follower())
    own, other, alone = (SynthGAN(**{**LINEAR, "random_state": seed}) for seed in (None, None, 11))
    for model in (own, other):
        bed_fit.fit_bed(model, folder / "gaps.bed", run, None)
    streamed(alone, folder / "gaps.bed")
    for model in (own, other):
        pd.testing.assert_frame_equal(model.sample(5, random_state=0), alone.sample(5, random_state=0))


@pytest.mark.parametrize(("name", "value"), [("rows_per_file", 5), ("format", "csv")])
def test_what_one_plink_file_has_no_use_for_is_refused(fitted, tmp_path, name, value):
    with pytest.raises(ParameterError, match=f"`{name}` parameter of sample_to is for a folder"):
        fitted.sample_to(tmp_path / "x.bed", 5, **{name: value})


def test_fit_takes_the_table_where_memory_holds_it_and_streams_else(folder, monkeypatch, tmp_path):
    roads = []
    for name in ("read_plink", "stream_bed"):
        own = getattr(bed_fit, name)
        monkeypatch.setattr(bed_fit, name, lambda *a, n=name, f=own: roads.append(n) or f(*a))
    path = folder / "gaps.bed"
    in_memory = SynthGAN(**LINEAR).fit(path)
    needed = bed_fit.streamed_bytes(N, V, in_memory)
    monkeypatch.setattr(bed_fit, "TABLE_BYTES", 10**6)
    from_file = SynthGAN(**LINEAR).fit(path, max_memory=needed)
    assert roads == ["read_plink", "stream_bed"]
    assert bytes_of(in_memory, tmp_path) == bytes_of(from_file, tmp_path)
    with pytest.raises(ParameterError, match=r"`max_memory` parameter of fit allows .* take .*; allow more"):
        SynthGAN(**LINEAR).fit(path, max_memory=needed - 1)


@pytest.mark.parametrize("name", ["gaps", "whole"])
@pytest.mark.parametrize("kind", [SynthGAN, GaussianCopula])
def test_samples_in_a_file_are_those_of_sample(folder, tmp_path, kind, name):
    given = LINEAR if kind is SynthGAN else {"random_state": 3, "verbose": 0}
    model = streamed(kind(**given), folder / f"{name}.bed")
    sample_to_bed(model, tmp_path / "out.bed", 1_100, seed=5)
    table, found = model.sample(1_100, random_state=5), read_plink(tmp_path / "out.bed").frame
    assert found.columns.tolist() == table.columns.tolist()
    variants = table.columns[2:]
    values = table[variants].to_numpy(dtype=np.float32)
    assert np.array_equal(found[variants].to_numpy(dtype=np.float32), values, equal_nan=True)
    for column in ("sex", "phenotype"):
        assert found[column].astype(str).tolist() == table[column].astype(str).tolist()
    sample_to_bed(model, tmp_path / "again.bed", 1_100, seed=5)
    assert (tmp_path / "again.bed").read_bytes() == (tmp_path / "out.bed").read_bytes()


def test_a_loaded_model_writes_the_same_file(fitted, tmp_path):
    fitted.save(tmp_path / "m.synthgen")
    for model, name in ((fitted, "a"), (load(tmp_path / "m.synthgen"), "b")):
        sample_to_bed(model, tmp_path / f"{name}.bed", 20, seed=1)
    for suffix in (".bed", ".bim", ".fam"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_very_many_columns_are_packed_and_come_back(fitted, tmp_path, monkeypatch):
    plain = bytes_of(fitted, tmp_path)
    monkeypatch.setattr(packed_schema, "MANY_COLUMNS", V)
    monkeypatch.setattr(archive, "MANY_STRINGS", V)
    packed = bytes_of(fitted, tmp_path)
    again = load(tmp_path / "m.synthgen")
    assert again.schema_ == fitted.schema_
    assert again.describe() == fitted.describe()
    pd.testing.assert_frame_equal(again.annotation_.features, fitted.annotation_.features)
    pd.testing.assert_frame_equal(again.sample(30, random_state=1), fitted.sample(30, random_state=1))
    assert len(packed) < len(plain)
    assert b'format_version\\\\\\": 4' in packed or b'format_version\\": 4' in packed
    assert b"rs519" in packed and packed.count(b'rs519"') == 0  # in no JSON


def test_files_of_fewer_columns_are_as_older_versions_read_them(fitted, tmp_path):
    content = bytes_of(fitted, tmp_path)
    assert b"format_version" in content and b"@strings" not in content and b'": 4, ' not in content[:3_000]


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (SynthGAN(covariates=["rs3"], verbose=0), r"`covariates` parameter of SynthGAN names 'rs3'.*'sex'"),
        (SynthGAN(conditional_on=["rs3"], verbose=0), "`conditional_on` parameter of SynthGAN names 'rs3'"),
        (SynthGAN(schema=Schema((Column("rs3", "integer"),)), verbose=0), "`schema` parameter of SynthGAN"),
        (SynthGAN(reduce=None, verbose=0), "without common factors holds all genotypes.*`reduce`"),
        (Bootstrap(), "Bootstrap without common factors.*use SynthGAN"),
    ],
)
def test_what_cannot_be_streamed_is_refused_by_name(folder, model, words):
    with pytest.raises(ParameterError, match=words):
        streamed(model, folder / "gaps.bed")


def test_few_people_and_few_variants_are_refused(tmp_path):
    path, _ = write_genotypes(tmp_path / "few.bed", 300, 3, missing=0)
    with pytest.raises(DataError, match="has 3 people"):
        streamed(SynthGAN(**LINEAR), path)
    path, _ = write_genotypes(tmp_path / "narrow.bed", 20, 50)
    with pytest.raises(DataError, match="no wide table"):
        streamed(SynthGAN(**LINEAR), path)


def test_models_of_other_tables_write_no_bed(fitted, tmp_path):
    other = GaussianCopula(random_state=0, verbose=0).fit(pd.DataFrame({"a": range(30), "b": range(30)}))
    assert is_of_bed(fitted) and not is_of_bed(other)
    with pytest.raises(TableFileError, match="only a model of a PLINK file"):
        sample_to_bed(other, tmp_path / "out.bed", 5)
    with pytest.raises(ParameterError, match="`n` parameter"):
        sample_to_bed(fitted, tmp_path / "out.bed", 0)
    assert not list(tmp_path.iterdir())


def test_models_of_few_variants_write_a_bed_through_their_table(tmp_path):
    path, _ = write_genotypes(tmp_path / "narrow.bed", 20, 50)
    model = IndependentMarginals(random_state=0, verbose=0).fit(path)
    assert not is_of_bed(model)
    assert model.sample_to(tmp_path / "out.bed", 30, random_state=1) is None
    assert_frame_equal(read_plink(tmp_path / "out.bed").frame, model.sample(30, random_state=1))
    with pytest.raises(FileError, match="exists already"):
        model.sample_to(tmp_path / "out.bed", 30)


@pytest.mark.parametrize("is_streamed", [True, False])
def test_a_sex_or_case_of_one_person_is_a_word_of_the_format_and_goes_into_the_fam(tmp_path, is_streamed):
    write_genotypes(tmp_path / "g.bed", V, 40)
    people = [line.split() for line in (tmp_path / "g.fam").read_text().splitlines()]
    for i, own in enumerate(people):
        own[4:6] = ["2" if i == 7 else "1", "2" if i == 9 else "1"]
    (tmp_path / "g.fam").write_text("".join("\t".join(own) + "\n" for own in people))
    model = SynthGAN(**LINEAR)
    model = streamed(model, tmp_path / "g.bed") if is_streamed else model.fit(tmp_path / "g.bed")
    assert model.schema_["sex"].levels == ("male", "female")
    assert model.schema_["phenotype"].levels == ("control", "case")
    model.sample_to(tmp_path / "s.bed", 60, random_state=0)
    assert {line.split()[4] for line in (tmp_path / "s.fam").read_text().splitlines()} <= {"0", "1", "2"}


def test_rare_words_of_a_phenotype_of_its_own_are_pooled_all_the_same(tmp_path):
    write_genotypes(tmp_path / "g.bed", V, 40)
    people = [line.split() for line in (tmp_path / "g.fam").read_text().splitlines()]
    for i, own in enumerate(people):
        own[5] = "secretword" if i == 9 else f"w{i % 2}"
    (tmp_path / "g.fam").write_text("".join("\t".join(own) + "\n" for own in people))
    model = streamed(SynthGAN(**LINEAR), tmp_path / "g.bed")
    assert "secretword" not in model.schema_["phenotype"].levels
