"""Folders that take whole files: on a disk, or at an address that pyarrow knows (``s3://...``)."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from synthgen.exceptions import FileError
from synthgen.files import atomic_write
from synthgen.table.addresses import open_address, without_secrets

Fill = Callable[["HashingSink"], None]
"""Writes a file's content."""
Seal = Callable[[int, str], None]
"""Told the bytes and the SHA-256 of a file before it gets its name."""
_CHUNK = 8 * 2**20


class HashingSink:
    """A file that is only written to, from start to end, and summed up on the way.

    Parameters
    ----------
    file : binary file
        Open to be written.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._digest = file, hashlib.sha256()
        self.n_bytes = 0
        self.closed = False

    def write(self, content: Any) -> int:
        """Write bytes, all of them."""
        view = memoryview(content)
        if self._file.closed:  # a Parquet writer that an error left behind ends itself when it is forgotten
            return view.nbytes
        self._file.write(view)
        self._digest.update(view)
        self.n_bytes += view.nbytes
        return view.nbytes

    def tell(self) -> int:
        """How many bytes there are."""
        return self.n_bytes

    def flush(self) -> None:
        """Hand on what is held back."""
        self._file.flush()

    def close(self) -> None:
        """Nothing: whoever opened the file closes it."""

    @property
    def sha256(self) -> str:
        """Of all bytes, as 64 hexadecimal digits."""
        return self._digest.hexdigest()


class PartFolder(Protocol):
    """A folder. Names may have one slash: ``folder/file``.

    Attributes
    ----------
    address : str
        As it was given, for messages.
    """

    address: str

    def make(self) -> None:
        """Make the folder if it is not there."""

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Keep others that ask for it out of the folder for a while, where there are such locks."""

    def sizes(self, below: str = "") -> dict[str, int]:
        """Bytes of each file in the folder, or in one below it; folders stand with a slash, and 0."""

    def read(self, name: str) -> bytes:
        """A small file's content."""

    def sha256(self, name: str) -> str:
        """Of a file's content."""

    def write(self, name: str, fill: Fill, seal: Seal | None = None) -> None:
        """Write a file that appears whole or not at all, and takes the place of another of its name."""

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with all that is in it."""


def part_folder(address: str | os.PathLike[str]) -> PartFolder:
    """A folder by its address.

    Parameters
    ----------
    address : path-like
        A path, or ``scheme://...``, which `pyarrow.fs.FileSystem.from_uri` reads. It need not be there.

    Returns
    -------
    PartFolder
        Not yet made.

    Raises
    ------
    FileError
        If the address cannot be used.
    """
    text = os.fspath(address)
    if "://" not in text:
        return LocalFolder(text)
    from pyarrow import fs

    system, path = open_address(text)
    if isinstance(system, fs.LocalFileSystem):
        return LocalFolder(path)
    return RemoteFolder(text, system, path)


class LocalFolder:
    """A folder of this machine's file system.

    Parameters
    ----------
    address : str
        Its path.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._path = Path(address)

    def make(self) -> None:
        """Make the folder. See `PartFolder`."""
        if self._path.exists() and not self._path.is_dir():
            raise FileError(
                f"{self.address}: is a file; give a folder, or the name of one that is to be made."
            )
        with _telling(self.address, "could not be made"):
            self._path.mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others out. See `PartFolder`."""
        if sys.platform == "win32":
            yield
            return
        import fcntl

        with _telling(self.address, "cannot be opened"):
            handle = os.open(self._path, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise FileError(
                f"{self.address}: another run writes there; wait for its end, or give this one its own folder."
            ) from error
        except OSError:  # a file system without locks
            pass
        try:
            yield
        finally:
            os.close(handle)

    def sizes(self, below: str = "") -> dict[str, int]:
        """Bytes of files. See `PartFolder`."""
        folder = self._path / below
        with _telling(self.address, "cannot be listed"):
            if not folder.is_dir():
                return {}
            found = sorted(folder.iterdir())
            return {
                f"{p.name}/" if p.is_dir() else p.name: 0 if p.is_dir() else p.stat().st_size for p in found
            }

    def read(self, name: str) -> bytes:
        """A file's content. See `PartFolder`."""
        with _telling(self._at(name), "cannot be read"):
            return (self._path / name).read_bytes()

    def sha256(self, name: str) -> str:
        """Of a file's content. See `PartFolder`."""
        with _telling(self._at(name), "cannot be read"), (self._path / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def write(self, name: str, fill: Fill, seal: Seal | None = None) -> None:
        """Write a whole file. See `PartFolder`."""
        path = self._path / name
        with _telling(self._at(name), "could not be written"):
            path.parent.mkdir(exist_ok=True)
        with atomic_write(path) as temporary:
            with temporary.open("wb") as file:
                sink = HashingSink(file)
                fill(sink)
            if seal is not None:
                seal(sink.n_bytes, sink.sha256)

    def remove(self, name: str) -> None:
        """Remove a file or folder. See `PartFolder`."""
        path = self._path / name
        with _telling(self._at(name), "could not be removed"):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def _at(self, name: str) -> str:
        return str(self._path / name)


class RemoteFolder:
    """A folder behind pyarrow's file systems, which have no names for files that are not whole yet.

    Parameters
    ----------
    address : str
        As it was given.
    system : pyarrow.fs.FileSystem
        Where it is.
    path : str
        Of the folder in it.

    Notes
    -----
    A file is written to this machine's disk first: a stream that is given up half-way would leave a short object under the
    final name. There is no lock: two runs on one folder write the same bytes twice if they are of one request.
    """

    def __init__(self, address: str, system: Any, path: str) -> None:
        self.address, self._system, self._path = without_secrets(address), system, path.rstrip("/")

    def make(self) -> None:
        """Make the folder. See `PartFolder`."""
        with _telling(self.address, "could not be made"):
            self._system.create_dir(self._path, recursive=True)

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """There is no lock."""
        return contextlib.nullcontext()

    def sizes(self, below: str = "") -> dict[str, int]:
        """Bytes of files. See `PartFolder`."""
        from pyarrow import fs

        where = f"{self._path}/{below}".rstrip("/")
        with _telling(self.address, "cannot be listed"):
            found = self._system.get_file_info(fs.FileSelector(where, allow_not_found=True))
        named = sorted((p.base_name, p) for p in found if p.base_name)
        return {f"{n}/" if p.type == fs.FileType.Directory else n: p.size or 0 for n, p in named}

    def read(self, name: str) -> bytes:
        """A file's content. See `PartFolder`."""
        with (
            _telling(self._at(name), "cannot be read"),
            self._system.open_input_stream(self._at(name)) as file,
        ):
            return bytes(file.read())

    def sha256(self, name: str) -> str:
        """Of a file's content. See `PartFolder`."""
        digest = hashlib.sha256()
        with (
            _telling(self._at(name), "cannot be read"),
            self._system.open_input_stream(self._at(name)) as file,
        ):
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        return digest.hexdigest()

    def write(self, name: str, fill: Fill, seal: Seal | None = None) -> None:
        """Write a whole file. See `PartFolder`."""
        with _telling(self._at(name), "could not be written"), tempfile.TemporaryFile() as file:
            sink = HashingSink(file)
            fill(sink)
            if seal is not None:
                seal(sink.n_bytes, sink.sha256)
            file.seek(0)
            self._upload(file, name)

    def remove(self, name: str) -> None:
        """Remove a file or folder. See `PartFolder`."""
        with _telling(self._at(name), "could not be removed"):
            if name.endswith("/"):
                self._system.delete_dir(self._at(name.rstrip("/")))
            else:
                self._system.delete_file(self._at(name))

    def _upload(self, file: BinaryIO, name: str) -> None:
        is_whole = False
        try:
            with self._system.open_output_stream(self._at(name)) as stream:
                while chunk := file.read(_CHUNK):
                    stream.write(chunk)
            is_whole = True
        finally:
            if (
                not is_whole
            ):  # leaving the block has closed the stream, and what was sent may be an object now
                with contextlib.suppress(OSError):
                    self._system.delete_file(self._at(name))

    def _at(self, name: str) -> str:
        return f"{self._path}/{name}"


@contextlib.contextmanager
def _telling(where: str, what: str) -> Iterator[None]:
    """Turn errors of the system into one line that names the file."""
    try:
        yield
    except FileError:
        raise
    except OSError as error:
        raise _failed(where, what, error) from error


def _failed(where: str, what: str, error: Exception) -> FileError:
    reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:200] or type(error).__name__
    return FileError(f"{where}: {what}: {str(reason).rstrip('.')}.")
