"""One viewer: a bare connection that does what an EventSource does, and keeps what it is told.

Rules: it comes back after the `retry` it was last told, spread, with its cursor, and is silent about nothing: resets,
reconnects and when they happened are kept. Nothing here is faster than a browser would be.
"""

import asyncio
import json
import random
from typing import Any, cast

from scripts.lib.stream import Registers, apply

SPREAD = (0.5, 1.0)  # of the retry: a browser adds its own delay, a crowd must not come back as one


class Viewer(asyncio.Protocol):
    """One stream and its memory. `stay` is a task: it connects again until cancelled. Times are the loop's."""

    def __init__(self, port: int, lesson: str, seed: int) -> None:
        self.registers: Registers = {}
        self.cursor = ""
        self.here = False  # has had the first event of its present stream
        self.resets = 0
        self.connected_at: list[float] = []
        self.lost_at: list[float] = []
        self.states_at: list[float] = []
        self.beats: list[tuple[float, dict[str, Any]]] = []  # when, and what it said
        self.retries: list[int] = []  # told at the end of a stream: come back in so many ms
        self.refused: list[str] = []  # statuses other than 200
        self.ended = False
        self._port = port
        self._lesson = lesson
        self._chance = random.Random(seed)
        self._retry_ms = 1_000
        self._buffer = b""
        self._body = b""
        self._transport: asyncio.Transport | None = None
        self._gone = asyncio.Event()

    async def stay(self) -> None:
        """Be a viewer until cancelled."""
        loop = asyncio.get_running_loop()
        while not self.ended:
            self._gone.clear()
            self._buffer = self._body = b""
            try:
                await loop.create_connection(lambda: self, "127.0.0.1", self._port)
                await self._gone.wait()
            except OSError:
                pass
            finally:
                self.close()
            await asyncio.sleep(self._retry_ms / 1000 * self._chance.uniform(*SPREAD))

    def close(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.abort()

    def stop_reading(self) -> None:
        """Take nothing any more: soon the server's buffer is full."""
        if self._transport is not None:
            self._transport.pause_reading()

    def read_on(self) -> None:
        """Take what has come, and what comes."""
        if self._transport is not None:
            self._transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        again = f"Last-Event-ID: {self.cursor}\r\n" if self.cursor else ""
        self._transport.write(
            f"GET /api/lessons/{self._lesson}/events HTTP/1.1\r\nHost: lectern\r\n{again}\r\n".encode()
        )

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        if self.here:
            self.lost_at.append(asyncio.get_running_loop().time())
        self.here = False
        self._gone.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if b"\r\n\r\n" in self._buffer and self._buffer.startswith(b"HTTP/"):
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                self.refused.append(head[9:12].decode())
                self.close()
                return
        while not self._buffer.startswith(b"HTTP/"):
            size, found, rest = self._buffer.partition(b"\r\n")
            length = int(size, 16) if found else 0
            if not found or len(rest) < length + 2:
                return
            self._body += rest[:length]
            self._buffer = rest[length + 2 :]
            self._read_events()

    def _read_events(self) -> None:
        *events, self._body = self._body.split(b"\n\n")
        for event in events:
            self._hear(dict(line.split(b": ", 1) for line in event.split(b"\n") if b": " in line))

    def _hear(self, fields: dict[bytes, bytes]) -> None:
        name, now = fields.get(b"event"), asyncio.get_running_loop().time()
        if b"retry" in fields:
            self._retry_ms = int(fields[b"retry"])
            if self.here:
                self.retries.append(self._retry_ms)
        if name == b"state":
            if not self.here:
                self.connected_at.append(now)
            self.here = True
            self.states_at.append(now)
            data = json.loads(fields[b"data"])
            self.resets += bool(data.get("reset")) and bool(self.cursor)
            self.cursor = fields[b"id"].decode()
            apply(self.registers, data)
        elif name == b"beat":
            self.beats.append((now, json.loads(fields[b"data"])))
        elif name == b"end":
            self.ended = True
