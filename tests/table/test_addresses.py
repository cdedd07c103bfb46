"""Addresses with keys in them: understood, and never shown."""

import pytest

from synthgen.cli.main import run
from synthgen.cli.options import about
from synthgen.exceptions import DataError, FileError, SynthgenError, TableFileError
from synthgen.table.addresses import _split_keys, without_secrets
from synthgen.table.part_folder import part_folder
from synthgen.table.sources import open_source

WITH_KEYS = [
    "s3://AKIAKEY:SECRETPART/x@bucket/f/*.parquet",
    "s3://AKIAKEY:SECRETPART@/f",
    "s3://bucket/f?secret_key=SECRETPART&access_key=AKIAKEY",
    "gs://AKIAKEY:SECRETPART@bucket/f?zz=1",
    "hdfs://AKIAKEY:SECRETPART@127.0.0.1:1/f?zz=1",
    "abfs://SECRETPART@x/y?zz=1",
]


@pytest.fixture(autouse=True)
def nobody_answers(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("synthgen.table.addresses._ATTEMPTS", 1)


@pytest.mark.parametrize("address", WITH_KEYS[1:])
@pytest.mark.parametrize("use", [open_source, part_folder])
def test_no_key_of_an_address_that_cannot_be_used_is_shown(use, address):
    with pytest.raises(FileError) as failed:
        use(address)
    assert "SECRETPART" not in str(failed.value) and "AKIAKEY" not in str(failed.value)
    assert "\n" not in str(failed.value)


def test_no_key_is_shown_where_the_server_does_not_answer():
    with pytest.raises(TableFileError, match=r"^s3://bucket/f/\*\.parquet: cannot be reached") as failed:
        open_source(WITH_KEYS[0])
    assert "SECRETPART" not in str(failed.value)


def test_no_key_is_shown_by_the_command_line(tmp_path, capsys):
    assert run(["fit", WITH_KEYS[1], "-o", str(tmp_path / "m.synthgen")]) == 2
    assert "SECRETPART" not in capsys.readouterr().err


def test_errors_about_a_table_name_its_address_without_keys():
    with pytest.raises(SynthgenError, match=r"^s3://bucket/f: is empty$"), about("s3://key:secret@bucket/f"):
        raise DataError("is empty")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("s3://key:se/cr/et@bucket/a/part-?.csv", "s3://bucket/a/part-?.csv"),
        ("s3://bucket/a@b/c?region=x", "s3://bucket/a@b/c"),
        ("hdfs://host:8020/a", "hdfs://host:8020/a"),
        ("plain/path@2?x=1", "plain/path@2?x=1"),
    ],
)
def test_an_address_without_secrets(address, shown):
    assert without_secrets(address) == shown


def test_a_secret_may_hold_slashes():
    assert _split_keys("key:se/cr%2Bet@bucket/f") == (
        {"access_key": "key", "secret_key": "se/cr+et"},
        "bucket/f",
    )
    assert _split_keys("key:secret@bucket/a@b")[1] == "bucket/a@b"
    assert _split_keys("bucket/a@b") == ({}, "bucket/a@b")


def test_an_option_that_is_not_known_is_refused_by_name():
    with pytest.raises(FileError, match="has no option 'zz'; there are region"):
        part_folder("s3://bucket/f?zz=1")
