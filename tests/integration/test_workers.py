"""Several processes serve one lesson and agree (docs/ARCHITECTURE.md; docs/PROTOCOL.md, sections 3 to 8).

Rules: where it matters who answers, two servers of one store are asked by name; `WEB_CONCURRENCY=2` shares one port,
and the test makes sure that both its workers took part.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial

import httpx
import psutil
import pytest

from scripts.lib.server import Server
from scripts.lib.stream import EventStream, Registers, open_stream
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.sites import H11, TWO, Sites
from tests.support.wire import SAME_ORIGIN, Wire, poll, sight, stroke, viewer_state, wire

BLACK, WHITE = {"mode": "black"}, {"mode": "white"}


@pytest.fixture
async def there(sites: Sites) -> AsyncIterator[httpx.AsyncClient]:
    """A client of another process than `teacher` and `visitor` ask."""
    async with sites.get(H11).client() as client:
        yield client


@pytest.fixture
def co_teacher(teacher: Teacher, there: httpx.AsyncClient) -> Teacher:
    """The same teacher, asking the other process."""
    return replace(teacher, http=there)


def reached(stream: EventStream, cursor: str, _: Registers) -> bool:
    """Whether the stream has come to a cursor."""
    return stream.cursor == cursor


async def test_what_is_written_here_is_seen_there(
    teacher: Teacher, co_teacher: Teacher, visitor: httpx.AsyncClient
) -> None:
    """By streams, state and long polls of either process, register for register and cursor for cursor."""
    async with (
        open_stream(visitor, teacher.lesson) as here,
        open_stream(co_teacher.http, teacher.lesson) as there,
    ):
        for number in range(20):
            writer = (teacher, co_teacher)[number % 2]
            last = await writer.write(
                (f"ink/a-1/s{number}", stroke(number, number)), ("slide", {"page": "a-1"})
            )
        for stream in (here, there):
            await stream.until(partial(reached, stream, last["cursor"]))
        assert here.registers == there.registers
        assert len(here.registers) == 21

        async def agree() -> bool:
            return await sight(teacher) == await sight(co_teacher)

        assert await eventually(agree, bool)


async def test_stamps_decide_whichever_process_was_asked(teacher: Teacher, co_teacher: Teacher) -> None:
    """The server's own stamps too: each comes after everything accepted, by whichever process."""
    stamps = []
    for number in range(20):
        writer = (teacher, co_teacher)[number % 2]
        told = await writer.write(("timer", {"ends": number}))
        assert told["applied"] == [True]
        ms, counter, _ = told["stamps"][0].split(".")
        stamps.append((int(ms), int(counter)))
    assert stamps == sorted(set(stamps))
    assert (await co_teacher.write(("timer", None, "1.0.a")))["applied"] == [False]
    far = f"{time.time_ns() // 1_000_000 + 3_600_000}.0.tablet"
    first = await teacher.write(("screen", BLACK, far))
    again = await co_teacher.write(("screen", BLACK, far))
    assert (again["applied"], again["stamps"]) == ([False], first["stamps"])


async def test_a_cursor_from_here_is_good_there_at_once(teacher: Teacher, there: httpx.AsyncClient) -> None:
    """Even where the other process is a moment behind: just the changes since, never a reset."""
    await there.get(teacher.path)
    for number in range(30):
        cursor = (await teacher.write(("timer", {"ends": number})))["cursor"]
        async with open_stream(there, teacher.lesson, cursor=cursor) as stream:
            first = await stream.next_event("state")
            assert first.data == {"writes": []}
            assert first.id == cursor
        answer = await there.get(f"{teacher.path}/state", params={"cursor": cursor})
        assert answer.json() == {"cursor": cursor, "writes": []}


