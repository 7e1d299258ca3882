"""Judging answers by the wire protocol, and requests that no HTTP client would send.

Rules: nothing here knows the server's inside but the types of problems, which are part of the contract.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from itertools import count
from typing import Any

import httpx

from app.web.problem_types import TYPES
from scripts.lib.server import NO_TLS, Server
from scripts.lib.stream import Event, EventStream, Registers, apply
from scripts.lib.teacher import Teacher

SECONDS = 5.0

# A browser's request from a page of the same site, for requests that a cookie authorises.
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}

STROKE = {"tool": "pen", "color": "#0072b2", "width": 24, "points": [100, 200, 5, -5]}
POLL = {
    "question": "Which one?",
    "options": ["this", "that", "both"],
    "multiple": False,
    "status": "open",
    "reveal": False,
}


_addresses = count(1)


def assert_problem(answer: httpx.Response, status: int, *paths: str) -> dict[str, Any]:
    """The answer is a problem by RFC 9457 with this status and, for a refused body, errors at these paths."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert set(told) == {"type", "title", "status", "detail"} | ({"errors"} if paths else set())
    assert told["status"] == status
    name = told["type"].removeprefix("/problems/")
    kind = TYPES.get(name)
    assert kind or told["type"] == "about:blank", told
    assert (
        (kind.status, kind.title) == (status, told["title"])
        if kind
        else told["title"] == HTTPStatus(status).phrase
    )
    assert told["detail"]
    errors = told.get("errors", [])
    assert [error["path"] for error in errors] == list(paths)
    assert all(set(error) == {"path", "message"} and error["message"] for error in errors)
    return told


def somewhere_else() -> dict[str, str]:
    """Headers of a request that our proxy has passed on from a network that nobody else uses."""
    return {"X-Forwarded-For": f"2001:db8:0:{next(_addresses):x}::1"}


def poll(**changed: Any) -> dict[str, Any]:
    """An open poll of three options, changed."""
    return {**POLL, **changed}


def stroke(*points: int) -> dict[str, Any]:
    """A pen's stroke through these points."""
    return {**STROKE, "points": list(points)}


def stored(registers: dict[str, Any]) -> dict[str, Any]:
    """Registers without the one that counts viewers, which changes by itself."""
    return {key: value for key, value in registers.items() if key != "audience"}


def states(stream: EventStream) -> list[Event]:
    """The state events that have come, without the beats between them."""
    return [event for event in stream.events if event.name == "state"]


async def sight(teacher: Teacher) -> tuple[str, dict[str, Any], Any]:
    """All that can be seen of a lesson from the outside, to be compared before and after."""
    state = await teacher.state()
    about = (await teacher.http.get(teacher.path)).json()
    del about["viewers"]
    return state["cursor"], stored(dict(state["writes"])), about


async def viewer_state(teacher: Teacher, **query: str) -> dict[str, Any]:
    """The lesson as anybody sees it."""
    answer = await teacher.http.get(f"{teacher.path}/state", params=query)
    assert answer.status_code == httpx.codes.OK, answer.text
    told: dict[str, Any] = answer.json()
    return told


def without_jar(server: Server, connections: int = 20) -> httpx.AsyncClient:
    """A client that keeps no cookie, so that one stands for many people."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    http = httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30.0, limits=limits, verify=NO_TLS)
    http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return http


@dataclass
class Wire:
    """A bare connection: what is sent is what was written, what is read is what came."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    read: bytes = field(default=b"")

    async def send(self, data: bytes) -> None:
        """Writes bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def until(self, mark: bytes, seconds: float = SECONDS) -> bytes:
        """Everything read so far, once it holds `mark`."""
        return await self._until(lambda: mark in self.read, seconds, repr(mark))

    async def until_cursor(self, cursor: str, seconds: float = SECONDS) -> Registers:
        """What a client of this stream knows once it has come to the cursor."""
        mark = f"id: {cursor}\n".encode()
        await self._until(lambda: mark in self.read and replica(self.read)[0] == cursor, seconds, cursor)
        return replica(self.read)[1]

    async def _until(self, done: Callable[[], bool], seconds: float, wanted: str) -> bytes:
        async with asyncio.timeout(seconds):
            while not done():
                data = await self.reader.read(65_536)
                if not data:
                    raise EOFError(f"closed before {wanted}: {self.read!r}")
                self.read += data
        return self.read

    async def until_end(self, seconds: float = SECONDS) -> bytes:
        """Everything read, once the server has ended it; a reset is an error: it may cost a peer what it was told."""
        async with asyncio.timeout(seconds):
            while data := await self.reader.read(65_536):
                self.read += data
        return self.read

    async def until_closed(self, seconds: float = SECONDS) -> bytes:
        """Everything read, once the server has closed."""
        async with asyncio.timeout(seconds):
            try:
                while data := await self.reader.read(65_536):
                    self.read += data
            except ConnectionResetError:
                pass
        return self.read


@asynccontextmanager
async def wire(server: Server) -> AsyncIterator[Wire]:
    """A connection to the server."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


def head(raw: bytes) -> tuple[str, list[tuple[str, str]]]:
    """The status line and the headers of a raw response, names in lower case."""
    first, *lines = raw.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")
    pairs = [line.partition(":") for line in lines]
    return first, [(name.lower(), value.strip()) for name, _, value in pairs]


def unchunked(raw: bytes) -> bytes:
    """The body of a raw chunked response, as far as its chunks have come whole."""
    body, rest = b"", raw.partition(b"\r\n\r\n")[2]
    while True:
        size, found, rest = rest.partition(b"\r\n")
        length = int(size, 16) if found else 0
        if not length or len(rest) < length + 2:
            return body
        body += rest[:length]
        rest = rest[length + 2 :]


def replica(raw: bytes) -> tuple[str, Registers]:
    """The cursor and the registers of a client that has read these bytes of a stream."""
    cursor = ""
    registers: Registers = {}
    whole = unchunked(raw).rpartition(b"\n\n")[0]  # a large event may come in several chunks
    for event in whole.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in event.split("\n") if ": " in line)
        if fields.get("event") == "state":
            cursor = fields["id"]
            apply(registers, json.loads(fields["data"]))
    return cursor, registers
