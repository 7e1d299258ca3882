"""What the worker and the server's process say to each other: pure.

The orders go to the worker as one argument in JSON. It answers on its stdout with frames: one line of
JSON, then as many bytes as that line announces. First Opened, then Drawn for each page in order, then the
end of the stream; or GaveUp at any point, and the end. The reader trusts none of it: lines are typed and
bounded (LINE_BYTES), page numbers must follow each other, payloads are bounded by Limits.
"""

import msgspec

from .reasons import Code

LINE_BYTES = 64 * 1024  # 300 sizes take 4 KiB; asyncio's own default for a line


class Orders(msgspec.Struct, frozen=True):
    widths: tuple[int, ...]
    side_pixels: int
    pages: int
    text_chars: int
    cpu_seconds: int
    memory_bytes: int


class Opened(msgspec.Struct, frozen=True, tag="opened"):
    """The file is open: the size of each page at the largest width, in pixels."""

    sizes: list[tuple[int, int]]


class Drawn(msgspec.Struct, frozen=True, tag="drawn"):
    """A page: the bytes of its images, in the order of the widths, then of its text, follow."""

    number: int
    lengths: list[int]


class GaveUp(msgspec.Struct, frozen=True, tag="gave-up"):
    code: Code
    page: int = 0
    detail: str = ""


Frame = Opened | Drawn | GaveUp

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Frame)


def encode(frame: Frame) -> bytes:
    return _encoder.encode(frame) + b"\n"


def decode(line: bytes) -> Frame:
    """The frame a line announces; msgspec.DecodeError where it is none."""
    frame: Frame = _decoder.decode(line)
    return frame
