"""The hub: every lesson this process serves, and the one way from the web to the store.

Rules:
- A lesson is loaded on the first request for it, once however many ask at the same moment, and dropped
  `IDLE_S` after the last; while it is loaded, joins and reads need no store.
- The position is read with the data, and the reader tails from it: overlap is harmless, a gap is not.
- A write is answered when this process has folded it too, so whoever writes here reads it here.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

from app import metrics
from app.core.cursor import Cursor
from app.core.lesson import Position
from app.feed.channel import Channel
from app.feed.kept import Shelf
from app.outages import Outage
from app.store.contract import Change, Entry, Outcome, Reason, Refused, Snapshot, Store, StoreUnavailable

IDLE_S = 61.0
LATELY_S = 600.0  # for so long a lesson that is no longer loaded is remembered to have been
LATELY = 4_096  # and so many of them
SWEEP_EVERY_S = 3.1
SWEEP_SLICE = 100  # lessons asked for at a sweep, in turn: its cost does not grow with those loaded
AGREE_TRIES = 3
AGREE_S = 1.0  # how long a load waits for the reader to connect anew
FOLD_S = 1.0  # how long a write or a cursor from another worker waits for this one's fold

log = logging.getLogger("lectern.feed")
NOT_ROUSED = Outage(log, "the reader could not be roused")
NOT_LOADED = Outage(log, "a lesson could not be loaded again yet")
NOT_DONE = Outage(log, "the store is unavailable to background work")
GAP = Outage(log, "a gap in the feed of a lesson")


def wall_ms() -> int:
    """The server's clock: ms since the Unix epoch."""
    return time.time_ns() // 1_000_000


