"""Presence: which lessons are being given, and how many viewers each has, over all workers.

Rules: a worker names every lesson it has loaded, also those without a viewer; one census a worker and `EVERY_S`, whatever
the number of viewers; a killed worker's viewers are forgotten when its last census has expired; while the store is away the
last known numbers stand. A step costs what has changed since the last, here or elsewhere, and not what there is.
"""

from collections.abc import Mapping

from app.core.audience import Audience
from app.feed.hub import Hub, wall_ms

EVERY_S = 0.97  # at most once a second; odd, so that it does not beat together with other timers


class Presence:
    """Call `step` every `EVERY_S`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._counts: dict[str, int] = {}
        self._total: Mapping[str, int] = {}
        self._changed: set[str] = set()  # lessons whose channel has not been told yet

    async def step(self) -> None:
        """Tell the store what we count, and the channels what all count. Raises StoreUnavailable."""
        self._recount()
        total = await self._hub.store.census(self._hub.worker, self._counts, wall_ms())
        if total != self._total:
            self._changed.update(code for code, _ in total.items() ^ self._total.items())
            for code in self._total.keys() - total.keys():
                self._hub.dropped(code)
            self._total = total
            self._hub.given = total
        for code in self._changed:
            channel = self._hub.channels.get(code)
            if channel is not None:
                channel.census(total.get(code, 0) - self._counts.get(code, 0))
        self._changed.clear()

    def _recount(self) -> None:
        for code in self._hub.recount:
            channel = self._hub.channels.get(code)
            if channel is None:
                self._counts.pop(code, None)
            else:
                self._counts[code] = len(channel.crowd.of[Audience.VIEWER])
        self._changed |= self._hub.recount
        self._hub.recount.clear()
