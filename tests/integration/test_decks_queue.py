"""The queue: bounded, in order, one deck at a time."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.decks.limits import Limits
from app.decks.reasons import Busy, TooLarge
from scripts.lib.deck import plain_deck
from tests.support.decks import Ledger, MemoryClaims, sent, serving, until, workers
from tests.support.hostile_pdfs import endless


async def test_decks_are_drawn_one_after_the_other(tmp_path: Path) -> None:
    """Those that wait have nothing done, and take their turn in the order they came."""
    ledger = Ledger()
    async with serving(tmp_path, ledger) as decks:
        ids = [await decks.submit("k7p4qx", f"deck {n}", sent(plain_deck(4))) for n in range(3)]
        assert [ledger.last(deck)["done"] for deck in ids[1:]] == [0, 0]
        seen: set[int] = set()

        def ended() -> bool:
            seen.add(len(workers()))
            return all(ledger.last(deck)["status"] == "ready" for deck in ids)

        await until(ended)
    assert max(seen) == 1
    ends = [deck for _, deck, value in ledger.told if value["status"] == "ready"]
    assert ends == ids


async def test_one_deck_too_many_is_refused(tmp_path: Path) -> None:
    """And what is in hand goes on; once there is room again, so does the next."""
    ledger = Ledger()
    async with serving(tmp_path, ledger, limits=Limits(waiting=2)) as decks:
        ids = [await decks.submit("k7p4qx", "deck", sent(plain_deck(2))) for _ in range(2)]
        with pytest.raises(Busy, match="Try again in a minute"):
            await decks.submit("k7p4qx", "deck", sent(plain_deck(1)))
        for deck in ids:
            assert (await ledger.end(deck))["status"] == "ready"
        last = await decks.submit("k7p4qx", "deck", sent(plain_deck(1)))
        assert (await ledger.end(last))["status"] == "ready"


async def test_an_upload_takes_its_place_once_it_is_here(tmp_path: Path) -> None:
    """Many slow ones keep nobody out; one that comes to its end when all places are taken is refused."""
    more = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield plain_deck(1)
        await more.wait()

    ledger = Ledger()
    async with serving(tmp_path, ledger, limits=Limits(waiting=1)) as decks:
        uploads = [asyncio.create_task(decks.submit("k7p4qx", "slow", slow())) for _ in range(9)]
        await asyncio.sleep(0)
        deck = await decks.submit("k7p4qx", "deck", sent(plain_deck(1)))
        assert (await ledger.end(deck))["status"] == "ready"
        await until(lambda: not decks.in_hand)
        more.set()
        taken = await asyncio.gather(*uploads, return_exceptions=True)
        assert [type(each) for each in taken if not isinstance(each, str)] == [Busy] * 8


async def test_a_refused_upload_leaves_nothing(tmp_path: Path) -> None:
    """No register, no object, no claim."""
    ledger, claims = Ledger(), MemoryClaims()
    async with serving(tmp_path, ledger, claims, Limits(upload_bytes=1000)) as decks:
        with pytest.raises(TooLarge):
            await decks.submit("k7p4qx", "deck", sent(plain_deck(5)))
    assert ledger.told == []
    assert claims.unfinished == set()
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


async def test_a_deck_that_could_not_be_announced_is_nobodys(tmp_path: Path) -> None:
    """The teacher got an error and sends it again; the first must not appear later on its own."""
    ledger, claims = Ledger(), MemoryClaims()
    ledger.broken = ConnectionError("gone")
    async with serving(tmp_path, ledger, claims) as decks:
        with pytest.raises(ConnectionError):
            await decks.submit("k7p4qx", "deck", sent(plain_deck(1)))
        await until(lambda: not claims.unfinished)
        ledger.broken = None
        deck = await decks.submit("k7p4qx", "deck", sent(plain_deck(1)))
        assert (await ledger.end(deck))["status"] == "ready"


async def test_an_id_that_is_taken_is_not_given_again(tmp_path: Path) -> None:
    """Pages are cached for a year under it."""
    ledger = Ledger()
    ids = iter(["aaaaaa", "aaaaaa", "bbbbbb"])
    async with serving(tmp_path, ledger, new_id=lambda: next(ids)) as decks:
        assert await decks.submit("k7p4qx", "one", sent(plain_deck(1))) == "aaaaaa"
        assert await decks.submit("k7p4qx", "two", sent(plain_deck(1))) == "bbbbbb"
        await asyncio.gather(ledger.end("aaaaaa"), ledger.end("bbbbbb"))


async def test_a_server_that_stops_takes_no_more(tmp_path: Path) -> None:
    """It ends at once, whatever is being drawn and whatever waits."""
    ledger, claims = Ledger(), MemoryClaims()
    async with serving(tmp_path, ledger, claims) as decks:
        drawn = await decks.submit("k7p4qx", "long", sent(endless()))
        waits = await decks.submit("k7p4qx", "next", sent(plain_deck(1)))
        await until(lambda: len(workers()) == 1)
        async with asyncio.timeout(5):
            await decks.stop()
        assert workers() == []
        with pytest.raises(Busy):
            await decks.submit("k7p4qx", "late", sent(plain_deck(1)))
        assert claims.unfinished == {drawn, waits}, "both are somebody's to finish"
