"""A TCP proxy that misbehaves: between Lectern and its store, or between viewers and Lectern.

Rules: bytes are never changed and never reordered; what happens to them is said by `set`, per kind of connection. A
connection is *marked* once its client has sent the mark (`XREAD`: the blocking reader's; `/events`: a stream). What was
swallowed is gone, and that connection stays open and silent for ever; what was held is delivered when the line passes again.
It runs in a thread of its own, since the tests' loop stands still while a server is started.
"""

import asyncio
import random
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import TypeVar

T = TypeVar("T")

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
    """One proxy. Made by `proxy_to`; its public methods may be called from any thread but its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, port: int, mark: bytes = b"") -> None:
        self.port = 0
        self.refusing = False  # new connections are reset
        self.lives_s: float | None = (
            None  # each new connection is reset at a random moment of so many seconds
        )
        self.connections: set[Connection] = set()
        self.target = port
        self.mark = mark
        self.manners = {True: PASS, False: PASS}
        self._loop = loop

    @property
    def url(self) -> str:
        """Where a browser finds the server behind it."""
        return f"http://127.0.0.1:{self.port}"

    def set(self, manner: Manner, *, marked: bool | None = None) -> None:
        """From now on treat marked connections, others, or (None) all in this way, new ones too."""
        self._do(lambda: self._set(manner, (True, False) if marked is None else (marked,)))

    def _set(self, manner: Manner, kinds: tuple[bool, ...]) -> None:
        for kind in kinds:
            self.manners[kind] = manner
            for connection in self._of(kind):
                connection.take(manner)

    def _of(self, marked: bool) -> "list[Connection]":  # noqa: FBT001 - the kind
        return [connection for connection in self.connections if connection.marked == marked]

    def silence(self, *, marked: bool) -> int:
        """The connections of a kind that are open now stay so and are silent for ever; how many those are."""
        return self._do(lambda: sum(connection.take(SWALLOW) for connection in self._of(marked)))

    def cut(self) -> int:
        """Resets every connection; how many they were."""
        return self._do(lambda: sum(connection.cut() for connection in list(self.connections)))

    def _do(self, act: Callable[[], T]) -> T:
        async def do() -> T:
            return act()

        return asyncio.run_coroutine_threadsafe(do(), self._loop).result()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client."""
        if self.refusing:
            await asyncio.sleep(random.uniform(0, 0.003))  # before and after the client's first bytes
            _reset(writer)
            return
        connection = Connection(self, writer)
        self.connections.add(connection)
        if self.lives_s is not None:
            self._loop.call_later(random.uniform(0, self.lives_s), _reset, writer)
        try:
            await connection.run(reader)
        except OSError:
            pass  # one end is gone, or there is no server
        finally:
            self.connections.discard(connection)
            connection.cut()


def _reset(writer: asyncio.StreamWriter) -> None:
    if writer.is_closing():
        return  # its time has come, and its client was faster
    # Not closed in order: whoever writes or reads next is told that the connection was reset.
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


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

    def take(self, manner: Manner) -> int:
        """Be treated like this from now on, unless bytes have been lost already; counts as one."""
        self._manner = manner
        self._lost = self._lost or manner.swallows
        self._go_on()
        self._changed.set()
        self._changed = asyncio.Event()
        return 1

    def cut(self) -> int:
        """Reset both ends; counts as one."""
        for end in (self._client, *(way.sink for way in self._ways)):
            end.transport.abort()
        return 1

    async def run(self, client: asyncio.StreamReader) -> None:
        """Until either end closes."""
        upstream = socket.socket()
        upstream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        upstream.settimeout(0)
        try:
            await asyncio.get_running_loop().sock_connect(upstream, ("127.0.0.1", self._proxy.target))
        except BaseException:
            upstream.close()
            raise
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


@contextmanager
def proxy_to(port: int, mark: bytes = b"") -> Iterator[Proxy]:
    """A proxy to the server at `port`, well-behaved until told otherwise."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="proxy")
    thread.start()
    proxy = Proxy(loop, port, mark)
    listening = asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=SMALL, backlog=1024)
    server = asyncio.run_coroutine_threadsafe(listening, loop).result()
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(_close(server, proxy), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _close(server: asyncio.Server, proxy: Proxy) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
