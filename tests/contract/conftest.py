"""The stores that the contract suite runs against: memory, Valkey, and Debian's redis-server."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from app.store.contract import Reader, Store
from tests.support.redis_server import STORES
from tests.support.stores import Opener

_numbers = itertools.count()


@pytest.fixture(params=["memory", *STORES])
async def open_store(request: pytest.FixtureRequest) -> AsyncIterator[Opener]:
    """Stores of each kind in turn, with limits to choose."""
    opener = Opener(None if request.param == "memory" else request.getfixturevalue(request.param))
    yield opener
    await opener.close()


@pytest.fixture
async def open_reader() -> AsyncIterator[Callable[[Store, str], Awaitable[Reader]]]:
    """`await open_reader(store, worker)`; closed after the test."""
    opened: list[Reader] = []

    async def start(store: Store, worker: str = "w") -> Reader:
        opened.append(await store.reader(worker))
        return opened[-1]

    yield start
    for reader in opened:
        await reader.close()


@pytest.fixture
def store(open_store: Opener) -> Store:
    """A store of each kind in turn."""
    return open_store()


@pytest.fixture
def code() -> str:
    """A lesson that no other test uses."""
    return f"t{next(_numbers)}"
