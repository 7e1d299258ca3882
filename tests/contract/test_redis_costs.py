"""What a request costs a store that all lessons share: what it changes, whatever its lesson holds."""

from collections.abc import AsyncIterator, Sequence

import pytest

from app.core.lesson import NULL
from app.core.stamp import Stamp
from app.store.contract import Change
from app.store.records import lesson_keys
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


async def test_a_clear_between_strokes_and_the_clears_of_their_pieces_touches_neither(
    store: RedisStore, code: str
) -> None:
    """Strokes drawn in pieces survive it, each with its older clear: it took the store of a full lesson a second to look at them."""
    hosts = [
        change
        for number in range(300)
        for change in (
            Change(f"ink/p{number % 3}/s{number}", "1", Stamp(NOW, 0, "Z")),
            Change(f"ink/p{number % 3}/s{number}/", NULL, Stamp(NOW - 10, 0, "Z")),
        )
    ]
    await draw(store, code, hosts)
    names, state = lesson_keys(code)[2], lesson_keys(code)[1]
    before = await store.redis.zrange(names, 0, -1), await store.redis.hgetall(state)
    clears = [Change("ink/p1/", NULL, Stamp(NOW - 6, 0, "Z")), Change("ink/", NULL, Stamp(NOW - 5, 0, "Z"))]
    few = await commands(store, code, clears)
    after = await store.redis.zrange(names, 0, -1), await store.redis.hgetall(state)
    assert set(before[0]) - set(after[0]) == set()
    assert after[1].keys() - before[1].keys() == {b"ink/", b"ink/p1/"}
    assert {key: kept for key, kept in after[1].items() if key in before[1]} == before[1]
    assert few < 20


async def test_a_clear_of_everything_removes_ranges(store: RedisStore, code: str) -> None:
    """Pieces of strokes stand below three prefixes each; the order of all of them has gone after a few commands."""
    pieces = [
        Change(f"ink/p{each % 8}/s{each % 80}/{each}", "1", Stamp(NOW, each, "Z")) for each in range(4_000)
    ]
    await draw(store, code, pieces)
    assert await commands(store, code, [Change("ink/", NULL, Stamp(NOW, 5_000, "Z"))]) < 24
    assert await store.redis.zrange(lesson_keys(code)[2], 0, -1) == [b""]


async def busy_s(store: RedisStore) -> float:
    """How long the store has computed so far, in seconds: while it does it answers nobody. No clock of a busy machine."""
    used: dict[str, float] = await store.redis.info("cpu")
    return used["used_cpu_user_main_thread"] + used["used_cpu_sys_main_thread"]


@pytest.mark.parametrize("request_", [*sorted(ATTACKS), "everything", "all but one"])
async def test_another_lessons_write_is_not_kept_waiting(store: RedisStore, code: str, request_: str) -> None:
    """While a full lesson is attacked, or cleared of all it holds; or half a full one of all but one, each of which is told."""
    everything = [Change("ink/", NULL, Stamp(NOW, 1, "Z"))]
    but_one = [Change("ink/p0/later", "1", Stamp(NOW, 2, "Z")), *everything]
    request = ATTACKS.get(request_, but_one if request_ == "all but one" else everything)
    took: list[float] = []
    while not took or (min(took) >= BYSTANDER_S and len(took) < TRIES):
        lesson = f"{code}-{len(took)}"
        await draw(store, lesson, strokes(FULL // 2 if request_ == "all but one" else FULL))
        before = await busy_s(store)
        assert all((await store.write(lesson, request, NOW)).applied)
        took.append(await busy_s(store) - before)
    assert min(took) < BYSTANDER_S, took


pytestmark = pytest.mark.timeout(120)
