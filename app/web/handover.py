"""The hand-over: a checked stream leaves HTTP for a connection that only knows how to be written to.

Rules:
- `LecternProtocol` (uvicorn's HTTP protocol, given as `http=`) offers the hand-over in the request's ASGI
  extensions. Taking it ends the request for uvicorn: no task, parser, scope or buffer of it is left.
- What stays is a `Stream`: the transport's protocol and the channel's subscriber in one, with slots. It
  stands among uvicorn's connections, so that shutdown sees it and limits count it.
- A peer that half-closes or sends anything but line ends is closed: an EventSource does neither.
- Where the server offers no hand-over (other servers, TLS in the process), the stream is a plain ASGI response.
"""

import asyncio
import random
from collections.abc import Callable, Iterable
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from app.core import frames
from app.core.frames import Frame
from app.core.lesson import Position
from app.web import sockets
from app.web.answers import NO_PAGE, SECURITY
from app.web.opening import Opening, again
from app.web.pipeline import OneAtATime
from app.web.stream import HEADERS, StreamResponse

EXTENSION = "lectern.handover"
BUFFER = 16 * 1024  # bytes a stream may hold before it counts as slow
LINGER_S = 4.0  # for the last bytes to a peer that is not reading; longer, to its end, in a drain

HandOver = Callable[["Stream"], asyncio.Transport | None]


class LecternProtocol(OneAtATime):
    """uvicorn's protocol, bounded and timed, with the hand-over and sockets that notice vanished peers."""

    stopping = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        sockets.prepare(transport.get_extra_info("socket"))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: self.hand_over}  # type: ignore[dict-item]

    def shutdown(self) -> None:
        super().shutdown()
        self.stopping = True
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            # A long poll listens for its peer's end (`app/web/state.py`). Woken without one, it answers now; at a
            # moment of its own, well before uvicorn would cancel it.
            within = 0.75 * (self.config.timeout_graceful_shutdown or 0)
            delay = random.uniform(0, within)  # noqa: S311 - spread, not secrecy
            asyncio.get_running_loop().call_later(delay, cycle.message_event.set)

    def timeout_keep_alive_handler(self) -> None:
        # An answer that nobody has read by now will not be read; closing would wait for it.
        self.transport.abort()

    def hand_over(self, stream: "Stream") -> asyncio.Transport | None:
        """Make the stream the connection's protocol; None where this connection cannot be handed over."""
        cycle, transport = self.cycle, self.transport
        ready = not (cycle.disconnected or cycle.response_started or self.ahead or transport.is_closing())
        if not ready or self.scope["http_version"] not in {"1.0", "1.1"} or self.scheme != "http":
            return None
        # For uvicorn the response is complete; what it would do then is not to be done.
        cycle.response_started = cycle.response_complete = True
        cycle.on_response = _nothing
        self.flow.resume_reading()
        self._unset_keepalive_if_required()
        self.deadline.clear()
        self.connections.discard(self)
        self.connections.add(stream)  # type: ignore[arg-type]
        stream.connections = self.connections
        transport.set_write_buffer_limits(high=BUFFER)
        transport.set_protocol(stream)
        if self.stopping:
            # Asked for before SIGTERM, opened after: nobody else tells it to leave.
            asyncio.get_running_loop().call_soon(stream.shutdown)
        # Nothing of the request may live as long as the stream does.
        self.parser = None  # type: ignore[assignment]
        self.scope = self.headers = None  # type: ignore[assignment]
        self.cycle = self.transport = self.flow = None  # type: ignore[assignment]
        return transport


def _nothing() -> None:
    """uvicorn calls this when a response is complete."""


