"""The register of one deck, from its first state to its last.

Rules: between the first and the last, at most one write each INTERVAL seconds, and it carries the newest
state, so a burst of pages costs one write and a pause leaves nothing untold. A write that fails in between is
logged and superseded by the next; the first page and the last state are insisted on (`surely`), and when even that
fails the sink is lost (Untold), and the deck stays unfinished for whoever takes it over.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from .limits import Limits
from .ports import Sink
from .reasons import Failed

log = logging.getLogger("lectern.decks")

INTERVAL = 0.25
PATIENCE = (0.2, 0.5, 1.0, 2.0, 4.0)  # seconds between tries of what must be told
URL = "/decks/{id}/{number}-{width}.webp"  # as it stands: clients fill it in


class Untold(Exception):
    """The sink took nothing however often it was tried."""


async def surely(tell: Callable[[], Awaitable[None]]) -> None:
    for pause in PATIENCE:
        try:
            return await tell()
        except Failed:
            raise  # an answer, and not a fault
        except Exception as error:  # noqa: BLE001 -- the sink's store is anybody's, and so are its errors
            log.warning("telling about a deck failed, trying again in %.1f s: %r", pause, error)
        await asyncio.sleep(pause)
    try:
        return await tell()
    except Failed:
        raise
    except Exception as error:
        raise Untold from error


class Progress:
    def __init__(self, sink: Sink, lesson: str, deck: str, name: str, limits: Limits) -> None:
        self._sink = sink
        self._lesson = lesson
        self._deck = deck
        self._changed = asyncio.Event()
        self._ending = asyncio.Event()
        self._value: dict[str, object] = {
            "name": name,
            "status": "rendering",
            "pages": 0,
            "done": 0,
            "widths": list(limits.widths),
            "sizes": [],
            "url": URL,
        }

    def opened(self, sizes: list[tuple[int, int]]) -> None:
        alike = len(set(sizes)) == 1
        self._value |= {
            "pages": len(sizes),
            "sizes": [list(size) for size in (sizes[:1] if alike else sizes)],
        }

    def done(self, pages: int) -> None:
        self._value["done"] = pages
        self._changed.set()

    async def write(self) -> None:
        await self._sink.progress(self._lesson, self._deck, dict(self._value))

    async def first_page(self, pages: int) -> None:
        """The register before the pages: whoever sees the slide must know its deck."""
        self._changed.clear()
        await surely(self.write)
        await surely(lambda: self._sink.ready_pages(self._lesson, self._deck, pages))

    async def ready(self) -> None:
        self._value["status"] = "ready"
        await surely(self.write)

    async def failed(self, reason: str, standing: dict[str, object] | None) -> None:
        """`standing` is the register of a deck that has pages in the lesson: those stay, whoever has drawn them."""
        if standing is None:
            self._value["done"] = 0
        elif int(str(standing.get("done", 0))) > int(str(self._value["done"])):
            self._value |= {name: standing[name] for name in ("pages", "done", "sizes") if name in standing}
        self._value |= {"status": "failed", "error": reason}
        await surely(self.write)

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Inside the block, what `done` says is written, paced. No write is under way after it."""
        follower = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            self._ending.set()
            self._changed.set()
            await follower

    async def _follow(self) -> None:
        while True:
            with suppress(TimeoutError):  # first the pause: the first page has just been told
                await asyncio.wait_for(self._ending.wait(), INTERVAL)
            await self._changed.wait()
            self._changed.clear()
            if self._ending.is_set():
                return
            try:
                await self.write()
            except Exception as error:  # noqa: BLE001 -- as above; the next state follows, and the last one is insisted on
                log.warning("writing the progress of deck %s failed: %r", self._deck, error)
