"""What the gallery reads: one stream's bytes, cut into events.

Rules: the same bytes go to many viewers, so what they mean is found out once and remembered (`Known`, bounded: at
the bound it starts anew). Bytes that end within an event are kept until the rest comes. A viewer that has joined
counts every update by the time stamp in it; what its first event tells is counted apart.
"""

import re
from typing import NamedTuple

from scripts.lib.bench.payload import stamps

BOUND = 4_096

_ID = re.compile(rb"(?:^|\n)id: ?([^\r\n]*)")
_STATE = b"event: state\n"
_RESET = b'{"reset":true,'


class Meaning(NamedTuple):
    """What some whole events say."""

    data: bytes
    stamps: tuple[int, ...]
    id: bytes  # the last one, or nothing
    events: int
    reset: bool


class Known:
    """Meanings by bytes."""

    def __init__(self) -> None:
        self._kept: dict[bytes, Meaning] = {}
        self.get = self._kept.get

    def learn(self, data: bytes, now: int) -> Meaning:
        """The meaning of whole events."""
        kept = self._kept.get(data)
        if kept is None:
            ids = _ID.findall(data)
            kept = Meaning(
                data, stamps(data, now), ids[-1] if ids else b"", data.count(_STATE), _RESET in data
            )
            if len(self._kept) >= BOUND:
                self._kept.clear()
            self._kept[data] = kept
        return kept


def whole(data: bytes) -> int:
    """How many bytes of `data` are whole events: up to the last empty line, and the end of its chunk."""
    end = data.rfind(b"\n\n") + 2
    if end == 1:
        return 0
    return len(data) if data[end:] == b"\r\n" else end
