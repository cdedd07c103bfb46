"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

from synthgen.exceptions import FileError

STANDARD_STREAM = "-"
"""The name that stands for standard input or output."""
TABLE_FORMATS = ("parquet", "csv", "tsv", "arrow", "h5ad", "gct", "plink", "vcf")
"""Here, and not beside their suffixes, because the command line loads this module before it knows the command."""


def check_writable(path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
    """Refuse early what could not be written at the end.

    Parameters
    ----------
    path : path-like
        Where a file is to be written.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    FileError
        If the folder is missing or not writable, the path is a folder or a device, or a file is there and may
        not be replaced.
    """
    path = Path(path)
    if path.is_dir():
        raise FileError(f"{path}: is a folder; give the name of a file in it.")
    if not path.parent.is_dir():
        raise FileError(f"{path}: the folder {path.parent} does not exist; make it first.")
    if path.exists() and not path.is_file():
        raise FileError(f"{path}: is a device or a pipe, not a file; give the name of a file.")
    if path.exists() and not overwrite:
        raise FileError(f"{path}: exists already; give --force (or overwrite=True) to replace it.")
    if not os.access(path.parent, os.W_OK):
        raise FileError(f"{path}: no permission to write in the folder {path.parent}.")


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str], *, overwrite: bool = True) -> Iterator[Path]:
    """Give a temporary name to write to; rename it on success, remove it on any failure.

    Parameters
    ----------
    path : path-like
        The final name.
    overwrite : bool
        Whether an existing file may be replaced.

    Yields
    ------
    pathlib.Path
        A name in the same folder, to be created by the caller.

    Raises
    ------
    FileError
        If the file cannot be written: permission, full disk, or it exists and may not be replaced.
    """
    path = Path(path)
    check_writable(path, overwrite=overwrite)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        temporary.touch(exist_ok=False)
        mode = temporary.stat().st_mode  # as the umask has it; a library may create the file with another
        yield temporary
        temporary.chmod(mode)
        with temporary.open("rb+") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path}: could not be written: {error.strerror or error}.") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_to_stdout(content: bytes | memoryview) -> None:
    """Write bytes to standard output, all of them.

    Parameters
    ----------
    content : bytes-like
        What to write.

    Raises
    ------
    BrokenPipeError
        If nobody reads the other end any more.
    """
    rest = memoryview(content)
    while rest:
        # without a buffer (PYTHONUNBUFFERED) a write may take only a part
        rest = rest[sys.stdout.buffer.write(rest) :]
    sys.stdout.buffer.flush()
