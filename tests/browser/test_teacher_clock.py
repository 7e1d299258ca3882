"""Clocks that are wrong: whatever a teacher presses takes effect within seconds, or is said to have come too late.

Rules: the server is real. Its clock cannot be set here, but what it wrote before it fell back can be: by the store, as of an
hour from now. A browser's clock is set in its page.
"""

import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from app.store.contract import Change
from app.store.redis import RedisStore
from scripts.lib.lecture import Lecture
from scripts.lib.server import Server, serve
from tests.browser.conftest import OpenWindow
from tests.browser.teacher_panel import LINE, ON_LINE, Panel, page_is, register
from tests.support.eventually import eventually
from tests.support.redis_server import RedisServer

HOUR = 3_600_000
STROKE = {"tool": "pen", "color": "#0072b2", "width": 300, "points": [6000, 4000, 2000, 0]}
POLL: dict[str, Any] = {"question": "Seen before?", "options": ["Yes", "No"], "status": "open"}
TOO_LATE = "A change of yours came too late"


@pytest.fixture
def room(own_valkey: RedisServer, tmp_path: Path) -> Iterator[Server]:
    """A server whose store the test can reach."""
    with serve(tmp_path, redis_url=own_valkey.url) as server:
        yield server


@dataclass
class Past:
    """What the server wrote before its clock fell back."""

    lecture: Lecture
    store: RedisStore

    async def writes(self, *pairs: tuple[str, Any], ahead: int = HOUR) -> None:
        """Sets registers as of so long from now."""
        changes = [Change(key, json.dumps(value)) for key, value in pairs]
        await self.store.write(self.lecture.teacher.lesson, changes, int(time.time() * 1000) + ahead)


@pytest.fixture
async def past(room: Server, own_valkey: RedisServer) -> AsyncIterator[Past]:
    """A lesson with the demo deck, and the server's earlier self."""
    store = RedisStore(own_valkey.url)
    async with room.client() as http:
        yield Past(await Lecture.begin(http, pace=0), store)
    await store.close()


async def ink(lecture: Lecture, number: int) -> list[str]:
    """The strokes of a page of the deck, by key."""
    answer = await lecture.teacher.http.get(f"{lecture.teacher.path}/ink/{lecture.pages[number - 1]}")
    return sorted(key for key, _ in answer.raise_for_status().json()["writes"])


async def has_strokes(lecture: Lecture, number: int, count: int) -> None:
    """The server holds so many whole strokes of a page, and no piece of any."""
    await eventually(
        lambda: ink(lecture, number),
        lambda found: len(found) == count and all(key.count("/") == 2 for key in found),
    )


async def every_press_takes_effect(panel: Panel, lecture: Lecture) -> None:
    """One of each kind, on page 2: turn, screen, notes, timer, poll, stroke, eraser, clear."""
    teacher = lecture.teacher
    await panel.presses("PageDown")
    await page_is(lecture, 2)
    await panel.sees_place(2, 8)
    await panel.presses("b")
    await register(teacher, "screen", {"mode": "black"})
    await panel.presses("b")
    await register(teacher, "screen", {"mode": "slide"})
    await panel.page.get_by_role("textbox", name="Notes").fill("Slowly now.")
    await register(teacher, f"notes/{lecture.pages[1]}", {"text": "Slowly now."})
    await panel.page.locator("#timer-open").click()
    await panel.page.get_by_role("button", name="5 min", exact=True).click()
    ends = time.time() * 1000 + 5 * 60_000
    timer = (await eventually(teacher.registers, lambda found: "ends" in (found.get("timer") or {})))["timer"]
    assert abs(timer["ends"] - ends) < 60_000
    await panel.opens_tab("Polls")
    await panel.does_with_poll(POLL["question"], "Close voting")
    await register(teacher, "poll/seen", POLL | {"status": "closed"})
    await panel.takes("Pen")
    before = len(await ink(lecture, 2))
    await panel.draws(*LINE)
    await has_strokes(lecture, 2, before + 1)
    await panel.sees_ink("#d55e00", ON_LINE)
    await panel.takes("Eraser")
    await panel.draws((0.35, 0.3), (0.35, 0.5))
    await has_strokes(lecture, 2, before)
    await panel.takes("Pen")
    await panel.draws(*LINE)
    await has_strokes(lecture, 2, before + 1)
    await panel.takes("Clear the page")
    await has_strokes(lecture, 2, 0)
    await panel.sees_ink("", ON_LINE)
    await panel.draws(*LINE)
    await has_strokes(lecture, 2, 1)
    await expect(panel.page.locator("#says")).not_to_contain_text(TOO_LATE)


