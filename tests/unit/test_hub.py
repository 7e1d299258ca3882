"""The hub loads a lesson again and misses nothing meanwhile."""

import asyncio

from app.core.lesson import Position, Write
from app.core.stamp import Stamp
from app.feed.hub import Hub
from app.store.contract import Change, Entry
from app.store.memory import MemoryStore
from tests.support.eventually import eventually

CODE = "k7p4qx"


class SlowToRouse(MemoryStore):
    """A store that takes its time with a probe."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = asyncio.Event()
        self.answers.set()

    async def probe(self, worker: str) -> None:
        await self.answers.wait()
        await super().probe(worker)


async def test_an_entry_that_comes_while_the_reader_is_roused_is_folded() -> None:
    """The reader may look at its new position before the probe that rouses it is answered."""
    store = SlowToRouse()
    await store.create(
        CODE, [Change("lesson", '{"title":"","created":1,"status":"live"}', Stamp(1, 0, "s"))], 1
    )
    hub = Hub(store, "worker")
    channel = await hub.channel(CODE)
    assert channel is not None
    store.answers.clear()
    before = hub.roster
    hub.reload(channel)

    async def roster() -> int:
        return hub.roster

    await eventually(roster, lambda now: now > before)
    write = Write("timer", Stamp(5, 0, "s"), '{"ends":1}')
    hub.deliver(CODE, [Entry(Position(5, 0), channel.number + 1, [write])])
    assert channel.lesson.position == Position(5, 0)
    store.answers.set()
