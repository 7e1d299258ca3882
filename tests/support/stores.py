"""Stores of each kind, for the suites that hold them together.

Rules: times are the test's own, from `NOW`; a test names a lesson of its own, so that stores need no emptying.
"""

from collections.abc import Sequence

import pytest

from app.core.lesson import Register
from app.store.contract import Change, Counts, Limits, Reason, Refused, Snapshot, Store
from app.store.memory import MemoryStore
from app.store.redis import RedisStore
from tests.support.redis_server import RedisServer

NOW = 1_790_000_000_000
ABOUT = Change("lesson", '{"title":"t"}')


class Opener:
    """Opens stores of one kind, on one server or in memory."""

    def __init__(self, server: RedisServer | None) -> None:
        self.server = server
        self.opened: list[Store] = []

    def __call__(self, limits: Limits | None = None) -> Store:
        store: Store = RedisStore(self.server.url, limits=limits) if self.server else MemoryStore(limits)
        self.opened.append(store)
        return store

    async def close(self) -> None:
        """Closes all that were opened."""
        for store in self.opened:
            await store.close()


async def loaded(store: Store, code: str) -> Snapshot:
    """The lesson, which exists, its registers by key."""
    snapshot = await _kept(store, code)
    assert snapshot is not None
    return snapshot


async def _kept(store: Store, code: str) -> Snapshot | None:
    """The lesson, if it exists; by key, since a store gives registers in any order, and twice in different ones."""
    snapshot = await store.load(code)
    return snapshot and snapshot._replace(registers=sorted(snapshot.registers))


async def register(store: Store, code: str, key: str) -> Register | None:
    """One register of a lesson."""
    kept = {each.key: each for each in (await loaded(store, code)).registers}
    return kept.get(key)


async def values(store: Store, code: str) -> dict[str, str]:
    """Key -> JSON text of what the lesson holds, without the server's own."""
    return {each.key: each.raw for each in (await loaded(store, code)).registers if each.key != "lesson"}


async def counted(store: Store, code: str, poll: str) -> Counts:
    """What has been voted in a poll."""
    return (await store.counts(code)).get(poll, Counts([], 0))


async def refused(store: Store, code: str, changes: Sequence[Change], *, end: bool = False) -> Reason:
    """Why a write is refused; that it changed nothing is checked here."""
    before = await _kept(store, code)
    with pytest.raises(Refused) as refusal:
        await store.write(code, changes, NOW, end=end)
    assert await _kept(store, code) == before
    return refusal.value.reason
