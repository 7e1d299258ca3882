"""What a channel says, encoded once: frames and documents of a lesson at one position, by audience.

Rules: everything here is made from the lesson and what is live only, and kept (`kept.py`) until either changes;
thousands who join or resume at one position share the same bytes. A cursor may be anything in range: those between
which nothing changed are one, and one since which no less has changed than a snapshot holds gets the snapshot, so
that what a stranger's cursor costs is bounded by what a join costs, and is shared.
"""

import hashlib
from typing import NamedTuple

from app.core import audience as audiences, frames
from app.core.audience import Audience
from app.core.cursor import Cursor
from app.core.frames import Frame
from app.core.keys import EPHEMERAL
from app.core.lesson import START, Lesson, Position
from app.feed.kept import LESSON_TEXTS, Kept, Shelf

SMALL = 16 * 1024  # bytes of changes that are told as they are, whatever a snapshot has


class Document(NamedTuple):
    """A JSON body, its entity tag (none where it is of one cursor), and whether it tells of anything that is kept."""

    body: bytes
    etag: str
    news: bool


class Views:
    """The encoded sights of one lesson."""

    def __init__(self, lesson: Lesson, epoch: str, shelf: Shelf | None = None) -> None:
        self.lesson = lesson
        self.epoch = epoch
        self.viewers = 0
        self._counted = lesson.position  # where the lesson was when their number last changed
        self._kept: Kept[Frame | Document] = Kept(shelf or Shelf())
        self._places: dict[tuple[Audience, Position], Position | None] = {}
        self._whole: dict[Audience, tuple[Position, int]] = {}  # how large a snapshot was, and when
        self._position = lesson.position

    @property
    def cursor(self) -> Cursor:
        """The name of the lesson's position."""
        return Cursor(self.epoch, self.lesson.position)

    def count(self, viewers: int) -> None:
        """There are so many viewers now."""
        self.viewers = viewers
        self._counted = self.lesson.position
        self.forget()

    def forget(self) -> None:
        """Keep nothing that can be made again."""
        self._kept.clear()
        self._places.clear()

    def frame(self, audience: Audience, since: Position | None) -> Frame:
        """The event for one who is at `since` (None: has nothing); with no writes where nothing changed."""
        since = self._place(audience, since)
        key = ("frame", audience, since)
        kept = self._kept.get(key)
        if not isinstance(kept, Frame):
            told = {**self._told(audience, since), **self._audience(audience, since)}
            kept = frames.state(self.cursor, audiences.encode(told, reset=since is None))
            self._kept.put(key, kept, len(kept.raw) + len(kept.chunked), whole=since is None)
        return kept

    def document(self, audience: Audience, since: Position | None) -> Document:
        """The same as JSON with the cursor in it."""
        since = self._place(audience, since)
        key = ("document", audience, since)
        kept = self._kept.get(key)
        if not isinstance(kept, Document):
            told = self._told(audience, since)
            news = since is None or any(key not in EPHEMERAL for key in told)
            if news:  # a count alone does not end a long poll
                told = {**told, **self._audience(audience, since)}
            kept = self._document(told, reset=since is None, news=news, tagged=since is None)
            self._kept.put(key, kept, len(kept.body), whole=since is None)
        return kept

    def ink(self, page: str) -> Document:
        """The strokes of one page."""
        self._moved()
        key = ("ink", page)
        kept = self._kept.get(key)
        if not isinstance(kept, Document):
            kept = self._document(audiences.ink(self.lesson, page), reset=False, news=True, tagged=True)
            self._kept.put(key, kept, len(kept.body), whole=False)
        return kept

    def changes(self, audience: Audience, since: Position) -> dict[str, str]:
        """What changed, for an event with parts of its own (pointer, audience)."""
        return audiences.changes(self.lesson, audience, since)

    def news(self, audience: Audience, since: Position) -> bool:
        """Whether there is anything to tell one who is at `since`, or may be."""
        return bool(self._audience(audience, since)) or audiences.any_change(self.lesson, audience, since)

    def _told(self, audience: Audience, since: Position | None) -> dict[str, str]:
        if since is None:
            return audiences.snapshot(self.lesson, audience)
        return audiences.changes(self.lesson, audience, since)

    def _audience(self, audience: Audience, since: Position | None) -> dict[str, str]:
        """The `audience` register, for those who may see it and may not know it: it has no position of its own."""
        if audience is Audience.VIEWER or (since is not None and since > self._counted):
            return {}
        return {"audience": self.audience}

    def _document(self, told: dict[str, str], *, reset: bool, news: bool, tagged: bool) -> Document:
        body = f'{{"cursor":"{self.cursor}",{audiences.encode(told, reset=reset)[1:]}'.encode()
        etag = f'"{hashlib.blake2s(body, digest_size=12).hexdigest()}"' if tagged else ""
        return Document(body, etag, news)

    @property
    def audience(self) -> str:
        """The `audience` register: never stored, made by each worker from the census."""
        return f'{{"viewers":{self.viewers}}}'

    # --- which cursors are one ------------------------------------------------------------------------

    def _moved(self) -> None:
        if self._position != self.lesson.position:
            self._position = self.lesson.position
            self.forget()

    def _place(self, audience: Audience, since: Position | None) -> Position | None:
        """The last change that one who is at `since` knows; None for one who is best told everything."""
        self._moved()
        if since is None or since >= self.lesson.position:
            return since
        key = (audience, since)
        if key not in self._places:
            if len(self._places) >= LESSON_TEXTS:
                self._places.clear()
            self._places[key] = self._found(audience, since)
        return self._places[key]

    def _found(self, audience: Audience, since: Position) -> Position | None:
        most, size, place = audiences.at_most(self.lesson), 0, START
        for number, register in enumerate(self.lesson.newest(), 1):
            if register.position <= since:
                place = register.position
                break
            size += len(register.key) + len(register.raw)
            if number > most and size > SMALL:
                return None
        return None if size > SMALL and self._no_smaller(audience, since, size) else place

    def _no_smaller(self, audience: Audience, since: Position, size: int) -> bool:
        """Whether changes of at most so many bytes are no fewer than a snapshot's; measured only where they may be."""
        at, whole = self._whole.get(audience, (None, 0))
        if size < whole:
            return False
        if at != self.lesson.position:
            whole = audiences.weight(audiences.snapshot(self.lesson, audience))
            self._whole[audience] = self.lesson.position, whole
        return size >= whole and audiences.weight(self._told(audience, since)) >= whole
