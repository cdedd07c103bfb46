"""Samples as files by Ray's workers, one of them killed, and to a store that speaks S3."""

import os
import signal
import threading
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

from synthgen.engines import ray_cluster
from synthgen.exceptions import FileError, ParameterError
from synthgen.models.independent import IndependentMarginals
from synthgen.table.part_folder import part_folder
from tests.models.test_every_synthesizer import FACTORIES
from tests.models.test_sample_files import contents, read_back

PARTS = {"rows_per_file": 1500, "random_state": 3}


@pytest.fixture(scope="module")
def fitted(mixed):
    return IndependentMarginals(random_state=0, verbose=0).fit(mixed)


@pytest.fixture(scope="module")
def keys():
    """Of the store; before workers are started, who shall have them too."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture(scope="module")
def ray(keys):
    pytest.importorskip("ray")
    with ray_cluster.ray_cluster(None, 2):
        yield


@pytest.fixture(scope="module")
def bucket(keys):
    """An address in a store of this machine, and its client."""
    pytest.importorskip("moto")
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1")
    client.create_bucket(Bucket="samples")
    yield lambda name: f"s3://samples/{name}?endpoint_override=http://{host}:{port}&region=us-east-1", client
    server.stop()


def objects(client, name):
    found = client.list_objects_v2(Bucket="samples", Prefix=f"{name}/").get("Contents", [])
    keys = [f["Key"] for f in found if not f["Key"].endswith("/")]
    return {
        k.removeprefix(f"{name}/"): client.get_object(Bucket="samples", Key=k)["Body"].read() for k in keys
    }


@pytest.mark.parametrize("name", FACTORIES)
def test_the_bytes_are_those_of_one_machine(name, ray, mixed, tmp_path):
    model = FACTORIES[name]().fit(mixed)
    model.sample_to(tmp_path / "one", 5000, **PARTS)
    model.sample_to(tmp_path / "many", 5000, engine="ray", workers=2, **PARTS)
    assert contents(tmp_path / "many") == contents(tmp_path / "one")


def test_a_killed_worker_costs_its_file_only(ray, fitted, tmp_path):
    killed, stop, out = [], threading.Event(), tmp_path / "many"

    def watch():
        while not stop.wait(0.01):
            if pids := _writers(out):
                os.kill(pids[0], signal.SIGKILL)
                killed.append(pids[0])
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        fitted.sample_to(out, 120_000, rows_per_file=30_000, random_state=3, engine="ray", workers=2)
    finally:
        stop.set()
        thread.join()
    assert killed
    fitted.sample_to(tmp_path / "one", 120_000, rows_per_file=30_000, random_state=3)
    assert contents(out) == contents(tmp_path / "one")


def _writers(folder):
    """Processes other than this one that have a file of the folder open."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            links = [str(link.readlink()) for link in (process / "fd").iterdir()]
        except OSError:
            continue
        if process.name != str(os.getpid()) and any(link.startswith(f"{folder}/.part-") for link in links):
            found.append(int(process.name))
    return found


def test_an_error_of_a_worker_is_one_line(ray, fitted, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / ".running").write_text("in the way")
    with pytest.raises(FileError, match=r"holds other things \(\.running\)"):
        fitted.sample_to(out, 10, engine="ray")


def test_no_ray_at_the_address_and_nothing_is_made(fitted, tmp_path, monkeypatch):
    pytest.importorskip("ray")
    import ray as library

    monkeypatch.setattr(library, "is_initialized", lambda: False)
    with pytest.raises(ParameterError, match=r"No Ray answers at '127.0.0.1:1'"):
        fitted.sample_to(tmp_path / "out", 10, engine="ray", address="127.0.0.1:1")
    assert not (tmp_path / "out").exists()


def test_a_store_gets_the_same_bytes_and_is_gone_on_with(bucket, fitted, tmp_path):
    address, client = bucket
    fitted.sample_to(tmp_path / "out", 5000, **PARTS)
    found = fitted.sample_to(address("a/b"), 5000, **PARTS)
    assert found.n_written == 4
    assert objects(client, "a/b") == contents(tmp_path / "out")
    client.delete_object(Bucket="samples", Key="a/b/part-00001.parquet")
    client.put_object(Bucket="samples", Key="a/b/part-00002.parquet", Body=b"short")
    assert fitted.sample_to(address("a/b"), 5000, **PARTS).n_written == 2
    assert objects(client, "a/b") == contents(tmp_path / "out")
    with pytest.raises(FileError, match=r"holds another sample \(seed 3, now 4\)"):
        fitted.sample_to(address("a/b"), 5000, rows_per_file=1500, random_state=4)
    fitted.sample_to(address("a/b"), 1000, random_state=4, overwrite=True)
    assert sorted(objects(client, "a/b")) == ["_manifest.json", "part-00000.parquet"]


def test_workers_write_to_a_store_themselves(bucket, ray, fitted, tmp_path):
    address, client = bucket
    fitted.sample_to(tmp_path / "out", 5000, **PARTS)
    fitted.sample_to(address("ray"), 5000, engine="ray", workers=2, **PARTS)
    assert objects(client, "ray") == contents(tmp_path / "out")


def test_a_store_that_gives_up_half_way_keeps_no_file(bucket, fitted):
    address, client = bucket
    folder = part_folder(address("half"))
    folder.make()

    def broken(sink):
        sink.write(b"some")
        raise OSError("gone")

    with pytest.raises(FileError, match=r"half/x: could not be written: gone\.$"):
        folder.write("x", broken)
    assert "x" not in objects(client, "half")


def test_a_bucket_that_is_not_there_is_one_line(bucket, fitted):
    address, _ = bucket
    with pytest.raises(FileError, match=r"^s3://nowhere/x: could not be made: "):
        fitted.sample_to(address("x").replace("samples", "nowhere"), 10)


def test_messages_show_no_keys():
    shown = part_folder(
        "s3://key:secret@bucket/a/b?region=us-east-1&endpoint_override=http://127.0.0.1:1"
    ).address
    assert shown == "s3://bucket/a/b"


def test_files_of_a_store_read_back(bucket, fitted, tmp_path):
    address, client = bucket
    fitted.sample_to(address("c"), 2000, **PARTS)
    (tmp_path / "c").mkdir()
    for name, content in objects(client, "c").items():
        (tmp_path / "c" / name).write_bytes(content)
    assert_frame_equal(read_back(tmp_path / "c"), fitted.sample(2000, random_state=3))
