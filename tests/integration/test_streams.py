"""The stream of a lesson, byte for byte and event for event, under every server (docs/PROTOCOL.md, section 7).

Rules: everything here holds for the hand-over, for several workers, and where the stream is a plain ASGI response.
"""

import asyncio
import re
import time
from contextlib import AsyncExitStack
from itertools import pairwise

import httpx
import pytest

from scripts.lib.server import Server
from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.support.sites import EVERYWHERE
from tests.support.wire import (
    assert_problem,
    head,
    states,
    stored,
    stroke,
    unchunked,
    viewer_state,
    wire,
)

pytestmark = [
    pytest.mark.parametrize("site", EVERYWHERE, indirect=True),
    pytest.mark.usefixtures("vigil"),
]

CURSOR = re.compile(r"[0-9a-f]{8}\.[0-9]+-[0-9]+")
FIRST = re.compile(
    rb"retry: (?P<retry>[0-9]{4})\n\n"
    rb"id: (?P<id>[0-9a-f]{8}\.[0-9]+-[0-9]+)\nevent: state\ndata: (?P<data>\{.*\})\n\n"
    rb"(?P<rest>(:.*\n\n)?)",
)
WHITE = {"mode": "white"}
WINDOW_S = 0.050


async def raw_stream(server: Server, teacher: Teacher, *headers: bytes) -> tuple[bytes, bytes]:
    """A stream up to its first event: all of it, and its body alone."""
    async with wire(server) as connection:
        lines = [f"GET {teacher.path}/events HTTP/1.1".encode(), b"Host: localhost", *headers]
        await connection.send(b"\r\n".join(lines) + b"\r\n\r\n")
        await connection.until_cursor((await teacher.state())["cursor"])
        return connection.read, unchunked(connection.read)


async def test_the_head_says_that_nobody_may_hold_it_back(teacher: Teacher, site: Server) -> None:
    """The exact headers of the contract, each once; no length, and nothing packed."""
    start, _ = await raw_stream(site, teacher, b"Accept-Encoding: gzip, br", b"Accept: text/event-stream")
    status, headers = head(start)
    assert re.fullmatch(r"HTTP/1\.1 200( OK)? ?", status)
    told = dict(headers)
    assert len(told) == len(headers), "a header came twice"
    assert told["content-type"].partition(";")[0] == "text/event-stream"
    assert told["cache-control"] == "no-store, no-transform"
    assert told["x-accel-buffering"] == "no"
    assert told["transfer-encoding"] == "chunked"
    assert not {"content-length", "content-encoding", "etag", "set-cookie", "last-modified"} & set(told)


async def test_the_first_bytes_are_retry_then_everything(teacher: Teacher, site: Server) -> None:
    """Exactly as the contract writes it down."""
    await teacher.write(("slide", {"page": "d7f3k2-3"}))
    _, body = await raw_stream(site, teacher)
    first = FIRST.fullmatch(body)
    assert first is not None, body
    assert first["data"] == b'{"reset":true,"writes":[["slide",{"page":"d7f3k2-3"}]]}'
    assert first["id"].decode() == (await viewer_state(teacher))["cursor"]


