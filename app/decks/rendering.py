"""The server's side of a worker process: start it, read its frames in time, end it for certain.

Rules: one process, in a session of its own, for one deck; it inherits the PDF as stdin and the few variables of
INHERITED, so no secret. Every wait for it has a deadline. Leaving the `drawing()` block, in whatever way,
kills the whole process group and reaps it. Whatever goes wrong in it comes out as Failed; an exception
of another kind is a fault of ours.
"""

import asyncio
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from . import reasons
from .frames import LINE_BYTES, Drawn, Frame, GaveUp, Opened, Orders, decode
from .limits import Limits
from .reasons import Failed
from .text import clean

log = logging.getLogger("lectern.decks")

PACKAGE_ROOT = Path(__file__).resolve().parents[2]
# What Python itself needs to start in the places it is deployed to; Heroku's Python, for one, needs its home.
INHERITED = ("PATH", "PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG")
REAP_SECONDS = 10.0  # for the kernel to end a killed process
DETAIL_CHARS = 200
UTF8_BYTES = 4  # a character at most
STDERR_BYTES = 8 * 1024  # kept for the log; more is read and dropped, lest the worker block on it


@dataclass(frozen=True, slots=True)
class Page:
    number: int
    images: list[bytes]  # in the order of Limits.widths
    text: bytes


class Drawing:
    """A running worker. First opened(), then page() until there are no more."""

    def __init__(self, process: Process, limits: Limits) -> None:
        self._process = process
        self._frames = _piped(process.stdout)
        self._limits = limits
        self._ends = _now() + limits.deck_seconds

    async def opened(self) -> list[tuple[int, int]]:
        """The pages' sizes in pixels at the largest width."""
        frame = await self._next(0)
        if not isinstance(frame, Opened) or not self._possible(frame.sizes):
            raise Failed(reasons.CRASHED_OPEN, f"expected Opened, got {frame!r:.200}")
        return frame.sizes

    def _possible(self, sizes: list[tuple[int, int]]) -> bool:
        sides = [side for size in sizes for side in size]
        return 1 <= len(sizes) <= self._limits.pages and all(
            1 <= s <= self._limits.side_pixels for s in sides
        )

    async def page(self, number: int) -> Page:
        frame = await self._next(number)
        bounds = [
            *(self._limits.image_bytes for _ in self._limits.widths),
            self._limits.text_chars * UTF8_BYTES,
        ]
        if not (
            isinstance(frame, Drawn)
            and frame.number == number
            and len(frame.lengths) == len(bounds)
            and all(0 <= length <= bound for length, bound in zip(frame.lengths, bounds, strict=True))
        ):
            raise Failed(_crashed(number), f"expected Drawn, got {frame!r:.200}")
        parts = [await self._within(number, self._frames.readexactly(length)) for length in frame.lengths]
        return Page(number, parts[:-1], parts[-1])

    async def _next(self, page: int) -> Frame:
        if _now() >= self._ends:  # a frame that is here already would get past a timeout
            raise Failed(reasons.SLOW_DECK, "out of time in all")
        line = await self._within(page, self._frames.readuntil(b"\n"))
        try:
            frame = decode(line)
        except msgspec.DecodeError as error:
            raise Failed(_crashed(page), f"not a frame: {error}") from error
        if isinstance(frame, GaveUp):
            text = reasons.TEXTS[frame.code].format(page=frame.page, limit=self._limits.pages)
            raise Failed(text, clean(frame.detail, DETAIL_CHARS))
        return frame

    async def _within(self, page: int, reading: Coroutine[None, None, bytes]) -> bytes:
        """What the worker sends next, or Failed: too late, or because it is gone. Page 0 is the opening."""
        until = min(self._ends, _now() + self._limits.page_seconds)
        try:
            async with asyncio.timeout_at(until):
                return await reading
        except TimeoutError as error:
            slow = reasons.SLOW_PAGE.format(page=page) if page else reasons.SLOW_OPEN
            raise Failed(reasons.SLOW_DECK if until == self._ends else slow, "out of time") from error
        except asyncio.IncompleteReadError as error:
            code = await self._code()
            reason = reasons.SLOW_DECK if code == -signal.SIGXCPU else _crashed(page)
            raise Failed(reason, f"the worker ended with {code}") from error
        except asyncio.LimitOverrunError as error:
            raise Failed(_crashed(page), "a line without end") from error

    async def _code(self) -> int | None:
        """How a worker that said no more ended; None where it lives on."""
        with suppress(TimeoutError):
            async with asyncio.timeout(REAP_SECONDS):
                return await self._process.wait()
        return None


def _now() -> float:
    return asyncio.get_running_loop().time()


def _piped(stream: asyncio.StreamReader | None) -> asyncio.StreamReader:
    if stream is None:
        raise RuntimeError("the worker was started without a pipe")
    return stream


def _crashed(page: int) -> str:
    return reasons.CRASHED_PAGE.format(page=page) if page else reasons.CRASHED_OPEN


@asynccontextmanager
async def drawing(source: IO[bytes], limits: Limits) -> AsyncIterator[Drawing]:
    """A worker on `source`, for as long as the block lasts."""
    orders = Orders(
        limits.widths,
        limits.side_pixels,
        limits.pages,
        limits.text_chars,
        limits.cpu_seconds,
        limits.memory_bytes,
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.decks.worker", msgspec.json.encode(orders).decode()),
        stdin=source,
        stdout=PIPE,
        stderr=PIPE,
        limit=LINE_BYTES,
        cwd=PACKAGE_ROOT,
        env={name: os.environ[name] for name in INHERITED if name in os.environ},
        start_new_session=True,
    )
    complaints = asyncio.create_task(_complaints(process))
    try:
        yield Drawing(process, limits)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):  # it may have ended since asyncio last looked
                os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(_end(process, complaints))


async def _complaints(process: Process) -> bytes:
    """The start of the worker's stderr; all of it is read."""
    stderr = _piped(process.stderr)
    kept = b""
    while chunk := await stderr.read(STDERR_BYTES):
        kept += chunk[: STDERR_BYTES - len(kept)]
    return kept


async def _end(process: Process, complaints: asyncio.Task[bytes]) -> None:
    """Reap a worker that has been killed."""
    frames = _piped(process.stdout)
    async with asyncio.timeout(REAP_SECONDS):
        # asyncio reports a process as gone only once its pipes are at their end, and a full one is not being read.
        while await frames.read(LINE_BYTES):
            pass
        await process.wait()
        if said := await complaints:
            log.warning("deck worker %d said: %r", process.pid, said.decode(errors="replace"))
