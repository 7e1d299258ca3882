"""Students follow a lesson: slides, ink, looking back, and being kept informed."""

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Route, expect

from scripts.lib.lecture import BLUE, ORANGE, Lecture, flat
from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.browser.conftest import OpenWindow
from tests.browser.pages_student import Student
from tests.support.eventually import eventually
from tests.support.line import line_to

ACROSS = [(1000.0 + 400 * n, 2000.0) for n in range(20)]  # on a page of 16 by 9: y is 2000 of 5625
ON_LINE = (0.4, 2000 / 5625)
GREEN = "#009e73"


def lower(y: float) -> list[tuple[float, float]]:
    """The same points further down."""
    return [(x, y) for x, _ in ACROSS]


def line(color: str = ORANGE, points: list[tuple[float, float]] = ACROSS) -> dict[str, Any]:
    """A stroke's register."""
    return {"tool": "pen", "color": color, "width": 120, "points": flat(points)}


async def test_a_student_follows_the_slides(lecture: Lecture, open_window: OpenWindow) -> None:
    """The page turns on the phone when the teacher turns it, and the title is the lesson's."""
    student = await Student.join(open_window, lecture.teacher.join_url)
    await student.sees_slide(1)
    await student.sees_status("Live")
    await expect(student.page.get_by_role("heading", level=1)).to_have_text("Signals, week 3: sampling")
    await lecture.show(4)
    await student.sees_slide(4)


async def test_a_late_joiner_sees_what_the_others_see(lecture: Lecture, open_window: OpenWindow) -> None:
    """Slide, ink in the middle of a stroke, and the open poll."""
    page = lecture.pages[2]
    await lecture.show(3)
    await lecture.teacher.write(
        *((f"ink/{page}/s1/{n}", line(BLUE, ACROSS[2 * n : 2 * n + 3])) for n in range(10))
    )
    await lecture.open_poll("p1")
    student = await Student.join(open_window, lecture.teacher.join_url)
    await student.sees_slide(3)
    await student.sees_ink(BLUE, *ON_LINE)
    await expect(student.page.get_by_role("heading", name="A tone of 5 kHz")).to_be_visible()


async def test_pieces_become_the_whole_stroke(lecture: Lecture, open_window: OpenWindow) -> None:
    """Pieces are joined in the order of their numbers, and give way to the stroke; clearing takes all."""
    student = await Student.join(open_window, lecture.teacher.join_url)
    await student.sees_slide(1)
    page = lecture.pages[0]
    # In the order of text, 10 and 11 would come before 2, and the line would run back through the middle.
    corners = [(500.0 + 700 * n, 500.0 if n < 10 else 4500.0) for n in range(12)]
    pieces = [(f"ink/{page}/s1/{n}", line(points=corners[n : n + 1])) for n in range(12)]
    await lecture.teacher.write(*pieces)
    between_9_and_10, between_11_and_2 = (0.715, 2500 / 5625), (0.505, 2500 / 5625)
    await student.sees_ink(ORANGE, *between_9_and_10)
    await student.sees_ink("", *between_11_and_2)
    await lecture.teacher.write((f"ink/{page}/s1/", None), (f"ink/{page}/s1", line(BLUE)))
    await student.sees_ink(BLUE, *ON_LINE)
    await student.sees_ink("", *between_9_and_10)
    await lecture.teacher.write((f"ink/{page}/", None))
    await student.sees_ink("", *ON_LINE)


async def test_the_laser_fades_when_nothing_more_comes(lecture: Lecture, open_window: OpenWindow) -> None:
    """A pointer is live or gone: three seconds after the last word of it there is none."""
    student = await Student.join(open_window, lecture.teacher.join_url)
    await student.sees_slide(1)
    laser = student.page.locator(".stage-laser")
    await lecture.teacher.write(("pointer", {"page": lecture.pages[0], "x": 5000, "y": 2000}))
    await expect(laser).to_be_visible()
    await expect(laser).to_be_hidden()
    await lecture.teacher.write(("pointer", {"page": lecture.pages[0], "x": 6000, "y": 2000}))
    await expect(laser).to_be_visible()
    await lecture.teacher.write(("pointer", None))
    await expect(laser).to_be_hidden(timeout=2_500)  # sooner than by itself


