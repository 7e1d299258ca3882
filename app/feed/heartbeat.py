"""The heartbeat wheel: one timer for all streams, and no moment at which all of them do the same.

Rules:
- A stream gets a place on the wheel when it joins and is visited once a turn of `TURN_S`. The streams of one lesson
  share as few places as they fit into (`TOGETHER`), so that a small lesson's beat is encoded and written at once; the more
  streams, the more places, far apart, until they are all of the wheel.
- A visit beats. What beats in one step is encoded once a lesson.
- A stream that is not ready is measured at each visit, and aborted when its peer does not read on (`reading.py`);
  but while the server stops it has the whole drain to be ready again. Once it was ready in between it starts anew.
- A stream has a random number of turns to live (25 to 35 minutes) and is then sent away to come back:
  so connections spread over workers again, and nothing is ever older than that.
"""

import asyncio
import random

from app import metrics
from app.core import frames
from app.feed.channel import Channel
from app.feed.hub import wall_ms
from app.feed.reading import EVERY_S, Reading
from app.feed.subscriber import Subscriber

TURN_S = EVERY_S
STEPS = 60
TOGETHER = 32  # streams of a lesson that beat in one step: a third of a millisecond
STRIDE = 37  # steps between a lesson's places; coprime with STEPS, so few places are far apart and all are different
LIFE_TURNS = (100, 140)


class _Place:
    """The streams that are visited in one step: turns they have left, and how those read that were found not ready."""

    __slots__ = ("behind", "left")

    def __init__(self) -> None:
        self.left: dict[Subscriber, int] = {}
        self.behind: dict[Subscriber, Reading] = {}


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
        self._places[number].behind.pop(subscriber, None)

    def drained(self, subscriber: Subscriber, number: int) -> None:
        """It has read what it was behind with, and is ready for more."""
        self._places[number].behind.pop(subscriber, None)

    async def run(self) -> None:
        """Turn until cancelled. A step that is late does not delay the turn; several are not made up for in a burst."""
        loop = asyncio.get_running_loop()
        number, due = 0, loop.time()
        while True:
            due = max(due + TURN_S / STEPS, loop.time())
            await asyncio.sleep(due - loop.time())
            number = (number + 1) % STEPS
            self.visit(number)

    def visit(self, number: int) -> None:
        """One step of the turn: what becomes of the streams at this place."""
        place, now = self._places[number], wall_ms()
        encoded: dict[Channel, frames.Frame] = {}
        for subscriber, turns in list(place.left.items()):
            if not subscriber.ready:
                if not self.patient:
                    self._not_ready(place, subscriber)
            elif turns <= 1:
                subscriber.part()
            else:
                place.left[subscriber] = turns - 1
                channel = subscriber.channel
                if channel not in encoded:
                    encoded[channel] = channel.beat(now)
                subscriber.write(encoded[channel])

    def _not_ready(self, place: _Place, subscriber: Subscriber) -> None:
        reading = place.behind.get(subscriber)
        if reading is None:
            place.behind[subscriber] = Reading(subscriber.unread())
        elif not reading.goes_on(subscriber.unread()):
            metrics.SLOW_ABORTED.inc()
            subscriber.abort()
