"""Encoded texts, kept for those who ask the same: bounded by bytes, a lesson's and a process's.

Rules:
- A text is kept for its lesson's next reader, never for its first: what does not fit is made again, which costs
  time and never memory. Of a lesson the text used longest ago leaves first; of a process, all of the lesson used
  longest ago.
- A lesson's snapshots are apart: there are at most four (frame and document, viewers and teachers), thousands who
  join share them, and no number of made-up cursors may turn them out.
"""

from collections import OrderedDict
from typing import Any, Generic, TypeVar

MIB = 1024 * 1024
LESSON_BYTES = (
    8 * MIB
)  # beside the snapshots; a reconnect storm has a few dozen different cursors, most of them small
LESSON_TEXTS = 256
PROCESS_BYTES = 64 * MIB  # the lesson used last keeps its texts, however large

Text = TypeVar("Text")


class Shelf:
    """All texts of a process."""

    def __init__(self, limit: int = PROCESS_BYTES) -> None:
        self.bytes = 0
        self._limit = limit
        self._lessons: OrderedDict[Kept[Any], None] = OrderedDict()

    def used(self, kept: "Kept[Any]") -> None:
        """A lesson's texts were asked for."""
        if kept in self._lessons:
            self._lessons.move_to_end(kept)

    def resized(self, kept: "Kept[Any]", by: int) -> None:
        """A lesson keeps so many bytes more, or fewer; others make room."""
        self.bytes += by
        if not kept.bytes:
            self._lessons.pop(kept, None)
            return
        self._lessons[kept] = None
        self._lessons.move_to_end(kept)
        while self.bytes > self._limit and len(self._lessons) > 1:
            next(iter(self._lessons)).clear()


class Kept(Generic[Text]):
    """One lesson's texts by key. `whole` marks its snapshots."""

    def __init__(self, shelf: Shelf) -> None:
        self.bytes = 0
        self._shelf = shelf
        self._whole: dict[object, tuple[Text, int]] = {}
        self._parts: OrderedDict[object, tuple[Text, int]] = OrderedDict()
        self._parts_bytes = 0

    def get(self, key: object) -> Text | None:
        """The text, if it is kept."""
        found = self._whole.get(key) or self._parts.get(key)
        if found is None:
            return None
        if key in self._parts:
            self._parts.move_to_end(key)
        self._shelf.used(self)
        return found[0]

    def put(self, key: object, text: Text, size: int, *, whole: bool) -> None:
        """Keep a text of so many bytes, if it may be kept at all."""
        before = self.bytes
        if whole:
            self._whole[key] = text, size
            self.bytes += size
        elif size <= LESSON_BYTES:
            self._parts[key] = text, size
            self._parts_bytes += size
            self.bytes += size
            while self._parts_bytes > LESSON_BYTES or len(self._parts) > LESSON_TEXTS:
                self._leave(self._parts.popitem(last=False)[1][1])
        self._shelf.resized(self, self.bytes - before)

    def _leave(self, size: int) -> None:
        self._parts_bytes -= size
        self.bytes -= size

    def clear(self) -> None:
        """Keep nothing."""
        before, self.bytes, self._parts_bytes = self.bytes, 0, 0
        self._whole.clear()
        self._parts.clear()
        self._shelf.resized(self, -before)
