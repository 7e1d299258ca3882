"""The store's contract: votes, and the tallies that are made of them.

Rules: the pace of tallies is the store's own clock, so these tests wait; no other time in them passes by itself.
"""

import asyncio
import json
import time
from collections.abc import Sequence

import pytest

from app.core.lesson import NULL
from app.core.poll import Refusal
from app.core.stamp import AHEAD_MS, Stamp
from app.store.contract import Change, Limits, Store
from tests.support.stores import ABOUT, NOW, Opener, counted, loaded, register

PERIOD_MS = 500


def poll(status: str, *, multiple: bool = False, options: int = 3) -> str:
    """A poll."""
    return json.dumps({"question": "?", "options": ["o"] * options, "multiple": multiple, "status": status})


async def ask(store: Store, code: str, raw: str = poll("open")) -> None:
    """A lesson with one poll, `x`."""
    await store.create(code, [ABOUT, Change("poll/x", raw)], NOW)


async def tally(store: Store, code: str) -> dict[str, object] | None:
    """The tally as published."""
    kept = await register(store, code, "tally/x")
    value: dict[str, object] | None = json.loads(kept.raw) if kept else None
    return value


async def until_published(store: Store, code: str, due: Refusal | int) -> None:
    """Ask again when told to, as a worker does."""
    while due:
        assert isinstance(due, int)
        assert 0 < due <= PERIOD_MS
        await asyncio.sleep(due / 1000)
        due = await store.publish(code, NOW)


@pytest.mark.parametrize(
    ("raw", "choices", "refusal"),
    [
        (poll("open"), [3], Refusal.IMPOSSIBLE),
        (poll("open"), [-1], Refusal.IMPOSSIBLE),
        (poll("open"), [2**70], Refusal.IMPOSSIBLE),
        (poll("open"), [], Refusal.IMPOSSIBLE),
        (poll("open"), [0, 1], Refusal.IMPOSSIBLE),
        (poll("open", multiple=True), [1, 1], Refusal.IMPOSSIBLE),
        (poll("open", multiple=True), [], Refusal.IMPOSSIBLE),
        (poll("closed"), [0], Refusal.CLOSED),
        (poll("closed"), [7], Refusal.CLOSED),
        (poll("draft"), [0], Refusal.UNKNOWN),
        (poll("draft"), [7], Refusal.UNKNOWN),
        (NULL, [0], Refusal.UNKNOWN),
    ],
)
async def test_a_vote_that_does_not_count(
    store: Store, code: str, raw: str, choices: Sequence[int], refusal: Refusal
) -> None:
    """Is refused with the reason, and changes nothing."""
    await ask(store, code, raw)
    before = await loaded(store, code)
    assert await store.vote(code, "x", "v", choices, NOW) is refusal
    assert await loaded(store, code) == before
    assert await counted(store, code, "x") == ([], 0)


async def test_a_poll_or_lesson_that_does_not_exist(store: Store, code: str) -> None:
    """Is as unknown as a draft."""
    assert await store.vote(code, "x", "v", [0], NOW) is Refusal.UNKNOWN
    await ask(store, code)
    assert await store.vote(code, "y", "v", [0], NOW) is Refusal.UNKNOWN
    await store.write(code, [Change("poll/", NULL)], NOW)
    assert await store.vote(code, "x", "v", [0], NOW) is Refusal.UNKNOWN


async def test_a_lesson_that_has_ended_takes_no_votes(store: Store, code: str) -> None:
    """Its polls are closed; drafts are as unknown as before."""
    await ask(store, code)
    await store.write(code, [Change("poll/y", poll("draft"))], NOW, end=True)
    assert await store.vote(code, "x", "v", [0], NOW) is Refusal.CLOSED
    assert await store.vote(code, "x", "v", [9], NOW) is Refusal.CLOSED
    assert await store.vote(code, "y", "v", [0], NOW) is Refusal.UNKNOWN


async def test_the_first_vote_is_published_at_once(store: Store, code: str) -> None:
    """In a register of the server's own, whose stamp is after everything."""
    await ask(store, code)
    ahead = Stamp(NOW + AHEAD_MS, 7, "a")
    await store.write(code, [Change("slide", "1", ahead)], NOW)
    assert await store.vote(code, "x", "v", [1], NOW) == 0
    assert await tally(store, code) == {"counts": [0, 1, 0], "voters": 1}
    published = await register(store, code, "tally/x")
    assert published is not None
    assert published.stamp == Stamp(NOW + AHEAD_MS, 8, "server")
    assert published.position == (await loaded(store, code)).position


async def test_a_new_vote_replaces_the_old(store: Store, code: str) -> None:
    """However often: a voter is counted once, for what was chosen last."""
    await ask(store, code, poll("open", multiple=True))
    steps: list[tuple[list[int], list[int]]] = [
        ([2], [0, 0, 1]),
        ([0], [1]),
        ([0, 1], [1, 1]),
        ([1, 0], [1, 1]),
    ]
    for choices, counts in steps:
        await until_published(store, code, await store.vote(code, "x", "v", choices, NOW))
        assert await counted(store, code, "x") == (counts, 1)
        assert await tally(store, code) == {"counts": [*counts, 0, 0][:3], "voters": 1}


async def test_the_same_vote_again_publishes_nothing(store: Store, code: str) -> None:
    """A repeated request is no news."""
    await ask(store, code)
    assert await store.vote(code, "x", "v", [1], NOW) == 0
    before = await loaded(store, code)
    assert await store.vote(code, "x", "v", [1], NOW + 9_000) == 0
    assert await loaded(store, code) == before


