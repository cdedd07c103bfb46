"""Trainings that are interrupted, diverge, are killed and taken up."""

import math
import os
import signal
import threading

import numpy as np
import pytest
import torch
from torch import nn

from synthgen.archive import read_archive, write_archive
from synthgen.exceptions import FileError, ParameterError, TrainingError
from synthgen.rng import torch_stream
from synthgen.training.budget import Budget
from synthgen.training.checkpoint import KEPT, Checkpoints, CheckpointWarning, remove_checkpoints
from synthgen.training.history import History
from synthgen.training.interruption import interruptible
from synthgen.training.run import MAX_ROLLBACKS, run
from synthgen.training.snapshots import AbstractTraining, Stateful, all_finite

FIT = {"seed": 7, "model": "Walk", "the table": "abc"}


class Killed(BaseException):
    """What SIGKILL would do, as far as the code can tell."""


class Walk(AbstractTraining):
    """A weight that takes random steps under Adam; `at` says what happens in some step, once or each time."""

    remedies = "Lower it."

    def __init__(self, n_steps=200, validate_every=40, at=None):
        self.network = nn.Linear(2, 1, bias=False)
        nn.init.ones_(self.network.weight)
        self.best = nn.Linear(2, 1, bias=False)
        self.optimizer = torch.optim.Adam(self.network.parameters(), 0.1)
        self.stream = torch_stream(0, "walk")
        self.history = History()
        self.max_steps, self.max_time = n_steps, None
        self.every, self.at, self.rates, self.evaluated = validate_every, at or {}, [], []
        self.sum = 0.0

    @property
    def validate_every(self):
        return self.every

    def step(self, step, rate):
        self.rates.append(rate)
        self.optimizer.param_groups[0]["lr"] = 0.1 * rate
        loss = (self.network.weight * torch.randn(1, 2, generator=self.stream)).sum()
        loss = loss * self.at.get(step.number, lambda: 1.0)()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.sum += step.progress
        return {"loss": loss}

    def evaluate(self, step, losses, seconds):
        self.evaluated.append(step.number)
        self.history.validation.append((step.number, self.network.weight.detach().sum().item()))
        self.best.load_state_dict(self.network.state_dict())
        self.history.kept = step.number
        return ""

    def stateful(self):
        return Stateful(
            {"own": self.network, "best": self.best}, {"own": self.optimizer}, {"own": self.stream}
        )

    def numbers(self):
        return {"sum": np.array(self.sum), "kept": self.history.kept}

    def set_numbers(self, numbers):
        self.sum, self.history.kept = float(numbers["sum"]), numbers["kept"]

    @property
    def result(self):
        weights = self.network.weight.tolist(), self.best.weight.tolist()
        return weights, self.sum, self.history.steps, self.history.validation, self.history.kept


def walked(training, checkpoints=None):
    run(training, checkpoints, 0)
    return training


def opened(folder, resume=False, every=None, fit=FIT):
    checkpoints = Checkpoints(folder, every, resume)
    checkpoints.close()  # the next process of this test
    checkpoints.begin(fit)
    return checkpoints.stage("walk")


def once(value):
    """That value the first time, 1 afterwards."""
    left = [value]
    return lambda: left.pop() if left else 1.0


def raising(error):
    def fail():
        raise error

    return fail


def test_a_run_steps_to_the_end():
    done = walked(Walk())
    assert done.history.stopped == "all steps done" and done.evaluated == [40, 80, 120, 160, 200]
    assert len(done.history.steps["loss"]) == 200 and done.history.is_whole


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_takes_training_back_to_a_lower_rate(bad):
    done = walked(Walk(at={130: once(bad)}))
    assert done.history.stopped == "all steps done" and done.history.rollbacks == [150]
    assert len(done.history.steps["loss"]) == 200 and all(map(math.isfinite, done.history.steps["loss"]))
    assert [step for step, _ in done.history.validation] == [40, 80, 120, 160, 200]
    assert done.rates == [1.0] * 150 + [0.5] * 80  # from the last good look, at step 120


