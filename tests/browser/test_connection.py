"""The badge tells the truth, and whatever the line does, the lesson comes through: a student behind a bad line.

Rules: the server is real and the line is a proxy; long silences pass at the browser's clock, which Playwright turns.
"""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from scripts.lib.lecture import Lecture
from scripts.lib.server import Server
from tests.browser.conftest import OpenWindow
from tests.browser.pages_student import Student
from tests.support.line import Line, line_to

ONE_MISSED, TWO_MISSED, DEAD = 21_000, 33_000, 41_000
UNTIL_A_BEAT = 20_000  # beats come every 15 s


@pytest.fixture
async def line(hall: Server) -> AsyncIterator[Line]:
    """A line to the server. Asked for before windows, it outlives them."""
    async with line_to(hall.port) as line:
        yield line


async def join(line: Line, lecture: Lecture, open_window: OpenWindow) -> Student:
    """A student behind the line, whose clock can be turned."""
    student = await Student.join(open_window, line.url)
    student.window.expected += ["net::ERR_", "Failed to load resource"]
    await student.page.clock.install()
    await student.page.goto(f"{line.url}/{lecture.teacher.lesson}")
    await student.sees_slide(1)
    await student.sees_status("Live")
    return student


async def test_a_cut_line(line: Line, lecture: Lecture, open_window: OpenWindow) -> None:
    """Said at once; resumed with everything that was missed, from the cursor and not from the start."""
    student = await join(line, lecture, open_window)
    line.cut(refuse=True)
    await student.sees_status("Reconnecting…")
    await lecture.show(3)
    line.release()
    await student.sees_slide(3)
    await student.sees_status("Live")


async def test_silence_is_not_called_live(line: Line, lecture: Lecture, open_window: OpenWindow) -> None:
    """A line that swallows everything without a word: delayed after one beat missed, then reconnecting, then caught up."""
    student = await join(line, lecture, open_window)
    line.hold()
    await student.page.clock.fast_forward(ONE_MISSED)
    await student.sees_status("Delayed")
    await student.page.clock.fast_forward(DEAD - ONE_MISSED)
    await student.sees_status("Reconnecting…")
    await lecture.show(3)
    line.release()
    await student.sees_slide(3)
    await student.sees_status("Live")


async def test_where_streams_are_held_the_long_poll_goes_on(
    line: Line, lecture: Lecture, open_window: OpenWindow
) -> None:
    """Two beats missed while requests work: slides come by the long poll, as delayed; a good stream is used again."""
    student = await join(line, lecture, open_window)
    line.hold_streams()
    async with student.page.expect_request(re.compile(r"/state\?.*wait=25")):
        await student.page.clock.fast_forward(TWO_MISSED)
    await student.sees_status("Delayed")
    for number in (3, 4, 2):
        await lecture.show(number)
        await student.sees_slide(number)
    await student.sees_status("Delayed")
    line.release()
    await expect(student.page.locator("#badge")).to_have_text("Live", timeout=UNTIL_A_BEAT)
    await lecture.show(5)
    await student.sees_slide(5)


async def test_a_stream_held_from_the_start(line: Line, lecture: Lecture, open_window: OpenWindow) -> None:
    """Who joins behind such a proxy sees the lesson after seconds, not never."""
    line.hold_streams()
    await lecture.show(2)
    student = await Student.join(open_window, line.url)
    await student.page.clock.install()
    await student.page.goto(f"{line.url}/{lecture.teacher.lesson}")
    await student.sees_status("Connecting…")
    await student.page.clock.fast_forward(10_000)
    await student.sees_slide(2)
    await student.sees_status("Delayed")


async def test_an_ending_is_noticed_on_the_long_poll(
    line: Line, lecture: Lecture, open_window: OpenWindow
) -> None:
    """There no event `end` arrives."""
    student = await join(line, lecture, open_window)
    line.hold_streams()
    async with student.page.expect_request(re.compile(r"/state\?.*wait=25")):
        await student.page.clock.fast_forward(TWO_MISSED)
    await lecture.teacher.end()
    await student.sees_status("Ended")


async def test_a_proxy_that_answers_for_the_server(
    line: Line, lecture: Lecture, open_window: OpenWindow
) -> None:
    """Any status but 200 makes EventSource give up; the page does not, and asks at growing distances."""
    student = await join(line, lecture, open_window)
    line.answer_streams(503)
    await student.page.evaluate("dispatchEvent(new Event('online'))")  # opens the stream anew
    await student.sees_status("Reconnecting…")
    await lecture.show(3)
    await student.page.clock.fast_forward(3_000)
    await student.sees_slide(3)  # requests work: what is asked in between brings the state along
    line.release()
    await student.page.clock.fast_forward(60_000)
    await student.sees_status("Live")


async def test_a_page_that_comes_back_resumes_from_its_cursor(
    line: Line, lecture: Lecture, open_window: OpenWindow
) -> None:
    """From the back-forward cache, or when the device is online again: a new stream, and no reset."""
    student = await join(line, lecture, open_window)
    for event in ("new PageTransitionEvent('pageshow', { persisted: true })", "new Event('online')"):
        async with student.page.expect_request(re.compile(r"/events\?cursor=")):
            await student.page.evaluate(f"dispatchEvent({event})")
        await student.sees_status("Live")
    await lecture.show(3)
    await student.sees_slide(3)


async def test_being_offline_is_said(line: Line, lecture: Lecture, open_window: OpenWindow) -> None:
    """The device knows before any deadline does."""
    student = await join(line, lecture, open_window)
    line.hold()
    await student.window.context.set_offline(True)
    await student.sees_status("Reconnecting…")
    await student.hears("Connection lost. Reconnecting.")
    line.release()
    await student.window.context.set_offline(False)
    await student.sees_status("Live")
    await student.hears("Live again.")
