"""Polls on the student's page: a sheet beside the slide, a receipt that is true, results that stay."""

import asyncio
import re
from typing import Any

from playwright.async_api import FloatRect, Route, expect

from scripts.lib.lecture import QUESTION, Lecture
from tests.browser.conftest import OpenWindow
from tests.browser.pages_student import Student
from tests.support.eventually import eventually

RIGHT, WRONG = "A tone of 3 kHz", "A tone of 5 kHz"
VOTES = "**/polls/*/votes"


def poll(**changes: Any) -> dict[str, Any]:
    """The register of a poll."""
    return QUESTION | {"status": "open", "reveal": False} | changes


async def counted(lecture: Lecture, counts: list[int]) -> None:
    """The tally comes to this: it is told at most twice a second."""

    async def look() -> list[int]:
        tally = (await lecture.teacher.registers()).get("tally/p1") or {"counts": []}
        return list(tally["counts"])

    await eventually(look, lambda found: found == counts)


async def joined(lecture: Lecture, open_window: OpenWindow, **options: Any) -> Student:
    """A student on the first slide."""
    student = await Student.join(open_window, lecture.teacher.join_url, **options)
    await student.sees_slide(1)
    await student.sees_status("Live")
    return student


async def test_a_vote_has_a_receipt_that_survives_a_reload(lecture: Lecture, open_window: OpenWindow) -> None:
    """What the server acknowledged is shown, may be changed while the poll is open, and is counted once."""
    student = await joined(lecture, open_window)
    await lecture.open_poll("p1")
    await student.hears("Poll: A tone of 5 kHz")
    await student.has_receipt("")
    await student.votes(WRONG)
    await student.has_receipt("Your vote: A")
    await student.votes(RIGHT)
    await student.has_receipt("Your vote: B")
    await student.page.reload()
    await student.has_receipt("Your vote: B")
    await lecture.close_poll("p1", reveal=True)
    await student.sees_result(RIGHT, "100%")
    await student.sees_result(WRONG, "0%")
    await counted(lecture, [0, 1, 0, 0])


async def test_results_mark_the_correct_option_and_stay(lecture: Lecture, open_window: OpenWindow) -> None:
    """They are announced, survive the next slides, and can be put away and found again."""
    student = await joined(lecture, open_window)
    await lecture.open_poll("p1")
    await student.votes(WRONG)
    await student.has_receipt("Your vote: A")
    await lecture.close_poll("p1", reveal=True)
    await student.hears("Results are shown")
    await expect(student.option(RIGHT)).to_have_class(re.compile("correct"))
    await expect(student.option(WRONG)).not_to_have_class(re.compile("correct"))
    await lecture.show(3)
    await student.sees_slide(3)
    await student.sees_result(WRONG, "100%")
    await student.page.get_by_role("button", name="Hide").click()
    await expect(student.option(WRONG)).to_be_hidden()
    await lecture.show(4)
    await student.sees_slide(4)
    await student.page.get_by_role("button", name="Poll").click()
    await student.sees_result(WRONG, "100%")
    await student.has_receipt("Your vote: A")


async def test_a_poll_does_not_cover_the_slide(lecture: Lecture, open_window: OpenWindow) -> None:
    """The slide makes room, on a phone and on a laptop."""
    for size in ((390, 844), (844, 390), (1366, 768)):
        student = await joined(lecture, open_window, size=size)
        await lecture.open_poll("p1")
        await expect(student.option(RIGHT)).to_be_visible()

        async def covered(student: Student = student) -> bool:
            return overlap(await student.box(".stage-slide"), await student.box("#sheet"))

        await eventually(covered, lambda now: not now)  # it makes room in the frame after
        await lecture.teacher.write(("poll/p1", None))
        await expect(student.option(RIGHT)).to_be_hidden()


async def test_nothing_moves_under_the_finger(lecture: Lecture, open_window: OpenWindow) -> None:
    """A poll that opens leaves the bar where it is; votes, closing and results leave the options where they are."""
    await lecture.show(2)
    student = await Student.join(open_window, lecture.teacher.join_url)
    await student.sees_slide(2)
    bar = [await student.box(button) for button in ("#back", "#forward", "#poll", "#read")]
    await lecture.open_poll("p1")
    await expect(student.option(RIGHT)).to_be_visible()
    options = [await student.box(f".option:nth-child({n})") for n in (1, 2, 3, 4)]
    button = await student.box("#vote")
    await student.votes(RIGHT)
    await student.has_receipt("Your vote: B")
    await lecture.close_poll("p1", reveal=True)
    await student.sees_result(RIGHT, "100%")
    await student.back()
    await student.is_behind(2)
    assert [await student.box(f".option:nth-child({n})") for n in (1, 2, 3, 4)] == options
    assert await student.box("#vote") == button
    assert [await student.box(each) for each in ("#back", "#forward", "#poll", "#read")] == bar


async def test_a_vote_that_does_not_arrive_is_not_claimed(lecture: Lecture, open_window: OpenWindow) -> None:
    """No receipt without an answer; it is said, kept over a reload, and sent when the line is back."""
    student = await joined(lecture, open_window)
    student.window.expected.append("net::ERR_FAILED")
    await lecture.open_poll("p1")
    await expect(student.option(RIGHT)).to_be_visible()
    await student.page.route(VOTES, lambda route: route.abort())
    await student.votes(RIGHT)
    await student.has_receipt("Not sent yet: no answer from the server. Trying again…")
    await student.page.reload()
    await student.has_receipt("Not sent yet: no answer from the server. Trying again…")
    await student.page.unroute_all()
    await student.has_receipt("Your vote: B")
    await counted(lecture, [0, 1, 0, 0])


