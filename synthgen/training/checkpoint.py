"""The state of a training on disk: written whole or not at all, checksummed, the last two kept."""

from __future__ import annotations

import contextlib
import copy
import os
import re
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthgen.archive import read_archive, write_archive
from synthgen.exceptions import FileError, ParameterError
from synthgen.training.checkpoint_content import Checkpoint, check_fit, reading
from synthgen.training.history import History
from synthgen.training.snapshots import to_arrays

FORMAT_VERSION = 1
"""Checkpoints are for the version that wrote them: a fit is finished by the synthgen that began it."""
KEPT = 2
"""Checkpoints of a stage that stay: should the newest be damaged, there is one before it."""
_KEY = "synthgen-checkpoint"
_FIRST = ("model", "memory plan", "the table")
"""Differences that are told before others."""
_SUMS = ("the table",)
"""What is known by a checksum alone."""
_NAME = re.compile(r"(?P<stage>[a-z]+)-(?P<step>\d{8})\.checkpoint")


class CheckpointWarning(UserWarning):
    """A checkpoint cannot be written, or cannot be read, so that an older one is taken."""


class Checkpoints:
    """A folder of checkpoints of one fit, which may train several times (its stages).

    Parameters
    ----------
    folder : path-like
        Made if it is not there.
    every : int or None
        Steps between checkpoints. None: at every evaluation.
    resume : bool
        Whether to take up the fit whose checkpoints are there; where there are none, it begins.
    leads : bool
        Whether this process writes and reads them. Of several that train together one does; the others leave the folder alone.

    Raises
    ------
    FileError
        If the folder cannot be made or written, or holds checkpoints and `resume` is False.
    """

    def __init__(
        self, folder: str | os.PathLike[str], every: int | None, resume: bool, *, leads: bool = True
    ) -> None:
        self.folder = Path(folder)
        self.every = every
        self.fit: dict[str, Any] = {}
        self.leads = leads
        self._lock: int | None = None
        if leads:
            self._open(resume)

    def _open(self, resume: bool) -> None:
        """Make the folder this fit's own, and find out whose checkpoints are there."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(f"{self.folder}: cannot be a folder of checkpoints: {error.strerror}.") from error
        if not os.access(self.folder, os.W_OK):
            raise FileError(f"{self.folder}: no permission to write checkpoints there.")
        found = checkpoint_files(self.folder)
        if found and not resume:
            raise FileError(
                f"{self.folder}: holds checkpoints of an earlier fit ({found[-1].name}). Go on with it by resume=True "
                "(--resume), give another folder, or remove them."
            )
        self._lock = _locked(self.folder)
        for part in self.folder.glob(".*.checkpoint.*.part"):  # of a process that was killed while writing
            part.unlink(missing_ok=True)
        try:
            self.fit = self.readable(found, warn=False)[1] if found else {}
        except FileError:
            self.close()
            raise

    def close(self) -> None:
        """Let another fit use the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def lent(self) -> Checkpoints:
        """The same folder for a process of Ray's; this one keeps it locked."""
        found = copy.copy(self)
        found.folder, found._lock = self.folder.absolute(), None
        return found

    @property
    def seed(self) -> int | None:
        """The seed of the fit that is taken up; None if one begins."""
        return self.fit.get("seed")

    def begin(self, fit: Mapping[str, Any]) -> None:
        """Say what is fitted, and refuse to take up a fit of something else.

        Parameters
        ----------
        fit : mapping
            Whatever decides the result, with ``seed``: JSON-able values, by name.

        Raises
        ------
        ParameterError
            If the checkpoints are of another fit.
        """
        given = dict(fit)
        names = sorted(set(given) | set(self.fit), key=lambda name: (name not in _FIRST, name))
        for name in names if self.fit else ():
            if (was := self.fit.get(name)) != (now := given.get(name)):
                what = (
                    f"{name} is another"
                    if name in _SUMS
                    else f"`{name}` was {_short(was)} and is {_short(now)}"
                )
                raise ParameterError(
                    f"The checkpoints in {self.folder} are of another fit: {what}. Fit as before to go on, or give another folder."
                )
        self.fit = given

    def stage(self, name: str) -> Stage:
        """One training of the fit.

        Parameters
        ----------
        name : str
            Of small letters.

        Returns
        -------
        Stage
            Its checkpoints.
        """
        return Stage(self, name)

    def readable(
        self, paths: list[Path], *, warn: bool = True
    ) -> tuple[Path, dict[str, Any], dict[str, Any]]:
        """The newest file that can be read.

        Parameters
        ----------
        paths : list of pathlib.Path
            At least one, oldest first.
        warn : bool
            Whether to warn of those that cannot be read.

        Returns
        -------
        path : pathlib.Path
            The file.
        fit : dict
            What is fitted.
        state : dict
            Of the training.

        Raises
        ------
        FileError
            If none can be read.
        """
        for path in reversed(paths):
            try:
                header, state = read_archive(
                    path,
                    _KEY,
                    newest=FORMAT_VERSION,
                    oldest=FORMAT_VERSION,
                    what="checkpoint",
                    error=FileError,
                )
                with reading(path):
                    check_fit(header["fit"])
            except FileError as error:
                if path == paths[0]:
                    raise FileError(
                        f"{error} Remove the checkpoints in {self.folder} to begin anew."
                    ) from error
                if warn:
                    warnings.warn(f"{error} The one before it is taken.", CheckpointWarning, stacklevel=2)
                continue
            return path, header["fit"], state
        raise FileError(f"{self.folder}: holds no checkpoint.")


