"""A request's head: bounded in bytes, and refused as a problem where it is too large or no HTTP at all.

Rules: the parser keeps a head until it is whole, so it is counted while it comes: more than `HEAD_BYTES` is
431 (the read in which it begins is not counted twice), what is no HTTP is 400; both close the connection,
since nothing after them can be told apart (RFC 9112, section 2.2). Nothing of the peer's bytes is answered.
"""

import asyncio

from app.web.answers import NO_PAGE, SECURITY
from app.web.lastanswer import LastAnswer
from app.web.problems import Problem, response

HEAD_BYTES = 32 * 1024  # as much as common proxies let through; a browser's cookies of many lessons fit


class HeadTooLarge(Exception):
    """Raised out of the parser's callbacks, which makes it stop."""


class BoundedHeads(LastAnswer):
    """The protocol, with a bound for what it keeps before there is a request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.in_head = False
        self.declared: int | None = None  # the body's length
        self.head_bytes = 0
        self.head_reads = 0  # bytes of reads that were nothing but head, and did not end it

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.in_head = True
        self.head_bytes = self.head_reads = 0

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self.in_head = False
        length = dict(self.headers).get(b"content-length", b"").strip()  # a number: the parser has looked
        self.declared = int(length) if length.isdigit() else None
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        inside = self.in_head
        super().data_received(data)
        if inside and self.in_head:
            self.head_reads += len(data)
            if self.head_reads > HEAD_BYTES and not self.parting:
                self.send_400_response("")

    def _count(self, more: int) -> None:
        self.head_bytes += more
        if self.head_bytes > HEAD_BYTES:
            raise HeadTooLarge

    def send_400_response(self, _: str) -> None:
        """uvicorn calls this for what its parser refuses."""
        if self.parting:
            return
        if max(self.head_bytes, self.head_reads) > HEAD_BYTES:
            problem = Problem(431, f"A request's head has at most {HEAD_BYTES} bytes.")
        else:
            problem = Problem(400, "This is not a request that HTTP allows.")
        self.transport.write(_refusal(problem))
        self.part()


def _refusal(problem: Problem) -> bytes:
    answer = response(problem)
    headers = [*answer.raw_headers, *SECURITY, NO_PAGE, (b"connection", b"close")]
    lines = [b"%b: %b\r\n" % header for header in headers]
    status = f"HTTP/1.1 {problem.status} {problem.title}\r\n".encode()
    return status + b"".join(lines) + b"\r\n" + bytes(answer.body)
