"""What a channel says, encoded once: frames and documents of a lesson at one position, by audience.

Rules: everything here is made from the lesson and what is live only, and kept until either changes;
thousands who join or resume at one position share the same bytes. The cache is bounded: at the bound
it starts anew, which costs time, never memory.
"""

import hashlib
from typing import NamedTuple

from app.core import audience as audiences, frames
from app.core.audience import Audience
from app.core.cursor import Cursor
from app.core.frames import Frame
from app.core.keys import EPHEMERAL
from app.core.lesson import Lesson, Position

BOUND = 256  # cached texts; a reconnect storm has a few dozen different cursors


class Document(NamedTuple):
    """A JSON body, its entity tag, and whether it tells of anything that is kept."""

    body: bytes
    etag: str
    news: bool


class Views:
    """The encoded sights of one lesson."""

    def __init__(self, lesson: Lesson, epoch: str) -> None:
        self.lesson = lesson
        self.epoch = epoch
        self.viewers = 0
        self._counted = lesson.position  # where the lesson was when their number last changed
        self._kept: dict[tuple[object, ...], Frame | Document] = {}
        self._position = lesson.position

    @property
    def cursor(self) -> Cursor:
        """The name of the lesson's position."""
        return Cursor(self.epoch, self.lesson.position)

    def count(self, viewers: int) -> None:
        """There are so many viewers now."""
        self.viewers = viewers
        self._counted = self.lesson.position
        self._kept.clear()

    def frame(self, audience: Audience, since: Position | None) -> Frame:
        """The event for one who is at `since` (None: has nothing); with no writes where nothing changed."""
        key = ("frame", audience, since)
        kept = self._recall(key)
        if not isinstance(kept, Frame):
            told = {**self._told(audience, since), **self._audience(audience, since)}
            kept = frames.state(self.cursor, audiences.encode(told, reset=since is None))
            self._keep(key, kept)
        return kept

    def document(self, audience: Audience, since: Position | None) -> Document:
        """The same as JSON with the cursor in it."""
        key = ("document", audience, since)
        kept = self._recall(key)
        if not isinstance(kept, Document):
            told = self._told(audience, since)
            news = since is None or any(key not in EPHEMERAL for key in told)
            if news:  # a count alone does not end a long poll
                told = {**told, **self._audience(audience, since)}
            kept = self._document(told, reset=since is None, news=news)
            self._keep(key, kept)
        return kept

    def ink(self, page: str) -> Document:
        """The strokes of one page."""
        key = ("ink", page)
        kept = self._recall(key)
        if not isinstance(kept, Document):
            kept = self._document(audiences.ink(self.lesson, page), reset=False, news=True)
            self._keep(key, kept)
        return kept

    def changes(self, audience: Audience, since: Position) -> dict[str, str]:
        """What changed, for an event with parts of its own (pointer, audience)."""
        return audiences.changes(self.lesson, audience, since)

    def news(self, audience: Audience, since: Position) -> bool:
        """Whether there is anything to tell one who is at `since`, or may be."""
        return bool(self.changes(audience, since) or self._audience(audience, since))

    def _told(self, audience: Audience, since: Position | None) -> dict[str, str]:
        if since is None:
            return audiences.snapshot(self.lesson, audience)
        return audiences.changes(self.lesson, audience, since)

    def _audience(self, audience: Audience, since: Position | None) -> dict[str, str]:
        """The `audience` register, for those who may see it and may not know it: it has no position of its own."""
        if audience is Audience.VIEWER or (since is not None and since > self._counted):
            return {}
        return {"audience": self.audience}

    def _document(self, told: dict[str, str], *, reset: bool, news: bool) -> Document:
        body = f'{{"cursor":"{self.cursor}",{audiences.encode(told, reset=reset)[1:]}'.encode()
        etag = f'"{hashlib.blake2s(body, digest_size=12).hexdigest()}"'
        return Document(body, etag, news)

    @property
    def audience(self) -> str:
        """The `audience` register: never stored, made by each worker from the census."""
        return f'{{"viewers":{self.viewers}}}'

    def _recall(self, key: tuple[object, ...]) -> Frame | Document | None:
        if self._position != self.lesson.position:
            self._position = self.lesson.position
            self._kept.clear()
        return self._kept.get(key)

    def _keep(self, key: tuple[object, ...], made: Frame | Document) -> None:
        if len(self._kept) >= BOUND:
            self._kept.clear()
        self._kept[key] = made