def test_after_three_times_training_ends_with_the_best_weights():
    done = walked(Walk(at={130: lambda: math.nan}))
    assert done.history.rollbacks == [150] * MAX_ROLLBACKS
    assert sorted(set(done.rates)) == [0.125, 0.25, 0.5, 1.0]
    assert not done.history.is_whole and done.history.stopped == done.history.failure
    assert "loss is nan at step 130, even after going back 3 times" in done.history.failure
    assert done.history.kept == 120 and all_finite(done.best)
    assert len(done.history.steps["loss"]) == 120


def test_weights_that_are_not_finite_are_seen_where_losses_are():
    training = Walk(n_steps=100)

    def spoil():
        with torch.no_grad():
            training.network.weight[0, 0] = math.inf
        return 1.0

    training.at = {100: spoil}
    training.step = lambda step, rate: (Walk.step(training, step, rate), {"loss": torch.tensor(1.0)})[1]
    walked(training)
    assert "a weight of the own is nan or infinite" in training.history.failure


def test_nothing_is_kept_where_nothing_was_learnt():
    with pytest.raises(TrainingError, match=r"loss is nan at step 3, even after .* Lower it\."):
        walked(Walk(at={3: lambda: math.nan}))


@pytest.mark.parametrize("every", [None, 1, 30, 64])
@pytest.mark.parametrize("death", [1, 41, 99, 150, 199])
def test_a_killed_run_is_taken_up_to_the_same_end(tmp_path, every, death):
    whole = walked(Walk(), opened(tmp_path / "whole", every=every))
    with pytest.raises(Killed):
        walked(Walk(at={death: raising(Killed())}), opened(tmp_path / "killed", every=every))
    resumed = walked(Walk(), opened(tmp_path / "killed", resume=True, every=every))
    assert resumed.result == whole.result
    assert len(resumed.rates) <= 200 - death + (every or 40) + 50


def test_a_run_that_went_back_is_taken_up_at_its_lower_rate(tmp_path):
    whole = walked(Walk(at={60: once(math.nan)}), opened(tmp_path / "whole"))
    with pytest.raises(Killed):
        walked(Walk(at={60: once(math.nan), 190: raising(Killed())}), opened(tmp_path / "killed"))
    resumed = walked(Walk(), opened(tmp_path / "killed", resume=True))
    assert resumed.result == whole.result and set(resumed.rates) == {0.5}


def test_a_finished_run_is_not_run_again(tmp_path):
    whole = walked(Walk(), opened(tmp_path))
    again = walked(Walk(), opened(tmp_path, resume=True))
    assert again.rates == [] and again.result == whole.result and again.history.stopped == "all steps done"


def test_the_last_two_checkpoints_are_kept(tmp_path):
    walked(Walk(), opened(tmp_path, every=30))
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "walk-00000180.checkpoint",
        "walk-00000200.checkpoint",
    ]
    assert KEPT == 2


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path):
    whole = walked(Walk(), opened(tmp_path))
    newest = max(tmp_path.iterdir())
    content = bytearray(newest.read_bytes())
    content[-3] ^= 1
    newest.write_bytes(bytes(content))
    with pytest.warns(CheckpointWarning, match=r"200\.checkpoint: was altered .* The one before it is taken"):
        resumed = walked(Walk(), opened(tmp_path, resume=True))
    assert resumed.result == whole.result and len(resumed.rates) == 40
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(FileError, match=r"is cut short .* Remove the checkpoints in .* to begin anew"):
        opened(tmp_path, resume=True)


def forged(folder, *keys, value):
    """The newest checkpoint with another value at a place (none: DROPPED), and a right checksum; those before it removed."""
    for old in sorted(folder.iterdir())[:-1]:
        old.unlink()
    path = max(folder.iterdir())
    header, state = read_archive(path, "synthgen-checkpoint", newest=1, oldest=1)
    holder = {"state": state, **header}
    whole = holder
    for key in keys[:-1]:
        holder = holder[key]
    if value is DROPPED:
        del holder[keys[-1]]
    else:
        holder[keys[-1]] = value
    write_archive(path, "synthgen-checkpoint", whole, whole.pop("state"))


