"""A lesson's channel in this process: the fold, its subscribers, and the flush window.

Rules:
- Entries are folded as they come; what changed goes out as one event an audience: at once after a quiet
  `WINDOW_S`, else when `WINDOW_S` has passed since the last flush, newest value per key.
- A flush has no single moment: its fan-out lasts some 8 us a subscriber. The window is counted from the middle of it.
- The event of a flush holds everything since the last one, so whoever joined in between is told some of
  it twice, which last-writer-wins makes harmless, and nobody misses any of it.
- The next flush waits for the end of this one's fan-out. A subscriber that was not ready, and so was
  passed over, gets `changes(its position)` when it is ready again, as one event.
- An entry whose number is not the next is a gap: the channel says so and must be loaded again.
- A new epoch resets everybody.
"""

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress

from app import metrics
from app.core import audience as audiences, frames, own
from app.core.audience import Audience
from app.core.cursor import Cursor, lesson_epoch
from app.core.frames import Frame
from app.core.keys import EPHEMERAL
from app.core.lesson import NULL, Lesson, Position, Register
from app.feed.crowd import Crowd, Delivery
from app.feed.kept import Shelf
from app.feed.subscriber import Subscriber
from app.feed.views import Views
from app.store.contract import Entry, Snapshot

WINDOW_S = 0.050


