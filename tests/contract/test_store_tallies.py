"""The store's contract: no acknowledged vote is missing from a tally, whoever crashes next.

Rules: nobody here asks again when a tally is due, as if the process that took the votes had been killed.
"""

import asyncio
import json

import pytest

from app.core.lesson import NULL
from app.store.contract import Change, Limits, Reason, Store
from app.store.records import lesson_keys
from app.store.redis import RedisStore
from tests.support.redis_server import RedisServer
from tests.support.stores import ABOUT, NOW, Opener, loaded, refused, register

NEVER = Limits(tally_ms=10**12)  # but for the first tally of a poll, none is due by itself


def poll(status: str, *, reveal: bool = False, options: int = 3) -> str:
    """A poll."""
    return json.dumps({"question": "?", "options": ["o"] * options, "status": status, "reveal": reveal})


async def voted(store: Store, code: str, *names: str) -> None:
    """A lesson with polls that have two votes each, the second in no tally."""
    names = names or ("x",)
    await store.create(code, [ABOUT, *(Change(f"poll/{name}", poll("open")) for name in names)], NOW)
    for name in names:
        assert await store.vote(code, name, "a", [0], NOW) == 0
        assert await store.vote(code, name, "b", [2], NOW + 1)
        assert await tally(store, code, name) == {"counts": [1, 0, 0], "voters": 1}


async def tally(store: Store, code: str, name: str = "x") -> object:
    """The tally as published."""
    kept = await register(store, code, f"tally/{name}")
    return json.loads(kept.raw) if kept else None


EVERY = {"counts": [1, 0, 1], "voters": 2}


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (poll("closed"), EVERY),
        (poll("closed", reveal=True), EVERY),
        (poll("draft"), EVERY),
        (poll("open", reveal=True), EVERY),
        (poll("open", options=2), {"counts": [1, 0], "voters": 2}),
        (poll("closed", options=4), {"counts": [1, 0, 1, 0], "voters": 2}),
    ],
)
async def test_whatever_ends_a_poll_as_it_was_shows_every_vote(
    open_store: Opener, code: str, raw: str, shown: object
) -> None:
    """In the entry of the write itself: nobody sees the one without the other, and no process is needed for it."""
    store = open_store(NEVER)
    await voted(store, code)
    before = await loaded(store, code)
    assert before.unpublished
    outcome = await store.write(code, [Change("poll/x", raw)], NOW + 2)
    after = await loaded(store, code)
    assert await tally(store, code) == shown
    assert after.number == before.number + 1
    assert not after.unpublished
    published = await register(store, code, "tally/x")
    assert published is not None
    assert published.position == after.position == outcome.position


async def test_the_end_of_a_lesson_shows_every_vote_of_every_poll(open_store: Opener, code: str) -> None:
    """In its entry."""
    store = open_store(NEVER)
    await voted(store, code, "x", "y", "z")
    number = (await loaded(store, code)).number
    await store.write(code, [Change("lesson", '{"title":"t","status":"ended"}')], NOW + 2, end=True)
    assert [await tally(store, code, name) for name in "xyz"] == [EVERY] * 3
    after = await loaded(store, code)
    assert (after.number, after.unpublished) == (number + 1, False)


async def test_a_poll_that_goes_on_keeps_its_pace(open_store: Opener, code: str) -> None:
    """Another question over the same options, and other registers, publish nothing; nor does closing twice."""
    store = open_store(NEVER)
    await voted(store, code)
    await store.write(code, [Change("slide", "1"), Change("poll/x", poll("open"))], NOW + 2)
    assert await tally(store, code) == {"counts": [1, 0, 0], "voters": 1}
    await store.write(code, [Change("poll/x", poll("closed"))], NOW + 3)
    published = await register(store, code, "tally/x")
    await store.write(code, [Change("poll/x", poll("closed", reveal=True))], NOW + 4)
    assert await register(store, code, "tally/x") == published


