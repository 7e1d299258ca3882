"""The hand-over: a checked stream leaves HTTP for a connection that only knows how to be written to.

Rules:
- `LecternProtocol` (uvicorn's HTTP protocol, given as `http=`) offers the hand-over in the request's ASGI
  extensions. Taking it ends the request for uvicorn: no task, parser, scope or buffer of it is left.
- What stays is a `Stream` (`direct.py`): the transport's protocol and the channel's subscriber in one.
- Where the server offers no hand-over (other servers, TLS in the process), the stream is a plain ASGI response.
"""

import asyncio
import random
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from app.core import frames
from app.web import sockets
from app.web.answers import NO_PAGE, SECURITY
from app.web.direct import PlainStream, Stream
from app.web.opening import Opening
from app.web.slowpeers import PatientAnswers
from app.web.stream import HEADERS, StreamResponse

EXTENSION = "lectern.handover"
BUFFER = 16 * 1024  # bytes a stream may hold before it counts as slow

HandOver = Callable[[Stream], asyncio.Transport | None]


class LecternProtocol(PatientAnswers):
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

    def hand_over(self, stream: Stream) -> asyncio.Transport | None:
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
        self._unwatch()
        self.deadline.clear()
        self.connections.discard(self)
        self.connections.add(stream)  # type: ignore[arg-type]
        stream.connections = self.connections
        if self.was_behind:
            sockets.forbear(transport, behind=False)
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
