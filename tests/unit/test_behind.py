"""Who watches over a stream's connection: the kernel, or, while its peer is behind, the wheel alone."""

import asyncio
import socket
from types import SimpleNamespace
from typing import Any

import pytest

from app.feed import reading
from app.web import sockets
from app.web.direct import Stream
from tests.support.eventually import eventually

MUCH = b"a" * 8 * 1024 * 1024  # more than the buffers of both systems hold
BUFFER = 16 * 1024


def nothing(*_: object) -> None:
    """What a lesson and a wheel do in which nothing happens."""


def stream() -> Stream:
    """A stream as the hand-over leaves it, without its transport."""
    quiet = SimpleNamespace(leave=nothing, drained=nothing)
    opening: Any = SimpleNamespace(
        streams=SimpleNamespace(wheel=quiet, drained_at=0.0), channel=quiet, audience=None
    )
    made = Stream(opening)
    made.connections = set()
    return made


async def test_the_kernels_timeout_rests_while_a_stream_is_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is off from the moment that the stream is not ready until its peer has read all, each time that this happens."""
    monkeypatch.setattr(reading, "EVERY_S", 0.05)
    loop = asyncio.get_running_loop()
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as peer,
    ):
        peer.setblocking(False)  # noqa: FBT003 - its signature
        accepted, _ = listener.accept()
        sockets.prepare(accepted)
        made = stream()
        made.transport, _ = await loop.connect_accepted_socket(lambda: made, accepted)
        made.transport.set_write_buffer_limits(high=BUFFER)

        async def timeout() -> int:
            return accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)

        for _ in range(2):
            assert await timeout() == sockets.UNACKNOWLEDGED_MS
            made.transport.write(MUCH)
            assert not made.ready
            left = len(MUCH)
            while left:
                assert await timeout() == 0
                left -= len(await loop.sock_recv(peer, left))
            await eventually(timeout, lambda ms: ms == sockets.UNACKNOWLEDGED_MS)
            assert made.ready
        made.transport.abort()
