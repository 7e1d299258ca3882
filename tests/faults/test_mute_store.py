"""A store that is there and says nothing: frozen, or behind a line that swallows everything.

Rules: nobody waits for more than three seconds for a 503, no stream is dropped, joins go on from memory and say that they
may be behind, and all of it heals by itself, with nothing lost from the feed.
"""

import asyncio
import time
from pathlib import Path

import httpx
import pytest

from scripts.lib.deck import plain_deck
from scripts.lib.server import serve as serve_app
from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.faults.conftest import store_url
from tests.support.eventually import eventually
from tests.support.ordeal import Ordeal, metric, ordeal, say, status
from tests.support.proxy import PASS, SWALLOW, Proxy
from tests.support.redis_server import RedisServer

PDF = plain_deck(1)
CROWD = 200
MUTE_S = 15.0
FAILS_WITHIN_S = 3.0
TOLD_WITHIN_S = 6.0  # from the last word of the store to `behind`
HEALS_WITHIN_S = 15.0
TURNED_AWAY = 30


async def refused(http: httpx.AsyncClient, under_way: Ordeal) -> list[float]:
    """A write, a vote, a lesson and a deck, each answered with 503 in time; how long each took."""
    teacher = under_way.teacher
    write = {"writes": [{"key": "timer", "value": {"paused": 1}}]}
    asked = (
        http.post(f"{teacher.path}/state", json=write, headers=teacher.auth),
        http.post(f"{teacher.path}/polls/refused/votes", json={"choices": [0]}),
        http.post("/api/lessons", json={"title": "Another"}),
        http.post(
            f"{teacher.path}/decks", content=PDF, headers={**teacher.auth, "Content-Type": "application/pdf"}
        ),
    )
    answers = await asyncio.gather(*asked)
    for answer in answers:
        assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
        assert 1 <= int(answer.headers["retry-after"]) <= 30
        assert answer.headers["content-type"] == "application/problem+json"
    took = [answer.elapsed.total_seconds() for answer in answers]
    assert max(took) < FAILS_WITHIN_S
    return took


async def served_from_memory(http: httpx.AsyncClient, teacher: Teacher) -> None:
    """A join has its state at once, and the beat right after it says that there may be news."""
    began = time.monotonic()
    async with open_stream(http, teacher.lesson) as stream:
        first = await stream.next_state(seconds=1.0)
        assert first["reset"]
        assert "slide" in stream.registers
        beat = await stream.next_event("beat", seconds=1.0)
        assert beat.data["behind"] is True
    snapshot = await http.get(f"{teacher.path}/state")
    assert snapshot.status_code == httpx.codes.OK
    assert time.monotonic() - began < FAILS_WITHIN_S


async def ask_too(under_way: Ordeal) -> None:
    """A poll for votes that will be refused: some may count all the same, since nobody knows what became of them."""
    poll = {"question": "?", "options": ["a", "b"], "multiple": False, "status": "open", "reveal": False}
    await under_way.teacher.write(("poll/refused", poll))


async def endure(http: httpx.AsyncClient, under_way: Ordeal) -> list[float]:
    """Everything that must hold while the store is mute; the times of the refusals."""
    mute_at = time.monotonic()
    took = await refused(http, under_way)
    await eventually(
        lambda: status(http, "/readyz"), lambda code: code == httpx.codes.SERVICE_UNAVAILABLE, 4.0
    )
    await asyncio.sleep(mute_at + TOLD_WITHIN_S - time.monotonic())
    await served_from_memory(http, under_way.teacher)
    while time.monotonic() + FAILS_WITHIN_S < mute_at + MUTE_S:
        took += await refused(http, under_way)
    await asyncio.sleep(mute_at + MUTE_S - time.monotonic())
    beats = [
        beat for one in under_way.there.members for beat in one.beats if beat[0] > mute_at + TOLD_WITHIN_S
    ]
    assert beats
    assert all(beat.get("behind") is True for _, beat in beats)
    return took


