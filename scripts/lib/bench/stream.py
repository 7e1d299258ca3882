"""One viewer of the gallery: a socket, and what it has been told so far.

Rules: sockets are non-blocking, bound to one of a few loopback addresses so that ports never run out, and closed
with a reset so that none lingers. A narrow one is like a phone: Ethernet's segment size and a small receive buffer;
on loopback the kernel would otherwise hold megabytes for one that does not read.
"""

import errno
import socket
import struct
from collections.abc import Callable

from scripts.lib.bench.events import Known, Meaning, whole
from scripts.lib.bench.feeds import Feed

SOURCES = 16  # 127.0.0.2 and so on
IP_BIND_ADDRESS_NO_PORT = 24  # Linux; the port is chosen at connect, for the pair of addresses
NARROW_SEGMENT = 1_400
NARROW_BUFFER = 16 * 1024
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)


class Refused(Exception):
    """The server did not open the stream; the text says what it answered."""


class Stream:
    """A viewer. `late` is where it puts how late its updates are."""

    __slots__ = (
        "asked",
        "began",
        "events",
        "fd",
        "feed",
        "first",
        "got",
        "kept",
        "late",
        "live",
        "narrow",
        "rest",
        "socket",
        "told",
    )

    def __init__(self, feed: Feed, late: Callable[[int], None], *, narrow: bool = False) -> None:
        self.feed = feed
        self.late = late
        self.narrow = narrow
        self.told: Meaning | None = None  # the last that had an id
        self.got = self.events = 0  # updates, and the events they came in
        self.first: Meaning | None = None
        self.kept: list[bytes] | None = None  # everything it was sent, where it must be looked at afterwards
        self.reset()

    def reset(self) -> None:
        """As before its first connection, but for the place it had come to."""
        self.live = self.asked = False
        self.rest = b""
        self.began = 0

    def connect(self, number: int, now: int) -> None:
        """Begin to connect; `ask` when the socket is writable."""
        self.reset()
        self.began = now
        peer = self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.fd = peer.fileno()
        peer.settimeout(0.0)
        peer.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        if self.narrow:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, NARROW_SEGMENT)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW_BUFFER)
        peer.bind((f"127.0.0.{2 + number % SOURCES}", 0))
        code = peer.connect_ex(self.feed.at)
        if code not in {0, errno.EINPROGRESS}:
            raise OSError(code, errno.errorcode.get(code, "connect"))

    def ask(self) -> bool:
        """Send the request; False while the connection is not there yet."""
        again = b"Last-Event-ID: %b\r\n" % self.told.id if self.told else b""
        try:
            self.socket.send(self.feed.stream + again + b"\r\n")
        except BlockingIOError:
            return False
        self.asked = True
        return True

    @property
    def plain(self) -> bool:
        """Whether whole events may be counted without looking at it."""
        return self.live and not self.rest and self.kept is None and not self.narrow

    def close(self) -> None:
        """Be gone, as one whose Wi-Fi has dropped, but that the server's kernel is told."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        self.socket.close()
        self.live = False

    def take(self, data: bytes, now: int, known: Known) -> bool:
        """Bytes that are no known events: the head, the first event, parts. True when they make it live."""
        text = self.rest + data
        joins = not self.live
        if joins:
            end = self._first(text, now, known)
            if not end:
                self.rest = text
                return False
            text = text[end:]
        end = whole(text)
        self.rest = text[end:]
        if end:
            self.count(known.learn(text[:end], now), now)
        return joins

    def _first(self, text: bytes, now: int, known: Known) -> int:
        """Where the first event ends; 0 while it has not all come."""
        begin = text.find(b"\r\n\r\n") + 4
        if begin > 3 and not text.startswith(b"HTTP/1.1 200 "):
            raise Refused(text[:80].decode(errors="replace"))
        end = text.find(self.feed.joined, begin) if begin > 3 else -1
        if end < 0:
            return 0
        end += len(self.feed.joined)
        if (retry := text.find(b"retry: ", begin, begin + 16)) >= 0:
            begin = text.index(b"\n\n", retry) + 2  # each has its own; the rest is known from the others
        self.first = known.learn(text[begin:end], now)
        self._keep(self.first)
        self.live = True
        return end

    def count(self, told: Meaning, now: int) -> None:
        """Whole events have come."""
        self.got += len(told.stamps)
        self.events += told.events
        for sent in told.stamps:
            self.late(now - sent)
        self._keep(told)

    def _keep(self, told: Meaning) -> None:
        if told.id:
            self.told = told
        if self.kept is not None:
            self.kept.append(told.data)