async def test_a_close_that_is_beaten_publishes_nothing(open_store: Opener, code: str) -> None:
    """Nothing has been closed."""
    store = open_store(NEVER)
    await voted(store, code)
    before = await loaded(store, code)
    await store.write(code, [Change("poll/x", poll("closed"), before.registers[0].stamp)], NOW + 2)
    assert await loaded(store, code) == before


async def test_a_poll_without_votes_has_no_tally(open_store: Opener, code: str) -> None:
    """Closed or not."""
    store = open_store(NEVER)
    await store.create(code, [ABOUT, Change("poll/x", poll("draft"))], NOW)
    await store.write(code, [Change("poll/x", poll("closed", reveal=True))], NOW)
    assert await tally(store, code) is None


async def test_whoever_loads_a_lesson_hears_of_votes_in_no_tally(store: Store, code: str) -> None:
    """And publishes them with one call when it is due, whichever polls they are in."""
    await voted(store, code, "x", "y", "z")
    assert (await loaded(store, code)).unpublished
    number = (await loaded(store, code)).number
    for _ in "xyz":  # a moment between the first tallies of each
        await asyncio.sleep(await store.publish(code, NOW + 3) / 1000)
    assert await store.publish(code, NOW + 3) == 0
    assert [await tally(store, code, name) for name in "xyz"] == [EVERY] * 3
    after = await loaded(store, code)
    assert not after.unpublished
    assert after.number <= number + 3
    assert await store.publish(code, NOW + 4) == 0
    assert await loaded(store, code) == after


async def test_a_lesson_of_an_older_release(any_redis: RedisServer, code: str) -> None:
    """Counts no polls, and marks those with votes in no tally one by one: both are taken over when somebody needs to know."""
    store = RedisStore(any_redis.url, limits=Limits(polls=3))
    meta, *_, dirty = lesson_keys(code)
    await voted(store, code, "x", "y")
    await store.redis.delete(dirty)
    await store.redis.hdel(meta, "polls", "tally:x", "tally:y")
    await store.redis.hset(meta, mapping={"dirty:x": "1", "dirty:y": "0"})
    assert (await loaded(store, code)).unpublished
    assert await store.publish(code, NOW + 3) == 0
    assert not (await loaded(store, code)).unpublished
    assert await tally(store, code) == EVERY
    assert await store.redis.hget(meta, "polls") == b"2"
    assert not {b"dirty:x", b"dirty:y"} & (await store.redis.hgetall(meta)).keys()
    for name in lesson_keys(code):
        assert await store.redis.ttl(name) != -1

    await store.redis.hdel(meta, "polls")
    await store.write(code, [Change("poll/z", poll("open"))], NOW + 4)
    assert await refused(store, code, [Change("poll/w", poll("open"))]) is Reason.POLLS
    await store.close()


@pytest.mark.parametrize("key", ["poll/x", "poll/"])
async def test_what_is_kept_of_a_deleted_poll_is_its_round(
    any_redis: RedisServer, code: str, key: str
) -> None:
    """And of one in which nobody voted nothing: polls that come and go leave the store as it was."""
    store = RedisStore(any_redis.url)
    await store.create(code, [ABOUT, Change("poll/x", poll("open"))], NOW)
    await store.write(code, [Change(key, NULL)], NOW + 1)
    meta = lesson_keys(code)[0]
    kept = set(await store.redis.hgetall(meta))
    for number in range(3):
        await store.write(code, [Change("poll/x", poll("open"))], NOW + 2 + 2 * number)
        await store.write(code, [Change(key, NULL)], NOW + 3 + 2 * number)
        assert set(await store.redis.hgetall(meta)) == kept
    await store.write(code, [Change("poll/x", poll("open"))], NOW + 20)
    await store.vote(code, "x", "a", [0], NOW + 21)
    await store.write(code, [Change(key, NULL)], NOW + 22)
    assert set(await store.redis.hgetall(meta)) == kept | {b"round:x"}
    await store.close()
