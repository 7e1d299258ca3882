"""The heartbeat wheel: one timer for all streams, and no moment at which all of them do the same.

Rules:
- A stream gets a place on the wheel when it joins and is visited once a turn of `TURN_S`. The streams of one lesson
  share as few places as they fit into (`TOGETHER`), so that a small lesson's beat is encoded and written at once; the more
  streams, the more places, far apart, until they are all of the wheel.
- A visit beats. What beats in one step is encoded once a lesson.
- A stream that was not ready at two visits running has not read for a whole turn: it is aborted;
  but while the server stops it has the whole drain to be ready again.
- A stream has a random number of turns to live (25 to 35 minutes) and is then sent away to come back:
  so connections spread over workers again, and nothing is ever older than that.
"""

import asyncio
import random

from app import metrics
from app.core import frames
from app.feed.channel import Channel
from app.feed.hub import wall_ms
from app.feed.subscriber import Subscriber

TURN_S = 15.0
STEPS = 60
TOGETHER = 32  # streams of a lesson that beat in one step: a third of a millisecond
STRIDE = 37  # steps between a lesson's places; coprime with STEPS, so few places are far apart and all are different
LIFE_TURNS = (100, 140)


class _Place:
    """The streams that are visited in one step: turns they have left, and those found not ready."""

    __slots__ = ("left", "stuck")

    def __init__(self) -> None:
        self.left: dict[Subscriber, int] = {}
        self.stuck: set[Subscriber] = set()


class Wheel:
    """Run `run` as a task. Entering and leaving cost the same whatever the crowd."""

    def __init__(self) -> None:
        self._places = [_Place() for _ in range(STEPS)]
        self.patient = False  # the server stops

    def enter(self, subscriber: Subscriber) -> int:
        """Take a place; the number is what `leave` wants."""
        places = min(STEPS, 1 + len(subscriber.channel.crowd) // TOGETHER)
        which = random.randrange(places)  # noqa: S311 - spread, not secrecy
        # The lesson's first place by its code's hash, which differs by process.
        number = (hash(subscriber.channel.code) + which * STRIDE) % STEPS
        self._places[number].left[subscriber] = random.randint(*LIFE_TURNS)  # noqa: S311 - the same
        return number

    def leave(self, subscriber: Subscriber, number: int) -> None:
        """Give the place up."""
        self._places[number].left.pop(subscriber, None)
        self._places[number].stuck.discard(subscriber)

    async def run(self) -> None:
        """Turn until cancelled. A step that is late does not delay the turn; several are not made up for in a burst."""
        loop = asyncio.get_running_loop()
        number, due = 0, loop.time()
        while True:
            due = max(due + TURN_S / STEPS, loop.time())
            await asyncio.sleep(due - loop.time())
            number = (number + 1) % STEPS
            self._visit(self._places[number])

    def _visit(self, place: _Place) -> None:
        now = wall_ms()
        encoded: dict[Channel, frames.Frame] = {}
        for subscriber, turns in list(place.left.items()):
            if not subscriber.ready:
                if not self.patient:
                    self._not_ready(place, subscriber)
            elif turns <= 1:
                subscriber.part()
            else:
                place.left[subscriber] = turns - 1
                place.stuck.discard(subscriber)
                channel = subscriber.channel
                if channel not in encoded:
                    encoded[channel] = channel.beat(now)
                subscriber.write(encoded[channel])

    def _not_ready(self, place: _Place, subscriber: Subscriber) -> None:
        if subscriber in place.stuck:
            metrics.SLOW_ABORTED.inc()
            subscriber.abort()
        else:
            place.stuck.add(subscriber)
