"""Ctrl-C as a wish to stop, not as an axe."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType


@dataclass
class Interruption:
    """Whether the user has asked to stop.

    Parameters
    ----------
    asked : bool
        Since the block began.
    """

    asked: bool = False


@contextlib.contextmanager
def interruptible() -> Iterator[Interruption]:
    """Let the first Ctrl-C inside the block ask, and the second one raise KeyboardInterrupt.

    A handler of the caller's own is left alone, and so is every thread but the main one, which alone can have any.

    Yields
    ------
    Interruption
        To be looked at between steps.
    """
    found = Interruption()
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield found
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if found.asked:
            signal.default_int_handler(number, frame)
        found.asked = True

    signal.signal(signal.SIGINT, ask)
    try:
        yield found
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
