"""The order of pages in a store: a deck's pages come once, and nobody loses what another could not know."""

import json
from collections.abc import Awaitable, Callable, Sequence

import pytest

from app.core.pages import HEARD_MS
from app.core.stamp import COUNTER_MAX, Stamp
from app.store.contract import Change, Limits, Reader, Reason, Refused, Store
from tests.support.stores import ABOUT, NOW, Opener, loaded, refused, register, values


def pages(*order: str, decks: Sequence[str] | None = None, stamp: Stamp | None = None) -> Change:
    """A write of the order."""
    value = {"order": list(order)} | ({} if decks is None else {"decks": list(decks)})
    return Change("pages", json.dumps(value, separators=(",", ":")), stamp)


async def order(store: Store, code: str) -> list[str]:
    """The order that the store has."""
    found: list[str] = json.loads((await values(store, code))["pages"])["order"]
    return found


@pytest.fixture
async def lesson(store: Store, code: str) -> str:
    """A lesson with one deck of three pages."""
    await store.create(code, [ABOUT], NOW)
    await store.append(code, "aaaaaa", 3, NOW)
    return code


async def test_a_decks_pages_come_at_the_end_and_the_first_is_shown(store: Store, lesson: str) -> None:
    """In one entry of the feed; a second deck shows nothing anew."""
    assert await values(store, lesson) == {
        "appended/aaaaaa": "true",
        "pages": '{"order":["aaaaaa-1","aaaaaa-2","aaaaaa-3"]}',
        "slide": '{"page":"aaaaaa-1"}',
        "shown/aaaaaa-1": "true",
    }
    assert (await loaded(store, lesson)).number == 2
    position = await store.append(lesson, "bbbbbb", 2, NOW)
    assert position == (await loaded(store, lesson)).position
    assert await order(store, lesson) == ["aaaaaa-1", "aaaaaa-2", "aaaaaa-3", "bbbbbb-1", "bbbbbb-2"]
    assert (await values(store, lesson))["slide"] == '{"page":"aaaaaa-1"}'


async def test_told_again_it_changes_nothing(store: Store, lesson: str) -> None:
    """A deck is drawn again by another process; what a teacher took out meanwhile stays out, all of it too."""
    await store.write(lesson, [pages("aaaaaa-3", "aaaaaa-1")], NOW + 1)
    before = await loaded(store, lesson)
    await store.append(lesson, "aaaaaa", 3, NOW + 2)
    assert await loaded(store, lesson) == before
    await store.write(lesson, [pages("blank-1", decks=["aaaaaa"]), Change("slide", "null")], NOW + 3)
    await store.append(lesson, "aaaaaa", 3, NOW + 4)
    assert await order(store, lesson) == ["blank-1"]


async def test_an_order_by_one_who_has_not_heard_of_a_deck_keeps_it(store: Store, lesson: str) -> None:
    """Stamped before the append or after it, or by the server; at the end, in their order, under the write's stamp."""
    await store.append(lesson, "bbbbbb", 3, NOW)
    await store.write(lesson, [pages("bbbbbb-3", "bbbbbb-1", "aaaaaa-1")], NOW + 1)
    for stamp in (Stamp(NOW + 2, 0, "panel"), None):
        outcome = await store.write(lesson, [pages("aaaaaa-1", "blank-1", stamp=stamp)], NOW + 2)
        assert outcome.applied == [True]
        kept = await register(store, lesson, "pages")
        assert kept is not None
        assert kept.stamp == outcome.stamps[0]
        assert json.loads(kept.raw) == {"order": ["aaaaaa-1", "blank-1", "bbbbbb-3", "bbbbbb-1"]}


async def test_a_move_from_before_an_append_still_wins(store: Store, lesson: str) -> None:
    """The append's stamp is the smallest that beats what was there, so a move that was under way is merged, not lost."""
    await store.write(
        lesson, [pages("aaaaaa-2", "aaaaaa-1", "aaaaaa-3", stamp=Stamp(NOW - 500, 7, "panel"))], NOW
    )
    await store.write(lesson, [pages("aaaaaa-3", "aaaaaa-1", stamp=Stamp(NOW + 10, 0, "panel"))], NOW)
    await store.append(lesson, "bbbbbb", 1, NOW + 400)
    assert (await register(store, lesson, "pages") or [None, None])[1] == Stamp(NOW + 10, 1, "server")
    late = pages("aaaaaa-1", "aaaaaa-3", stamp=Stamp(NOW + 20, 0, "panel"))
    assert (await store.write(lesson, [late], NOW + 410)).applied == [True]
    assert await order(store, lesson) == ["aaaaaa-1", "aaaaaa-3", "bbbbbb-1"]
    stale = pages("aaaaaa-2", stamp=Stamp(NOW + 10, 1, "a"))
    assert (await store.write(lesson, [stale], NOW + 420)).applied == [False]
    assert await order(store, lesson) == ["aaaaaa-1", "aaaaaa-3", "bbbbbb-1"]


async def test_a_deck_that_is_known_can_be_taken_out(store: Store, lesson: str) -> None:
    """By who names it; by who shows one of its pages, page by page; `decks` is not kept."""
    await store.append(lesson, "bbbbbb", 2, NOW)
    await store.write(lesson, [pages("bbbbbb-2", "aaaaaa-1", decks=["aaaaaa"])], NOW + 1)
    assert await order(store, lesson) == ["bbbbbb-2", "aaaaaa-1"]
    await store.write(lesson, [pages("aaaaaa-1", decks=["aaaaaa", "bbbbbb"])], NOW + 2)
    assert (await values(store, lesson))["pages"] == '{"order":["aaaaaa-1"]}'
    await store.write(lesson, [pages(decks=["aaaaaa"])], NOW + 3)
    assert (await values(store, lesson))["pages"] == '{"order":[]}'
    await store.append(lesson, "cccccc", 1, NOW + 4)
    await store.write(lesson, [pages("blank-1", decks=[])], NOW + 2 * HEARD_MS)
    assert await order(store, lesson) == ["blank-1", "cccccc-1"], "who names decks, names all"


