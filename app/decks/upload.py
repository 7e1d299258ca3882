"""Uploads on their way in, from their chunks into open files.

Rules: a file has no name, so nothing is left of it even when the process is killed; it is closed on every way out but
success. The bound of one holds while its bytes arrive: what is too large is never stored whole. All that arrive
are bounded together by the bytes they hold on the disk, not by their number: an upload that has sent nothing holds nothing,
not even a file. One without a byte for `stall_seconds` is dropped. Where the disk's share is short, an
upload slower than `slowest` gives way to one whose bytes are there (slowloris: eight idle connections once kept
every teacher out); where none is slow, the newcomer is refused.
"""

import asyncio
import errno
import tempfile
from collections.abc import AsyncIterator, Callable
from typing import IO

from .disk import Disk
from .limits import Limits
from .reasons import Busy, DiskFull, NotADeck, Stalled, TooLarge


def scratch() -> IO[bytes]:
    return tempfile.TemporaryFile(prefix="lectern-")


class _Arrival:
    """One upload: what it holds, and until when its bytes have paid for its place."""

    file: IO[bytes]  # from the first byte on
    patience: asyncio.Timeout

    def __init__(self, now: float) -> None:
        self.size = 0
        self.held = 0
        self.paid_until = now
        self.lost = False

    def wait(self, seconds: float) -> None:
        """So long for the next byte."""
        self.patience.reschedule(asyncio.get_running_loop().time() + seconds)

    def close(self) -> None:
        if self.size:
            self.file.close()


class Arrivals:
    """All uploads that a process is receiving."""

    def __init__(
        self, limits: Limits, disk: Disk | None = None, now: Callable[[], float] | None = None
    ) -> None:
        self._limits = limits
        self._disk = disk or Disk()
        self._open: set[_Arrival] = set()  # those that hold something
        self.now = now or (lambda: asyncio.get_running_loop().time())
        self.held_bytes = 0

    async def receive(self, chunks: AsyncIterator[bytes]) -> IO[bytes]:
        """The file, flushed and at its start. Raises a RefusedUpload, and what the chunks raise."""
        arrival = _Arrival(self.now())
        try:
            async with asyncio.timeout(self._limits.stall_seconds) as patience:
                arrival.patience = patience
                await self._copy(chunks, arrival)
        except BaseException as fault:
            self._drop(arrival)
            if isinstance(fault, TimeoutError) and patience.expired():
                raise Stalled from None
            if isinstance(fault, OSError) and fault.errno == errno.ENOSPC:
                raise DiskFull from None
            raise
        self._end(arrival)
        return arrival.file

    async def _copy(self, chunks: AsyncIterator[bytes], arrival: _Arrival) -> None:
        async for chunk in chunks:
            if chunk:
                self._take(arrival, chunk)
                arrival.file.write(chunk)
                arrival.wait(self._limits.stall_seconds)
        if arrival.lost:
            raise Stalled
        if not arrival.size:
            raise NotADeck
        arrival.file.seek(0)

    def _take(self, arrival: _Arrival, chunk: bytes) -> None:
        """Make room for a chunk, and note that it came."""
        limits = self._limits
        if arrival.lost:
            raise Stalled
        if not arrival.size:
            arrival.file = scratch()
            self._open.add(arrival)
        arrival.size += len(chunk)
        if arrival.size > limits.upload_bytes:
            raise TooLarge(limits.upload_bytes)
        now = self.now()
        arrival.paid_until = min(
            max(arrival.paid_until, now) + len(chunk) / limits.slowest, now + limits.stall_seconds
        )
        # An open file counts for more than a byte of it: it takes a descriptor.
        more = max(arrival.size, limits.arriving_least_bytes) - arrival.held
        if not self._disk.has_room(len(chunk)):
            raise DiskFull
        while self.held_bytes + more > limits.arriving_bytes:
            self._give_way(arrival, now)
        arrival.held += more
        self.held_bytes += more

    def _give_way(self, to: _Arrival, now: float) -> None:
        slow = [other for other in self._open if other is not to and other.paid_until <= now]
        if not slow:
            raise Busy
        loser = min(slow, key=lambda other: other.paid_until)
        loser.lost = True
        loser.wait(0)  # its task wakes up, and says so
        self._drop(loser)

    def _drop(self, arrival: _Arrival) -> None:
        self._end(arrival)
        arrival.close()

    def _end(self, arrival: _Arrival) -> None:
        self._open.discard(arrival)
        self.held_bytes -= arrival.held
        arrival.held = 0
