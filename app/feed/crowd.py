"""The subscribers of a lesson, and one frame to all of them.

Rules:
- A fan-out runs in slices that yield to the event loop: a POST or a join never waits for ten thousand
  writes. One runs at a time, so every subscriber sees frames in one order.
- It goes to those who were there when it began; one who is not ready is passed over.
- A fan-out can be overtaken (a new epoch): what is left of it is then dropped, since a reset follows.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from app.core.audience import Audience
from app.core.frames import Frame
from app.core.lesson import Position
from app.feed.subscriber import Subscriber

SLICE = 256  # writes between two yields: about 3 ms


class Delivery(NamedTuple):
    """A frame for each audience that has news, which brings whoever gets it to `position`."""

    position: Position
    frames: Sequence[tuple[Audience, Frame]]
    overtaken: Callable[[], bool]
    done: Callable[[], None]


_There = tuple[Frame, Mapping[Subscriber, None], list[Subscriber]]  # what they get, who is there, who was


class Crowd:
    """Subscribers by audience; entering, leaving and being asked for cost the same whatever their number."""

    def __init__(self) -> None:
        self.of: dict[Audience, dict[Subscriber, None]] = {each: {} for each in Audience}
        self.busy = False  # a fan-out is under way

    def __len__(self) -> int:
        return sum(map(len, self.of.values()))

    def __contains__(self, subscriber: Subscriber) -> bool:
        return subscriber in self.of[subscriber.audience]

    def __iter__(self) -> Iterator[Subscriber]:
        """All of them, as they are now: the crowd may change meanwhile."""
        return iter([subscriber for each in self.of.values() for subscriber in each])

    def enter(self, subscriber: Subscriber) -> None:
        """Add a subscriber."""
        self.of[subscriber.audience][subscriber] = None

    def leave(self, subscriber: Subscriber) -> None:
        """Forget a subscriber; twice does nothing."""
        self.of[subscriber.audience].pop(subscriber, None)

    def fan_out(self, delivery: Delivery) -> None:
        """Begin; the first slice runs at once, `done` after the last. Not while another is under way."""
        if not delivery.frames:
            delivery.done()
            return
        self.busy = True
        there = [(frame, self.of[audience], list(self.of[audience])) for audience, frame in delivery.frames]
        self._slice(self._slices(delivery, there), delivery.done)

    def _slices(self, delivery: Delivery, there: Sequence[_There]) -> Iterator[None]:
        """Write; each step is a slice. This loop is what a delivery costs besides the write itself: no calls in it."""
        position, left = delivery.position, SLICE
        for frame, still, subscribers in there:
            for subscriber in subscribers:
                if not left:
                    yield
                    # Overtaking happens between slices only: within one nothing else runs.
                    if delivery.overtaken():
                        return
                    left = SLICE
                left -= 1
                if subscriber.ready and subscriber in still:
                    # One that has been caught up meanwhile is further on: an older value must not follow a newer.
                    at = subscriber.position
                    if at is None or at <= position:
                        subscriber.position = position
                        subscriber.write(frame)

    def _slice(self, slices: Iterator[None], done: Callable[[], None]) -> None:
        try:
            next(slices)
        except StopIteration:
            self.busy = False
            done()
        else:
            asyncio.get_running_loop().call_soon(self._slice, slices, done)
