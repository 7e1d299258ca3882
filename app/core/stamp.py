"""Stamps: hybrid logical clocks on the wire, `<ms>.<counter>.<writer>`.

Rules:
- Stamps are totally ordered: milliseconds, then counter (both numbers), then writer (bytes of ASCII).
- A stamp that runs more than `AHEAD_MS` ahead of the server's clock is pulled back to it: a tablet with
  a wrong clock must not win for ever. Two stamps pulled back within one millisecond stay apart.
- The same far-ahead stamp is always pulled back to the same one, so that a repeated request is the same
  write, not a newer one. The last `PULLED_MAX` are remembered; beyond, a repeat is a new write.
- A write without a stamp gets one that is after everything the lesson has accepted.
- A counter that has come to its end goes on in the next millisecond: what is issued can always be parsed.
- The clock never reads the time: `now` is an argument.

Source of the construction: Kulkarni et al., "Logical Physical Clocks", 2014.
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

AHEAD_MS = 5_000
COUNTER_MAX = 9_999_999_999  # ten digits, as in the pattern below
PULLED_MAX = 1_000  # half a minute of a tablet that draws; a repeat comes within seconds
SERVER = "server"

FORM = r"([0-9]{1,15})\.([0-9]{1,10})\.([A-Za-z0-9_-]{1,40})"
_STAMP = re.compile(FORM)


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
    ms, counter, writer = match.groups()
    return Stamp(int(ms), int(counter), writer)


@dataclass(slots=True)
class LessonClock:
    """What one lesson remembers of the stamps it has used; the store persists all of it."""

    ms: int = 0
    counter: int = 0
    pulled_ms: int = 0
    pulled_counter: int = 0
    pulled: dict[Stamp, Stamp] = field(default_factory=dict)

    def stamp(self, asked: Stamp | None, now: int) -> Stamp:
        """The stamp a write is filed under, given what its writer asked for and the server's clock (ms)."""
        if asked is None:
            used = Stamp(*_later(now, 0, self.ms, self.counter), SERVER)
        elif asked in self.pulled:
            used = self.pulled[asked]
        elif asked.ms > now + AHEAD_MS:
            used = self._pull_back(asked, now)
        else:
            used = asked
        self.ms, self.counter = max((self.ms, self.counter), (used.ms, used.counter))
        return used

    def after(self, beaten: Stamp | None) -> Stamp:
        """The smallest of the server's stamps that beats one: what was written a moment before it is not beaten too."""
        if beaten is None:
            used = Stamp(0, 0, SERVER)
        elif beaten.counter < COUNTER_MAX:
            used = Stamp(beaten.ms, beaten.counter + 1, SERVER)
        else:
            used = Stamp(beaten.ms + 1, 0, SERVER)
        self.ms, self.counter = max((self.ms, self.counter), (used.ms, used.counter))
        return used

    def _pull_back(self, asked: Stamp, now: int) -> Stamp:
        self.pulled_ms, self.pulled_counter = _later(now, asked.counter, self.pulled_ms, self.pulled_counter)
        if len(self.pulled) >= PULLED_MAX:
            self.pulled.clear()
        used = self.pulled[asked] = Stamp(self.pulled_ms, self.pulled_counter, asked.writer)
        return used


def _later(now: int, counter: int, ms: int, last: int) -> tuple[int, int]:
    """`counter` in the millisecond `now`, or what follows `last` in `ms`, whichever is later."""
    after = (ms, last + 1) if last < COUNTER_MAX else (ms + 1, 0)
    return max((now, counter), after)
