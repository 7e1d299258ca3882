"""What the server writes for decks: their registers, their pages at the end of the order, the first slide.

Rules: everything may be told twice (a deck whose process was killed is drawn again by another) and changes
nothing the second time. The order of pages is never read here to be written back: the store appends to it in one step,
since other decks and the teacher's panels change it too.
"""

import json

from app import metrics
from app.core.lesson import NULL
from app.core.pages import PAGES, deck_of
from app.core.stamp import Stamp
from app.decks import reasons
from app.decks.reasons import Failed
from app.feed.channel import Channel
from app.feed.hub import Hub
from app.store.contract import Change, Reason, Refused


class DeckRegisters:
    """The decks' sink. Raises StoreUnavailable, which decks try again."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def progress(self, lesson: str, deck: str, value: dict[str, object]) -> None:
        """Write the register `deck/<id>`; a deck that is ready stays it, whatever a process that was stopped for long says."""
        if value["status"] != "ready" and await self._is_ready(lesson, deck):
            return
        raw = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        await self._write(lesson, [Change(f"deck/{deck}", raw)])
        if value["status"] in {"ready", "failed"}:
            metrics.DECKS.labels(value["status"]).inc()

    async def ready_pages(self, lesson: str, deck: str, pages: int) -> None:
        """Append the pages to the order, and show the first where nothing is shown yet."""
        channel = await self._hub.channel(lesson)
        if channel is None:
            return
        try:
            await self._hub.append(channel, deck, pages)
        except Refused as refused:
            if refused.reason is Reason.PAGES:
                raise Failed(reasons.PAGES_FULL.format(limit=PAGES)) from None

    async def _is_ready(self, lesson: str, deck: str) -> bool:
        channel = await self._hub.channel(lesson)
        register = channel.lesson.get(f"deck/{deck}") if channel else None
        return register is not None and (json.loads(register.raw) or {}).get("status") == "ready"

    async def standing(self, lesson: str, deck: str) -> dict[str, object] | None:
        """The deck's register, where the order has had its pages; a deck of an older server has no `appended/`."""
        channel = await self._hub.channel(lesson)
        if channel is None:
            return None
        register = channel.lesson.get(f"deck/{deck}")
        if register is None or register.raw == NULL:
            return None
        there = channel.lesson.get(f"appended/{deck}") or any(
            deck_of(page) == deck for page in read_order(channel)
        )
        value: dict[str, object] = json.loads(register.raw)
        return value if there else None

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


def shown(page: str, stamp: Stamp | None = None) -> Change:
    """Remember that a page has been shown: viewers may fetch pages up to the furthest one."""
    return Change(f"shown/{page}", "true", stamp)
