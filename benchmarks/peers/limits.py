"""Run a command under limits of time and memory, and say how it ended. Linux: processes are read from /proc."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

_TICKS, _PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
_PERIOD = 0.2
_WALL_FACTOR = 60


@dataclass(frozen=True)
class Limits:
    """What a command may use.

    Parameters
    ----------
    seconds : float
        Of the wall clock; or, by `clock`, of the processors.
    gib : float
        Resident memory of the command and its children together; the data segment of each is cut there too, so that
        a single allocation beyond it fails with the command's own message.
    clock : {"wall", "cpu"}
        "cpu" counts the seconds that the processors worked for the command: for a busy machine. The wall clock then
        ends it only after sixty times as long.
    """

    seconds: float = 600.0
    gib: float = 16.0
    clock: str = "wall"


@dataclass(frozen=True)
class Ending:
    """How a command ended.

    Parameters
    ----------
    reason : {"exit", "time", "memory"}
    status : int
        Exit status; negative is a signal.
    seconds, cpu_seconds, peak_gib : float
        What it used.
    output, errors : str
    """

    reason: str
    status: int
    seconds: float
    cpu_seconds: float
    peak_gib: float
    output: str
    errors: str


def run(command: list[str], limits: Limits, folder: Path, environment: dict[str, str]) -> Ending:
    """Start the command in a session of its own, watch the session, and kill it at a limit."""
    out, err = folder / "stdout.txt", folder / "stderr.txt"
    start = time.perf_counter()
    with out.open("w") as stdout, err.open("w") as stderr:
        process = subprocess.Popen(
            command,
            stdout=stdout,
            stderr=stderr,
            env=environment,
            cwd=folder,
            start_new_session=True,
            preexec_fn=lambda: _limit(limits.gib),
        )
        reason, peak, cpu = "exit", 0.0, 0.0
        while process.poll() is None:
            now_gib, now_cpu = _usage(process.pid)
            peak, cpu = max(peak, now_gib), max(cpu, now_cpu)
            if broken := _broken(limits, time.perf_counter() - start, cpu, now_gib):
                reason = broken
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            time.sleep(_PERIOD)
    return Ending(
        reason,
        process.returncode,
        round(time.perf_counter() - start, 1),
        round(cpu, 1),
        round(peak, 2),
        out.read_text(errors="replace"),
        err.read_text(errors="replace"),
    )


def _broken(limits: Limits, wall: float, cpu: float, gib: float) -> str | None:
    if gib > limits.gib:
        return "memory"
    used = wall if limits.clock == "wall" else max(cpu, wall / _WALL_FACTOR)
    return "time" if used > limits.seconds else None


def _limit(gib: float) -> None:
    """In the child: allocations beyond the limit fail, and if the machine runs out of memory, this goes first."""
    size = int(gib * 2**30)
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    Path("/proc/self/oom_score_adj").write_text("1000")


def _usage(session: int) -> tuple[float, float]:
    """Resident GiB and processor seconds of all processes of a session."""
    pages = ticks = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[3]) == session:
            pages += int(fields[21])
            ticks += sum(map(int, fields[11:15]))
    return pages * _PAGE / 2**30, ticks / _TICKS
