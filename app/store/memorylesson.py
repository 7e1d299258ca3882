"""A lesson of the store in memory, and the writes of one request on their way into it.

Rules: nothing is checked here; what a request applies is one entry of the feed, or as many as it fills.
"""

from dataclasses import dataclass, field

from app.core.lesson import Lesson, Position, Write
from app.core.stamp import LessonClock
from app.store.ballots import Ballots
from app.store.contract import ENTRY_WRITES, Entry, Limits


@dataclass
class KeptLesson:
    """A lesson with its clock, its feed and its votes."""

    limits: Limits
    lesson: Lesson = field(default_factory=Lesson)
    clock: LessonClock = field(default_factory=LessonClock)
    feed: list[Entry] = field(default_factory=list)
    number: int = 0
    ended: bool = False

    def __post_init__(self) -> None:
        self.ballots = Ballots(self.lesson, self.clock, self.limits)


class Request:
    """The writes of one request on their way into a lesson and its feed: one entry, or as many as they fill."""

    def __init__(self, kept: KeptLesson, now: int, limit: int) -> None:
        self._kept, self._now, self._limit = kept, now, limit
        self._writes: list[Write] = []

    def take(self, write: Write) -> bool:
        """Apply a write; False where it does not win."""
        last = self._kept.lesson.position
        applied = self._kept.lesson.apply(_next(last, self._now), [write])[0]
        self._kept.lesson.position = last  # until its entry is whole
        if applied:
            self._add(write)
        return applied

    def _add(self, write: Write) -> None:
        if write.key == "pages":
            at = next((at for at, told in enumerate(self._writes) if told.key == "pages"), None)
            if at is not None:  # an order in the place of another, which nobody has seen
                self._writes[at] = write
                return
        self._writes.append(write)
        if len(self._writes) == ENTRY_WRITES:
            self.tell()

    def tell(self) -> None:
        """Append what has been applied to the feed."""
        if not self._writes:
            return
        kept = self._kept
        kept.number += 1
        kept.lesson.position = _next(kept.lesson.position, self._now)
        entry = Entry(kept.lesson.position, kept.number, self._writes)
        kept.feed = [*kept.feed, entry][-self._limit :]
        self._writes = []


def _next(last: Position, now: int) -> Position:
    return Position(now, 0) if now > last.ms else Position(last.ms, last.seq + 1)
