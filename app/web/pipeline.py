"""Pipelined requests: a connection's next request is parsed when the one before it has been answered.

Rules:
- RFC 9112, section 9.3.2 lets a peer send ahead; nothing makes us read ahead. uvicorn starts no second request early, but
  it parses and keeps as many as have come, each some 5 KiB of objects for 30 bytes of a peer's. Here what a read
  brought beyond a request stays as it came, and nothing more is read from the socket until all of it has been parsed: TCP
  makes the peer wait. A connection so holds one read, which uvloop bounds by 256 KiB, and all of a process `AHEAD_BYTES`.
- The parser cannot be stopped, so it is fed portions that end where a message may end: a head and a chunked
  body with an empty line, another body with its length. (An empty line inside a chunk costs one portion more.)
- Between two answers, and after each `PORTIONS`, everybody else has a turn of the event loop: neither thousands of requests
  nor a body in chunks of one byte is worked off in one go.
- A request that asks for another protocol is the last of its connection: what follows it may be in that protocol.
"""

import asyncio
import re
from typing import ClassVar

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from app.web.deadlines import TimedRequests

AHEAD_BYTES = (
    64 * 1024 * 1024
)  # of all connections of a process; a thousand that each sent a whole window ahead
PORTIONS = 8  # of one connection, in one turn of the loop
CHUNKS = 2 * 1024  # bytes of a chunked body in a portion: at worst 400 chunks, a third of a millisecond

_END = b"\r\n\r\n"
_BLANK = re.compile(rb"[\r\n]*")  # before a request, where RFC 9112, section 2.2 lets it stand


class Ahead:
    """How many bytes wait in this process."""

    __slots__ = ("bytes",)

    def __init__(self) -> None:
        self.bytes = 0


class OneAtATime(TimedRequests):
    """The protocol, with a parser that sees no byte behind a request that is not answered."""

    of_all: ClassVar[Ahead] = Ahead()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow: _Flow = _Flow(transport)
        self.ahead = b""  # a read that has not been parsed to its end
        self._parsed = 0  # of it
        self._tail = b""  # the last bytes of an unfinished message, which may be a part of its end
        self._body_left = 0  # bytes of a body whose length is known
        self._next: asyncio.Handle | None = None

    @property
    def unheard(self) -> bool:
        return bool(self.ahead) or super().unheard

    def data_received(self, data: bytes) -> None:
        if self.ahead:  # only where a transport delivers while it is paused
            self._keep(self.ahead[self._parsed :] + data, 0)
        elif self.in_message or data.find(_END) != len(data) - len(_END) or self._answering():
            self._parse(data, 0)
        else:
            super().data_received(data)  # the short way of most: one request without a body

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._body_left = self.declared or 0
        if self.parser.should_upgrade():
            self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.ahead and not self.parting:
            self._soon()

    def part(self) -> None:
        self._forget()
        super().part()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _answering(self) -> bool:
        """Whether a whole request waits for the end of its answer."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete and not self.in_message

    def _parse(self, data: bytes, at: int) -> None:
        for _ in range(PORTIONS):
            if self.parting:
                super().data_received(data[at:])  # which forgets it
                return
            if not self.in_message:
                at = _BLANK.match(data, at).end()  # type: ignore[union-attr] # it matches nothing, too
            if at == len(data):
                self._forget()
                return
            if self._answering():
                break
            end = self._portion(data, at)
            self._feed(data[at:end])
            at = end
        self._keep(data, at)

    def _portion(self, data: bytes, at: int) -> int:
        """Where to stop: no further than the end of the message."""
        if self.in_message:
            if self._body_left:
                return min(at + self._body_left, len(data))
            for split in range(1, len(self._tail) + 1):
                if self._tail.endswith(_END[:split]) and data.startswith(_END[split:], at):
                    return at + len(_END) - split
        limit = at + CHUNKS if self.in_message and not self.in_head else len(data)
        found = data.find(_END, at, limit)
        return min(limit, len(data)) if found < 0 else found + len(_END)

    def _feed(self, portion: bytes) -> None:
        of_body = self._body_left if self.in_message else 0
        super().data_received(portion)
        if of_body:
            self._body_left = of_body - len(portion)
        elif self.in_message:
            self._tail = (self._tail + portion[-3:])[-3:]
        if not self.in_message:
            self._body_left, self._tail = 0, b""

    def _keep(self, data: bytes, parsed: int) -> None:
        self.of_all.bytes += len(data) - len(self.ahead)
        self.ahead, self._parsed = data, parsed
        if self.of_all.bytes > AHEAD_BYTES:
            self.transport.abort()
            return
        self.flow.hold()
        if not self._answering():
            self._soon()

    def _soon(self) -> None:
        if self._next is None:
            self._next = asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        self._next = None
        if self.ahead and not self.parting:
            self._parse(self.ahead, self._parsed)

    def _forget(self) -> None:
        if self.ahead:
            self.of_all.bytes -= len(self.ahead)
            self.ahead, self._parsed = b"", 0
            self.flow.release()


class _Flow(FlowControl):
    """uvicorn's, which lets an application that waits for its peer's end read on, with a hold that outlasts that."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__(transport)
        self._transport = transport
        self._held = False
        self._full = False  # uvicorn has paused: the application is behind with a body

    def pause_reading(self) -> None:
        self._full = True
        super().pause_reading()

    def resume_reading(self) -> None:
        self._full = False
        if not self._held:
            super().resume_reading()

    def hold(self) -> None:
        """Read nothing until `release`."""
        self._held = True
        super().pause_reading()

    def release(self) -> None:
        """Read on, where nobody else has paused."""
        self._held = False
        if not self._full and not self._transport.is_closing():
            super().resume_reading()
