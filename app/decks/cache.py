"""Hot pages in memory: a page turn makes thousands of phones ask for the same two images.

Rules: bounded in bytes; the entry used longest ago leaves first, and what is larger than the whole bound is never
kept. Many waiting for one key cause one load, and a waiter that goes away does not take the load from the
others. What is not there is not remembered: it may be drawn a moment later.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable


class Cache:
    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._entries: OrderedDict[str, bytes] = OrderedDict()
        self._loads: dict[str, asyncio.Task[bytes | None]] = {}
        self.held_bytes = 0

    def put(self, key: str, data: bytes) -> None:
        self.drop(key)
        if len(data) > self._limit:
            return
        self._entries[key] = data
        self.held_bytes += len(data)
        while self.held_bytes > self._limit:
            _, oldest = self._entries.popitem(last=False)
            self.held_bytes -= len(oldest)

    def drop(self, key: str) -> None:
        self.held_bytes -= len(self._entries.pop(key, b""))

    def drop_below(self, prefix: str) -> None:
        for key in [key for key in self._entries if key.startswith(prefix)]:
            self.drop(key)

    async def get(self, key: str, load: Callable[[str], Awaitable[bytes | None]]) -> bytes | None:
        if key in self._entries:
            self._entries.move_to_end(key)
            return self._entries[key]
        if key not in self._loads:
            self._loads[key] = asyncio.create_task(self._load(key, load))
        return await asyncio.shield(self._loads[key])

    async def _load(self, key: str, load: Callable[[str], Awaitable[bytes | None]]) -> bytes | None:
        try:
            data = await load(key)
            if data is not None:
                self.put(key, data)
            return data
        finally:
            del self._loads[key]
