"""One synthesizer on one table, in its own environment and process, under limits: what came of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers import limits as limiting
from benchmarks.peers import venvs

HERE = Path(__file__).resolve().parent
MEMORY_WORDS = ("MemoryError", "can't allocate memory", "Unable to allocate")
_VERSIONS = "import json,sys;from importlib.metadata import version;print(json.dumps({n:version(n) for n in sys.argv[1:]}))"


@dataclass(frozen=True)
class Peer:
    """Where a synthesizer is.

    Parameters
    ----------
    adapter : str
        Module of this folder.
    environment : str or None
        Of `venvs`; None is the interpreter that runs this.
    libraries : tuple of str
        Whose versions are recorded.
    """

    adapter: str
    environment: str | None
    libraries: tuple[str, ...]


PEERS = {
    "SynthGAN": Peer("adapt_synthgen", None, ("synthgen", "torch")),
    "SDV GaussianCopula": Peer("adapt_sdv_copula", "sdv", ("sdv", "copulas", "rdt")),
    "CTGAN": Peer("adapt_ctgan", "sdv", ("ctgan", "rdt", "torch")),
    "TVAE": Peer("adapt_tvae", "sdv", ("ctgan", "rdt", "torch")),
    "TabularARGN": Peer("adapt_tabularargn", "tabularargn", ("mostlyai-engine", "torch")),
    "ARF": Peer("adapt_arf", "arf", ("arfpy", "scikit-learn")),
    "ForestDiffusion": Peer("adapt_forestdiffusion", "forestdiffusion", ("ForestDiffusion", "xgboost-cpu")),
}


def python_of(peer: Peer, folder: Path) -> str:
    """The interpreter that has the peer.

    Raises
    ------
    FileNotFoundError
        If its environment is not there; the message says how to make it.
    """
    if peer.environment is None:
        return sys.executable
    python = venvs.python_of(peer.environment, folder)
    if not python.exists():
        raise FileNotFoundError(
            f"no environment at {python}; make it: python benchmarks/peers/venvs.py {peer.environment}"
        )
    return str(python)


def versions(peer: Peer, folder: Path) -> dict[str, str]:
    """Of the peer's libraries."""
    command = [python_of(peer, folder), "-c", _VERSIONS, *peer.libraries]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def launch(
    peer: Peer, job: dict[str, object], limits: limiting.Limits, threads: int, folder: Path, scratch: Path
) -> dict[str, object]:
    """Run ``one.py`` on a job and say how it ended, in words and numbers."""
    variables = {
        **os.environ,
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "passive",
        "MKL_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        "PYTHONWARNINGS": "ignore",
        "TQDM_DISABLE": "1",
        "PYTHONPATH": str(HERE.parents[1]) if peer.environment is None else "",
    }
    command = [python_of(peer, folder), str(HERE / "one.py"), json.dumps({**job, "adapter": peer.adapter})]
    return outcome(limiting.run(command, limits, scratch, variables), limits)


def outcome(ended: limiting.Ending, limits: limiting.Limits) -> dict[str, object]:
    """How a run ended.

    Returns
    -------
    dict of str to object
        ``outcome`` is "done", "time-out", "memory" or "error"; ``stage`` and ``message`` where it is not "done"; what
        it used; and whatever ``one.py`` reported.
    """
    facts: dict[str, object] = {}
    for line in ended.output.splitlines():
        if line.startswith("{"):
            facts |= json.loads(line)
    stage = facts.pop("begun", "reading the table")
    used = {"seconds": ended.seconds, "cpu_seconds": ended.cpu_seconds, "peak_gib": ended.peak_gib, **facts}
    if ended.reason == "time":
        message = f"not done after {limits.seconds:.0f} s ({limits.clock} clock)"
        return {"outcome": "time-out", "stage": stage, "message": message, **used}
    if ended.reason == "memory":
        return {"outcome": "memory", "stage": stage, "message": f"held more than {limits.gib} GiB", **used}
    if ended.status == 0:
        return {"outcome": "done", **used}
    if ended.status == -9:
        message = f"killed by the system, which had no memory left, when it held {ended.peak_gib} GiB"
        return {"outcome": "memory", "stage": stage, "message": message, **used}
    message = str(used.pop("error", ended.errors[-600:]))
    if message.startswith("FitTooLong"):
        return {"outcome": "time-out", "stage": stage, "message": message, **used}
    kind = "memory" if any(word in message for word in MEMORY_WORDS) else "error"
    return {"outcome": kind, "stage": stage, "message": message, **used}
