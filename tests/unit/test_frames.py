"""SSE frames, to the byte."""

import pytest

from app.core import frames
from app.core.frames import Frame


@pytest.mark.parametrize(
    ("frame", "raw"),
    [
        (
            frames.state("5f3a91c2.1-0", '{"writes":[]}'),
            b'id: 5f3a91c2.1-0\nevent: state\ndata: {"writes":[]}\n\n',
        ),
        (
            frames.state("c", '{"writes":[["a","é\u2028"]]}'),
            'id: c\nevent: state\ndata: {"writes":[["a","é\u2028"]]}\n\n'.encode(),
        ),
        (frames.beat(1_790_000_000_123, 42), b'event: beat\ndata: {"now":1790000000123,"viewers":42}\n\n'),
        (frames.beat(1, 2, behind=True), b'event: beat\ndata: {"now":1,"viewers":2,"behind":true}\n\n'),
        (frames.retry(3170), b"retry: 3170\n\n"),
        (frames.END, b"event: end\ndata: {}\n\n"),
        (frames.PADDING, b": ok\n\n"),
        (frames.retry(1) + frames.END, b"retry: 1\n\nevent: end\ndata: {}\n\n"),
    ],
)
def test_what_a_frame_is(frame: Frame, raw: bytes) -> None:
    """Each kind, and two in one."""
    assert frame.raw == raw
    size, rest = frame.chunked.split(b"\r\n", 1)
    assert int(size, 16) == len(raw)
    assert rest == raw + b"\r\n"
