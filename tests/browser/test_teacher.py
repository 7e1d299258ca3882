"""The panel as a whole: entering it, its top bar, and the end."""

import re

from playwright.async_api import expect

from scripts.lib.lecture import Lecture
from scripts.lib.teacher import Teacher
from tests.browser.conftest import OpenWindow
from tests.browser.teacher_panel import Panel, page_is, register
from tests.support.eventually import eventually

NOT_ALLOWED = "401 (Unauthorized)"
NOT_SHOWN_YET = "403 (Forbidden)"  # thumbnails of pages that students may not see yet


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
    panel.window.expected += [NOT_ALLOWED, NOT_SHOWN_YET]
    await panel.window.context.clear_cookies()
    await panel.presses("PageDown")
    await panel.sees_place(2, 8)
    await expect(panel.page.get_by_role("dialog", name="Teacher's key")).to_be_visible()
    await page_is(lecture, 1)
    await panel.signs_in(lecture.teacher.key)
    await page_is(lecture, 2)
    await panel.is_live()


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
    for each in (panel, other):
        # The clock may still be being measured, by an empty request, when the lesson ends.
        each.window.expected.append("409 (Conflict)")
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
