"""Fits that are killed and taken up give the same bytes as those that ran through."""

import dataclasses
import os
import signal
import warnings

import numpy as np
import pandas as pd
import pytest

from synthgen import Column, Schema, SynthGAN, SynthVAE, infer_schema
from synthgen.exceptions import FileError, ParameterError, TrainingError
from synthgen.models.calibrated import calibrate
from synthgen.models.persistence import load
from synthgen.models.resuming import FitWarning
from synthgen.models.score_contest import Contest
from synthgen.training.checkpoint import Stage
from tests.models.test_every_synthesizer import FACTORIES

QUICK = {"hidden_dims": (16,), "latent_dim": 8, "max_steps": 90, "random_state": 0, "verbose": 0}


class Killed(BaseException):
    """What SIGKILL would do, as far as the code can tell."""


@pytest.fixture(scope="module")
def rows():
    """Two thousand and some rows with numbers, levels and gaps: enough for validation rows and for selection."""
    rng = np.random.default_rng(0)
    n = 2400
    kind = rng.integers(0, 3, n)
    return pd.DataFrame(
        {
            "kind": np.array(["a", "b", "c"])[kind],
            "x": rng.normal(kind, 1.0),
            "y": pd.Series(rng.gamma(2.0, 3.0, n).round(1)).where(rng.random(n) > 0.1),
            "n": rng.integers(0, 40, n),
        }
    )


@pytest.fixture(scope="module")
def wide():
    rng = np.random.default_rng(1)
    factors = rng.normal(size=(200, 3))
    values = np.sign(factors) * np.abs(factors) ** 1.5 @ rng.normal(size=(3, 300)) + rng.normal(
        size=(200, 300)
    )
    return pd.DataFrame(values, columns=[f"g{i}" for i in range(300)])


def saved(model, folder, name):
    model.save(folder / name)
    return (folder / name).read_bytes()


def killed_after(n_saves, monkeypatch):
    """Let the fit die right after so many checkpoints."""
    plain, left = Stage.save, [n_saves]

    def save(self, *args):
        plain(self, *args)
        left[0] -= 1
        if not left[0]:
            raise Killed

    monkeypatch.setattr(Stage, "save", save)


VARIANTS = {
    "default": (SynthGAN, {}),
    "chosen rows": (SynthGAN, {"refine": 4, "max_steps": 40}),
    "dropout and sgd": (SynthGAN, {"preset": "goodfellow2014", "hidden_dims": (16, 16), "watch": False}),
    "spectral norm": (SynthGAN, {"spectral_norm": True, "n_critic": 2, "loss": "hinge"}),
    "encoder": (SynthGAN, {"inference": "adversarial", "noise_prior": "uniform"}),
    "conditional": (SynthGAN, {"conditional_on": ["kind"], "pac": 2}),
    "patience": (SynthGAN, {"patience": 1, "validate_every": 10}),
    "vae": (SynthVAE, {}),
}


@pytest.mark.filterwarnings("ignore::synthgen.training.alarms.CollapseWarning")
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_killed_fit_is_taken_up_to_the_same_bytes(variant, rows, tmp_path, monkeypatch):
    kind, options = VARIANTS[variant]
    options = {**QUICK, "refine": None, **options} if kind is SynthGAN else {**QUICK, **options}
    if options.get("preset") == "goodfellow2014":
        rows = rows.dropna()
    whole = saved(kind(**options).fit(rows), tmp_path, "whole")
    for n_saves in (1, 3):
        folder = tmp_path / f"state {n_saves}"
        with monkeypatch.context() as patch, pytest.raises(Killed):
            killed_after(n_saves, patch)
            kind(**options).fit(rows, checkpoint=folder)
        resumed = kind(**options).fit(rows, checkpoint=folder, resume=True)
        assert saved(resumed, tmp_path, "resumed") == whole


@pytest.mark.parametrize(("winner", "n_saves"), [("gan", 2), ("gan", 5), ("linear", 2)])
def test_both_trainings_on_common_factors_are_taken_up(winner, n_saves, wide, tmp_path, monkeypatch):
    monkeypatch.setattr(Contest, "winner", winner)
    options = {**QUICK, "max_steps": 60, "preset": "fidelity"}
    whole = saved(SynthGAN(**options).fit(wide), tmp_path, "whole")
    state = {"checkpoint": tmp_path / "state", "checkpoint_every": 20}
    with monkeypatch.context() as patch, pytest.raises(Killed):
        killed_after(n_saves, patch)
        SynthGAN(**options).fit(wide, **state)
    resumed = SynthGAN(**options).fit(wide, **state, resume=True)
    assert resumed.winner_ == winner and saved(resumed, tmp_path, "resumed") == whole
    stages = {path.name.split("-")[0] for path in (tmp_path / "state").iterdir()}
    assert stages == ({"contest", "scores"} if winner == "gan" else {"contest"})


