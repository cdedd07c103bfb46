"""Every way to play the game trains; what cannot go together is refused by name."""

import itertools

import numpy as np
import pandas as pd
import pytest

from synthgen import SynthGAN
from synthgen.exceptions import ColumnRejected, ParameterError
from synthgen.models import gan_fit
from synthgen.training.alarms import Alarm, CollapseWarning
from synthgen.training.losses import LOSSES

QUICK = {"hidden_dims": (8,), "latent_dim": 4, "batch_size": 16, "random_state": 0, "verbose": 0}
BLIND = {**QUICK, "watch": False}
PENALTIES = {
    "none": {"r1_weight": 0, "r2_weight": 0, "gradient_penalty_weight": 0},
    "gradient penalty": {"r1_weight": 0, "r2_weight": 0, "gradient_penalty_weight": 10, "penalty_every": 1},
    "R1": {"r1_weight": 0.3, "r2_weight": 0, "gradient_penalty_weight": 0, "penalty_every": 1},
    "R2": {"r1_weight": 0, "r2_weight": 0.3, "gradient_penalty_weight": 0, "penalty_every": 1},
    "lazy R1 and R2": {
        "r1_weight": 0.3,
        "r2_weight": 0.3,
        "gradient_penalty_weight": 0,
        "penalty_every": 4,
    },
}


@pytest.fixture(scope="module")
def mixed():
    rng = np.random.default_rng(0)
    group = rng.integers(3, size=80)
    return pd.DataFrame(
        {
            "group": np.array(["a", "b", "c"])[group],
            "x": group + rng.standard_normal(80),
            "n": rng.poisson(3, 80),
            "gaps": np.where(rng.random(80) < 0.2, np.nan, rng.standard_normal(80)),
        }
    )


@pytest.fixture(scope="module")
def wide():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.standard_normal((60, 2)) @ rng.standard_normal((2, 220)))
    table += 0.3 * rng.standard_normal(table.shape)
    table.columns = [f"g{i}" for i in range(220)]
    return table.assign(group=np.array(["a", "b"])[rng.integers(2, size=60)])


@pytest.mark.parametrize("is_conditional", [False, True], ids=["plain", "conditional"])
@pytest.mark.parametrize("pac", [1, 4])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_game_trains_on_a_mixed_table(loss, pac, is_conditional, mixed):
    for name, penalty in PENALTIES.items():
        conditional_on = ["group"] if is_conditional else None
        model = SynthGAN(
            loss=loss, pac=pac, conditional_on=conditional_on, max_steps=50, **penalty, **BLIND
        ).fit(mixed)
        assert len(model.history_) == 50, name
        assert np.isfinite(model.history_[["d_loss", "g_loss"]].to_numpy()).all(), name
        assert np.isfinite(model.sample(20)["x"]).all(), name


@pytest.mark.parametrize("is_conditional", [False, True], ids=["plain", "conditional"])
@pytest.mark.parametrize("pac", [1, 4])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_game_trains_on_a_wide_table(loss, pac, is_conditional, wide):
    for name, penalty in PENALTIES.items():
        conditional_on = ["group"] if is_conditional else None
        model = SynthGAN(
            loss=loss,
            pac=pac,
            conditional_on=conditional_on,
            wide_model="gan",
            reduce=2,
            max_steps=50,
            **penalty,
            **BLIND,
        ).fit(wide)
        assert len(model.history_) == 50, name
        assert np.isfinite(model.history_[["d_loss", "g_loss"]].to_numpy()).all(), name
        assert np.isfinite(model.sample(20).drop(columns="group").to_numpy()).all(), name


OPTIONS = {
    "noise_prior": "uniform",
    "spectral_norm": True,
    "discriminator_batches": "separate",
    "discriminator_learning_rate": 1e-4,
    "discriminator_hidden_dims": (),
    "quadratic": True,
    "inference": "adversarial",
    "optimizer": "sgd",
}


@pytest.mark.parametrize("pair", list(itertools.combinations(OPTIONS, 2)), ids="+".join)
def test_every_two_options_go_together(pair, mixed):
    given = {name: OPTIONS[name] for name in pair}
    slow = {"learning_rate": 1e-3} if "optimizer" in given else {}
    model = SynthGAN(max_steps=12, conditional_on=["group"], pac=2, **given, **slow, **BLIND).fit(mixed)
    assert np.isfinite(model.history_[["d_loss", "g_loss"]].to_numpy()).all()
    assert len(model.generate(model.sample_latent(3), {"group": "b"})) == 3


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"penalty_every": 4, "r1_weight": 0, "r2_weight": 0}, "`penalty_every`.*1 or None.*Got 4 instead"),
        (
            {"penalty_every": 2, "loss": "wgan-gp", "gradient_penalty_weight": 0},
            "`penalty_every`.*Got 2 instead",
        ),
        ({"pac": 3, "batch_size": 16}, "`batch_size`.*multiple of `pac` = 3. Got 16 instead"),
        ({"loss": "wasserstein"}, "`loss` parameter of SynthGAN must be one of .*Got 'wasserstein' instead"),
        ({"noise_prior": "cauchy"}, "`noise_prior`.*Got 'cauchy' instead"),
        ({"networks": "maxout"}, "`numeric_encoding`.*'min-max' for networks='maxout'.*'rank-normal'"),
        (
            {"networks": "maxout", "numeric_encoding": "min-max", "hidden_dims": ()},
            "`hidden_dims`.*at least one",
        ),
        (
            {"networks": "maxout", "numeric_encoding": "min-max", "spectral_norm": True},
            "`spectral_norm`.*False",
        ),
        ({"inference": "variational"}, "`inference`.*'adversarial' or None"),
        ({"callbacks": ["log"]}, "`callbacks`.*a callable"),
    ],
)
def test_what_cannot_be_is_refused_by_name(parameters, words, mixed):
    with pytest.raises(ParameterError, match=words):
        SynthGAN(**{**QUICK, **parameters}).fit(mixed)


