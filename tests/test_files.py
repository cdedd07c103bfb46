"""Files appear whole or not at all."""

import errno
import os

import pytest

from synthgen.exceptions import FileError
from synthgen.files import atomic_write, check_writable


def test_a_file_appears_when_the_block_ends(tmp_path):
    target = tmp_path / "out.txt"
    with atomic_write(target) as temporary:
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert [p.name for p in tmp_path.iterdir()] == ["out.txt"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("stop")])
def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path, error):
    target = tmp_path / "out.txt"
    target.write_text("old")
    with pytest.raises(type(error)), atomic_write(target) as temporary:
        temporary.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.txt"]


def test_a_full_disk_is_named_and_leaves_nothing(tmp_path):
    with (
        pytest.raises(FileError, match=r"out\.txt: could not be written: No space left"),
        atomic_write(tmp_path / "out.txt"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert not list(tmp_path.iterdir())


def test_the_mode_is_the_users(tmp_path):
    before = os.umask(0o027)
    try:
        with atomic_write(tmp_path / "out.txt") as temporary:
            temporary.chmod(0o600)
            temporary.write_text("x")
    finally:
        os.umask(before)
    assert (tmp_path / "out.txt").stat().st_mode & 0o777 == 0o640


def test_what_cannot_be_written_is_refused_early(tmp_path, monkeypatch):
    (tmp_path / "there").write_text("x")
    for path, overwrite, message in [
        (tmp_path, True, "is a folder"),
        (tmp_path / "no" / "file", True, "folder .*no does not exist"),
        (tmp_path / "there", False, "exists already; give --force"),
    ]:
        with pytest.raises(FileError, match=message):
            check_writable(path, overwrite=overwrite)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(FileError, match="no permission"):
        check_writable(tmp_path / "new")