async def test_looking_back_and_going_live(lecture: Lecture, open_window: OpenWindow) -> None:
    """Shown pages can be looked at again while the lesson goes on; what is to come cannot."""
    await lecture.show(3)
    student = await Student.join(open_window, lecture.teacher.join_url)
    await student.sees_slide(3)
    await student.is_live()
    await student.cannot_go_forward()
    await student.back()
    await student.sees_slide(2)
    await student.is_behind(3)
    await lecture.show(5)
    await student.is_behind(5)
    await student.sees_slide(2)
    await student.go_live()
    await student.sees_slide(5)
    await student.is_live()
    await lecture.show(2)
    await student.sees_slide(2)
    await student.forward()
    await student.sees_slide(3)
    await student.is_behind(2)
    for number in (4, 5):
        await student.forward()
        await student.sees_slide(number)
    await student.cannot_go_forward()


async def test_stepping_onto_the_live_page_is_going_live(lecture: Lecture, open_window: OpenWindow) -> None:
    """Who comes forward to the live slide follows again."""
    await lecture.show(2)
    student = await Student.join(open_window, lecture.teacher.join_url)
    await student.sees_slide(2)
    await student.back()
    await student.is_behind(2)
    await student.forward()
    await student.is_live()
    await lecture.show(4)
    await student.sees_slide(4)


async def test_looking_back_brings_the_pages_ink(lecture: Lecture, open_window: OpenWindow) -> None:
    """Ink of a page that was drawn on before one came is fetched when one looks at it."""
    await lecture.teacher.write((f"ink/{lecture.pages[0]}/s1", line()))
    await lecture.show(2)
    student = await Student.join(open_window, lecture.teacher.join_url)
    await student.sees_slide(2)
    await student.sees_ink("", *ON_LINE)
    await student.back()
    await student.sees_slide(1)
    await student.sees_ink(ORANGE, *ON_LINE)


async def test_ink_fetched_late_does_not_undo_the_stream(lecture: Lecture, open_window: OpenWindow) -> None:
    """What the stream brings while the ink of a page is on its way holds: what was erased stays so, what was drawn too."""
    page = lecture.pages[0]
    await lecture.teacher.write((f"ink/{page}/s1", line()), (f"ink/{page}/s3", line(GREEN, lower(5000))))
    await lecture.show(2)
    student = await Student.join(open_window, lecture.teacher.join_url)
    await student.sees_slide(2)
    asked, answer = asyncio.Event(), asyncio.Event()

    async def slow(route: Route) -> None:
        response = await route.fetch()  # the page's ink as it is now
        asked.set()
        await answer.wait()
        await route.fulfill(response=response)

    await student.page.route("**/ink/*", slow)
    await student.back()
    await asyncio.wait_for(asked.wait(), 5)
    await lecture.teacher.write((f"ink/{page}/s1", None), (f"ink/{page}/s2", line(BLUE, lower(4000))))
    await student.sees_ink(BLUE, 0.4, 4000 / 5625)
    answer.set()
    await student.sees_ink(GREEN, 0.4, 5000 / 5625)  # the answer is in
    await student.sees_ink(BLUE, 0.4, 4000 / 5625)
    await student.sees_ink("", *ON_LINE)


async def test_a_reset_while_looking_back_fetches_again(
    hall: Server, lecture: Lecture, open_window: OpenWindow
) -> None:
    """A reset drops the ink of pages that are not live; the one on show comes back by itself."""
    await lecture.teacher.write((f"ink/{lecture.pages[0]}/s1", line()))
    await lecture.show(2)
    async with line_to(hall.port) as network:
        student = await Student.join(open_window, f"{network.url}/{lecture.teacher.lesson}")
        student.window.expected.append("net::ERR_")
        await student.sees_slide(2)
        await student.back()
        await student.sees_ink(ORANGE, *ON_LINE)
        async with student.page.expect_request("**/ink/*"):
            network.forget_cursors()
            network.cut()
        await student.sees_status("Live")
        await student.sees_slide(1)
        await student.sees_ink(ORANGE, *ON_LINE)


