"""The projector: the slide and its ink alone, how to join, and polls for the whole hall."""

import re

import pytest
from playwright.async_api import expect

from scripts.lib.lecture import ORANGE, Lecture
from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.browser.conftest import OpenWindow
from tests.browser.pages_screen import Projector
from tests.browser.pages_student import INK_AT
from tests.support.eventually import eventually

SPOKEN = re.compile(r"^[0-9A-Z]{3} [0-9A-Z]{3}$")


async def test_how_to_join_before_the_first_slide(
    hall: Server, teacher: Teacher, open_window: OpenWindow
) -> None:
    """Title, address, code and QR code fill the wall; the code is the lesson's."""
    projector = await Projector.begin(open_window, hall.url, teacher.lesson)
    join = projector.page.locator("#join")
    await expect(join).to_contain_text("Decision trees")
    await expect(join).to_contain_text(f"Join at {hall.url.removeprefix('http://')}")
    code = join.locator("[data-code]")
    await expect(code).to_have_text(SPOKEN)
    assert (await code.inner_text()).replace(" ", "").lower() == teacher.lesson
    picture = join.get_by_role("img", name="QR code")
    await eventually(lambda: picture.evaluate("node => node.complete && node.naturalWidth > 0"), bool)
    await expect(projector.corner).to_be_hidden()


async def test_the_wall_shows_slide_and_ink(hall: Server, lecture: Lecture, open_window: OpenWindow) -> None:
    """As the teacher turns and draws, whole stroke or piece."""
    projector = await Projector.begin(open_window, hall.url, lecture.teacher.lesson)
    await projector.shows_slide(1)
    await lecture.show(3)
    await projector.shows_slide(3)
    await lecture.draw(3, [(1000.0 + 300 * n, 2000.0) for n in range(20)], width=120)
    await eventually(
        lambda: projector.page.evaluate(INK_AT, [0.4, 2000 / 5625]), lambda found: found == ORANGE
    )


async def test_the_corner_can_be_hidden(hall: Server, lecture: Lecture, open_window: OpenWindow) -> None:
    """By key and by button, and it stays as it was left."""
    projector = await Projector.begin(open_window, hall.url, lecture.teacher.lesson)
    await projector.shows_slide(1)
    await expect(projector.corner).to_be_visible()
    await projector.press("c")
    await expect(projector.corner).to_be_hidden()
    await lecture.show(2)
    await projector.shows_slide(2)
    await expect(projector.corner).to_be_hidden()
    await projector.page.mouse.move(200, 200)
    await projector.page.get_by_role("button", name="Code").click()
    await expect(projector.corner).to_be_visible()


async def test_full_screen(hall: Server, lecture: Lecture, open_window: OpenWindow) -> None:
    """F there, F back."""
    projector = await Projector.begin(open_window, hall.url, lecture.teacher.lesson)
    await projector.shows_slide(1)

    async def full() -> bool:
        return bool(await projector.page.evaluate("document.fullscreenElement !== null"))

    await projector.press("f")
    await eventually(full, lambda now: now)
    await projector.press("f")
    await eventually(full, lambda now: not now)


async def test_an_open_poll_says_where_to_vote(
    hall: Server, lecture: Lecture, open_window: OpenWindow
) -> None:
    """Question and code below the slide; nothing of how the votes stand."""
    projector = await Projector.begin(open_window, hall.url, lecture.teacher.lesson)
    await projector.shows_slide(1)
    await lecture.open_poll("p1")
    await expect(projector.strip).to_contain_text("A tone of 5 kHz is sampled")
    await expect(projector.strip.locator("[data-code]")).to_have_text(SPOKEN)
    await expect(projector.corner).to_be_hidden()
    await lecture.votes("p1", hall.url, 3)
    await expect(projector.board).to_be_hidden()
    slide = await projector.page.locator(".stage-slide").bounding_box()
    strip = await projector.strip.bounding_box()
    assert slide is not None
    assert strip is not None
    assert slide["y"] + slide["height"] <= strip["y"]


async def test_bars_once_revealed(hall: Server, lecture: Lecture, open_window: OpenWindow) -> None:
    """Live while votes come in, with the correct one marked; gone with the next slide, and back by hand."""
    projector = await Projector.begin(open_window, hall.url, lecture.teacher.lesson)
    await projector.shows_slide(1)
    await lecture.open_poll("p1")
    await lecture.votes("p1", hall.url, 4)  # for B, B, A, B
    await lecture.close_poll("p1", reveal=True)
    right = projector.bar("A tone of 3 kHz")
    await expect(right).to_contain_text("✓ 75%")
    await expect(right).to_have_class("correct")
    await expect(projector.bar("A tone of 5 kHz")).to_contain_text("25%")
    await expect(projector.page.locator("#board-count")).to_have_text("4 votes")
    await lecture.show(2)
    await projector.shows_slide(2)
    await expect(projector.board).to_be_hidden()
    await projector.press("p")
    await expect(right).to_contain_text("75%")


async def test_a_late_projector_shows_the_results(
    hall: Server, lecture: Lecture, open_window: OpenWindow
) -> None:
    """Those revealed before it came, until the page is turned; loaded again after that, it keeps them away."""
    await lecture.open_poll("p1")
    await lecture.votes("p1", hall.url, 4)  # for B, B, A, B
    await lecture.close_poll("p1", reveal=True)
    projector = await Projector.begin(open_window, hall.url, lecture.teacher.lesson)
    await expect(projector.bar("A tone of 3 kHz")).to_contain_text("✓ 75%")
    await projector.page.reload()
    await expect(projector.bar("A tone of 3 kHz")).to_contain_text("✓ 75%")
    await lecture.show(2)
    await projector.shows_slide(2)
    await expect(projector.board).to_be_hidden()
    await projector.page.reload()
    await projector.shows_slide(2)
    await expect(projector.board).to_be_hidden()
    await projector.press("p")
    await expect(projector.bar("A tone of 3 kHz")).to_contain_text("75%")
    await projector.page.goto("about:blank")
    await lecture.show(3)
    await projector.page.go_back()
    await projector.shows_slide(3)
    await expect(projector.board).to_be_hidden()  # the page was turned meanwhile


@pytest.mark.parametrize(("mode", "color"), [("black", "rgb(0, 0, 0)"), ("white", "rgb(255, 255, 255)")])
async def test_black_and_white(
    hall: Server, lecture: Lecture, open_window: OpenWindow, mode: str, color: str
) -> None:
    """The whole wall, without a word or a code on it."""
    projector = await Projector.begin(open_window, hall.url, lecture.teacher.lesson)
    await projector.shows_slide(1)
    await lecture.teacher.write(("screen", {"mode": mode}))
    veil = projector.page.locator("#veil")
    await expect(veil).to_be_visible()
    await expect(veil).to_have_css("background-color", color)
    assert await veil.bounding_box() == {"x": 0, "y": 0, "width": 1920, "height": 1080}
    await expect(projector.corner).to_be_hidden()
    await lecture.teacher.write(("screen", {"mode": "slide"}))
    await expect(veil).to_be_hidden()
    await expect(projector.corner).to_be_visible()
