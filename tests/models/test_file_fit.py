"""Fits from files: the same schema, encoders and bytes as in memory where these can be the same, and rules where they cannot."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
from pandas.testing import assert_frame_equal

from synthgen import Bootstrap, GaussianCopula, IndependentMarginals, SynthGAN, SynthVAE, load
from synthgen.constraints.relation import Relation
from synthgen.constraints.rules import Dependency, Inequality, Unique
from synthgen.disclosure import MIN_ROWS
from synthgen.encoders.numeric import NumericEncoder
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.exceptions import ColumnRejected, DataError, FileError, ParameterError
from synthgen.models import file_fit_memory
from synthgen.models.estimate import MemoryWarning
from synthgen.models.file_fit import fit_files, fitted_encoder, planned, prepared
from synthgen.models.file_fit_estimate import estimate_files
from synthgen.models.file_fit_margins import column_margins, values_of_rows
from synthgen.models.file_fit_memory import MIN_SAMPLE, allowed_memory, memory_plan
from synthgen.models.file_fit_rules import _Held
from synthgen.models.file_fit_shards import encodable, training_rows
from synthgen.models.fit_run import FitRun
from synthgen.relations.checks import obeyed
from synthgen.relations.find import find_relations
from synthgen.relations.quantities import plains
from synthgen.rng import derived_seed
from synthgen.schema import Column, Schema
from synthgen.sketches.table_sketch import TableSketch
from synthgen.table.infer import infer_schema
from synthgen.table.sources import open_source
from synthgen.training.checkpoint import Stage
from tests.common.tables import every_dtype

ROWS = 30_000  # the sample holds 2,048 of them
SMALL = {"hidden_dims": (16,), "latent_dim": 8, "refine": None, "watch": False, "calibrate": False}


def mixed(n=ROWS, seed=0):
    """Rare levels, gaps and extremes that a sample of some thousand rows does not show."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal(n)
    level = np.array([f"L{i:03d}" for i in range(300)])[(300 * rng.random(n) ** 4).astype(int)]
    few = np.where(rng.random(n) < 0.0002, "rare", np.where(z > 0, "high", "low"))
    start = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 700 * 24, n), unit="h")
    gap = np.round(np.exp(z), 1)
    gap[rng.choice(n, 20, replace=False)] = np.nan
    return pd.DataFrame(
        {
            "id": np.arange(100, 100 + n),
            "code": [f"K-{i:06d}" for i in rng.permutation(n)],
            "number": z,
            "count": rng.poisson(np.exp(1 + z / 2)),
            "zeros": np.where(rng.random(n) < 0.6, 0.0, np.round(np.exp(z), 3)),
            "level": level,
            "few": few,
            "flag": z + rng.standard_normal(n) > 1,
            "start": start,
            "end": start + pd.to_timedelta(rng.integers(1, 100, n), unit="h"),
            "gap": gap,
            "same": "one",
        }
    )


def write(table, folder, n_files=4):
    folder.mkdir(parents=True, exist_ok=True)
    for i, part in enumerate(np.array_split(np.arange(len(table)), n_files)):
        table.iloc[part].to_parquet(folder / f"{i}.parquet", index=False, row_group_size=5_000)
    return folder


@pytest.fixture(scope="module")
def table():
    return mixed()


@pytest.fixture(scope="module")
def folder(table, tmp_path_factory):
    return write(table, tmp_path_factory.mktemp("files") / "mixed")


