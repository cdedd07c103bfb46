"""SynthGAN itself: what it learns, its parameters, its conditions, its file."""

import json

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch

from synthgen.exceptions import ConditionError, ModelFileError, ParameterError, SchemaError
from synthgen.models import model_file, persistence
from synthgen.models.persistence import load
from synthgen.models.recipe import default_batch_size, default_steps
from synthgen.models.synthgan import SynthGAN
from synthgen.schema import Column, Schema
from synthgen.training.losses import LOSSES
from tests.common import encoder_checks
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
        for name in table.columns:
            encoder_checks.check_dtype(synthetic[name], table[name])


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
        {"latent_dim": 4},
        {"frequencies": ()},
        {"precision": "bfloat16"},
        {"batch_size": 32},
        {"penalty_every": 1},
        {"r1_weight": 0},
        {"r2_weight": 5.0},
        {"gradient_penalty_weight": 1.0},
        {"learning_rate": 1e-4},
        {"betas": (0.5, 0.9)},
        {"ema_decay": 0.1},
        {"tau": 1.0},
        {"max_steps": 5},
        {"max_steps": 10**6, "max_time": 0.2},
        {"random_state": 1},
    ],
    ids=str,
)
def test_every_parameter_makes_a_difference(diabetes, changes):
    usual = quick_gan().fit(diabetes).sample(50, random_state=0)
    changed = quick_gan(**changes).fit(diabetes).sample(50, random_state=0)
    assert len(changed) == 50
    assert not changed.equals(usual)


def test_the_bits_do_not_depend_on_the_threads_around(diabetes):
    before = torch.get_num_threads()
    samples = []
    try:
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            samples.append(quick_gan(max_steps=60).fit(diabetes).sample(2000, random_state=0))
    finally:
        torch.set_num_threads(before)
    pd.testing.assert_frame_equal(*samples)


def test_parameters_changed_after_fit_do_not_spoil_the_file(diabetes, tmp_path):
    model = quick_gan().fit(diabetes)
    expected = model.sample(20, random_state=0)
    model.set_params(hidden_dims=(8, 8), latent_dim=3).save(tmp_path / "m.synthgen")
    loaded = load(tmp_path / "m.synthgen")
    assert loaded.get_params()["hidden_dims"] == (16,)
    pd.testing.assert_frame_equal(loaded.sample(20, random_state=0), expected)


def test_scikit_learns_output_setting_does_no_harm(diabetes):
    with sklearn.config_context(transform_output="pandas"):
        assert len(quick_gan().fit(diabetes).sample(5)) == 5


def test_default_steps_are_bounded_by_passes():
    steps = {n: default_steps(n, default_batch_size(n, 1)) for n in (4, 200, 1000, 10**6)}
    assert steps == {4: 300, 200: 468, 1000: 1171, 10**6: 14000}


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
    rows = conditional.sample(200, conditions={"rare": "rare"}, random_state=0, refine=None)
    assert (rows["rare"] == "rare").all() and len(rows) == 200
    assert set(blocks) == {0}


def test_conditions_that_never_occurred_are_refused_at_once(conditional):
    table = pd.DataFrame({"a": ["x", "y"] * 50, "b": ["x", "y"] * 50, "z": np.arange(100) / 7})
    model = quick_gan(conditional_on=["a", "b"]).fit(table)
    with pytest.raises(
        ConditionError, match="No training row had a = 'x' and b = 'y', which the model is conditional on"
    ):
        model.sample(5, conditions={"a": "x", "b": "y"})


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        (["nope"], ParameterError, "`conditional_on` .* names column 'nope', which the table lacks"),
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


def test_conditions_take_every_type(awkward):
    model = quick_gan().fit(awkward)
    for name, value in [
        ("datetime64 zoned", (pd.Timestamp("2021-03-10"), pd.Timestamp("2021-05-01", tz="UTC"))),
        ("timestamp[pyarrow]", ("2021-03-10", "2021-05-01")),
        ("date32[pyarrow]", ("2021-03-10", "2021-05-01")),
        ("object[date]", ("2021-03-10", "2021-05-01")),
        ("timedelta64[s]", ("5s", "80s")),
        ("decimal", (0.1, "0.80")),
        ("decimal128[pyarrow]", (0.1, 0.8)),
        ("Int8", (10, 90)),
        ("int64[pyarrow]", ("10", 90)),
        ("boolean", True),
        ("category", "b"),
        ("int category", 2),
    ]:
        rows = model.sample(3, conditions={name: value}, random_state=0)
        assert len(rows) == 3 and rows[name].notna().all(), name


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("datetime64[s]", pd.Timestamp("2021-04-01", tz="UTC"), "does not compare with its values"),
        ("int64", 10**6, r"lies between \d+ and \d+, so 1000000 cannot be asked for"),
        ("float64", (50, 60), "lies between .*, so 50 cannot be asked for"),
        ("category", "unseen", "has no level 'unseen'"),
        ("int64", pd.Series([1]), "must be one value"),
    ],
)
def test_what_can_never_come_is_refused_at_once(awkward, monkeypatch, name, value, message):
    model = quick_gan().fit(awkward)
    monkeypatch.setattr(model.model_, "generate_block", lambda *_: pytest.fail("no row needs drawing"))
    with pytest.raises(ConditionError, match=message):
        model.sample(1, conditions={name: value})


