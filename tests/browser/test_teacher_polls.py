"""Polls from the first draft to the CSV, on the panel and on a student's phone."""

import csv
import io
from typing import Any

from playwright.async_api import expect

from scripts.lib.lecture import Lecture
from scripts.lib.teacher import Teacher
from tests.browser.conftest import OpenWindow
from tests.browser.pages_student import Student
from tests.browser.teacher_panel import Panel
from tests.support.eventually import eventually

QUESTION = "Which grows with k?"
OPTIONS = ["Bias", "Variance", "Both"]


async def poll_is(teacher: Teacher, **expected: Any) -> dict[str, Any]:
    """The lesson's one poll has these values."""

    async def look() -> dict[str, Any]:
        registers = await teacher.registers()
        return next((value for key, value in registers.items() if key.startswith("poll/")), {})

    return await eventually(
        look, lambda found: all(found.get(name) == value for name, value in expected.items())
    )


async def test_a_poll_from_draft_to_csv(lecture: Lecture, open_window: OpenWindow) -> None:
    """Saved, opened, voted on, closed, revealed, marked; it survives page turns, and its results stay."""
    teacher = lecture.teacher
    panel = await Panel.enter(open_window, teacher)
    student = await Student.join(open_window, teacher.join_url)
    await panel.opens_tab("Polls")
    await panel.writes_poll(QUESTION, OPTIONS, correct="Bias", then="Save draft")
    await poll_is(teacher, status="draft", question=QUESTION, options=OPTIONS, correct=[0])
    await student.sees_slide(1)
    await expect(student.page.get_by_text(QUESTION)).to_be_hidden()

    await panel.does_with_poll(QUESTION, "Open")
    await student.votes("Variance")
    await panel.sees_votes(QUESTION, "0 · 0 %", "1 · 100 %", "0 · 0 %")
    await expect(panel.page.locator("#polls-badge")).to_have_text("1")
    await panel.presses("PageDown")
    await student.sees_slide(2)
    await panel.sees_votes(QUESTION, "0 · 0 %", "1 · 100 %", "0 · 0 %")

    await panel.does_with_poll(QUESTION, "Close voting")
    await poll_is(teacher, status="closed", reveal=False)
    await panel.does_with_poll(QUESTION, "Reveal results")
    await student.sees_result("Variance", "100%")
    await panel.does_with_poll(QUESTION, "Mark “Variance” as correct")
    await poll_is(teacher, status="closed", reveal=True, correct=[1])
    await panel.page.reload()
    await panel.is_live()
    await panel.opens_tab("Polls")
    await panel.sees_votes(QUESTION, "0 · 0 %", "1 · 100 %", "0 · 0 %")

    async with panel.page.expect_download() as coming:
        await panel.page.get_by_role("link", name="Results as CSV").click()
    rows = list(csv.reader(io.StringIO((await (await coming.value).path()).read_text(encoding="utf-8-sig"))))
    assert any("Variance" in row and "1" in row for row in rows), rows


async def test_a_draft_is_edited_and_deleted(lecture: Lecture, open_window: OpenWindow) -> None:
    """A draft can still be changed; deleting is asked for first."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.opens_tab("Polls")
    await panel.writes_poll(QUESTION, OPTIONS, then="Save draft")
    await panel.does_with_poll(QUESTION, "Edit")
    form = panel.page.get_by_role("form", name="Poll")
    await form.get_by_role("button", name="Remove option C").click()
    await form.get_by_label("Several answers allowed").check()
    await form.get_by_role("button", name="Save draft").click()
    await poll_is(lecture.teacher, options=["Bias", "Variance"], multiple=True, status="draft")
    await panel.does_with_poll(QUESTION, "Delete this poll")
    await panel.page.get_by_role("button", name="Cancel").click()
    await expect(panel.poll(QUESTION)).to_be_visible()
    await panel.does_with_poll(QUESTION, "Delete this poll")
    await panel.page.get_by_role("button", name="Delete", exact=True).click()
    await expect(panel.poll(QUESTION)).to_be_hidden()
    await eventually(
        lecture.teacher.registers, lambda found: not any(key.startswith("poll/") for key in found)
    )


async def test_the_form_says_what_is_missing(lecture: Lecture, open_window: OpenWindow) -> None:
    """No question, one option, two options alike: nothing is written before it is right."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.opens_tab("Polls")
    error = panel.page.get_by_role("form", name="Poll").get_by_role("alert")
    await panel.writes_poll("", OPTIONS, then="Open now")
    await expect(error).to_have_text("Write the question first.")
    form = panel.page.get_by_role("form", name="Poll")
    await form.get_by_label("Question").fill(QUESTION)
    for letter in "BC":
        await form.get_by_role("textbox", name=f"Option {letter}").fill("")
    await form.get_by_role("button", name="Open now").click()
    await expect(error).to_have_text("A poll needs two options at least.")
    await form.get_by_role("textbox", name="Option B").fill("Bias")
    await form.get_by_role("button", name="Open now").click()
    await expect(error).to_have_text("Two options are the same.")
    assert panel.sent == []


async def test_the_form_keeps_its_words(lecture: Lecture, open_window: OpenWindow) -> None:
    """Page turns and other tabs do not take what is being written; Enter goes from option to option."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.opens_tab("Polls")
    await panel.page.get_by_role("button", name="New poll").click()
    form = panel.page.get_by_role("form", name="Poll")
    await form.get_by_label("Question").fill(QUESTION)
    await form.get_by_role("textbox", name="Option A").press_sequentially("Bias")
    await panel.presses("Enter")
    await panel.page.keyboard.type("Variance")
    await panel.presses("Enter")
    await panel.page.keyboard.type("Both")
    await lecture.show(5)
    await panel.sees_place(5, 8)
    await panel.opens_tab("Notes")
    await panel.opens_tab("Polls")
    await form.get_by_role("button", name="Open now").click()
    await poll_is(lecture.teacher, status="open", question=QUESTION, options=OPTIONS)


async def test_votes_do_not_take_the_focus(lecture: Lecture, open_window: OpenWindow) -> None:
    """A teacher on the way to "Close voting" by keyboard is not thrown off by a vote that comes in."""
    panel = await Panel.enter(open_window, lecture.teacher)
    student = await Student.join(open_window, lecture.teacher.join_url)
    await panel.opens_tab("Polls")
    await panel.writes_poll(QUESTION, OPTIONS, then="Open now")
    close = panel.poll(QUESTION).get_by_role("button", name="Close voting")
    await close.focus()
    await student.votes("Both")
    await panel.sees_votes(QUESTION, "0 · 0 %", "0 · 0 %", "1 · 100 %")
    await expect(close).to_be_focused()
    await panel.presses("Tab", "Shift+Tab", "Enter")
    await poll_is(lecture.teacher, status="closed")
