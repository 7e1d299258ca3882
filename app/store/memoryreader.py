"""The reader of a store in memory: it asks the store itself, and waits there for news.

Rules: the reader contract; every position is named, so that what happens between two reads is in the second.
"""

from collections.abc import Mapping
from typing import Protocol

from app.core.lesson import Position
from app.store.contract import Entry


class Feeds(Protocol):
    """What a reader needs of its store."""

    identity: str

    def since(self, lesson: str, position: Position) -> list[Entry]:
        """The feed after a position, as far as it is kept."""

    async def wait(self, worker: str, heard: int, after: Mapping[str, Position]) -> int:
        """Until there is news for a reader, or long enough; answers the worker's probes so far."""


class MemoryReader:
    """The reader contract over a `MemoryStore`."""

    def __init__(self, store: Feeds, worker: str) -> None:
        self.store = store.identity
        self._from = store
        self._worker = worker
        self._heard = 0
        self._after: dict[str, Position] = {}

    def follow(self, after: Mapping[str, Position]) -> None:
        self._after = dict(after)

    async def read(self) -> dict[str, list[Entry]]:
        heard = await self._from.wait(self._worker, self._heard, self._after)
        told = {lesson: self._from.since(lesson, position) for lesson, position in self._after.items()}
        told = {lesson: entries for lesson, entries in told.items() if entries}
        self._after |= {lesson: entries[-1].position for lesson, entries in told.items()}
        if heard > self._heard:
            self._heard = heard
            told[""] = []
        return told

    async def close(self) -> None:
        """Nothing is held."""
