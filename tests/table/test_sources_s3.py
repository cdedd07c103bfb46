"""Tables behind an S3 address."""

import numpy as np
import pytest

from synthgen.exceptions import TableFileError
from synthgen.table.sources import open_source
from synthgen.table.write import write_table
from tests.common.s3_server import s3_server  # noqa: F401
from tests.common.tables import every_dtype


@pytest.fixture(scope="module")
def bucket(s3_server, tmp_path_factory):  # noqa: F811
    """Three files of twenty rows in one folder of a bucket."""
    folder = tmp_path_factory.mktemp("s3")
    table = every_dtype(60)[["int64", "Int8", "str", "category", "float64"]]
    s3_server.make_bucket("tables")
    for i in range(3):
        write_table(table.iloc[20 * i : 20 * i + 20].reset_index(drop=True), folder / f"{i}.parquet")
        s3_server.upload(folder / f"{i}.parquet", f"tables/people/{i}.parquet")
    return s3_server, table


@pytest.mark.parametrize(
    "path", ["tables", "tables/people", "tables/people/*.parquet", "tables/**/[0-9].parquet"]
)
def test_a_folder_or_pattern_in_a_bucket_is_the_table(bucket, path):
    server, table = bucket
    source = open_source(server.address(path))
    assert source.files == tuple(f"s3://tables/people/{i}.parquet" for i in range(3))
    rows = np.array([0, 19, 20, 59])
    assert source.take(rows, ["int64"])["int64"].tolist() == table["int64"].iloc[rows].tolist()
    assert [first for first, _ in source.blocks(rows_together=25)] == [0, 25, 50]


def test_the_server_may_come_from_the_environment(bucket, monkeypatch):
    server, _ = bucket
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{server.host}")
    assert open_source("s3://tables/people/1.parquet").n_rows == 20


def test_what_is_not_there_is_one_line(bucket):
    server, _ = bucket
    for path in ("no-such-bucket/x.parquet", "no-such-bucket/*.parquet", "tables/none", "tables/none*"):
        with pytest.raises(TableFileError) as error:
            open_source(server.address(path))
        assert str(error.value).startswith(f"s3://{path}: ")
        assert "\n" not in str(error.value)


def test_a_server_that_does_not_answer_is_given_up_within_seconds(bucket):
    with pytest.raises(TableFileError, match=r"s3://tables/people: cannot be reached: "):
        open_source("s3://tables/people?endpoint_override=127.0.0.1:9&scheme=http")
