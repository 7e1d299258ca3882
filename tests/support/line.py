"""A bad line between a browser and the server: a TCP proxy that holds back, cuts, refuses, and answers for the server.

Rules: it changes no order and, unless told to forget cursors, no byte. A connection counts as a stream from the moment it asks for `/events`. What is
held is kept and delivered when the line is released. A slow line has so many bytes a second each way, for all its connections together, and holds
no more than a moment of them.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

CHUNK = 64 * 1024
MOMENT_S = 0.125
STREAM = b"/events"
CURSOR = re.compile(rb"(cursor=|last-event-id: *)[^\s&]+", re.IGNORECASE)


class Line:
    """One proxy. Made by `line_to`."""

    def __init__(self, port: int) -> None:
        self.streams = 0  # how many times a stream was asked for
        self.url = ""
        self._port = port
        self._open: set[asyncio.StreamWriter] = set()
        self._refusing = False
        self._status: bytes | None = None
        self._cursors = True
        self._rate = 0  # bytes a second each way; 0: as fast as it goes
        self._next = {True: 0.0, False: 0.0}  # when the line is free again: up, down
        self._flow = {True: asyncio.Event(), False: asyncio.Event()}  # for streams, and for all else
        for flow in self._flow.values():
            flow.set()

    def hold_streams(self) -> None:
        """Nothing more comes out of streams; everything else works."""
        self._flow[True].clear()

    def hold(self) -> None:
        """Nothing more comes from the server at all, and nobody is told."""
        for flow in self._flow.values():
            flow.clear()

    def cut(self, *, refuse: bool = False) -> None:
        """Every connection ends at once; with `refuse`, new ones do too, until the line is released."""
        self._refusing = refuse
        for writer in list(self._open):
            writer.transport.abort()

    def answer_streams(self, status: int) -> None:
        """Streams are answered with this status by the line itself, as proxies do."""
        self._status = b"HTTP/1.1 %d Proxy\r\nContent-Length: 0\r\n\r\n" % status

    def forget_cursors(self) -> None:
        """Streams are asked for with cursors that no server knows: each answer is a reset."""
        self._cursors = False

    def slow(self, rate: int) -> None:
        """So many bytes a second each way from now on; 0: as fast as it goes. Meant for connections that are yet to come."""
        self._rate = rate

    async def carry(self, data: bytes, sink: asyncio.StreamWriter, *, up: bool) -> None:
        """Brings bytes to the other end, as fast as the line is."""
        size = max(1, int(self._rate * MOMENT_S)) if self._rate else len(data)
        for at in range(0, len(data), size):
            part = data[at : at + size]
            if self._rate:
                now = asyncio.get_running_loop().time()
                self._next[up] = max(now, self._next[up]) + len(part) / self._rate
                await asyncio.sleep(self._next[up] - now)
            sink.write(part)
            await sink.drain()

    @property
    def chunk(self) -> int:
        """How much is read at once."""
        return max(1, int(self._rate * MOMENT_S)) if self._rate else CHUNK

    def release(self) -> None:
        """The line is good again."""
        self._refusing = False
        self._status = None
        for flow in self._flow.values():
            flow.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client."""
        if self._refusing:
            writer.transport.abort()
            return
        upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", self._port)
        both = {writer, upstream}
        self._open |= both
        connection = _Connection(self)
        directions = (connection.ask(reader, upstream, writer), connection.answer(upstream_reader, writer))
        tasks = [asyncio.create_task(direction) for direction in directions]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._open -= both
            for end in both:
                end.close()

    async def flows(self, *, stream: bool) -> None:
        """Waits until bytes of this kind of connection may pass."""
        await self._flow[stream].wait()

    def request(self, data: bytes) -> bytes:
        """A stream's request as it is sent on."""
        return data if self._cursors else CURSOR.sub(rb"\1elsewhere", data)

    @property
    def status(self) -> bytes | None:
        """What streams are answered with, if not by the server."""
        return self._status


class _Connection:
    def __init__(self, line: Line) -> None:
        self._line = line
        self._stream = False

    async def ask(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, back: asyncio.StreamWriter
    ) -> None:
        """Client to server."""
        with suppress(ConnectionError):
            while data := await source.read(self._line.chunk):
                if STREAM in data.partition(b"\r\n")[0]:
                    self._stream = True
                    self._line.streams += 1
                    if self._line.status:
                        back.write(self._line.status)
                        continue
                    data = self._line.request(data)
                await self._line.carry(data, sink, up=True)

    async def answer(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Server to client."""
        with suppress(ConnectionError):
            while data := await source.read(self._line.chunk):
                await self._line.flows(stream=self._stream)
                await self._line.carry(data, sink, up=False)


@asynccontextmanager
async def line_to(port: int) -> AsyncIterator[Line]:
    """A good line to the server at `port`."""
    line = Line(port)
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    line.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        server.close()
        line.release()
        line.cut()
        await asyncio.sleep(0)
