"""Fixtures: one running site for all tests of the HTTP wire, a visitor's client, and a teacher with a new lesson.

Rules: `site` is the server with one worker; a module that is about streams asks for every server with
`@pytest.mark.parametrize("site", EVERYWHERE, indirect=True)`. The store is never emptied under a running site.
"""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.support.redis_server import RedisServer, valkey_binary
from tests.support.sites import ONE, Sites
from tests.support.vigil import Vigil, watching


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """Servers of every kind, by kind and settings, on one store of their own."""
    folder = tmp_path_factory.mktemp("sites")
    store = RedisServer(valkey_binary(), folder / "valkey").start()
    running = Sites(folder, store.url)
    try:
        yield running
        running.close()
    finally:
        store.kill()


@pytest.fixture
def site(request: pytest.FixtureRequest, sites: Sites) -> Server:
    """A running server; by default the one with one worker."""
    return sites.get(getattr(request, "param", ONE))


@pytest.fixture
async def visitor(site: Server) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that has shown nothing yet, with a cookie jar of its own."""
    async with site.client() as client:
        yield client


@pytest.fixture
async def teacher(site: Server) -> AsyncIterator[Teacher]:
    """A new lesson and its teacher, on a client of its own."""
    async with site.client() as client:
        yield await Teacher.start(client, "Decision trees")


@pytest.fixture(scope="session")
def vigil(sites: Sites) -> Iterator[Vigil]:
    """A quiet stream under every server, watched since the first test that asked for it."""
    with watching(sites.everywhere()) as watched:
        yield watched
