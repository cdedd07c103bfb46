"""Encoded rows that memory does not hold: files of random rows, of which training holds one at a time.

Every file, a *shard*, is a random sample of the rows, so that batches drawn from one shard after another are batches drawn
from all rows, but for the order in which the rows come. A one-hot block is kept as the number of its choice, which is a
small part of its size, and comes back exactly.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import stat
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from synthgen.exceptions import FileError
from synthgen.layout import MatrixLayout
from synthgen.rng import stream

MANIFEST = "shards.json"
_SCRATCH = "synthgen-rows-"
_NEW = 60.0
"""Seconds for which a scratch folder is left alone: its process may be about to lock it."""
_HAS_LOCKS = sys.platform != "win32"
_FORMAT = 2
_ROOM = 64 * 2**20
"""Bytes that stay free on the disk."""
_BUFFER = 2**25
"""Bytes of rows at least that are dealt out together: each shard's file is open only while its part of them is written."""
_READ = 2**22
"""Bytes that are read together to be checked."""


@dataclass(frozen=True)
class RowShards:
    """A folder of complete shards.

    Parameters
    ----------
    folder : pathlib.Path
        With ``shards.json``, and ``00000.npy``, ``00001.npy``, ... of float32.
    sizes : tuple of int
        Rows of each shard, all about equal.
    width : int
        Matrix columns, F.
    choices : tuple of (int, int)
        First column and end of every one-hot block.
    key : str
        Of what was encoded, and how: shards of the same key are the same.
    place : str
        The device where windows are wanted.
    sums : tuple of int
        CRC-32 of each file, as its bytes were written.
    """

    folder: Path
    sizes: tuple[int, ...]
    width: int
    choices: tuple[tuple[int, int], ...]
    key: str
    place: str = "cpu"
    sums: tuple[int, ...] = ()

    @classmethod
    def find(cls, folder: str | os.PathLike[str], key: str) -> RowShards | None:
        """The shards of a folder; None where they are not complete and as they were written, or of another key.

        Parameters
        ----------
        folder : path-like
            There or not.
        key : str
            Of what is wanted.

        Returns
        -------
        RowShards or None
            On the CPU.
        """
        try:
            found = cls.open(folder)
        except FileError:
            return None
        return found if found.key == key and found._is_as_written() else None

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> RowShards:
        """The shards of a folder, whatever their key.

        Parameters
        ----------
        folder : path-like
            That `RowShardWriter` wrote.

        Returns
        -------
        RowShards
            On the CPU.

        Raises
        ------
        FileError
            If they are not there, or not complete.
        """
        path = Path(folder)
        try:
            told = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
            found = cls(
                path,
                tuple(map(int, told["sizes"])),
                int(told["width"]),
                tuple((int(a), int(b)) for a, b in told["choices"]),
                str(told["key"]),
                sums=tuple(map(int, told["sums"])),
            )
            whole = told["format"] == _FORMAT and len(found.sums) == len(found.sizes)
            whole = whole and all(
                found._path(i).stat().st_size == _file_bytes(size, found.packed_width)
                for i, size in enumerate(found.sizes)
            )
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise FileError(f"{path}: holds no complete shards of encoded rows ({error}).") from error
        if not whole:
            raise FileError(f"{path}: shards of encoded rows are cut short; remove the folder.")
        return found

    def __len__(self) -> int:
        """Rows of all shards."""
        return sum(self.sizes)

    @property
    def packed_width(self) -> int:
        """Numbers that a row is kept as."""
        return self.width - sum(b - a - 1 for a, b in self.choices)

    def to(self, device: str | torch.device) -> RowShards:
        """The same shards, whose windows are wanted on a device."""
        return replace(self, place=str(device))

    @property
    def device(self) -> torch.device:
        """Where windows are wanted."""
        return torch.device(self.place)

    def shard(self, number: int) -> np.ndarray:
        """The rows of one shard, float32, shape (sizes[number], F).

        Raises
        ------
        FileError
            If it cannot be read.
        """
        try:
            packed = np.load(self._path(number))
        except (OSError, ValueError) as error:
            raise FileError(f"{self._path(number)}: cannot be read as encoded rows ({error}).") from error
        return unpack(packed, self.width, self.choices)

    def window(self, number: int) -> Tensor:
        """The rows of one shard on the device, shape (sizes[number], F)."""
        return torch.from_numpy(self.shard(number)).to(self.device)

    def at(self, drawn: int) -> int:
        """Which shard a batch comes from after so many rows were drawn: each serves for as many draws as it has rows."""
        return drawn // max(self.sizes[0], 1) % len(self.sizes)

    def remove(self) -> None:
        """Remove the folder and what is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _is_as_written(self) -> bool:
        """Whether each file holds the bytes that were written: after a power cut one of the right size may not."""
        try:
            return all(_sum_of(self._path(i)) == own for i, own in enumerate(self.sums))
        except OSError:
            return False

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:05d}.npy"


class RowShardWriter:
    """Deals rows out to shards, each row to a random one, so that all hold as many, or one row less.

    Parameters
    ----------
    folder : path-like
        Emptied first; made if it is not there.
    layout : MatrixLayout
        Of the rows.
    n_rows : int
        How many rows will come, at least 1.
    rows_per_shard : int
        At most.
    seed : int
        Of the deal.
    key : str
        See `RowShards`.

    Raises
    ------
    FileError
        If the folder cannot be written, or the disk has not enough room.

    Notes
    -----
    Rows are dealt as a shuffled pack of cards is, without holding the pack: how many of the next rows each shard gets is
    multivariate hypergeometric given what room it has left, and which of them are its is a random order. Memory goes with the
    rows that are dealt together, not with all.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        layout: MatrixLayout,
        n_rows: int,
        rows_per_shard: int,
        seed: int,
        key: str,
    ) -> None:
        n_shards = -(-n_rows // rows_per_shard)
        sizes = np.full(n_shards, n_rows // n_shards, dtype=np.int64)
        sizes[: n_rows % n_shards] += 1
        choices = tuple((b.start, b.stop) for b in layout.one_hot)
        self.shards = RowShards(Path(folder), tuple(sizes.tolist()), layout.width, choices, key)
        self._room, self._draws, self._done = sizes, stream(seed, "shards"), 0
        self._sums: list[int] = []
        self._held: list[np.ndarray] = []
        self._n_held = 0
        self._together = max(rows_per_shard, _BUFFER // (4 * max(self.shards.packed_width, 1)))

    @property
    def n_bytes(self) -> int:
        """What the shards take on the disk."""
        return sum(_file_bytes(size, self.shards.packed_width) for size in self.shards.sizes)

    @contextlib.contextmanager
    def writing(self) -> Iterator[RowShardWriter]:
        """Begin the files, and complete them at the end; after any error nothing is left."""
        folder = self.shards.folder
        with contextlib.ExitStack() as undone:
            undone.callback(self.shards.remove)
            with _telling(folder):
                self._begin()
                yield self
            with _telling(folder):
                self._complete()
            undone.pop_all()

    def add(self, rows: np.ndarray) -> None:
        """Deal out rows.

        Parameters
        ----------
        rows : ndarray of float32, shape (n, F)
            The next ones, in any order.
        """
        packed = pack(rows, self.shards.choices)
        while len(packed):
            part, packed = np.split(packed, [self._together - self._n_held])
            self._held.append(part)
            self._n_held += len(part)
            if self._n_held >= self._together:
                self._deal()

    def _deal(self) -> None:
        """Give the rows that are held to the shards."""
        if not self._n_held:
            return
        packed = np.concatenate(self._held)
        self._held, self._n_held = [], 0
        self._done += len(packed)
        if self._done > len(self.shards):
            return  # the files changed meanwhile; `_complete` says so
        n_each = self._draws.multivariate_hypergeometric(self._room, len(packed), method="marginals")
        self._room -= n_each
        packed = np.asarray(packed[self._draws.permutation(len(packed))], dtype="<f4")
        ends = np.concatenate([[0], np.cumsum(n_each)])
        for i in np.flatnonzero(n_each).tolist():
            self._append(i, packed[ends[i] : ends[i + 1]].tobytes())

    def _append(self, number: int, data: bytes) -> None:
        self._sums[number] = zlib.crc32(data, self._sums[number])
        with _part(self.shards._path(number)).open("ab") as file:
            file.write(data)

    def _begin(self) -> None:
        shards = self.shards
        shards.remove()
        shards.folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(shards.folder).free
        if free < self.n_bytes + _ROOM:
            raise OSError(
                errno.ENOSPC, f"{self.n_bytes / 2**30:.1f} GiB are needed, {free / 2**30:.1f} GiB are free"
            )
        self._sums = [0] * len(shards.sizes)
        for i, size in enumerate(shards.sizes):
            self._append(i, _header(size, shards.packed_width))

    def _complete(self) -> None:
        self._deal()
        self.shards = shards = replace(self.shards, sums=tuple(self._sums))
        if self._done != len(shards):
            raise OSError(errno.EIO, f"{self._done:,} of {len(shards):,} rows came")
        for i in range(len(shards.sizes)):
            _part(shards._path(i)).replace(shards._path(i))
        told = {
            "format": _FORMAT,
            "key": shards.key,
            "width": shards.width,
            "sizes": shards.sizes,
            "choices": shards.choices,
            "sums": shards.sums,
        }
        part = _part(shards.folder / MANIFEST)
        part.write_text(json.dumps(told), encoding="utf-8")
        part.replace(shards.folder / MANIFEST)


@contextlib.contextmanager
def scratch_folder(beside: Path | None) -> Iterator[Path]:
    """A folder for shards, removed in the end.

    Parameters
    ----------
    beside : pathlib.Path or None
        The folder of the checkpoints: shards lie in it, and stay if the fit ends in an error, so that they are there when it is
        taken up. None: among the temporary files (TMPDIR), from which those of fits that were killed are removed first.

    Yields
    ------
    pathlib.Path
        It need not exist.
    """
    if beside is not None:
        yield beside / "rows"
        shutil.rmtree(beside / "rows", ignore_errors=True)
        return
    place = Path(tempfile.gettempdir())
    _remove_left(place)
    with _telling(place):
        held = tempfile.TemporaryDirectory(prefix=_SCRATCH, ignore_cleanup_errors=True)
    with held as folder, _lock(Path(folder)):
        yield Path(folder) / "rows"


def _remove_left(place: Path) -> None:
    """Remove the scratch folders of this user's fits that were killed: those that no process has locked."""
    for folder in place.glob(f"{_SCRATCH}*"):
        with contextlib.suppress(OSError):
            told = folder.lstat()
            is_own = stat.S_ISDIR(told.st_mode) and told.st_uid == os.getuid() if _HAS_LOCKS else False
            if not is_own or time.time() - told.st_mtime < _NEW:
                continue
            with _lock(folder) as is_free:
                if is_free:
                    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[bool]:
    """Hold a folder for as long as this process lives, if no other does; False where that cannot be known."""
    if not _HAS_LOCKS:
        yield False
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # another has it, or a file system without locks
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def pack(rows: np.ndarray, choices: tuple[tuple[int, int], ...]) -> np.ndarray:
    """Rows with each one-hot block as the number of its choice, after all other columns.

    Parameters
    ----------
    rows : ndarray of float32, shape (n, F)
        Encoded.
    choices : tuple of (int, int)
        First column and end of every one-hot block.

    Returns
    -------
    ndarray of float32, shape (n, P)
        Numbers, then choices.
    """
    own = _others(rows.shape[1], choices)
    out = np.empty((len(rows), len(own) + len(choices)), dtype=np.float32)
    out[:, : len(own)] = rows[:, own]
    for j, (start, stop) in enumerate(choices):
        out[:, len(own) + j] = rows[:, start:stop].argmax(axis=1)
    return out


def unpack(packed: np.ndarray, width: int, choices: tuple[tuple[int, int], ...]) -> np.ndarray:
    """What `pack` was given, float32, shape (n, F).

    Parameters
    ----------
    packed : ndarray of float32, shape (n, P)
        From `pack`.
    width : int
        F.
    choices : tuple of (int, int)
        As for `pack`.
    """
    own = _others(width, choices)
    out = np.zeros((len(packed), width), dtype=np.float32)
    out[:, own] = packed[:, : len(own)]
    every = np.arange(len(packed))
    for j, (start, _) in enumerate(choices):
        out[every, start + packed[:, len(own) + j].astype(np.intp)] = 1.0
    return out


def _others(width: int, choices: tuple[tuple[int, int], ...]) -> np.ndarray:
    is_own = np.ones(width, dtype=bool)
    for start, stop in choices:
        is_own[start:stop] = False
    return np.flatnonzero(is_own)


def _header(n_rows: int, width: int) -> bytes:
    """The beginning of an ``.npy`` file of format 1.0."""
    told: dict[str, Any] = {"descr": "<f4", "fortran_order": False, "shape": (n_rows, width)}
    text = repr(told).encode("latin1")
    length = -(-(10 + len(text) + 1) // 64) * 64 - 10
    return b"\x93NUMPY\x01\x00" + length.to_bytes(2, "little") + text.ljust(length - 1) + b"\n"


def _file_bytes(n_rows: int, width: int) -> int:
    return len(_header(n_rows, width)) + 4 * n_rows * width


def _sum_of(path: Path) -> int:
    found = 0
    with path.open("rb") as file:
        while data := file.read(_READ):
            found = zlib.crc32(data, found)
    return found


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


@contextlib.contextmanager
def _telling(folder: Path) -> Iterator[None]:
    """Turn an error of the disk into one that says what to do; errors that name a file of their own stay."""
    try:
        yield
    except OSError as error:
        if isinstance(error, FileError):
            raise
        what = f"encoded rows cannot be written ({error.strerror or error})"
        way_out = "Give another place by TMPDIR or `checkpoint`."
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            what = f"no space left for encoded rows ({error.strerror})"
            way_out = "Give another place by TMPDIR or `checkpoint`, or train fewer steps."
        raise FileError(f"{folder}: {what}. {way_out}") from error
