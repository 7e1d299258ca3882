"""The order of a lesson's pages, `{"order": [...]}`: what a writer of it cannot have known is put back. Pure.

Rules:
- A write replaces the whole order, and its writer may not have heard of a deck whose pages came a moment before. A
  deck that has been appended (`appended/<deck>`) and that its writer did not know keeps its pages: they stand at the
  end, in their present order. So no deck is lost by a race, and what a teacher took out stays out.
- A writer knows a deck whose page the order names, or which `decks` beside it names; a client that never sends
  `decks` is taken to know what was appended `HEARD_MS` before its write's stamp. So a whole deck can be taken out.
- The writes of one request come from one writer: what one of them knows, all know.
- `decks` is for this alone and is not kept.

`app/store/lua/pages.lua` says the same where it must be atomic.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from app.core.stamp import Stamp

PAGES = 2_000  # in one order
HEARD_MS = 10_000


class Late(NamedTuple):
    """A page that stands in the order, of a deck that the writer did not know, and when that was appended (ms)."""

    page: str
    appended: int


class Order(NamedTuple):
    """A written order; `decks` None where the writer does not say which decks it knows."""

    pages: list[str]
    decks: list[str] | None


def deck_of(page: str) -> str:
    """The deck of a page's id; `blank` for those without one."""
    return page.rpartition("-")[0]


def parse_order(raw: str) -> Order | None:
    """The order in a register's value; None for what is no order. A deleted one is empty."""
    value = json.loads(raw)
    if value is None:
        return Order([], None)
    if not isinstance(value, dict) or not isinstance(value.get("order"), list):
        return None
    decks = value.get("decks")
    return Order(value["order"], decks if isinstance(decks, list) else None)


def encode(pages: Sequence[str]) -> str:
    """The register's value."""
    return json.dumps({"order": pages}, separators=(",", ":"))


def late(written: Iterable[Order], present: str | None, appended: Callable[[str], int | None]) -> list[Late]:
    """The pages that the writer of these orders may not have known, as they stand in the present value."""
    standing = parse_order(present) if present is not None else None
    known = {deck for order in written for deck in [*map(deck_of, order.pages), *(order.decks or ())]}
    pages = [page for page in (standing.pages if standing else []) if deck_of(page) not in known]
    when = {deck: appended(deck) for deck in {deck_of(page) for page in pages}}
    return [Late(page, at) for page in pages if (at := when[deck_of(page)]) is not None]


def merged(raw: str, stamp: Stamp, missing: Sequence[Late]) -> str:
    """A written value with the pages that its writer cannot have known, and without `decks`."""
    order = parse_order(raw)
    if order is None:
        return raw
    says = order.decks is not None
    added = [page for page, appended in missing if says or stamp.ms <= appended + HEARD_MS]
    return encode([*order.pages, *added]) if says or added else raw


def with_deck(present: str | None, deck: str, pages: int) -> tuple[list[str], bool]:
    """The order with a deck's pages at its end, those that were missing; whether any was."""
    standing = parse_order(present) if present is not None else None
    order = standing.pages if standing else []
    there = set(order)
    new = [page for number in range(1, pages + 1) if (page := f"{deck}-{number}") not in there]
    return [*order, *new], bool(new)
