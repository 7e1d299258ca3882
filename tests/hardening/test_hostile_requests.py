"""Requests that no browser sends: guessed codes, bytes where none belong, bodies that end elsewhere, readers that do not read.

Rules: whatever comes, the answer is no fault of the server's, the connection is not left hanging, and others go on.
"""

import json
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import httpx
import psutil
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from scripts.lib.server import Server
from scripts.lib.stream import EventStream, Registers, open_stream
from scripts.lib.teacher import Teacher
from tests.support.sites import BEHIND_A_PROXY, CREATE_KEY, EVERYWHERE, ONE, PLAIN_ASGI, Sites
from tests.support.wire import Wire, assert_problem, head, sight, somewhere_else, stroke, wire

GUESSES = 30  # an address may make at once
WHITE = {"mode": "white"}
MIB = 1024 * 1024

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    ["slide", "pages", "screen", "ink/a-1/s1", "ink/", "pointer", "poll/p1", "timer", "notes/a-1"]
)
ALMOST = st.fixed_dictionaries(
    {
        "writes": st.lists(
            st.fixed_dictionaries({"key": KEYS | st.text(max_size=50), "value": JSON}), max_size=4
        )
    }
)


async def test_made_up_cursors_cost_no_memory(server: Server, http: httpx.AsyncClient) -> None:
    """A hundred different ones on a lesson of 8,000 strokes, each with an answer of its own of up to 3 MB."""
    teacher = await Teacher.start(http)
    await teacher.write(("slide", {"page": "blank-1"}))
    line = stroke(*[5] * 160)
    cursors = [
        (await teacher.write(*((f"ink/blank-1/s{first + each}", line) for each in range(80))))["cursor"]
        for first in range(0, 8_000, 80)
    ]
    process = psutil.Process(server.pid)
    before, answered = process.memory_info().rss, 0
    for cursor in cursors:
        answer = await http.get(f"{teacher.path}/state", params={"cursor": cursor})
        assert b'"reset"' not in answer.content[:200]
        answered += len(answer.content)
    assert answered > 100 * MIB
    assert process.memory_info().rss - before < 40 * MIB


async def test_codes_cannot_be_guessed_for_long(sites: Sites, teacher: Teacher) -> None:
    """429 after some wrong ones from an address; its own lessons, new ones too, and other addresses go on."""
    async with sites.get(ONE, BEHIND_A_PROXY).client() as http:
        school, elsewhere = somewhere_else(), somewhere_else()
        assert (await http.get(teacher.path, headers=school)).status_code == 200
        answers = [
            (await http.get(f"/api/lessons/zzz{number:03}", headers=school)) for number in range(GUESSES + 10)
        ]
        assert [answer.status_code for answer in answers[: GUESSES - 1]] == [404] * (GUESSES - 1)
        refused = [answer for answer in answers[-10:] if answer.status_code != 404]
        assert len(refused) >= 8  # a slow machine may have given it one more meanwhile
        for problem in refused:
            assert_problem(problem, 429)
            assert int(problem.headers["retry-after"]) > 0
        assert (await http.get(teacher.path, headers=school)).status_code == 200
        key = {"Authorization": f"Bearer {CREATE_KEY}"}
        made = (await http.post("/api/lessons", json={"title": "x"}, headers=school | key)).json()
        assert (await http.get(f"/{made['lesson']}", headers=school)).status_code == 200
        assert (await http.get(f"/api/lessons/{made['lesson']}", headers=elsewhere)).status_code == 200


async def opened(connection: Wire, teacher: Teacher, version: bytes = b"HTTP/1.1") -> None:
    """Opens a stream on a bare connection."""
    await connection.send(b"GET %s/events %s\r\nHost: x\r\n\r\n" % (teacher.path.encode(), version))
    await connection.until(b'"writes"')


@pytest.mark.parametrize("site", EVERYWHERE, indirect=True)
async def test_who_talks_into_a_stream_disturbs_nobody(teacher: Teacher, site: Server) -> None:
    """Another request, rubbish, half a connection: whatever becomes of that one, the others follow the lesson."""
    async with open_stream(teacher.http, teacher.lesson) as viewer, AsyncExitStack() as stack:
        for words in (
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"POST /api/lessons HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{",
            b"\x00\xff" * 5_000,
            b"\r\n",
            b"",
        ):
            connection = await stack.enter_async_context(wire(site))
            await opened(connection, teacher)
            if words:
                await connection.send(words)
            else:
                connection.writer.write_eof()
        await teacher.write(("screen", WHITE))
        await viewer.until(lambda registers: registers == {"screen": WHITE})


@pytest.mark.parametrize("site", [ONE], indirect=True)
async def test_a_stream_is_closed_when_its_peer_talks_or_hangs_up(teacher: Teacher, site: Server) -> None:
    """An EventSource does neither; line ends alone are let pass."""
    async with wire(site) as talks, wire(site) as hangs_up, wire(site) as breathes:
        for connection in (talks, hangs_up, breathes):
            await opened(connection, teacher)
        await talks.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        hangs_up.writer.write_eof()
        await breathes.send(b"\r\n\r\n")
        assert b"<!doctype" not in (await talks.until_closed()).lower()
        await hangs_up.until_closed()
        cursor = (await teacher.write(("screen", WHITE)))["cursor"]
        assert await breathes.until_cursor(cursor) == {"screen": WHITE}


