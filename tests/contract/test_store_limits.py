"""The store's contract: what happens at each bound of a lesson."""

import json

import pytest

from app.core.lesson import NULL
from app.core.poll import Refusal
from app.store.contract import POLL_ROOM, Change, Limits, Reason, Refused
from tests.support.stores import ABOUT, NOW, Opener, counted, refused, values

SMALL = Limits(registers=4, value_bytes=100)
POLL = '{"question":"?","options":["a","b"],"status":"open"}'


async def test_a_lesson_full_of_registers(open_store: Opener, code: str) -> None:
    """Refuses new ones, changes those it has, and deletes."""
    store = open_store(SMALL)
    await store.create(code, [ABOUT, Change("slide", "1"), Change("ink/p/s", "1")], NOW)
    assert await refused(store, code, [Change("ink/p/t", "1"), Change("ink/p/u", "1")]) is Reason.FULL
    await store.write(code, [Change("ink/p/t", "1")], NOW)
    assert await refused(store, code, [Change("ink/p/u", "1")]) is Reason.FULL
    assert await refused(store, code, [Change("slide", "2"), Change("ink/p/u", "1")]) is Reason.FULL
    assert (await store.write(code, [Change("slide", "2")], NOW)).applied == [True]
    assert (await store.write(code, [Change("ink/p/", NULL)], NOW)).applied == [True]
    assert (await store.write(code, [Change("ink/p/u", "1")], NOW)).applied == [True]
    assert await values(store, code) == {"slide": "2", "ink/p/": NULL, "ink/p/u": "1"}


async def test_a_full_lesson_still_turns_its_pages(open_store: Opener, code: str) -> None:
    """What the server notes for itself has room of its own: a page may be shown that never was, and the lesson ended."""
    store = open_store(SMALL)
    await store.create(
        code, [ABOUT, Change("slide", "1"), Change("ink/p/s", "1"), Change("ink/p/t", "1")], NOW
    )
    turn = [Change("slide", "2"), Change("shown/p-2", "true")]
    assert (await store.write(code, turn, NOW)).applied == [True, True]
    assert await refused(store, code, [Change("ink/p/u", "1"), Change("shown/p-3", "true")]) is Reason.FULL
    for number in range(3, 6):
        await store.write(code, [Change(f"shown/p-{number}", "true")], NOW)
    assert await refused(store, code, [Change("shown/p-6", "true")]) is Reason.FULL
    longer = Change("lesson", '"' + "x" * 200 + '"')
    assert (await store.write(code, [longer], NOW, end=True)).applied == [True]


async def test_deletions_are_bounded_too(open_store: Opener, code: str) -> None:
    """Each leaves a tombstone, also of what never was; twice the bound is the end of it, but not of changes."""
    store = open_store(SMALL)
    await store.create(code, [ABOUT], NOW)
    for number in range(7):
        assert (await store.write(code, [Change(f"poll/x{number}", NULL)], NOW)).applied == [True]
    assert await refused(store, code, [Change("poll/x7", NULL)]) is Reason.FULL
    assert await refused(store, code, [Change("slide", "1")]) is Reason.FULL
    for change in (Change("poll/x6", NULL), Change("poll/x5", POLL), Change("lesson", "{}")):
        assert (await store.write(code, [change], NOW)).applied == [True]


async def test_a_lesson_full_of_bytes(open_store: Opener, code: str) -> None:
    """Counted in UTF-8; what gets no longer may change, and deleting makes room."""
    store = open_store(SMALL)
    await store.create(code, [Change("lesson", "{}"), Change("notes/a", '"' + "é" * 40 + '"')], NOW)
    assert await refused(store, code, [Change("notes/b", '"' + "é" * 8 + '"')]) is Reason.FULL
    assert await refused(store, code, [Change("notes/a", '"' + "é" * 49 + '"')]) is Reason.FULL
    assert (await store.write(code, [Change("notes/a", '"' + "è" * 40 + '"')], NOW)).applied == [True]
    assert (await store.write(code, [Change("notes/a", NULL), Change("slide", "1")], NOW)).applied == [
        True,
        True,
    ]
    assert (await store.write(code, [Change("notes/b", '"' + "é" * 8 + '"')], NOW)).applied == [True]


