"""Metrics: each that an operator would look at or be woken by moves when what it counts happens (docs/PROTOCOL.md, section 10).

Rules: read from the outside, on a server and a store of the test's own; counted as differences.
"""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app import metrics
from scripts.lib.deck import plain_deck
from scripts.lib.server import Server, serve as serve_app
from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.redis_server import RedisServer, valkey_binary
from tests.support.wire import poll, stroke

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "OPERATIONS.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This module's files."""
    return tmp_path_factory.mktemp("metrics")


@pytest.fixture(scope="module")
def store(folder: Path) -> Iterator[RedisServer]:
    """A store to freeze and to restart."""
    server = RedisServer(valkey_binary(), folder / "valkey").start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def counted(folder: Path, store: RedisServer) -> Iterator[Server]:
    """A server whose metrics nobody else moves; it takes few streams."""
    with serve_app(folder, redis_url=store.url, env={"MAX_STREAMS": "6"}) as server:
        yield server


@pytest.fixture
async def http(counted: Server) -> AsyncIterator[httpx.AsyncClient]:
    """Its client."""
    async with counted.client() as client:
        yield client


async def read(http: httpx.AsyncClient) -> dict[str, float]:
    """Every sample, by its name and labels as Prometheus writes them."""
    families = text_string_to_metric_families((await http.get("/metrics")).text)
    return {
        sample.name + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


class Moves:
    """How far a sample has moved since this was made."""

    def __init__(self, http: httpx.AsyncClient, before: dict[str, float]) -> None:
        self._http = http
        self._before = before

    @classmethod
    async def since_now(cls, http: httpx.AsyncClient) -> "Moves":
        """From this moment on."""
        return cls(http, await read(http))

    async def of(self, name: str, at_least: float = 1) -> float:
        """Waits until it has moved so far, and says how far."""

        async def moved() -> float:
            return (await read(self._http)).get(name, 0) - self._before.get(name, 0)

        return await eventually(moved, lambda by: by >= at_least)


async def test_joins_by_kind_and_open_streams(http: httpx.AsyncClient) -> None:
    """New, resumed, reset; the gauge follows at once and comes back."""
    teacher = await Teacher.start(http)
    moves = await Moves.since_now(http)
    async with open_stream(http, teacher.lesson) as stream:
        await stream.next_state()
        assert stream.cursor
        async with open_stream(http, teacher.lesson, cursor=stream.cursor) as again:
            await again.next_state()
        async with open_stream(http, teacher.lesson, cursor="00000000.1-0") as other:
            await other.next_state()
        async with open_stream(http, teacher.lesson, key=teacher.key) as panel:
            await panel.next_state()
            now = await read(http)
            assert now["lectern_streams{teacher}"] == 1
            assert now["lectern_streams{viewer}"] >= 1
    assert await moves.of("lectern_joins_total{new}", 2) == 2
    assert await moves.of("lectern_joins_total{resumed}") == 1
    assert await moves.of("lectern_joins_total{reset}") == 1

    async def open_now() -> float:
        told = await read(http)
        return told["lectern_streams{viewer}"] + told["lectern_streams{teacher}"]

    await eventually(open_now, lambda streams: streams == 0)


async def test_writes_votes_and_how_long_they_take(http: httpx.AsyncClient) -> None:
    """Applied or beaten; counted or refused; to the store, through a flush, to the last viewer."""
    teacher = await Teacher.start(http)
    moves = await Moves.since_now(http)
    async with open_stream(http, teacher.lesson) as viewer:
        await viewer.next_state()
        await teacher.write(("poll/p1", poll()), ("screen", {"mode": "white"}, "2.0.a"))
        await teacher.write(("screen", {"mode": "black"}, "1.0.a"))
        await viewer.until(lambda registers: "poll/p1" in registers)
        for choice, result in ((0, "counted"), (9, "impossible")):
            await http.post(f"{teacher.path}/polls/p1/votes", json={"choices": [choice]})
            assert await moves.of(f"lectern_votes_total{{{result}}}") == 1
    assert await moves.of("lectern_writes_total{True}", 2) == 2
    assert await moves.of("lectern_writes_total{False}") == 1
    for name in ("write", "flush", "delivery"):
        count = await moves.of(f"lectern_{name}_seconds_count")
        spent = await moves.of(f"lectern_{name}_seconds_sum", 0)
        assert 0 <= spent < count * 1.0, name


async def test_streams_that_are_sent_away(http: httpx.AsyncClient, counted: Server) -> None:
    """At the limit."""
    teacher = await Teacher.start(http)
    moves = await Moves.since_now(http)
    async with counted.client() as crowd:
        streams = [crowd.stream("GET", f"{teacher.path}/events") for _ in range(7)]
        answers = [await stream.__aenter__() for stream in streams]
        for stream in streams:
            await stream.__aexit__(None, None, None)
    assert {answer.status_code for answer in answers} == {200}
    assert await moves.of("lectern_refused_streams_total") == 1


async def test_a_slow_viewer_is_caught_up_or_dropped(http: httpx.AsyncClient, counted: Server) -> None:
    """One that reads late is brought up to date once; one that never does is dropped by the wheel, two turns later."""
    teacher = await Teacher.start(http)
    moves = await Moves.since_now(http)
    sleepers = []
    for _ in range(2):
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        plain.connect(("127.0.0.1", counted.port))
        plain.sendall(f"GET {teacher.path}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        sleepers.append(plain)
    try:
        async with open_stream(http, teacher.lesson) as viewer:
            await viewer.next_state()
            for number in range(120):
                await teacher.write(*((f"ink/a-1/s{key}", stroke(*[number] * 18_000)) for key in range(3)))
            await teacher.write(("screen", {"mode": "white"}))
            await viewer.until(lambda registers: "screen" in registers, seconds=30)

        def drink() -> None:
            sleepers[0].settimeout(3.0)
            try:
                while sleepers[0].recv(1 << 20):
                    pass
            except TimeoutError:
                return

        await asyncio.to_thread(drink)
        assert await moves.of("lectern_catch_ups_total") >= 1

        async def dropped() -> float:
            return (await read(http))["lectern_slow_aborted_total"]

        await eventually(dropped, lambda streams: streams >= 1, 45)
    finally:
        for plain in sleepers:
            plain.close()


async def test_decks_by_outcome(http: httpx.AsyncClient) -> None:
    """Ready, failed, and refused before they were drawn."""
    teacher = await Teacher.start(http)
    moves = await Moves.since_now(http)
    await teacher.rendered(await teacher.upload(plain_deck(1)))
    await teacher.rendered(await teacher.upload(b"no PDF at all"))
    headers = teacher.auth | {"Content-Type": "application/pdf"}
    assert (await http.post(f"{teacher.path}/decks", content=b"", headers=headers)).status_code == 422
    for outcome in ("ready", "failed", "refused"):
        assert await moves.of(f"lectern_decks_total{{{outcome}}}") == 1


async def test_a_store_that_is_away(http: httpx.AsyncClient, store: RedisServer) -> None:
    """Errors are counted while nobody asks for anything, for the background work has them; the reader's age grows."""
    await Teacher.start(http)
    moves = await Moves.since_now(http)
    assert (await read(http))["lectern_reader_age_seconds"] < 5
    store.freeze()
    try:
        assert await moves.of("lectern_store_errors_total", 2) >= 2

        async def age() -> float:
            return (await read(http))["lectern_reader_age_seconds"]

        await eventually(age, lambda seconds: seconds > 5)
    finally:
        store.thaw()
    await eventually(age, lambda seconds: seconds < 4)


async def test_gaps_and_new_epochs(http: httpx.AsyncClient, store: RedisServer) -> None:
    """An entry that is missing, and a store that has begun a new life: lessons are loaded again, and it is counted."""
    teacher = await Teacher.start(http)
    await teacher.write(("screen", {"mode": "white"}))
    moves = await Moves.since_now(http)
    with store.client() as redis:
        (feed,) = [key for key in redis.scan_iter(match=f"*{teacher.lesson}*") if redis.type(key) == "stream"]
        redis.xadd(feed, {"#": "1000"})
    assert await moves.of("lectern_feed_gaps_total") >= 1
    store.kill()
    store.start()
    assert await moves.of("lectern_epoch_resets_total") >= 1


def test_every_metric_is_documented() -> None:
    """docs/OPERATIONS.md names each of ours, and none that does not exist."""
    told = set(re.findall(r"`(lectern_\w+)`", OPERATIONS.read_text(encoding="utf-8")))
    ours = {family.name for family in metrics.REGISTRY.collect() if family.name.startswith("lectern_")}
    assert {
        name.removesuffix("_total").removesuffix("_count").removesuffix("_bucket") for name in told
    } == ours
