"""Two workers of a local Ray train one model, and one of them is killed in the middle."""

import os
import signal
import threading
import time
import warnings

import pytest

from synthgen import SynthGAN, SynthVAE
from synthgen.distributed.process_group import PeerLostError
from synthgen.distributed.ray_worker import Outcome, _kept_error
from synthgen.exceptions import DataError, ParameterError
from synthgen.models.resuming import FitWarning
from synthgen.training.checkpoint import checkpoint_files
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
    outcome = Outcome()
    with _kept_error(outcome):
        raise DataError("these rows are not to be learnt")
    assert str(outcome.error) == "these rows are not to be learnt"
    with pytest.raises(PeerLostError), _kept_error(outcome):
        raise PeerLostError("gone")


def test_more_workers_than_processors_are_refused():
    with pytest.raises(ParameterError, match="is 3, but the Ray cluster has 2 processors"):
        SynthVAE(max_steps=5, verbose=0).fit(table(), engine="ray", workers=3)


def test_callbacks_that_cannot_travel_are_refused():
    lock = threading.Lock()
    with pytest.raises(ParameterError, match="Leave out `callbacks` that hold files, locks"):
        fitted(callbacks=[lambda found: lock.locked()])
