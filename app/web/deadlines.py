"""Deadlines of an HTTP connection: how long a peer may take for a request's head, and for its body.

Rules: a head must be whole `HEAD_S` after the connection opened or the first byte of it came; a body in
`BODY_S` plus the time its declared length takes at `SLOWEST` bytes a second, where a length beyond
`LONGEST` buys no more time; past a deadline the connection is dropped, whatever it holds. One timer a
connection at a time.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from app.web.heads import BoundedHeads

HEAD_S = 10.0
BODY_S = 15.0
SLOWEST = 64 * 1024  # bytes a second; 50 MiB may take 14 minutes
LONGEST = 50 * 1024 * 1024  # bytes: the longest body that anything here takes, a deck
UNDECLARED_S = 60.0


class Deadline:
    """The one timer of a connection."""

    __slots__ = ("_timer", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._timer: asyncio.TimerHandle | None = None

    def head(self) -> None:
        """A request has begun, or may; an earlier byte has set the time already."""
        if self._timer is None:
            self._set(HEAD_S)

    def body(self, length: int | None) -> None:
        """The head is whole; `length` is its Content-Length."""
        self.clear()
        self._set(UNDECLARED_S if length is None else BODY_S + min(length, LONGEST) / SLOWEST)

    def clear(self) -> None:
        """The request is whole, or the connection gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._missed)

    def _missed(self) -> None:
        self._timer = None
        self._transport.abort()


class TimedRequests(BoundedHeads):
    """The protocol, which waits for a request until its deadline."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.deadline = Deadline(transport)
        self.deadline.head()

    def data_received(self, data: bytes) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            self.deadline.head()
        super().data_received(data)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self.deadline.body(self.declared)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.deadline.clear()

    def connection_lost(self, exc: Exception | None) -> None:
        self.deadline.clear()
        super().connection_lost(exc)