async def test_a_cookie_from_here_is_good_there(
    teacher: Teacher, visitor: httpx.AsyncClient, there: httpx.AsyncClient
) -> None:
    """The panel's session and the voter: one teacher, one vote."""
    await teacher.write(("poll/p1", poll()))
    await visitor.post(f"{teacher.path}/session", headers=teacher.auth)
    path = f"{teacher.path}/polls/p1/votes"
    assert (await visitor.post(path, json={"choices": [0]})).status_code == 200
    cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())}
    body = {"writes": [{"key": "screen", "value": BLACK}]}
    answer = await there.post(f"{teacher.path}/state", json=body, headers=SAME_ORIGIN | cookies)
    assert answer.json()["applied"] == [True]
    answer = await there.post(path, json={"choices": [2]}, headers=cookies)
    assert (answer.status_code, "set-cookie" in answer.headers) == (200, False)
    async with open_stream(there, teacher.lesson, key=teacher.key) as panel:
        await panel.until(lambda registers: registers.get("tally/p1") == {"counts": [0, 0, 1], "voters": 1})


async def test_viewers_of_all_processes_are_counted_everywhere(
    teacher: Teacher, visitor: httpx.AsyncClient, there: httpx.AsyncClient
) -> None:
    """In the lesson, in the register `audience`, and until they leave."""
    async with (
        open_stream(visitor, teacher.lesson),
        open_stream(visitor, teacher.lesson),
        open_stream(there, teacher.lesson),
        open_stream(there, teacher.lesson, key=teacher.key) as panel,
        open_stream(visitor, teacher.lesson, key=teacher.key) as other,
    ):
        for each in (panel, other):
            await each.until(lambda registers: registers.get("audience") == {"viewers": 3})
        for http in (visitor, there):
            assert (await http.get(teacher.path)).json()["viewers"] == 3


async def test_a_long_poll_there_hears_what_is_written_here(
    teacher: Teacher, there: httpx.AsyncClient
) -> None:
    """As soon as it is."""
    cursor = (await viewer_state(teacher))["cursor"]
    params = {"cursor": cursor, "wait": "20"}
    question = asyncio.create_task(there.get(f"{teacher.path}/state", params=params))
    await asyncio.wait([question], timeout=0.2)
    assert not question.done()
    last = await teacher.write(("screen", WHITE))
    answer = await asyncio.wait_for(question, 3.0)
    assert answer.json() == {"cursor": last["cursor"], "writes": [["screen", WHITE]]}


async def test_the_end_reaches_everybody(
    teacher: Teacher, visitor: httpx.AsyncClient, there: httpx.AsyncClient
) -> None:
    """Whichever process they watch; then 204 at both."""
    async with open_stream(visitor, teacher.lesson) as here, open_stream(there, teacher.lesson) as other:
        await teacher.end()
        for stream in (here, other):
            await stream.next_event("end")
            await stream.until_closed()
    for http in (visitor, there):
        assert (await http.get(f"{teacher.path}/events")).status_code == 204


def holders(server: Server, connections: list[Wire]) -> set[int]:
    """The processes that hold the other ends of these connections."""
    ports = {connection.writer.get_extra_info("sockname")[1] for connection in connections}
    return {
        process.pid
        for process in psutil.Process(server.pid).children(recursive=True)
        for found in process.net_connections("tcp")
        if found.status == psutil.CONN_ESTABLISHED
        if found.raddr.port in ports
    }


@pytest.mark.parametrize("site", [TWO], indirect=True)
async def test_both_workers_of_a_server_serve_one_lesson(teacher: Teacher, site: Server) -> None:
    """Thirty who watch, spread over both workers, see the same lesson while requests go to either."""
    async with AsyncExitStack() as stack:
        crowd: list[Wire] = []
        while len(holders(site, crowd)) < 2 or len(crowd) < 30:
            assert len(crowd) < 500, "one worker takes all connections"
            joining = [await stack.enter_async_context(wire(site)) for _ in range(10)]
            for viewer in joining:
                await viewer.send(f"GET {teacher.path}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            await asyncio.gather(*(viewer.until(b'"writes"') for viewer in joining))
            crowd += joining
        for number in range(20):
            async with site.client() as http:  # a new connection goes to whichever worker takes it
                writer = replace(teacher, http=http)
                last = await writer.write(
                    (f"ink/a-1/s{number}", stroke(number, 1)), ("slide", {"page": "a-1"})
                )
        states = eventually(lambda: viewer_state(teacher), lambda told: told["cursor"] == last["cursor"])
        everything = dict((await states)["writes"])
        assert len(everything) == 21
        for registers in await asyncio.gather(*(viewer.until_cursor(last["cursor"]) for viewer in crowd)):
            assert registers == everything
