"""`synthgen fit --checkpoint`: killed, interrupted, diverged."""

import math
import signal
import subprocess
import sys
import time

import pytest

from synthgen.models.persistence import load
from synthgen.training import loop

OPTIONS = (
    "--set",
    "hidden_dims=[16]",
    "--set",
    "latent_dim=8",
    "--max-steps",
    300,
    "--refine",
    "none",
    "--seed",
    1,
)


def fit(data, output, *more):
    return ["fit", data, "-o", output, *OPTIONS, *more]


@pytest.fixture
def whole(synthgen, data, tmp_path):
    """The bytes of a model that nobody disturbed."""
    assert synthgen(*fit(data, tmp_path / "whole.synthgen")).code == 0
    return (tmp_path / "whole.synthgen").read_bytes()


def started(arguments, folder, until):
    """A process of its own, on its way until its folder holds so many checkpoints; Ctrl-C is Python's own there."""
    program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    program += "from synthgen.cli.main import main; main()"
    command = [sys.executable, "-c", program, *map(str, arguments)]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while child.poll() is None and len(list(folder.glob("*.checkpoint"))) < until:
        time.sleep(0.005)
    return child


def test_a_killed_fit_is_taken_up(synthgen, data, whole, tmp_path):
    state, output = tmp_path / "state", tmp_path / "m.synthgen"
    arguments = fit(data, output, "--checkpoint", state, "--checkpoint-every", 20, "--resume")
    child = started(arguments, state, until=2)
    child.kill()
    child.communicate()
    if state.exists():  # else it was quicker than the kill
        assert synthgen(*arguments).code == 0
    assert output.read_bytes() == whole
    assert not state.exists()


def test_ctrl_c_saves_the_best_model_and_the_state(data, tmp_path):
    state, output = tmp_path / "state", tmp_path / "m.synthgen"
    arguments = fit(data, output, "--checkpoint", state, "--checkpoint-every", 20, "--max-steps", 100_000)
    child = started(arguments, state, until=1)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    assert "synthgen: warning: The fit was interrupted (Ctrl-C) at step" in err
    assert "the model is in" in err
    assert load(output).sample(5).shape[0] == 5
    assert list(state.glob("*.checkpoint"))


def test_a_fit_that_diverges_saves_what_it_has(synthgen, data, tmp_path, monkeypatch):
    plain = loop._update

    def update(players, batches, config, number):
        seen = plain(players, batches, config, number)
        return seen if number < 120 else seen | {"g_loss": seen["g_loss"] * math.nan}

    monkeypatch.setattr(loop, "_update", update)
    output = tmp_path / "m.synthgen"
    done = synthgen(*fit(data, output))
    assert done.code == 2
    assert f"the model is in {output}" in done.err
    assert "synthgen: error: Training diverged: g_loss is nan at step 120" in done.err
    assert load(output).sample(5).shape[0] == 5


def test_checkpoints_of_another_fit_are_not_touched(synthgen, data, tmp_path, monkeypatch):
    state = tmp_path / "state"
    arguments = fit(data, tmp_path / "m.synthgen", "--checkpoint", state)
    monkeypatch.setattr("synthgen.training.checkpoint.remove_checkpoints", lambda folder: None)
    assert synthgen(*arguments).code == 0
    done = synthgen(*fit(data, tmp_path / "other.synthgen", "--checkpoint", state))
    assert "holds checkpoints of an earlier fit" in done.error
    done = synthgen(
        *fit(data, tmp_path / "other.synthgen", "--checkpoint", state, "--resume", "--max-steps", 200)
    )
    assert "are of another fit: `max_steps` was 300 and is 200" in done.error
    assert "needs `checkpoint`" in synthgen(*fit(data, tmp_path / "other.synthgen", "--resume")).error
