"""The store's contract: requests that change more than one command of a store can carry."""

import json
from collections.abc import Awaitable, Callable, Sequence

import pytest

from app.core.lesson import NULL, START, Lesson
from app.core.stamp import Stamp
from app.store.contract import ENTRY_WRITES, Change, Limits, Reader, Store
from tests.support.stores import ABOUT, NOW, Opener, counted, loaded, values

POLL = json.dumps({"question": "?", "options": ["a", "b"], "status": "open"})
TALLY = '{"counts":[1,0],"voters":1}'
BATCH = 250
POLLS = 4_500  # beyond what Lua can unpack, with two fields a tally

OpenReader = Callable[[Store, str], Awaitable[Reader]]


async def write_all(store: Store, code: str, changes: Sequence[Change]) -> None:
    """All of them, a batch a request."""
    for start in range(0, len(changes), BATCH):
        await store.write(code, changes[start : start + BATCH], NOW)


async def assert_feed_is_whole(store: Store, code: str, reader: Reader) -> Lesson:
    """What the feed says is what the store keeps: registers, positions, number. The fold."""
    kept, fold, number = await loaded(store, code), Lesson(), 0
    while fold.position < kept.position:
        reader.follow({code: fold.position})
        for entry in (await reader.read())[code]:
            number += 1
            assert entry.number == number
            assert len(entry.writes) <= ENTRY_WRITES
            assert all(fold.apply(entry.position, entry.writes))
    assert (fold.position, number) == (kept.position, kept.number)
    assert sorted(fold) == kept.registers
    return fold


@pytest.mark.parametrize("survivor", [True, False])
async def test_thousands_of_polls_are_cleared_with_their_votes(
    open_store: Opener, code: str, open_reader: OpenReader, *, survivor: bool
) -> None:
    """In one write; the feed tells of all of it, and every count begins anew. Older releases did not bound polls."""
    store = open_store(Limits(polls=POLLS + 1))
    await store.create(code, [ABOUT], NOW)
    names = [f"q{number}" for number in range(POLLS)]
    await write_all(store, code, [Change(f"poll/{name}", POLL) for name in names])
    await write_all(store, code, [Change(f"tally/{name}", TALLY) for name in names])
    voted = names[:: POLLS // 9]
    for name in voted:
        await store.vote(code, name, "ann", [0], NOW)
    if survivor:
        await store.write(code, [Change("poll/later", POLL, Stamp(NOW + 4_000, 0, "z"))], NOW)
    done = await store.write(code, [Change("poll/", NULL, Stamp(NOW + 3_000, 0, "p"))], NOW)
    assert done.applied == [True]
    assert done.position == (await loaded(store, code)).position
    left = {key: raw for key, raw in (await values(store, code)).items() if raw != NULL}
    assert left == ({"poll/later": POLL} if survivor else {})
    assert await store.counts(code) == {}
    await assert_feed_is_whole(store, code, await open_reader(store, "w"))


async def test_a_request_of_thousands_of_writes(store: Store, code: str, open_reader: OpenReader) -> None:
    """The web's bound is far below, but a script that has begun must end: each is answered and told."""
    await store.create(code, [ABOUT], NOW)
    changes = [Change(f"notes/n{number}", str(number), Stamp(NOW, number, "a")) for number in range(9_000)]
    done = await store.write(code, changes, NOW)
    assert done.applied == [True] * 9_000
    assert done.stamps == [change.stamp for change in changes]
    fold = await assert_feed_is_whole(store, code, await open_reader(store, "w"))
    assert len(fold.changed(START)) == 9_001
    assert (await loaded(store, code)).number == 1 + 9_000 // ENTRY_WRITES


async def test_a_lesson_is_created_with_thousands_of_registers(
    store: Store, code: str, open_reader: OpenReader
) -> None:
    """The same script makes lessons."""
    assert await store.create(code, [Change(f"notes/n{number}", "1") for number in range(9_000)], NOW)
    assert len((await loaded(store, code)).registers) == 9_000
    await assert_feed_is_whole(store, code, await open_reader(store, "w"))


async def test_a_vote_of_every_option_there_may_be(store: Store, code: str) -> None:
    """And of thousands more than there are, which is refused before anything changes."""
    poll = {"question": "?", "options": ["o"] * 3_000, "multiple": True, "status": "open"}
    await store.create(code, [ABOUT, Change("poll/x", json.dumps(poll))], NOW)
    assert await store.vote(code, "x", "v", range(3_000), NOW) == 0
    assert await counted(store, code, "x") == ([1] * 3_000, 1)
