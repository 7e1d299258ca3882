"""An outage in the log: once, then counted, then over, and nothing left out of the count."""

import asyncio
import logging
import re

import pytest

from app.outages import Outage, tell_all
from tests.support.eventually import eventually

SOON_S = 0.05
log = logging.getLogger("tests.outages")


def texts(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What has been logged."""
    return [record.getMessage() for record in caplog.records if record.name == log.name]


async def over(caplog: pytest.LogCaptureFixture, what: str) -> None:
    """Waits for its end."""

    async def said() -> bool:
        return any(text.startswith(f"{what}: no more") for text in texts(caplog))

    await eventually(said, bool)


async def test_a_crowd_is_a_handful_of_lines(caplog: pytest.LogCaptureFixture) -> None:
    """The first at once, the rest as numbers that add up, and the total at the end."""
    outage = Outage(log, "away", SOON_S)
    outage.note("first")
    assert texts(caplog) == ["away: first"]
    for number in range(500):
        outage.note(number)
        if number % 100 == 0:
            await asyncio.sleep(SOON_S)
    await over(caplog, "away")
    said = texts(caplog)
    assert sum(int(count) for count in re.findall(r"away: (\d+) more", " ".join(said))) == 500
    assert "away: no more; 501 in" in said[-1]
    assert len(said) <= 9


async def test_the_next_outage_is_told_anew(caplog: pytest.LogCaptureFixture) -> None:
    """Its count begins again; another kind is counted apart."""
    outage, other = Outage(log, "away", SOON_S), Outage(log, "other", SOON_S)
    outage.note("x")
    outage.note("x")
    other.note("y")
    await over(caplog, "away")
    caplog.clear()
    outage.note("z")
    outage.note("z")
    await over(caplog, "away")
    assert texts(caplog)[0] == "away: z"
    assert "away: no more; 2 in" in texts(caplog)[-1]


async def test_one_that_stays_alone_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """Its end would tell nothing; the next one is told at once again."""
    outage = Outage(log, "away", SOON_S)
    outage.note("x")

    async def again() -> list[str]:
        outage.note("x")
        return [text for text in texts(caplog) if text == "away: x"]

    await asyncio.sleep(3 * SOON_S)
    assert len(await again()) == 2


async def test_an_end_of_the_process_leaves_nothing_untold(caplog: pytest.LogCaptureFixture) -> None:
    """What would have come with the next line."""
    outage = Outage(log, "away")
    for _ in range(4):
        outage.note("x")
    tell_all()
    assert texts(caplog)[-1] == "away: 3 more, 4 so far; the last: x"
    tell_all()
    assert len(texts(caplog)) == 2
