"""Clients that no server should have to keep: each kind with the time in which it must be gone.

Rules: a stranger is a bare socket. How long the server kept it is measured by the server's closing, which a stranger that
reads hears, and of one that does not read by the server's own file descriptors (the test's affair).
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

SECOND = 1.0
PATIENCE_S = 90.0
SMALL = 4 * 1024

Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a stranger does once connected, and within how many seconds the server must have closed."""

    name: str
    act: Callable[[Peer, str], Awaitable[None]]
    within_s: float


async def connect(port: int) -> Peer:
    """A connection whose buffers fill soon."""
    bare = socket.socket()
    bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    bare.settimeout(0)
    await asyncio.get_running_loop().sock_connect(bare, ("127.0.0.1", port))
    return await asyncio.open_connection(sock=bare, limit=SMALL)


def get(path: str) -> bytes:
    """A whole request."""
    return f"GET {path} HTTP/1.1\r\nHost: lectern\r\n\r\n".encode()


def post(lesson: str, length: int) -> bytes:
    """The head of a request with a body."""
    return (
        f"POST /api/lessons/{lesson}/state HTTP/1.1\r\nHost: lectern\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


async def _silent(_: Peer, __: str) -> None:
    """Connects, and that is all."""


async def _half_a_head(peer: Peer, lesson: str) -> None:
    peer[1].write(get(f"/{lesson}")[:-2])


async def _slow_head(peer: Peer, lesson: str) -> None:
    await _drip(peer, get(f"/{lesson}?{'x' * 1000}"))


async def _half_a_body(peer: Peer, lesson: str) -> None:
    peer[1].write(post(lesson, 1000) + b'{"writes"')


async def _slow_body(peer: Peer, lesson: str) -> None:
    peer[1].write(post(lesson, 1000))
    await _drip(peer, b" " * 1000)


async def _drip(peer: Peer, data: bytes) -> None:
    for byte in data:
        if peer[0].at_eof() or peer[1].is_closing():
            return
        peer[1].write(bytes([byte]))
        await asyncio.sleep(SECOND)


async def _half_closed(peer: Peer, lesson: str) -> None:
    peer[1].write(get(f"/api/lessons/{lesson}/events"))
    await peer[0].readuntil(b"event: state")
    peer[1].write_eof()


async def _talks(peer: Peer, lesson: str) -> None:
    peer[1].write(get(f"/api/lessons/{lesson}/events"))
    await peer[0].readuntil(b"event: state")
    peer[1].write(get("/healthz"))


async def _garbage(peer: Peer, _: str) -> None:
    peer[1].write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 no HTTP at all\r\n\r\n")


async def kept(peer: Peer, act: Callable[[Peer, str], Awaitable[None]], lesson: str) -> float:
    """How long the server kept a stranger that reads."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    acting = asyncio.ensure_future(act(peer, lesson))
    try:
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.sleep(0)
            if act in {_half_closed, _talks}:
                await acting
                began = loop.time()
            while await peer[0].read(SMALL):
                pass
    except ConnectionError:
        pass  # a reset is an end too
    finally:
        acting.cancel()
        await asyncio.gather(acting, return_exceptions=True)
        peer[1].transport.abort()
    return loop.time() - began


HEAD_S, BODY_S = 10.0, 15.0
AT_ONCE_S = 1.0

READING = (
    Kind("never sends a request", _silent, HEAD_S),
    Kind("sends half a head", _half_a_head, HEAD_S),
    Kind("sends a head at a byte a second", _slow_head, HEAD_S),
    Kind("sends half a body", _half_a_body, BODY_S),
    Kind("sends a body at a byte a second", _slow_body, BODY_S),
    Kind("half-closes its stream", _half_closed, AT_ONCE_S),
    Kind("sends a request on its stream", _talks, AT_ONCE_S),
    Kind("speaks no HTTP", _garbage, AT_ONCE_S),
)


async def never_reads(peer: Peer, path: str) -> None:
    """Asks, and takes nothing of the answer: its kernel takes some, and then no more."""
    peer[1].transport.pause_reading()  # type: ignore[attr-defined]
    peer[1].write(get(path))