def test_a_recipe_that_callbacks_change_is_taken_up(rows, tmp_path, monkeypatch):
    def slower(evaluation):
        if evaluation.step >= 32:
            changes = {"learning_rate": 1e-4, "n_critic": 2, "r1_weight": 1.0}
            evaluation.config = dataclasses.replace(evaluation.config, **changes)

    options = {**QUICK, "refine": None, "callbacks": [slower]}
    whole = saved(SynthGAN(**options).fit(rows), tmp_path, "whole")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        killed_after(6, patch)
        SynthGAN(**options).fit(rows, checkpoint=tmp_path / "state")
    resumed = SynthGAN(**options).fit(rows, checkpoint=tmp_path / "state", resume=True)
    assert saved(resumed, tmp_path, "resumed") == whole
    assert resumed._record.history.config.learning_rate == 1e-4


def test_a_fit_that_went_back_is_taken_up_at_its_lower_rate(rows, tmp_path, monkeypatch):
    def spoil(evaluation):
        if evaluation.step == 24 and not spoilt:
            spoilt.append(1)
            next(evaluation.players.generator.parameters()).data[:] = np.nan

    def fitted(**more):
        with pytest.warns(FitWarning, match="not finite by step 24"):
            return SynthGAN(**QUICK, refine=None, watch=False, callbacks=[spoil]).fit(rows, **more)

    spoilt = []
    whole = saved(fitted(), tmp_path, "whole")
    spoilt.clear()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        killed_after(5, patch)
        SynthGAN(**QUICK, refine=None, watch=False, callbacks=[spoil]).fit(
            rows, checkpoint=tmp_path / "state"
        )
    assert saved(fitted(checkpoint=tmp_path / "state", resume=True), tmp_path, "resumed") == whole


