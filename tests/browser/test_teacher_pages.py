"""Turning, inserting, moving and skipping pages, and a window in which the buttons never move."""

import pytest
from playwright.async_api import Page, expect

from scripts.lib.lecture import Lecture
from scripts.lib.teacher import Teacher
from tests.browser.conftest import OpenWindow
from tests.browser.teacher_panel import Panel, page_is, register
from tests.support.eventually import eventually


async def test_keys_turn_pages(lecture: Lecture, open_window: OpenWindow) -> None:
    """Each key of the list, for everybody."""
    panel = await Panel.enter(open_window, lecture.teacher)
    at = 1
    for key in ("ArrowRight", "ArrowDown", "Space", "PageDown", "n"):
        at += 1
        await panel.presses(key)
        await panel.sees_place(at, 8)
        await page_is(lecture, at)
    await panel.sees_slide(at)
    for key in ("ArrowLeft", "ArrowUp", "PageUp", "p"):
        at -= 1
        await panel.presses(key)
        await panel.sees_place(at, 8)
        await page_is(lecture, at)
    for key, end in (("End", 8), ("Home", 1)):
        await panel.presses(key)
        await panel.sees_place(end, 8)
        await page_is(lecture, end)


async def test_a_fast_clicker_arrives_where_it_should(lecture: Lecture, open_window: OpenWindow) -> None:
    """Six presses on and two back are four pages, whatever the network does in between."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.presses(*["PageDown"] * 6, *["PageUp"] * 2)
    await panel.sees_place(5, 8)
    await page_is(lecture, 5)
    await panel.sees_place(5, 8)


async def test_a_key_held_down_turns_one_page(lecture: Lecture, open_window: OpenWindow) -> None:
    """A finger that stays on the clicker does not skip."""
    panel = await Panel.enter(open_window, lecture.teacher)
    for _ in range(5):
        await panel.page.keyboard.down("PageDown")
    await panel.page.keyboard.up("PageDown")
    await page_is(lecture, 2)
    await panel.sees_place(2, 8)


async def test_go_to_a_number(lecture: Lecture, open_window: OpenWindow) -> None:
    """G asks for a page's number; the dialog takes the keys meanwhile."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.presses("g", "7", "Enter")
    await panel.sees_place(7, 8)
    await panel.presses("g", "Escape")
    await expect(panel.page.get_by_role("dialog")).to_be_hidden()
    await panel.presses("PageUp")
    await page_is(lecture, 6)


async def test_black_and_white(lecture: Lecture, open_window: OpenWindow) -> None:
    """B and W cover the students' screens, and say so; pressed again, or a page turned, uncovers them."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.presses("b")
    await register(lecture.teacher, "screen", {"mode": "black"})
    await expect(panel.page.locator("#curtain")).to_have_text("Students see a black screen")
    await panel.presses("w")
    await register(lecture.teacher, "screen", {"mode": "white"})
    await panel.presses("w")
    await register(lecture.teacher, "screen", {"mode": "slide"})
    await panel.presses(".", "PageDown")
    await register(lecture.teacher, "screen", {"mode": "slide"})
    await page_is(lecture, 2)
    await expect(panel.page.locator("#curtain")).to_be_hidden()


async def test_help_and_full_screen(lecture: Lecture, open_window: OpenWindow) -> None:
    """? lists the keys, and the clicker goes on from there; F fills the screen and gives it back."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.presses("?")
    keys = panel.page.get_by_role("dialog", name="Keys")
    await expect(keys).to_contain_text("Next page")
    await panel.presses("PageDown")
    await expect(keys).to_be_hidden()
    await panel.sees_place(2, 8)
    for full in (True, False):
        await panel.presses("f")
        await eventually(lambda: panel.page.evaluate("Boolean(document.fullscreenElement)"), full.__eq__)


async def test_typing_turns_no_pages(lecture: Lecture, open_window: OpenWindow) -> None:
    """In a field the keys are letters; after a click on a button, Space is "next" again."""
    panel = await Panel.enter(open_window, lecture.teacher)
    notes = panel.page.get_by_role("textbox", name="Notes")
    await notes.fill("")
    await notes.press_sequentially("n b w g d 12 ")
    await notes.press("ArrowLeft")
    await register(lecture.teacher, f"notes/{lecture.pages[0]}", {"text": "n b w g d 12 "})
    await panel.sees_place(1, 8)
    await panel.opens_tab("Slides")
    await panel.presses("Space")
    await panel.sees_place(2, 8)
    await expect(panel.page.locator("#tab-files")).to_be_visible()