async def test_voters_and_polls_are_kept_apart(store: Store, code: str) -> None:
    """By voter, by poll, by lesson."""
    await ask(store, code)
    await store.write(code, [Change("poll/y", poll("open"))], NOW)
    for lesson in (code, code + "b"):
        await ask(store, lesson)
        for voter, choice in (("a", 0), ("b", 0), ("A", 2)):
            await store.vote(lesson, "x", voter, [choice], NOW)
    await store.vote(code, "y", "a", [1], NOW)
    assert await counted(store, code, "x") == await counted(store, code + "b", "x") == ([2, 0, 1], 3)
    assert await counted(store, code, "y") == ([0, 1], 1)


@pytest.mark.parametrize("skews", [[0], [0, -2_000, 3_000_000, -3_600_000]])
async def test_a_tally_is_published_at_most_twice_a_second(
    store: Store, code: str, skews: Sequence[int]
) -> None:
    """And the last one always: a storm of votes by workers whose clocks differ, and callers who ask again when told to."""
    await ask(store, code)
    published, began = [], time.monotonic()
    due: Refusal | int = 0
    number = 0
    while time.monotonic() - began < 3 * PERIOD_MS / 1000:
        due = await store.vote(code, "x", f"v{number}", [number % 3], NOW + skews[number % len(skews)])
        number += 1
        published.append(str(await tally(store, code)))
        await asyncio.sleep(0.005)
    assert len(set(published)) <= (time.monotonic() - began) * 2 + 1
    await until_published(store, code, due)
    counts, voters = await counted(store, code, "x")
    assert await tally(store, code) == {"counts": counts, "voters": voters}
    assert voters == number


async def test_publishing_waits_until_it_is_due(store: Store, code: str) -> None:
    """And then there is nothing left to publish."""
    await ask(store, code)
    assert await store.vote(code, "x", "a", [0], NOW) == 0
    due = await store.vote(code, "x", "b", [0], NOW + 9_000)
    assert due
    assert await tally(store, code) == {"counts": [1, 0, 0], "voters": 1}
    await until_published(store, code, due)
    assert await tally(store, code) == {"counts": [2, 0, 0], "voters": 2}
    number = (await loaded(store, code)).number
    assert await store.publish(code, NOW + 5_000) == 0
    assert (await loaded(store, code)).number == number


@pytest.mark.parametrize("last", ["closed", "end"])
async def test_the_last_votes_are_published_after_the_poll(store: Store, code: str, last: str) -> None:
    """Acknowledged is counted, also when the poll was closed or the lesson ended right after."""
    await ask(store, code)
    await store.vote(code, "x", "a", [0], NOW)
    due = await store.vote(code, "x", "b", [2], NOW + 1)
    await store.write(code, [Change("poll/x", poll("closed"))], NOW + 2, end=last == "end")
    await until_published(store, code, due)
    assert await tally(store, code) == {"counts": [1, 0, 1], "voters": 2}


async def test_votes_survive_what_becomes_of_the_poll(store: Store, code: str) -> None:
    """Closed, drafted and opened again, also with fewer options: nobody's vote is lost."""
    await ask(store, code)
    await store.vote(code, "x", "a", [0], NOW)
    due = await store.vote(code, "x", "b", [2], NOW + 1)
    for number, raw in enumerate([poll("closed"), poll("draft")], 1):
        await store.write(code, [Change("poll/x", raw)], NOW + number)
        assert await counted(store, code, "x") == ([1, 0, 1], 2)
    await store.write(code, [Change("poll/x", poll("open", options=2))], NOW + 1_001)
    await until_published(store, code, due)
    assert await tally(store, code) == {"counts": [1, 0], "voters": 2}


@pytest.mark.parametrize("key", ["poll/x", "poll/"])
async def test_a_deleted_poll_takes_its_votes_along(store: Store, code: str, key: str) -> None:
    """Its id can be used again: nothing has been chosen in the new one, by nobody."""
    await ask(store, code)
    await store.write(code, [Change("poll/y", poll("open"))], NOW)
    for voter in ("a", "b"):
        await store.vote(code, "x", voter, [2], NOW)
    gone = await store.write(code, [Change(key, NULL)], NOW + 1)
    assert gone.applied == [True]
    assert await counted(store, code, "x") == ([], 0)
    await store.write(code, [Change("poll/x", poll("open"))], NOW + 2)
    assert await tally(store, code) is None
    assert await store.publish(code, NOW + 3) == 0
    assert await tally(store, code) is None
    await until_published(store, code, await store.vote(code, "x", "a", [0], NOW + 4))
    await until_published(store, code, await store.vote(code, "x", "a", [1], NOW + 5))
    assert await tally(store, code) == {"counts": [0, 1, 0], "voters": 1}
    assert await counted(store, code, "x") == ([0, 1], 1)


async def test_a_delete_that_is_beaten_takes_no_votes(store: Store, code: str) -> None:
    """One that was sent late, after the poll had been written again."""
    await ask(store, code)
    await store.vote(code, "x", "a", [2], NOW)
    for key in ("poll/x", "poll/"):
        await store.write(code, [Change(key, NULL, Stamp(NOW - 1, 0, "p"))], NOW + 1)
        assert await counted(store, code, "x") == ([0, 0, 1], 1)
    assert await tally(store, code) == {"counts": [0, 0, 1], "voters": 1}


async def test_a_poll_has_only_so_many_voters(open_store: Opener, code: str) -> None:
    """One more is refused and counts for nothing; those who have voted may change their vote."""
    store = open_store(Limits(voters=2))
    await ask(store, code)
    await store.vote(code, "x", "ann", [0], NOW)
    await store.vote(code, "x", "ben", [0], NOW)
    assert await store.vote(code, "x", "cas", [0], NOW) is Refusal.FULL
    assert isinstance(await store.vote(code, "x", "ann", [1], NOW), int)
    assert await counted(store, code, "x") == ([1, 1], 2)
