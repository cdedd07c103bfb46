"""Addresses of other machines' file systems (``s3://...``): how they are opened, and how messages show them."""

from __future__ import annotations

import os
import re
import urllib.parse
from typing import TYPE_CHECKING, Any

from synthgen.exceptions import FileError

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

CONNECT_SECONDS = 5
"""After which a server that does not answer is given up, ..."""
_REQUEST_SECONDS = 60
_ATTEMPTS = 2
"""... each time of as many."""
_QUERY = re.compile(r"\?(?=[A-Za-z_]+=)")
"""Where options begin; any other ``?`` belongs to a pattern."""
_FLAGS = ("anonymous", "allow_bucket_creation", "allow_bucket_deletion")
_S3_OPTIONS = ("region", "scheme", "endpoint_override", *_FLAGS)


def without_secrets(address: str) -> str:
    """An address without the keys that may stand in it.

    Parameters
    ----------
    address : str
        For example ``s3://key:secret@bucket/folder?region=...``.

    Returns
    -------
    str
        For example ``s3://bucket/folder``. Secrets may hold slashes: what stands before the last ``@`` goes, where the first part
        of the path has a colon or ``@``.
    """
    scheme, slashes, rest = address.partition("://")
    if not slashes:
        return address
    rest = _QUERY.split(rest)[0]
    if set(rest.split("/")[0]) & set(":@"):
        rest = rest.rpartition("@")[2]
    return f"{scheme}://{rest}"


def open_address(address: str, error: type[FileError] = FileError) -> tuple[FileSystem, str]:
    """The file system of an address, and the path there.

    Parameters
    ----------
    address : str
        With a scheme that pyarrow knows. It may end in a path that is not there.
    error : type
        What is raised.

    Returns
    -------
    filesystem : pyarrow.fs.FileSystem
        Opened.
    path : str
        There.

    Raises
    ------
    FileError
        If the address cannot be used; keys do not stand in the message.
    """
    import pyarrow as pa
    from pyarrow import fs

    try:
        if address.startswith("s3://"):
            return _s3(address, error)
        found: tuple[FileSystem, str] = fs.FileSystem.from_uri(address)
    except (pa.ArrowException, OSError, ValueError) as failed:
        if isinstance(failed, FileError):
            raise
        raise error(
            f"{without_secrets(address)}: is no address that can be used: {_reason(failed, address)}."
        ) from None
    return found


def _s3(address: str, error: type[FileError]) -> tuple[FileSystem, str]:
    from pyarrow import fs

    place, *query = _QUERY.split(address.removeprefix("s3://"), maxsplit=1)
    options = dict(urllib.parse.parse_qsl(query[0])) if query else {}
    if unknown := [name for name in options if name not in _S3_OPTIONS]:
        raise error(
            f"{without_secrets(address)}: has no option {unknown[0]!r}; there are {', '.join(_S3_OPTIONS)}. Keys stand before the "
            "bucket (s3://key:secret@bucket), or in the environment."
        )
    keys, path = _split_keys(place)
    bucket = path.split("/")[0]
    if not bucket:
        raise error(f"{without_secrets(address)}: names no bucket; an address is s3://bucket/folder.")
    settings: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "request_timeout": _REQUEST_SECONDS,
        "retry_strategy": fs.AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
        **{name: options[name].lower() in ("true", "1") for name in _FLAGS if name in options},
        **keys,
        **_endpoint(options),
    }
    settings["region"] = options.get("region") or _region(bucket, "endpoint_override" in settings)
    return fs.S3FileSystem(**settings), path.rstrip("/")


def _split_keys(place: str) -> tuple[dict[str, str], str]:
    """The keys before a bucket, and what follows; a secret may hold slashes."""
    first = place.split("/")[0]
    if "@" not in first and (":" not in first or "@" not in place):
        return {}, place
    end = (first if "@" in first else place).rfind("@")
    user, _, secret = place[:end].partition(":")
    keys = {"access_key": urllib.parse.unquote(user), "secret_key": urllib.parse.unquote(secret)}
    return keys, place[end + 1 :]


def _endpoint(options: dict[str, str]) -> dict[str, str]:
    """Another server than Amazon's."""
    environment = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    given = options.get("endpoint_override") or environment
    if not given:
        return {}
    found = urllib.parse.urlsplit(given if "://" in given else f"//{given}")
    return {"endpoint_override": found.netloc, "scheme": options.get("scheme") or found.scheme or "https"}


def _region(bucket: str, has_endpoint: bool) -> str:
    named = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if named or has_endpoint:
        return named or "us-east-1"
    from pyarrow.fs import resolve_s3_region

    return str(resolve_s3_region(bucket))


def _reason(error: BaseException, address: str) -> str:
    """An error's first line, without the way that a library took to it, and without the address's keys."""
    text = str(error).split("\n")[0].strip().rstrip(".").replace(address, without_secrets(address))
    return re.sub(r"\s*(Detail: .*|\(Request ID: [^)]*\))", "", re.sub(r"://\S*@", "://", text))