def test_giving_up_does_not_depend_on_batch_size(related):
    model = quick_gan().fit(related)
    messages = set()
    for batch_size in (None, 1, 5000):
        with pytest.raises(ConditionError, match=r"Only \d+ of [\d,]+ rows drawn") as caught:
            model.sample(2000, conditions={"x": 0.123}, random_state=0, batch_size=batch_size)
        messages.add(str(caught.value))
    assert len(messages) == 1


def test_identifiers_do_not_repeat_under_conditions(mixed):
    model = quick_gan().fit(mixed)
    frame = pd.DataFrame({"age": [30, 40, 50, 60] * 25})
    assert model.sample(100, conditions=frame)["patient"].is_unique
    assert model.sample(100, conditions={"sex": "male"})["patient"].is_unique


def test_an_empty_frame_of_conditions_gives_no_rows(diabetes):
    assert quick_gan().fit(diabetes).sample(0, conditions=diabetes[["sex"]].head(0)).shape == (0, 11)


def test_instants_can_be_asked_for(mixed):
    first, last = "2020-02-01", "2020-05-01"
    rows = quick_gan().fit(mixed).sample(20, conditions={"visit": (first, last)})
    assert rows["visit"].between(first, last).all()


def test_identifiers_cannot_be_asked_for(mixed):
    with pytest.raises(ConditionError, match="'patient' is identifier: it is not learnt"):
        quick_gan().fit(mixed).sample(1, conditions={"patient": "P-00001"})


def test_describe_says_what_the_file_gives_away(mixed):
    described = quick_gan().fit(mixed).describe()
    assert described["n_rows"] == len(mixed)
    assert any("differential privacy" in note for note in described["privacy"])
    assert any("The seed of the fit is stored" in note for note in described["privacy"])
    json.dumps(described)


def test_describe_names_columns_whose_values_are_repeated(mixed):
    declared = Schema((Column("patient", "categorical"),))
    notes = (
        quick_gan(schema=declared, random_state=None, min_category_count=1).fit(mixed).describe()["privacy"]
    )
    assert any("repeated from the training rows: patient" in note for note in notes)
    assert not any("seed" in note for note in notes)


def test_describe_tells_of_stored_conditions(conditional):
    assert any("combinations of the columns" in note for note in conditional.describe()["privacy"])


def test_a_newer_format_is_refused_by_version(learnt, tmp_path, monkeypatch):
    newest = model_file.FORMAT_VERSION
    monkeypatch.setattr(model_file, "FORMAT_VERSION", newest + 1)
    monkeypatch.setattr(model_file, "UNPACKED_FORMAT", newest + 1)
    learnt.save(tmp_path / "new.synthgen")
    monkeypatch.undo()
    words = rf"has format version {newest + 1}, written by synthgen .*which reads up to {newest}\. Update"
    with pytest.raises(ModelFileError, match=words):
        load(tmp_path / "new.synthgen")


def test_a_format_from_before_the_first_release_is_refused(learnt, tmp_path, monkeypatch):
    monkeypatch.setattr(model_file, "UNPACKED_FORMAT", model_file.OLDEST_FORMAT - 1)
    learnt.save(tmp_path / "old.synthgen")
    monkeypatch.undo()
    with pytest.raises(ModelFileError, match=r"before the first release.*Fit the model again"):
        load(tmp_path / "old.synthgen")


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


def test_a_number_that_never_counts_among_the_validation_rows_does_no_harm():
    rng = np.random.default_rng(0)
    rare = np.where(np.arange(3000) < 3, rng.normal(size=3000) / 3, rng.integers(0, 3, 3000))
    table = pd.DataFrame({"rare": rare, "x": rng.normal(size=3000)})
    model = quick_gan(validate_every=10).fit(table)
    assert len(model.validation_history_) == 2
