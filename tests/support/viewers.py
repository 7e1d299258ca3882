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
from typing import Any

from scripts.lib.stream import Registers, apply
from tests.support.eventually import eventually

JOIN_AT_ONCE = 100
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

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        again = f"Last-Event-ID: {self.cursor}\r\n" if self.cursor else ""
        transport.write(
            f"GET /api/lessons/{self._lesson}/events HTTP/1.1\r\nHost: lectern\r\n{again}\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
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


@dataclass
class Viewers:
    """A crowd of them, in one lesson."""

    members: Sequence[Viewer]
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    async def joined(self, seconds: float = 30.0) -> None:
        """All have their first state."""
        await eventually(self._here, lambda here: here == len(self.members), seconds)

    async def _here(self) -> int:
        return sum(one.here for one in self.members)

    async def agree(self, wanted: Registers, seconds: float = 40.0) -> None:
        """Every one of them comes to hold exactly these registers."""

        async def different() -> list[Registers]:
            return [one.registers for one in self.members if one.registers != wanted][:1]

        await eventually(different, lambda found: not found, seconds)

    @property
    def resets(self) -> int:
        """Resets after the first state, of all."""
        return sum(one.resets for one in self.members)

    @property
    def never_lost(self) -> bool:
        """Whether every one still has its first stream."""
        return all(len(one.connected_at) == 1 for one in self.members)

    def came_back(self, since: float) -> list[float]:
        """When, in seconds after `since`, they were connected again; sorted."""
        return sorted(at - since for one in self.members for at in one.connected_at if at > since)

    def told_again(self, since: float) -> list[float]:
        """For each, seconds from `since` to the next state it was told; sorted."""
        firsts = (next((at for at in one.states_at if at > since), None) for one in self.members)
        return sorted(at - since for at in firsts if at is not None)

    async def leave(self, number: int) -> None:
        """The last of them go for good."""
        for task in self.tasks[len(self.tasks) - number :]:
            task.cancel()
        await asyncio.gather(*self.tasks[len(self.tasks) - number :], return_exceptions=True)
        del self.tasks[len(self.tasks) - number :]
        self.members = self.members[: len(self.members) - number]


@asynccontextmanager
async def viewers(port: int, lesson: str, number: int) -> AsyncIterator[Viewers]:
    """A crowd for the length of a block."""
    crowd = Viewers([Viewer(port, lesson, seed) for seed in range(number)])
    everybody = list(crowd.members)
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
        for one in everybody:
            one.close()
        for fault in faults:
            if fault is not None and not isinstance(fault, asyncio.CancelledError):
                raise fault
