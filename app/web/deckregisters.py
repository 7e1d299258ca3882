"""What the server writes for decks: their registers, their pages at the end of the order, the first slide.

Rules: everything is a write like any other, stamped by the server; everything may be told twice (a deck
whose process was killed is drawn again by another) and changes nothing the second time.
"""

import json

from app import metrics
from app.core.lesson import NULL
from app.core.stamp import Stamp
from app.feed.channel import Channel
from app.feed.hub import Hub
from app.store.contract import Change, Reason, Refused


class DeckRegisters:
    """The decks' sink. Raises StoreUnavailable, which decks try again."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def progress(self, lesson: str, deck: str, value: dict[str, object]) -> None:
        """Write the register `deck/<id>`."""
        raw = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        await self._write(lesson, [Change(f"deck/{deck}", raw)])
        if value["status"] in {"ready", "failed"}:
            metrics.DECKS.labels(value["status"]).inc()

    async def ready_pages(self, lesson: str, deck: str, pages: int) -> None:
        """Append the pages to the order, and show the first where nothing is shown yet."""
        channel = await self._hub.channel(lesson)
        if channel is None:
            return
        order = read_order(channel)
        new = [page for number in range(1, pages + 1) if (page := f"{deck}-{number}") not in order]
        changes = []
        if len(new) == pages:  # otherwise they were told before, and the teacher may have left some out
            changes.append(Change("pages", json.dumps({"order": order + new}, separators=(",", ":"))))
        slide = channel.lesson.get("slide")
        if slide is None or slide.raw == NULL:
            changes += show(f"{deck}-1")
        if changes:
            await self._write(lesson, changes)

    async def _write(self, lesson: str, changes: list[Change]) -> None:
        channel = await self._hub.channel(lesson)
        if channel is None:
            return
        try:
            await self._hub.write(channel, changes)
        except Refused as refused:
            # The lesson has ended, or is gone: there is nobody left to tell.
            if refused.reason is Reason.FULL:
                raise


def read_order(channel: Channel) -> list[str]:
    """The lesson's pages in order."""
    register = channel.lesson.get("pages")
    if register is None or register.raw == NULL:
        return []
    order: list[str] = json.loads(register.raw)["order"]
    return order


def show(page: str) -> list[Change]:
    """Move to a page."""
    return [Change("slide", json.dumps({"page": page}, separators=(",", ":"))), shown(page)]


def shown(page: str, stamp: Stamp | None = None) -> Change:
    """Remember that a page has been shown: viewers may fetch pages up to the furthest one."""
    return Change(f"shown/{page}", "true", stamp)
