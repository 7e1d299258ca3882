"""Fixtures of real parts: stores, servers, HTTP clients.

Rules: nothing here is a double. A part that is missing fails the test that needs it. A server's log must hold no
traceback when its test ends well; a test that provokes one says so with `serve(..., tracebacks=True)`.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import httpx
import pytest

from scripts.lib.server import Server, serve as serve_app
from tests.support.redis_server import STORES, RedisServer, debian_binary, valkey_binary

pytest_plugins = ["tests.support.site_fixtures"]


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """The Valkey that Lectern embeds."""
    server = RedisServer(valkey_binary(), tmp_path_factory.mktemp("valkey")).start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def debian_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Debian's redis-server."""
    binary = debian_binary()
    if binary is None:
        pytest.fail("redis-server is not installed; scripts/test installs it")
    server = RedisServer(binary, tmp_path_factory.mktemp("redis")).start()
    yield server
    server.kill()


@pytest.fixture(params=STORES)
def any_redis(request: pytest.FixtureRequest) -> RedisServer:
    """Each kind of Redis in turn, empty."""
    server: RedisServer = request.getfixturevalue(request.param)
    server.flush()
    return server


@pytest.fixture
def redis_url(valkey: RedisServer) -> str:
    """The address of an empty Valkey."""
    valkey.flush()
    return valkey.url


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[RedisServer]:
    """A Valkey of the test's own, to kill, freeze and restart."""
    server = RedisServer(valkey_binary(), tmp_path / "own-valkey").start()
    yield server
    server.kill()


class Serve(Protocol):
    """Starts servers; see the fixture `serve`."""

    def __call__(
        self,
        *,
        workers: int = 1,
        redis_url: str | None = None,
        env: Mapping[str, str] | None = None,
        tracebacks: bool = False,
    ) -> AbstractContextManager[Server]: ...


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """`with serve(workers=2, redis_url=redis_url) as server:` a real server; without `redis_url` its embedded store."""
    started = 0

    @contextmanager
    def start(
        *,
        workers: int = 1,
        redis_url: str | None = None,
        env: Mapping[str, str] | None = None,
        tracebacks: bool = False,
    ) -> Iterator[Server]:
        nonlocal started
        started += 1
        folder = tmp_path / f"server-{started}"
        with serve_app(folder, workers=workers, redis_url=redis_url, env=env) as server:
            yield server
        assert tracebacks or "Traceback" not in server.log, server.log

    return start


@pytest.fixture
def server(serve: Serve, redis_url: str) -> Iterator[Server]:
    """One server with one worker, on an empty Valkey."""
    with serve(redis_url=redis_url) as running:
        yield running


@pytest.fixture
async def http(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `server`, with a cookie jar of its own."""
    async with server.client() as client:
        yield client
