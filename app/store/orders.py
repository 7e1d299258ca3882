"""The order of pages in the store in memory: `core/pages.py`, asked of a lesson's registers.

Rules: nothing is applied here; what is to be applied is returned, so that the store does it in one step.
"""

from collections.abc import Sequence

from app.core.lesson import NULL, Lesson, Write
from app.core.pages import Late, encode, late, parse_order, with_deck
from app.core.stamp import LessonClock
from app.store.contract import Change, Reason, Refused


def lacking(lesson: Lesson, changes: Sequence[Change], most: int) -> list[Late]:
    """The pages that a request's writes of `pages` lack. Raises Refused."""
    orders = [order for change in changes if change.key == "pages" and (order := parse_order(change.raw))]
    if not orders:
        return []
    present = lesson.get("pages")

    def appended(deck: str) -> int | None:
        told = lesson.get(f"appended/{deck}")
        return told.stamp.ms if told else None

    found = late(orders, present.raw if present else None, appended)
    if any(len(order.pages) + len(found) > most for order in orders):
        raise Refused(Reason.PAGES)
    return found


def appending(lesson: Lesson, clock: LessonClock, deck: str, pages: int, most: int, now: int) -> list[Write]:
    """What puts a deck's pages at the end, and shows the first where nothing is; nothing when told again. Raises Refused."""
    if lesson.get(f"appended/{deck}"):
        return []
    register, slide = lesson.get("pages"), lesson.get("slide")
    order, new = with_deck(register.raw if register else None, deck, pages)
    if new and len(order) > most:
        raise Refused(Reason.PAGES)

    def after(key: str, raw: str) -> Write:
        beaten = lesson.get(key)
        return Write(key, clock.after(beaten.stamp if beaten else None), raw)

    writes = [Write(f"appended/{deck}", clock.stamp(None, now), "true")]
    if new:
        writes.append(after("pages", encode(order)))
    if slide is None or slide.raw == NULL:
        writes += [after("slide", f'{{"page":"{deck}-1"}}'), after(f"shown/{deck}-1", "true")]
    return writes