async def test_a_lesson_that_is_full_to_the_byte(open_store: Opener, code: str) -> None:
    """Deletes, though a tombstone is longer than nothing, and changes what gets no longer even then."""
    store = open_store(SMALL)
    await store.create(code, [Change("notes/a", '"' + "x" * 98 + '"')], NOW)
    assert (await store.write(code, [Change("notes/b", NULL)], NOW)).applied == [True]
    assert (await store.write(code, [Change("notes/a", '"' + "y" * 98 + '"')], NOW)).applied == [True]
    assert await refused(store, code, [Change("notes/c", "1")]) is Reason.FULL


@pytest.mark.parametrize("full_of", ["registers", "bytes"])
async def test_what_a_full_lesson_still_does(open_store: Opener, code: str, full_of: str) -> None:
    """Shows any page for the first time, blackens its screen, points, lets the server tell of a deck, deletes and clears; then it draws again."""
    store = open_store(Limits(registers=6, value_bytes=100))
    ink = ["1"] * 5 if full_of == "registers" else ['"' + "x" * 98 + '"']
    await store.create(code, [ABOUT] if full_of == "registers" else [], NOW)
    strokes = [Change(f"ink/p/s{number}", raw) for number, raw in enumerate(ink)]
    await store.write(code, strokes, NOW)
    assert await refused(store, code, [Change("ink/p/t", "1")]) is Reason.FULL
    for key in ("slide", "screen"):
        assert (await store.write(code, [Change(key, '{"page":"p-10"}')], NOW)).applied == [True]
    assert (await store.write(code, [Change("slide", '{"page":"p-1000"}')], NOW)).applied == [True]
    assert (await store.write(code, [Change("pointer", '{"x":1}')], NOW)).applied == [True]
    assert (await store.write(code, [Change("deck/d", '{"done":1}')], NOW)).applied == [True]
    await store.write(code, [Change("ink/p/s0", NULL)], NOW)
    await store.write(code, [Change("ink/", NULL), Change("screen", NULL), Change("pointer", NULL)], NOW)
    await store.write(code, [Change("slide", NULL)], NOW)
    if full_of == "bytes":
        assert (await store.write(code, [Change("ink/p/t", "1")], NOW)).applied == [True]


async def test_a_lesson_that_is_full_to_the_byte_closes_its_polls(open_store: Opener, code: str) -> None:
    """And reveals and opens them again, though `closed` is longer than `open`; it takes no poll more, and that room has an end too."""
    poll, closed = POLL, POLL.replace("open", "closed")
    store = open_store(Limits(value_bytes=len(POLL) + 100, polls=2))
    await store.create(code, [Change("poll/p", poll), Change("notes/a", '"' + "x" * 98 + '"')], NOW)
    for raw in (closed, closed[:-1] + ',"reveal":true}', poll, closed):
        assert (await store.write(code, [Change("poll/p", raw)], NOW)).applied == [True]
    assert await refused(store, code, [Change("poll/q", poll)]) is Reason.FULL
    assert await refused(store, code, [Change("poll/p", poll), Change("notes/b", "1")]) is Reason.FULL
    long = poll.replace("?", "?" * (2 * POLL_ROOM + 2))
    assert await refused(store, code, [Change("poll/p", long)]) is Reason.FULL
    await store.write(code, [Change("poll/p", NULL)], NOW)
    await store.write(code, [Change("notes/b", '"' + "x" * (len(POLL) - 6) + '"')], NOW)
    assert await refused(store, code, [Change("poll/p", poll)]) is Reason.FULL


async def test_a_full_lesson_is_told_of_its_deck(open_store: Opener, code: str) -> None:
    """From the first page to the last, however long the words: what the server says of a deck counts for no bytes."""
    store = open_store(SMALL)
    await store.create(code, [Change("notes/a", '"' + "x" * 98 + '"')], NOW)
    for state in ('{"status":"rendering","done":1}', json.dumps({"status": "ready", "name": "x" * 200})):
        assert (await store.write(code, [Change("deck/d", state)], NOW)).applied == [True]
    await store.append(code, "d", 2, NOW)
    assert (await values(store, code))["pages"] == '{"order":["d-1","d-2"]}'
    assert await refused(store, code, [Change("notes/b", "1")]) is Reason.FULL


async def test_a_stroke_is_one_register(open_store: Opener, code: str) -> None:
    """With the clear of its pieces: a lesson has room for as many strokes as it says."""
    store = open_store(Limits(registers=6))
    await store.create(code, [ABOUT], NOW)
    for number in range(5):
        stroke = f"ink/p/s{number}"
        if number < 4:
            assert (await store.write(code, [Change(f"{stroke}/0", "1")], NOW)).applied == [True]
        done = await store.write(code, [Change(f"{stroke}/", NULL), Change(stroke, "1")], NOW)
        assert done.applied == [True, True]
    assert await refused(store, code, [Change("ink/p/s5", "1"), Change("ink/p/s5/", NULL)]) is Reason.FULL
    assert (await store.write(code, [Change("ink/p/s4/", NULL)], NOW)).applied == [True]
    assert await values(store, code) == {f"ink/p/s{number}": "1" for number in range(5)}


