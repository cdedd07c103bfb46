"""Tasks by this process and by Ray: the same results, deaths survived, errors of one line."""

import functools
import os
import signal
import socket
import time
from types import SimpleNamespace

import pytest

from synthgen.engines import ray_cluster
from synthgen.engines.engine import LocalEngine, open_engine
from synthgen.engines.ray_engine import RayEngine, _result
from synthgen.exceptions import ColumnRejected, FileError, ParameterError, SynthgenError

pytest.importorskip("ray")


@pytest.fixture(scope="module")
def ray():
    """Two workers for all tests here."""
    with ray_cluster.ray_cluster(None, 2):
        yield RayEngine(2)


def both(ray):
    return LocalEngine(), ray


def add(big, item):
    return len(big) + item


def refuse(item):
    raise ColumnRejected("age", f"is {item}, which cannot be.")


def divide(item):
    return 1 / item


def threads(item):
    return os.environ.get("OMP_NUM_THREADS")


def die_once(folder, item):
    flag = folder / f"{item}"
    if item == 3 and not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return item * item


def die(item):
    os.kill(os.getpid(), signal.SIGKILL)


def test_every_item_gives_its_result_whoever_works(ray):
    function = functools.partial(add, b"x" * 5_000_000)
    for engine in both(ray):
        seen = {}
        found = dict(engine.map(function, range(7), progress=seen.__setitem__))
        assert found == seen == {i: 5_000_000 + i for i in range(7)}


def test_an_error_of_a_task_is_raised_as_it_was(ray):
    for engine in both(ray):
        with pytest.raises(ColumnRejected, match=r"^Column 'age' is 1, which cannot be\.$") as caught:
            list(engine.map(refuse, [1, 1, 1]))
        assert (caught.value.column, caught.value.__cause__) == ("age", None)
        with pytest.raises(ZeroDivisionError):
            list(engine.map(divide, [0]))


def test_a_task_whose_worker_is_killed_is_done_again(ray, tmp_path):
    found = dict(ray.map(functools.partial(die_once, tmp_path), range(6)))
    assert found == {i: i * i for i in range(6)}
    assert (tmp_path / "3").exists()


def test_a_task_that_kills_every_worker_is_given_up_by_name(ray):
    with pytest.raises(SynthgenError, match=r"Task 0 was given up: its worker died 2 times"):
        list(ray.map(die, [0], retries=1))


def test_what_ray_cannot_run_is_told_in_one_line():
    import ray

    def lost(reference):
        raise ray.exceptions.RuntimeEnvSetupError("no\nsuch environment")

    with pytest.raises(SynthgenError, match=r"^Task 3 could not be run by Ray: RuntimeEnvSetupError: .*\.$"):
        _result(SimpleNamespace(get=lost, exceptions=ray.exceptions), None, 3, 0)


def test_a_worker_has_one_thread(ray):
    assert list(ray.map(threads, [0])) == [(0, "1")]


def test_a_ray_that_runs_already_is_used_and_left_running(ray):
    import ray as library

    with open_engine("ray", workers=1) as engine:
        assert engine.workers == 1
    assert library.is_initialized()


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_an_address_where_no_ray_answers_is_refused_within_seconds(monkeypatch, scheme):
    monkeypatch.setattr(ray_cluster, "CONNECT_SECONDS", 0.3)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        port = mute.getsockname()[1]
        start = time.monotonic()
        for answer in ("Connection refused", "timed out"):
            with pytest.raises(
                ParameterError, match=rf"No Ray answers at '{scheme}127.0.0.1:{port}' \({answer}"
            ):
                ray_cluster._check_answers(f"{scheme}127.0.0.1:{port}")
            mute.listen()
        assert time.monotonic() - start < 30
    with pytest.raises(ParameterError, match=r"must be HOST:PORT or 'auto'. Got 'somewhere'"):
        ray_cluster._check_answers("somewhere")


def test_a_real_ray_passes_the_check_of_its_address(ray):
    import ray as library

    ray_cluster._check_answers(library.get_runtime_context().gcs_address)


def test_without_ray_the_extra_is_named(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(ray_cluster.importlib, "import_module", missing)
    with pytest.raises(FileError, match=r"needs the library ray, .* pip install 'synthgen\[ray\]'"):
        ray_cluster.import_ray()


def test_parameters_are_held_to_their_rules():
    with pytest.raises(
        ParameterError, match=r"`engine` parameter of open_engine must be one of 'local', 'ray'"
    ):
        open_engine("dask").__enter__()
    with pytest.raises(ParameterError, match=r"`workers` parameter .* must be an int in \[1, inf\)"):
        open_engine("ray", workers=0).__enter__()
    with pytest.raises(ParameterError, match=r"`address` parameter of open_engine needs engine='ray'"):
        open_engine("local", "auto").__enter__()
