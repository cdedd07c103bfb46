"""Two workers of a local Ray train one model, and one of them is killed in the middle."""

import os
import signal
import threading
import time
import warnings
from concurrent.futures import Future
from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from synthgen import SynthGAN, SynthVAE
from synthgen.distributed import ray_team
from synthgen.distributed.process_group import PeerLostError, WorkerError
from synthgen.distributed.ray_team import RayTeam
from synthgen.distributed.ray_worker import Outcome, _kept_error
from synthgen.engines.ray_cluster import RayCluster
from synthgen.exceptions import DataError, ParameterError, TrainingError
from synthgen.models import file_fit_memory, gan_fit
from synthgen.models.file_fit import fit_files
from synthgen.models.fit_inputs import fit_any, open_team
from synthgen.models.fit_run import FitRun
from synthgen.models.resuming import FitWarning
from synthgen.training.checkpoint import checkpoint_files
from synthgen.training.interruption import Interruption
from tests.distributed.processes import SMALL, digest
from tests.distributed.tables import table

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings(
    # Ray's own: it sets an option of its data library that it calls deprecated, and leaves sockets to the collector
    "ignore:.*use_push_based_shuffle.*:DeprecationWarning",
    "ignore::ResourceWarning",
)


@pytest.fixture(scope="module", autouse=True)
def cluster():
    """A Ray of this machine for all tests; without the watcher of cloud machines that are taken back, a process less."""
    handler = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as environment, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        environment.setenv("RAY_TRAIN_ENABLE_PREEMPTION_WATCHER", "0")
        environment.setenv("RAY_USAGE_STATS_ENABLED", "0")
        environment.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
        yield
        ray.shutdown()
        signal.signal(signal.SIGTERM, handler)


def fitted(**given):
    checkpoint = given.pop("checkpoint", None)
    return SynthGAN(**{**SMALL, **given}).fit(table(), engine="ray", workers=2, checkpoint=checkpoint)


def killing(path):
    """A callback of the first worker: it waits, once, until it is killed."""

    def wait(found):
        if found.step == 40 and not path.exists():
            path.write_text(str(os.getpid()), encoding="utf-8")
            time.sleep(60)

    return wait


def kill(path):
    while not path.exists() or not path.read_text(encoding="utf-8"):
        time.sleep(0.05)
    os.kill(int(path.read_text(encoding="utf-8")), signal.SIGKILL)


def test_a_worker_that_is_killed_costs_nothing_but_time(tmp_path, both):
    path = tmp_path / "pid"
    killer = threading.Thread(target=kill, args=(path,))
    killer.start()
    with pytest.warns(FitWarning, match="the workers began anew at a checkpoint once, to the same result"):
        disturbed = fitted(callbacks=[killing(path)], watch=True, checkpoint=tmp_path / "checkpoints")
    killer.join()
    undisturbed = both[0]["fits"]  # of torchrun's processes, which do the same
    assert digest(disturbed) == undisturbed["first"]
    assert disturbed.history_["d_loss"].tolist() == undisturbed["losses"]
    assert checkpoint_files(tmp_path / "checkpoints")


def test_errors_come_home_but_for_lost_peers_after_which_ray_starts_anew():
    outcome, told = Outcome(), []
    group = SimpleNamespace(leave=told.append, device="cpu")
    with _kept_error(outcome, group):
        raise DataError("these rows are not to be learnt")
    assert str(outcome.error) == "these rows are not to be learnt"
    assert told == [outcome.error]
    with pytest.raises(PeerLostError), _kept_error(outcome, group):
        raise PeerLostError("gone")


def no_memory(module, arguments):
    if torch.distributed.is_initialized() and torch.distributed.get_rank() == 1:
        raise MemoryError("nothing is left")


@pytest.mark.cluster
def test_an_error_of_a_worker_that_does_not_lead_ends_the_fit_with_its_words(monkeypatch):
    build = gan_fit.build_discriminator

    def failing(*arguments):
        found = build(*arguments)
        found.register_forward_pre_hook(no_memory)
        return found

    monkeypatch.setattr(gan_fit, "build_discriminator", failing)
    with pytest.raises(
        WorkerError, match=r"^Worker 1 of this training failed: MemoryError: nothing is left\.$"
    ):
        fitted(max_steps=5)


def test_workers_that_do_not_end_after_ctrl_c_are_given_up(monkeypatch, tmp_path):
    monkeypatch.setattr(ray_team, "GRACE", 0.3)
    with pytest.raises(TrainingError, match="did not end within 0 seconds of Ctrl-C, and are given up"):
        ray_team._await(Future(), Interruption(True), tmp_path / "stop")
    assert (tmp_path / "stop").exists()


def test_workers_on_other_machines_need_a_folder_that_all_see():
    run = FitRun(team=RayTeam(RayCluster(4, 0, False, n_machines=2), 2))
    with pytest.raises(ParameterError, match=r"has 2 machines, .* give `checkpoint`, a folder that all"):
        fit_any(SynthGAN(), table(), None, run, None)


def test_more_workers_than_processors_are_refused():
    with pytest.raises(ParameterError, match="is 3, but the Ray cluster has 2 processors"):
        SynthVAE(max_steps=5, verbose=0).fit(table(), engine="ray", workers=3)


def test_callbacks_that_cannot_travel_are_refused():
    lock = threading.Lock()
    with pytest.raises(ParameterError, match="Leave out `callbacks` that hold files, locks"):
        fitted(callbacks=[lambda found: lock.locked()])


@pytest.mark.cluster
def test_rows_in_files_are_trained_on_as_by_this_process_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(file_fit_memory, "FITTING_ROWS", 2_048)
    rows = pd.concat([table()] * 40, ignore_index=True)
    for number in range(4):
        rows.iloc[number::4].to_parquet(tmp_path / f"{number}.parquet", index=False)
    digests = []
    for engine, workers in (("local", None), ("ray", 1)):
        model = SynthGAN(**SMALL)
        with open_team(engine, None, workers) as team:
            fit_files(model, tmp_path, FitRun(team=team), "8GiB", most=2_048)
        digests.append(digest(model))
    assert digests[0] == digests[1]
