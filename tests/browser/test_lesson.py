"""A whole lecture in real windows: a teacher, students and a projector, from the upload to the results.

Rules: one story, told with one worker, with two, and with a restart of everything in the middle of it. At the end every
window holds what the server holds, register by register.
"""

import csv
import io
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.lib.deck import plain_deck
from scripts.lib.server import Server, serve as serve_app
from scripts.lib.teacher import Teacher
from tests.browser.conftest import OpenWindow
from tests.browser.pages_screen import Projector
from tests.browser.pages_student import Student
from tests.browser.teacher_panel import LINE, ON_LINE, Panel
from tests.browser.windows import Windows
from tests.support.eventually import eventually

PAGES = 46
QUESTION = "Which k is best?"
OPTIONS = ["one", "three", "fifteen"]
BLACK = "#000000"
LOST_LINE = (
    "ERR_CONNECTION_REFUSED",
    "ERR_INCOMPLETE_CHUNKED",
    "ERR_EMPTY_RESPONSE",
    "ERR_CONNECTION_RESET",
    "503",
)


@dataclass
class Hall:
    """Everybody in the lecture."""

    server: Server
    teacher: Teacher
    windows: Windows
    panel: Panel
    projector: Projector
    students: list[Student]

    @property
    def link(self) -> str:
        """What the students get."""
        return self.teacher.join_url

    async def agrees(self) -> None:
        """Every window holds what the server holds."""
        viewers = [self.projector.page, *(student.page for student in self.students)]
        await self.panel.is_idle()
        await self.windows.agree(*viewers, panel=self.panel.page)

    def may_lose_the_line(self) -> None:
        """From now on a server that does not answer is no fault of a window."""
        for window in [self.panel.window, self.projector.window, *(each.window for each in self.students)]:
            window.expected += LOST_LINE

    async def is_at(self, number: int) -> None:
        """Everybody who follows sees the page."""
        await self.panel.sees_slide(number)
        await self.projector.shows_slide(number)
        for student in self.students:
            await student.sees_slide(number)


async def gather(stack: AsyncExitStack, server: Server, open_window: OpenWindow) -> Hall:
    """A teacher with a panel, a projector and two students; the deck is uploaded and shown."""
    http = await stack.enter_async_context(server.client())
    teacher = await Teacher.start(http, "Nearest neighbours")
    panel = await Panel.enter(open_window, teacher)
    await panel.drops("lecture.pdf", plain_deck(PAGES))
    await panel.sees_place(1, PAGES)
    projector = await Projector.begin(open_window, server.url, teacher.lesson)
    students = [await Student.join(open_window, teacher.join_url) for _ in range(2)]
    return Hall(server, teacher, Windows(teacher), panel, projector, students)


async def first_half(hall: Hall, open_window: OpenWindow) -> None:
    """Pages, ink, a clear and its undo, and a student who comes late, in the middle of a stroke."""
    await hall.is_at(1)
    await hall.panel.presses("PageDown", "ArrowRight", "PageDown")
    await hall.is_at(4)
    await hall.panel.takes("Pen")
    await hall.panel.takes("Black")
    await hall.panel.takes("Thick")
    await hall.panel.draws(*LINE)
    for student in hall.students:
        await student.sees_ink(BLACK, *ON_LINE)
    await hall.panel.takes("Clear the page")
    for student in hall.students:
        await student.sees_ink("", *ON_LINE)
    await hall.panel.presses("Control+z")
    for student in hall.students:
        await student.sees_ink(BLACK, *ON_LINE)

    mouse = hall.panel.page.mouse
    await mouse.move(*await hall.panel.at((0.2, 0.7)))
    await mouse.down()
    await mouse.move(*await hall.panel.at((0.5, 0.7)), steps=12)
    late = await Student.join(open_window, hall.link)
    hall.students.append(late)
    await late.sees_slide(4)
    await late.sees_ink(BLACK, *ON_LINE)
    await late.sees_ink(BLACK, 0.3, 0.7)  # of a stroke that has not ended yet
    await mouse.move(*await hall.panel.at((0.8, 0.7)), steps=12)
    await mouse.up()
    await late.sees_ink(BLACK, 0.7, 0.7)
    await hall.agrees()


