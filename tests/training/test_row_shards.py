"""Shards of encoded rows: they hold every row once, come back exactly, are random, and are whole or not there."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch

from synthgen.exceptions import FileError
from synthgen.layout import Block, MatrixLayout
from synthgen.training.batches import Batches
from synthgen.training.row_shards import RowShards, RowShardWriter, pack, scratch_folder, unpack

LAYOUT = MatrixLayout(
    (
        Block("a", "one-hot", 0, 3, ("x", "y", "z")),
        Block("a", "numeric", 3, 4, ("score",), 2),
        Block("b", "numeric", 4, 5, ("score",)),
        Block("c", "one-hot", 5, 7, ("u", "v")),
    )
)


def rows_of(n, seed=0):
    rng = np.random.default_rng(seed)
    out = np.zeros((n, LAYOUT.width), dtype=np.float32)
    out[np.arange(n), rng.integers(0, 3, n)] = 1
    out[np.arange(n), 5 + rng.integers(0, 2, n)] = 1
    out[:, 3] = rng.standard_normal(n)
    out[:, 4] = np.arange(n)
    return out


def written(folder, rows, per_shard=100, key="k", seed=0, together=37):
    writer = RowShardWriter(folder, LAYOUT, len(rows), per_shard, seed, key)
    with writer.writing():
        for start in range(0, len(rows), together):
            writer.add(rows[start : start + together])
    return writer.shards


def test_packing_is_undone_exactly():
    rows, choices = rows_of(50), ((0, 3), (5, 7))
    packed = pack(rows, choices)
    assert packed.shape == (50, 4)
    np.testing.assert_array_equal(unpack(packed, LAYOUT.width, choices), rows)


def test_all_shards_together_hold_every_row_once(tmp_path):
    rows = rows_of(1_234)
    shards = written(tmp_path / "rows", rows)
    assert len(shards) == 1_234
    assert max(shards.sizes) <= 100
    assert max(shards.sizes) - min(shards.sizes) <= 1
    found = np.concatenate([shards.shard(i) for i in range(len(shards.sizes))])
    np.testing.assert_array_equal(found[np.argsort(found[:, 4])], rows)
    assert found.dtype == np.float32


def test_a_shard_is_a_random_sample(tmp_path):
    rows = rows_of(20_000)
    shards = written(tmp_path / "rows", rows, per_shard=2_000)
    means = [shards.shard(i)[:, 4].mean() for i in range(10)]
    spread = 20_000 / np.sqrt(12) / np.sqrt(2_000)  # standard error of a uniform number's mean
    assert np.abs(np.array(means) - 9_999.5).max() < 4 * spread
    assert np.std(means) > 0.3 * spread


def test_files_are_npy_files_that_numpy_reads(tmp_path):
    shards = written(tmp_path / "rows", rows_of(150))
    assert np.load(tmp_path / "rows" / "00001.npy").shape == (75, shards.packed_width)


def test_complete_shards_of_the_same_key_are_found(tmp_path):
    shards = written(tmp_path / "rows", rows_of(300))
    assert RowShards.find(tmp_path / "rows", "k") == shards
    assert RowShards.find(tmp_path / "rows", "other") is None
    assert RowShards.find(tmp_path / "nowhere", "k") is None


def test_more_rows_than_16_bits_count_are_dealt_evenly(tmp_path):
    rows = rows_of(70_000)
    shards = written(tmp_path / "rows", rows, per_shard=160, together=9_000)
    assert len(shards.sizes) == 438
    assert set(shards.sizes) == {159, 160}
    found = np.concatenate([shards.shard(i)[:, 4] for i in range(438)])
    np.testing.assert_array_equal(np.sort(found), np.arange(70_000))


def test_rows_are_dealt_in_several_rounds_to_more_shards_than_files_may_be_open(tmp_path, monkeypatch):
    import resource

    monkeypatch.setattr("synthgen.training.row_shards._BUFFER", 0)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = len(list(Path("/proc/self/fd").iterdir())) + 20 if Path("/proc/self/fd").exists() else 200
    rows = rows_of(6_000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, hard))
    try:
        shards = written(tmp_path / "rows", rows, per_shard=25)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(shards.sizes) == 240
    found = np.concatenate([shards.shard(i) for i in range(240)])
    np.testing.assert_array_equal(found[np.argsort(found[:, 4])], rows)
    assert RowShards.find(tmp_path / "rows", "k") == shards


def test_a_shard_of_the_right_size_that_holds_zeros_is_not_found(tmp_path):
    written(tmp_path / "rows", rows_of(300))
    data = (tmp_path / "rows" / "00001.npy").read_bytes()
    (tmp_path / "rows" / "00001.npy").write_bytes(data[:200] + bytes(len(data) - 200))
    assert RowShards.find(tmp_path / "rows", "k") is None


@pytest.mark.parametrize("harm", ["cut", "gone", "no manifest", "other manifest"])
def test_shards_that_are_not_whole_are_not_found(tmp_path, harm):
    written(tmp_path / "rows", rows_of(300))
    first, manifest = tmp_path / "rows" / "00000.npy", tmp_path / "rows" / "shards.json"
    if harm == "cut":
        first.write_bytes(first.read_bytes()[:-1])
    elif harm == "gone":
        first.unlink()
    elif harm == "no manifest":
        manifest.unlink()
    else:
        manifest.write_text(json.dumps({"key": "k"}))
    assert RowShards.find(tmp_path / "rows", "k") is None
    with pytest.raises(FileError, match="shards of encoded rows"):
        RowShards.open(tmp_path / "rows")


def test_an_error_while_writing_leaves_nothing(tmp_path):
    writer = RowShardWriter(tmp_path / "rows", LAYOUT, 300, 100, 0, "k")
    with pytest.raises(ZeroDivisionError), writer.writing():
        writer.add(rows_of(10))
        1 / 0  # noqa: B018
    assert list(tmp_path.iterdir()) == []


def test_rows_that_do_not_come_are_an_error(tmp_path):
    writer = RowShardWriter(tmp_path / "rows", LAYOUT, 300, 100, 0, "k")
    with pytest.raises(FileError, match="10 of 300 rows came"), writer.writing():
        writer.add(rows_of(10))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_before_anything_is_written(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000))
    writer = RowShardWriter(tmp_path / "rows", LAYOUT, 300, 100, 0, "k")
    with pytest.raises(FileError, match=r"no space left for encoded rows.*TMPDIR"), writer.writing():
        pytest.fail("began")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_is_said_and_leaves_nothing(tmp_path):
    writer = RowShardWriter(tmp_path / "rows", LAYOUT, 300, 100, 0, "k")
    with pytest.raises(FileError, match="no space left"), writer.writing():
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_no_permission_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    writer = RowShardWriter(tmp_path / "file" / "rows", LAYOUT, 300, 100, 0, "k")
    with pytest.raises(FileError, match="encoded rows cannot be written"), writer.writing():
        pytest.fail("began")


def test_batches_take_one_shard_after_another_as_rows_are_drawn(tmp_path):
    shards = written(tmp_path / "rows", rows_of(300))
    batches = Batches(shards, 50, seed=0)
    seen = []
    for _ in range(14):
        drawn = batches.rows()
        seen.append([i for i in range(3) if np.isin(drawn[:, 4].numpy(), shards.shard(i)[:, 4]).all()])
    assert seen == [[i] for i in (0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2, 0, 0)]
    assert batches.drawn == 700


def test_batches_go_on_where_their_state_was_taken(tmp_path):
    shards = written(tmp_path / "rows", rows_of(300))
    first = Batches(shards, 50, seed=0)
    for _ in range(5):
        first.rows()
    state, drawn = first.generator.get_state(), first.drawn
    expected = [first.rows() for _ in range(6)]
    again = Batches(shards, 50, seed=0)
    again.generator.set_state(state)
    again.drawn = drawn
    for rows in expected:
        torch.testing.assert_close(again.rows(), rows, rtol=0, atol=0)


def test_a_scratch_folder_is_removed_and_beside_checkpoints_kept_after_an_error(tmp_path):
    with scratch_folder(None) as folder:
        written(folder, rows_of(30))
        assert folder.exists()
    assert not folder.parent.exists()
    with pytest.raises(ZeroDivisionError), scratch_folder(tmp_path) as folder:
        written(folder, rows_of(30))
        1 / 0  # noqa: B018
    assert RowShards.find(tmp_path / "rows", "k") is not None
    with scratch_folder(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_scratch_folders_of_fits_that_were_killed_are_removed_and_others_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, new = tmp_path / "synthgen-rows-left", tmp_path / "synthgen-rows-new"
    for folder in (left, new):
        (folder / "rows").mkdir(parents=True)
    with scratch_folder(None) as held:
        for folder in (left, held.parent):
            os.utime(folder, (0, 0))
        with scratch_folder(None):
            assert held.parent.exists()
            assert new.exists()
            assert not left.exists()
