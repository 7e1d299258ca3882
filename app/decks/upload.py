"""An upload, from its chunks into an open file.

Rules: the file has no name, so nothing is left of it even when the process is killed; it is closed on every
way out but success. The bound holds while the bytes arrive: what is too large is never stored whole.
"""

import tempfile
from collections.abc import AsyncIterator
from typing import IO

from .reasons import NotADeck, TooLarge


def scratch() -> IO[bytes]:
    return tempfile.TemporaryFile(prefix="lectern-")


async def receive(chunks: AsyncIterator[bytes], limit: int) -> IO[bytes]:
    """The file, flushed and at its start."""
    file = scratch()
    try:
        await _copy(chunks, file, limit)
    except BaseException:
        file.close()
        raise
    return file


async def _copy(chunks: AsyncIterator[bytes], file: IO[bytes], limit: int) -> None:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise TooLarge(limit)
        file.write(chunk)
    if not size:
        raise NotADeck
    file.seek(0)
