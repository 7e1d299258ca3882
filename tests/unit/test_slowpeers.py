"""An answer that takes long to read, on a real socket: its peer is waited for while it reads on."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.feed import reading
from app.web import sockets
from app.web.handover import LecternProtocol
from tests.support.onepeer import Ends, connection, until

KIB = 1024
MUCH = b"a" * 8 * 1024 * KIB  # more than the buffers of both systems hold
LITTLE = b"a" * 8
EVERY_S = 0.15
PIECE = 256 * KIB
GET = b"GET / HTTP/1.1\r\nHost: x\r\n%b\r\n"
CLOSE = b"Connection: close\r\n"


def answering(body: bytes) -> Any:
    """An application with this answer."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-length", b"%d" % len(body))],
            }
        )
        await send({"type": "http.response.body", "body": body})

    return answer


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured seven times a second, at the same bytes a measurement."""
    monkeypatch.setattr(reading, "EVERY_S", EVERY_S)


@asynccontextmanager
async def asked(body: bytes, line: bytes = b"") -> AsyncIterator[Ends]:
    """A peer that has asked, and reads nothing by itself."""
    async with connection(answering(body)) as ends:
        ends.reader._transport.pause_reading()  # type: ignore[attr-defined]
        ends.writer.write(GET % line)
        await until(lambda: ends.protocol.watch is not None or ends.state.total_requests == 1)
        yield ends


def peer(ends: Ends) -> socket.socket:
    """The peer's socket, to read from by hand."""
    found: socket.socket = ends.writer.get_extra_info("socket")
    return socket.socket(fileno=socket.dup(found.fileno()))


async def read(ends: Ends, piece: int) -> int:
    """Reads a piece each time that it has been measured, until all is read or nothing comes; how much it was."""
    got, its = 0, peer(ends)
    its.setblocking(False)  # noqa: FBT003 - its signature
    try:
        while got < len(MUCH):
            try:
                data = its.recv(piece)
            except BlockingIOError:
                data = b"-"
            except ConnectionError:
                break
            if not data:
                break
            got += len(data)
            await asyncio.sleep(EVERY_S / 3)
    finally:
        its.close()
    return got


def gone(protocol: LecternProtocol) -> bool:
    """Whether the connection is none any more."""
    return protocol not in protocol.connections


@pytest.mark.parametrize("line", [b"", CLOSE], ids=["kept", "closed after it"])
async def test_who_reads_slowly_gets_all_of_it(line: bytes) -> None:
    """It takes ten times as long as one that reads nothing is waited for; on a connection that is kept, and on one that is not."""
    async with asked(MUCH, line) as ends:
        assert ends.protocol.watch is not None
        assert await read(ends, PIECE) >= len(MUCH)


@pytest.mark.parametrize("line", [b"", CLOSE], ids=["kept", "closed after it"])
async def test_who_reads_nothing_is_dropped(line: bytes) -> None:
    """At the second measurement, and nothing is left of it."""
    async with asked(MUCH, line) as ends:
        await until(lambda: gone(ends.protocol))
        assert ends.protocol.watch is None


async def test_requests_sent_meanwhile_buy_no_time() -> None:
    """More bytes of a peer that reads nothing do not make it one that reads."""
    async with asked(MUCH) as ends:
        while not gone(ends.protocol):
            ends.writer.write(GET % b"")
            await asyncio.sleep(EVERY_S / 3)


async def test_the_idle_time_ends_a_connection_that_has_read_all() -> None:
    """As before: no request for so long, and it is closed."""
    async with asked(LITTLE) as ends:
        assert ends.protocol.watch is None
        await until(lambda: not sockets.unread(ends.protocol.transport))
        ends.protocol.timeout_keep_alive_handler()
        await until(lambda: gone(ends.protocol))


async def test_the_idle_time_begins_when_all_has_been_read() -> None:
    """Not when it was written: over at that moment, it lets a peer read on, and then counts anew."""
    async with asked(MUCH) as ends:
        ends.protocol._unset_keepalive_if_required()
        ends.protocol.timeout_keep_alive_handler()
        assert not gone(ends.protocol)
        reads = asyncio.create_task(read(ends, PIECE))
        await until(lambda: ends.protocol.watch is None)
        assert ends.protocol.timeout_keep_alive_task is not None
        assert not ends.protocol.timeout_keep_alive_task.cancelled()
        assert await reads >= len(MUCH)
        assert not gone(ends.protocol)


SMALL = 4 * KIB  # a receive buffer whose window never takes the head of the server's queue whole
NARROW = b"a" * 100 * KIB
SIP = KIB
SIP_S = 0.05
TIMEOUT = (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1_500)


async def test_the_kernel_does_not_take_a_slow_reader_for_a_dead_peer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A peer with a small receive buffer reads steadily, for many times as long as bytes may stay unacknowledged."""
    monkeypatch.setattr(sockets, "OPTIONS", [*sockets.OPTIONS, TIMEOUT])
    monkeypatch.setattr(reading, "EVERY_S", 1.0)
    got = 0
    async with connection(answering(NARROW)) as ends:
        with socket.socket() as narrow:
            narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
            narrow.setblocking(False)  # noqa: FBT003 - its signature
            loop = asyncio.get_running_loop()
            await loop.sock_connect(narrow, ends.writer.get_extra_info("peername"))
            await loop.sock_sendall(narrow, GET % b"")
            while got < len(NARROW) and (data := await loop.sock_recv(narrow, SIP)):
                got += len(data)
                await asyncio.sleep(SIP_S)
    assert got >= len(NARROW)
