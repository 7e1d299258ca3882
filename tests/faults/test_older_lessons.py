"""A lesson that an earlier version kept: bare names in its index, and the clears of strokes' pieces as registers beside the strokes."""

from collections.abc import AsyncIterator

import pytest

from app.core.lesson import NULL, Lesson
from app.core.stamp import Stamp
from app.store.contract import Change, Limits, Reason, Refused
from app.store.records import lesson_keys
from app.store.redis import RedisStore
from tests.support.redis_server import RedisServer
from tests.support.stores import ABOUT, NOW, loaded, refused, values

CODE = "oldies"
META, STATE, NAMES, *_ = lesson_keys(CODE)
PAGE = "ink/p"


@pytest.fixture
async def store(any_redis: RedisServer) -> AsyncIterator[RedisStore]:
    """A store with one lesson as it was kept: two strokes, the clear of the first one's pieces, a poll, and a clear of notes."""
    store = RedisStore(any_redis.url)
    await store.create(CODE, [ABOUT], NOW)
    kept = {
        f"{PAGE}/s": f"{NOW}.0.a|{NOW}-1|0|1",
        f"{PAGE}/s/": f"{NOW}.1.a|{NOW}-2|0|null",
        f"{PAGE}/t": f"{NOW}.5.a|{NOW}-3|0|2",
        "poll/x": f"{NOW}.6.a|{NOW}-4|1|" + '{"question":"?","options":["a","b"],"status":"open"}',
        "notes/": f"{NOW}.3.a|{NOW}-5|0|null",
    }
    for key, register in kept.items():
        await store.redis.hset(STATE, key, register)
    await store.redis.hset(META, mapping={"last": f"{NOW}-6", "number": 7})
    await store.redis.hdel(META, "form")
    await store.redis.delete(NAMES)
    await store.redis.zadd(NAMES, dict.fromkeys(["lesson", *kept], 0))
    yield store
    await store.close()


def at(counter: int) -> Stamp:
    """A stamp among those of the lesson."""
    return Stamp(NOW, counter, "a")


async def test_it_is_changed_over_at_its_next_write(store: RedisStore) -> None:
    """Nothing is lost: strokes, the poll, and what each clear keeps out; what a worker had loaded before is what it is after."""
    before = await loaded(store, CODE)
    assert await values(store, CODE) == {
        f"{PAGE}/s": "1",
        f"{PAGE}/s/": NULL,
        f"{PAGE}/t": "2",
        "poll/x": '{"question":"?","options":["a","b"],"status":"open"}',
        "notes/": NULL,
    }
    late = [
        Change(f"{PAGE}/s/0", "3", at(0)),
        Change("notes/p", "3", at(2)),
        Change(f"{PAGE}/s/", NULL, at(1)),
    ]
    assert (await store.write(CODE, late, NOW)).applied == [False] * 3
    assert await store.redis.hget(STATE, f"{PAGE}/s/") is None
    after = await loaded(store, CODE)
    assert (after.position, after.number) == (before.position, before.number)
    assert sorted(Lesson(after.registers)) == sorted(Lesson(before.registers)) == after.registers
    retention = Limits().retention_s
    assert retention - 60 <= await store.redis.ttl(NAMES) <= retention


async def test_its_registers_are_cleared_as_any(store: RedisStore) -> None:
    """By the stamps that they had."""
    assert (await store.write(CODE, [Change("ink/", NULL, at(4))], NOW)).applied == [True]
    assert (await values(store, CODE))[f"{PAGE}/s"] == NULL
    assert (await values(store, CODE))[f"{PAGE}/t"] == "2"
    assert (
        await store.write(CODE, [Change("ink/", NULL, at(9)), Change("poll/", NULL, at(9))], NOW)
    ).applied == [
        True,
        True,
    ]
    assert set(await values(store, CODE)) == {"ink/", "poll/", "notes/"}
    assert await store.redis.zrange(NAMES, 0, -1) == [b""]


async def test_votes_tallies_and_decks_leave_its_index_to_its_next_write(store: RedisStore) -> None:
    """They write nothing below which may be cleared, so they need not wait for the change-over, and keep nothing from it."""
    names = await store.redis.zrange(NAMES, 0, -1)
    assert isinstance(await store.vote(CODE, "x", "voter", [1], NOW), int)
    await store.publish(CODE, NOW)
    await store.append(CODE, "d", 2, NOW)
    assert await store.redis.zrange(NAMES, 0, -1) == names
    told = await values(store, CODE)
    assert (told["pages"], told["tally/x"]) == ('{"order":["d-1","d-2"]}', '{"counts":[0,1],"voters":1}')
    done = await store.write(CODE, [Change(f"{PAGE}/s/0", "3", at(0)), Change("ink/", NULL, at(9))], NOW)
    assert done.applied == [False, True]
    assert await values(store, CODE) == {
        key: raw for key, raw in told.items() if not key.startswith("ink/")
    } | {"ink/": NULL}
    await store.write(CODE, [Change("poll/", NULL, at(9)), Change("notes/", NULL, at(9))], NOW)
    assert await store.redis.zrange(NAMES, 0, -1) == [b""]


async def test_its_polls_are_counted_with_those_that_the_write_makes(store: RedisStore) -> None:
    """Also where the count is made only once all of it has been applied: a clear and, after it, a poll under an old name."""
    poll = '{"question":"?","options":["a","b"],"status":"open"}'
    await store.redis.hset(STATE, "poll/y", f"{NOW}.6.a|{NOW}-4|1|{poll}")
    await store.redis.hdel(META, "polls")
    await store.write(CODE, [Change("poll/", NULL, at(8)), Change("poll/x", poll, at(9), 1)], NOW)
    assert (await values(store, CODE))["poll/x"] == poll
    assert await store.redis.hget(META, "polls") == b"1"


async def test_a_full_one_gets_the_room_that_its_clears_took(
    store: RedisStore, any_redis: RedisServer
) -> None:
    """It is changed over before its registers are counted, and a refusal keeps that."""
    small = RedisStore(any_redis.url, limits=Limits(registers=6))
    more = [Change(f"{PAGE}/u", "1"), Change(f"{PAGE}/v", "1")]
    with pytest.raises(Refused) as refusal:
        await small.write(CODE, more, NOW)
    assert refusal.value.reason is Reason.FULL
    assert (await small.write(CODE, more[:1], NOW)).applied == [True]
    assert await refused(small, CODE, more[1:]) is Reason.FULL
    await small.close()
