"""A TCP proxy that misbehaves: between Lectern and its store, or between viewers and Lectern.

Rules: bytes are never changed and never reordered; what happens to them is said by `set`, per kind of connection. A
connection is *marked* once its client has sent the mark (`XREAD`: the blocking reader's; `/events`: a stream). What was
swallowed is gone, and that connection stays open and silent for ever; what was held is delivered when the line passes again.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

CHUNK = 32 * 1024
SMALL = 8 * 1024  # receive buffers: a peer that has stopped reading must be felt soon


def _all(_: bytes) -> bool:
    return True


def _followed(sent: bytes) -> bool:
    body = sent.partition(b"\r\n\r\n")[2]
    end = body.find(b"\n\n", body.find(b"\ndata: "))
    return b"\ndata: " in body and len(body[end:].replace(b"\r\n", b"")) > len(b"\n\n")


@dataclass(frozen=True, slots=True)
class Manner:
    """How bytes are treated."""

    reads: bool = True  # else: a peer that has vanished, and whose network buffers fill up
    swallows: bool = False
    holds: bool = False
    delay_s: float = 0.0
    answers: Callable[[bytes], bool] = _all  # whether what the server has sent so far may go on


PASS = Manner()
SWALLOW = Manner(swallows=True)  # a server that accepts and never answers
HOLD = Manner(holds=True)
VANISH = Manner(reads=False)
FIRST_EVENT_HELD = Manner(answers=_followed)  # until bytes come after it: some proxies and virus scanners
BUFFER = Manner(answers=lambda sent: len(sent) >= CHUNK)  # answers are collected before they are passed on


class Proxy:
    """One proxy. Made by `proxy_to`."""

    def __init__(self, port: int, mark: bytes = b"") -> None:
        self.port = 0
        self.refusing = False
        self.connections: set[Connection] = set()
        self.target = port
        self.mark = mark
        self.manners = {True: PASS, False: PASS}

    @property
    def url(self) -> str:
        """Where a browser finds the server behind it."""
        return f"http://127.0.0.1:{self.port}"

    def set(self, manner: Manner, *, marked: bool | None = None) -> None:
        """From now on treat marked connections, others, or (None) all in this way, new ones too."""
        for kind in (True, False) if marked is None else (marked,):
            self.manners[kind] = manner
            for connection in self.of(marked=kind):
                connection.take(manner)

    def of(self, *, marked: bool) -> list["Connection"]:
        """The open connections of a kind."""
        return [connection for connection in self.connections if connection.marked == marked]

    def silence(self, *, marked: bool) -> int:
        """The connections of a kind that are open now stay so and are silent for ever; how many those are."""
        chosen = self.of(marked=marked)
        for connection in chosen:
            connection.take(SWALLOW)
        return len(chosen)

    def cut(self) -> int:
        """Resets every connection; how many they were. While `refusing`, new ones are reset too."""
        cut = list(self.connections)
        for connection in cut:
            connection.cut()
        return len(cut)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client."""
        if self.refusing:
            writer.transport.abort()
            return
        connection = Connection(self, writer)
        self.connections.add(connection)
        try:
            await connection.run(reader)
        except OSError:
            pass  # one end is gone, or there is no server
        finally:
            self.connections.discard(connection)
            connection.cut()


class _Way:
    """One direction: what has come, and what of it has not gone on yet."""

    def __init__(self, sink: asyncio.StreamWriter) -> None:
        self.sink = sink
        self.seen = b""
        self.waiting = b""

    def take(self, data: bytes) -> None:
        """More has come."""
        self.seen = (self.seen + data)[-2 * CHUNK :]
        self.waiting += data

    def go_on(self, manner: Manner, *, lost: bool, answer: bool) -> None:
        """Send on what may go on."""
        if lost:
            self.waiting = b""
        elif self.waiting and not manner.holds and (not answer or manner.answers(self.seen)):
            self.sink.write(self.waiting)
            self.waiting = b""


class Connection:
    """A client's connection and ours to the server."""

    def __init__(self, proxy: Proxy, client: asyncio.StreamWriter) -> None:
        self.marked = False
        self._proxy = proxy
        self._manner = proxy.manners[False]
        self._lost = self._manner.swallows
        self._changed = asyncio.Event()
        self._client = client
        self._ways: list[_Way] = []

    def take(self, manner: Manner) -> None:
        """Be treated like this from now on, unless bytes have been lost already."""
        self._manner = manner
        self._lost = self._lost or manner.swallows
        self._go_on()
        self._changed.set()
        self._changed = asyncio.Event()

    def cut(self) -> None:
        """Reset both ends."""
        for end in (self._client, *(way.sink for way in self._ways)):
            end.transport.abort()

    async def run(self, client: asyncio.StreamReader) -> None:
        """Until either end closes."""
        upstream = socket.socket()
        upstream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        upstream.settimeout(0)
        await asyncio.get_running_loop().sock_connect(upstream, ("127.0.0.1", self._proxy.target))
        server, writer = await asyncio.open_connection(sock=upstream, limit=SMALL)
        self._ways = [_Way(writer), _Way(self._client)]
        sources = (client, server)
        tasks = [asyncio.create_task(self._follow(*pair)) for pair in zip(sources, self._ways, strict=True)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, source: asyncio.StreamReader, way: _Way) -> None:
        while True:
            while not self._manner.reads:
                await self._changed.wait()
            data = await source.read(CHUNK)
            if not data:
                return
            await asyncio.sleep(self._manner.delay_s)
            way.take(data)
            if way is self._ways[0] and not self.marked and self._proxy.mark and self._proxy.mark in data:
                self.marked = True
                self.take(self._proxy.manners[True])
            self._go_on()
            await way.sink.drain()

    def _go_on(self) -> None:
        for number, way in enumerate(self._ways):
            way.go_on(self._manner, lost=self._lost, answer=number == 1)


@asynccontextmanager
async def proxy_to(port: int, mark: bytes = b"") -> AsyncIterator[Proxy]:
    """A proxy to the server at `port`, well-behaved until told otherwise."""
    proxy = Proxy(port, mark)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=SMALL, backlog=1024)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.refusing = True
        while proxy.connections:
            proxy.cut()
            proxy.set(PASS)
            await asyncio.sleep(0.01)