def streamed(model, X, most=MIN_SAMPLE):
    """A fit that keeps at most so many rows in memory, however much there is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file_fit_memory, "FITTING_ROWS", most)
        fit_files(model, X, FitRun(), "8GiB", most=most)
    return model


def look(model, X, most=MIN_SAMPLE):
    source = open_source(X)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file_fit_memory, "FITTING_ROWS", most)
        plan = planned(model, source, "8GiB", 0, most)
    assert plan.n_sample == most < source.n_rows
    return prepared(model, source, plan, 0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: GaussianCopula(random_state=3, verbose=0),
        lambda: SynthGAN(max_steps=4, **SMALL, random_state=3, verbose=0),
    ],
)
def test_a_table_that_fits_gives_the_bytes_of_a_fit_in_memory(make, folder, table, tmp_path):
    part = write(table.head(800), tmp_path / "part")
    own, expected = make().fit(part, max_memory="8GiB"), make().fit(table.head(800))
    own.save(tmp_path / "a.synthgen")
    expected.save(tmp_path / "b.synthgen")
    assert (tmp_path / "a.synthgen").read_bytes() == (tmp_path / "b.synthgen").read_bytes()


def test_schema_and_relations_are_those_of_a_fit_in_memory(folder, table):
    found = look(IndependentMarginals(verbose=0), folder).schema
    expected = find_relations(table, infer_schema(table))
    assert [c.to_dict() if hasattr(c, "to_dict") else c for c in found] == [
        c.to_dict() if hasattr(c, "to_dict") else c for c in expected
    ]
    assert [(r.rule, r.source, r.support) for r in found.relations] == [
        (r.rule, r.source, r.support) for r in expected.relations
    ]
    assert {c.name: c.kind for c in found} | {
        "id": "identifier",
        "code": "identifier",
        "same": "constant",
    } == {c.name: c.kind for c in found}
    assert "rare" in found["few"].levels
    assert found["gap"].missing


def test_encoders_of_columns_whose_values_are_counted_are_those_of_a_fit_in_memory(folder, table):
    own = look(GaussianCopula(verbose=0), folder).encoder
    schema = find_relations(table, infer_schema(table))
    expected = TableEncoder(schema, random_state=derived_seed(0, "encoder"))
    expected.fit_matrix(table)
    assert own.layout_ == expected.layout_
    alone = [
        n for n in table.columns if n not in ("code", "start", "end")
    ]  # shapes, and a gap of two columns
    by_name = {e.column.name: e.to_state() for e in own.encoders_}
    for encoder in expected.encoders_:
        if encoder.column.name in alone:
            torch.testing.assert_close(by_name[encoder.column.name], encoder.to_state(), rtol=0, atol=0)
    assert own.pooled_ == expected.pooled_
    assert own.schema_["few"] == expected.schema_["few"]


def sketched(values, name="x"):
    frame = pd.DataFrame({name: values})
    sketch = TableSketch([name])
    for start in range(0, len(frame), 50_000):
        sketch.update(frame.iloc[start : start + 50_000])
    return frame, sketch


def test_values_that_stand_for_ranks_are_each_of_another_row():
    rng = np.random.default_rng(0)
    values = np.where(rng.random(400_000) < 0.3, 0.0, np.exp(rng.standard_normal(400_000)))
    _, sketch = sketched(values)
    points, weights = sketch["x"].points()
    assert weights.sum() == 400_000 > len(points)
    distinct, rows = values_of_rows(points, weights)
    counts = pd.Series(values).value_counts()
    assert (rows <= counts.loc[distinct].to_numpy()).all()
    assert rows[distinct != 0].max() == 1  # of all others no two rows are alike
    assert rows.sum() == 400_000 // weights.max()
    n, positive = rows.sum(), distinct[distinct != 0]
    error = sketch["x"].rank_error
    assert 0 < error < 0.001
    true = np.searchsorted(np.sort(values), positive, side="left") / len(values)
    own = (np.arange(len(positive)) + 0.5 + rows[distinct == 0].sum()) / n
    assert np.abs(true - own).max() <= error + 1 / n


def test_what_is_kept_of_a_sketched_column_stands_for_enough_rows():
    rng = np.random.default_rng(1)
    values = rng.standard_t(2, 300_000)
    frame, sketch = sketched(values)
    schema = infer_schema(frame)
    margin = column_margins(frame.head(1_000), schema, sketch)["x"]
    assert margin.rows.sum() * MIN_ROWS <= 300_000
    from synthgen.encoders.pooling import plain_margin

    encoder = NumericEncoder.fit(plain_margin(frame["x"], margin, schema["x"]), schema["x"])
    rest = encoder.parts.rest
    ordered = np.sort(values)
    inside = np.searchsorted(ordered, rest.high, "right") - np.searchsorted(ordered, rest.low, "left")
    assert inside.min() >= MIN_ROWS
    assert not (rest.low == rest.high).any()
    assert not len(encoder.parts.atoms)
    kept = np.array([*rest.low, *rest.high])
    assert not np.isin(kept, values).any()  # means and midpoints, not rows
    assert ordered[MIN_ROWS - 1] < kept.min() or (ordered < kept.min()).sum() >= 1


def test_a_mean_of_a_model_of_sketched_numbers_is_the_tables():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"x": rng.gamma(2, size=250_000), "y": rng.normal(size=250_000)})
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as place:
        write(frame, Path(place) / "t", 2)
        model = streamed(IndependentMarginals(random_state=0, verbose=0), Path(place) / "t", most=4_096)
    made = model.sample(100_000, random_state=0)
    quantiles = np.linspace(0.01, 0.99, 50)
    places = np.searchsorted(np.sort(frame["x"]), made["x"].quantile(quantiles)) / len(frame)
    assert np.abs(places - quantiles).max() < 0.006  # 1.63 / sqrt(100,000), and the ranks' error


def test_a_relation_that_rows_outside_the_sample_break_is_not_kept(table, tmp_path):
    broken = table.copy()
    broken.loc[29_990, "end"] = broken.loc[29_990, "start"] - pd.Timedelta(hours=1)
    folder = write(broken, tmp_path / "broken")
    model = look(IndependentMarginals(verbose=0), folder)
    assert not np.isin(29_990, model.seen.numbers)
    assert not [r for r in model.schema.relations if "end" in r.rule.names]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            Inequality("start", "end"),
            r"'start <= end' does not hold in the table: 1 of 30,000 rows break it, first row 29990",
        ),
        (Unique(["number"]), r"1 of 30,000 rows repeat an earlier one"),
        (Dependency("level", "few"), r"rows break it"),
    ],
)
def test_a_declared_rule_is_held_against_every_row(rule, message, table, tmp_path):
    broken = table.copy()
    broken.loc[29_990, "end"] = broken.loc[29_990, "start"] - pd.Timedelta(hours=1)
    broken.loc[29_991, "number"] = broken.loc[3, "number"]
    broken["few"] = broken["level"].str[-1]
    broken.loc[29_992, "few"] = "?"
    folder = write(broken, tmp_path / "broken")
    model = IndependentMarginals(constraints=[rule], detect_relations=False, random_state=0, verbose=0)
    with pytest.raises(DataError, match=message):
        streamed(model, folder)


def test_a_declared_rule_that_rows_in_memory_break_says_of_which_rows_it_speaks(folder):
    model = IndependentMarginals(
        constraints=[Inequality("end", "start")], detect_relations=False, random_state=0, verbose=0
    )
    with pytest.raises(
        DataError, match=r"In 2,048 of 30,000 rows, drawn at random: .*'end <= start' does not hold"
    ):
        streamed(model, folder)


def test_declared_rules_that_hold_are_kept_in_samples(folder):
    model = IndependentMarginals(
        constraints=[Inequality("start", "end"), Unique(["id"])], random_state=0, verbose=0
    )
    made = streamed(model, folder).sample(500, random_state=0)
    assert (made["start"] <= made["end"]).all()
    assert made["id"].is_unique


def test_rows_to_train_on_are_without_those_held_out(folder):
    source = open_source(folder)
    held_out = np.arange(0, 3_000, 3)
    every = training_rows(source, held_out, 10**9, 0)
    np.testing.assert_array_equal(every.between(0, ROWS), np.setdiff1d(np.arange(ROWS), held_out))
    for n in (5_000, 25_000):
        some = training_rows(source, held_out, n, 0).between(0, ROWS)
        assert len(some) == n
        assert not np.isin(some, held_out).any()
        assert (np.diff(some) > 0).all()
        assert abs(some.mean() / ROWS - 0.5) < 4 / np.sqrt(12 * 5_000) + len(held_out) / ROWS


def test_training_rows_are_as_likely_as_each_other_and_cut_into_spans(monkeypatch):
    class Source:
        n_rows = 21

    monkeypatch.setattr("synthgen.models.file_fit_shards._CHUNK", 4)
    held_out = np.array([3, 20])
    for n in (4, 15):
        counts = np.zeros(21)
        for seed in range(1_000):
            rows = training_rows(Source(), held_out, n, seed)
            parts = [rows.between(0, 5), rows.between(5, 16), rows.between(16, 21)]
            counts[np.concatenate(parts)] += 1
            assert sum(map(len, parts)) == len(rows) == n
        assert not counts[held_out].any()
        p = n / 19
        assert np.abs(np.delete(counts, held_out) - 1_000 * p).max() < 4.5 * np.sqrt(1_000 * p * (1 - p))


@pytest.mark.parametrize(
    "make",
    [
        lambda: SynthGAN(max_steps=4, **SMALL, random_state=0, verbose=0),
        lambda: SynthVAE(max_steps=4, hidden_dims=(16,), latent_dim=8, random_state=0, verbose=0),
        lambda: GaussianCopula(random_state=0, verbose=0),
        lambda: IndependentMarginals(random_state=0, verbose=0),
    ],
)
def test_every_synthesizer_streams_and_repeats_itself(make, folder, table, tmp_path):
    model = streamed(make(), folder)
    assert model.n_rows_in_ == ROWS
    assert list(model.feature_names_in_) == list(table.columns)
    made = model.sample(200, random_state=0)
    assert list(made.dtypes) == list(pd.read_parquet(folder).dtypes)
    assert_frame_equal(streamed(make(), folder).sample(200, random_state=0), made)
    assert "30,000" in " ".join(model.describe()["privacy"]) or model.describe()["n_rows"] == ROWS
    model.save(tmp_path / "m.synthgen")
    assert_frame_equal(load(tmp_path / "m.synthgen").sample(200, random_state=0), made)


def left_in(folder):
    """What stands in a folder, but for what torch puts there once a process."""
    return [p.name for p in folder.iterdir() if not p.name.startswith("torchinductor")]


def test_scratch_files_are_gone_after_a_fit(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    streamed(SynthGAN(max_steps=2, **SMALL, random_state=0, verbose=0), folder)
    assert left_in(tmp_path) == []


class Stop(Exception):
    pass


def test_a_fit_that_died_goes_on_from_its_shards_to_the_same_bytes(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(file_fit_memory, "MAX_SHARD", 4_096)
    folder = write(pd.read_parquet(folder, columns=["number", "few", "zeros"]).head(30_000), tmp_path / "few")
    monkeypatch.setattr(file_fit_memory, "FITTING_ROWS", MIN_SAMPLE)
    monkeypatch.setattr(fit_files, "__kwdefaults__", {"most": MIN_SAMPLE})

    def model(callback=None):
        callbacks = None if callback is None else [callback]
        return SynthGAN(
            **SMALL,
            max_steps=36,
            validate_every=6,
            batch_size=256,
            random_state=5,
            verbose=0,
            callbacks=callbacks,
        )

    def die(evaluation):
        if evaluation.step == 24:
            raise Stop

    whole = model().fit(folder, max_memory="8GiB")
    with pytest.raises(Stop):
        model(die).fit(folder, max_memory="8GiB", checkpoint=tmp_path / "c", checkpoint_every=6)
    shards = sorted((tmp_path / "c" / "rows").glob("*.npy"))
    assert len(shards) > 2
    began = [p.stat().st_mtime_ns for p in shards]
    seen = []

    def watch(evaluation):
        seen.append(evaluation.step)
        assert [p.stat().st_mtime_ns for p in shards] == began

    own = model(watch).fit(
        folder, max_memory="8GiB", checkpoint=tmp_path / "c", checkpoint_every=6, resume=True
    )
    assert seen[0] > 12
    assert not (tmp_path / "c" / "rows").exists()
    assert_frame_equal(own.sample(300, random_state=0), whole.sample(300, random_state=0))


def test_a_fit_that_is_taken_up_keeps_its_memory_plan_or_is_refused(table, tmp_path, monkeypatch):
    folder = write(table[["number", "few"]].head(12_000), tmp_path / "own")
    monkeypatch.setattr(file_fit_memory, "FITTING_ROWS", MIN_SAMPLE)
    monkeypatch.setattr(fit_files, "__kwdefaults__", {"most": MIN_SAMPLE})
    monkeypatch.setattr(file_fit_memory, "MAX_SHARD", 4_096)

    def model(steps):
        return SynthGAN(
            **SMALL,
            max_steps=steps,
            validate_every=4,
            random_state=5,
            verbose=0,
            batch_size=512,
        )

    whole = model(24).fit(folder, max_memory="8GiB")
    plain, saves = Stage.save, []

    def save(self, *args):
        plain(self, *args)
        saves.append(args[0])
        if len(saves) == 3:
            raise Stop

    monkeypatch.setattr(Stage, "save", save)
    with pytest.raises(Stop):
        model(24).fit(folder, max_memory="8GiB", checkpoint=tmp_path / "c")
    for name in ("MAX_SHARD", "ROWS_TOGETHER"):
        monkeypatch.setattr(file_fit_memory, name, 2_048)
    monkeypatch.setattr(fit_files, "__kwdefaults__", {"most": MIN_SAMPLE // 2})
    with pytest.raises(
        ParameterError, match="less than what the fit began with: its 2,048 rows in memory need"
    ):
        model(24).fit(folder, max_memory="20MiB", checkpoint=tmp_path / "c", resume=True)
    own = model(24).fit(folder, max_memory="9GiB", checkpoint=tmp_path / "c", resume=True)
    assert_frame_equal(own.sample(300, random_state=0), whole.sample(300, random_state=0))


def test_checkpoints_of_other_files_are_refused(table, tmp_path, monkeypatch):
    table = table[["number", "few"]].head(5_000)
    folder = write(table, tmp_path / "own")
    monkeypatch.setattr(file_fit_memory, "FITTING_ROWS", MIN_SAMPLE)
    monkeypatch.setattr(fit_files, "__kwdefaults__", {"most": MIN_SAMPLE})
    model = SynthGAN(max_steps=2, validate_every=1, **SMALL, random_state=5, verbose=0)
    model.fit(folder, checkpoint=tmp_path / "c", max_memory="8GiB")
    other = write(table.iloc[::-1], tmp_path / "other")
    with pytest.raises(ParameterError, match="are of another fit: the table is another"):
        model.fit(other, checkpoint=tmp_path / "c", resume=True, max_memory="8GiB")


def test_a_full_disk_ends_the_fit_with_a_way_out(folder, tmp_path, monkeypatch):
    import shutil

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000))
    model = SynthGAN(max_steps=2, **SMALL, random_state=0, verbose=0)
    with pytest.raises(FileError, match="no space left for encoded rows"):
        streamed(model, folder)
    assert left_in(tmp_path) == []
    assert not model.__sklearn_is_fitted__()


def test_an_estimate_of_files_counts_their_rows_and_less_memory_than_the_table(folder, monkeypatch):
    monkeypatch.setattr(file_fit_memory, "FITTING_ROWS", MIN_SAMPLE)
    model = GaussianCopula(random_state=0, verbose=0)
    found = estimate_files(model, folder, "8GiB", most=MIN_SAMPLE)
    monkeypatch.setattr(file_fit_memory, "FITTING_ROWS", 2**40)
    whole = model.estimate(folder, max_memory="8GiB")
    assert found.n_rows == whole.n_rows == ROWS
    assert {"first pass", "second pass", "model"} <= set(found.seconds_by_part)
    assert found.seconds_by_part["first pass"] > 0 == found.seconds_by_part["second pass"]
    assert found.bytes_by_part["model"] < whole.bytes_by_part["model"]
    assert "first pass" in found.words()


def test_bootstrap_keeps_all_rows_of_files_and_says_so_where_they_do_not_fit(table, folder):
    made = Bootstrap(verbose=0).fit(folder, max_memory="8GiB").sample(50, random_state=0)
    expected = Bootstrap(verbose=0).fit(table).sample(50, random_state=0)
    assert_frame_equal(made, expected)
    with pytest.raises(
        ParameterError, match=r"Bootstrap keeps every row.* 30,000 rows do not fit .*`max_memory`"
    ):
        streamed(Bootstrap(verbose=0), folder)


def test_rows_that_lack_what_the_sample_never_lacked_give_way_to_others(table):
    encoder, _ = fitted_encoder(
        IndependentMarginals(verbose=0),
        find_relations(table.head(900), infer_schema(table.head(900))),
        table.head(900),
        0,
    )
    assert any({"start", "end"} <= {*s.targets, *s.inputs} for s in encoder.plan_.steps)
    bad = table.iloc[1_000:1_010].reset_index(drop=True)
    spare = table.iloc[:3]
    bad.loc[:, "end"] = pd.NaT
    assert_frame_equal(encodable(bad, encoder, spare), spare.take([0, 1, 2] * 3 + [0]).reset_index(drop=True))
    bad.loc[1:, "end"] = table["end"].iloc[1_001:1_010].to_numpy()
    assert encodable(bad, encoder, spare)["end"].notna().all()


@pytest.mark.parametrize("source", ["declared", "detected"])
def test_a_dependency_of_too_many_values_is_dropped_or_refused_by_name(source, monkeypatch):
    monkeypatch.setattr("synthgen.models.file_fit_rules.MOST_KEYS", 500)
    block = pd.DataFrame({"by": np.arange(400), "col": np.arange(400) % 7})
    held = _Held.of(Relation(Dependency("by", "col"), source=source), block, infer_schema(block), 10**8)
    held.look(block, 0, infer_schema(block))
    held.look(block, 400, infer_schema(block))
    assert held.is_whole
    if source == "declared":
        with pytest.raises(ParameterError, match="'by' has more than 500 values"):
            held.look(block.assign(by=block["by"] + 1_000), 800, infer_schema(block))
        return
    held.look(block.assign(by=block["by"] + 1_000), 800, infer_schema(block))
    assert held.ended() is None


def test_dependencies_are_held_by_hash_as_by_value():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"by": rng.integers(0, 300, 4_000) / 2 * rng.choice([-1.0, 1.0], 4_000)})
    table["col"] = np.where(table["by"] % 7 < 3, "u", None)
    table.loc[rng.choice(4_000, 50), "by"] = np.nan
    table.loc[table["by"].isna(), "col"] = "v"
    schema = infer_schema(table)
    rule = Dependency("by", "col")
    for broken in (None, 17, 3_999):
        own = table.copy()
        if broken is not None:
            own.loc[broken, "by"], own.loc[broken, "col"] = own.loc[broken - 1, "by"], "w"
        good = obeyed(rule, plains(own, schema, rule.names), schema)
        held = _Held.of(Relation(rule, source="declared"), own, schema, 4_000)
        for first in range(0, 4_000, 700):
            held.look(own.iloc[first : first + 700], first, schema)
        assert held.n_broken == (~good).sum() == (broken is not None)
        assert held.first_broken == (-1 if broken is None else broken)
        assert held.support == own.notna().all(axis=1).sum()


def test_bad_files_are_one_line_errors(table, tmp_path):
    model = IndependentMarginals(verbose=0)
    with pytest.raises(FileError, match="no such file or folder"):
        model.fit(tmp_path / "nowhere.parquet")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileError, match="empty"):
        model.fit(tmp_path / "empty")
    other = write(table.head(100), tmp_path / "other", 1)
    table.head(100).drop(columns="few").to_parquet(other / "z.parquet", index=False)
    with pytest.raises(FileError, match="few"):
        model.fit(other)
    table.head(100).astype({"count": "str"}).to_parquet(other / "z.parquet", index=False)
    with pytest.raises(FileError, match="column 'count' is of type large_string"):
        model.fit(other)
    cut = (other / "0.parquet").read_bytes()[:-50]
    (other / "z.parquet").write_bytes(cut)
    with pytest.raises(FileError, match=r"z\.parquet"):
        model.fit(other)
    table.head(0).astype(table.dtypes).to_parquet(other / "z.parquet", index=False)
    assert model.fit(other).n_rows_in_ == 100
    write(table.head(2), tmp_path / "two", 1)
    with pytest.raises(DataError, match="has 2 rows; a model needs at least 4"):
        model.fit(tmp_path / "two")


def test_an_infinity_outside_the_sample_is_refused(table, tmp_path):
    bad = table[["number", "few"]].copy()
    bad.loc[29_999, "number"] = np.inf
    with pytest.raises(ColumnRejected, match="'number' holds infinities"):
        streamed(IndependentMarginals(verbose=0), write(bad, tmp_path / "bad"))


def test_a_level_outside_the_sample_that_was_not_declared_is_refused(folder):
    schema = Schema((Column("few", "categorical", levels=("high", "low")),))
    with pytest.raises(DataError.__mro__[1], match="'rare', which is not among its declared levels"):
        streamed(IndependentMarginals(schema=schema, verbose=0), folder)


def test_strings_of_more_levels_than_are_counted_keep_those_of_the_sample(tmp_path, monkeypatch):
    monkeypatch.setattr("synthgen.sketches.column_sketch.MAX_EXACT", 500)
    rng = np.random.default_rng(0)
    n = 20_000
    frame = pd.DataFrame(
        {"word": [f"w{i}" for i in (3_000 * rng.random(n) ** 3).astype(int)], "x": rng.normal(size=n)}
    )
    folder = write(frame, tmp_path / "t")
    model = streamed(SynthGAN(max_steps=2, **SMALL, random_state=0, verbose=0), folder)
    made = model.sample(500, random_state=0)
    counts = frame["word"].value_counts()
    assert model.schema_["word"].kind == "categorical"
    assert (counts.loc[list(model.schema_["word"].levels)] >= MIN_ROWS).all()
    assert counts.loc[list(model.schema_["word"].levels)].sum() > 0.5 * n
    assert made["word"].isin(counts.index).all()


def test_every_dtype_streams(tmp_path):
    table = every_dtype(3_000)
    folder = tmp_path / "t"
    folder.mkdir()
    from synthgen.table.write import write_table

    keep = [c for c in table.columns if not c.startswith("object")]
    for i in range(3):
        write_table(
            table[keep].iloc[1_000 * i : 1_000 * (i + 1)].reset_index(drop=True), folder / f"{i}.parquet"
        )
    whole = open_source(folder).take(np.arange(3_000))
    expected = IndependentMarginals(detect_relations=False, random_state=0, verbose=0).fit(whole).sample(5)
    for model in (
        IndependentMarginals(detect_relations=False, random_state=0, verbose=0),
        SynthGAN(max_steps=2, **SMALL, detect_relations=False, random_state=0, verbose=0),
    ):
        made = streamed(model, folder).sample(50, random_state=0)
        assert list(made.dtypes) == list(expected.dtypes)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("4GiB", 4 * 2**30),
        ("500 MB", 500 * 10**6),
        ("1.5g", 1.5 * 10**9),
        (123, 123),
        ("64k", 64_000),
        ("2TiB", 2**41),
        ("1e9", 10**9),
    ],
)
def test_sizes_are_read(given, expected):
    assert allowed_memory(given) == expected


@pytest.mark.parametrize("given", ["", "4 gigs", "-1GiB", 0, -5, "0GiB"])
def test_what_is_no_size_is_refused(given):
    with pytest.raises(ParameterError, match="max_memory"):
        allowed_memory(given)


def test_too_little_memory_is_said_by_name(folder):
    with pytest.raises(ParameterError, match=r"`max_memory` parameter of fit is .* at least .* are needed"):
        IndependentMarginals(verbose=0).fit(folder, max_memory="10MiB")


def test_rows_in_memory_grow_with_the_memory_that_is_allowed(monkeypatch):
    monkeypatch.setattr(file_fit_memory, "resident_memory", lambda: 300 * 2**20)
    trial = pd.DataFrame(np.zeros((100, 20)))
    plans = [memory_plan(trial, 100, 10**8, f"{size}GiB") for size in (2, 4, 8)]
    assert [p.n_sample for p in plans] == sorted(p.n_sample for p in plans)
    assert plans[-1].n_sample == 2**18
    assert all(p.n_sample & (p.n_sample - 1) == 0 for p in plans)
    with pytest.warns(MemoryWarning, match="leaves room for 8,192 rows"):
        small = memory_plan(trial, 100, 10**8, 300 * 2**20 + 50 * 10**6)
    assert small.n_sample == 8_192
    assert dataclasses.replace(plans[0]) == plans[0]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "must name at least one. Got an empty list"),
        ([pd.DataFrame({"a": [1]})] * 2, r"give pandas\.concat\(tables\)"),
        (["a.parquet", 3], "must name files alone. Got int among them"),
    ],
)
def test_lists_that_are_no_files_are_one_line(given, words):
    with pytest.raises(ParameterError, match=words) as error:
        GaussianCopula(verbose=0).fit(given)
    assert "\n" not in str(error.value)


def test_what_messages_advise_exists(tmp_path):
    with pytest.raises(ParameterError, match=r"synthgen\.table\.plink\.read_plink"):
        GaussianCopula(verbose=0).estimate(tmp_path / "g.bed")
    from synthgen.table import plink

    assert callable(plink.read_plink)
