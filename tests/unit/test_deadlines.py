"""How long a connection may take for a request, read off its one timer, on a real socket."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from app.web.deadlines import BODY_S, HEAD_S, LONGEST, SLOWEST, UNDECLARED_S
from app.web.handover import LecternProtocol
from tests.support.eventually import eventually

SLACK_S = 1.0


async def silent(scope: Any, receive: Any, send: Any) -> None:
    """An application that reads and never answers."""
    while (await receive())["type"] != "http.disconnect":
        pass


@asynccontextmanager
async def connection() -> AsyncIterator[tuple[LecternProtocol, asyncio.StreamWriter]]:
    """A client's connection, seen from both ends."""
    config = uvicorn.Config(silent, http=LecternProtocol, ws="none", lifespan="off", log_config=None)
    config.load()
    made: list[LecternProtocol] = []

    def protocol() -> LecternProtocol:
        made.append(LecternProtocol(config=config, server_state=ServerState(), app_state={}))
        return made[-1]

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        await until(lambda: bool(made) and made[0].deadline is not None)
        yield made[0], writer
    finally:
        writer.close()
        server.close()


async def until(holds: Callable[[], bool]) -> None:
    """Lets the loop run until it holds."""

    async def ask() -> bool:
        return holds()

    await eventually(ask, bool)


def left(protocol: LecternProtocol) -> float | None:
    """Seconds until the connection is dropped; None where nothing is due."""
    timer = protocol.deadline._timer
    return None if timer is None else timer.when() - asyncio.get_running_loop().time()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (b"Content-Length: 6553600", BODY_S + 6_553_600 / SLOWEST),
        (b"Content-Length: 1", BODY_S + 1 / SLOWEST),
        (b"Content-Length: 9999999999999999", BODY_S + LONGEST / SLOWEST),  # a lie buys no time
        (b"Transfer-Encoding: chunked", UNDECLARED_S),
    ],
)
async def test_a_body_has_the_time_of_its_length(header: bytes, seconds: float) -> None:
    """What has been declared is counted; a body of unknown length has a time of its own."""
    async with connection() as (protocol, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n\r\n")
        await until(lambda: protocol.cycle is not None)
        assert left(protocol) == pytest.approx(seconds, abs=SLACK_S)


async def test_a_head_has_its_time_from_its_start() -> None:
    """More of a head does not give it more time."""
    async with connection() as (protocol, writer):
        first = protocol.deadline._timer
        writer.write(b"GET / HTTP/1.1\r\nHost")
        await until(lambda: protocol.scope is not None)
        assert protocol.deadline._timer is first
        assert left(protocol) == pytest.approx(HEAD_S, abs=SLACK_S)


async def test_a_whole_request_is_waited_for_no_longer() -> None:
    """Once it has come, the connection has no deadline."""
    async with connection() as (protocol, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: protocol.cycle is not None)
        assert left(protocol) is None
