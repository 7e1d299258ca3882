"""Which lesson a deck belongs to, and who renders it now. In Redis, beside the lessons.

Rules: a claim is a lease: a worker that renders renews it, and when it dies another finds the deck
abandoned `LEASE_MS` later. A deck is entered before its file is stored, and is in the book until it is crossed out,
which is for whoever has removed its files: so no file is ever left without an entry. An entry whose deck its lesson
does not know, once the time to arrive is over, is what an interrupted upload has left. What a lesson has of decks is
counted here, each with its bytes.
"""

import json
from typing import Any, Protocol

from redis.asyncio import Redis

from app.store.connection import answered
from app.store.records import lesson_keys, parse_register

LEASE_MS = 15_000
ARRIVES_MS = 600_000  # from its entry until its register is written: an object store may be slow
_DECKS = "lectern:decks"  # deck -> lesson
_RENDERS = "lectern:renders"  # deck -> [lesson, name] while it is not whole


class Bounds(Protocol):
    """What a lesson may have of decks."""

    @property
    def lesson_decks(self) -> int: ...
    @property
    def lesson_bytes(self) -> int: ...


class DeckBook:
    """Keeps decks' lessons and claims. Raises StoreUnavailable."""

    def __init__(self, redis: Redis, worker: str) -> None:
        self._redis = redis
        self._worker = worker

    async def lesson(self, deck: str) -> str | None:
        """The deck's lesson, or None for an unknown deck."""
        kept: Any = await answered(lambda: self._redis.hget(_DECKS, deck))
        return kept.decode() if kept else None

    async def arrive(self, deck: str, lesson: str, size: int, limits: Bounds) -> bool:
        """Enter a deck whose file is about to be stored; False where its lesson has no room for it."""

        async def enter() -> bool:
            await self._redis.set(_arriving(deck), self._worker, px=ARRIVES_MS)
            await self._redis.hset(_DECKS, deck, lesson)
            await self._redis.hset(_weights(lesson), deck, str(size))
            weights: dict[Any, Any] = await self._redis.hgetall(_weights(lesson))
            # Counted with this one: of two that come at once both may be refused, and never one too many taken.
            return (
                len(weights) <= limits.lesson_decks and sum(map(int, weights.values())) <= limits.lesson_bytes
            )

        entered = await answered(enter)
        if not entered:
            await self.cross_out(deck)
        return entered

    async def weigh(self, deck: str, lesson: str, size: int) -> None:
        """What the deck takes, its pages included."""
        await answered(lambda: self._redis.hset(_weights(lesson), deck, str(size)))

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
        """Keep the claim, unless another has taken the deck over while this process was stopped."""
        if await self.mine(deck):
            await answered(lambda: self._redis.set(_lease(deck), self._worker, px=LEASE_MS))

    async def mine(self, deck: str) -> bool:
        """Whether nobody else has a claim on the deck."""
        holder: Any = await answered(lambda: self._redis.get(_lease(deck)))
        return holder is None or holder.decode() == self._worker

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
        """Decks whose lesson is gone, or does not have them: an upload that was interrupted, a failed deck."""
        decks: dict[Any, Any] = await answered(lambda: self._redis.hgetall(_DECKS))
        found = []
        for deck, lesson in decks.items():
            meta = lesson_keys(lesson.decode())[0]
            there = await answered(lambda meta=meta: self._redis.exists(meta))  # type: ignore[misc]
            if not there or await self._is_lost(deck.decode(), lesson.decode()):
                found.append(deck.decode())
        return found

    async def _is_lost(self, deck: str, lesson: str) -> bool:
        async def ask() -> bool:
            if await self._redis.hget(_RENDERS, deck) or await self._redis.exists(
                _arriving(deck), _lease(deck)
            ):
                return False
            kept: Any = await self._redis.hget(lesson_keys(lesson)[1], f"deck/{deck}")
            if kept is None:
                return True
            value = json.loads(parse_register(b"", kept).raw)
            return value is None or (value["status"] != "ready" and not value["done"])

        return await answered(ask)

    async def cross_out(self, deck: str) -> None:
        """The deck's files are gone."""

        async def strike() -> None:
            lesson: Any = await self._redis.hget(_DECKS, deck)
            if lesson:
                await self._redis.hdel(_weights(lesson.decode()), deck)
            await self._redis.delete(_arriving(deck))
            await self._redis.hdel(_DECKS, deck)

        await answered(strike)


def _arriving(deck: str) -> str:
    return f"lectern:arriving:{deck}"


def _weights(lesson: str) -> str:
    """A hash, deck -> bytes."""
    return f"lectern:{{{lesson}}}:weights"  # deleted with the lesson's other keys, where somebody deletes those by hand


def _lease(deck: str) -> str:
    return f"lectern:render:{deck}"
