"""Connections of the publisher: kept alive, non-blocking, one request at a time on each.

Rules: a response is read to its end by its Content-Length; what is not 2xx is counted as failed and its status kept.
"""

import re
import socket

from scripts.lib.bench.feeds import Address

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")


class Wire:
    """One connection."""

    def __init__(self, to: Address) -> None:
        self.to = to
        self.sent_us = 0
        self._socket = socket.create_connection(to, timeout=5.0)
        self._socket.settimeout(0.0)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._got = b""

    def fileno(self) -> int:
        """For epoll."""
        return self._socket.fileno()

    def send(self, request: bytes, now: int) -> None:
        """Send one request; small enough for any socket's buffer."""
        self.sent_us = now
        self._got = b""
        if self._socket.send(request) != len(request):
            raise OSError("a request did not fit into the socket's buffer")

    def read(self) -> int:
        """The status, once the whole response is there; 0 before. Raises OSError when the connection is over."""
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return 0
        if not data:
            raise ConnectionResetError("closed by the server")
        self._got += data
        end = self._got.find(b"\r\n\r\n")
        if end < 0:
            return 0
        length = _LENGTH.search(self._got, 0, end + 4)
        if length is not None and len(self._got) < end + 4 + int(length[1]):
            return 0
        status = _STATUS.match(self._got)
        return int(status[1]) if status else 599

    def close(self) -> None:
        """Close it."""
        self._socket.close()
