"""Stamps: hybrid logical clocks on the wire, `<ms>.<counter>.<writer>`.

Rules:
- Stamps are totally ordered: milliseconds, then counter (both numbers), then writer (bytes of ASCII).
- A stamp that runs more than `AHEAD_MS` ahead of the server's clock is pulled back to it: a tablet with
  a wrong clock must not win for ever. Two stamps pulled back within one millisecond stay apart.
- A write without a stamp gets one that is after everything the lesson has accepted.
- The clock never reads the time: `now` is an argument.

Source of the construction: Kulkarni et al., "Logical Physical Clocks", 2014.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

AHEAD_MS = 5_000
SERVER = "server"

_STAMP = re.compile(r"([0-9]{1,15})\.([0-9]{1,10})\.([A-Za-z0-9_-]{1,40})")


class Stamp(NamedTuple):
    """`ms` since the Unix epoch, a `counter` within it, and the `writer` that breaks ties."""

    ms: int
    counter: int
    writer: str

    def __str__(self) -> str:
        return f"{self.ms}.{self.counter}.{self.writer}"


def parse_stamp(text: str) -> Stamp | None:
    """The stamp that `text` spells, or None. Leading zeros are dropped: `01.0.a` is `1.0.a`."""
    match = _STAMP.fullmatch(text)
    if match is None:
        return None
    return Stamp(int(match[1]), int(match[2]), match[3])


@dataclass(slots=True)
class LessonClock:
    """What one lesson remembers of the stamps it has used; the store persists the four numbers."""

    ms: int = 0
    counter: int = 0
    pulled_ms: int = 0
    pulled_counter: int = 0

    def stamp(self, asked: Stamp | None, now: int) -> Stamp:
        """The stamp a write is filed under, given what its writer asked for and the server's clock (ms)."""
        if asked is None:
            used = self._after(now)
        elif asked.ms > now + AHEAD_MS:
            used = self._pull_back(asked, now)
        else:
            used = asked
        self._accept(used)
        return used

    def _after(self, now: int) -> Stamp:
        if now > self.ms:
            return Stamp(now, 0, SERVER)
        return Stamp(self.ms, self.counter + 1, SERVER)

    def _pull_back(self, asked: Stamp, now: int) -> Stamp:
        ms = max(now, self.pulled_ms)
        counter = asked.counter
        if ms == self.pulled_ms:
            counter = max(counter, self.pulled_counter + 1)
        self.pulled_ms, self.pulled_counter = ms, counter
        return Stamp(ms, counter, asked.writer)

    def _accept(self, used: Stamp) -> None:
        self.ms, self.counter = max((self.ms, self.counter), (used.ms, used.counter))
