"""How long a connection may take for a request, read off its one timer, on a real socket."""

import asyncio

import pytest

from app.web.deadlines import BODY_S, HEAD_S, LONGEST, SLOWEST, UNDECLARED_S
from app.web.handover import LecternProtocol
from tests.support.onepeer import connection, until

SLACK_S = 1.0


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
    async with connection() as ends:
        protocol, writer = ends.protocol, ends.writer
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n\r\n")
        await until(lambda: protocol.cycle is not None)
        assert left(protocol) == pytest.approx(seconds, abs=SLACK_S)


async def test_a_head_has_its_time_from_its_start() -> None:
    """More of a head does not give it more time."""
    async with connection() as ends:
        protocol, writer = ends.protocol, ends.writer
        first = protocol.deadline._timer
        writer.write(b"GET / HTTP/1.1\r\nHost")
        await until(lambda: protocol.scope is not None)
        assert protocol.deadline._timer is first
        assert left(protocol) == pytest.approx(HEAD_S, abs=SLACK_S)


async def test_a_whole_request_is_waited_for_no_longer() -> None:
    """Once it has come, the connection has no deadline."""
    async with connection() as ends:
        protocol, writer = ends.protocol, ends.writer
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: protocol.cycle is not None)
        assert left(protocol) is None
