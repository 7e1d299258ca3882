"""PDFs on the panel: uploaded, refused, broken."""

import re

from playwright.async_api import expect

from scripts.lib.deck import plain_deck
from scripts.lib.lecture import Lecture
from scripts.lib.teacher import Teacher
from tests.browser.conftest import OpenWindow
from tests.browser.teacher_panel import Panel


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
