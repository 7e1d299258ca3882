"""What only a store that is another process can do: share, expire, restart, vanish, fall silent."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from redis.asyncio import Redis

from app.core.lesson import START
from app.core.stamp import AHEAD_MS, PULLED_MAX, Stamp
from app.store.contract import Change, Limits, Store, StoreUnavailable
from app.store.records import lesson_keys
from app.store.redis import RedisStore
from scripts.lib.server import free_port
from tests.support.eventually import eventually
from tests.support.redis_server import RedisServer, valkey_binary
from tests.support.stores import ABOUT, NOW, counted, loaded

MUTE_S = 3.0
POLL = Change("poll/x", json.dumps({"question": "?", "options": ["a", "b"], "status": "open"}))
FAR_AHEAD = Change("slide", '{"page":"a-1"}', Stamp(NOW + AHEAD_MS + 1, 0, "a"))


@pytest.fixture
async def store(any_redis: RedisServer) -> AsyncIterator[RedisStore]:
    """On each kind of Redis in turn."""
    store = RedisStore(any_redis.url)
    yield store
    await store.close()


@pytest.fixture
async def own_store(own_valkey: RedisServer) -> AsyncIterator[RedisStore]:
    """On a server of the test's own."""
    store = RedisStore(own_valkey.url)
    yield store
    await store.close()


async def use(store: Store, code: str) -> None:
    """A lesson with everything that makes a key."""
    assert await store.create(code, [ABOUT, POLL], NOW)
    await store.write(code, [FAR_AHEAD, Change("ink/p/s", "1")], NOW)
    assert await store.vote(code, "x", "v", [0], NOW) == 0
    due = await store.vote(code, "x", "w", [0], NOW)
    assert isinstance(due, int)
    assert due > 0


async def test_the_keys_of_a_lesson_are_known_and_live_as_long_as_it(store: RedisStore, code: str) -> None:
    """Every key is one of the lesson's, and has a time to live, whenever it was made."""
    retention = Limits().retention_s
    await use(store, code)
    names = sorted(await store.redis.keys(f"*{code}*"))
    assert names == sorted(name.encode() for name in lesson_keys(code))
    for name in names:
        assert retention - 60 <= await store.redis.ttl(name) <= retention


async def test_a_lesson_that_is_only_created_does_not_live_for_ever(store: RedisStore, code: str) -> None:
    """Also one that has no register yet, and gets its first soon after."""
    await store.create(code, [], NOW)
    await store.create(f"{code}-b", [ABOUT], NOW)
    await store.write(code, [ABOUT], NOW + 1)
    for name in await store.redis.keys(f"*{code}*"):
        assert await store.redis.ttl(name) > 0


async def test_writes_keep_a_lesson_alive(store: RedisStore, code: str) -> None:
    """At most once an hour, all keys at once; votes do so too."""
    await use(store, code)
    steps: list[Callable[[int], Awaitable[object]]] = [
        lambda now: store.write(code, [Change("screen", "1")], now),
        lambda now: store.vote(code, "x", "v", [1], now),
    ]
    for hours, step in enumerate(steps, 1):
        for name in lesson_keys(code):
            await store.redis.expire(name, 100)
        await step(NOW + hours * 3_600_000)
        assert [await store.redis.ttl(name) > 100 for name in lesson_keys(code)] == [True] * len(
            lesson_keys(code)
        )


async def test_a_write_between_renewals_asks_nothing_of_expiry(store: RedisStore, code: str) -> None:
    """Neither reads nor sets a time to live: within the hour there is nothing to renew."""
    await use(store, code)
    for name in lesson_keys(code):
        await store.redis.expire(name, 100)
    await store.redis.config_resetstat()
    await store.write(code, [Change("screen", "1")], NOW + 60_000)
    await store.vote(code, "x", "v", [1], NOW + 60_000)
    asked: dict[str, object] = await store.redis.info("commandstats")
    assert not {"cmdstat_ttl", "cmdstat_pttl", "cmdstat_expire"} & asked.keys()
    assert all([0 < await store.redis.ttl(name) <= 100 for name in lesson_keys(code)])


