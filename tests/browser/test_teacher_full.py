"""A lesson that holds as much as one may: the panel goes on, says what does not fit, and draws again after a clear.

Rules: the server is real, with the bounds that everybody has; a lesson is filled by writes of the API.
"""

import re
from typing import Any

import pytest
from playwright.async_api import Route, expect

from scripts.lib.lecture import Lecture
from scripts.lib.teacher import Teacher
from tests.browser.conftest import OpenWindow
from tests.browser.teacher_panel import LINE, ON_LINE, Panel, page_is, register
from tests.support.eventually import eventually

FULL = "This lesson is full: clear some ink, or delete a poll. Page turns still work."
CONFLICT = "409 (Conflict)"
STROKE = {"tool": "pen", "color": "#0072b2", "width": 24, "points": [100, 100, 50, 0]}
POLL: dict[str, Any] = {"question": "Why?", "options": ["a", "b"], "status": "open"}
ROOM = 300  # strokes on page 3, whose clear makes room
A_REQUEST = 256


async def ink(teacher: Teacher, page: str) -> dict[str, Any]:
    """The page's ink as the server holds it."""
    answer = await teacher.http.get(f"{teacher.path}/ink/{page}")
    return dict(answer.raise_for_status().json()["writes"])


async def fill(teacher: Teacher, page: str) -> None:
    """Writes strokes until not one more register fits: some on this page, the rest on blank ones."""
    await teacher.write(*[(f"ink/{page}/s{n}", STROKE) for n in range(ROOM - A_REQUEST)])
    await teacher.write(*[(f"ink/{page}/t{n}", STROKE) for n in range(A_REQUEST)])
    size, request = A_REQUEST, 0
    while size:  # until even one does not fit
        request += 1
        strokes = range(size)
        writes = [{"key": f"ink/blank-{request}/s{stroke}", "value": STROKE} for stroke in strokes]
        answer = await teacher.http.post(
            f"{teacher.path}/state", json={"writes": writes}, headers=teacher.auth
        )
        if not answer.is_success:
            assert answer.json()["type"] == "/problems/lesson-full"
            size //= 2


@pytest.fixture
async def full(lecture: Lecture) -> Lecture:
    """A lesson with the demo deck and an open poll, and no place for anything more."""
    await lecture.teacher.write(("poll/why", POLL), ("screen", {"mode": "slide"}))
    await fill(lecture.teacher, lecture.pages[2])
    return lecture


async def test_a_full_lesson_goes_on(full: Lecture, open_window: OpenWindow) -> None:
    """A stroke that does not fit is said and taken back at once; pages turn, a poll closes, ink is cleared, and then it fits."""
    panel = await Panel.enter(open_window, full.teacher)
    panel.window.expected.append(CONFLICT)
    await panel.sees_slide(1)
    await panel.takes("Pen")
    await panel.draws(*LINE)
    await panel.is_told(FULL)
    await panel.sees_ink("", ON_LINE)
    await panel.presses("PageDown")
    await page_is(full, 2)
    await panel.opens_tab("Polls")
    await panel.does_with_poll("Why?", "Close voting")
    await register(full.teacher, "poll/why", POLL | {"status": "closed"})
    await expect(panel.page.locator("#end-open")).to_be_enabled()
    await panel.presses("PageDown")
    await panel.sees_place(3, 8)
    await panel.takes("Clear the page")
    await eventually(lambda: ink(full.teacher, full.pages[2]), lambda found: not found)
    await expect(panel.page.locator("#says")).not_to_contain_text("full")
    await panel.draws(*LINE)
    await eventually(lambda: ink(full.teacher, full.pages[2]), lambda found: len(found) == 1)
    await panel.sees_ink("#d55e00", ON_LINE)


async def test_the_next_stroke_is_refused_before_it_is_drawn(full: Lecture, open_window: OpenWindow) -> None:
    """Once it is known that nothing fits, the pen says so when it is put down."""
    panel = await Panel.enter(open_window, full.teacher)
    panel.window.expected.append(CONFLICT)
    await panel.sees_slide(1)
    await panel.takes("Pen")
    await panel.draws(*LINE)
    await panel.is_told(FULL)
    await panel.page.get_by_role("button", name="Put away").click()
    await panel.page.mouse.move(*await panel.at(LINE[0]))
    await panel.page.mouse.down()
    await panel.is_told(FULL)
    await panel.page.mouse.up()


async def test_a_request_with_a_stroke_and_a_turn_is_split(full: Lecture, open_window: OpenWindow) -> None:
    """What was done while the line was bad goes in one request: the turn holds, the stroke alone is dropped, and undo offers it again."""
    panel = await Panel.enter(open_window, full.teacher)
    panel.window.expected += [CONFLICT, "ERR_FAILED"]
    await panel.sees_slide(1)
    await panel.holds_back(Route.abort)
    await panel.takes("Pen")
    await panel.draws(*LINE)
    await panel.presses("PageDown")
    await panel.sees_place(2, 8)
    await expect(panel.page.locator("#outbox")).to_have_text(re.compile(r"\d+ changes wait"))
    await panel.page.unroute("**/state")
    await page_is(full, 2)
    await panel.is_told(FULL)
    await panel.is_idle()
    assert await ink(full.teacher, full.pages[0]) == {}
    await panel.presses("PageUp")
    await panel.sees_ink("", ON_LINE)
    await expect(panel.page.get_by_role("button", name="Redo")).to_be_enabled()


async def test_what_was_typed_is_not_lost(full: Lecture, open_window: OpenWindow) -> None:
    """Notes and a new poll that do not fit are said, and their words stay where they were typed."""
    panel = await Panel.enter(open_window, full.teacher)
    panel.window.expected.append(CONFLICT)
    await panel.sees_slide(1)
    notes = panel.page.get_by_role("textbox", name="Notes")
    await notes.fill("Ask who has seen this before.")
    await panel.is_told(FULL)
    await panel.page.get_by_role("button", name="Put away").click()
    await expect(notes).to_have_value("Ask who has seen this before.")
    await panel.opens_tab("Polls")
    await panel.writes_poll("Which one?", ["This", "That"], then="Open now")
    await panel.is_told(FULL)
    form = panel.page.get_by_role("form", name="Poll")
    await expect(form.get_by_label("Question")).to_have_value("Which one?")


async def test_the_end_is_the_end(lecture: Lecture, open_window: OpenWindow) -> None:
    """An ended lesson takes nothing, and the panel says that, not that it is full."""
    panel = await Panel.enter(open_window, lecture.teacher)
    panel.window.expected.append(CONFLICT)
    await panel.sees_slide(1)
    await lecture.teacher.end()
    await panel.is_told("The lesson has ended.")
    await expect(panel.page.locator("#end-open")).to_be_disabled()
