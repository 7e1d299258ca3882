"""Many viewers in one process: bare connections that do what an EventSource does, and keep what they are told.

Rules: a viewer follows its stream, comes back after the `retry` it was last told, spread, with its cursor, and is
silent about nothing: resets, reconnects and when they happened are kept. Nothing here is faster than a browser would be.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from scripts.lib.server import Server
from scripts.lib.stream import Registers, apply
from tests.support.eventually import eventually

JOIN_AT_ONCE = 100
SPREAD = (0.5, 1.0)  # of the retry: a browser adds its own delay, a crowd must not come back as one


class Viewer(asyncio.Protocol):
    """One stream and its memory. `stay` is a task: it connects again until cancelled."""

    def __init__(self, server: Server, lesson: str, seed: int) -> None:
        self.registers: Registers = {}
        self.cursor = ""
        self.behind: list[bool] = []  # what each beat said
        self.resets = 0
        self.connected_at: list[float] = []
        self.lost_at: list[float] = []
        self.ended = False
        self._server = server
        self._lesson = lesson
        self._chance = random.Random(seed)
        self._retry_s = 1.0
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
                await loop.create_connection(lambda: self, "127.0.0.1", self._server.port)
                await self._gone.wait()
            except OSError:
                pass
            finally:
                self.close()
            await asyncio.sleep(self._retry_s * self._chance.uniform(*SPREAD))

    def close(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        again = f"Last-Event-ID: {self.cursor}\r\n" if self.cursor else ""
        transport.write(
            f"GET /api/lessons/{self._lesson}/events HTTP/1.1\r\nHost: lectern\r\n{again}\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.lost_at.append(asyncio.get_running_loop().time())
        self._gone.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if b"\r\n\r\n" in self._buffer and self._buffer.startswith(b"HTTP/"):
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
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
            fields = dict(line.split(b": ", 1) for line in event.split(b"\n") if b": " in line)
            if b"retry" in fields:
                self._retry_s = int(fields[b"retry"]) / 1000
            self._hear(fields)

    def _hear(self, fields: dict[bytes, bytes]) -> None:
        name = fields.get(b"event")
        if name == b"state":
            if len(self.connected_at) <= len(self.lost_at):
                self.connected_at.append(asyncio.get_running_loop().time())
            data = json.loads(fields[b"data"])
            self.resets += bool(data.get("reset")) and bool(self.cursor)
            self.cursor = fields[b"id"].decode()
            apply(self.registers, data)
        elif name == b"beat":
            self.behind.append(json.loads(fields[b"data"]).get("behind", False))
        elif name == b"end":
            self.ended = True


@dataclass
class Viewers:
    """A crowd of them, in one lesson."""

    members: Sequence[Viewer]
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    async def joined(self, seconds: float = 30.0) -> None:
        """All have their first state."""
        await eventually(self._here, lambda here: here == len(self.members), seconds)

    async def _here(self) -> int:
        return sum(len(one.connected_at) > len(one.lost_at) for one in self.members)

    async def agree(self, wanted: Registers, seconds: float = 40.0) -> None:
        """Every one of them comes to hold exactly these registers."""

        async def different() -> list[Registers]:
            return [one.registers for one in self.members if one.registers != wanted][:1]

        await eventually(different, lambda found: not found, seconds)

    @property
    def resets(self) -> int:
        """Resets after the first state, of all."""
        return sum(one.resets for one in self.members)

    def came_back(self, since: float) -> list[float]:
        """When, in seconds after `since`, they were connected again; sorted."""
        return sorted(at - since for one in self.members for at in one.connected_at if at > since)


@asynccontextmanager
async def viewers(server: Server, lesson: str, number: int) -> AsyncIterator[Viewers]:
    """A crowd for the length of a block."""
    crowd = Viewers([Viewer(server, lesson, seed) for seed in range(number)])
    try:
        for start in range(0, number, JOIN_AT_ONCE):
            crowd.tasks += [
                asyncio.create_task(one.stay()) for one in crowd.members[start : start + JOIN_AT_ONCE]
            ]
            await asyncio.sleep(0)
        await crowd.joined()
        yield crowd
    finally:
        for task in crowd.tasks:
            task.cancel()
        faults = await asyncio.gather(*crowd.tasks, return_exceptions=True)
        for one in crowd.members:
            one.close()
        for fault in faults:
            if fault is not None and not isinstance(fault, asyncio.CancelledError):
                raise fault