async def test_far_ahead_stamps_that_begin_anew_are_forgotten_with_the_lesson(
    store: RedisStore, code: str
) -> None:
    """What is remembered of them is made again when it is full, and must not stay for ever."""
    await use(store, code)
    for number in range(0, PULLED_MAX + 200, 200):
        ahead = [Change("screen", "1", Stamp(NOW + 10**7, number + i, "w")) for i in range(200)]
        await store.write(code, ahead, NOW + number)
    assert await store.redis.hlen(lesson_keys(code)[6]) < PULLED_MAX
    assert await store.redis.ttl(lesson_keys(code)[6]) > 0


async def test_a_lessons_keys_die_together(any_redis: RedisServer, code: str) -> None:
    """After the last write and the time to keep it; then the code is unknown, and free."""
    store = RedisStore(any_redis.url, limits=Limits(retention_s=1))
    await use(store, code)
    assert await eventually(lambda: store.redis.keys(f"*{code}*"), lambda names: not names) == []
    assert await store.load(code) is None
    assert await store.create(code, [ABOUT], NOW)
    await store.close()


async def cluster(store: RedisStore, *words: str | int) -> object:
    """Asks a node about its cluster."""
    answer: object = await store.redis.execute_command("CLUSTER", *words)  # type: ignore[no-untyped-call]
    return answer


async def test_the_scripts_need_no_other_slot_of_a_cluster(tmp_path: Path, code: str) -> None:
    """All keys of a lesson share a hash tag, and a node of a real cluster runs the scripts."""
    options = {"cluster-enabled": "yes", "cluster-port": str(free_port())}
    server = RedisServer(valkey_binary(), tmp_path, options).start()
    store = RedisStore(server.url)
    try:
        await cluster(store, "ADDSLOTSRANGE", 0, 16383)
        assert len({await cluster(store, "KEYSLOT", name) for name in lesson_keys(code)}) == 1

        async def state() -> str:
            return str(await cluster(store, "INFO"))

        await eventually(state, lambda info: "cluster_state:ok" in info)
        await use(store, code)
        await store.publish(code, NOW)
        assert await counted(store, code, "x") == ([2], 2)
        assert (await loaded(store, code)).number == 3
    finally:
        await store.close()
        server.kill()


async def test_scripts_that_were_forgotten_are_sent_again(store: RedisStore, code: str) -> None:
    """A failover or SCRIPT FLUSH costs one round trip."""
    await store.create(code, [ABOUT], NOW)
    await store.redis.script_flush()
    assert (await store.write(code, [Change("slide", "1")], NOW)).applied == [True]


async def test_a_lesson_survives_a_restart(own_valkey: RedisServer, own_store: RedisStore, code: str) -> None:
    """With its registers and votes, in another life of the store; a reader of the old life ends."""
    await use(own_store, code)
    before = await loaded(own_store, code)
    reader = await own_store.reader("w")
    assert reader.store == before.store
    own_valkey.kill()
    own_valkey.start()
    reader.follow({code: START})
    with pytest.raises(StoreUnavailable):
        await reader.read()
    await reader.close()
    after = await loaded(own_store, code)
    assert after.store != before.store
    assert after._replace(store=before.store) == before
    assert await counted(own_store, code, "x") == ([2], 2)
    reader = await own_store.reader("w")
    assert reader.store == after.store
    await reader.close()