async def second_half(hall: Hall) -> None:
    """A poll across slide changes, a reload, and a look back."""
    ann, ben, late = hall.students
    await hall.panel.presses("Escape")
    await hall.panel.opens_tab("Polls")
    await hall.panel.writes_poll(QUESTION, OPTIONS, correct="three", then="Open now")
    await ann.votes("one")
    await ben.votes("three")
    await hall.panel.sees_votes(QUESTION, "1 · 50 %", "1 · 50 %", "0 · 0 %")
    await ann.votes("three")
    await hall.panel.sees_votes(QUESTION, "0 · 0 %", "2 · 100 %", "0 · 0 %")
    await hall.panel.next()
    await hall.is_at(5)
    await late.votes("fifteen")
    await hall.panel.sees_votes(QUESTION, "0 · 0 %", "2 · 67 %", "1 · 33 %")
    await hall.panel.does_with_poll(QUESTION, "Close")
    await hall.panel.does_with_poll(QUESTION, "Reveal")
    for student in hall.students:
        await student.sees_result("three", "67%")

    await ann.page.reload()
    await ann.sees_slide(5)
    await ann.has_receipt("Your vote: B")
    await ben.back()
    await ben.sees_ink(BLACK, *ON_LINE)
    await ben.is_behind(5)
    page = (await hall.windows.held())["pages"]["order"][3]
    await hall.windows.has_ink_of(ben.page, page)
    await ben.go_live()
    await ben.sees_slide(5)
    await hall.agrees()


async def results_are_right(hall: Hall) -> None:
    """The table has a row an option, with its votes."""
    answer = await hall.teacher.http.get(f"{hall.teacher.path}/polls.csv", headers=hall.teacher.auth)
    rows = list(csv.DictReader(io.StringIO(answer.raise_for_status().text)))
    assert [(row["question"], row["text"], row["count"], row["voters"]) for row in rows] == [
        (QUESTION, "one", "0", "3"),
        (QUESTION, "three", "2", "3"),
        (QUESTION, "fifteen", "1", "3"),
    ]


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_lecture(workers: int, tmp_path: Path, open_window: OpenWindow) -> None:
    """From the upload to the results, with one worker and with two."""
    with serve_app(tmp_path, workers=workers) as server:
        async with AsyncExitStack() as stack:
            hall = await gather(stack, server, open_window)
            await first_half(hall, open_window)
            await second_half(hall)
            await results_are_right(hall)
            hall.may_lose_the_line()  # the server stops before the windows do
    assert "Traceback" not in server.log, server.log


async def test_a_lecture_survives_a_restart_of_everything(tmp_path: Path, open_window: OpenWindow) -> None:
    """Server and store are killed in the middle: key, slides, ink and votes are there, and the streams go on."""
    with serve_app(tmp_path) as server:
        async with AsyncExitStack() as stack:
            hall = await gather(stack, server, open_window)
            await first_half(hall, open_window)
            for window in [
                hall.panel.window,
                hall.projector.window,
                *(each.window for each in hall.students),
            ]:
                window.expected += LOST_LINE
            server.kill()
            await hall.panel.presses("PageDown")  # while nobody answers
            server.start()
            await eventually(hall.windows.held, lambda held: held["slide"]["page"].endswith("-5"))
            await hall.is_at(5)
            await hall.panel.presses("PageUp")
            await hall.is_at(4)
            for student in hall.students:
                await student.sees_ink(BLACK, *ON_LINE)
            await hall.agrees()
            await second_half(hall)
            await results_are_right(hall)
    assert "Traceback" not in server.log, server.log
