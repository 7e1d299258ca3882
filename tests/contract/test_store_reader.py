"""The store's contract: readers hear every entry, once, in order, and their own probe."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from itertools import pairwise

from app.core.lesson import NULL, START, Lesson, Position
from app.core.stamp import Stamp
from app.store.contract import Change, Entry, Limits, Reader, Store
from tests.support.stores import ABOUT, NOW, Opener, loaded

SECONDS = 4.0

OpenReader = Callable[[Store, str], Awaitable[Reader]]


async def hear(reader: Reader, after: Mapping[str, Position], number: int) -> dict[str, list[Entry]]:
    """Reads until that many entries have come, of all lessons together."""
    heard: dict[str, list[Entry]] = {}
    reader.follow(after)
    async with asyncio.timeout(SECONDS):
        while sum(len(entries) for entries in heard.values()) < number:
            for lesson, entries in (await reader.read()).items():
                heard.setdefault(lesson, []).extend(entries)
    return heard


async def test_entries_come_in_order(store: Store, open_reader: OpenReader, code: str) -> None:
    """Each with its position, its number, and the writes that were applied together."""
    await store.create(code, [ABOUT], NOW)
    stroke, stamp = Change("ink/p/s", '{"n":"é\u2028|\\u0000"}', Stamp(5, 1, "a-B_c")), Stamp(7, 0, "a")
    await store.write(
        code, [stroke, Change("ink/p/s/", NULL, stamp), Change("poll/x", "{}", stamp, 2)], NOW + 1
    )
    await store.write(code, [Change("ink/p/s", "late", Stamp(4, 0, "a"))], NOW + 2)
    await store.write(code, [Change("pointer", '{"x":1}', stamp)], NOW + 2)
    reader = await open_reader(store, "w")
    entries = (await hear(reader, {code: START}, 3))[code]
    assert [(entry.position, entry.number) for entry in entries] == [
        (Position(NOW, 0), 1),
        (Position(NOW + 1, 0), 2),
        (Position(NOW + 2, 0), 3),
    ]
    assert [[tuple(write) for write in entry.writes] for entry in entries] == [
        [("lesson", Stamp(NOW, 0, "server"), ABOUT.raw, 0)],
        [("ink/p/s", stroke.stamp, stroke.raw, 0), ("ink/p/s/", stamp, NULL, 0), ("poll/x", stamp, "{}", 2)],
        [("pointer", stamp, '{"x":1}', 0)],
    ]


async def test_one_key_twice_in_a_request_is_told_twice(
    store: Store, open_reader: OpenReader, code: str
) -> None:
    """In the order of the request, so that a fold does what the store did."""
    await store.create(code, [ABOUT], NOW)
    changes = [
        Change("poll/x", "1", Stamp(1, 0, "a"), 2),
        Change("poll/", NULL, Stamp(2, 0, "a")),
        Change("poll/x", "2", Stamp(3, 0, "a")),
    ]
    await store.write(code, changes, NOW)
    reader = await open_reader(store, "w")
    entry = (await hear(reader, {code: Position(NOW, 0)}, 1))[code][0]
    assert [(write.key, write.raw, write.mark) for write in entry.writes] == [
        ("poll/x", "1", 2),
        ("poll/", NULL, 0),
        ("poll/x", "2", 0),
    ]
    fold = Lesson()
    for each in (await hear(reader, {code: START}, 2))[code]:
        fold.apply(each.position, each.writes)
    assert sorted(fold) == (await loaded(store, code)).registers


async def test_a_reader_goes_on_from_any_position(store: Store, open_reader: OpenReader, code: str) -> None:
    """After it, and nothing again."""
    await store.create(code, [ABOUT], NOW)
    for number in range(1, 6):
        await store.write(code, [Change("slide", str(number))], NOW)
    reader = await open_reader(store, "w")
    entries = (await hear(reader, {code: Position(NOW, 3)}, 2))[code]
    assert [entry.writes[0].raw for entry in entries] == ["4", "5"]
    await store.write(code, [Change("slide", "6")], NOW)
    async with asyncio.timeout(SECONDS):
        assert [entry.number for entry in (await reader.read())[code]] == [7]


async def test_a_write_ends_the_wait(store: Store, open_reader: OpenReader, code: str) -> None:
    """At once, not at the end of a period."""
    await store.create(code, [ABOUT], NOW)
    reader = await open_reader(store, "w")
    hearing = asyncio.create_task(hear(reader, {code: Position(NOW, 0)}, 1))
    await asyncio.sleep(0)
    assert not hearing.done()
    await store.write(code, [Change("slide", "1")], NOW)
    async with asyncio.timeout(2.0):
        assert [entry.number for entry in (await hearing)[code]] == [2]


async def test_many_writers_at_once(store: Store, open_reader: OpenReader, code: str) -> None:
    """Two readers hear all of it in the same order, with numbers without gaps, and fold the same lesson."""
    await store.create(code, [ABOUT], NOW)
    readers = [await open_reader(store, worker) for worker in ("one", "two")]
    hearing = [asyncio.create_task(hear(reader, {code: START}, 61)) for reader in readers]
    await asyncio.gather(*(store.write(code, [Change(f"ink/p/s{n % 7}", str(n))], NOW) for n in range(60)))
    first, second = [(await each)[code] for each in hearing]
    assert first == second
    assert [entry.number for entry in first] == list(range(1, 62))
    assert all(a.position < b.position for a, b in pairwise(first))
    fold = Lesson()
    for entry in first:
        fold.apply(entry.position, entry.writes)
    assert sorted(fold) == (await loaded(store, code)).registers


async def test_one_reader_follows_many_lessons(store: Store, open_reader: OpenReader, code: str) -> None:
    """Each after its own position, and each told under its own name; one that does not exist is quiet."""
    lessons = [f"{code}-{number}" for number in range(30)]
    for lesson in lessons:
        await store.create(lesson, [ABOUT], NOW)
        await store.write(lesson, [Change("slide", f'"{lesson}"')], NOW)
    reader = await open_reader(store, "w")
    heard = await hear(reader, {lesson: Position(NOW, 0) for lesson in [*lessons, code]}, 30)
    assert {lesson: entry.writes[0].raw for lesson, [entry] in heard.items()} == {
        each: f'"{each}"' for each in lessons
    }


async def test_a_probe_is_heard_by_its_worker_alone(store: Store, open_reader: OpenReader, code: str) -> None:
    """It ends the wait of its own reader, once, and comes beside entries, not instead of them."""
    await store.create(code, [ABOUT], NOW)
    mine, other = await open_reader(store, "mine"), await open_reader(store, "other")
    waiting = asyncio.create_task(mine.read())
    await asyncio.sleep(0)
    await store.probe("mine")
    async with asyncio.timeout(SECONDS):
        assert await waiting == {"": []}
        await store.probe("other")
        assert list(await hear(mine, {code: START}, 1)) == [code]
        other.follow({code: START})
        told = await other.read()
        while "" not in told:
            told |= await other.read()
        assert [entry.number for entry in told[code]] == [1]


async def test_a_reader_says_which_life_of_the_store_it_reads(
    store: Store, open_reader: OpenReader, code: str
) -> None:
    """The same that a snapshot names."""
    await store.create(code, [ABOUT], NOW)
    reader = await open_reader(store, "w")
    assert reader.store == (await loaded(store, code)).store


async def test_the_feed_is_bounded(open_store: Opener, open_reader: OpenReader, code: str) -> None:
    """The oldest entries are forgotten; the numbers tell, and the registers are all there."""
    store = open_store(Limits(feed=5))
    await store.create(code, [ABOUT], NOW)
    for number in range(2, 302):
        await store.write(code, [Change(f"ink/p/s{number % 9}", str(number))], NOW + number)
    reader = await open_reader(store, "w")
    entries = (await hear(reader, {code: START}, 5))[code]
    assert 5 <= len(entries) <= 5 + 128  # Redis forgets by whole nodes of its stream
    assert [entry.number for entry in entries] == list(range(302 - len(entries), 302))
    kept = await loaded(store, code)
    assert (kept.number, len(kept.registers)) == (301, 10)
