"""Opening a stream: everything about it that is known before its first byte, however its bytes travel.

Rules: joining is one step without a wait: the cursor is looked up, the position is read and the stream
is among the subscribers before anything else can happen, so nothing is missed and nothing comes early.
"""

import random
from dataclasses import dataclass

from app import metrics
from app.core import frames
from app.core.audience import Audience
from app.core.cursor import Cursor
from app.core.frames import Frame
from app.feed.channel import Channel
from app.feed.heartbeat import Wheel
from app.feed.hub import wall_ms
from app.feed.subscriber import Subscriber

AGAIN_MS = (500, 4_000)

JOINED_NEW, JOINED_AGAIN, JOINED_RESET = map(metrics.JOINS.labels, ("new", "resumed", "reset"))


def retry(ms: tuple[int, int]) -> Frame:
    """A random time to come back after: no two of a crowd do it together."""
    return frames.retry(random.randint(*ms))  # noqa: S311 - spread, not secrecy


def again() -> Frame:
    """The last frame to one who is sent away while the lesson goes on: come back soon."""
    return retry(AGAIN_MS)


@dataclass(slots=True)
class Streams:
    """What all streams of a process share."""

    wheel: Wheel
    drain_s: float  # over how long they are closed when the server stops
    drained_at: float = 0.0  # loop time at which that is over; 0 while the server goes on

    def drain(self, now: float) -> None:
        """The server stops; told by each stream, and the first sets the clock for all."""
        if not self.drained_at:
            self.drained_at = now + self.drain_s
            self.wheel.patient = True


@dataclass(frozen=True, slots=True)
class Opening:
    """A stream that has been checked and allowed."""

    streams: Streams
    channel: Channel
    audience: Audience
    cursor: Cursor | None
    retry: Frame

    def join(self, subscriber: Subscriber) -> tuple[Frame, Frame, Frame]:
        """Add the subscriber; the frames are what it must write before anything else."""
        since = self.channel.since(self.cursor)
        (JOINED_NEW if self.cursor is None else JOINED_RESET if since is None else JOINED_AGAIN).inc()
        first = self.channel.join(subscriber, since)
        # More bytes after the first event, since some proxies hold it back until they come.
        then = self.channel.beat(wall_ms()) if self.channel.behind else frames.PADDING
        return self.retry, first, then