def _locked(folder: Path) -> int | None:
    """A handle of the folder that no other fit has, given back when the process ends; None where there are no such locks."""
    if sys.platform == "win32":
        return None
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise FileError(
            f"{folder}: another fit writes its checkpoints there; give this one its own folder."
        ) from error
    except OSError:  # a file system without locks
        os.close(handle)
        return None
    return handle


def checkpoint_files(folder: str | os.PathLike[str], stage: str | None = None) -> list[Path]:
    """The checkpoints in a folder, in the order of their names: of a stage, oldest first.

    Parameters
    ----------
    folder : path-like
        There or not.
    stage : str, optional
        Of this training only.

    Returns
    -------
    list of pathlib.Path
        Empty where there is no folder.
    """
    if not Path(folder).is_dir():
        return []
    matches = [(path, _NAME.fullmatch(path.name)) for path in Path(folder).iterdir()]
    return sorted(path for path, m in matches if m is not None and stage in (None, m["stage"]))


def remove_checkpoints(folder: str | os.PathLike[str]) -> None:
    """Remove the checkpoints of a folder, and the folder if nothing else is in it.

    Parameters
    ----------
    folder : path-like
        There or not.
    """
    for path in checkpoint_files(folder):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # something else is in it
        Path(folder).rmdir()


class Stage:
    """The checkpoints of one training.

    Parameters
    ----------
    checkpoints : Checkpoints
        Of the fit.
    name : str
        Of the training.
    """

    def __init__(self, checkpoints: Checkpoints, name: str) -> None:
        self.checkpoints = checkpoints
        self.name = name

    def is_due(self, step: int, is_checked: bool) -> bool:
        """Whether the state after a step is to be written."""
        every = self.checkpoints.every
        return is_checked if every is None else step % every == 0

    def save(self, step: int, state: dict[str, Any], history: History, seconds: float) -> None:
        """Write a checkpoint, and remove all but the last `KEPT` of the stage; warn if it cannot be written.

        Parameters
        ----------
        step : int
            Steps done.
        state : dict
            Of `snapshots.snapshot`.
        history : History
            Until now.
        seconds : float
            Of training until now.
        """
        folder = self.checkpoints.folder
        header = {"format_version": FORMAT_VERSION, "versions": {}, "fit": self.checkpoints.fit}
        whole = {"step": step, "seconds": seconds, "history": history.to_state(step), **to_arrays(state)}
        try:
            write_archive(folder / f"{self.name}-{step:08d}.checkpoint", _KEY, header, whole)
        except FileError as error:  # a full disk must not cost what was learnt
            warnings.warn(
                f"{error} Training goes on without this checkpoint.", CheckpointWarning, stacklevel=2
            )
            return
        for old in checkpoint_files(self.checkpoints.folder, self.name)[:-KEPT]:
            old.unlink(missing_ok=True)

    def load(self) -> Checkpoint | None:
        """The newest checkpoint that can be read; None if there is none.

        Raises
        ------
        FileError
            If none can be read, or its content is not that of a checkpoint.
        """
        found = checkpoint_files(self.checkpoints.folder, self.name)
        if not found:
            return None
        path, _, state = self.checkpoints.readable(found)
        return Checkpoint.from_state(path, state)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
