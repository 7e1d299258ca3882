"""Where decks are kept: a folder, or an S3-compatible bucket, by one setting.

Rules: the setting names a place and never a secret; credentials come from the environment, as obstore reads
it (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL, ...). A put is whole or not at all:
nobody ever reads half a page. What is not there is None or False, never an exception; the store's own
trouble is ObjectsUnavailable. Requests end in bounded time, because a student's request may be waiting behind one.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

if TYPE_CHECKING:  # obstore has these names for type checkers alone
    from obstore.store import ClientConfig, ObjectStore, RetryConfig, S3Config

CHUNK_BYTES = 1024 * 1024
ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
RETRIES: "RetryConfig" = {"max_retries": 4, "retry_timeout": timedelta(seconds=10)}


def folder(deck: str) -> str:
    return f"decks/{deck}"


def source_key(deck: str) -> str:
    return f"{folder(deck)}/source.pdf"


def image_key(deck: str, number: int, width: int) -> str:
    return f"decks/{deck}/{number}-{width}.webp"


def text_key(deck: str, number: int) -> str:
    return f"decks/{deck}/{number}.txt"


def takeovers_key(deck: str) -> str:
    return f"decks/{deck}/takeovers"


class ObjectsUnavailable(ConnectionError):
    """The store cannot be reached, or refuses. Whether a put took effect is not known."""


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except BaseError as fault:
        first_line, _, _ = str(fault).partition("\n")  # the rest is a dump, and a log has one line an event
        raise ObjectsUnavailable(f"{type(fault).__name__}: {first_line}") from fault


class Objects:
    def __init__(self, store: "ObjectStore") -> None:
        self._store = store

    async def get(self, key: str) -> bytes | None:
        try:
            with _answering():
                found = await obstore.get_async(self._store, key)
                return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None

    async def put(self, key: str, data: bytes | IO[bytes]) -> None:
        with _answering():
            await obstore.put_async(self._store, key, data)

    async def exists(self, key: str) -> bool:
        try:
            with _answering():
                await obstore.head_async(self._store, key)
        except FileNotFoundError:
            return False
        return True

    async def delete(self, key: str) -> None:
        """Gone afterwards, whether it was there or not."""
        try:
            with _answering():
                await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return  # a folder says so, a bucket does not

    async def fetch(self, key: str, into: IO[bytes]) -> bool:
        """Copy an object into an open file without holding it in memory."""
        try:
            with _answering():
                found = await obstore.get_async(self._store, key)
                async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
                    into.write(chunk)
        except FileNotFoundError:
            return False
        into.flush()
        return True

    async def clear(self, below: str) -> None:
        """Delete everything below a folder."""
        with _answering():
            async for batch in obstore.list(self._store, below):
                await asyncio.gather(*(self.delete(entry["path"]) for entry in batch))


def open_store(setting: str) -> Objects:
    """The store that the setting names: `path`, `file:///path` or `s3://bucket/prefix?endpoint=...&region=...`."""
    parts = urlsplit(setting)
    if parts.scheme == "s3":
        return Objects(
            _bucket(
                parts.netloc,
                parts.path.strip("/"),
                dict(parse_qsl(parts.query, strict_parsing=bool(parts.query))),
            )
        )
    if parts.scheme == "file":
        if parts.netloc not in {"", "localhost"}:
            raise ValueError(f"deck store {setting!r}: a file:// address has three slashes before its path")
        return Objects(LocalStore(Path(unquote(parts.path)), mkdir=True))
    if "://" in setting or not setting:
        raise ValueError(f"deck store {setting!r}: expected a folder, file:///folder or s3://bucket/prefix")
    return Objects(LocalStore(Path(setting).resolve(), mkdir=True))


def _bucket(bucket: str, prefix: str, options: dict[str, str]) -> S3Store:
    if not bucket or "@" in bucket:
        raise ValueError("deck store: s3:// needs a bucket's name and nothing else before the path")
    if unknown := options.keys() - {"endpoint", "region"}:
        raise ValueError(
            f"deck store: unknown option {', '.join(sorted(unknown))}; known are endpoint and region"
        )
    config: S3Config = {}
    if "region" in options:
        config["region"] = options["region"]
    client: ClientConfig = {"timeout": "30s", "connect_timeout": "5s"}
    if "endpoint" in options:
        config["endpoint"] = options["endpoint"]
    # Somebody who writes http:// means it: a bucket on the same machine or network.
    endpoints = [options.get("endpoint", ""), *(os.environ.get(name, "") for name in ENDPOINT_VARIABLES)]
    client["allow_http"] = any(endpoint.startswith("http://") for endpoint in endpoints)
    return S3Store(bucket, prefix=prefix or None, config=config, client_options=client, retry_config=RETRIES)
