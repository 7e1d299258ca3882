"""Requests sent ahead by the thousand, against a real server.

Threats: a peer who sends requests faster than they are answered, so that they fill the memory, and everybody else waits behind them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import psutil
import pytest

from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.support.wire import Wire, wire

MIB = 1024 * 1024
PEERS = 100
AHEAD = 2_000  # requests that each peer sends ahead
BYSTANDERS = 20
GROWTH = 100 * MIB  # the requests are 8 MiB of bytes; parsed and kept they were 600

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@asynccontextmanager
async def flood(server: Server, said: bytes) -> AsyncIterator[list[Wire]]:
    """Peers that each send this at once, and read little."""
    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(wire(server)) for _ in range(PEERS)]
        for peer in peers:
            peer.writer.write(said)
        yield peers
        for peer in peers:
            peer.writer.transport.abort()


@pytest.mark.parametrize(
    "said",
    [
        GET * AHEAD,
        b"POST /api/lessons HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n{" * AHEAD,
        b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" * AHEAD,
    ],
    ids=["GET", "POST", "HEAD"],
)
async def test_a_flood_of_pipelined_requests_is_read_as_it_is_answered(
    site: Server, visitor: httpx.AsyncClient, said: bytes
) -> None:
    """Two hundred thousand requests: others are answered while most of them wait, and they wait as bytes, outside."""
    process = psutil.Process(site.pid)
    before = process.memory_info().rss
    async with flood(site, said) as peers:
        await asyncio.gather(*(peer.until(b"HTTP/1.1 ", seconds=60.0) for peer in peers))
        for _ in range(BYSTANDERS):
            assert (await visitor.get("/healthz")).status_code == 200
        answered = sum(peer.read.count(b"HTTP/1.1 ") for peer in peers)
        assert answered < PEERS * AHEAD / 2, "the bystanders waited for the flood"
        assert process.memory_info().rss - before < GROWTH


async def test_a_poll_with_a_flood_behind_it_holds_little(
    teacher: Teacher, site: Server, visitor: httpx.AsyncClient
) -> None:
    """A request that waits, and megabytes behind it: they stay with the peer, and are answered in their turn."""
    process = psutil.Process(site.pid)
    before = process.memory_info().rss
    cursor = (await teacher.state())["cursor"]
    poll = f"GET {teacher.path}/state?cursor={cursor}&wait=25 HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    async with flood(site, poll + GET * (4 * MIB // len(GET))) as peers:
        for _ in range(BYSTANDERS):
            assert (await visitor.get("/healthz")).status_code == 200
        assert process.memory_info().rss - before < GROWTH
        await teacher.write(("screen", {"mode": "white"}))
        for peer in peers[:5]:
            raw = await peer.until(b"alive\n", seconds=30.0)
            assert raw.index(b'"white"') < raw.index(b"alive\n")


async def test_a_stream_with_a_request_behind_it_is_a_stream(teacher: Teacher, site: Server) -> None:
    """What stands behind a request without end is never reached, and costs the stream nothing."""
    async with wire(site) as stream:
        await stream.send(f"GET {teacher.path}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode() + GET * 10)
        await stream.until(b'"writes"')
        cursor = (await teacher.write(("screen", {"mode": "white"})))["cursor"]
        assert await stream.until_cursor(cursor) == {"screen": {"mode": "white"}}
        assert b"alive\n" not in stream.read