def test_without_a_seed_the_first_one_is_taken_up(rows, tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        killed_after(2, patch)
        SynthVAE(**{**QUICK, "random_state": None}).fit(rows, checkpoint=tmp_path)
    one = SynthVAE(**{**QUICK, "random_state": None}).fit(rows, checkpoint=tmp_path, resume=True)
    two = SynthVAE(**{**QUICK, "random_state": None}).fit(rows, checkpoint=tmp_path, resume=True)
    pd.testing.assert_frame_equal(one.sample(50, random_state=1), two.sample(50, random_state=1))


def test_fits_of_something_else_are_not_taken_up(rows, tmp_path):
    SynthVAE(**QUICK).fit(rows, checkpoint=tmp_path)
    again = {"checkpoint": tmp_path, "resume": True}
    SynthVAE(**{**QUICK, "verbose": 1}).fit(rows, **again)
    for change, words in [
        ({"latent_dim": 9}, "`latent_dim` was 8 and is 9"),
        ({"random_state": 1}, "`random_state` was 0 and is 1"),
    ]:
        with pytest.raises(ParameterError, match=f"are of another fit: {words}"):
            SynthVAE(**{**QUICK, **change}).fit(rows, **again)
    with pytest.raises(ParameterError, match="are of another fit: the table is another"):
        SynthVAE(**QUICK).fit(rows.assign(n=rows["n"].iloc[::-1].to_numpy()), **again)
    with pytest.raises(ParameterError, match="are of another fit: `model` was 'SynthVAE' and is 'SynthGAN'"):
        SynthGAN(**QUICK).fit(rows, **again)
    with pytest.raises(FileError, match="holds checkpoints of an earlier fit"):
        SynthVAE(**QUICK).fit(rows, checkpoint=tmp_path)


@pytest.mark.parametrize("name", FACTORIES)
def test_every_model_takes_the_parameters_of_checkpoints(name, diabetes, tmp_path):
    whole = saved(FACTORIES[name]().fit(diabetes), tmp_path, "whole")
    for _ in range(2):
        model = FACTORIES[name]().fit(diabetes, checkpoint=tmp_path / "state", resume=True)
        assert saved(model, tmp_path, "again") == whole
    for bad, message in [
        ({"resume": True}, "`resume` parameter of fit needs `checkpoint`"),
        ({"checkpoint_every": 3}, "`checkpoint_every` parameter of fit needs `checkpoint`"),
        ({"checkpoint": tmp_path / "x", "checkpoint_every": 0}, "must be an int in"),
        ({"checkpoint": 5}, "`checkpoint` parameter of fit must be a path or None. Got 5"),
        ({"checkpoint": tmp_path / "x", "resume": "yes"}, "must be a bool"),
    ]:
        with pytest.raises(ParameterError, match=message):
            FACTORIES[name]().fit(diabetes, **bad)


@pytest.fixture
def default_handler():
    """Ctrl-C as Python has it, also where the tests run in the background, where it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("default_handler")
def test_ctrl_c_ends_a_fit_with_the_best_weights_so_far(rows, tmp_path):
    def press(evaluation):
        if evaluation.step == 24:
            os.kill(os.getpid(), signal.SIGINT)

    make = lambda **more: SynthGAN(**QUICK, refine=4, **more)  # noqa: E731
    with pytest.warns(
        FitWarning, match=r"interrupted \(Ctrl-C\) at step 24 of 90; .* so far, of step 24"
    ) as caught:
        stopped = make(callbacks=[press]).fit(rows, checkpoint=tmp_path)
    assert {w.filename for w in caught} == {__file__}  # where the user called `fit`
    assert stopped.stopped_.startswith("interrupted") and stopped.selector_ is None
    assert len(stopped.history_) == 24 and len(stopped.sample(10)) == 10
    resumed = make().fit(rows, checkpoint=tmp_path, resume=True)
    assert saved(resumed, tmp_path, "resumed") == saved(make().fit(rows), tmp_path, "whole")


@pytest.mark.usefixtures("default_handler")
def test_ctrl_c_while_learning_to_choose_leaves_the_model_without_choice(rows, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("synthgen.models.synthgan.fit_selector", interrupted)
    with pytest.warns(FitWarning, match="while learning to choose among rows; the model holds"):
        model = SynthGAN(**QUICK, refine=4).fit(rows)
    assert model.selector_ is None and len(model.sample(10)) == 10


@pytest.mark.filterwarnings("ignore:Losses were not finite")
def test_a_fit_that_diverges_says_so_and_holds_the_best_weights(rows, tmp_path):
    def spoil(evaluation):
        if evaluation.step >= 24:
            weight = next(evaluation.players.generator.parameters())
            weight.data[:] = np.nan

    model = SynthGAN(**QUICK, refine=None, watch=False, callbacks=[spoil])
    with pytest.raises(
        TrainingError, match=r"diverged: .* 3 times .* The model holds the best weights so far, of step"
    ):
        model.fit(rows)
    values = model.sample(200)["x"]
    assert np.isfinite(values).all()
    model.save(tmp_path / "m.synthgen")


def test_a_fit_that_goes_back_says_so_and_ends_well(rows):
    left = [24, 56]

    def spoil(evaluation):
        if left and evaluation.step >= left[0]:
            left.pop(0)
            next(evaluation.players.generator.parameters()).data[:] = np.nan

    with pytest.warns(FitWarning, match=r"not finite by step 24, 56; training went back"):
        model = SynthGAN(**QUICK, refine=None, watch=False, callbacks=[spoil]).fit(rows)
    assert model.stopped_ == "all steps done" and np.isfinite(model.history_["g_loss"]).all()


def test_a_fit_without_trouble_warns_of_nothing(rows):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SynthVAE(**QUICK).fit(rows)


def test_a_fit_with_other_libraries_is_not_taken_up(rows, tmp_path, monkeypatch):
    SynthVAE(**QUICK).fit(rows, checkpoint=tmp_path)
    monkeypatch.setattr("torch.__version__", "1.0")
    with pytest.raises(ParameterError, match=r"are of another fit: `torch` was '2\..* and is '1\.0'"):
        SynthVAE(**QUICK).fit(rows, checkpoint=tmp_path, resume=True)


@pytest.mark.usefixtures("default_handler")
@pytest.mark.parametrize("kind", [SynthGAN, SynthVAE])
def test_ctrl_c_while_calibrating_loses_nothing(kind, rows, monkeypatch):
    place = f"synthgen.models.{'gan_fit' if kind is SynthGAN else 'vae'}.calibrate"
    plain = calibrate

    def interrupted(*args):
        os.kill(os.getpid(), signal.SIGINT)
        plain(*args)

    monkeypatch.setattr(place, interrupted)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = kind(**QUICK).fit(rows)
    assert len(model.sample(10)) == 10
    assert [w.category for w in caught] == ([FitWarning] if kind is SynthGAN else [])


def test_what_happened_in_a_fit_is_told_after_loading(rows, tmp_path):
    left = [24]

    def spoil(evaluation):
        if left and evaluation.step >= left[0]:
            left.pop(0)
            next(evaluation.players.generator.parameters()).data[:] = np.nan

    with pytest.warns(FitWarning, match="went back"):
        model = SynthGAN(**QUICK, refine=None, watch=False, callbacks=[spoil]).fit(rows)
    model.save(tmp_path / "m.synthgen")
    loaded = load(tmp_path / "m.synthgen")
    assert loaded._record.history.rollbacks == [24] and not loaded.interrupted_


def test_a_given_schema_brings_no_rare_level_into_the_file(rows, tmp_path):
    rare = rows.assign(kind=rows["kind"].where(rows.index != 7, "SecretRare"))
    for schema in (infer_schema(rare), Schema.from_json(infer_schema(rare).to_json())):
        model = SynthVAE(**QUICK, schema=schema).fit(rare)
        model.save(tmp_path / "m.synthgen")
        assert b"SecretRare" not in (tmp_path / "m.synthgen").read_bytes()
        assert load(tmp_path / "m.synthgen").schema["kind"].levels == ("a", "b", "c")
    declared = Schema((Column("kind", "categorical", levels=("a", "b", "c", "SecretRare")),))
    public = SynthVAE(**QUICK, schema=declared).fit(rare)
    public.save(tmp_path / "m.synthgen")
    assert b"SecretRare" in (tmp_path / "m.synthgen").read_bytes()
