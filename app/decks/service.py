"""Decks: the way in (submit), the way out (page, text), and the queue between them.

Rules: submit returns once the PDF is stored and claimed, so from then on some process will finish it. At most
`waiting` decks are in this process's hands and `parallel` of them drawn at once; the rest wait their turn
with nothing done. A place among them is taken by a file that is here whole, never by a connection that promises one. While a deck is in hand its claim is renewed; a deck is released only when its last state has been
told. A store that is away costs a line of log without a traceback, a retry, and in the end the claim. Stopping
kills the workers and releases nothing: the claims lapse, and another process takes over.
"""

import asyncio
import logging
import os
import random
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import IO

from app.core.codes import new_code

from .cache import Cache
from .disk import Disk
from .job import Job, Workshop
from .limits import Limits
from .objects import Objects, folder, image_key, source_key, text_key
from .ports import Claims, Sink
from .progress import Untold, surely
from .reasons import Busy, DiskFull, LessonFull
from .text import clean_name
from .upload import Arrivals

log = logging.getLogger("lectern.decks")

ADMIT_S = 2.7  # for the store's part of an upload: like any POST it fails within 3 s
DECK = re.compile("[0-9a-z]{6}")


class Decks:
    def __init__(
        self,
        objects: Objects,
        sink: Sink,
        claims: Claims,
        limits: Limits | None = None,
        new_id: Callable[[], str] = new_code,
        disk: Disk | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self._objects = objects
        self._claims = claims
        self._new_id = new_id
        self._cache = Cache(self.limits.cache_bytes)
        self._disk = disk or Disk()
        self._workshop = Workshop(objects, self._cache, sink, claims, self.limits, self._disk)
        self._lanes = asyncio.Semaphore(self.limits.parallel)
        self._jobs: dict[str, asyncio.Task[None]] = {}
        self._arrivals = Arrivals(self.limits, self._disk)
        self._admitting = 0  # files that are here whole, and no job yet
        self._releases: set[asyncio.Task[None]] = set()
        self._keepers: list[asyncio.Task[None]] = []
        self._stopped = False

    async def start(self) -> None:
        self._keepers = [
            asyncio.create_task(self._forever(self._renew, self.limits.renew_seconds)),
            asyncio.create_task(self._forever(self._take_over, self.limits.takeover_seconds)),
        ]

    async def stop(self) -> None:
        self._stopped = True
        tasks = [*self._keepers, *self._jobs.values(), *self._releases]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)  # each logs its own errors

    async def submit(self, lesson: str, name: str, chunks: AsyncIterator[bytes]) -> str:
        """The new deck's id; a RefusedUpload where there is none. Errors of the stores go up as they are."""
        self._has_place()  # said before the file is sent, where it is known
        source = await self._arrivals.receive(chunks)
        try:
            self._has_place()
            self._admitting += 1
            try:
                job = await self._admit(lesson, clean_name(name, self.limits.name_chars), source)
                self._begin(job)
            finally:
                self._admitting -= 1
        except BaseException:
            source.close()
            raise
        return job.deck

    @property
    def in_hand(self) -> int:
        """Decks that are here whole and not finished."""
        return len(self._jobs) + self._admitting

    def _has_place(self) -> None:
        if not self._disk.has_room():
            raise DiskFull
        if self._stopped or self.in_hand >= self.limits.waiting:
            raise Busy

    async def page(self, deck: str, number: int, width: int) -> bytes | None:
        """A page's image, or None where there is none (yet)."""
        if width not in self.limits.widths:
            return None
        return await self._read(deck, number, image_key(deck, number, width))

    async def text(self, deck: str, number: int) -> str | None:
        data = await self._read(deck, number, text_key(deck, number))
        return None if data is None else data.decode(errors="replace")

    async def remove(self, deck: str) -> None:
        """Forget a deck that no lesson has any more. Copies in other processes' memory go with time."""
        if DECK.fullmatch(deck):
            await self._objects.clear(folder(deck))
            self._cache.drop_below(f"{folder(deck)}/")

    async def _read(self, deck: str, number: int, key: str) -> bytes | None:
        # The key comes from an address that anybody can make up: only what a deck can have is looked for.
        if not DECK.fullmatch(deck) or not 1 <= number <= self.limits.pages:
            return None
        return await self._cache.get(key, self._objects.get)

    async def _admit(self, lesson: str, name: str, source: IO[bytes]) -> Job:
        """Enter, store, claim, tell: in this order, so that every file has an entry, and a claimed deck can be drawn."""
        deck = self._new_id()
        while await self._objects.exists(source_key(deck)):
            deck = self._new_id()
        job = Job(deck, lesson, name, source, os.fstat(source.fileno()).st_size)
        if not self._disk.has_room(job.source_bytes):
            raise DiskFull
        async with asyncio.timeout(ADMIT_S):
            if not await self._claims.arrive(deck, lesson, job.source_bytes, self.limits):
                raise LessonFull(self.limits.lesson_decks, self.limits.lesson_bytes)
        try:
            await self._objects.put(source_key(deck), source)
            async with asyncio.timeout(ADMIT_S):
                await self._claims.claim(deck, lesson, name)
                await self._workshop.progress(job).write()
        except BaseException:
            # The teacher is told that it failed and will send it again, so nobody may take this one over. But the
            # answer does not wait for that: it is the same store that has just failed.
            undoing = asyncio.create_task(self._undo(deck))
            self._releases.add(undoing)
            undoing.add_done_callback(self._releases.discard)
            raise
        return job

    async def _undo(self, deck: str) -> None:
        """Nothing stays of a deck that its teacher was told is none. What fails here is left to housekeeping."""
        await self._release(deck)
        try:
            await self.remove(deck)
            await self._claims.cross_out(deck)
        except OSError as fault:
            log.warning("deck %s was not announced, and could not be removed yet: %s", deck, fault)

    async def _release(self, deck: str) -> None:
        try:
            await surely(lambda: self._claims.release(deck))
        except Untold as fault:
            _stays(deck, fault)

    def _begin(self, job: Job) -> None:
        task = asyncio.create_task(self._run(job))
        self._jobs[job.deck] = task
        # Not a finally in _run: a task that is cancelled before its first step never gets there.
        task.add_done_callback(lambda _: self._finished(job))

    def _finished(self, job: Job) -> None:
        del self._jobs[job.deck]
        if job.source:
            job.source.close()

    async def _run(self, job: Job) -> None:
        try:
            async with self._lanes:
                await self._workshop.run(job)
            await surely(lambda: self._end(job))
        except Untold as fault:
            _stays(job.deck, fault)
        except Exception:
            log.exception("deck %s came to no end", job.deck)

    async def _end(self, job: Job) -> None:
        if not await self._claims.mine(job.deck):
            return
        if job.lost:
            await self._claims.cross_out(job.deck)
        else:
            await self._claims.weigh(job.deck, job.lesson, job.source_bytes + job.drawn_bytes)
        await self._claims.release(job.deck)

    async def _forever(self, act: Callable[[], Coroutine[None, None, None]], seconds: float) -> None:
        while True:
            try:
                await act()
            except OSError as fault:  # a store that is away, whosever it is
                log.warning("looking after decks failed, trying again: %r", fault)
            except Exception:
                log.exception("looking after decks failed, trying again")
            await asyncio.sleep(seconds * random.uniform(0.8, 1.2))  # noqa: S311 -- processes must not act in step

    async def _renew(self) -> None:
        for deck in list(self._jobs):
            await self._claims.renew(deck)

    async def _take_over(self) -> None:
        """As many abandoned decks as there are idle lanes: others may be idle too."""
        for deck, lesson, name in await self._claims.abandoned():
            if len(self._jobs) >= self.limits.parallel:
                return
            if deck not in self._jobs and await self._claims.claim(deck, lesson, name):
                log.info("deck %s was abandoned, taking it over", deck)
                self._begin(Job(deck, lesson, name, None))


def _stays(deck: str, fault: Untold) -> None:
    log.error("deck %s stays unfinished, the store is away: %r", deck, fault.__cause__)
