"""Lessons in memory: the reference that says in Python what the Lua scripts must do.

Rules: the same contract, made of the core's own `Lesson` and `LessonClock`; one process, no persistence.
It serves the contract suite and property tests, never a deployment.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence

from app.core.keys import family, has_room, is_prefix
from app.core.lesson import NULL, Lesson, Position, Write
from app.core.pages import Late, merged
from app.core.poll import Refusal
from app.core.stamp import Stamp
from app.store.ballots import Touched
from app.store.contract import POLL_ROOM, Change, Counts, Entry, Limits, Outcome, Reason, Refused, Snapshot
from app.store.memorylesson import KeptLesson, Request
from app.store.memoryreader import MemoryReader
from app.store.orders import appending, lacking

BLOCK_S = 5.0
CENSUS_MS = 3_000


class MemoryStore:
    """The store contract in one process's memory."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._lessons: dict[str, KeptLesson] = {}
        self._probes: dict[str, int] = {}
        self._news = asyncio.Condition()
        self._census: dict[str, tuple[int, dict[str, int]]] = {}
        self._secret = secrets.token_hex(32).encode()
        self.identity = secrets.token_hex(20)

    async def create(self, lesson: str, changes: Sequence[Change], now: int) -> bool:
        if lesson in self._lessons:
            return False
        kept = KeptLesson(self._limits)
        self._write(kept, changes, now, self._room(kept, changes))
        self._lessons[lesson] = kept
        return True

    async def load(self, lesson: str) -> Snapshot | None:
        kept = self._lessons.get(lesson)
        if kept is None:
            return None
        return Snapshot(
            self.identity, kept.lesson.position, kept.number, list(kept.lesson), bool(kept.ballots.dirty)
        )

    async def write(self, lesson: str, changes: Sequence[Change], now: int, *, end: bool = False) -> Outcome:
        kept = self._open(lesson)
        outcome = self._write(kept, changes, now, self._room(kept, changes), end=end)
        kept.ended = end
        await self._tell()
        return outcome

    def _open(self, lesson: str) -> KeptLesson:
        kept = self._lessons.get(lesson)
        if kept is None:
            raise Refused(Reason.UNKNOWN)
        if kept.ended:
            raise Refused(Reason.ENDED)
        return kept

    async def append(self, lesson: str, deck: str, pages: int, now: int) -> Position:
        kept = self._open(lesson)
        request = Request(kept, now, self._limits.feed)
        for write in appending(kept.lesson, kept.clock, deck, pages, self._limits.pages, now):
            request.take(write)
        request.tell()
        await self._tell()
        return kept.lesson.position

    def _room(self, kept: KeptLesson, changes: Sequence[Change]) -> list[Late]:
        """Check that the changes fit before anything is done; what orders of pages lack. Raises Refused."""
        missing = lacking(kept.lesson, changes, self._limits.pages)
        more_bytes = poll_bytes = more_registers = 0
        limit = self._limits.registers * 2
        for change in changes:
            old = kept.lesson.get(change.key)
            spare = change.raw == NULL or has_room(change.key)
            if old is None and not _has_host(kept.lesson, change, changes):
                more_registers += 1
                limit = limit if spare else self._limits.registers
            if not spare:
                more = max(0, _size(change.raw) - (_size(old.raw) if old else 0))
                stands = family(change.key) == "poll" and old is not None and old.raw != NULL
                more_bytes, poll_bytes = more_bytes + more * (not stands), poll_bytes + more * stands
        registers, size = len(kept.lesson), sum(_size(register.raw) for register in kept.lesson)
        if more_registers and registers + more_registers > limit:
            raise Refused(Reason.FULL)
        room = self._limits.polls * POLL_ROOM
        if more_bytes and size + more_bytes + poll_bytes > self._limits.value_bytes:
            raise Refused(Reason.FULL)
        if poll_bytes and size + poll_bytes > self._limits.value_bytes + room:
            raise Refused(Reason.FULL)
        if kept.ballots.full(changes):
            raise Refused(Reason.POLLS)
        return missing

    def _write(
        self,
        kept: KeptLesson,
        changes: Sequence[Change],
        now: int,
        missing: Sequence[Late],
        *,
        end: bool = False,
    ) -> Outcome:
        request = Request(kept, now, self._limits.feed)
        applied: list[bool] = []
        stamps: list[Stamp] = []
        touched: list[Touched] = []
        for change in changes:
            stamps.append(kept.clock.stamp(change.stamp, now))
            named = kept.ballots.named(change)
            raw = merged(change.raw, stamps[-1], missing) if change.key == "pages" else change.raw
            applied.append(request.take(Write(change.key, stamps[-1], raw, change.mark)))
            touched += kept.ballots.touched(named)
        kept.ballots.settle(touched, request.take, now)
        if end:
            kept.ballots.show_due(request.take, now, all_of_them=True)
        request.tell()
        return Outcome(kept.lesson.position, applied, stamps)

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def vote(
        self, lesson: str, poll: str, voter: str, choices: Sequence[int], now: int
    ) -> Refusal | int:
        kept = self._lessons.get(lesson)
        if kept is None:
            return Refusal.UNKNOWN
        answer = kept.ballots.vote(poll, voter, choices, ended=kept.ended)
        if isinstance(answer, Refusal) or not answer:
            return answer
        due = kept.ballots.due_in(poll)
        if not due:
            request = Request(kept, now, self._limits.feed)
            kept.ballots.show(poll, request.take, now)
            request.tell()
            await self._tell()
        return due

    async def publish(self, lesson: str, now: int) -> int:
        kept = self._lessons.get(lesson)
        if kept is None:
            return 0
        request = Request(kept, now, self._limits.feed)
        due = kept.ballots.show_due(request.take, now)
        request.tell()
        await self._tell()
        return due

    async def peek(self, lesson: str, key: str) -> str | None:
        kept = self._lessons.get(lesson)
        register = kept.lesson.get(key) if kept else None
        return register.raw if register else None

    async def counts(self, lesson: str) -> Mapping[str, Counts]:
        kept = self._lessons.get(lesson)
        return kept.ballots.counts() if kept else {}

    async def reader(self, worker: str) -> MemoryReader:
        return MemoryReader(self, worker)

    async def probe(self, worker: str) -> None:
        self._probes[worker] = self._probes.get(worker, 0) + 1
        await self._tell()

    async def census(self, worker: str, counts: Mapping[str, int], now: int) -> Mapping[str, int]:
        self._census[worker] = (now, dict(counts))
        total: dict[str, int] = {}
        for said, viewers in self._census.values():
            if now - said < CENSUS_MS:
                for lesson, number in viewers.items():
                    total[lesson] = total.get(lesson, 0) + number
        return total

    async def positions(self, lessons: Sequence[str]) -> list[Position | None]:
        kept = [self._lessons.get(lesson) for lesson in lessons]
        return [each.lesson.position if each else None for each in kept]

    async def secret(self, held: bytes = b"") -> bytes:  # noqa: ARG002 - it always has one
        return self._secret

    async def close(self) -> None:
        self._lessons.clear()

    def since(self, lesson: str, position: Position) -> list[Entry]:
        """The feed after a position, as far as it is kept."""
        kept = self._lessons.get(lesson)
        return [entry for entry in kept.feed if entry.position > position] if kept else []

    async def wait(self, worker: str, heard: int, after: Mapping[str, Position]) -> int:
        """Until there is news for a reader, or `BLOCK_S`; answers the worker's probes so far."""

        def news() -> bool:
            heard_more = self._probes.get(worker, 0) > heard
            return heard_more or any(self.since(lesson, position) for lesson, position in after.items())

        async with self._news:
            try:
                await asyncio.wait_for(self._news.wait_for(news), BLOCK_S)
            except TimeoutError:
                return heard
        return self._probes.get(worker, 0)


def _has_host(lesson: Lesson, change: Change, changes: Sequence[Change]) -> bool:
    """Whether it is the clear below a register that is there, or comes with it: no register of its own."""
    host = change.key[:-1]
    requested = any(each.key == host for each in changes)
    return is_prefix(change.key) and (requested or lesson.get(host) is not None)


def _size(raw: str) -> int:
    return len(raw.encode())
