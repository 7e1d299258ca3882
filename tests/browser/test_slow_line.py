"""A line of 8 KB a second: a student's page that needs most of a minute for the lesson's state gets it, once, and goes on live.

Rules: the server is real and the line is a proxy that is slow in both directions for all connections together, as a phone's is at
the edge of its cell.
"""

import random
import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Request, expect

from scripts.lib.lecture import Lecture
from scripts.lib.server import Server
from tests.browser.conftest import OpenWindow
from tests.browser.pages_student import Student
from tests.support.line import Line, line_to

SLOW = 8 * 1024  # bytes a second
STATE = 300 * 1024
MINUTES = 180_000  # ms; a deadline, not a measure
COLOR = "#0072b2"


@pytest.fixture
async def line(hall: Server) -> AsyncIterator[Line]:
    """A line to the server. Asked for before windows, it outlives them."""
    async with line_to(hall.port) as line:
        yield line


@pytest.fixture
async def inked(lecture: Lecture) -> Lecture:
    """A lesson whose first page has so much ink that its state has 300 KB."""
    dice = random.Random(9)
    size = n = 0
    while size < STATE:
        writes = []
        for _ in range(40):
            n += 1
            points = [dice.randrange(1000), 5000, *(dice.randrange(-400, 400) for _ in range(600))]
            value = {"tool": "pen", "color": "#d55e00", "width": 4, "points": points}
            writes.append((f"ink/{lecture.pages[0]}/s{n:04}", value))
            size += len(str(value))
        await lecture.teacher.write(*writes)
    thick = {"tool": "pen", "color": COLOR, "width": 300, "points": [1000, 1000, 8000, 0]}
    await lecture.teacher.write((f"ink/{lecture.pages[0]}/z", thick))
    return lecture


async def test_a_slow_reader_gets_there(line: Line, inked: Lecture, open_window: OpenWindow) -> None:
    """The stream that shows no progress gives way to one request that has the line for itself; then a stream brings what is new."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if re.search(r"/(state|events)\b", request.url):
            asked.append(re.sub(r"cursor=[^&]+", "cursor", request.url.rpartition("/")[2]))

    student = await Student.join(open_window, line.url)
    student.window.expected += ["net::ERR_", "Failed to load resource"]
    student.page.on("request", note)
    line.slow(SLOW)
    await student.page.goto(f"{line.url}/{inked.teacher.lesson}", timeout=MINUTES)
    place = student.page.locator("#place")
    await expect(place).to_have_text("1 of 8", timeout=MINUTES)
    await student.sees_ink(COLOR, 0.5, 0.1 * 16 / 9)
    assert asked[:2] == ["events", "state"]
    assert "state" not in asked[2:], "the whole state went over the line twice"
    assert "events" not in asked[1:], "a stream began from nothing beside it"
    await inked.show(2)
    await expect(place).to_have_text("2 of 8", timeout=MINUTES)
    await expect(student.page.locator("#badge")).to_have_text("Live", timeout=MINUTES)
    await inked.show(3)
    await expect(place).to_have_text("3 of 8", timeout=MINUTES)
