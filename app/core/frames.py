"""SSE frames as bytes: encoded once, written to N viewers.

Rules: data is JSON text on one line (JSON escapes CR and LF inside strings, so a value cannot break a
frame); a field is `name: value\\n`, an event ends with an empty line.
https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

# Some proxies and virus scanners hold the first event back until more bytes follow it.
PADDING = b": ok\n\n"


def state(cursor: object, payload: str) -> bytes:
    """The `state` event: `payload` is the JSON object of the contract's section 4."""
    return f"id: {cursor}\nevent: state\ndata: {payload}\n\n".encode()


def beat(now: int, viewers: int) -> bytes:
    """The heartbeat: the server's clock in ms and the number of viewers; no id, so no cursor moves."""
    return b'event: beat\ndata: {"now":%d,"viewers":%d}\n\n' % (now, viewers)


def retry(ms: int) -> bytes:
    """How long an EventSource waits before it comes back."""
    return b"retry: %d\n\n" % ms


END = b"event: end\ndata: {}\n\n"


def chunk(data: bytes) -> bytes:
    """`data` framed for chunked transfer coding (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"