def everything(lecture: Lecture) -> list[tuple[str, Any]]:
    """Of each kind of register one; the stroke is younger than the clear of its page."""
    page = lecture.pages[1]
    return [
        ("slide", {"page": lecture.pages[0]}),
        ("screen", {"mode": "slide"}),
        ("timer", {"paused": 1000}),
        ("poll/seen", POLL),
        (f"notes/{page}", {"text": "Old."}),
        (f"ink/{page}/", None),
        (f"ink/{page}/s1", STROKE),
    ]


@pytest.mark.parametrize("browser_hours", [0, -3, 3])
async def test_a_lesson_whose_stamps_are_ahead(
    past: Past, open_window: OpenWindow, browser_hours: int
) -> None:
    """The server's clock fell back by an hour before the panel came, and the browser's is right, behind, or ahead."""
    lecture = past.lecture
    await past.writes(*everything(lecture))
    panel = await Panel.enter(open_window, lecture.teacher)
    off = browser_hours * HOUR
    await panel.window.context.add_init_script(f"const now = Date.now; Date.now = () => now() + {off};")
    await panel.page.reload()
    await panel.is_live()
    await panel.sees_slide(1)
    await every_press_takes_effect(panel, lecture)


async def test_a_lesson_whose_stamps_get_ahead(past: Past, open_window: OpenWindow) -> None:
    """The same while the panel is open: it cannot know before its first press, and knows from then on."""
    lecture = past.lecture
    panel = await Panel.enter(open_window, lecture.teacher)
    await past.writes(*everything(lecture))
    await panel.sees_slide(1)
    await every_press_takes_effect(panel, lecture)


async def test_a_stroke_holds_or_is_said(past: Past, open_window: OpenWindow) -> None:
    """Below a clear whose stamp no panel can have known: its pieces show that it loses, mostly in time for the whole."""
    lecture = past.lecture
    page = lecture.pages[0]
    panel = await Panel.enter(open_window, lecture.teacher)
    await past.writes((f"ink/{page}/", None), (f"ink/{page}/s1", STROKE))
    await panel.sees_ink("#0072b2", (0.7, 0.4 * 16 / 9))
    await panel.takes("Pen")
    await panel.draws(*LINE)

    async def outcome() -> tuple[int, bool]:
        whole = [key for key in await ink(lecture, 1) if key.count("/") == 2]
        return len(whole), TOO_LATE in await panel.page.locator("#says").inner_text()

    held, _ = await eventually(outcome, lambda found: found[0] == 2 or found[1])
    await panel.draws(*[(x, y + 0.1) for x, y in LINE])
    await has_strokes(lecture, 1, held + 1)


@pytest.mark.parametrize("hours", [-5, 5])
async def test_a_browser_whose_clock_is_wrong(past: Past, open_window: OpenWindow, hours: int) -> None:
    """Behind or ahead by hours: nothing that is pressed is lost, and the timer is the server's."""
    lecture = past.lecture
    await past.writes(*everything(lecture), ahead=0)
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.window.context.add_init_script(
        f"const now = Date.now; Date.now = () => now() + {hours * HOUR};"
    )
    await panel.page.reload()
    await panel.is_live()
    await every_press_takes_effect(panel, lecture)


@pytest.mark.parametrize("hours", [-2, 2])
async def test_a_clock_that_is_set_in_between(past: Past, open_window: OpenWindow, hours: int) -> None:
    """A device that finds its network, and with it another time, in the middle of the lesson."""
    lecture = past.lecture
    await past.writes(*everything(lecture), ahead=0)
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.sees_slide(1)
    await panel.page.evaluate(f"() => {{ const now = Date.now; Date.now = () => now() + {hours * HOUR}; }}")
    await panel.presses("PageDown")
    await page_is(lecture, 2)
    await panel.presses("PageUp")
    await page_is(lecture, 1)
    await expect(panel.page.locator("#place-text")).to_have_text(re.compile("^1 / 8$"))
    await every_press_takes_effect(panel, lecture)
