"""Health, readiness and metrics, and what goes on while the store is silent (docs/PROTOCOL.md, section 10).

Rules: the store that is frozen belongs to these tests alone.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from scripts.lib.server import Server, serve as serve_app
from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.redis_server import RedisServer, valkey_binary
from tests.support.wire import assert_problem, stroke, viewer_state

WHITE = {"mode": "white"}
READY_S = 5.0  # how soon readiness follows the store


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This module's files."""
    return tmp_path_factory.mktemp("operations")


@pytest.fixture(scope="module")
def store(folder: Path) -> Iterator[RedisServer]:
    """A store to freeze."""
    server = RedisServer(valkey_binary(), folder / "valkey").start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def frail(folder: Path, store: RedisServer) -> Iterator[Server]:
    """A server on that store."""
    with serve_app(folder, redis_url=store.url) as server:
        yield server


@pytest.fixture(scope="module")
def small(folder: Path, store: RedisServer) -> Iterator[Server]:
    """Another server on that store, with room for two streams."""
    with serve_app(folder / "small", redis_url=store.url, env={"MAX_STREAMS": "2"}) as server:
        yield server


@pytest.fixture
async def http(frail: Server) -> AsyncIterator[httpx.AsyncClient]:
    """A client of that server."""
    async with frail.client() as client:
        yield client


async def status(http: httpx.AsyncClient, path: str) -> int:
    """A path's status."""
    return (await http.get(path)).status_code


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_a_healthy_server_says_so(http: httpx.AsyncClient, path: str) -> None:
    """200, not to be stored by anything in between; HEAD the same."""
    answer = await http.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert (await http.head(path)).status_code == 200


async def test_metrics_are_prometheus_text(http: httpx.AsyncClient) -> None:
    """They parse, and count what is open now."""
    teacher = await Teacher.start(http)

    async def streams() -> dict[str, float]:
        answer = await http.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=")
        families = {family.name: family for family in text_string_to_metric_families(answer.text)}
        assert {"lectern_streams", "lectern_writes", "process_resident_memory_bytes"} <= set(families)
        return {sample.labels["audience"]: sample.value for sample in families["lectern_streams"].samples}

    assert await streams() == {"viewer": 0, "teacher": 0}
    async with (
        open_stream(http, teacher.lesson),
        open_stream(http, teacher.lesson),
        open_stream(http, teacher.lesson, key=teacher.key),
    ):
        assert await streams() == {"viewer": 2, "teacher": 1}
    await eventually(streams, lambda counted: counted == {"viewer": 0, "teacher": 0})


async def test_while_the_store_is_silent(http: httpx.AsyncClient, small: Server, store: RedisServer) -> None:
    """Not ready but alive; a lesson that is known is read and joined; what needs the store is told so, soon; then all goes on."""
    teacher = await Teacher.start(http)
    await teacher.write(("slide", {"page": "a-1"}), ("ink/a-1/s1", stroke(1, 1)))
    known = await viewer_state(teacher)
    async with small.client() as elsewhere:
        stranger = await Teacher.start(
            elsewhere
        )  # to the server that is asked, a lesson that it has not loaded
    async with open_stream(http, teacher.lesson) as viewer:
        await viewer.next_state()
        store.freeze()
        try:
            refused = asyncio.create_task(all_refused(http, teacher, stranger))
            await eventually(lambda: status(http, "/readyz"), lambda told: told == 503, READY_S)
            for path in ("/healthz", "/metrics", f"{teacher.path}/ink/a-1", f"/{teacher.lesson}"):
                assert await status(http, path) == 200
            assert await viewer_state(teacher) == known
            async with open_stream(http, teacher.lesson) as joined:
                assert dict((await joined.next_state())["writes"]) == dict(known["writes"])
            await refused
            assert not viewer.closed
        finally:
            store.thaw()
        await eventually(lambda: status(http, "/readyz"), lambda told: told == 200, READY_S)
    # Whether the requests that were answered 503 took effect is not known; the end, above all.
    fresh = await Teacher.start(http)
    async with open_stream(http, fresh.lesson) as other:
        await fresh.write(("screen", WHITE))
        await other.until(lambda registers: registers == {"screen": WHITE})
    assert await status(http, f"{stranger.path}/state") == 200


async def all_refused(http: httpx.AsyncClient, teacher: Teacher, stranger: Teacher) -> None:
    """Within 4 s: 503 and when to try again; for an EventSource 200 and a random retry of seconds, since it gives up at any other."""
    started = time.monotonic()
    body = {"writes": [{"key": "screen", "value": WHITE}]}
    stream, *answers = await asyncio.gather(
        http.get(f"{stranger.path}/events"),
        http.get(f"{stranger.path}/state"),
        http.post(f"{teacher.path}/state", json=body, headers=teacher.auth),
        http.post(f"{teacher.path}/polls/p1/votes", json={"choices": [0]}),
        http.post("/api/lessons", json={"title": "x"}),
        http.post(f"{teacher.path}/end", headers=teacher.auth),
    )
    assert time.monotonic() - started < 4.0
    for answer in answers:
        assert_problem(answer, 503)
        assert int(answer.headers["retry-after"]) > 0
    assert stream.status_code == 200
    assert stream.headers["content-type"].partition(";")[0] == "text/event-stream"
    assert "content-length" not in stream.headers
    assert 3_000 <= int(stream.text.strip().removeprefix("retry: ")) <= 12_000


async def test_a_full_server_sends_streams_away_politely(small: Server) -> None:
    """200 with a long random retry, and the end; everything else goes on, and who leaves makes room."""
    async with small.client() as http:
        teacher = await Teacher.start(http)
        path = f"{teacher.path}/events"
        async with open_stream(http, teacher.lesson) as first:
            await first.next_state()
            async with open_stream(http, teacher.lesson) as second:
                await second.next_state()
                retries = set()
                for _ in range(5):
                    answer = await http.get(path)
                    assert answer.status_code == 200
                    assert answer.headers["content-type"].partition(";")[0] == "text/event-stream"
                    assert answer.headers["cache-control"] == "no-store, no-transform"
                    assert answer.text.startswith("retry: ")
                    retries.add(int(answer.text.removeprefix("retry: ").strip()))
                assert min(retries) >= 10_000
                assert len(retries) > 1
                assert await status(http, f"{teacher.path}/state") == 200
                await teacher.write(("screen", WHITE))
                await second.until(lambda registers: registers == {"screen": WHITE})

            async def joins() -> bool:
                async with http.stream("GET", path) as answer:
                    first_line = await anext(answer.aiter_lines())
                    return int(first_line.removeprefix("retry: ")) <= 8_000

            assert await eventually(joins, bool)
