"""Tallies: votes are counted when they come, and shown at most twice a second, the last one always.

Rules: the store knows which votes no tally shows yet, and decides when the next tally is due; this process asks again then,
once a lesson however many of its polls take votes. A poll that is closed, revealed or ended gets its last tally from the
store in the same entry. What a killed process has left of an open poll is found by every other: a vote waits only within
the pace of a tally that all have heard, so a lesson is asked about once, a turn after its last tally; one that is loaded
says itself whether it has any. A poll that nobody votes in costs nothing.
"""

import asyncio
from collections.abc import Sequence

from app import metrics
from app.core.poll import Refusal
from app.feed.channel import Channel
from app.feed.hub import Hub, wall_ms
from app.store.contract import StoreUnavailable

SWEEP_S = 2.3  # longer than the pace of tallies: what was heard a turn ago, nobody will publish any more
RETRY_MS = 1_000


class Tallies:
    """Counts votes and sees to it that tallies are published. Call `sweep` every `SWEEP_S`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._due: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._heard: set[str] = set()  # lessons with a tally in the last turn

    async def vote(self, channel: Channel, poll: str, voter: str, choices: Sequence[int]) -> Refusal | None:
        """Count a vote; says why it is not counted, if so. Raises StoreUnavailable."""
        answer = await self._hub.store.vote(channel.code, poll, voter, choices, wall_ms())
        refusal = answer if isinstance(answer, Refusal) else None
        metrics.VOTES.labels(refusal.value if refusal else "counted").inc()
        if isinstance(answer, Refusal):
            return answer
        if answer:
            self._publish_in(channel.code, answer / 1000)
        return None

    async def sweep(self) -> None:
        """Publish what another worker has left unpublished."""
        before, self._heard = self._heard, set(self._hub.voted)
        self._hub.voted.clear()
        for code in before - self._due.keys():
            self._publish_in(code, 0)

    def _publish_in(self, code: str, seconds: float) -> None:
        if code in self._due:
            self._again.add(code)  # this vote may have come after the publishing that is under way
        else:
            self._due[code] = asyncio.create_task(self._publish(code, seconds))

    async def _publish(self, code: str, seconds: float) -> None:
        try:
            while True:
                await asyncio.sleep(seconds)
                self._again.discard(code)
                try:
                    due = await self._hub.store.publish(code, wall_ms())
                except StoreUnavailable:
                    due = RETRY_MS
                if not due and code not in self._again:
                    return
                seconds = due / 1000
        finally:
            del self._due[code]
            self._again.discard(code)
