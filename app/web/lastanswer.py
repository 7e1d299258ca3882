"""The last answer of a connection whose peer is still sending: it must arrive.

Rules: a socket that is closed with bytes unread is reset, and a reset may cost the peer the answer; a proxy takes it for
our failure. So only our half is closed; what still comes is read and forgotten, never a request, until the peer closes
its own (RFC 9112, section 9.6), for at most `FORGETS_S` and `FORGETS_BYTES`, or the deadline of the request that it was
sending: then the connection is dropped. Where there are no halves (TLS in the process), it is closed.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

FORGETS_S = 30.0  # nginx's lingering_time
FORGETS_BYTES = 64 * 1024 * 1024  # a deck that is a little too large hears that it is


class LastAnswer(HttpToolsProtocol):
    """uvicorn's protocol, which closes a connection only when its peer has said all."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.in_message = False  # a request has begun, and is not whole
        self.forgotten = 0
        self._drop: asyncio.TimerHandle | None = None  # set: everything has been said

    @property
    def parting(self) -> bool:
        """Whether nothing more can be said."""
        return self._drop is not None or self.transport.is_closing()

    @property
    def unheard(self) -> bool:
        """Whether something of what the peer says has not been read."""
        return self.in_message

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.in_message = True

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self.cycle.transport = _Answering(self.transport)  # type: ignore[assignment]

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.in_message = False

    def data_received(self, data: bytes) -> None:
        if self._drop is None:
            super().data_received(data)
            return
        self.forgotten += len(data)
        if self.forgotten > FORGETS_BYTES:
            self.transport.abort()

    def on_response_complete(self) -> None:
        if not self.parting:  # else the next request would be begun, and time given for another
            super().on_response_complete()

    def shutdown(self) -> None:
        if self._drop is None:
            super().shutdown()
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._drop is not None:
            self._drop.cancel()
        super().connection_lost(exc)

    def leave(self) -> None:
        """The answer that ends the connection has been written."""
        if self.unheard:
            self.part()
        else:
            self.transport.close()

    def part(self) -> None:
        """Close, once the peer has what has been written."""
        if self.parting:
            return
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        self._unset_keepalive_if_required()
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            # What was refused stood behind a request whose answer is not ready: nobody will get that.
            cycle.disconnected = True
            cycle.message_event.set()
        self._drop = asyncio.get_running_loop().call_later(FORGETS_S, self.transport.abort)
        self.flow.resume_reading()
        self.transport.write_eof()


class _Answering:
    """All that a request's cycle asks of its transport. It knows no protocol, so that it closes no circle of references."""

    __slots__ = ("_transport", "is_closing", "write")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.is_closing = transport.is_closing
        self.write = transport.write

    def close(self) -> None:
        connection = self._transport.get_protocol()
        if isinstance(connection, LastAnswer):
            connection.leave()
        else:
            self._transport.close()
