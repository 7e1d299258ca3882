"""What happens between the last answer of a connection and its end, while the peer is still sending."""

import asyncio
from typing import Any

import pytest

from app.web import lastanswer
from app.web.handover import LecternProtocol
from app.web.heads import HEAD_BYTES
from app.web.lastanswer import FORGETS_S
from tests.support.onepeer import Ends, connection, refusing, until

MIB = 1024 * 1024
BODY = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"
HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * HEAD_BYTES
WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
NO_HTTP = b"\x16\x03\x01\r\n"

refused = pytest.mark.parametrize(
    ("said", "status"), [(BODY, b"413"), (HEAD, b"431"), (NO_HTTP, b"400")], ids=["body", "head", "no HTTP"]
)


async def parting(ends: Ends, said: bytes) -> None:
    """The peer says it, and is answered for the last time."""
    ends.writer.write(said)
    await until(lambda: ends.protocol.parting)


def gone(protocol: LecternProtocol) -> bool:
    """Whether the connection is none any more."""
    return protocol not in protocol.connections


@refused
async def test_the_answer_and_its_end_arrive_while_the_peer_is_sending(said: bytes, status: bytes) -> None:
    """Megabytes more are read and forgotten, a request among them is none, and the connection ends with the peer."""
    async with connection(refusing) as ends:
        await parting(ends, said)
        ends.writer.write(WHOLE + b"a" * 4 * MIB)
        await ends.writer.drain()
        answer = await ends.reader.read()
        assert answer.startswith(b"HTTP/1.1 " + status)
        assert answer.count(b"HTTP/1.1") == 1
        await until(lambda: ends.protocol.forgotten >= len(WHOLE) + 4 * MIB)
        assert not gone(ends.protocol)
        ends.writer.close()
        await until(lambda: gone(ends.protocol))
        assert ends.protocol._drop is not None
        assert ends.protocol._drop.cancelled()


async def test_a_request_that_is_whole_is_closed_at_once() -> None:
    """There is nothing to wait for: the connection is not held."""
    async with connection(refusing) as ends:
        ends.writer.write(WHOLE)
        await until(lambda: gone(ends.protocol))
        assert (await ends.reader.read()).startswith(b"HTTP/1.1 413")


@refused
async def test_it_is_not_listened_to_for_ever(
    said: bytes, status: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the bound of bytes it is dropped; a peer that is silent has a time."""
    monkeypatch.setattr(lastanswer, "FORGETS_BYTES", MIB)
    async with connection(refusing) as ends:
        await parting(ends, said)
        assert ends.protocol._drop is not None
        now = asyncio.get_running_loop().time()
        assert ends.protocol._drop.when() - now == pytest.approx(FORGETS_S, abs=1.0)
        ends.writer.write(b"a" * 2 * MIB)
        await until(lambda: gone(ends.protocol))


@refused
async def test_a_server_that_stops_does_not_wait_for_it(said: bytes, status: bytes) -> None:
    """The answer has been said: SIGTERM closes the connection."""
    async with connection(refusing) as ends:
        await parting(ends, said)
        ends.protocol.shutdown()
        await until(lambda: gone(ends.protocol))
        assert (await ends.reader.read()).startswith(b"HTTP/1.1 " + status)


async def test_who_sends_nonsense_within_a_request_gives_it_up() -> None:
    """What serves the request hears that its peer has gone, and nothing is said after the refusal."""
    async with connection() as ends:
        ends.writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        await until(lambda: bool(ends.state.tasks))
        await parting(ends, NO_HTTP)
        await until(lambda: not ends.state.tasks)
        assert (await ends.reader.read()).count(b"HTTP/1.1") == 1


async def test_nonsense_behind_a_request_costs_it_nothing() -> None:
    """It is looked at when the request has been answered, and refused then."""

    async def later(scope: Any, receive: Any, send: Any) -> None:
        await answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    answer = asyncio.Event()
    async with connection(later) as ends:
        ends.writer.write(WHOLE + NO_HTTP)
        await until(lambda: bool(ends.protocol.ahead))
        answer.set()
        told = (await ends.reader.read()).split(b"HTTP/1.1 ")
        assert [one[:3] for one in told] == [b"", b"200", b"400"]