async def test_a_client_that_names_no_decks_has_heard_after_a_while(store: Store, lesson: str) -> None:
    """Ten seconds after the append, by the stamps; until then it has not."""
    await store.write(lesson, [pages("blank-1")], NOW + HEARD_MS)
    assert await order(store, lesson) == ["blank-1", "aaaaaa-1", "aaaaaa-2", "aaaaaa-3"]
    await store.write(lesson, [pages("blank-1", stamp=Stamp(NOW + HEARD_MS + 1, 0, "a"))], NOW + HEARD_MS)
    assert await order(store, lesson) == ["blank-1"]


async def test_a_deleted_order_keeps_what_its_writer_did_not_know(store: Store, lesson: str) -> None:
    """A null is an order without pages."""
    await store.write(lesson, [Change("pages", "null")], NOW)
    assert await order(store, lesson) == ["aaaaaa-1", "aaaaaa-2", "aaaaaa-3"]
    await store.write(lesson, [Change("pages", "null")], NOW + HEARD_MS + 1)
    assert (await values(store, lesson))["pages"] == "null"
    await store.append(lesson, "bbbbbb", 1, NOW + HEARD_MS + 2)
    assert await order(store, lesson) == ["bbbbbb-1"]


async def test_one_request_comes_from_one_writer(store: Store, lesson: str) -> None:
    """What one of its writes knows, all know; and each is merged with what was there before the request."""
    await store.append(lesson, "bbbbbb", 1, NOW)
    known = pages("blank-1", decks=["aaaaaa"], stamp=Stamp(NOW + 1, 0, "a"))
    await store.write(lesson, [known, pages("blank-2", stamp=Stamp(NOW + 2, 0, "a"))], NOW + 2)
    assert await order(store, lesson) == ["blank-2", "bbbbbb-1"]


async def test_an_order_has_a_bound_for_everybody(open_store: Opener, code: str) -> None:
    """Blank pages count; a deck that does not fit is refused whole, and so is an order that would not with what is merged."""
    store = open_store(Limits(pages=5))
    await store.create(code, [ABOUT, pages("blank-1", "blank-2")], NOW)
    await store.append(code, "aaaaaa", 2, NOW)
    before = await loaded(store, code)
    with pytest.raises(Refused) as full:
        await store.append(code, "bbbbbb", 2, NOW)
    assert full.value.reason is Reason.PAGES
    assert await loaded(store, code) == before
    unknowing = pages("blank-1", "blank-2", "blank-3", "blank-4")
    assert await refused(store, code, [unknowing]) is Reason.PAGES
    assert await refused(store, code, [Change("timer", "null"), unknowing]) is Reason.PAGES
    await store.write(code, [pages("blank-1", "blank-2", "blank-3", "blank-4", decks=["aaaaaa"])], NOW)
    await store.append(code, "bbbbbb", 1, NOW)
    assert len(await order(store, code)) == 5


async def test_an_append_needs_a_living_lesson(store: Store, code: str) -> None:
    """One that is not there, or has ended, is refused as any write is."""
    with pytest.raises(Refused) as unknown:
        await store.append(code, "aaaaaa", 1, NOW)
    assert unknown.value.reason is Reason.UNKNOWN
    await store.create(code, [ABOUT], NOW)
    await store.write(code, [], NOW, end=True)
    with pytest.raises(Refused) as ended:
        await store.append(code, "aaaaaa", 1, NOW)
    assert ended.value.reason is Reason.ENDED


async def test_what_the_server_stamps_next_beats_an_append(store: Store, lesson: str) -> None:
    """Also where the counter had come to its end."""
    await store.write(lesson, [pages("aaaaaa-1", stamp=Stamp(NOW + 50, COUNTER_MAX, "a"))], NOW)
    await store.append(lesson, "bbbbbb", 1, NOW)
    assert (await store.write(lesson, [pages("bbbbbb-1", "aaaaaa-2")], NOW)).applied == [True]
    assert await order(store, lesson) == ["bbbbbb-1", "aaaaaa-2"]


async def test_many_orders_in_one_request_are_told_as_one(
    store: Store, code: str, open_reader: Callable[[Store, str], Awaitable[Reader]]
) -> None:
    """A feed that keeps a thousand entries would hold gigabytes: each short order gets the pages that its writer left out."""
    await store.create(code, [ABOUT], NOW)
    for deck in ("aaaaaa", "bbbbbb"):
        await store.append(code, deck, 300, NOW)
    position = (await loaded(store, code)).position
    orders = [pages(f"blank-{number}", decks=[]) for number in range(1, 256)]
    orders.insert(100, Change("slide", '{"page":"blank-1"}'))
    outcome = await store.write(code, orders, NOW)
    assert outcome.applied == [True] * 256
    assert len(await order(store, code)) == 601
    reader = await open_reader(store, "w")
    reader.follow({code: position})
    [entry] = (await reader.read())[code]
    assert [write.key for write in entry.writes] == ["pages", "slide"]
    assert entry.writes[0].stamp == outcome.stamps[-1]
    assert json.loads(entry.writes[0].raw)["order"] == await order(store, code)
