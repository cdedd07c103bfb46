"""Where every command ends: whatever happened becomes one line on stderr and an exit code."""

from __future__ import annotations

import os
import signal
import sys
import traceback
import warnings
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any

import click

from synthgen.exceptions import SynthgenError

DONE, THRESHOLD_FAILED, BAD_INPUT, FAULT = 0, 1, 2, 70
INTERRUPTED, UNREAD, TERMINATED = 130, 141, 143


@dataclass
class Settings:
    """What the options that all commands share say.

    Parameters
    ----------
    debug : bool
        Whether a traceback goes with an error.
    verbosity : int
        0 errors only, 1 notes and progress, 2 more.
    """

    debug: bool = False
    verbosity: int = 1


class Terminated(BaseException):
    """SIGTERM came. No `Exception`, so that nothing on the way takes it for an error of its own."""


class Boundary:
    """The context in which a command runs.

    Attributes
    ----------
    settings : Settings
        Filled while the arguments are parsed.
    exit_code : int
        Known when the context is left.
    """

    def __init__(self) -> None:
        self.settings = Settings()
        self.exit_code = DONE
        self._previous_handler: Any = None
        self._warnings = warnings.catch_warnings()

    def __enter__(self) -> Boundary:
        self._warnings.__enter__()
        warnings.showwarning = self._show_warning
        # by default SIGTERM ends Python at once, and half-written files stay
        self._previous_handler = signal.signal(signal.SIGTERM, _terminate)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        signal.signal(signal.SIGTERM, self._previous_handler)
        self._warnings.__exit__(kind, error, trace)
        if error is None:
            return True
        self.exit_code, message = _outcome(error)
        if self.settings.debug and message is not None:
            click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
        if message is not None:
            click.echo(f"synthgen: {_one_line(message)}", err=True)
        return True

    def _show_warning(self, message: Warning | str, *_: Any, **__: Any) -> None:
        if self.settings.verbosity > 0:
            click.echo(f"synthgen: warning: {_one_line(str(message))}", err=True)


def _outcome(error: BaseException) -> tuple[int, str | None]:
    """The exit code of an error and what to say about it."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code, None
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return INTERRUPTED, "interrupted; nothing was left half-written"
    if isinstance(error, Terminated):
        return TERMINATED, "terminated; nothing was left half-written"
    if isinstance(error, BrokenPipeError):
        # else Python complains once more when it flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD, None
    if isinstance(error, click.ClickException):
        return BAD_INPUT, f"error: {error.format_message()}{_hint(error)}"
    if isinstance(error, SynthgenError):
        return BAD_INPUT, f"error: {error}"
    if isinstance(error, OSError):
        return BAD_INPUT, f"error: {error.filename or 'input or output'}: {error.strerror or error}."
    if isinstance(error, MemoryError):
        return FAULT, f"error: out of memory: {error}. Use fewer rows, or a smaller --batch-size."
    return FAULT, f"internal error: {type(error).__name__}: {error} (--debug shows where; please report it)"


def _hint(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return "" if context is None else f" See `{context.command_path} --help`."


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _terminate(signum: int, frame: FrameType | None) -> None:
    raise Terminated