class Stream(asyncio.Protocol):
    """A handed-over connection: the subscriber and the protocol in one."""

    __slots__ = (
        "audience",
        "channel",
        "connections",
        "due",
        "place",
        "position",
        "ready",
        "streams",
        "transport",
    )

    def __init__(self, opening: Opening) -> None:
        self.streams = opening.streams
        self.channel = opening.channel
        self.audience = opening.audience
        self.position: Position | None = None
        self.ready = True
        self.due = False  # its moment of the drain has come
        self.place = -1  # on the heartbeat wheel
        self.transport: asyncio.Transport
        self.connections: set[Any]  # uvicorn's

    # --- subscriber -------------------------------------------------------------------------------------

    def write(self, frame: Frame) -> None:
        self.transport.write(frame.chunked)

    def finish(self, last: Frame) -> None:
        self.write(last)
        self.close()

    def begin(self, head: bytes, first: Iterable[Frame]) -> None:
        """Write the response's head and the first frames."""
        # Lines, not one string: the snapshot's bytes are shared by all who join at this position.
        self.transport.writelines(
            [head + b"transfer-encoding: chunked\r\n\r\n", *(frame.chunked for frame in first)]
        )

    def close(self) -> None:
        """End the response, and the connection with it."""
        self.transport.write(frames.LAST_CHUNK)
        self._let_go()

    def _let_go(self) -> None:
        self.transport.close()
        # close() waits for the peer to read; not for ever.
        loop = asyncio.get_running_loop()
        loop.call_at(max(loop.time() + LINGER_S, self.streams.drained_at), self.transport.abort)

    def part(self) -> None:
        if not self.transport.is_closing() and not self.channel.part(self, again()):
            self.transport.abort()

    def abort(self) -> None:
        self.transport.abort()

    # --- protocol ---------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if data.strip(b"\r\n"):
            self.transport.abort()

    def eof_received(self) -> None:
        """Falsy: the transport closes itself."""

    def pause_writing(self) -> None:
        self.ready = False

    def resume_writing(self) -> None:
        self.ready = True
        if self.due:
            self.part()
        elif not self.transport.is_closing():
            self.channel.drained(self)

    def connection_lost(self, _: Exception | None) -> None:
        self.ready = False
        self.channel.leave(self)
        self.streams.wheel.leave(self, self.place)
        self.connections.discard(self)

    # --- uvicorn ----------------------------------------------------------------------------------------

    def shutdown(self) -> None:
        """The server stops: leave at a moment of one's own within the drain."""
        loop = asyncio.get_running_loop()
        self.streams.drain(loop.time())
        left = max(0.0, self.streams.drained_at - loop.time())
        loop.call_later(random.uniform(0, left), self._depart)  # noqa: S311 - spread, not secrecy

    def _depart(self) -> None:
        self.due = True
        if self.ready:
            self.part()
        else:
            # As soon as it is ready again (`resume_writing`); at the end of the drain without the last event.
            asyncio.get_running_loop().call_at(self.streams.drained_at, self.part)


class PlainStream(Stream):
    """The same for HTTP/1.0, which knows no chunks (nginx asks by it unless told otherwise)."""

    __slots__ = ()

    def write(self, frame: Frame) -> None:
        self.transport.write(frame.raw)

    def begin(self, head: bytes, first: Iterable[Frame]) -> None:
        self.transport.writelines([head + b"\r\n", *(frame.raw for frame in first)])

    def close(self) -> None:
        self._let_go()


class HandedOver(Response):
    """Takes the hand-over, or falls back to the plain ASGI stream."""

    def __init__(self, opening: Opening) -> None:
        super().__init__(headers={"content-type": "text/event-stream; charset=utf-8", **HEADERS})
        self._opening = opening

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        opening = self._opening
        offered: HandOver = scope["extensions"][EXTENSION]
        stream = Stream(opening) if scope["http_version"] == "1.1" else PlainStream(opening)
        transport = offered(stream)
        if transport is None:
            await StreamResponse(opening)(scope, receive, send)
            return
        stream.transport = transport
        stream.place = opening.streams.wheel.enter(stream)
        stream.begin(self._head(), opening.join(stream))
        if opening.channel.ended:
            opening.channel.leave(stream)
            stream.finish(frames.END)

    def _head(self) -> bytes:
        headers = [header for header in self.raw_headers if header[0] != b"content-length"]
        lines = [b"%b: %b\r\n" % header for header in (*headers, *SECURITY, NO_PAGE)]
        # The connection ends with the stream; a client that is not told so sends its next request into it.
        return b"HTTP/1.1 200 OK\r\n%bconnection: close\r\n" % b"".join(lines)


def respond(scope: Scope, opening: Opening) -> Response:
    """The response that opens a stream, by the best way this server has."""
    if scope["method"] == "GET" and EXTENSION in scope.get("extensions", {}):
        return HandedOver(opening)
    return StreamResponse(opening)
