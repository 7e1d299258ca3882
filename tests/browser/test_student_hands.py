"""What a student does to turn, zoom and read slides, and what the page fetches for it."""

import re
from contextlib import suppress

from playwright.async_api import expect

from scripts.lib.lecture import Lecture
from tests.browser.conftest import OpenWindow
from tests.browser.pages_student import Student
from tests.support.eventually import eventually


async def test_the_keyboard_turns_pages(lecture: Lecture, open_window: OpenWindow) -> None:
    """Arrows, Home and End, and the focus is never lost on a button that goes away."""
    await lecture.show(3)
    student = await Student.join(open_window, lecture.teacher.join_url)
    await student.sees_slide(3)
    keyboard = student.page.keyboard
    await keyboard.press("ArrowLeft")
    await student.sees_slide(2)
    await keyboard.press("Home")
    await student.sees_slide(1)
    await keyboard.press("ArrowRight")
    await student.sees_slide(2)
    await keyboard.press("End")
    await student.sees_slide(3)
    await keyboard.press("PageUp")
    await student.page.get_by_role("button", name="Go live").focus()
    await keyboard.press("Enter")
    await student.sees_slide(3)
    await expect(student.page.locator("#stage")).to_be_focused()


async def test_swipes_turn_pages(lecture: Lecture, open_window: OpenWindow) -> None:
    """A finger to the right shows the page before, to the left the next."""
    await lecture.show(3)
    student = await Student.join(open_window, lecture.teacher.join_url, has_touch=True)
    await student.sees_slide(3)
    await swipe(student, 80, 300)
    await student.sees_slide(2)
    await swipe(student, 300, 80)
    await student.sees_slide(3)


async def test_zooming(lecture: Lecture, open_window: OpenWindow) -> None:
    """Keys and a double tap zoom; zero and another double tap show the whole slide; a turn starts whole."""
    student = await Student.join(open_window, lecture.teacher.join_url, has_touch=True)
    await student.sees_slide(1)
    whole = (await student.box(".stage-slide"))["width"]

    async def width() -> float:
        return (await student.box(".stage-slide"))["width"]

    await student.page.keyboard.press("+")
    await eventually(width, lambda now: now > 1.4 * whole)
    await student.page.keyboard.press("0")
    await eventually(width, lambda now: now == whole)

    async def double_tapped() -> float:
        for _ in range(2):
            await student.page.touchscreen.tap(200, 400)
        with suppress(AssertionError):  # the second tap came too late to be one of a pair
            await eventually(width, lambda now: now > 2 * whole, seconds=2.0)
        return await width()

    await eventually(double_tapped, lambda now: now > 2 * whole)
    await lecture.show(2)
    await student.sees_slide(2)
    await eventually(width, lambda now: now == whole)


async def test_the_next_two_pages_are_fetched_ahead(lecture: Lecture, open_window: OpenWindow) -> None:
    """Within seconds of a turn, and no more than two: the server refuses more."""
    student = await Student.join(open_window, lecture.teacher.join_url)
    await student.sees_slide(1)
    asked: set[str] = set()
    student.page.on("request", lambda request: asked.add(request.url))

    def pages() -> set[int]:
        return {int(found[1]) for url in asked if (found := re.search(r"/(\d+)-\d+\.webp$", url))}

    await lecture.show(2)

    async def look() -> set[int]:
        return pages()

    await eventually(look, lambda found: {3, 4} <= found)
    assert pages() <= {2, 3, 4}


async def test_a_page_that_does_not_come_is_asked_for_again(
    lecture: Lecture, open_window: OpenWindow
) -> None:
    """A picture lost on the way is not lost for good, and the old slide does not stand in for it."""
    student = await Student.join(open_window, lecture.teacher.join_url)
    student.window.expected.append("net::ERR_FAILED")
    await student.sees_slide(1)
    await student.page.route(re.compile(r"/5-\d+\.webp$"), lambda route: route.abort())
    await lecture.show(5)
    await expect(student.page.get_by_text("Loading…", exact=True)).to_be_visible()
    await expect(student.page.get_by_role("img", name=re.compile("^Slide"))).to_have_count(0)
    await student.page.unroute_all()
    await student.sees_slide(5)


async def test_the_text_of_a_slide_is_there_to_read(lecture: Lecture, open_window: OpenWindow) -> None:
    """For screen readers by itself; for everybody at a button."""
    await lecture.show(2)
    student = await Student.join(open_window, lecture.teacher.join_url)
    await student.sees_slide(2)
    await student.hears("Slide 2.")
    region = student.page.get_by_role("region", name="Text of Slide 2")
    await expect(region).not_to_contain_text("Loading", timeout=20_000)
    await expect(region).not_to_contain_text("no text")
    await student.page.get_by_role("button", name="Text").click()
    assert (await student.box("#reading"))["height"] > 60
    await lecture.show(3)
    await student.hears("Slide 3.")


async def swipe(student: Student, start: int, end: int) -> None:
    """One finger across the slide."""
    devtools = await student.window.context.new_cdp_session(student.page)
    steps = [("touchStart", start), *(("touchMove", start + (end - start) * n // 5) for n in range(1, 6))]
    for kind, x in steps:
        await devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": 400}]})
    await devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    await devtools.detach()
