"""The panel as a whole: entering, turning pages, files, notes, and being told how things are."""

import re
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from scripts.lib.deck import plain_deck
from scripts.lib.lecture import Lecture
from scripts.lib.teacher import Teacher
from tests.browser.conftest import OpenWindow
from tests.browser.teacher_panel import Panel
from tests.support.eventually import eventually

NOT_ALLOWED = "401 (Unauthorized)"
NO_LINE = "ERR_INTERNET_DISCONNECTED"


async def register(teacher: Teacher, key: str, value: Any) -> None:
    """The server holds this value, or none (None), under the key."""
    await eventually(teacher.registers, lambda found: found.get(key) == value)


async def page_is(lecture: Lecture, number: int) -> None:
    """The lesson is at this page of the deck."""
    await register(lecture.teacher, "slide", {"page": lecture.pages[number - 1]})


# Entering


async def test_the_key_leaves_the_address_bar(teacher: Teacher, open_window: OpenWindow) -> None:
    """It is traded for a cookie, which opens the panel from then on; the link is offered once."""
    panel = await Panel.enter(open_window, teacher)
    assert teacher.key not in panel.page.url
    await panel.window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await panel.page.get_by_role("button", name="Copy the teacher link").click()
    link = await panel.page.evaluate("navigator.clipboard.readText()")
    assert link == f"{teacher.teach_url}#key={teacher.key}"
    await expect(panel.page.get_by_role("button", name="Copy the teacher link")).to_be_hidden()
    await panel.page.reload()
    await panel.is_live()
    await expect(panel.page.get_by_role("button", name="Copy the teacher link")).to_be_hidden()


async def test_without_a_key_the_panel_asks(teacher: Teacher, open_window: OpenWindow) -> None:
    """A wrong key is said to be wrong; the whole link is taken as well as the key."""
    panel = await Panel.enter(open_window, teacher, key=False)
    panel.window.expected.append(NOT_ALLOWED)
    await panel.signs_in("not-the-key")
    await expect(panel.page.get_by_role("alert")).to_contain_text("not this lesson's key")
    await panel.signs_in(f"{teacher.teach_url}#key={teacher.key}")
    await panel.is_live()
    await expect(panel.page.get_by_role("heading", level=1)).to_have_text("Decision trees")


async def test_signed_out_later_nothing_is_lost(lecture: Lecture, open_window: OpenWindow) -> None:
    """The panel asks for the key again, and then sends what was written meanwhile."""
    panel = await Panel.enter(open_window, lecture.teacher)
    panel.window.expected.append(NOT_ALLOWED)
    await panel.window.context.clear_cookies()
    await panel.presses("PageDown")
    await panel.sees_place(2, 8)
    await expect(panel.page.get_by_role("dialog", name="Teacher's key")).to_be_visible()
    await page_is(lecture, 1)
    await panel.signs_in(lecture.teacher.key)
    await page_is(lecture, 2)
    await panel.is_live()


# Turning pages


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


# Pages of the lesson


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


# Files


async def test_a_pdf_is_uploaded_and_shown(teacher: Teacher, open_window: OpenWindow) -> None:
    """Chosen by the button: its first page shows, its thumbnails come; a second deck is put behind the first."""
    panel = await Panel.enter(open_window, teacher)
    await panel.uploads("First week.pdf", plain_deck(3))
    await panel.sees_slide(1)
    await panel.sees_place(1, 3)
    await expect(panel.page.locator(".strip .thumbnail img")).to_have_count(3)
    await panel.drops("Second week.pdf", plain_deck(2))
    await panel.sees_place(1, 5)
    await panel.opens_tab("Slides")
    await expect(panel.page.locator(".decks li")).to_have_text(
        [re.compile(r"First week\.pdf"), re.compile(r"Second week\.pdf")]
    )
    await expect(panel.page.locator("#progress")).to_be_empty()


async def test_a_broken_pdf_says_why(lecture: Lecture, open_window: OpenWindow) -> None:
    """The reason stays until it is put away; what was shown before stays in any case."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.uploads("broken.pdf", b"%PDF-1.4 and then nothing of use")
    fault = panel.page.get_by_role("alert").filter(has_text="broken.pdf")
    await expect(fault).to_contain_text("damaged")
    await panel.sees_slide(1)
    await fault.get_by_role("button", name="Put away").click()
    await expect(fault).to_be_hidden()
    await panel.page.reload()
    await panel.is_live()
    await panel.sees_slide(1)
    await expect(fault).to_be_hidden()


async def test_what_is_no_pdf_is_not_sent(lecture: Lecture, open_window: OpenWindow) -> None:
    """The panel says what to do instead."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.page.locator("#file").set_input_files(
        {"name": "slides.pptx", "mimeType": "application/vnd.ms-powerpoint", "buffer": b"PK"}
    )
    await expect(panel.page.get_by_role("alert").filter(has_text="slides.pptx")).to_contain_text("as PDF")


# The line


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


# The rest of the bar


async def test_the_timer(lecture: Lecture, open_window: OpenWindow) -> None:
    """Started, paused and removed, for the students' screens."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.page.locator("#timer-open").click()
    await panel.page.get_by_role("button", name="5 min", exact=True).click()
    await expect(panel.page.locator("#timer-text")).to_have_text(re.compile(r"^(5:00|4:5\d)$"))
    await panel.page.locator("#timer-open").click()
    await panel.page.get_by_role("button", name="Pause").click()
    held = await eventually(lecture.teacher.registers, lambda found: "paused" in found["timer"])
    assert 4 * 60_000 < held["timer"]["paused"] <= 5 * 60_000
    await panel.page.get_by_role("button", name="Remove").click()
    await register(lecture.teacher, "timer", None)


async def test_the_end_is_asked_for_and_final(lecture: Lecture, open_window: OpenWindow) -> None:
    """Both panels say so, write nothing any more, and can still be leafed through."""
    panel = await Panel.enter(open_window, lecture.teacher)
    other = await Panel.enter(open_window, lecture.teacher)
    await panel.page.get_by_role("button", name="End lesson").click()
    await panel.page.get_by_role("button", name="Cancel").click()
    await panel.page.get_by_role("button", name="End lesson").click()
    await panel.page.get_by_role("button", name="End the lesson").click()
    await panel.is_told("The lesson has ended.")
    await other.is_told("The lesson has ended.")
    sent = len(other.sent)
    await other.presses("PageDown")
    await other.sees_slide(2)
    await page_is(lecture, 1)
    assert len(other.sent) == sent


async def test_the_code_and_the_qr_code(lecture: Lecture, open_window: OpenWindow) -> None:
    """The code copies the link to join; the QR code is shown large; a clicker goes on from there."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await panel.page.get_by_role("button", name=re.compile("^Copy the link to join")).click()
    assert await panel.page.evaluate("navigator.clipboard.readText()") == lecture.teacher.join_url
    await panel.page.get_by_role("button", name="Show the QR code").click()
    picture = panel.page.get_by_role("img", name="QR code of the link to join")
    await eventually(lambda: picture.evaluate("(image) => image.naturalWidth"), lambda width: width > 0)
    await panel.presses("PageDown")
    await page_is(lecture, 2)
    await expect(picture).to_be_hidden()
