"""Decks that come at the same moment, and orders that are written meanwhile, through two processes: nothing is lost."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.core.pages import PAGES
from scripts.lib.deck import plain_deck
from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.conftest import Serve
from tests.support.wire import assert_problem

ROUNDS = 12


@pytest.fixture
def two(serve: Serve, redis_url: str) -> Iterator[tuple[Server, Server]]:
    """Two servers on one store."""
    with serve(redis_url=redis_url) as first, serve(redis_url=redis_url) as second:
        yield first, second


async def order(teacher: Teacher) -> list[str]:
    """The lesson's pages."""
    pages: dict[str, Any] = (await teacher.registers()).get("pages", {"order": []})
    assert set(pages) == {"order"}
    found: list[str] = pages["order"]
    return found


def deck(name: str, pages: int) -> list[str]:
    """A deck's pages in their order."""
    return [f"{name}-{number}" for number in range(1, pages + 1)]


async def test_two_decks_at_once_are_both_there(two: tuple[Server, Server]) -> None:
    """Each whole and in its order, round after round; in 1 of 20 rounds one of them was lost."""
    first, second = two
    async with first.client() as here, second.client() as there:
        for _ in range(ROUNDS):
            mine = await Teacher.start(here)
            other = Teacher(there, mine.lesson, mine.key, "", "")
            decks = await asyncio.gather(mine.upload(plain_deck(2)), other.upload(plain_deck(3)))
            await asyncio.gather(mine.rendered(decks[0]), other.rendered(decks[1]))
            both = [deck(decks[0], 2), deck(decks[1], 3)]
            assert await order(mine) in (both[0] + both[1], both[1] + both[0])
            registers = await mine.registers()
            assert registers["slide"]["page"] in {f"{decks[0]}-1", f"{decks[1]}-1"}


async def test_orders_written_while_decks_come(two: tuple[Server, Server]) -> None:
    """By a client that has heard of none of them: all are there in the end, behind what it wrote."""
    first, second = two
    async with first.client() as here, second.client() as there:
        mine = await Teacher.start(here)
        other = Teacher(there, mine.lesson, mine.key, "", "")
        done = asyncio.Event()

        async def writing() -> None:
            number = 0
            while not done.is_set():
                number += 1
                await other.write(("pages", {"order": deck("blank", number % 7 + 1), "decks": []}))
            await other.write(("pages", {"order": ["blank-1"], "decks": []}))

        writer = asyncio.create_task(writing())
        decks = await asyncio.gather(*(who.upload(plain_deck(2)) for who in (mine, other, mine, other)))
        for each in decks:
            assert (await mine.rendered(each))["status"] == "ready"
        done.set()
        await writer
        standing = await order(mine)
        assert standing[0] == "blank-1"
        assert sorted(standing[1:]) == sorted(page for each in decks for page in deck(each, 2))


async def test_a_deck_beyond_the_orders_bound_fails_with_a_reason(teacher: Teacher) -> None:
    """The order stays as it is; and a written one that would pass the bound is refused with a type of its own."""
    full = deck("blank", PAGES - 1)
    await teacher.write(("pages", {"order": full}))
    one = await teacher.upload(plain_deck(2))
    failed = await teacher.rendered(one)
    assert failed["status"] == "failed"
    assert "more than 2000 pages" in failed["error"]
    assert await order(teacher) == full
    fits = await teacher.upload(plain_deck(1))
    assert (await teacher.rendered(fits))["status"] == "ready"
    body = {"writes": [{"key": "pages", "value": {"order": deck("blank", PAGES), "decks": []}}]}
    answer = await teacher.http.post(f"{teacher.path}/state", json=body, headers=teacher.auth)
    assert assert_problem(answer, httpx.codes.CONFLICT)["type"] == "/problems/pages-full"
    assert await order(teacher) == [*full, f"{fits}-1"]
