"""Which lesson a deck belongs to, remembered: a deck never changes its lesson.

Rules: bounded; what is unknown is not remembered, since it may become known; an entry is asked for again
after `FRESH_S`, which also keeps it alive in the store as long as the deck is looked at.
"""

import time
from collections import OrderedDict

from app.store.deckbook import DeckBook

FRESH_S = 600.0
BOUND = 4_096


class DeckLessons:
    """A cache in front of the deck book."""

    def __init__(self, book: DeckBook) -> None:
        self._book = book
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def knows(self, deck: str) -> bool:
        """Whether the deck has been asked for here lately."""
        return deck in self._known

    async def lesson(self, deck: str) -> str | None:
        """The deck's lesson, or None. Raises StoreUnavailable where it is not known here."""
        lesson, until = self._known.get(deck, (None, 0.0))
        if lesson is None or time.monotonic() > until:
            lesson = await self._book.lesson(deck)
            if lesson is None:
                return None
            self._known[deck] = (lesson, time.monotonic() + FRESH_S)
            if len(self._known) > BOUND:
                self._known.popitem(last=False)
        return lesson
