"""The reader task: one blocking read over the feeds of all loaded lessons.

Rules:
- It goes on from the positions the channels have folded; after any fault it opens a new connection and
  goes on from the same positions, so nothing between is lost.
- It hears its own probe, which is how the process knows that it still hears anything (`/readyz`).
- The more feeds, the longer the pause between reads: a thousand lessons cost about what a large one does.
"""

import asyncio
import logging
import random

from app.feed.hub import Hub
from app.store.contract import Reader, StoreUnavailable

PAUSE_A_FEED_S = 0.000_01  # a thousand feeds: 10 ms between reads
PAUSE_MAX_S = 0.010
RETRY_S = (0.1, 0.5)

log = logging.getLogger("lectern.feed")


class FeedReader:
    """Follows the hub's channels; run `run` as a task, cancel it to stop."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._heard = asyncio.Event()
        self.heard_at = float("-inf")  # loop time at which the last probe came back

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            try:
                reader = await self._hub.store.reader(self._hub.worker)
            except StoreUnavailable as fault:
                log.warning("no reader yet: %s", fault)
            else:
                try:
                    self._hub.rejoin(reader.store)
                    await self._follow(reader)
                except StoreUnavailable as fault:
                    log.warning("the reader lost its connection: %s", fault)
                finally:
                    await reader.close()
            await asyncio.sleep(random.uniform(*RETRY_S))  # noqa: S311 - spread, not secrecy

    async def _follow(self, reader: Reader) -> None:
        while True:
            told = await reader.read(self._hub.positions())
            if "" in told:
                del told[""]
                self.heard_at = asyncio.get_running_loop().time()
                self._heard.set()
            for code, entries in told.items():
                self._hub.deliver(code, entries)
            await asyncio.sleep(min(PAUSE_MAX_S, PAUSE_A_FEED_S * len(self._hub.channels)))

    async def hears(self, timeout_s: float) -> bool:
        """Whether a probe written now comes back in time. Raises StoreUnavailable where it cannot be written."""
        self._heard.clear()
        await self._hub.store.probe(self._hub.worker)
        try:
            await asyncio.wait_for(self._heard.wait(), timeout_s)
        except TimeoutError:
            return False
        return True
