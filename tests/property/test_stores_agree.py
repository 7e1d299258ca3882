"""The scripts in Redis do what the reference in memory does, whatever is asked of them."""

import itertools
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings

from app.core.lesson import NULL, START, Lesson, Register
from app.store.contract import Limits, Reader, Snapshot
from app.store.memory import MemoryStore
from app.store.records import lesson_keys
from app.store.redis import RedisStore
from tests.support.redis_server import STORES, RedisServer, debian_binary, valkey_binary
from tests.support.steps import programs, run

# Tallies are paced by real time, which two runs do not share: here they are always due, or never a second time.
LIMITS = {
    "ample": Limits(tally_ms=0),
    "few registers": Limits(registers=5, tally_ms=0),
    "few bytes": Limits(value_bytes=250, tally_ms=0),
    "few voters": Limits(voters=1, tally_ms=0),
    "few tallies": Limits(tally_ms=10**12),
    "short feed": Limits(feed=3, tally_ms=0),
}

codes = (f"c{number}" for number in itertools.count())


class Pair(NamedTuple):
    """The two stores, with the limits they share, and a reader of the second."""

    memory: MemoryStore
    redis: RedisStore
    reader: Reader


@pytest.fixture(scope="module", params=[(kind, limits) for kind in STORES for limits in LIMITS])
async def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pair]:
    """Both stores; the server keeps nothing on disk, since thousands of writes would wait for it."""
    kind, limits = request.param
    binary = valkey_binary() if kind == "valkey" else debian_binary()
    assert binary is not None
    server = RedisServer(binary, tmp_path_factory.mktemp(kind), {"appendonly": "no"}).start()
    redis = RedisStore(server.url, limits=LIMITS[limits])
    reader = await redis.reader("differential")
    yield Pair(MemoryStore(LIMITS[limits]), redis, reader)
    await reader.close()
    await redis.close()
    server.kill()


def registers(snapshot: Snapshot | None) -> list[Register]:
    """Every register of a lesson that exists, by key."""
    assert snapshot is not None
    return sorted(snapshot.registers)


@settings(max_examples=40)
@given(program=programs())
async def test_answers_registers_and_feeds_are_equal(pair: Pair, program: Sequence[tuple[int, Any]]) -> None:
    """The same program gives the same answers, registers, feed and counts."""
    code = next(codes)
    assert await run(pair.redis, code, program) == await run(pair.memory, code, program)
    kept, expected = await pair.redis.load(code), await pair.memory.load(code)
    assert registers(kept) == registers(expected)
    assert kept is not None
    assert expected is not None
    assert (kept.position, kept.number) == (expected.position, expected.number)
    assert await pair.redis.counts(code) == await pair.memory.counts(code)
    assert kept.unpublished == expected.unpublished
    there = [
        each
        for each in kept.registers
        if each.key.startswith("poll/") and each.key != "poll/" and each.raw != NULL
    ]
    assert await pair.redis.redis.hget(lesson_keys(code)[0], "polls") == str(len(there)).encode()

    pair.reader.follow({code: START})
    feed = (await pair.reader.read())[code]
    shorter = pair.memory.since(code, START)  # Redis trims by whole nodes, and may keep more
    assert feed[-len(shorter) :] == shorter
    assert [entry.number for entry in feed] == list(range(kept.number - len(feed) + 1, kept.number + 1))
    if feed[0].number == 1:
        fold = Lesson()
        for entry in feed:
            assert all(fold.apply(entry.position, entry.writes))
        assert sorted(fold) == registers(kept)
        assert fold.position == kept.position
