"""A local S3 server (moto's) on loopback for tests.

Use: ``from tests.common.s3_server import s3_server  # noqa: F401`` in a test module (or conftest), then the fixture
``s3_server`` gives an `S3Server`.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import pytest

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


@dataclass(frozen=True)
class S3Server:
    """A running server; each test makes a bucket of its own."""

    host: str
    """``127.0.0.1:port``."""

    def client(self) -> Any:
        """A boto3 client of the server."""
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=f"http://{self.host}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def make_bucket(self, name: str) -> None:
        """An empty bucket."""
        self.client().create_bucket(Bucket=name)

    def address(self, path: str) -> str:
        """The address of ``bucket/key`` that `open_source` and `sample_to` take."""
        return f"s3://{path}?endpoint_override={self.host}&scheme=http"

    def upload(self, file: Any, path: str) -> str:
        """Put a local file at ``bucket/key``; its address."""
        bucket, _, key = path.partition("/")
        self.client().upload_file(str(file), bucket, key)
        return self.address(path)


@pytest.fixture(scope="module")
def s3_server():
    """A server on a free port, credentials in the environment (worker processes inherit them)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from moto.server import ThreadedMotoServer

        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
    patch = pytest.MonkeyPatch()
    for name, value in KEYS.items():
        patch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        patch.delenv(name, raising=False)
    host, port = server.get_host_and_port()
    yield S3Server(f"{host}:{port}")
    patch.undo()
    server.stop()