async def healed(http: httpx.AsyncClient, under_way: Ordeal) -> None:
    """Ready again, heard again, and nobody is told otherwise."""
    await eventually(lambda: status(http, "/readyz"), lambda code: code == httpx.codes.OK, HEALS_WITHIN_S)
    ready = time.monotonic()
    say(f"ready again after {ready - under_way.over:.2f} s")
    async with open_stream(http, under_way.teacher.lesson) as stream:
        await stream.next_state()
        assert [event.name for event in stream.events if event.name == "beat"] == []
    for one in under_way.there.members:
        assert not any(beat.get("behind") for at, beat in one.beats if at > ready)


def tell(what: str, under_way: Ordeal, took: list[float]) -> None:
    """The figures."""
    under_way.tell(what)
    say(f"{what}: {len(took)} requests refused, slowest after {max(took):.2f} s")


async def test_a_frozen_store(tmp_path: Path, own_valkey: RedisServer) -> None:
    """SIGSTOP for 15 s: connections stay open, and what was sent before is executed when it goes on."""
    with serve_app(tmp_path, redis_url=own_valkey.url) as server:
        async with ordeal(server, CROWD) as under_way, server.client() as http:
            await ask_too(under_way)
            own_valkey.freeze()
            try:
                took = await endure(http, under_way)
            finally:
                own_valkey.thaw()
            under_way.fault_over()
            await healed(http, under_way)
        assert under_way.account.slowest_failure < FAILS_WITHIN_S
        assert under_way.there.never_lost
        assert under_way.there.resets == 0
        assert " fault=" not in server.log  # no traceback: a store that is away is a line
        tell("a store frozen for 15 s", under_way, took)


async def test_a_line_that_swallows(tmp_path: Path, own_valkey: RedisServer, store_line: Proxy) -> None:
    """A server in the store's place that accepts and never answers; what others write meanwhile is heard afterwards, all of it."""
    with (
        serve_app(tmp_path / "behind-it", redis_url=store_url(store_line)) as mute,
        serve_app(tmp_path / "beside-it", redis_url=own_valkey.url) as well,
    ):
        async with ordeal(well, CROWD, port=mute.port) as under_way, mute.client() as http:
            await ask_too(under_way)
            store_line.set(SWALLOW)
            took = await endure(http, under_way)
            store_line.set(PASS)
            under_way.fault_over()
            await healed(http, under_way)
            assert await metric(http, "lectern_feed_gaps_total") == 0
            assert await metric(http, "lectern_epoch_resets_total") == 0
        assert under_way.account.failures == {}  # of the other server, which noticed nothing
        assert under_way.there.never_lost
        assert under_way.there.resets == 0
        tell("a line that swallows for 15 s", under_way, took)


async def test_a_lesson_that_is_not_loaded_sends_its_viewers_away_for_seconds(
    tmp_path: Path, own_valkey: RedisServer
) -> None:
    """With 200, since an EventSource gives up at anything else, and soon: most outages are short."""
    with (
        serve_app(tmp_path / "knows-it", redis_url=own_valkey.url) as one,
        serve_app(tmp_path / "does-not", redis_url=own_valkey.url) as other,
    ):
        async with one.client() as http, other.client() as elsewhere:
            teacher = await Teacher.start(http)
            own_valkey.freeze()
            try:
                answers = await asyncio.gather(
                    *(elsewhere.get(f"{teacher.path}/events") for _ in range(TURNED_AWAY))
                )
            finally:
                own_valkey.thaw()
            assert {answer.status_code for answer in answers} == {httpx.codes.OK}
            told = [int(answer.text.removeprefix("retry: ")) for answer in answers]
            assert all(3_000 <= retry <= 12_000 for retry in told)
            assert max(told) - min(told) > 3_000  # not all at once
            async with open_stream(elsewhere, teacher.lesson) as stream:
                assert (await stream.next_state())["reset"]


pytestmark = pytest.mark.timeout(180)
