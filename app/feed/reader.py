"""The reader task: one blocking read over the feeds of all loaded lessons.

Rules:
- It goes on from the positions the channels have folded; after any fault it opens a new connection and
  goes on from the same positions, so nothing between is lost.
- It hears its own probe, which is how the process knows that it still hears anything (`/readyz`). A
  reader that has heard nothing for `DEAF_S`, though a probe is written every `PROBE_EVERY_S`, is replaced.
- The more feeds, the longer the pause between reads, up to less than a flush window: waking up costs a worker of
  many small lessons more than the news it wakes up for.
"""

import asyncio
import logging
import random

from app import metrics
from app.feed.hub import Hub
from app.outages import Outage
from app.store.contract import Reader, StoreUnavailable

PAUSE_A_FEED_S = 0.000_04  # a thousand feeds: 40 ms between reads
PAUSE_MAX_S = 0.040
RETRY_S = (0.1, 0.5)
PROBE_EVERY_S = 2.3
AGE_EVERY_S = 0.9
DEAF_S = 5.0  # three probes unheard, and sooner than the read itself gives up
BEHIND_S = 4.0  # unheard for so long, joins and beats say that there may be news

log = logging.getLogger("lectern.feed")
LOST = Outage(log, "the reader lost its connection")


class FeedReader:
    """Follows the hub's channels. `run` is a task for the length of the process; call `watch` and `note_age` regularly."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        hub.doubt = self.reopen
        self._heard = asyncio.Event()
        self._session: asyncio.Task[None] | None = None
        self._since = float("inf")  # loop time at which this session began to listen
        self._born = asyncio.get_running_loop().time()
        self.heard_at = float("-inf")  # loop time at which the last probe came back

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            self._session = asyncio.create_task(self._listen())
            try:
                await asyncio.wait([self._session])
            except asyncio.CancelledError:
                self._session.cancel()
                raise
            if not self._session.cancelled():
                self._tell(self._session)
            await asyncio.sleep(random.uniform(*RETRY_S))  # noqa: S311 - spread, not secrecy

    @staticmethod
    def _tell(session: "asyncio.Task[None]") -> None:
        fault = session.exception()
        if not isinstance(fault, StoreUnavailable):
            raise RuntimeError("the reader ended by itself") from fault  # noqa: TRY004 - it is a bug here
        LOST.note(fault)

    async def _listen(self) -> None:
        reader = await self._hub.store.reader(self._hub.worker)
        try:
            self._hub.rejoin(reader.store)
            self._since = asyncio.get_running_loop().time()
            # A probe written before this reader listened is not heard by it: whoever waits for one gets another.
            await self._hub.store.probe(self._hub.worker)
            await self._follow(reader)
        finally:
            self._since = float("inf")
            self._hub.part()
            await reader.close()

    async def _follow(self, reader: Reader) -> None:
        followed = -1
        while True:
            if self._hub.roster != followed:
                followed = self._hub.roster
                reader.follow(self._hub.positions())
            told = await reader.read()
            if "" in told:
                del told[""]
                self.heard_at = asyncio.get_running_loop().time()
                self._heard.set()
                self._hub.set_behind(behind=False)
            for code, entries in told.items():
                self._hub.deliver(code, entries)
            await asyncio.sleep(min(PAUSE_MAX_S, PAUSE_A_FEED_S * len(self._hub.channels)))

    async def note_age(self) -> None:
        """Let joins and beats say so once nothing has been heard for `BEHIND_S`; never waits for the store."""
        now = asyncio.get_running_loop().time()
        if now - max(self._born, self.heard_at) > BEHIND_S:
            self._hub.set_behind(behind=True)

    def reopen(self) -> None:
        """What is loaded is not of the store that this reader hears: connect anew, and compare."""
        if self._session is not None and self._since < float("inf"):
            self._session.cancel()

    async def watch(self) -> None:
        """Write a probe, and replace a reader that does not hear them. Raises StoreUnavailable."""
        await self._hub.store.probe(self._hub.worker)
        now = asyncio.get_running_loop().time()
        if self._session is not None and now - max(self._since, self.heard_at) > DEAF_S:
            log.error("the reader has gone deaf; it is replaced")
            metrics.DEAF_READERS.inc()
            self._session.cancel()

    async def hears(self, timeout_s: float) -> bool:
        """Whether a probe written now comes back in time. Raises StoreUnavailable where it cannot be written."""
        self._heard.clear()
        await self._hub.store.probe(self._hub.worker)
        try:
            await asyncio.wait_for(self._heard.wait(), timeout_s)
        except TimeoutError:
            return False
        return True
