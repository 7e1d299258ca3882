"""What decks stand on in tests: a sink and claims in memory, and a server's worth of Decks that leaves nothing behind.

Rules: PDFs are really drawn, by real workers, into a real folder. Waiting has a deadline. Leaving `serving` fails the test
if a worker is left.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from app.core.codes import new_code
from app.decks.disk import Disk
from app.decks.limits import Limits
from app.decks.objects import open_store
from app.decks.ports import Claims
from app.decks.service import Decks

WITHIN = 30.0


async def until(holds: Callable[[], bool], within: float = WITHIN) -> None:
    """Wait for a condition; TimeoutError where it does not come to hold."""
    async with asyncio.timeout(within):
        while not holds():  # noqa: ASYNC110 -- what happens in another process sets no event
            await asyncio.sleep(0.01)


def workers(of: int | None = None) -> list[psutil.Process]:
    """The worker processes below a process: this one, unless told otherwise."""
    found = []
    for child in psutil.Process(of).children(recursive=True):
        try:
            if "app.decks.worker" in child.cmdline():
                found.append(child)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


class Ledger:
    """A sink that remembers what it was told, and when. `broken` makes it raise."""

    def __init__(self) -> None:
        self.told: list[tuple[float, str, dict[str, object]]] = []
        self.ready: list[tuple[str, str, int]] = []
        self.broken: Exception | None = None

    async def progress(self, lesson: str, deck: str, value: dict[str, object]) -> None:
        if self.broken:
            raise self.broken
        self.told.append((time.monotonic(), deck, value))

    async def ready_pages(self, lesson: str, deck: str, pages: int) -> None:
        if self.broken:
            raise self.broken
        assert self.of(deck)[-1]["done"] == 1, "the register is written before the pages are added"
        self.ready.append((lesson, deck, pages))

    async def standing(self, lesson: str, deck: str) -> dict[str, object] | None:
        return self.last(deck) if deck in {each for _, each, _ in self.ready} else None

    def of(self, deck: str) -> list[dict[str, object]]:
        return [value for _, told, value in self.told if told == deck]

    def last(self, deck: str) -> dict[str, object]:
        return self.of(deck)[-1]

    async def end(self, deck: str, within: float = WITHIN) -> dict[str, object]:
        """The last state of a deck: ready or failed."""
        await until(lambda: self.last(deck)["status"] != "rendering", within)
        return self.last(deck)


class MemoryClaims:
    """Claims of processes that share this memory."""

    def __init__(self, lapse: float = 15.0) -> None:
        self._lapse = lapse
        self._unfinished: dict[str, tuple[str, str]] = {}
        self._until: dict[str, float] = {}
        self.others: set[str] = set()  # decks that another has taken over
        self.entered: dict[str, tuple[str, int]] = {}  # deck -> lesson, bytes

    async def arrive(self, deck: str, lesson: str, size: int, limits: Limits) -> bool:
        mine = {each: weight for each, (of, weight) in self.entered.items() if of == lesson} | {deck: size}
        if len(mine) > limits.lesson_decks or sum(mine.values()) > limits.lesson_bytes:
            return False
        self.entered[deck] = (lesson, size)
        return True

    async def weigh(self, deck: str, lesson: str, size: int) -> None:
        self.entered[deck] = (lesson, size)

    async def cross_out(self, deck: str) -> None:
        self.entered.pop(deck, None)

    async def claim(self, deck: str, lesson: str, name: str) -> bool:
        if self._until.get(deck, 0.0) > time.monotonic():
            return False
        self._unfinished[deck] = (lesson, name)
        await self.renew(deck)
        return True

    async def renew(self, deck: str) -> None:
        self._until[deck] = time.monotonic() + self._lapse

    async def mine(self, deck: str) -> bool:
        return deck not in self.others

    async def release(self, deck: str) -> None:
        self._unfinished.pop(deck, None)
        self._until.pop(deck, None)

    async def abandoned(self) -> list[tuple[str, str, str]]:
        now = time.monotonic()
        return [(deck, *work) for deck, work in self._unfinished.items() if self._until[deck] <= now]

    @property
    def unfinished(self) -> set[str]:
        return set(self._unfinished)


async def sent(data: bytes, size: int = 64 * 1024) -> AsyncIterator[bytes]:
    """A body in chunks."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


@asynccontextmanager
async def serving(
    folder: Path,
    ledger: Ledger,
    claims: Claims | None = None,
    limits: Limits | None = None,
    new_id: Callable[[], str] = new_code,
    disk: Disk | None = None,
) -> AsyncIterator[Decks]:
    """Decks as a server's process has them, started and in the end stopped."""
    decks = Decks(open_store(str(folder)), ledger, claims or MemoryClaims(), limits, new_id, disk)
    await decks.start()
    try:
        yield decks
    finally:
        await decks.stop()
        assert workers() == [], "a worker outlives the server"
