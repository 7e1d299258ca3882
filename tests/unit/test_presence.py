"""A census costs what has changed since the last one, and misses none of it."""

from collections.abc import Mapping

import pytest

from app.core.audience import Audience
from app.core.stamp import Stamp
from app.feed.channel import Channel
from app.feed.hub import Hub
from app.feed.presence import Presence
from app.store.contract import Change, StoreUnavailable
from app.store.memory import MemoryStore
from tests.support.peer import Peer

CODE, OTHER = "k7p4qx", "k7p4qy"


class Store(MemoryStore):
    """A store with another worker, whose viewers the test sets; it may be away."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.elsewhere: dict[str, int] = {}
        self.named: dict[str, int] = {}

    async def census(self, worker: str, counts: Mapping[str, int], now: int) -> Mapping[str, int]:
        if self.away:
            raise StoreUnavailable("away")
        self.named = dict(counts)
        codes = {*self.elsewhere, *counts}
        return {code: self.elsewhere.get(code, 0) + counts.get(code, 0) for code in codes}


async def started() -> tuple[Store, Hub, Presence, Channel]:
    """A hub that serves one of two lessons."""
    store = Store()
    for code in (CODE, OTHER):
        about = Change("lesson", '{"title":"","created":1,"status":"live"}', Stamp(1, 0, "s"))
        await store.create(code, [about], 1)
    hub = Hub(store, "worker")
    channel = await hub.channel(CODE)
    assert channel is not None
    return store, hub, Presence(hub), channel


async def test_what_is_loaded_is_named_and_counted() -> None:
    """Loaded, joined, joined by a teacher, left, dropped."""
    store, hub, presence, channel = await started()
    await presence.step()
    assert store.named == {CODE: 0}
    viewer = Peer.joined(channel)
    Peer.joined(channel, Audience.TEACHER)
    await presence.step()
    assert store.named == {CODE: 1}
    channel.leave(viewer)
    await presence.step()
    assert store.named == {CODE: 0}
    for teacher in channel.crowd:
        channel.leave(teacher)
    channel.used = float("-inf")
    await hub.tidy()
    await presence.step()
    assert store.named == {}


async def test_others_are_heard_of_whoever_moved() -> None:
    """The sum is right whether it changed here, elsewhere, in both, or in both by as much."""
    store, hub, presence, channel = await started()
    viewer = Peer.joined(channel)
    store.elsewhere = {CODE: 5, OTHER: 3}
    await presence.step()
    assert channel.viewers == 6
    assert hub.is_given(OTHER)
    store.elsewhere = {CODE: 4, OTHER: 3}
    Peer.joined(channel)
    await presence.step()
    assert channel.viewers == 6
    assert channel.others == 4
    channel.leave(viewer)
    store.elsewhere = {CODE: 9}
    await presence.step()
    assert channel.viewers == 10
    assert not hub.is_given(OTHER)


async def test_a_lesson_that_is_loaded_later_hears_of_the_others() -> None:
    """The sum was known before the lesson was loaded here, and does not change by that."""
    store, hub, presence, _ = await started()
    store.elsewhere = {OTHER: 7}
    await presence.step()
    channel = await hub.channel(OTHER)
    assert channel is not None
    assert channel.viewers == 7  # at once
    await presence.step()
    assert channel.viewers == 7


async def test_one_that_is_dropped_and_loaded_again_hears_of_the_others() -> None:
    """Both between two censuses."""
    store, hub, presence, channel = await started()
    store.elsewhere = {CODE: 7}
    await presence.step()
    channel.used = float("-inf")
    await hub.tidy()
    again = await hub.channel(CODE)
    assert again is not None
    assert again is not channel
    await presence.step()
    assert again.viewers == 7


async def test_what_changed_while_the_store_was_away_is_told_after() -> None:
    """A census that failed takes nothing with it; meanwhile the last known numbers stand."""
    store, _, presence, channel = await started()
    store.elsewhere = {CODE: 5}
    await presence.step()
    store.away = True
    viewer = Peer.joined(channel)
    with pytest.raises(StoreUnavailable):
        await presence.step()
    assert channel.others == 5
    channel.leave(viewer)
    Peer.joined(channel)
    Peer.joined(channel)
    store.away, store.elsewhere = False, {CODE: 1}
    await presence.step()
    assert store.named == {CODE: 2}
    assert channel.viewers == 3
