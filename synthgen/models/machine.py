"""How much memory this process holds, and how much more it may take."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

PROC = Path("/proc")
CGROUP = Path("/sys/fs/cgroup")
_UNLIMITED = 2**60
"""Version 1 of control groups writes a number near 2**63 where there is no limit."""


def free_memory() -> int:
    """Bytes that this process can still take without swapping.

    Returns
    -------
    int
        What the system has available, and no more than what the limits of the process's control group leave (a
        container's, on Linux). Half of all memory where the system does not say what is available; `_UNLIMITED` where it
        says nothing.

    Notes
    -----
    Available is Linux' estimate MemAvailable: free memory and caches that can be dropped at once. Caches that belong to
    the control group are counted as used, which errs on the safe side.
    """
    return max(0, min([_of_the_system(), *_left_by_groups()]))


def resident_memory() -> int:
    """Bytes of memory that this process holds now; 0 where the system does not say."""
    if (found := _kilobytes(PROC / "self" / "status", "VmRSS")) is not None:
        return found
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS: bytes, and the most there were so far
    return peak if sys.platform == "darwin" else peak * 1024


def file_bytes(path: str | os.PathLike[str]) -> int:
    """Bytes of a file; 0 where there is none."""
    return Path(path).stat().st_size if Path(path).is_file() else 0


def _of_the_system() -> int:
    """Bytes that the system has available."""
    if (found := _kilobytes(PROC / "meminfo", "MemAvailable")) is not None:
        return found
    if sys.platform == "win32":
        return _of_windows()
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in names or "SC_PAGE_SIZE" not in names:
        return _UNLIMITED
    size = os.sysconf("SC_PAGE_SIZE")
    if "SC_AVPHYS_PAGES" in names:
        return os.sysconf("SC_AVPHYS_PAGES") * size
    return os.sysconf("SC_PHYS_PAGES") * size // 2  # macOS tells how much there is, not how much is free


def _of_windows() -> int:
    """Available physical memory by ``GlobalMemoryStatusEx``."""

    class Status(ctypes.Structure):
        """MEMORYSTATUSEX."""

        _fields_ = [("length", ctypes.c_uint32), ("load", ctypes.c_uint32)] + [
            (name, ctypes.c_uint64) for name in ("total", "available", "c", "d", "e", "f", "g")
        ]

    status = Status(length=ctypes.sizeof(Status))
    kernel = getattr(ctypes, "windll", None)
    if kernel is None or not kernel.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return _UNLIMITED
    return int(status.available)


def _left_by_groups() -> list[int]:
    """Bytes that the limits of the process's control groups, and of the groups around them, leave."""
    out = []
    for line in _lines(PROC / "self" / "cgroup"):
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if not controllers:  # version 2
            root, names = CGROUP, ("memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            root, names = CGROUP / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            continue
        own = root / path.lstrip("/")
        for folder in [own, *own.parents]:
            if not folder.is_relative_to(root):
                break
            limit, used = (_number(folder / name) for name in names)
            if limit is not None and used is not None and limit < _UNLIMITED:
                out.append(limit - used)
    return out


def _kilobytes(path: Path, name: str) -> int | None:
    """The value of a line like ``VmRSS:  1234 kB``, in bytes."""
    for line in _lines(path):
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return None


def _number(path: Path) -> int | None:
    """The number that a file holds; None where it does not exist or says ``max``."""
    lines = _lines(path)
    return int(lines[0]) if lines and lines[0].isdigit() else None


def _lines(path: Path) -> list[str]:
    """The lines of a small file; none where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