async def test_retry_is_random_for_each_connection(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """2 to 8 s: a crowd that is cut off does not come back at the same moment."""
    seen = []
    for _ in range(12):
        async with open_stream(visitor, teacher.lesson) as stream:
            await stream.next_state()
            assert stream.retry is not None
            seen.append(stream.retry)
    assert all(2_000 <= retry <= 8_000 for retry in seen)
    assert len(set(seen)) > 6, "chance makes two of twelve equal, hardly more"


async def test_the_first_event_comes_at_once_though_nothing_has_happened(
    teacher: Teacher, visitor: httpx.AsyncClient
) -> None:
    """In an empty lesson, and for one who has everything already."""
    started = time.monotonic()
    async with open_stream(visitor, teacher.lesson) as stream:
        first = await stream.next_event()
        assert first.name == "state"
        assert first.data == {"reset": True, "writes": []}
        assert CURSOR.fullmatch(first.id)
    async with open_stream(visitor, teacher.lesson, cursor=first.id) as stream:
        again = await stream.next_event()
        assert (again.data, again.id) == ({"writes": []}, first.id)
    assert time.monotonic() - started < 2.0


async def test_head_answers_the_headers_and_ends(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """And it is nobody who watches."""
    answer = await visitor.head(f"{teacher.path}/events")
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-store, no-transform"
    assert answer.headers["x-accel-buffering"] == "no"
    assert "content-length" not in answer.headers
    assert answer.content == b""
    assert (await visitor.get(teacher.path)).json()["viewers"] == 0
    assert_problem_head(await visitor.head("/api/lessons/zzzzzz/events"), 404)
    assert_problem_head(await visitor.head(f"{teacher.path}/events?as=teacher"), 401)


def assert_problem_head(answer: httpx.Response, status: int) -> None:
    """The head of a problem, without its body."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_what_cannot_be_watched_is_a_problem(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """An unknown lesson 404; the teacher's stream without the key 401; an audience that does not exist 422."""
    assert_problem(await visitor.get("/api/lessons/zzzzzz/events"), 404)
    assert_problem(await visitor.get(f"{teacher.path}/events", params={"as": "teacher"}), 401)
    wrong = {"Authorization": f"Bearer {teacher.key[::-1]}"}
    assert_problem(await visitor.get(f"{teacher.path}/events", params={"as": "teacher"}, headers=wrong), 401)
    assert_problem(await visitor.get(f"{teacher.path}/events", params={"as": "owner"}), 422, "as")


async def test_a_change_after_a_quiet_time_goes_out_at_once(
    teacher: Teacher, visitor: httpx.AsyncClient
) -> None:
    """Not when the next window ends: the quickest of a few takes less than one window."""
    took = []
    async with open_stream(visitor, teacher.lesson) as stream:
        await stream.next_state()
        for number in range(20):
            await asyncio.sleep(2 * WINDOW_S)  # the quiet time is what is under test
            started = time.monotonic()
            _, event = await asyncio.gather(
                teacher.write(("timer", {"ends": number})), stream.next_event("state")
            )
            assert event.data == {"writes": [["timer", {"ends": number}]]}
            took.append(event.at - started)
            if len(took) >= 4 and min(took) < WINDOW_S:
                break
    assert min(took) < WINDOW_S, took


async def test_a_burst_is_merged_into_an_event_a_window(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """Each event has the newest value of a key, once; no window has two events, and the last value arrives."""
    writes = 60
    async with open_stream(visitor, teacher.lesson) as stream:
        await stream.next_state()
        started = time.monotonic()
        for number in range(writes):
            last = await teacher.write(("timer", {"ends": number}), ("slide", {"page": f"a-{number + 1}"}))
        await stream.until(lambda registers: registers.get("timer") == {"ends": writes - 1})
        events = states(stream)[1:]
        assert len(events) <= (events[-1].at - started) / WINDOW_S + 2
        assert len(events) < writes, "nothing was merged"
        for event in events:
            keys = [key for key, _ in event.data["writes"]]
            assert sorted(keys) == ["slide", "timer"]
        shown = [dict(event.data["writes"])["timer"]["ends"] for event in events]
        assert shown == sorted(set(shown))
        assert stream.cursor == last["cursor"]
        # Arrivals jitter, the windows on the server do not: on average they are not closer than a window.
        gaps = [after.at - before.at for before, after in pairwise(events)]
        assert sum(gaps) / max(1, len(gaps)) > 0.8 * WINDOW_S


async def test_the_end_is_told_then_the_stream_closes(
    teacher: Teacher, visitor: httpx.AsyncClient, site: Server
) -> None:
    """After everything accepted before; whoever asks again is told 204, which stops an EventSource."""
    async with (
        open_stream(visitor, teacher.lesson) as viewer,
        open_stream(visitor, teacher.lesson, key=teacher.key) as panel,
        wire(site) as connection,
    ):
        request = f"GET {teacher.path}/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
        await connection.send(request.encode())
        await connection.until(b'"writes"')
        for stream in (viewer, panel):
            await stream.next_state()
        await asyncio.gather(*(teacher.write(("timer", {"ends": number})) for number in range(10)))
        last = await teacher.write(("screen", WHITE))
        everything = dict((await viewer_state(teacher))["writes"])
        assert set(everything) == {"timer", "screen"}
        await teacher.end()
        for stream in (viewer, panel):
            end = await stream.next_event("end")
            assert end.data == {}
            assert stored(stream.registers) == everything
            await stream.until_closed()
            assert stream.events[-1] is end
        raw = await connection.until(b"\r\n0\r\n\r\n")
        assert raw.endswith(b"event: end\ndata: {}\n\n\r\n0\r\n\r\n"), "the end, then the end of the chunks"
        assert raw.count(b"event: end\ndata: {}\n\n") == 1
        await connection.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        goes_on = b"alive\n" in await connection.until_closed()
        assert goes_on is (("connection", "close") not in head(raw)[1]), "one that closes says so before"
    for headers in ({}, {"Last-Event-ID": last["cursor"]}):
        answer = await visitor.get(f"{teacher.path}/events", headers=headers)
        assert (answer.status_code, answer.content) == (204, b"")


async def test_many_viewers_see_one_lesson(teacher: Teacher, site: Server) -> None:
    """More than a slice of the fan-out: all get every change, and all end equal."""
    async with AsyncExitStack() as stack:
        everybody = [await stack.enter_async_context(wire(site)) for _ in range(300)]
        for viewer in everybody:
            await viewer.send(f"GET {teacher.path}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        for viewer in everybody:
            await viewer.until(b'"writes"', seconds=20.0)
        for number in range(20):
            await teacher.write((f"ink/a-1/s{number}", stroke(number, 0)), ("slide", {"page": "a-1"}))
        last = await teacher.write(("screen", WHITE))
        everything = dict((await viewer_state(teacher))["writes"])
        assert len(everything) == 22
        for viewer in everybody:
            assert await viewer.until_cursor(last["cursor"], seconds=20.0) == everything
