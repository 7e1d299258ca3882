"""The register of a deck: paced, newest state, last state always."""

import itertools
import logging
import time

import pytest

from app.decks import progress as module
from app.decks.limits import Limits
from app.decks.progress import INTERVAL, Progress, Untold, surely
from tests.support.decks import Ledger, until


def progress(ledger: Ledger) -> Progress:
    return Progress(ledger, "k7p4qx", "d7f3k2", "Trees", Limits())


async def test_the_register_is_the_contracts() -> None:
    """Every field from the first write on; an error only where there is one."""
    ledger = Ledger()
    told = progress(ledger)
    await told.write()
    first = {
        "name": "Trees",
        "status": "rendering",
        "pages": 0,
        "done": 0,
        "widths": [800, 1600],
        "sizes": [],
        "url": "/decks/{id}/{number}-{width}.webp",
    }
    assert ledger.last("d7f3k2") == first
    told.opened([(1600, 1200)] * 3)
    told.done(1)
    await told.first_page(3)
    assert ledger.last("d7f3k2") == first | {"pages": 3, "done": 1, "sizes": [[1600, 1200]]}
    assert ledger.ready == [("k7p4qx", "d7f3k2", 3)]
    told.done(3)
    await told.ready()
    assert ledger.last("d7f3k2") == first | {
        "status": "ready",
        "pages": 3,
        "done": 3,
        "sizes": [[1600, 1200]],
    }
    await told.failed("Why.", ledger.last("d7f3k2"))
    assert ledger.last("d7f3k2") | {"error": "Why.", "done": 3} == ledger.last("d7f3k2")


async def test_a_failure_tells_what_stays() -> None:
    """Of a deck without a page in the lesson nothing; of one that another process had begun, what that had drawn."""
    ledger = Ledger()
    told = Progress(ledger, "k7p4qx", "d7f3k2", "Trees", Limits())
    told.opened([(1600, 1200)] * 3)
    told.done(1)
    await told.failed("Why.", None)
    assert ledger.last("d7f3k2")["done"] == 0
    drawn = ledger.last("d7f3k2") | {"done": 2, "pages": 5, "sizes": [[1, 1]]}
    await Progress(ledger, "k7p4qx", "d7f3k2", "Trees", Limits()).failed("Why.", drawn)
    assert ledger.last("d7f3k2") == drawn


async def test_pages_of_different_sizes_have_one_each() -> None:
    """One size for all only where all are alike."""
    told = progress(ledger := Ledger())
    told.opened([(1600, 1200), (1600, 900)])
    await told.write()
    assert ledger.last("d7f3k2")["sizes"] == [[1600, 1200], [1600, 900]]


async def test_a_burst_of_pages_costs_few_writes_and_loses_no_end() -> None:
    """Four a second, the newest state in each, and the last page told without waiting for another."""
    told = progress(ledger := Ledger())
    began = time.monotonic()
    async with told.following():
        for page in range(1, 101):
            told.done(page)
            await until(lambda: bool(ledger.told))
        await until(lambda: ledger.last("d7f3k2")["done"] == 100)
    assert len(ledger.told) <= 1 + (time.monotonic() - began) / INTERVAL
    times = [at for at, _, _ in ledger.told]
    assert all(later - earlier >= INTERVAL * 0.9 for earlier, later in itertools.pairwise(times))


async def test_a_failed_write_is_logged_and_the_next_state_follows(caplog: pytest.LogCaptureFixture) -> None:
    """The store may be away for a moment."""
    told = progress(ledger := Ledger())
    ledger.broken = ConnectionError("gone")
    with caplog.at_level(logging.WARNING, "lectern.decks"):
        async with told.following():
            told.done(1)
            await until(lambda: "gone" in caplog.text)
            ledger.broken = None
            told.done(2)
            await until(lambda: bool(ledger.told))
    assert ledger.last("d7f3k2")["done"] == 2


async def test_what_must_be_told_is_tried_again() -> None:
    """And once it has been told, no more."""
    tries: list[None] = []

    async def tell() -> None:
        tries.append(None)
        if len(tries) < 3:
            raise ConnectionError

    await surely(tell)
    assert len(tries) == 3


async def test_a_sink_that_is_gone_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the last error as the cause."""
    monkeypatch.setattr(module, "PATIENCE", (0.0, 0.0))

    async def tell() -> None:
        raise ConnectionError("gone")

    with pytest.raises(Untold) as caught:
        await surely(tell)
    assert isinstance(caught.value.__cause__, ConnectionError)
