"""SynthGAN itself: what it learns, its parameters, its conditions, its file."""

import json

import numpy as np
import pandas as pd
import pytest

from synthgen.exceptions import ModelFileError, ParameterError, SchemaError
from synthgen.models import model_file, persistence
from synthgen.models.persistence import load
from synthgen.models.synthgan import SynthGAN
from synthgen.schema import Column, Schema
from synthgen.training.losses import LOSSES
from tests.models.test_every_synthesizer import quick_gan


@pytest.fixture(scope="module")
def related():
    """Two numbers and a class that go together, and one number that does not."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=2500)
    y = 2 * x + 0.5 * rng.normal(size=2500)
    group = np.where(x + 0.3 * rng.normal(size=2500) > 0.8, "high", "low")
    return pd.DataFrame({"x": x, "y": y, "group": group, "noise": rng.exponential(size=2500)})


@pytest.fixture(scope="module")
def learnt(related):
    return SynthGAN(hidden_dims=(64, 64), max_steps=800, validate_every=200, random_state=0, verbose=0).fit(
        related
    )


def test_it_learns_margins_and_dependence(related, learnt):
    synthetic = learnt.sample(4000, random_state=0)
    assert abs(synthetic["x"].corr(synthetic["y"]) - related["x"].corr(related["y"])) < 0.06
    assert abs(synthetic["x"].corr(synthetic["noise"])) < 0.1
    assert abs((synthetic["group"] == "high").mean() - (related["group"] == "high").mean()) < 0.03
    by_group = synthetic.groupby("group")["x"].mean()
    wanted = related.groupby("group")["x"].mean()
    assert (by_group - wanted).abs().max() < 0.25
    quantiles = [0.1, 0.5, 0.9]
    assert np.abs(synthetic["noise"].quantile(quantiles) - related["noise"].quantile(quantiles)).max() < 0.15


def test_history_is_kept_as_data(learnt):
    assert {"d_loss", "g_loss", "score_real", "score_fake", "r1", "r2"} <= set(learnt.history_.columns)
    assert len(learnt.history_) == 800 and learnt.history_.index[0] == 1
    assert learnt.validation_history_["auc"].between(0, 1).all()
    assert learnt.validation_history_.index.tolist() == [200, 400, 600, 800]
    assert learnt.stopped_ == "all steps done"


def test_history_survives_the_file(learnt, tmp_path):
    learnt.save(tmp_path / "m.synthgen")
    loaded = load(tmp_path / "m.synthgen")
    pd.testing.assert_frame_equal(loaded.history_, learnt.history_)
    pd.testing.assert_frame_equal(loaded.validation_history_, learnt.validation_history_)


def test_every_dtype_comes_back(awkward, mixed):
    for table in (awkward, mixed):
        synthetic = quick_gan().fit(table).sample(300, random_state=0)
        assert (synthetic.dtypes == table.dtypes).all()


def test_missing_shares_are_kept(mixed):
    synthetic = quick_gan(max_steps=100).fit(mixed).sample(5000, random_state=0)
    assert (synthetic.isna().mean() - mixed.isna().mean()).abs().max() < 0.02


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_trains(diabetes, loss):
    model = quick_gan(loss=loss).fit(diabetes)
    assert np.isfinite(model.history_[["d_loss", "g_loss"]]).all(axis=None)


@pytest.mark.parametrize(
    "changes",
    [
        {"pac": 4},
        {"n_critic": 3},
        {"hidden_dims": [32, 16]},
        {"frequencies": ()},
        {"precision": "bfloat16"},
        {"batch_size": 32, "penalty_every": 1},
        {"r1_weight": 0, "r2_weight": 0},
        {"max_steps": 10**6, "max_time": 0.2},
    ],
    ids=str,
)
def test_parameters_are_used(diabetes, changes):
    assert len(quick_gan(**changes).fit(diabetes).sample(10)) == 10


def test_batch_size_must_fit_pac(diabetes):
    with pytest.raises(ParameterError, match=r"`batch_size` .* multiple of `pac` = 4. Got 30 instead"):
        quick_gan(batch_size=30, pac=4).fit(diabetes)


def test_a_missing_device_is_named(diabetes, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ParameterError, match="is 'cuda', but this machine has none; use 'auto'"):
        quick_gan(device="cuda").fit(diabetes)


def test_a_schema_can_be_passed(diabetes):
    model = quick_gan(schema=Schema((Column("age", "categorical"),))).fit(diabetes)
    assert model.schema_["age"].kind == "categorical"
    with pytest.raises(SchemaError, match="'nope'"):
        quick_gan(schema=Schema((Column("nope", "categorical"),))).fit(diabetes)


@pytest.fixture(scope="module")
def conditional(related):
    table = related.assign(rare=np.where(np.arange(len(related)) % 500 == 0, "rare", "common"))
    return quick_gan(conditional_on=["rare", "group"]).fit(table)


def test_conditional_columns_are_drawn_first(conditional):
    rows = conditional.sample(3000, random_state=0)
    assert abs((rows["rare"] == "rare").mean() - 1 / 500) < 0.003


def test_rare_levels_cost_nothing_when_conditional(conditional, monkeypatch):
    blocks = []
    generate = conditional.model_.generate_block
    monkeypatch.setattr(conditional.model_, "generate_block", lambda *a: blocks.append(a[1]) or generate(*a))
    rows = conditional.sample(200, conditions={"rare": "rare"}, random_state=0, batch_size=1024)
    assert (rows["rare"] == "rare").all() and len(rows) == 200
    assert set(blocks) == {0}


def test_conditions_that_never_occurred_are_refused_at_once(conditional):
    from synthgen.exceptions import ConditionError

    table = pd.DataFrame({"a": ["x", "y"] * 50, "b": ["x", "y"] * 50, "z": np.arange(100) / 7})
    model = quick_gan(conditional_on=["a", "b"]).fit(table)
    with pytest.raises(ConditionError, match="0 of the 100 training rows had a = 'x' and b = 'y'"):
        model.sample(5, conditions={"a": "x", "b": "y"})


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        (["nope"], SchemaError, "no column 'nope'"),
        (["x"], ParameterError, "must name columns of few values. Got 'x', which is continuous"),
        (["x", "y", "group", "noise"], ParameterError, "few values"),
    ],
)
def test_what_cannot_be_conditional_is_refused(related, columns, error, message):
    with pytest.raises(error, match=message):
        quick_gan(conditional_on=columns).fit(related)


def test_all_columns_cannot_be_conditional(related):
    with pytest.raises(ParameterError, match="must leave a column to be learnt"):
        quick_gan(conditional_on=["group"]).fit(related[["group"]])


def test_missing_values_can_be_asked_for(mixed):
    model = quick_gan().fit(mixed)
    assert model.sample(20, conditions={"sex": None})["sex"].isna().all()
    assert model.sample(20, conditions={"bmi": np.nan})["bmi"].isna().all()


def test_instants_can_be_asked_for(mixed):
    first, last = "2020-02-01", "2020-05-01"
    rows = quick_gan().fit(mixed).sample(20, conditions={"visit": (first, last)})
    assert rows["visit"].between(first, last).all()


def test_identifiers_cannot_be_asked_for(mixed):
    from synthgen.exceptions import ConditionError

    with pytest.raises(ConditionError, match="'patient' is identifier: it is not learnt"):
        quick_gan().fit(mixed).sample(1, conditions={"patient": "P-00001"})


def test_describe_says_what_the_file_gives_away(mixed):
    described = quick_gan().fit(mixed).describe()
    assert described["n_rows"] == len(mixed)
    assert any("differential privacy" in note for note in described["privacy"])
    json.dumps(described)


def test_a_newer_format_is_refused_by_version(learnt, tmp_path, monkeypatch):
    monkeypatch.setattr(model_file, "FORMAT_VERSION", 2)
    learnt.save(tmp_path / "new.synthgen")
    monkeypatch.undo()
    with pytest.raises(
        ModelFileError, match=r"has format version 2, written by synthgen .*which reads up to 1\. Update"
    ):
        load(tmp_path / "new.synthgen")


def test_an_unknown_class_is_refused(learnt, tmp_path, monkeypatch):
    learnt.save(tmp_path / "m.synthgen")
    monkeypatch.setattr(persistence, "_CLASSES", {})
    with pytest.raises(ModelFileError, match="unknown class 'SynthGAN', written by"):
        load(tmp_path / "m.synthgen")


def test_other_files_are_refused(tmp_path):
    from safetensors.numpy import save_file

    with pytest.raises(ModelFileError, match="nope: cannot be read: No such file"):
        load(tmp_path / "nope")
    (tmp_path / "text").write_text("hello, this is no model")
    with pytest.raises(ModelFileError, match="text: is not a synthgen model file"):
        load(tmp_path / "text")
    save_file({"a": np.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(ModelFileError, match="is a safetensors file, but not a synthgen model"):
        load(tmp_path / "other.safetensors")


def test_nothing_in_the_file_is_pickled(learnt, tmp_path):
    from safetensors import safe_open

    learnt.save(tmp_path / "m.synthgen")
    with safe_open(tmp_path / "m.synthgen", framework="np") as file:
        header = json.loads(json.loads(file.metadata()["synthgen"])["header"])
        assert set(header) == {"class", "format_version", "state", "versions"}
        assert all(file.get_tensor(name).dtype.kind in "fiub" for name in set(file.keys()))
