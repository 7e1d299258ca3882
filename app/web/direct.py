"""A stream that is written straight to its transport: the subscriber and the protocol of a handed-over connection in one.

Rules:
- Per viewer there is this object with slots, and nothing else: no task, parser or request.
- It stands among uvicorn's connections, so that shutdown sees it and limits count it.
- A peer that half-closes or sends anything but line ends is closed: an EventSource does neither.
- The last bytes are waited for as all are: while the peer reads on (`slowpeers.py`), in a drain to its end and no longer.
"""

import asyncio
import random
from collections.abc import Iterable
from typing import Any

from app.core import frames
from app.core.frames import Frame
from app.core.lesson import Position
from app.feed import reading
from app.web import sockets
from app.web.opening import Opening, again
from app.web.slowpeers import Watch

LINGER_S = 4.0  # for the last bytes to a peer that leaves at the end of a drain


class Stream(asyncio.Protocol):
    """A handed-over connection: the subscriber and the protocol in one."""

    __slots__ = (
        "audience",
        "behind",
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
        self.behind = False  # it was, and may have bytes left to read
        self.due = False  # its moment of the drain has come
        self.place = -1  # on the heartbeat wheel
        self.transport: asyncio.Transport
        self.connections: set[Any]  # uvicorn's

    # --- subscriber -------------------------------------------------------------------------------------

    def write(self, frame: Frame) -> None:
        self.transport.write(frame.chunked)

    def unread(self) -> int:
        return sockets.unread(self.transport)

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
        if self.streams.drained_at:
            self._until_drained()
        elif self.transport.get_write_buffer_size():
            Watch(self.transport)  # close() waits for the peer to read; as long as it does

    def _until_drained(self) -> None:
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
        if not self.behind:
            self.behind = True  # the wheel measures it from now on, and the kernel does not
            sockets.forbear(self.transport, behind=True)
            self._later()

    def _later(self) -> None:
        asyncio.get_running_loop().call_later(reading.EVERY_S, self._caught_up)

    def _caught_up(self) -> None:
        """Whether the kernel may watch over it again: ready alone is too soon, since the kernel holds bytes then."""
        if self.transport.is_closing():
            return
        self.behind = not self.ready or self.unread() > 0
        if self.behind:
            self._later()
        else:
            sockets.forbear(self.transport, behind=False)

    def resume_writing(self) -> None:
        self.ready = True
        self.streams.wheel.drained(self, self.place)
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
        if self.transport.is_closing():
            self._until_drained()
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
