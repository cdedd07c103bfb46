"""The most memory that a process has held since a moment."""

from __future__ import annotations

from pathlib import Path

import machine

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def start_peak() -> bool:
    """Forget the peak so far; False where the system cannot, and the peak stays that of the whole process."""
    try:
        _CLEAR.write_text("5")  # Linux: resets VmHWM
    except OSError:
        return False
    return True


def peak_gib() -> float:
    """Resident memory at its peak since `start_peak`."""
    if _STATUS.exists():
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 2**20
    return machine.peak_memory_gib()


def now_gib() -> float:
    """Resident memory now; the peak where the system does not say."""
    if _STATUS.exists():
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 2**20
    return machine.peak_memory_gib()