async def test_a_change_that_does_not_arrive_leaves_the_old_receipt(
    lecture: Lecture, open_window: OpenWindow
) -> None:
    """What counts is what the server has."""
    student = await joined(lecture, open_window)
    student.window.expected.append("net::ERR_FAILED")
    await lecture.open_poll("p1")
    await student.votes(WRONG)
    await student.has_receipt("Your vote: A")
    await student.page.route(VOTES, lambda route: route.abort())
    await student.votes(RIGHT)
    await student.has_receipt("Your vote: A. The change is not sent yet. Trying again…")
    await lecture.close_poll("p1", reveal=False)
    await student.has_receipt("The poll closed before your vote was confirmed. Your vote: A.")


async def test_refusals_are_said(lecture: Lecture, open_window: OpenWindow) -> None:
    """A poll that closed on the way, and a choice that the server does not take: said, and not tried again."""
    student = await joined(lecture, open_window)
    student.window.expected.append("Failed to load resource")
    await lecture.open_poll("p1")
    await expect(student.option(RIGHT)).to_be_visible()

    async def closed(route: Route) -> None:
        await lecture.close_poll("p1", reveal=False)
        await route.continue_()

    await student.page.route(VOTES, closed)
    await student.votes(RIGHT)
    await student.has_receipt("The poll closed before your vote was confirmed.")
    await student.page.unroute_all()
    await lecture.open_poll("p2")
    await expect(student.page.locator("#poll-place")).to_have_text("2 of 2")
    await student.page.route(VOTES, lambda route: route.continue_(post_data='{"choices":[9]}'))
    await student.votes(RIGHT)
    await student.has_receipt("The server did not accept this vote. Load the page again, then vote.")


async def test_the_last_choice_arrives_last(lecture: Lecture, open_window: OpenWindow) -> None:
    """A change made while a vote is on its way waits for it."""
    student = await joined(lecture, open_window)
    await lecture.open_poll("p1")
    await expect(student.option(RIGHT)).to_be_visible()
    sent: list[str | None] = []
    answer = asyncio.Event()

    async def slow(route: Route) -> None:
        sent.append(route.request.post_data)
        await answer.wait()
        await route.continue_()

    await student.page.route(VOTES, slow)
    await student.votes(WRONG)
    await student.votes(RIGHT)
    await expect(student.page.locator("#vote")).to_have_text("Sending…")
    assert sent == ['{"choices":[0]}']
    answer.set()
    await student.has_receipt("Your vote: B")
    await counted(lecture, [0, 1, 0, 0])


async def test_an_unsent_choice_is_not_taken_away(lecture: Lecture, open_window: OpenWindow) -> None:
    """A second poll that opens does not replace one in which somebody is choosing."""
    student = await joined(lecture, open_window)
    await lecture.open_poll("p1")
    await student.chooses(RIGHT)
    await lecture.teacher.write(("poll/p2", poll(question="And at 6 kHz?", options=["2 kHz", "3 kHz"])))
    await student.hears("Poll: And at 6 kHz?")
    await expect(student.page.locator("#poll-place")).to_have_text("1 of 2")
    await expect(student.option(RIGHT).get_by_role("radio")).to_be_checked()
    await student.page.get_by_role("button", name="Poll after").click()
    await expect(student.page.get_by_role("heading", name="And at 6 kHz?")).to_be_visible()
    await student.page.get_by_role("button", name="Poll before").click()
    await student.votes(RIGHT)
    await student.has_receipt("Your vote: B")


async def test_several_choices(lecture: Lecture, open_window: OpenWindow) -> None:
    """Boxes instead of buttons where more than one is allowed."""
    student = await joined(lecture, open_window)
    await lecture.teacher.write(("poll/p1", poll(multiple=True)))
    for words in (WRONG, "Noise"):
        await student.page.get_by_role("checkbox", name=re.compile(words)).check()
    await student.page.get_by_role("button", name="Vote").click()
    await student.has_receipt("Your vote: A, D")


async def test_voting_by_keyboard(lecture: Lecture, open_window: OpenWindow) -> None:
    """Tab, arrows and Enter are enough, arrows in the poll turn no page, and the focus is seen."""
    await lecture.show(2)
    student = await Student.join(open_window, lecture.teacher.join_url)
    await student.sees_slide(2)
    await lecture.open_poll("p1")
    radio = student.page.get_by_role("radiogroup", name="A tone of 5 kHz").get_by_role("radio")
    await expect(radio).to_have_count(4)
    keyboard = student.page.keyboard
    await student.page.locator("#stage").focus()
    for _ in range(8):
        if await radio.first.evaluate("node => node === document.activeElement"):
            break
        await keyboard.press("Tab")
    await expect(radio.first).to_be_focused()
    assert await radio.first.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    await keyboard.press("Space")
    await keyboard.press("ArrowDown")
    await expect(radio.nth(1)).to_be_checked()
    await keyboard.press("ArrowLeft")
    await expect(radio.first).to_be_checked()
    await keyboard.press("ArrowRight")
    await keyboard.press("Enter")
    await student.has_receipt("Your vote: B")
    await student.sees_slide(2)


def overlap(a: FloatRect, b: FloatRect) -> bool:
    """Whether two boxes share any area."""
    return (
        a["x"] < b["x"] + b["width"]
        and b["x"] < a["x"] + a["width"]
        and a["y"] < b["y"] + b["height"]
        and b["y"] < a["y"] + a["height"]
    )
