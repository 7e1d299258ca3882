"""The heartbeat wheel: one timer for all streams, and no moment at which all of them beat.

Rules: a stream gets a random place on the wheel when it joins and beats once a turn of `TURN_S`; what
beats in one step is encoded once a lesson; a stream that is not ready is passed over.
"""

import asyncio
import random

from app.core import frames
from app.feed.channel import Channel
from app.feed.hub import wall_ms
from app.feed.subscriber import Subscriber

TURN_S = 15.0
STEPS = 120


class Wheel:
    """Run `run` as a task. Places are dictionaries: entering and leaving cost the same whatever the crowd."""

    def __init__(self) -> None:
        self._places: list[dict[Subscriber, Channel]] = [{} for _ in range(STEPS)]

    def enter(self, subscriber: Subscriber, channel: Channel) -> int:
        """Take a place; the number is what `leave` wants."""
        place = random.randrange(STEPS)  # noqa: S311 - spread, not secrecy
        self._places[place][subscriber] = channel
        return place

    def leave(self, subscriber: Subscriber, place: int) -> None:
        """Give the place up."""
        self._places[place].pop(subscriber, None)

    async def run(self) -> None:
        """Turn until cancelled. Late steps are not made up for in a burst."""
        place = 0
        while True:
            await asyncio.sleep(TURN_S / STEPS)
            place = (place + 1) % STEPS
            self._beat(self._places[place])

    def _beat(self, due: dict[Subscriber, Channel]) -> None:
        now = wall_ms()
        encoded: dict[str, frames.Frame] = {}
        for subscriber, channel in list(due.items()):
            if subscriber.ready:
                beat = encoded.get(channel.code)
                if beat is None:
                    beat = encoded[channel.code] = frames.beat(now, channel.viewers)
                subscriber.write(beat)
