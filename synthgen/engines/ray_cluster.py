"""A Ray cluster to work with: one that runs already, or one of this machine that ends with the block."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import socket
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from synthgen.exceptions import FileError, ParameterError

CONNECT_SECONDS = 5.0
"""How long an address may take to answer."""
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""What is put into the environment unless it is there: nothing is sent home, and no hint is printed."""


_HTTP2_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
_HTTP2_SETTINGS = b"\x04"
"""The type of the frame with which a server of gRPC, which Ray's are, answers the greeting [RFC 9113, section 3.4]."""


@dataclass(frozen=True)
class RayCluster:
    """A cluster that this process has joined.

    Parameters
    ----------
    n_cpus, n_gpus : int
        What it has, at least 1 and 0.
    started_here : bool
        Whether it ends with the block.
    n_machines : int
        How many it has.
    """

    n_cpus: int
    n_gpus: int
    started_here: bool
    n_machines: int = 1


def import_ray() -> Any:
    """Ray, or how to get it.

    Returns
    -------
    module
        ``ray``.

    Raises
    ------
    FileError
        If it is not installed.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        return importlib.import_module("ray")
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise FileError(
            "engine='ray' needs the library ray, which is not installed; use pip install 'synthgen[ray]'."
        ) from error


@contextlib.contextmanager
def ray_cluster(address: str | None = None, workers: int | None = None) -> Iterator[RayCluster]:
    """Join a Ray cluster, or start one on this machine.

    Parameters
    ----------
    address : str, optional
        ``host:port``, ``ray://host:port`` or ``auto``. None: what RAY_ADDRESS says, else a local cluster is started.
    workers : int, optional
        Processors that a local cluster shall offer. None: as many as this process may use.

    Yields
    ------
    RayCluster
        What was joined. Where Ray runs in this process already, it is used as it is, and left running.

    Raises
    ------
    FileError
        If Ray is not installed.
    ParameterError
        If no Ray answers at the address.
    """
    ray = import_ray()
    if ray.is_initialized():
        yield _resources(ray, started_here=False)
        return
    address = address or os.environ.get("RAY_ADDRESS") or None
    starts = address in (None, "local")
    _start(ray, "local" if starts else str(address), {"num_cpus": workers or _n_cores()} if starts else {})
    try:
        yield _resources(ray, started_here=starts)
    finally:
        ray.shutdown()


def _start(ray: Any, address: str, resources: dict[str, Any]) -> None:
    """Let Ray begin, with no word said and the caller's handler of SIGTERM kept."""
    if address not in ("auto", "local"):
        _check_answers(address)
    own = {"include_dashboard": False, **resources} if address == "local" else {}
    in_main_thread = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGTERM) if in_main_thread else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ray.init(address, log_to_driver=False, logging_level="error", **own)
    except (ConnectionError, RuntimeError, TimeoutError, ValueError) as error:
        raise _no_ray(address, " ".join(str(error).split())[:200]) from error
    finally:
        if handler is not None:
            signal.signal(signal.SIGTERM, handler)


def _check_answers(address: str) -> None:
    """Refuse within seconds an address where no Ray listens: Ray itself would wait for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit() or not 0 < int(port) < 2**16:
        raise ParameterError(f"The `address` of a Ray cluster must be HOST:PORT or 'auto'. Got {address!r}.")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS) as line:
            line.settimeout(CONNECT_SECONDS)
            line.sendall(_HTTP2_GREETING)
            answer = line.recv(9)
    except OSError as error:
        raise _no_ray(address, str(error.strerror or error)) from error
    if answer[3:4] != _HTTP2_SETTINGS:
        raise _no_ray(address, "what listens there is something else")


def _no_ray(address: str, reason: str) -> ParameterError:
    if address == "local":
        return ParameterError(f"A Ray cluster could not be started on this machine: {reason.rstrip('.')}.")
    return ParameterError(
        f"No Ray answers at {address!r} ({reason.rstrip('.')}); start one with `ray start --head`, or leave the address "
        "out for a local one."
    )


def _resources(ray: Any, *, started_here: bool) -> RayCluster:
    found = ray.cluster_resources()
    n_machines = sum(bool(node["Alive"]) for node in ray.nodes())
    return RayCluster(max(1, int(found.get("CPU", 1))), int(found.get("GPU", 0)), started_here, n_machines)


def _n_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