@pytest.mark.parametrize("mode", ["black", "white"])
async def test_a_paused_screen_says_so(lecture: Lecture, open_window: OpenWindow, mode: str) -> None:
    """Black or white with a small note; looking back is still possible."""
    await lecture.show(2)
    student = await Student.join(open_window, lecture.teacher.join_url)
    await student.sees_slide(2)
    await lecture.teacher.write(("screen", {"mode": mode}))
    veil = student.page.locator("#veil")
    await expect(veil).to_have_attribute("data-kind", mode)
    await expect(veil).to_have_text("The teacher has paused the screen.")
    await student.back()
    await expect(veil).to_be_hidden()
    await student.go_live()
    await expect(veil).to_be_visible()
    await lecture.teacher.write(("screen", {"mode": "slide"}))
    await expect(veil).to_be_hidden()


async def test_the_timer_counts_and_stops(lecture: Lecture, open_window: OpenWindow) -> None:
    """It runs by the server's clock, stands still while paused, and says when time is up."""
    student = await Student.join(open_window, lecture.teacher.join_url)
    timer = student.page.get_by_role("timer")
    await lecture.teacher.write(("timer", {"paused": 83_000}))
    await expect(timer).to_have_text("1:23")
    now = await student.page.evaluate("Date.now()")
    await lecture.teacher.write(("timer", {"ends": now + 60_000}))
    await expect(timer).to_have_text(re.compile(r"^0:5\d$"))
    await lecture.teacher.write(("timer", {"ends": now - 1}))
    await expect(timer).to_have_text("Time’s up")
    await lecture.teacher.write(("timer", None))
    await expect(timer).to_be_hidden()


async def test_the_screen_is_kept_awake(lecture: Lecture, open_window: OpenWindow, hall: Server) -> None:
    """While the lesson lasts, and again after the browser took the lock away."""
    student = await Student.join(open_window, hall.url)
    await student.page.add_init_script("""
      window.locks = [];
      const request = async () => {
        const lock = { released: false, release: async () => { lock.released = true; } };
        locks.push(lock);
        return lock;
      };
      Object.defineProperty(navigator, "wakeLock", { value: { request } });
    """)
    await student.page.goto(lecture.teacher.join_url)
    await student.sees_slide(1)

    async def locks() -> list[bool]:
        released: list[bool] = await student.page.evaluate("locks.map((lock) => lock.released)")
        return released

    await eventually(locks, lambda found: found == [False])
    await student.page.evaluate(
        "locks[0].released = true; document.dispatchEvent(new Event('visibilitychange'))"
    )
    await eventually(locks, lambda found: found == [True, False])
    await lecture.teacher.end()
    await student.sees_status("Ended")
    await eventually(locks, lambda found: found == [True, True])


async def test_before_the_first_slide(teacher: Teacher, open_window: OpenWindow) -> None:
    """A lesson without slides says what one waits for."""
    student = await Student.join(open_window, teacher.join_url)
    await expect(student.page.get_by_text("Waiting for the teacher")).to_be_visible()
    await student.sees_status("Live")


async def test_an_ended_lesson_can_be_looked_back_at(lecture: Lecture, open_window: OpenWindow) -> None:
    """The badge says it, at once and after a reload; its slides stay."""
    await lecture.show(2)
    student = await Student.join(open_window, lecture.teacher.join_url)
    await student.sees_slide(2)
    await lecture.teacher.end()
    await student.sees_status("Ended")
    await student.hears("The lesson has ended.")
    await student.page.reload()
    await student.sees_status("Ended")
    await student.sees_slide(2)
    await student.back()
    await student.sees_slide(1)
    await student.page.get_by_role("button", name="Last slide").click()
    await student.sees_slide(2)
