"""What a request costs a store that all lessons share: what it changes, whatever its lesson holds."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import pytest

from app.core.lesson import NULL
from app.core.stamp import Stamp
from app.store.contract import Change
from app.store.redis import RedisStore
from tests.support.redis_server import RedisServer
from tests.support.stores import ABOUT, NOW, loaded

FULL = 32_000
BATCH = 250
BYSTANDER_S = 0.25
TRIES = 8  # at most, until the machine was quiet enough

# Ways to ask for much with little: clears of whatever is older than nothing there is.
ATTACKS = {
    "a family": [Change("ink/", NULL, Stamp(1_000 + number, 0, "a")) for number in range(256)],
    "pages": [Change(f"ink/p{number % 8}/", NULL, Stamp(1_000 + number, 0, "a")) for number in range(256)],
    "a stroke's pieces": [Change("ink/p0/s0/", NULL, Stamp(1_000 + number, 0, "a")) for number in range(256)],
    "one stroke each": [
        change
        for number in range(128)
        for change in (
            Change(f"ink/p0/old{number}", "1", Stamp(1_000 + number, 0, "a")),
            Change("ink/", NULL, Stamp(1_000 + number, 1, "a")),
        )
    ],
    "tombstones": [
        change
        for number in range(128)
        for change in (
            Change(f"ink/p0/never{number}", NULL, Stamp(1_000 + number, 0, "a")),
            Change("ink/p0/", NULL, Stamp(1_000 + number, 1, "a")),
        )
    ],
}


@pytest.fixture
async def store(any_redis: RedisServer) -> AsyncIterator[RedisStore]:
    """On each kind of Redis in turn."""
    store = RedisStore(any_redis.url)
    yield store
    await store.close()


def strokes(number: int) -> list[Change]:
    """So many, on eight pages, newer than any clear of the attacks, all of one millisecond."""
    return [Change(f"ink/p{each % 8}/s{each}", "1", Stamp(NOW, 0, "Z")) for each in range(number)]


async def draw(store: RedisStore, code: str, changes: Sequence[Change]) -> None:
    """A lesson that has them."""
    await store.create(code, [ABOUT], NOW)
    for start in range(0, len(changes), BATCH):
        await store.write(code, changes[start : start + BATCH], NOW)


async def commands(store: RedisStore, code: str, changes: Sequence[Change]) -> int:
    """How many commands a write of these makes of itself."""
    await store.redis.config_resetstat()
    await store.write(code, changes, NOW)
    stats: dict[str, dict[str, int]] = await store.redis.info("commandstats")
    return sum(each["calls"] for name, each in stats.items() if not name.startswith("cmdstat_config"))


@pytest.mark.parametrize("attack", sorted(ATTACKS))
async def test_a_clear_costs_what_it_removes(store: RedisStore, code: str, attack: str) -> None:
    """The same commands where there are forty strokes that survive as where there are four thousand."""
    await draw(store, f"{code}-few", strokes(40))
    await draw(store, f"{code}-many", strokes(4_000))
    few = await commands(store, f"{code}-few", ATTACKS[attack])
    assert await commands(store, f"{code}-many", ATTACKS[attack]) <= few + 128


async def test_survivors_are_not_touched(store: RedisStore, code: str) -> None:
    """Neither their values nor their positions, so nobody is told of them again."""
    await draw(store, code, strokes(100))
    before = {register.key: register for register in (await loaded(store, code)).registers}
    await store.write(code, ATTACKS["a family"], NOW)
    after = {register.key: register for register in (await loaded(store, code)).registers}
    assert {key: register for key, register in after.items() if key in before} == before
    assert after.keys() - before.keys() == {"ink/"}


@pytest.mark.parametrize("request_", [*sorted(ATTACKS), "everything"])
async def test_another_lessons_write_is_not_kept_waiting(store: RedisStore, code: str, request_: str) -> None:
    """While a full lesson is attacked, or cleared of all it holds, in one request."""
    everything = [Change("ink/", NULL, Stamp(NOW, 1, "Z"))]
    waited: list[float] = []
    await store.create(f"{code}-other", [ABOUT], NOW)
    while not waited or (min(waited) >= BYSTANDER_S and len(waited) < TRIES):
        lesson = f"{code}-{len(waited)}"
        await draw(store, lesson, strokes(FULL))
        attack = asyncio.create_task(store.write(lesson, ATTACKS.get(request_, everything), NOW))
        await asyncio.sleep(0)
        slowest = 0.0
        while not attack.done():
            began = time.monotonic()
            await store.write(f"{code}-other", [Change("slide", "1")], NOW)
            slowest = max(slowest, time.monotonic() - began)
        await attack
        waited.append(slowest)
    assert min(waited) < BYSTANDER_S, waited


pytestmark = pytest.mark.timeout(120)
