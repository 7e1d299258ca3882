"""Which lesson a deck belongs to, and who renders it now. In Redis, beside the lessons.

Rules: a claim is a lease: a worker that renders renews it, and when it dies another finds the deck
abandoned `LEASE_MS` later. A deck is in the book until it is crossed out, which is for whoever removes
its files once its lesson is gone: so no file is ever left without an entry.
"""

import json
from typing import Any

from redis.asyncio import Redis

from app.store.connection import answered
from app.store.records import lesson_keys

LEASE_MS = 15_000
_DECKS = "lectern:decks"  # deck -> lesson
_RENDERS = "lectern:renders"  # deck -> [lesson, name] while it is not whole


class DeckBook:
    """Keeps decks' lessons and claims. Raises StoreUnavailable."""

    def __init__(self, redis: Redis, worker: str) -> None:
        self._redis = redis
        self._worker = worker

    async def lesson(self, deck: str) -> str | None:
        """The deck's lesson, or None for an unknown deck."""
        kept: Any = await answered(lambda: self._redis.hget(_DECKS, deck))
        return kept.decode() if kept else None

    async def claim(self, deck: str, lesson: str, name: str) -> bool:
        """Take the deck for rendering; False where another worker has it."""

        async def take() -> bool:
            if not await self._redis.set(_lease(deck), self._worker, px=LEASE_MS, nx=True):
                return False
            await self._redis.hset(_DECKS, deck, lesson)
            await self._redis.hset(_RENDERS, deck, json.dumps([lesson, name]))
            return True

        return await answered(take)

    async def renew(self, deck: str) -> None:
        """Keep the claim."""
        await answered(lambda: self._redis.set(_lease(deck), self._worker, px=LEASE_MS))

    async def release(self, deck: str) -> None:
        """The deck is whole, or has failed for good."""
        await answered(lambda: self._redis.hdel(_RENDERS, deck))
        await answered(lambda: self._redis.delete(_lease(deck)))

    async def abandoned(self) -> list[tuple[str, str, str]]:
        """Decks whose rendering has begun and that nobody claims now: deck, lesson, name."""
        renders: dict[Any, Any] = await answered(lambda: self._redis.hgetall(_RENDERS))
        found = []
        for deck, about in renders.items():
            if not await answered(lambda deck=deck: self._redis.exists(_lease(deck.decode()))):  # type: ignore[misc]
                lesson, name = json.loads(about)
                found.append((deck.decode(), lesson, name))
        return found

    async def orphans(self) -> list[str]:
        """Decks whose lesson is gone."""
        decks: dict[Any, Any] = await answered(lambda: self._redis.hgetall(_DECKS))
        found = []
        for deck, lesson in decks.items():
            meta = lesson_keys(lesson.decode())[0]
            if not await answered(lambda meta=meta: self._redis.exists(meta)):  # type: ignore[misc]
                found.append(deck.decode())
        return found

    async def cross_out(self, deck: str) -> None:
        """The deck's files are gone."""
        await answered(lambda: self._redis.hdel(_DECKS, deck))


def _lease(deck: str) -> str:
    return f"lectern:render:{deck}"