@pytest.mark.parametrize("site", EVERYWHERE, indirect=True)
async def test_a_refused_body_does_not_spoil_the_next_request(teacher: Teacher, site: Server) -> None:
    """Refused before it was read, on a connection that is kept: the next answer is the next request's, or it is closed."""
    body = b"x" * 200_000
    async with wire(site) as connection:
        await connection.send(
            b"POST %s/state HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b"
            b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            % (teacher.path.encode(), len(body), body)
        )
        raw = await connection.until_closed(seconds=10.0)
        assert head(raw)[0].startswith("HTTP/1.1 401")
        assert raw.count(b"HTTP/1.1 200") == raw.count(b"alive\n") <= 1


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}xyz",
        b"Content-Length: -1\r\n\r\n{}",
        b"Content-Length: 0x2\r\n\r\n{}",
        b"Content-Length: 99999999999999999999\r\n\r\n{}",
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n",
        b"Content-Length: 3000000000\r\n\r\n{}",
    ],
    ids=range(8),
)
async def test_a_body_that_ends_nowhere_makes_no_lesson(site: Server, lines: bytes) -> None:
    """Two lengths, none that is a number, or chunks that are none: refused, or waited for, and nothing is made of it."""
    async with wire(site) as connection:
        request = b"POST /api/lessons HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + lines
        await connection.send(request)
        connection.writer.write_eof()
        raw = await connection.until_closed(seconds=20.0)
    status = head(raw)[0] if raw else "closed"
    assert not status.startswith("HTTP/1.1 201"), raw
    assert " 500" not in status
    assert b"alive" not in raw, "a second request was smuggled in"


@pytest.mark.parametrize(
    "path",
    [
        "/", "/%", "/%zz", "/%00", "/\x7f", "//", "//evil.example/x", "/../../etc/passwd", "/?", "/a?b=%FF", "/" + "a" * 60_000,
        "/api/lessons/%2e%2e/state", "/api/lessons//state", "/decks/%00/1-800.webp", "/decks/x/99999999999999999999-1.webp",
        "/decks/x/1-.webp", "/decks/x/-1-800.webp", "/decks//1.txt", "/static/%FF/%FF", "/teach/%F0%9F%8C%B3", "*",
    ],
    ids=range(21),
)  # fmt: skip
async def test_a_strange_address_is_no_fault_of_ours(sites: Sites, path: str) -> None:
    """Any answer below 500."""
    async with wire(sites.get(ONE, BEHIND_A_PROXY)) as connection:
        address = somewhere_else()["X-Forwarded-For"]
        await connection.send(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {address}\r\nConnection: close\r\n\r\n".encode()
        )
        raw = await connection.until_closed(seconds=10.0)
    assert 200 <= int(head(raw)[0].split(" ")[1]) < 500, raw[:200]


async def test_any_json_is_taken_or_refused(teacher: Teacher) -> None:
    """Never a fault of the server's, whatever the shape; what is refused changes nothing."""

    async def post(path: str, body: Any) -> None:
        content = json.dumps(body)
        before = await sight(teacher)
        answer = await teacher.http.post(f"{teacher.path}{path}", content=content, headers=teacher.auth)
        assert answer.status_code in {200, 400, 422} or (path != "/state" and answer.status_code == 404), (
            content
        )
        if answer.status_code != 200:
            assert answer.json()["errors"] or answer.status_code == 404
            assert await sight(teacher) == before

    bodies: list[tuple[str, Any]] = []

    @settings(max_examples=120, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.tuples(st.sampled_from(["/state", "/polls/p1/votes"]), ALMOST | JSON))
    def collect(drawn: tuple[str, Any]) -> None:
        bodies.append(drawn)

    collect()
    assert len(bodies) >= 100
    for path, body in bodies:
        await post(path, body)


@pytest.mark.parametrize("site", [ONE, *PLAIN_ASGI], indirect=True)
async def test_one_who_does_not_read_gets_no_backlog(teacher: Teacher, site: Server) -> None:
    """While it sleeps the others go on; when it wakes it is told the newest, not all that it missed."""
    async with wire(site) as sleeper, open_stream(teacher.http, teacher.lesson) as viewer:
        await opened(
            sleeper, teacher
        )  # asyncio reads a little ahead, the kernel some megabytes, and that is all
        await teacher.write(("slide", {"page": "a-1"}))
        for number in range(40):
            big = stroke(*[100_000 + number] * 18_000)
            cursor = (await teacher.write(("ink/a-1/s1", big), ("ink/a-1/s2", big)))["cursor"]
            await viewer.until(partial(reached, viewer, cursor))
        told = sum(len(json.dumps(event.data)) for event in viewer.events)
        assert told > 10_000_000
        assert await sleeper.until_cursor(cursor, seconds=20.0) == viewer.registers
        assert len(sleeper.read) < 0.6 * told, "a backlog"


def reached(stream: EventStream, cursor: str, _: Registers) -> bool:
    """Whether the stream has come to a cursor."""
    return stream.cursor == cursor


async def test_a_head_without_end_is_cut_off(site: Server) -> None:
    """A header of megabytes is not collected for ever."""
    async with wire(site) as connection:
        await connection.send(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ")
        try:
            for _ in range(64):
                await connection.send(b"x" * 65_536)
            await connection.send(b"\r\n\r\n")
            raw = await connection.until_closed(seconds=15.0)
        except ConnectionError:
            raw = b""
        assert not raw or head(raw)[0].split(" ")[1] in {"400", "413", "431"}, raw[:100]
