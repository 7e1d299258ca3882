"""The panel while the line is bad, and beside another panel whose clock is not the same."""

import re

import pytest
from playwright.async_api import Route, expect

from scripts.lib.lecture import Lecture
from tests.browser.conftest import OpenWindow
from tests.browser.teacher_panel import Panel, page_is, register

NO_LINE = "ERR_INTERNET_DISCONNECTED"


async def test_offline_it_waits_and_then_it_is_sent(lecture: Lecture, open_window: OpenWindow) -> None:
    """The panel goes on working, says what waits, and sends the newest of each when the line is back."""
    panel = await Panel.enter(open_window, lecture.teacher)
    panel.window.expected.append(NO_LINE)
    await panel.sees_slide(1)
    await panel.window.context.set_offline(offline=True)
    await panel.presses("PageDown", "PageDown", "PageDown")
    await panel.sees_place(4, 8)
    await panel.page.get_by_role("textbox", name="Notes").fill("Said without a line.")
    await panel.takes("Pen")
    await panel.draws((0.2, 0.4), (0.5, 0.4))
    await expect(panel.page.locator("#outbox")).to_have_text(re.compile(r"\d+ changes wait"))
    await page_is(lecture, 1)
    await panel.window.context.set_offline(offline=False)
    await page_is(lecture, 4)
    await register(lecture.teacher, f"notes/{lecture.pages[3]}", {"text": "Said without a line."})
    await expect(panel.page.locator("#outbox")).to_be_hidden()
    ink = [key for key in await lecture.teacher.registers() if key.startswith(f"ink/{lecture.pages[3]}/")]
    assert len(ink) == 1


async def test_a_reload_loses_nothing_that_waits(lecture: Lecture, open_window: OpenWindow) -> None:
    """What could not be sent is sent by the page that comes after."""
    panel = await Panel.enter(open_window, lecture.teacher)
    panel.window.expected.append("ERR_FAILED")

    await panel.holds_back(Route.abort)
    await panel.presses("End")
    await panel.sees_place(8, 8)
    await expect(panel.page.locator("#outbox")).to_have_text("1 change waits")
    await page_is(lecture, 1)
    await panel.page.reload()
    await panel.sees_place(8, 8)
    await panel.page.unroute("**/state")
    await page_is(lecture, 8)


async def test_two_panels_are_in_step(lecture: Lecture, open_window: OpenWindow) -> None:
    """A laptop and a tablet: what one does shows on the other, both ways."""
    laptop = await Panel.enter(open_window, lecture.teacher)
    tablet = await Panel.enter(open_window, lecture.teacher, size=(1024, 768), has_touch=True)
    await laptop.presses("PageDown", "PageDown")
    await tablet.sees_place(3, 8)
    await tablet.next()
    await laptop.sees_place(4, 8)
    await laptop.presses("PageUp")
    await tablet.sees_place(3, 8)
    await laptop.page.get_by_role("textbox", name="Notes").fill("Ask who knows this.")
    await expect(tablet.page.get_by_role("textbox", name="Notes")).to_have_value("Ask who knows this.")


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_wrong_clock_neither_wins_nor_loses(
    lecture: Lecture, open_window: OpenWindow, hours: int
) -> None:
    """A tablet whose clock is an hour off takes turns with a laptop whose clock is right."""
    laptop = await Panel.enter(open_window, lecture.teacher)
    tablet = await Panel.enter(open_window, lecture.teacher, size=(1024, 768))
    off = hours * 3_600_000
    await tablet.window.context.add_init_script(f"const now = Date.now; Date.now = () => now() + {off};")
    await tablet.page.reload()
    await tablet.is_live()
    for turn, panel in enumerate([tablet, laptop, tablet, laptop, tablet], start=2):
        await panel.sees_place(turn - 1, 8)
        await panel.next()
        await page_is(lecture, turn)
        await laptop.sees_place(turn, 8)
        await tablet.sees_place(turn, 8)