async def test_blank_pages_at_any_point(lecture: Lecture, open_window: OpenWindow) -> None:
    """Between two pages, before the first, after the one on show; the panel goes there."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.inserts_blank_after(3)
    await panel.sees_place(4, 9)
    await panel.page.get_by_role("button", name="Insert a blank page before the first").click()
    await panel.sees_place(1, 10)
    await panel.takes("Blank page")
    await panel.sees_place(2, 11)
    order = ["blank-2", "blank-3", *lecture.pages[:3], "blank-1", *lecture.pages[3:]]
    await register(lecture.teacher, "pages", {"order": order})
    await register(lecture.teacher, "slide", {"page": "blank-3"})


async def test_a_lesson_can_begin_with_a_blank_page(teacher: Teacher, open_window: OpenWindow) -> None:
    """No deck is needed to draw."""
    panel = await Panel.enter(open_window, teacher)
    await panel.page.get_by_role("button", name="Start with a blank page").click()
    await panel.sees_place(1, 1)
    await panel.takes("Pen")
    await panel.draws((0.2, 0.2), (0.6, 0.2))
    await panel.sees_ink("#d55e00", (0.4, 0.2))


async def test_reorder_and_skip(lecture: Lecture, open_window: OpenWindow) -> None:
    """By dragging, or by a page's menu; a skipped page can be put back in its place."""
    panel = await Panel.enter(open_window, lecture.teacher)
    one, two, three, *rest = lecture.pages
    await panel.does_with_page(1, "Move right")
    await register(lecture.teacher, "pages", {"order": [two, one, three, *rest]})
    await panel.sees_place(2, 8)
    pages = panel.page.locator(".page")
    await pages.nth(2).drag_to(pages.nth(0), target_position={"x": 5, "y": 20})
    await register(lecture.teacher, "pages", {"order": [three, two, one, *rest]})
    await panel.does_with_page(3, "Skip this page")
    await register(lecture.teacher, "pages", {"order": [three, two, *rest]})
    await register(lecture.teacher, "slide", {"page": rest[0]})
    await panel.opens_tab("Slides")
    await panel.page.get_by_role("button", name="Put page 1 of Sampling.pdf back").click()
    # before the page of its deck that comes first now
    await register(lecture.teacher, "pages", {"order": [one, three, two, *rest]})


async def test_the_buttons_never_move(lecture: Lecture, open_window: OpenWindow) -> None:
    """Prev and Next stay where they are, and on top, in every state of the panel."""
    panel = await Panel.enter(open_window, lecture.teacher)
    before = [await panel.page.locator(name).bounding_box() for name in ("#previous", "#next-page")]

    async def still() -> None:
        for name, box in zip(("#previous", "#next-page"), before, strict=True):
            assert await panel.page.locator(name).bounding_box() == box
            assert await on_top(panel.page, name)

    await still()
    for tab in ("Polls", "Slides", "Notes"):
        await panel.opens_tab(tab)
        await still()
    await panel.presses("b", "End", "d")
    await still()
    await panel.page.locator("#timer-open").click()
    await still()
    await panel.uploads("broken.pdf", b"this is no PDF")
    await expect(panel.page.get_by_role("alert").filter(has_text="broken.pdf")).to_be_visible()
    await still()


async def on_top(page: Page, selector: str) -> bool:
    """Whether nothing lies over the middle of an element."""
    found: bool = await page.evaluate(
        """(selector) => {
            const node = document.querySelector(selector);
            const { left, top, width, height } = node.getBoundingClientRect();
            return node.contains(document.elementFromPoint(left + width / 2, top + height / 2));
        }""",
        selector,
    )
    return found


@pytest.mark.parametrize("size", [(390, 844), (1024, 768), (1366, 768), (1366, 620), (1920, 1080)])
async def test_the_panel_fits(lecture: Lecture, open_window: OpenWindow, size: tuple[int, int]) -> None:
    """No scroll bar of the window, and slide, Prev and Next wholly inside."""
    panel = await Panel.enter(open_window, lecture.teacher, size=size)
    await panel.sees_slide(1)
    root = "(document.scrollingElement ?? document.body)"
    extent = await panel.page.evaluate(f"[{root}.scrollWidth, {root}.scrollHeight, innerWidth, innerHeight]")
    assert extent[:2] == extent[2:]
    for selector in ("#stage .stage-slide", "#previous", "#next-page"):
        await expect(panel.page.locator(selector)).to_be_in_viewport(ratio=0.99)
