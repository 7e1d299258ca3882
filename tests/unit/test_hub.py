"""The hub loads a lesson again and misses nothing meanwhile."""

import asyncio
from collections.abc import Sequence

import pytest

from app.core.lesson import Position, Write
from app.core.stamp import Stamp
from app.feed.hub import Hub
from app.store.contract import Change, Entry, StoreUnavailable
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


async def test_a_load_from_another_life_than_the_readers_is_not_served() -> None:
    """The reader connects anew, and the lesson is loaded again; where they agree then, it is served."""
    store = MemoryStore()
    about = Change("lesson", '{"title":"","created":1,"status":"live"}', Stamp(1, 0, "s"))
    await store.create(CODE, [about], 1)
    hub = Hub(store, "worker")
    doubts = 0

    def doubt() -> None:
        nonlocal doubts
        doubts += 1
        hub.rejoin(store.identity)

    hub.doubt = doubt
    hub.rejoin("another life")
    channel = await hub.channel(CODE)
    assert channel is not None
    assert channel.store == hub.life == store.identity
    assert doubts == 1


async def test_two_stores_behind_one_address_serve_nothing() -> None:
    """Where the two never agree nobody is shown a lesson whose news would not come."""
    store = MemoryStore()
    about = Change("lesson", '{"title":"","created":1,"status":"live"}', Stamp(1, 0, "s"))
    await store.create(CODE, [about], 1)
    hub = Hub(store, "worker")
    hub.doubt = lambda: hub.rejoin("another life")
    hub.rejoin("another life")
    with pytest.raises(StoreUnavailable, match="more than one store"):
        await hub.channel(CODE)
    assert CODE not in hub.channels


class CountsQuestions(MemoryStore):
    """A store that notes for how many lessons it is asked at a time, and forgets one when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[str]] = []
        self.lost = ""

    async def positions(self, lessons: Sequence[str]) -> list[Position | None]:
        self.asked.append(list(lessons))
        found = await super().positions(lessons)
        return [None if code == self.lost else at for code, at in zip(lessons, found, strict=True)]


async def test_a_sweep_asks_for_a_hundred_lessons_in_turn() -> None:
    """Its cost does not grow with the lessons of a worker, none is left out, and one that the store has lost is noticed."""
    store = CountsQuestions()
    hub = Hub(store, "worker")
    codes = [f"{number:06}" for number in range(250)]
    for code in codes:
        await store.create(
            code, [Change("lesson", '{"title":"","created":1,"status":"live"}', Stamp(1, 0, "s"))], 1
        )
        assert await hub.channel(code) is not None
    store.lost = codes[-1]
    before = hub.channels[store.lost]
    for _ in range(3):
        await hub.sweep()
    assert [len(each) for each in store.asked] == [100, 100, 50]
    assert sorted(code for each in store.asked for code in each) == codes
    loaded_again = before.lesson

    async def lesson() -> object:
        return hub.channels[store.lost].lesson

    await eventually(lesson, lambda now: now is not loaded_again)