class Hub:
    """Channels by lesson code. `worker` names this process to the store."""

    def __init__(self, store: Store, worker: str) -> None:
        self.store = store
        self.worker = worker
        self.channels: dict[str, Channel] = {}
        # Viewers of each lesson that some process has loaded, by the last census.
        self.given: Mapping[str, int] = {}
        self._shelf = Shelf()
        self._lately: OrderedDict[str, float] = OrderedDict()
        self.recount: set[str] = set()  # lessons loaded, dropped, joined or left since the last census
        self.voted: set[str] = (
            set()
        )  # lessons heard to have votes, or loaded with some in no tally, since a sweep
        self._loading: dict[str, asyncio.Task[Channel | None]] = {}
        self._stale: set[str] = (
            set()
        )  # lessons that are being loaded again: their entries mean nothing until then
        self._reloads: set[asyncio.Task[None]] = set()
        self._unswept: list[str] = []  # lessons that this round of sweeps has still to ask for
        self._behind = False
        self.life: str | None = None  # of the store, as the reader reads it; None while it does not
        self._rejoined = asyncio.Event()
        self.doubt: Callable[[], None] = lambda: None  # makes the reader connect anew
        self.roster = 0  # rises whenever the reader must be told anew which feeds to follow, and from where

    # --- lessons -----------------------------------------------------------------------------------------

    def is_given(self, code: str) -> bool:
        """Whether the lesson is loaded here, or was in any process a moment ago. The store is not asked."""
        return code in self.channels or code in self.given

    def is_known(self, code: str) -> bool:
        """Whether the lesson is being given, or was until lately: then even its end is no secret."""
        return self.is_given(code) or self._lately.get(code, -LATELY_S) > time.monotonic() - LATELY_S

    def dropped(self, code: str) -> None:
        """A lesson is no longer loaded, here or by the last process that had it."""
        self._lately[code] = time.monotonic()
        self._lately.move_to_end(code)
        if len(self._lately) > LATELY:
            self._lately.popitem(last=False)

    async def channel(self, code: str) -> Channel | None:
        """The lesson's channel, loaded where it was not; None where there is no such lesson."""
        channel = self.channels.get(code)
        if channel is None:
            task = self._loading.get(code)
            if task is None:
                task = self._loading[code] = asyncio.create_task(self._load(code))
            # Shielded: one caller that goes away must not fail the others who wait for the same load.
            channel = await asyncio.shield(task)
        if channel is not None:
            channel.used = asyncio.get_running_loop().time()
        return channel

    async def _load(self, code: str) -> Channel | None:
        try:
            snapshot = await self._agreed(code)
            if snapshot is None:
                return None
            self._note_votes(code, snapshot)
            channel = self.channels[code] = Channel(code, snapshot, self.recount, self._shelf)
            channel.census(self.given.get(code, 0))  # who watches elsewhere is known before the next census
            self.recount.add(code)
            channel.used = asyncio.get_running_loop().time()
            channel.behind = self._behind
            await self._rouse()
            return channel
        finally:
            self._loading.pop(code, None)

    async def _agreed(self, code: str) -> Snapshot | None:
        """The lesson as the store has it that the reader hears: of another, its news would never come."""
        for _ in range(AGREE_TRIES):
            snapshot = await self.store.load(code)
            if snapshot is None or self.life in (None, snapshot.store):
                return snapshot
            self.part()
            self.doubt()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._rejoined.wait(), AGREE_S)
        raise StoreUnavailable("its connections lead to more than one store")

    def _note_votes(self, code: str, snapshot: Snapshot) -> None:
        if snapshot.unpublished:
            self.voted.add(code)

    async def _rouse(self) -> None:
        """Make the reader look at the roster again; its own timeout does it too, only later."""
        self.roster += 1
        try:
            await self.store.probe(self.worker)
        except StoreUnavailable as fault:
            NOT_ROUSED.note(fault)

    async def tidy(self) -> None:
        """Forget the channels nobody has used for a while."""
        before = asyncio.get_running_loop().time() - IDLE_S
        for code, channel in list(self.channels.items()):
            if channel.idle and channel.used < before and code not in self._stale:
                del self.channels[code]
                channel.views.forget()
                self.dropped(code)
                self.recount.add(code)
                self.roster += 1

    @property
    def streams(self) -> int:
        """Open streams of this process."""
        return sum(len(channel.crowd) for channel in self.channels.values())

    def set_behind(self, *, behind: bool) -> None:
        """Whether the feed is being heard; joins and beats say so."""
        if behind == self._behind:
            return
        self._behind = behind
        for channel in self.channels.values():
            channel.behind = behind

    # --- from the reader ---------------------------------------------------------------------------------

    def positions(self) -> dict[str, Position]:
        """After which position the reader goes on, for each lesson."""
        return {code: channel.lesson.position for code, channel in self.channels.items()}

    def deliver(self, code: str, entries: Sequence[Entry]) -> None:
        """Entries of a lesson, in order."""
        for entry in entries:
            if any(write.key.startswith("tally/") for write in entry.writes):
                self.voted.add(code)
        channel = self.channels.get(code)
        if channel is not None and code not in self._stale and not channel.deliver(entries):
            GAP.note("it is loaded again")
            metrics.GAPS.inc()
            self.reload(channel)

    def rejoin(self, store: str) -> None:
        """The reader (re)connected to this life of the store: channels of another one start again."""
        self.life = store
        self._rejoined.set()
        for channel in self.channels.values():
            if channel.store != store:
                self.reload(channel)

    def part(self) -> None:
        """The reader is without a connection."""
        self.life = None
        self._rejoined.clear()

    async def sweep(self) -> None:
        """Load again what the store has less of than we: a lesson that was removed, or put back older than it was."""
        self._unswept = self._unswept or list(self.channels)
        codes, self._unswept = self._unswept[:SWEEP_SLICE], self._unswept[SWEEP_SLICE:]
        asked = [self.channels[code] for code in codes if code in self.channels and code not in self._stale]
        before = [channel.lesson.position for channel in asked]
        after = await self.store.positions([channel.code for channel in asked]) if asked else []
        for channel, had, has in zip(asked, before, after, strict=True):
            if (has is None or has < had) and self.channels.get(channel.code) is channel:
                self.reload(channel)

    def reload(self, channel: Channel) -> None:
        """Load a channel again in the background, until it has worked."""
        if channel.code not in self._stale:
            self._stale.add(channel.code)
            task = asyncio.create_task(self._reload(channel))
            self._reloads.add(task)
            task.add_done_callback(self._reloads.discard)

    async def _reload(self, channel: Channel) -> None:
        try:
            again = await self._loaded_again(channel)
        finally:
            # Before the reader is roused: what it reads from the new position is not to be passed over.
            self._stale.discard(channel.code)
        if again:
            await self._rouse()

    async def _loaded_again(self, channel: Channel) -> bool:
        while self.channels.get(channel.code) is channel:
            try:
                snapshot = await self._agreed(channel.code)
            except StoreUnavailable as fault:
                NOT_LOADED.note(fault)
                await asyncio.sleep(0.5)
                continue
            if snapshot is None:
                # The store came back without the lesson: whoever asks again is told that there is none.
                del self.channels[channel.code]
                self.dropped(channel.code)
                self.recount.add(channel.code)
                channel.close()
                return False
            self._note_votes(channel.code, snapshot)
            channel.reload(snapshot)
            return True
        return False

    # --- to the store ------------------------------------------------------------------------------------

    async def write(self, channel: Channel, changes: Sequence[Change], *, end: bool = False) -> Outcome:
        """Set registers; answered once this worker has folded them, or `FOLD_S` later."""
        try:
            with metrics.WRITE_SECONDS.time():
                outcome = await self.store.write(channel.code, changes, wall_ms(), end=end)
        except Refused as refused:
            if refused.reason is Reason.UNKNOWN:
                self.reload(channel)  # its viewers are to hear of it too
            raise
        await channel.reach(outcome.position, FOLD_S)
        return outcome

    async def append(self, channel: Channel, deck: str, pages: int) -> None:
        """Put a deck's pages into the lesson's order; as `write`."""
        position = await self.store.append(channel.code, deck, pages, wall_ms())
        await channel.reach(position, FOLD_S)

    async def since(self, channel: Channel, cursor: Cursor | None) -> Position | None:
        """The position of a cursor; one that another worker gave out may be a moment ahead of this fold."""
        if cursor is not None and cursor.epoch == channel.views.epoch:
            ahead = cursor.position.ms - wall_ms()
            if channel.lesson.position < cursor.position and ahead < FOLD_S * 1000:
                await channel.reach(cursor.position, FOLD_S)
        return channel.since(cursor)


async def forever(step: Callable[[], Awaitable[None]], every_s: float, what: str) -> None:
    """Run a background step again and again; a fault of the store is noted, and the next turn tries again."""
    while True:
        try:
            await step()
        except StoreUnavailable as fault:
            NOT_DONE.note(f"{what}: {fault}")
        await asyncio.sleep(every_s)