class Channel:
    """One lesson, as this process serves it. Its code is added to `recount` when its crowd changes."""

    def __init__(
        self, code: str, snapshot: Snapshot, recount: set[str] | None = None, shelf: Shelf | None = None
    ) -> None:
        self.code = code
        self._shelf = Shelf() if shelf is None else shelf
        self._recount = set() if recount is None else recount
        self._about_of: Register | None = None
        self._about = own.NO_LESSON
        self.used = 0.0  # loop time of the last request or subscriber
        self.others = 0  # viewers on other workers, by the last census
        self.behind = False  # the feed is not being heard: what is told here may not be the newest
        self.crowd = Crowd()
        self._live: dict[str, str] = {}
        self._audience_changed = False
        self._flush_at: asyncio.Handle | None = None
        self._flushed_at = 0.0  # loop time of the middle of the last fan-out
        self._flush_began = 0.0
        self._accepted: int | None = None  # ms: the oldest write that has not been flushed
        self._delivering: int | None = None  # ms: the oldest of the flush that is under way
        self._moved: set[asyncio.Future[None]] = set()
        self._take(snapshot)
        self._flushed: Position | None = self.lesson.position

    def _take(self, snapshot: Snapshot) -> None:
        self.store = snapshot.store
        self.number = snapshot.number
        self.lesson = Lesson(snapshot.registers, snapshot.position)
        about = self.about
        self.first = Position(about.created, 0)
        epoch = lesson_epoch(snapshot.store, self.code, about.created)
        self.views = Views(self.lesson, epoch, self._shelf)
        self.views.viewers = self.viewers

    # --- what the lesson is -------------------------------------------------------------------------

    @property
    def about(self) -> own.About:
        """Title, creation time (ms) and status of the lesson."""
        register = self.lesson.get("lesson")
        if register is not self._about_of:
            # Asked at every flush and join; it changes once a lesson, when it ends.
            self._about_of = register
            self._about = own.about(register)
        return self._about

    @property
    def ended(self) -> bool:
        """Whether the teacher has ended the lesson."""
        return self.about.status == "ended"

    @property
    def viewers(self) -> int:
        """Viewers on all workers: counted here, by the last census elsewhere."""
        return self.others + len(self.crowd.of[Audience.VIEWER])

    @property
    def idle(self) -> bool:
        """Whether nobody holds on to the channel."""
        return not len(self.crowd) and not self._moved

    # --- from the feed -------------------------------------------------------------------------------

    def deliver(self, entries: Iterable[Entry]) -> bool:
        """Fold entries in. False: one is missing before them, and the channel must be loaded again."""
        for entry in entries:
            if entry.position <= self.lesson.position:
                continue
            if entry.number != self.number + 1:
                return False
            self.number = entry.number
            self._accepted = self._accepted or entry.position.ms
            applied = self.lesson.apply(entry.position, entry.writes)
            for write, done in zip(entry.writes, applied, strict=True):
                if done and write.key in EPHEMERAL:
                    self._live[write.key] = write.raw
                if done and write.key.startswith("keyring/") and write.raw == NULL:
                    self._send_teachers_away()
            self._schedule()
        self._wake()
        return True

    def reload(self, snapshot: Snapshot) -> None:
        """Start again from what the store holds: same epoch, the changes go out; another, or data of the past, a reset does."""
        if own.keyring(self.lesson) - own.keyring(snapshot.registers):
            self._send_teachers_away()  # with what they may know: nothing of the snapshot
        epoch, position = self.views.epoch, self.lesson.position
        self.views.forget()
        self._take(snapshot)
        if self.views.epoch != epoch or snapshot.position < position:
            metrics.RESETS.inc()
            self._flushed = None
            for subscriber in self.crowd:
                subscriber.position = None
        self._schedule()
        self._wake()

    def _send_teachers_away(self) -> None:
        # A stream does not know its key: all come back, and those whose key still opens are let in.
        for teacher in list(self.crowd.of[Audience.TEACHER]):
            teacher.part()

    def close(self) -> None:
        """There is no such lesson any more: end every stream, so that it asks again."""
        for subscriber in self.crowd:
            self.leave(subscriber)
            subscriber.finish(frames.PADDING)
        self._wake()

    def census(self, total_elsewhere: int) -> None:
        """Hear how many viewers other workers have; teachers are told when the sum has changed."""
        self.others = total_elsewhere
        if self.views.viewers != self.viewers:
            self.views.count(self.viewers)
            if self.crowd.of[Audience.TEACHER]:
                self._audience_changed = True
                self._schedule()

    # --- subscribers ----------------------------------------------------------------------------------

    def since(self, cursor: Cursor | None) -> Position | None:
        """The position a cursor names here, or None where it gets a reset."""
        if cursor is None or cursor.epoch != self.views.epoch:
            return None
        return cursor.position if self.first <= cursor.position <= self.lesson.position else None

    def join(self, subscriber: Subscriber, since: Position | None) -> Frame:
        """Add a subscriber; the frame is its first event, which it must write before anything else."""
        self.crowd.enter(subscriber)
        self._recount.add(self.code)
        subscriber.position = self.lesson.position
        return self.views.frame(subscriber.audience, since)

    def beat(self, now: int) -> Frame:
        """The heartbeat of this lesson."""
        return frames.beat(now, self.viewers, behind=self.behind)

    def leave(self, subscriber: Subscriber) -> None:
        """Forget a subscriber."""
        self.crowd.leave(subscriber)
        self._recount.add(self.code)

    def drained(self, subscriber: Subscriber) -> None:
        """A subscriber that was not ready is so again: one event brings it to now."""
        if subscriber in self.crowd:
            self._catch_up(subscriber)
            if self.ended:
                self._end([subscriber])

    def part(self, subscriber: Subscriber, last: Frame) -> bool:
        """Send a subscriber away with everything accepted so far; False where it is not ready for that."""
        if not subscriber.ready:
            return False
        # Where that fills its buffer, closing waits until the peer has read it; nothing else will follow.
        self._catch_up(subscriber)
        self.leave(subscriber)
        subscriber.finish(last)
        return True

    def _catch_up(self, subscriber: Subscriber) -> None:
        since = subscriber.position
        if since is None or self.views.news(subscriber.audience, since):
            frame = self.views.frame(subscriber.audience, since)
            subscriber.position = self.lesson.position
            metrics.CATCH_UPS.inc()
            subscriber.write(frame)

    # --- waiting ---------------------------------------------------------------------------------------

    async def moved(self, timeout_s: float) -> None:
        """Until entries have been folded, or the time is over."""
        waiter = asyncio.get_running_loop().create_future()
        self._moved.add(waiter)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(waiter, timeout_s)
        finally:
            self._moved.discard(waiter)

    async def reach(self, position: Position, timeout_s: float) -> bool:
        """Until the fold has come to a position that is known to exist; False when it has not in time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while self.lesson.position < position and loop.time() < deadline:
            await self.moved(deadline - loop.time())
        return self.lesson.position >= position

    def _wake(self) -> None:
        for waiter in self._moved:
            if not waiter.done():
                waiter.set_result(None)

    # --- the flush window ------------------------------------------------------------------------------

    def _schedule(self) -> None:
        if self._flush_at is not None or self.crowd.busy:
            return
        loop = asyncio.get_running_loop()
        due = self._flushed_at + WINDOW_S
        # Most flushes of many small lessons come after a quiet time: no timer for those.
        self._flush_at = loop.call_soon(self._flush) if due <= loop.time() else loop.call_at(due, self._flush)

    def _flush(self) -> None:
        self._flush_at = None
        self._flush_began = time.perf_counter()
        epoch, news = self.views.epoch, []
        for audience, there in self.crowd.of.items():
            frame = self._event(audience) if there else None
            if frame is not None:
                news.append((audience, frame))
        self._delivering = self._accepted if news else None
        self._rest()
        # Positions of an older epoch mean nothing any more: a reset is on its way then.
        delivery = Delivery(
            self.lesson.position, news, overtaken=lambda: self.views.epoch != epoch, done=self._fanned_out
        )
        self.crowd.fan_out(delivery)

    def _rest(self) -> None:
        self._flushed = self.lesson.position
        self._accepted = None
        self._live.clear()
        self._audience_changed = False

    def _event(self, audience: Audience) -> Frame | None:
        if self._flushed is None:
            return self.views.frame(audience, None)
        told = self.views.changes(audience, self._flushed)
        told.update(self._live)
        if audience is Audience.TEACHER and self._audience_changed:
            told["audience"] = self.views.audience
        return frames.state(self.views.cursor, audiences.encode(told, reset=False)) if told else None

    def _fanned_out(self) -> None:
        took = time.perf_counter() - self._flush_began
        metrics.FLUSH_SECONDS.observe(took)
        self._flushed_at = asyncio.get_running_loop().time() - took / 2
        if self._delivering is not None:
            metrics.DELIVERY_SECONDS.observe(max(0.0, time.time() - self._delivering / 1000))
        if self._flushed != self.lesson.position or self._live or self._audience_changed:
            self._schedule()
        elif self.ended:
            self._end(self.crowd)

    def _end(self, subscribers: Iterable[Subscriber]) -> None:
        for subscriber in subscribers:
            if subscriber.ready:
                subscriber.finish(frames.END)
                self.leave(subscriber)