async def test_a_lesson_that_is_full_from_the_start(open_store: Opener, code: str) -> None:
    """Is not created, and the code stays free."""
    store = open_store(SMALL)
    with pytest.raises(Refused) as refusal:
        await store.create(code, [Change(f"notes/n{number}", "1") for number in range(5)], NOW)
    assert refusal.value.reason is Reason.FULL
    assert await store.load(code) is None
    assert await store.create(code, [ABOUT], NOW)


async def test_what_the_server_notes_for_itself_has_room_of_its_own(open_store: Opener, code: str) -> None:
    """A full lesson shows a page that was never shown, and can be ended; that room has an end too."""
    store = open_store(SMALL)
    await store.create(
        code, [ABOUT, Change("slide", "1"), Change("ink/p/s", "1"), Change("ink/p/t", "1")], NOW
    )
    for number in range(4):
        done = await store.write(code, [Change("slide", "2"), Change(f"shown/a-{number}", "1")], NOW)
        assert done.applied == [True, True]
    assert await refused(store, code, [Change("slide", "3"), Change("shown/a-4", "1")]) is Reason.FULL
    assert await refused(store, code, [Change("shown/a-3", "1"), Change("ink/p/u", "1")]) is Reason.FULL
    await store.write(
        code, [Change("lesson", json.dumps({"status": "ended", "more": "x" * 200}))], NOW, end=True
    )


async def test_a_poll_full_of_voters(open_store: Opener, code: str) -> None:
    """Takes no new ones, and lets those it has change their minds; other polls go on."""
    store = open_store(Limits(voters=2))
    poll = json.dumps({"question": "?", "options": ["a", "b"], "status": "open"})
    await store.create(code, [Change("poll/x", poll), Change("poll/y", poll)], NOW)
    told = [await store.vote(code, "x", voter, [0], NOW) for voter in ("a", "b", "c", "a")]
    assert [answer for answer in told if isinstance(answer, Refusal)] == [told[2]] == [Refusal.FULL]
    assert await store.vote(code, "x", "c", [9], NOW) is Refusal.IMPOSSIBLE
    assert isinstance(await store.vote(code, "x", "a", [1], NOW), int)
    assert await store.vote(code, "y", "c", [0], NOW) == 0
    assert await counted(store, code, "x") == ([1, 1], 2)


async def test_a_lesson_has_only_so_many_polls(open_store: Opener, code: str) -> None:
    """One more is refused with a reason of its own and changes nothing; those that are there change; what is deleted makes room."""
    store = open_store(Limits(polls=3))
    await store.create(code, [ABOUT, Change("poll/a", POLL)], NOW)
    await store.write(code, [Change("poll/b", POLL)], NOW)
    assert await refused(store, code, [Change("poll/c", POLL), Change("poll/d", POLL)]) is Reason.POLLS
    await store.write(code, [Change("poll/c", POLL), Change("poll/a", POLL)], NOW)
    assert await refused(store, code, [Change("slide", "1"), Change("poll/d", POLL)]) is Reason.POLLS
    await store.write(code, [Change("poll/c", POLL), Change("slide", "1"), Change("poll/x", NULL)], NOW)
    await store.write(code, [Change("poll/a", NULL)], NOW)
    await store.write(code, [Change("poll/d", POLL)], NOW)
    assert await refused(store, code, [Change("poll/a", POLL)]) is Reason.POLLS
    await store.write(code, [Change("poll/", NULL)], NOW)
    await store.write(code, [Change(f"poll/{name}", POLL) for name in "xyz"], NOW)
    assert await refused(store, code, [Change("poll/a", POLL)]) is Reason.POLLS


async def test_a_lesson_is_not_made_with_too_many_polls(open_store: Opener, code: str) -> None:
    """Its code stays free."""
    store = open_store(Limits(polls=1))
    with pytest.raises(Refused) as refusal:
        await store.create(code, [ABOUT, Change("poll/a", POLL), Change("poll/b", POLL)], NOW)
    assert refusal.value.reason is Reason.POLLS
    assert await store.load(code) is None
