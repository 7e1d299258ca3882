"""What lessons leave behind: a deck's files go when its lesson has gone, or never came to have it.

Rules: lessons are removed by the store itself, `RETENTION_DAYS` after their last change; files have no such
clock, so every worker looks for decks without a lesson from time to time. Removing twice does nothing.
"""

import logging

from app.decks.objects import ObjectsUnavailable
from app.decks.service import Decks
from app.store.deckbook import DeckBook

EVERY_S = 3_607.0

log = logging.getLogger("lectern.web")


class Housekeeping:
    """Call `step` every `EVERY_S`."""

    def __init__(self, book: DeckBook, decks: Decks) -> None:
        self._book = book
        self._decks = decks

    async def step(self) -> None:
        """Remove the files of decks that no lesson has. Raises StoreUnavailable."""
        for deck in await self._book.orphans():
            try:
                await self._decks.remove(deck)
            except ObjectsUnavailable as fault:
                log.warning("deck %s could not be removed yet: %s", deck, fault)
                return
            await self._book.cross_out(deck)
            log.info("deck %s is removed, no lesson has it", deck)
