"""SSE frames as bytes: encoded once, written to N viewers.

Rules: data is JSON text on one line (JSON escapes CR and LF inside strings, so a value cannot break a
frame); a field is `name: value\\n`, an event ends with an empty line.
https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""


class Frame:
    """Bytes of a stream as they are, and as one chunk of chunked transfer coding (RFC 9112, section 7.1)."""

    __slots__ = ("chunked", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.chunked = b"%x\r\n%b\r\n" % (len(raw), raw)

    def __add__(self, other: "Frame") -> "Frame":
        return Frame(self.raw + other.raw)


def state(cursor: object, payload: str) -> Frame:
    """The `state` event: `payload` is the JSON object of docs/PROTOCOL.md, section 7."""
    return Frame(f"id: {cursor}\nevent: state\ndata: {payload}\n\n".encode())


def beat(now: int, viewers: int, *, behind: bool = False) -> Frame:
    """The heartbeat: the server's clock in ms and the number of viewers; no id, so no cursor moves.

    `behind`: this server does not hear the store at the moment, so there may be news it cannot tell.
    """
    more = b',"behind":true' if behind else b""
    return Frame(b'event: beat\ndata: {"now":%d,"viewers":%d%b}\n\n' % (now, viewers, more))


def retry(ms: int) -> Frame:
    """How long an EventSource waits before it comes back."""
    return Frame(b"retry: %d\n\n" % ms)


END = Frame(b"event: end\ndata: {}\n\n")

# Some proxies and virus scanners hold the first event back until more bytes follow it.
PADDING = Frame(b": ok\n\n")

LAST_CHUNK = b"0\r\n\r\n"
