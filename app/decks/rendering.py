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

log = logging.getLogger("lectern.decks")

PACKAGE_ROOT = Path(__file__).resolve().parents[2]
# What Python itself needs to start in the places it is deployed to; Heroku's Python, for one, needs its home.
INHERITED = ("PATH", "PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG")
REAP_SECONDS = 5.0  # for the kernel to end a killed process
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
        self._ends = asyncio.get_running_loop().time() + limits.deck_seconds

    async def opened(self) -> list[tuple[int, int]]:
        """The pages' sizes in pixels at the largest width."""
        frame = await self._next(0)
        if not isinstance(frame, Opened) or not 1 <= len(frame.sizes) <= self._limits.pages:
            raise Failed(reasons.CRASHED_OPEN, f"expected Opened, got {frame!r:.200}")
        return frame.sizes

    async def page(self, number: int) -> Page:
        frame = await self._next(number)
        expected = len(self._limits.widths) + 1
        if not isinstance(frame, Drawn) or frame.number != number or len(frame.lengths) != expected:
            raise Failed(reasons.CRASHED_PAGE.format(page=number), f"expected Drawn, got {frame!r:.200}")
        if any(not 0 <= length <= self._limits.page_bytes for length in frame.lengths):
            raise Failed(reasons.CRASHED_PAGE.format(page=number), f"lengths {frame.lengths!r:.200}")
        parts = [await self._within(number, self._frames.readexactly(length)) for length in frame.lengths]
        return Page(number, parts[:-1], parts[-1])

    async def _next(self, page: int) -> Frame:
        line = await self._within(page, self._frames.readuntil(b"\n"))
        try:
            frame = decode(line)
        except msgspec.DecodeError as error:
            raise Failed(_crashed(page), f"not a frame: {error}") from error
        if isinstance(frame, GaveUp):
            text = reasons.TEXTS[frame.code].format(page=frame.page, limit=self._limits.pages)
            raise Failed(text, frame.detail[:500])
        return frame

    async def _within(self, page: int, reading: Coroutine[None, None, bytes]) -> bytes:
        """What the worker sends next, or Failed: too late, or because it is gone. Page 0 is the opening."""
        left = self._ends - asyncio.get_running_loop().time()
        try:
            return await asyncio.wait_for(reading, max(0.0, min(left, self._limits.page_seconds)))
        except TimeoutError as error:
            slow = reasons.SLOW_PAGE.format(page=page) if page else reasons.SLOW_OPEN
            raise Failed(
                reasons.SLOW_DECK if left < self._limits.page_seconds else slow, "out of time"
            ) from error
        except asyncio.IncompleteReadError as error:
            code = await self._code()
            reason = reasons.SLOW_DECK if code == -signal.SIGXCPU else _crashed(page)
            raise Failed(reason, f"the worker ended with {code}") from error
        except asyncio.LimitOverrunError as error:
            raise Failed(_crashed(page), "a line without end") from error

    async def _code(self) -> int | None:
        """How a worker that said no more ended; None where it lives on."""
        with suppress(TimeoutError):
            return await asyncio.wait_for(self._process.wait(), REAP_SECONDS)
        return None


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
            log.warning("deck worker %d said: %s", process.pid, said.decode(errors="replace").strip())
