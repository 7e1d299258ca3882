"""A request's head: bounded in bytes and lines, with one host, and refused as a problem where it is not so or no HTTP at all.

Rules:
- The parser keeps a head until it is whole, so it is counted while it comes, as it is on the wire: more than `HEAD_BYTES` (the
  read in which it begins is not counted twice) or `HEAD_LINES` is 431. Each line is a call and some objects, however short.
- Two hosts, none (in HTTP/1.1), or what cannot be a host's name is 400 (RFC 9112, section 3.2): links, and pictures of links,
  are made of it.
- What is no HTTP is 400. All of these close the connection, since nothing after them can be told apart (RFC 9112,
  section 2.2). Nothing of the peer's bytes is answered.
- Blanks around a field's value are no part of it (RFC 9110, section 5.5), and a field behind the body is no part of the
  head (section 6.5.1).
"""

import asyncio
import re

from app.web.answers import NO_PAGE, SECURITY
from app.web.lastanswer import LastAnswer
from app.web.problems import Problem, response

HEAD_BYTES = 32 * 1024  # as much as common proxies let through; a browser's cookies of many lessons fit
HEAD_LINES = 100  # Apache's LimitRequestFields; a browser behind two proxies sends 30
HOST_CHARS = 255  # a name of the DNS

# A name or an address, and a port. The longer half of RFC 3986's "reg-name" is in no name that is looked up.
_HOST = re.compile(rb"(?:[A-Za-z0-9._~-]{1,%d}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{0,5})?" % HOST_CHARS)

_TOO_LARGE = Problem(431, f"A request's head has at most {HEAD_BYTES} bytes and {HEAD_LINES} lines.")
_NO_HTTP = Problem(400, "This is not a request that HTTP allows.")
_NO_HOST = Problem(400, "A request names the one host that it is for.")


class HeadRefused(Exception):
    """Raised out of the parser's callbacks, which makes it stop."""


def is_host(value: bytes) -> bool:
    """Whether a Host header can be the name of a site."""
    return _HOST.fullmatch(value) is not None


class BoundedHeads(LastAnswer):
    """The protocol, with a bound for what it keeps before there is a request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.in_head = False
        self.declared: int | None = None  # the body's length
        self.head_bytes = 0
        self.head_lines = 0
        self.head_reads = 0  # bytes of reads that were nothing but head, and did not end it
        self.refused = _NO_HTTP  # what the parser's next refusal means

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.in_head = True
        self.head_bytes = self.head_lines = self.head_reads = 0

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.head_lines += 1
        self._count(len(name) + len(value) + 4)  # a colon, a blank, and the line's end
        if self.in_head:
            super().on_header(name, value.rstrip(b" \t"))

    def on_headers_complete(self) -> None:
        self.in_head = False
        hosts, self.declared = [], None
        for name, value in self.headers:
            if name == b"host":
                hosts.append(value)
            elif name == b"content-length":
                self.declared = int(value)  # a number: the parser has looked
        if len(hosts) != 1:
            if hosts or self.parser.get_http_version() == "1.1":
                self._refuse(_NO_HOST)
        elif not is_host(hosts[0]):
            self._refuse(_NO_HOST)
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        inside = self.in_head
        super().data_received(data)
        if inside and self.in_head:
            self.head_reads += len(data)
            if self.head_reads > HEAD_BYTES and not self.parting:
                self.refused = _TOO_LARGE
                self.send_400_response("")

    def _count(self, more: int) -> None:
        self.head_bytes += more
        if self.head_bytes > HEAD_BYTES or self.head_lines > HEAD_LINES:
            self._refuse(_TOO_LARGE)

    def _refuse(self, problem: Problem) -> None:
        self.refused = problem
        raise HeadRefused

    def send_400_response(self, _: str) -> None:
        """uvicorn calls this for what its parser refuses."""
        if not self.parting:
            self.transport.write(_refusal(self.refused))
            self.part()


def _refusal(problem: Problem) -> bytes:
    answer = response(problem)
    headers = [*answer.raw_headers, *SECURITY, NO_PAGE, (b"connection", b"close")]
    lines = [b"%b: %b\r\n" % header for header in headers]
    status = f"HTTP/1.1 {problem.status} {problem.title}\r\n".encode()
    return status + b"".join(lines) + b"\r\n" + bytes(answer.body)