DROPPED = object()
FORGED = {
    "nothing of the fit": (("fit",), DROPPED),
    "a fit that is a list": (("fit",), []),
    "a fit without a seed": (("fit", "seed"), DROPPED),
    "a seed that is text": (("fit", "seed"), "7"),
    "no step": (("state", "step"), DROPPED),
    "a step that is text": (("state", "step"), "200"),
    "a step before the first": (("state", "step"), -1),
    "another step": (("state", "step"), 150),
    "seconds that are a list": (("state", "seconds"), []),
    "seconds that are not a number": (("state", "seconds"), float("nan")),
    "no history": (("state", "history"), DROPPED),
    "a history that is a number": (("state", "history"), 3),
    "an end that is a number": (("state", "history", "stopped"), 3),
    "ways back that are text": (("state", "history", "rollbacks"), ["x"]),
    "kept that is a list": (("state", "history", "kept"), []),
    "losses that are a list": (("state", "history", "steps", "loss"), [1.0]),
    "losses of two axes": (("state", "history", "steps", "loss"), np.zeros((200, 2))),
    "validation of three columns": (("state", "history", "validation"), np.zeros((2, 3))),
}
"""What can be told of a file alone."""
FORGED_STATE = {
    "no networks": (("networks",), DROPPED),
    "no network": (("networks", "best"), DROPPED),
    "networks that are a list": (("networks",), []),
    "weights of another shape": (("networks", "own", "weight"), np.zeros((3, 3), np.float32)),
    "weights of text": (("networks", "own", "weight"), "x"),
    "an optimizer of text": (("optimizers", "own"), "x"),
    "an optimizer of other weights": (("optimizers", "own"), {"7x": {}}),
    "averages of another shape": (("optimizers", "own", "0", "exp_avg"), np.zeros((3, 3), np.float32)),
    "a stream of other bytes": (("streams", "own"), np.zeros(3, np.uint8)),
    "a stream of text": (("streams", "own"), "x"),
    "no numbers": (("numbers",), DROPPED),
    "numbers without one": (("numbers", "sum"), DROPPED),
}
"""What can be told where there is a training."""


@pytest.mark.parametrize("case", FORGED)
def test_a_checkpoint_that_was_signed_anew_is_refused_by_name(case, tmp_path):
    walked(Walk(), opened(tmp_path))
    keys, value = FORGED[case]
    forged(tmp_path, *keys, value=value)
    name = tmp_path / "walk-00000200.checkpoint"
    with pytest.raises(FileError, match=f"^{name}: its content is not that of a checkpoint of this fit"):
        opened(tmp_path, resume=True).load()


@pytest.mark.parametrize("case", FORGED_STATE)
def test_a_state_of_another_training_is_refused_by_name(case, tmp_path):
    walked(Walk(), opened(tmp_path))
    keys, value = FORGED_STATE[case]
    forged(tmp_path, "state", *keys, value=value)
    name = tmp_path / "walk-00000200.checkpoint"
    found = opened(tmp_path, resume=True).load()
    with pytest.raises(FileError, match=f"^{name}: its content is not that of a checkpoint of this fit"):
        found.put_back(Walk())


def test_a_checkpoint_of_nothing_known_gives_way_to_the_one_before(tmp_path):
    walked(Walk(), opened(tmp_path))
    content = (tmp_path / "walk-00000160.checkpoint").read_bytes()
    forged(tmp_path, "fit", value=[])
    (tmp_path / "walk-00000160.checkpoint").write_bytes(content)
    with pytest.warns(CheckpointWarning, match="of this fit .* The one before it is taken"):
        found = opened(tmp_path, resume=True).load()
    assert found.step == 160


