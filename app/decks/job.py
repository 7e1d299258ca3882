"""One deck, from its PDF to its last page: drawn, stored, told.

Rules: pages are stored before they are told, and stored in order. While one page is being stored the worker
draws the next. A deck that fails keeps the pages that the lesson has; of one that never came so far no file stays. Errors of ours end in the log with a
traceback and in the register as a failure; only losing the sink itself, or being stopped, leaves a deck unfinished.
"""

import asyncio
import logging
import os
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import IO

from . import reasons
from .cache import Cache
from .disk import Disk
from .limits import Limits
from .objects import Objects, ObjectsUnavailable, folder, image_key, source_key, takeovers_key, text_key
from .ports import Claims, Sink
from .progress import Progress, Untold
from .reasons import Failed
from .rendering import Page, drawing
from .upload import scratch

log = logging.getLogger("lectern.decks")


@dataclass(slots=True)
class Job:
    deck: str
    lesson: str
    name: str
    source: IO[bytes] | None  # None: taken over, the PDF is in the store
    source_bytes: int = 0
    drawn_bytes: int = 0
    lost: bool = False  # failed, and nothing of it is left


class Workshop:
    """What every job works with."""

    def __init__(
        self, objects: Objects, cache: Cache, sink: Sink, claims: Claims, limits: Limits, disk: Disk
    ) -> None:
        self._claims = claims
        self._disk = disk
        self._objects = objects
        self._cache = cache
        self._sink = sink
        self._limits = limits

    def progress(self, job: Job) -> Progress:
        return Progress(self._sink, job.lesson, job.deck, job.name, self._limits)

    async def run(self, job: Job) -> None:
        """Returns once the deck's last state is told; raises Untold where it could not be."""
        progress = self.progress(job)
        began = time.monotonic()
        try:
            pages = await self._draw(job, progress)
        except Untold:
            raise
        except Failed as failure:
            log.info("deck %s failed: %r", job.deck, str(failure))
            await self._end_failed(job, progress, failure.reason)
        except Exception:
            log.exception("deck %s failed, and not for its PDF", job.deck)
            await self._end_failed(job, progress, reasons.SERVER)
        else:
            log.info("deck %s ready: %d pages in %.1f s", job.deck, pages, time.monotonic() - began)
            await progress.ready()

    async def _end_failed(self, job: Job, progress: Progress, reason: str) -> None:
        standing: dict[str, object] | None = {}
        with suppress(OSError):  # a store that is away: then everything stays, for housekeeping to judge
            if not await self._claims.mine(job.deck):
                log.info("deck %s is another's by now: nothing is said of it here", job.deck)
                return
            standing = await self._sink.standing(job.lesson, job.deck)
        await progress.failed(reason, standing)
        if standing is not None:
            return
        try:
            await self._objects.clear(folder(job.deck))
        except ObjectsUnavailable as fault:
            log.warning("the files of deck %s could not be removed yet: %s", job.deck, fault)
        else:
            self._cache.drop_below(f"{folder(job.deck)}/")
            job.lost = True

    async def _draw(self, job: Job, progress: Progress) -> int:
        with closing(job.source or await self._fetch(job.deck)) as source:
            job.source_bytes = os.fstat(source.fileno()).st_size
            async with drawing(source, self._limits) as worker:
                sizes = await worker.opened()
                progress.opened(sizes)
                await self._keep(job, await worker.page(1))
                progress.done(1)
                await progress.first_page(len(sizes))
                async with progress.following():
                    for number in range(2, len(sizes) + 1):
                        await self._keep(job, await worker.page(number))
                        progress.done(number)
        return len(sizes)

    async def _keep(self, job: Job, page: Page) -> None:
        """Store a page whole, and have it hot: the first students to ask are on their way."""
        deck, size = job.deck, len(page.text) + sum(map(len, page.images))
        job.drawn_bytes += size
        if job.drawn_bytes > self._limits.drawn_bytes:
            raise Failed(reasons.HEAVY_DECK, f"{job.drawn_bytes} bytes by page {page.number}")
        if not self._disk.has_room(size):
            raise Failed(reasons.DISK_FULL, "the reserve")
        files = {text_key(deck, page.number): page.text}
        for width, image in zip(self._limits.widths, page.images, strict=True):
            files[image_key(deck, page.number, width)] = image
        await asyncio.gather(*(self._objects.put(key, data) for key, data in files.items()))
        for key, data in files.items():
            self._cache.put(key, data)

    async def _fetch(self, deck: str) -> IO[bytes]:
        """The PDF of a deck that was taken over, after counting the takeover."""
        takeovers = int(await self._objects.get(takeovers_key(deck)) or 0) + 1
        if takeovers > self._limits.takeovers:
            raise Failed(reasons.OFTEN_INTERRUPTED, f"taken over {takeovers - 1} times")
        await self._objects.put(takeovers_key(deck), str(takeovers).encode())
        file = scratch()
        if not await self._objects.fetch(source_key(deck), file):
            file.close()
            raise Failed(reasons.SERVER, "its PDF is not in the store")
        return file
