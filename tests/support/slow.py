"""A peer that reads steadily and slowly, or hardly at all: a phone at the edge of its network.

Rules: its receive buffer is small, so that what it has not read stays with the server. One that reads nothing cannot tell that it has
been dropped: that is asked of the server's process.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psutil

from scripts.lib.server import Server

STEP_S = 0.25
RECEIVE = 8 * 1024


class Slow:
    """One connection that reads `rate` bytes a second until it is told otherwise."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.read = b""
        self.asked_at = 0.0  # loop time
        self.asked = asyncio.Event()
        self.over = asyncio.Event()  # it has read to the end
        self._port = 0

    async def run(self, port: int, request: bytes) -> None:
        """Ask, and read until the server ends it."""
        loop = asyncio.get_running_loop()
        peer = socket.socket()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE)
        peer.settimeout(0)
        try:
            await loop.sock_connect(peer, ("127.0.0.1", port))
            await loop.sock_sendall(peer, request)
            self._port, self.asked_at = peer.getsockname()[1], loop.time()
            self.asked.set()
            with suppress(ConnectionError):
                await self._read(peer)
                self.over.set()
        finally:
            peer.close()

    async def held(self, server: Server) -> bool:
        """Whether the server holds the connection."""
        process = psutil.Process(server.pid)
        there = [process, *process.children(recursive=True)]
        return any(
            getattr(open_.raddr, "port", 0) == self._port
            for each in there
            for open_ in each.net_connections("tcp")
        )

    async def _read(self, peer: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        owed, at = 0.0, loop.time()
        while True:
            await asyncio.sleep(STEP_S)
            owed, at = owed + self.rate * (loop.time() - at), loop.time()
            wanted, owed = int(owed), owed % 1
            while wanted:
                try:
                    data = peer.recv(wanted)
                except BlockingIOError:
                    break
                if not data:
                    return
                self.read += data
                wanted -= len(data)


@asynccontextmanager
async def slow(port: int, request: bytes, rate: float) -> AsyncIterator[Slow]:
    """It reads while the block lasts."""
    one = Slow(rate)
    task = asyncio.create_task(one.run(port, request))
    try:
        await one.asked.wait()
        yield one
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
