"""A server that has all the streams it may have: who comes then is sent away for a while, and all else is served.

Rules: the limit is of streams; idle connections and long polls are none.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from scripts.lib.server import Server, serve as serve_app
from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.ordeal import metric, say
from tests.support.viewers import Viewers, viewers
from tests.support.wire import Wire, head, unchunked, wire

PLACES = 20
TURNED_AWAY = 40
LATER_MS = (15_000, 45_000)
IDLE = 30


@pytest.fixture
async def full(tmp_path: Path, redis_url: str) -> AsyncIterator[tuple[Server, Teacher, Viewers]]:
    """A server whose places are all taken."""
    with serve_app(tmp_path, redis_url=redis_url, env={"MAX_STREAMS": str(PLACES)}) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http)
            await teacher.write(("slide", {"page": "blank-1"}))
            async with viewers(server.port, teacher.lesson, PLACES) as there:
                yield server, teacher, there


async def asked(server: Server, teacher: Teacher) -> int:
    """Asks for a stream, and returns the retry of an answer that sends one away."""
    async with wire(server) as line:
        await line.send(f"GET {teacher.path}/events HTTP/1.1\r\nHost: lectern\r\n\r\n".encode())
        raw = await _whole(line)
    status, headers = head(raw)
    assert status == "HTTP/1.1 200 OK"
    assert dict(headers)["content-type"].startswith("text/event-stream")
    body = unchunked(raw)
    assert body.startswith(b"retry: ")
    assert body.endswith(b"\n\n")
    return int(body.removeprefix(b"retry: "))


async def _whole(line: Wire) -> bytes:
    return await line.until(b"0\r\n\r\n")


async def test_who_comes_too_late_is_told_when_to_come_back(full: tuple[Server, Teacher, Viewers]) -> None:
    """With 200, since an EventSource gives up at anything else; each at another time."""
    server, teacher, there = full
    told = await asyncio.gather(*(asked(server, teacher) for _ in range(TURNED_AWAY)))
    assert all(LATER_MS[0] <= retry <= LATER_MS[1] for retry in told)
    assert len(set(told)) > TURNED_AWAY / 2
    assert max(told) - min(told) > (LATER_MS[1] - LATER_MS[0]) / 2
    assert await metric(teacher.http, "lectern_refused_streams_total") == TURNED_AWAY
    assert await metric(teacher.http, 'lectern_streams{audience="viewer"}') == PLACES
    assert there.never_lost
    say(f"{TURNED_AWAY} turned away at {PLACES} streams, for {min(told)} to {max(told)} ms")


async def test_all_else_is_served(full: tuple[Server, Teacher, Viewers]) -> None:
    """Pages, states, long polls, votes, writes, lessons, metrics; and the streams that are there hear of it."""
    server, teacher, there = full
    poll = {"question": "?", "options": ["a", "b"], "multiple": False, "status": "open", "reveal": True}
    cursor = (await teacher.write(("poll/p1", poll)))["cursor"]
    async with server.client() as http:
        waiting = asyncio.create_task(
            http.get(f"{teacher.path}/state", params={"cursor": cursor, "wait": "25"})
        )
        assert (await http.get(f"/{teacher.lesson}")).status_code == httpx.codes.OK
        vote = await http.post(f"{teacher.path}/polls/p1/votes", json={"choices": [1]})
        assert vote.status_code == httpx.codes.OK
        assert dict((await waiting).json()["writes"])["tally/p1"] == {"counts": [0, 1], "voters": 1}
        await Teacher.start(http, "Another")
        assert (await http.get("/readyz")).status_code == httpx.codes.OK
    state = dict((await teacher.http.get(f"{teacher.path}/state")).json()["writes"])
    await there.agree(state)


async def test_only_streams_count(tmp_path: Path, redis_url: str) -> None:
    """Idle connections and long polls take nobody's place."""
    with serve_app(tmp_path, redis_url=redis_url, env={"MAX_STREAMS": "1"}) as server:
        async with server.client() as http, AsyncExitStack() as stack:
            teacher = await Teacher.start(http)
            for _ in range(IDLE):
                line = await stack.enter_async_context(wire(server))
                await line.send(b"GET /healthz HTTP/1.1\r\nHost: lectern\r\n\r\n")
                await line.until(b"alive")
            async with open_stream(http, teacher.lesson) as stream:
                assert (await stream.next_state())["reset"] is True


async def test_a_place_that_becomes_free_is_taken(full: tuple[Server, Teacher, Viewers]) -> None:
    """As soon as somebody leaves."""
    server, teacher, there = full
    await there.leave(1)
    await eventually(
        lambda: metric(teacher.http, 'lectern_streams{audience="viewer"}'), lambda now: now == PLACES - 1
    )
    async with viewers(server.port, teacher.lesson, 1) as late:
        assert late.never_lost


pytestmark = pytest.mark.timeout(60)