def test_a_full_disk_costs_no_training(tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise FileError("state: could not be written: No space left on device.")

    stage = opened(tmp_path)
    monkeypatch.setattr("synthgen.training.checkpoint.write_archive", full)
    with pytest.warns(
        CheckpointWarning, match="No space left on device. Training goes on without this checkpoint"
    ):
        done = walked(Walk(), stage)
    assert done.history.stopped == "all steps done"


def test_time_that_another_process_spent_counts():
    assert Budget(10**9, 100.0).step(1).progress < 0.1
    late = Budget(10**9, 100.0, seconds=99.5).step(1)
    assert late.progress > 0.99
    assert Budget(10**9, 100.0, seconds=100.5).step(1).is_last


def test_what_a_killed_writer_left_is_swept_up(tmp_path):
    left = tmp_path / ".walk-00000040.checkpoint.0123abcd.part"
    left.write_bytes(b"half")
    opened(tmp_path)
    assert not left.exists()


def test_checkpoints_are_not_taken_up_by_accident(tmp_path):
    walked(Walk(), opened(tmp_path))
    with pytest.raises(FileError, match=r"holds checkpoints of an earlier fit \(walk-00000200.* resume=True"):
        opened(tmp_path)
    for other, words in [
        ({**FIT, "the table": "xyz", "a": 2}, "the table is another"),
        ({**FIT, "the table": "xyz", "model": "Run"}, "`model` was 'Walk' and is 'Run'"),
        ({**FIT, "tau": 1}, "`tau` was None and is 1"),
    ]:
        with pytest.raises(ParameterError, match=f"are of another fit: {words}"):
            opened(tmp_path, resume=True, fit=other)


def test_two_fits_need_two_folders(tmp_path):
    first = Checkpoints(tmp_path, None, resume=True)
    with pytest.raises(FileError, match="another fit writes its checkpoints there"):
        Checkpoints(tmp_path, None, resume=True)
    first.close()
    Checkpoints(tmp_path, None, resume=True).close()


def test_folders_that_cannot_hold_checkpoints_are_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileError, match="cannot be a folder of checkpoints"):
        opened(tmp_path / "file")


def test_other_files_in_the_folder_are_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    walked(Walk(), opened(tmp_path))
    remove_checkpoints(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
    (tmp_path / "notes.txt").unlink()
    remove_checkpoints(tmp_path)
    assert not tmp_path.exists()


@pytest.fixture
def default_handler():
    """Ctrl-C as Python has it, also where the tests run in the background, where it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)
    return 1.0


@pytest.mark.usefixtures("default_handler")
def test_ctrl_c_ends_with_what_there_is_and_can_be_taken_up(tmp_path):
    whole = walked(Walk(), opened(tmp_path / "whole"))
    stopped = walked(Walk(at={97: ctrl_c}), opened(tmp_path / "stopped"))
    assert stopped.history.interrupted
    assert stopped.history.stopped == "interrupted (Ctrl-C) at step 97 of 200"
    assert stopped.history.kept == 97 and len(stopped.history.steps["loss"]) == 97
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    resumed = walked(Walk(), opened(tmp_path / "stopped", resume=True))
    assert resumed.result == whole.result and not resumed.history.interrupted


@pytest.mark.usefixtures("default_handler")
@pytest.mark.parametrize("step", [99, 100, 101])
def test_ctrl_c_keeps_the_weights_of_its_step_also_where_they_were_looked_at(step):
    stopped = walked(Walk(n_steps=1000, validate_every=500, at={step: ctrl_c}))
    assert stopped.history.kept == step and stopped.evaluated == [step]
    assert torch.equal(stopped.best.weight, stopped.network.weight)


def test_what_was_learnt_before_the_first_evaluation_is_kept():
    done = walked(Walk(n_steps=1000, validate_every=500, at={130: lambda: math.nan}))
    assert done.history.failure and done.history.kept == 100 and done.evaluated == [100]
    assert len(done.history.steps["loss"]) == 100


@pytest.mark.usefixtures("default_handler")
def test_ctrl_c_in_the_last_step_is_heard():
    stopped = walked(Walk(at={200: ctrl_c}))
    assert stopped.history.interrupted and stopped.evaluated == [40, 80, 120, 160, 200]


@pytest.mark.usefixtures("default_handler")
def test_ctrl_c_twice_ends_at_once():
    with pytest.raises(KeyboardInterrupt):
        walked(Walk(at={97: lambda: ctrl_c() and ctrl_c()}))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("default_handler")
def test_ctrl_c_after_a_loss_that_is_not_finite_keeps_finite_weights():
    stopped = walked(Walk(at={95: lambda: math.nan, 97: ctrl_c}))
    assert stopped.history.interrupted and all_finite(stopped.network) and stopped.history.kept == 80


def test_a_handler_of_the_callers_own_is_left_alone():
    seen = []
    before = signal.signal(signal.SIGINT, lambda *_: seen.append(1))
    try:
        with interruptible() as found:
            ctrl_c()
        assert seen == [1] and not found.asked
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("default_handler")
def test_other_threads_install_no_handler():
    seen = []

    def look():
        with interruptible():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
