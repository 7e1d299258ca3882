"""A viewer's or a teacher's event stream, read as docs/PROTOCOL.md says a client should.

Rules: events are applied to `registers` in the order in which they arrive, whether anybody asks for them or not. Every
wait has a deadline and says what had arrived when it passed. The one buffer, `events`, lives as long as the block.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from httpx_sse import EventSource

SECONDS = 5.0

Registers = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it came, and the monotonic time at which it did."""

    name: str
    data: Any
    id: str
    at: float


def apply(registers: Registers, data: dict[str, Any]) -> None:
    """Applies the data of a `state` event, or of the answer to GET .../state."""
    if data.get("reset"):
        registers.clear()
    for key, value in data["writes"]:
        if value is not None:
            registers[key] = value
        elif key.endswith("/"):
            for below in [known for known in registers if known.startswith(key)]:
                del registers[below]
        else:
            registers.pop(key, None)


class EventStream:
    """An open stream. Made by `open_stream`."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.registers: Registers = {}
        self.cursor: str | None = None
        self.retry: int | None = None
        self.events: list[Event] = []
        self.closed = False
        self._read = 0
        self._news = asyncio.Event()

    async def consume(self) -> None:
        """Reads to the stream's end; run as a task by `open_stream`."""
        try:
            async for sse in EventSource(self.response).aiter_sse():
                if sse.retry is not None:
                    self.retry = sse.retry
                if sse.data:
                    event = Event(sse.event, json.loads(sse.data), sse.id, time.monotonic())
                    if event.name == "state":
                        apply(self.registers, event.data)
                        self.cursor = event.id
                    self.events.append(event)
                    self._news.set()
        except httpx.TransportError:
            pass  # a connection cut is an end like any other; `closed` tells
        finally:
            self.closed = True
            self._news.set()

    async def _until(self, done: Callable[[], bool], seconds: float, wanted: str) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not done():
                    if self.closed:
                        raise EOFError(f"the stream ended before {wanted}; events so far: {self.events}")
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise TimeoutError(f"no {wanted} within {seconds:g} s; events so far: {self.events}") from None

    async def next_event(self, name: str | None = None, *, seconds: float = SECONDS) -> Event:
        """The next event not yet returned; with a name, those of other names are passed over."""

        def found() -> bool:
            while self._read < len(self.events):
                if name is None or self.events[self._read].name == name:
                    return True
                self._read += 1
            return False

        await self._until(found, seconds, f"event {name or ''}".strip())
        self._read += 1
        return self.events[self._read - 1]

    async def next_state(self, *, seconds: float = SECONDS) -> dict[str, Any]:
        """The data of the next `state` event."""
        data: dict[str, Any] = (await self.next_event("state", seconds=seconds)).data
        return data

    async def until(
        self, holds: Callable[[Registers], bool], *, seconds: float = SECONDS, wanted: str = "that state"
    ) -> Registers:
        """Waits until the registers fit, and returns them."""
        await self._until(lambda: holds(self.registers), seconds, wanted)
        return self.registers

    async def until_closed(self, *, seconds: float = SECONDS) -> None:
        """Waits for the stream's end."""
        await self._until(lambda: self.closed, seconds, "end of the stream")


@asynccontextmanager
async def open_stream(
    http: httpx.AsyncClient,
    lesson: str,
    *,
    key: str | None = None,
    cursor: str | None = None,
    headers: dict[str, str] | None = None,
) -> AsyncIterator[EventStream]:
    """A lesson's stream: as a viewer, or with the teacher's key as the teacher. Raises on any status but 200."""
    sent = {"Accept": "text/event-stream"} | (headers or {})
    if key is not None:
        sent["Authorization"] = f"Bearer {key}"
    if cursor is not None:
        sent["Last-Event-ID"] = cursor
    query = {"as": "teacher"} if key is not None else {}
    # A stream is quiet for as long as the lesson is: no read timeout, the waits have their own.
    timeout = httpx.Timeout(10.0, read=None)
    path = f"/api/lessons/{lesson}/events"
    async with http.stream("GET", path, params=query, headers=sent, timeout=timeout) as response:
        response.raise_for_status()
        if response.status_code != httpx.codes.OK:
            raise httpx.HTTPStatusError(
                f"{response.status_code}", request=response.request, response=response
            )
        stream = EventStream(response)
        reading = asyncio.create_task(stream.consume())
        try:
            yield stream
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
