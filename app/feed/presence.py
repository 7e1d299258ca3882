"""Presence: which lessons are being given, and how many viewers each has, over all workers.

Rules: a worker names every lesson it has loaded, also those without a viewer; one census a worker and `EVERY_S`, whatever the number of viewers; a killed worker's viewers are
forgotten when its last census has expired; while the store is away the last known numbers stand.
"""

from app.core.audience import Audience
from app.feed.hub import Hub, wall_ms

EVERY_S = 0.97  # at most once a second; odd, so that it does not beat together with other timers


class Presence:
    """Call `step` every `EVERY_S`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def step(self) -> None:
        """Tell the store what we count, and the channels what all count."""
        counts = self._counts()
        total = await self._hub.store.census(self._hub.worker, counts, wall_ms())
        self._hub.given = total.keys()
        for code, channel in self._hub.channels.items():
            channel.census(total.get(code, 0) - counts.get(code, 0))

    def _counts(self) -> dict[str, int]:
        return {code: len(channel.crowd.of[Audience.VIEWER]) for code, channel in self._hub.channels.items()}
