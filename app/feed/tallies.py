"""Tallies: votes are counted when they come, and shown at most twice a second, the last one always.

Rules: the store decides when a tally is due; this process asks again then. A poll is asked for again by
every worker from time to time while it takes votes, so the tally is right even when the worker that took
the last vote was killed right after.
"""

import asyncio
from collections.abc import Sequence

from app import metrics
from app.core.lesson import NULL
from app.core.poll import Refusal, parse_poll
from app.feed.channel import Channel
from app.feed.hub import Hub, wall_ms
from app.store.contract import StoreUnavailable

SWEEP_S = 4.9
RETRY_MS = 1_000
RECENT_MS = 30_000  # a poll closed longer ago than this has had its last tally


class Tallies:
    """Counts votes and sees to it that tallies are published. Call `sweep` every `SWEEP_S`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._due: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._again: set[tuple[str, str]] = set()

    async def vote(self, channel: Channel, poll: str, voter: str, choices: Sequence[int]) -> Refusal | None:
        """Count a vote; says why it is not counted, if so. Raises StoreUnavailable."""
        answer = await self._hub.store.vote(channel.code, poll, voter, choices, wall_ms())
        refusal = answer if isinstance(answer, Refusal) else None
        metrics.VOTES.labels(refusal.value if refusal else "counted").inc()
        if isinstance(answer, Refusal):
            return answer
        if answer:
            self._publish_in(channel.code, poll, answer / 1000)
        return None

    async def sweep(self) -> None:
        """Publish what another worker has left unpublished."""
        for channel in list(self._hub.channels.values()):
            for register in channel.lesson.below("poll/"):
                poll = parse_poll(register.raw) if register.raw != NULL else None
                recent = register.position.ms > wall_ms() - RECENT_MS
                if poll is not None and (poll.status == "open" or (poll.shown and recent)):
                    self._publish_in(channel.code, register.key.partition("/")[2], 0)

    def _publish_in(self, code: str, poll: str, seconds: float) -> None:
        key = (code, poll)
        if key in self._due:
            self._again.add(key)  # this vote may have come after the publishing that is under way
        else:
            self._due[key] = asyncio.create_task(self._publish(key, seconds))

    async def _publish(self, key: tuple[str, str], seconds: float) -> None:
        try:
            while True:
                await asyncio.sleep(seconds)
                self._again.discard(key)
                try:
                    due = await self._hub.store.publish(*key, wall_ms())
                except StoreUnavailable:
                    due = RETRY_MS
                if not due and key not in self._again:
                    return
                seconds = due / 1000
        finally:
            del self._due[key]
            self._again.discard(key)