def test_only_ranks_take_missing_numbers(mixed):
    with pytest.raises(ColumnRejected, match=r"'gaps' has a missing value in row .*rank-normal"):
        SynthGAN(numeric_encoding="min-max", max_steps=2, **QUICK).fit(mixed)


@pytest.mark.parametrize("encoding", ["min-max", "raw"])
def test_whole_numbers_stay_whole_under_every_encoding(encoding, mixed):
    table = mixed.drop(columns="gaps").astype({"n": "uint8"})
    sample = SynthGAN(numeric_encoding=encoding, max_steps=5, **QUICK).fit(table).sample(200)
    assert sample.dtypes.equals(table.dtypes)
    assert sample["n"].between(table["n"].min(), table["n"].max()).all()


def test_instants_keep_their_range_under_the_first_gans_networks():
    days = pd.date_range("2020-01-05", "2021-11-25", periods=90)
    table = pd.DataFrame({"when": days, "x": np.linspace(0, 1, 90)})
    made = SynthGAN(preset="goodfellow2014", max_steps=60, random_state=0, verbose=0).fit(table).sample(300)
    assert made["when"].between(days[0], days[-1] + pd.Timedelta("1s")).all()
    assert made["when"].max() - made["when"].min() > pd.Timedelta(days=60)


def test_a_preset_gives_way_to_what_is_asked_for(mixed):
    table = mixed.drop(columns="gaps")
    model = SynthGAN(preset="goodfellow2014", latent_dim=7, max_steps=5, random_state=0, verbose=0).fit(table)
    z = model.sample_latent(5000, random_state=0)
    assert z.shape == (5000, 7)
    assert abs(z).max() < np.sqrt(3)
    assert model.get_params()["networks"] == "residual"  # parameters stay as they were given


def test_callbacks_see_every_evaluation_and_may_stop_and_change_training(mixed):
    seen = []

    def look(evaluation):
        seen.append((evaluation.step, evaluation.losses["d_loss"], evaluation.measures["spread"]))

    model = SynthGAN(max_steps=40, validate_every=10, callbacks=[look], **QUICK).fit(mixed)
    assert [step for step, _, _ in seen] == [10, 20, 30, 40]
    assert seen[-1][1] == pytest.approx(model.history_["d_loss"].iloc[-1])
    assert seen[-1][2] == pytest.approx(model.history_["spread"].iloc[-1])

    def stop(evaluation):
        if evaluation.step >= 20:
            evaluation.stop("enough")

    model = SynthGAN(max_steps=40, validate_every=10, callbacks=[stop], **QUICK).fit(mixed)
    assert (len(model.history_), model.stopped_) == (20, "enough")


def test_a_callback_may_change_the_recipe(mixed):
    import dataclasses

    def freeze(evaluation):
        evaluation.config = dataclasses.replace(
            evaluation.config, learning_rate=1e-12, discriminator_learning_rate=1e-12
        )

    usual = SynthGAN(max_steps=40, validate_every=10, **QUICK).fit(mixed)
    frozen = SynthGAN(max_steps=40, validate_every=10, callbacks=[freeze], **QUICK).fit(mixed)
    pd.testing.assert_frame_equal(usual.history_[:10], frozen.history_[:10])
    assert (usual.history_["d_loss"][10:] != frozen.history_["d_loss"][10:]).any()


def test_a_callback_may_not_change_what_is_built_in(mixed):
    import dataclasses

    def grow(evaluation):
        evaluation.config = dataclasses.replace(evaluation.config, batch_size=64)

    with pytest.raises(
        ParameterError, match=r"may not change `batch_size` .* from 16 to 64: it may change loss"
    ):
        SynthGAN(max_steps=20, validate_every=10, callbacks=[grow], **QUICK).fit(mixed)


def test_alarms_speak_of_the_recipe_that_callbacks_left(mixed):
    import dataclasses
    import warnings

    def loosen(evaluation):
        evaluation.config = dataclasses.replace(evaluation.config, r1_weight=0.0, r2_weight=0.0)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = SynthGAN(max_steps=300, validate_every=10, callbacks=[loosen], **QUICK).fit(mixed)
    assert all("now 0.3" not in alarm.words for alarm in model.alarms_)
    assert model._record.history.config.r1_weight == 0.0


def test_an_alarm_warns_once_where_the_user_called_fit(mixed, monkeypatch):
    found = [Alarm("collapse", "It has collapsed."), Alarm("memorising", "It copies.")]
    monkeypatch.setattr(gan_fit, "training_alarms", lambda *_, **__: found)
    with pytest.warns(CollapseWarning) as caught:
        model = SynthGAN(max_steps=300, **QUICK).fit(mixed)
    assert [str(w.message) for w in caught] == ["It has collapsed.", "It copies."]
    assert {w.filename for w in caught} == {__file__}
    assert model.alarms_ == found


def test_callbacks_do_not_enter_the_file(mixed, tmp_path):
    from synthgen import load

    model = SynthGAN(max_steps=5, callbacks=[print], **QUICK).fit(mixed)
    model.save(tmp_path / "m.synthgen")
    loaded = load(tmp_path / "m.synthgen")
    assert loaded.callbacks is None
    pd.testing.assert_frame_equal(loaded.history_, model.history_, rtol=1e-6)
    assert "callbacks" not in model.describe()["parameters"]
