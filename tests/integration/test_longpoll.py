"""The long poll, for networks that hold streams back, under every server (docs/PROTOCOL.md, section 6)."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

import httpx
import psutil
import pytest

from scripts.lib.server import Server
from scripts.lib.stream import apply
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.sites import EVERYWHERE
from tests.support.wire import assert_problem, poll, stroke, viewer_state, wire

pytestmark = pytest.mark.usefixtures("vigil")

BLACK, WHITE = {"mode": "black"}, {"mode": "white"}
AT_ONCE_S = 1.0  # on a busy machine


async def ask(teacher: Teacher, cursor: str, wait: str = "25", **query: str) -> tuple[float, dict[str, Any]]:
    """How long it took, and the answer."""
    started = time.monotonic()
    params = {"cursor": cursor, "wait": wait, **query}
    answer = await teacher.http.get(f"{teacher.path}/state", params=params, headers=teacher.auth)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    told: dict[str, Any] = answer.json()
    return time.monotonic() - started, told


async def is_waiting(question: "asyncio.Task[Any]") -> None:
    """Some time has passed without an answer."""
    done, _ = await asyncio.wait([question], timeout=0.3)
    assert not done, await question


@pytest.mark.parametrize("site", EVERYWHERE, indirect=True)
async def test_it_answers_as_soon_as_something_has_changed(teacher: Teacher) -> None:
    """With what has changed since, and the cursor to ask with next."""
    cursor = (await teacher.write(("slide", {"page": "a-1"})))["cursor"]
    question = asyncio.create_task(ask(teacher, cursor))
    await is_waiting(question)
    written = time.monotonic()
    last = await teacher.write(("screen", BLACK), ("timer", {"ends": 1}))
    _, told = await question
    assert time.monotonic() - written < AT_ONCE_S
    assert told == {"cursor": last["cursor"], "writes": [["screen", BLACK], ["timer", {"ends": 1}]]}


async def test_it_answers_at_once_where_something_has_changed_already(teacher: Teacher) -> None:
    """Exactly that."""
    cursor = (await viewer_state(teacher))["cursor"]
    last = await teacher.write(("screen", BLACK))
    took, told = await ask(teacher, cursor)
    assert took < AT_ONCE_S
    assert told == {"cursor": last["cursor"], "writes": [["screen", BLACK]]}


@pytest.mark.parametrize("who", ["viewer", "teacher"])
async def test_where_nothing_changes_it_answers_after_the_wait(teacher: Teacher, who: str) -> None:
    """With no writes, and the same cursor."""
    cursor = (await viewer_state(teacher))["cursor"]
    took, told = await ask(teacher, cursor, "1", **{"as": who})
    assert 1.0 <= took < 1.0 + AT_ONCE_S
    assert told == {"cursor": cursor, "writes": []}


@pytest.mark.parametrize("query", [{}, {"wait": "0"}])
async def test_without_a_wait_it_does_not_wait(
    teacher: Teacher, visitor: httpx.AsyncClient, query: dict[str, str]
) -> None:
    """A cursor alone asks what has changed until now."""
    cursor = (await viewer_state(teacher))["cursor"]
    started = time.monotonic()
    answer = await visitor.get(f"{teacher.path}/state", params={"cursor": cursor, **query})
    assert answer.json() == {"cursor": cursor, "writes": []}
    assert time.monotonic() - started < AT_ONCE_S


@pytest.mark.parametrize(
    "wait", ["-1", "x", "1s", "1.5", "", " 1", "+1", "1e3", "0x1", "\u0661", "NaN", "inf"]
)
async def test_what_is_no_time_is_refused(teacher: Teacher, visitor: httpx.AsyncClient, wait: str) -> None:
    """422 at `wait`."""
    cursor = (await viewer_state(teacher))["cursor"]
    answer = await visitor.get(f"{teacher.path}/state", params={"cursor": cursor, "wait": wait})
    assert_problem(answer, 422, "wait")


async def test_a_cursor_that_says_nothing_gets_everything_at_once(teacher: Teacher) -> None:
    """A reset, as a stream would; it does not wait for a change."""
    last = await teacher.write(("slide", {"page": "a-1"}))
    epoch, _, position = last["cursor"].partition(".")
    ms = int(position.partition("-")[0])
    unknown = [
        "",
        "x",
        f"00000000.{position}",
        f"{epoch}.0-0",
        f"{epoch}.{ms + 3_600_000}-0",
        f"{epoch}.{'9' * 99}-0",
    ]
    for took, told in await asyncio.gather(*(ask(teacher, cursor) for cursor in unknown)):
        assert took < 2 * AT_ONCE_S
        assert told == {"cursor": last["cursor"], "reset": True, "writes": [["slide", {"page": "a-1"}]]}


async def test_what_a_viewer_may_not_see_does_not_wake_it(teacher: Teacher) -> None:
    """A draft, notes, a write that loses: a viewer goes on waiting, and the teacher is told of what is new."""
    cursor = (await teacher.write(("screen", BLACK, "1000.0.a")))["cursor"]
    viewer = asyncio.create_task(ask(teacher, cursor))
    panel = asyncio.create_task(ask(teacher, cursor, **{"as": "teacher"}))
    await teacher.write(("screen", WHITE, "999.0.a"))
    await is_waiting(panel)
    await teacher.write(("notes/a-1", {"text": "secret"}), ("poll/p1", poll(status="draft")))
    assert [key for key, _ in (await panel)[1]["writes"]] == ["notes/a-1", "poll/p1"]
    await is_waiting(viewer)
    await teacher.write(("screen", WHITE))
    assert (await viewer)[1]["writes"] == [["screen", WHITE]]


async def test_polling_on_reaches_what_a_stream_reaches(teacher: Teacher) -> None:
    """One who only polls misses nothing of a busy lesson."""
    state = await viewer_state(teacher)
    cursor, registers = state["cursor"], dict(state["writes"])

    async def write() -> None:
        for number in range(40):
            await teacher.write(
                (f"ink/a-1/s{number % 7}", None if number % 5 == 0 else stroke(number, number))
            )
            await teacher.write(("slide", {"page": "a-1"}))
        await teacher.write(("screen", WHITE))

    writing = asyncio.create_task(write())
    while registers.get("screen") != WHITE:
        _, told = await ask(teacher, cursor)
        assert "reset" not in told
        assert told["writes"]
        cursor = told["cursor"]
        apply(registers, told)
    await writing
    assert registers == dict((await viewer_state(teacher))["writes"])


async def test_the_end_of_the_lesson_answers_those_who_wait(teacher: Teacher) -> None:
    """So that they see it end; who asks after that waits as in any quiet lesson, and need not be turned away."""
    cursor = (await viewer_state(teacher))["cursor"]
    question = asyncio.create_task(ask(teacher, cursor))
    await is_waiting(question)
    await teacher.end()
    _, told = await asyncio.wait_for(question, 2.0)
    assert told["writes"] == []
    assert (await teacher.http.get(teacher.path)).json()["status"] == "ended"
    took, told = await ask(teacher, told["cursor"], "1")
    assert took >= 1.0, "a client that polls on would ask without a pause"
    assert told["writes"] == []


@pytest.mark.parametrize("site", EVERYWHERE, indirect=True)
async def test_one_who_hangs_up_is_forgotten_at_once(teacher: Teacher, site: Server) -> None:
    """Hundreds who give up waiting leave nothing behind: no connection, and nothing that a write would stumble over."""
    cursor = (await viewer_state(teacher))["cursor"]
    request = f"GET {teacher.path}/state?cursor={cursor}&wait=25 HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    ports: set[int] = set()
    async with AsyncExitStack() as stack:
        for _ in range(100):
            waiting = await stack.enter_async_context(wire(site))
            await waiting.send(request)
            ports.add(waiting.writer.get_extra_info("sockname")[1])
        question = asyncio.create_task(ask(teacher, cursor))
        await is_waiting(question)
        assert connections(site, ports) == 100

    async def left() -> int:
        return connections(site, ports)

    await eventually(left, lambda more: more == 0, seconds=5.0)
    await teacher.write(("screen", BLACK))
    assert (await question)[1]["writes"] == [["screen", BLACK]]


def connections(server: Server, ports: set[int]) -> int:
    """How many connections from these ports the server holds."""
    processes = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    found = [
        each
        for process in processes
        for each in process.net_connections("tcp")
        if each.status != psutil.CONN_LISTEN
    ]
    return sum(each.laddr.port == server.port and each.raddr.port in ports for each in found)
