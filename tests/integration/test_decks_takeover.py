"""A deck outlives the process that draws it."""

import logging
from pathlib import Path

import pytest

from app.decks import progress
from app.decks.limits import Limits
from scripts.lib.deck import plain_deck
from tests.support.decks import Ledger, MemoryClaims, sent, serving, until
from tests.support.hostile_pdfs import endless

QUICK = Limits(renew_seconds=0.1, takeover_seconds=0.1)
LAPSE = 1.5  # long enough for a loop on a busy machine to renew in time


async def test_a_deck_whose_server_stopped_is_drawn_by_another(tmp_path: Path) -> None:
    """Once its claim has lapsed; from the stored PDF, under the same id and name, for the same lesson."""
    ledger, claims = Ledger(), MemoryClaims(LAPSE)
    async with serving(tmp_path, ledger, claims, QUICK) as first:
        blocks = await first.submit("k7p4qx", "long", sent(endless(before=1)))
        deck = await first.submit("k7p4qx", "Trees", sent(plain_deck(3)))
        await until(lambda: ledger.last(blocks)["done"] == 1)
    await claims.release(blocks)
    assert claims.unfinished == {deck}
    async with serving(tmp_path, ledger, claims, QUICK) as second:
        end = await ledger.end(deck)
        assert end == end | {"name": "Trees", "status": "ready", "done": 3}
        assert ("k7p4qx", deck, 3) in ledger.ready
        assert await second.page(deck, 3, 800) is not None
        await until(lambda: not claims.unfinished)


async def test_a_deck_in_hand_is_nobody_elses(tmp_path: Path) -> None:
    """Its claim is renewed while it is drawn and while it waits, however long that takes."""
    ledger, claims, idle = Ledger(), MemoryClaims(LAPSE), Ledger()
    limits = Limits(renew_seconds=0.1, takeover_seconds=0.1, page_seconds=4 * LAPSE)
    async with serving(tmp_path, ledger, claims, limits) as busy, serving(tmp_path, idle, claims, QUICK):
        drawn = await busy.submit("k7p4qx", "long", sent(endless()))
        waits = await busy.submit("k7p4qx", "next", sent(plain_deck(1)))
        assert (await ledger.end(drawn))["status"] == "failed"
        assert (await ledger.end(waits))["status"] == "ready"
        await until(lambda: not claims.unfinished)
    assert idle.told == []


async def test_a_deck_that_outlives_too_many_servers_fails(tmp_path: Path) -> None:
    """It may be what kills them."""
    ledger, claims = Ledger(), MemoryClaims(LAPSE)
    async with serving(tmp_path, ledger, claims, QUICK) as first:
        deck = await first.submit("k7p4qx", "long", sent(endless(before=1)))
        await until(lambda: ledger.last(deck)["done"] == 1)
    for _ in range(QUICK.takeovers):
        ledger.ready.clear()
        async with serving(tmp_path, ledger, claims, QUICK):
            await until(lambda: bool(ledger.ready))
    async with serving(tmp_path, ledger, claims, QUICK):
        end = await ledger.end(deck)
        assert (end["status"], str(end["error"])[:31]) == ("failed", "This PDF could not be drawn: th")
        await until(lambda: not claims.unfinished)


async def test_a_deck_whose_pdf_is_gone_fails(tmp_path: Path) -> None:
    """Somebody has emptied the store: the lesson is told, and nobody tries for ever."""
    ledger, claims = Ledger(), MemoryClaims(lapse=0)
    await claims.claim("zzzzzz", "k7p4qx", "Trees")
    async with serving(tmp_path, ledger, claims, QUICK):
        await until(lambda: bool(ledger.told))
        assert ledger.last("zzzzzz")["status"] == "failed"
        await until(lambda: not claims.unfinished)


async def test_a_deck_whose_end_could_not_be_told_is_drawn_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A store that is away for long costs time, and no deck."""
    monkeypatch.setattr(progress, "PATIENCE", (0.01,))
    ledger, claims = Ledger(), MemoryClaims(LAPSE)
    async with serving(tmp_path, ledger, claims, QUICK) as decks:
        deck = await decks.submit("k7p4qx", "Trees", sent(plain_deck(2)))
        ledger.broken = ConnectionError("gone")
        with caplog.at_level(logging.ERROR, "lectern.decks"):
            await until(lambda: "stays unfinished" in caplog.text)
        assert claims.unfinished == {deck}
        assert [each for each in caplog.records if each.exc_info] == []  # a line, no traceback
        ledger.broken = None
        assert (await ledger.end(deck))["status"] == "ready"
        await until(lambda: not claims.unfinished)


async def test_claims_that_fail_are_asked_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The watch over abandoned decks survives a store that is away."""

    class Flaky(MemoryClaims):
        asked = 0

        async def abandoned(self) -> list[tuple[str, str, str]]:
            self.asked += 1
            if self.asked < 3:
                raise ConnectionError("gone")
            return await super().abandoned()

    claims = Flaky()
    async with serving(tmp_path, Ledger(), claims, QUICK):
        await until(lambda: claims.asked > 3)
    assert caplog.text.count("looking after decks failed") == 2
    assert [each for each in caplog.records if each.exc_info] == []


async def test_a_release_that_fails_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deck that is whole is not drawn again because the store was away for a moment."""
    monkeypatch.setattr(progress, "PATIENCE", (0.01, 0.01))

    class Flaky(MemoryClaims):
        asked = 0

        async def release(self, deck: str) -> None:
            self.asked += 1
            if self.asked < 3:
                raise ConnectionError("gone")
            await super().release(deck)

    ledger, claims = Ledger(), Flaky()
    async with serving(tmp_path, ledger, claims, QUICK) as decks:
        deck = await decks.submit("k7p4qx", "Trees", sent(plain_deck(1)))
        await until(lambda: not claims.unfinished)
    assert claims.asked == 3
    assert ledger.ready == [("k7p4qx", deck, 1)]