def calls(store: RedisStore, code: str) -> dict[str, Callable[[], Awaitable[object]]]:
    """Everything one can ask of a store."""
    return {
        "create": lambda: store.create(code + "b", [ABOUT], NOW),
        "load": lambda: store.load(code),
        "write": lambda: store.write(code, [ABOUT], NOW),
        "vote": lambda: store.vote(code, "x", "v", [0], NOW),
        "publish": lambda: store.publish(code, NOW),
        "counts": lambda: store.counts(code),
        "reader": lambda: store.reader("w"),
        "probe": lambda: store.probe("w"),
        "census": lambda: store.census("w", {}, NOW),
        "secret": store.secret,
    }


async def fault(call: Callable[[], Awaitable[object]]) -> float:
    """Makes a call that must fail as `StoreUnavailable`; how long it took."""
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        await call()
    return time.monotonic() - began


async def test_a_store_that_is_gone(own_valkey: RedisServer, own_store: RedisStore, code: str) -> None:
    """Every call says so, at once; when it is back all goes on."""
    await use(own_store, code)
    own_valkey.kill()
    for call in calls(own_store, code).values():
        assert await fault(call) < MUTE_S
    own_valkey.start()
    assert (await own_store.write(code, [Change("screen", "1")], NOW)).applied == [True]


async def test_a_store_that_is_mute(own_valkey: RedisServer, own_store: RedisStore, code: str) -> None:
    """Every call says so within three seconds, also where many wait for the few connections; answers do not mix up."""
    await use(own_store, code)
    own_valkey.freeze()
    every = [*calls(own_store, code).values()] + [lambda: own_store.load(code)] * 80
    assert max(await asyncio.gather(*(fault(call) for call in every))) < MUTE_S
    own_valkey.thaw()
    lessons = [f"{code}-{number}" for number in range(80)]
    await asyncio.gather(*(own_store.create(each, [Change("slide", f'"{each}"')], NOW) for each in lessons))
    snapshots = await asyncio.gather(*(loaded(own_store, each) for each in lessons))
    assert [snapshot.registers[0].raw for snapshot in snapshots] == [f'"{each}"' for each in lessons]


async def test_a_reader_of_a_mute_store(
    own_valkey: RedisServer, own_store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits longer than the server would, then ends; it does not wait for ever."""
    monkeypatch.setattr("app.store.reader.BLOCK_MS", 50)
    monkeypatch.setattr("app.store.reader.RedisReader.TIMEOUT_S", 1.0)
    reader = await own_store.reader("w")
    assert await reader.read() == {}
    own_valkey.freeze()
    assert 0.5 < await fault(reader.read) < MUTE_S
    await reader.close()
    own_valkey.thaw()


async def test_a_stranger_on_the_same_server_is_told_apart(any_redis: RedisServer) -> None:
    """An answer that is an error is a fault of the store, not of the request."""
    store = RedisStore(any_redis.url)
    stranger: Redis = store.redis
    await stranger.set(lesson_keys("k7p4qx")[0], "not a hash")
    for name in ("load", "write", "vote"):
        assert await fault(calls(store, "k7p4qx")[name]) < MUTE_S
    await store.close()


async def test_answers_of_a_store_that_is_not_ours(any_redis: RedisServer, code: str) -> None:
    """A register that cannot be read is a fault too, and says what it is."""
    store = RedisStore(any_redis.url)
    await store.create(code, [ABOUT], NOW)
    await store.redis.hset(lesson_keys(code)[1], "slide", "nonsense|1-0|0|{}")
    with pytest.raises(StoreUnavailable, match="nonsense"):
        await store.load(code)
    await store.close()


async def test_a_reader_that_could_not_be_opened_leaves_nothing_behind(
    own_valkey: RedisServer, own_store: RedisStore
) -> None:
    """No connection stays open where the server answers, but not with what is needed."""
    with own_valkey.client() as admin:
        admin.acl_setuser(
            "default", enabled=True, nopass=True, keys=["*"], categories=["+@all"], commands=["-info"]
        )
        assert await fault(lambda: own_store.reader("w")) < MUTE_S
        await eventually(own_store.redis.client_list, lambda clients: len(clients) == 2)
