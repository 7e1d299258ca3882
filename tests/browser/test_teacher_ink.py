"""Ink: what is drawn is seen at once, goes out in pieces and then whole, and can be taken back."""

import asyncio
from typing import Any

from playwright.async_api import Route, expect

from scripts.lib.lecture import Lecture
from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.browser.conftest import LAPTOP, OpenWindow
from tests.browser.pages_student import Student
from tests.browser.teacher_panel import LINE, ON_LINE, Panel
from tests.support.eventually import eventually

ORANGE, BLUE = "#d55e00", "#0072b2"

LOWER = [(x, 0.7) for x, _ in LINE]
ON_LOWER = (0.35, 0.7)
HIGHER = [(x, 0.2) for x, _ in LINE]
ON_HIGHER = (0.35, 0.2)


async def ink(teacher: Teacher, page: str) -> dict[str, Any]:
    """The page's ink as the server holds it."""
    answer = await teacher.http.get(f"{teacher.path}/ink/{page}")
    return dict(answer.raise_for_status().json()["writes"])


async def has_strokes(lecture: Lecture, number: int, count: int) -> list[dict[str, Any]]:
    """The server holds so many whole strokes of a page, and no piece of any."""
    page = lecture.pages[number - 1]

    def holds(found: dict[str, Any]) -> bool:
        return len(found) == count and all(key.count("/") == 2 for key in found)

    return list((await eventually(lambda: ink(lecture.teacher, page), holds)).values())


async def test_a_stroke_goes_out_in_pieces_and_then_whole(lecture: Lecture, open_window: OpenWindow) -> None:
    """Pieces with their own points while the pen is down; at its end the whole stroke and the clear, in one request."""
    panel = await Panel.enter(open_window, lecture.teacher)
    student = await Student.join(open_window, lecture.teacher.join_url, size=LAPTOP)
    await panel.sees_slide(1)
    await student.sees_slide(1)
    await panel.takes("Pen")
    await panel.page.mouse.move(*await panel.at(LINE[0]))
    await panel.page.mouse.down()
    await panel.page.mouse.move(*await panel.at(LINE[2]), steps=8)
    await panel.sees_ink(ORANGE, (0.3, 0.4))
    await student.sees_ink(ORANGE, 0.3, 0.4)  # before the pen is up
    await panel.page.mouse.move(*await panel.at(LINE[3]), steps=8)
    await panel.page.mouse.up()
    (whole,) = await has_strokes(lecture, 1, 1)
    *pieces, last = await panel.has_cleared()
    stroke = last[-2]["key"]
    assert [write["key"] for write in last[-2:]] == [stroke, f"{stroke}/"]
    assert last[-1]["value"] is None
    keys = [write["key"] for request in pieces for write in request]
    assert keys == [f"{stroke}/{n}" for n in range(len(keys))]
    assert keys
    assert (whole["tool"], whole["color"]) == ("pen", ORANGE)
    assert len(whole["points"]) < sum(len(write["value"]["points"]) for write in panel.sent[:-2])
    await student.sees_ink(ORANGE, *ON_LINE)


async def test_stamps_make_the_stroke_right_in_any_order(lecture: Lecture, open_window: OpenWindow) -> None:
    """The same writes, sent again from the last to the first to another lesson, leave the whole stroke alone."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.takes("Pen")
    await panel.draws(*LINE)
    (whole,) = await has_strokes(lecture, 1, 1)
    await panel.has_cleared()
    other = await Teacher.start(lecture.teacher.http, "Another lesson")
    for write in reversed(panel.sent):
        await other.write((write["key"], write["value"], write["stamp"]))
    assert list((await ink(other, lecture.pages[0])).values()) == [whole]


async def test_undo_redo_and_clear(lecture: Lecture, open_window: OpenWindow) -> None:
    """By keys and buttons; a clear is undone as well, with the strokes in their old order and new stamps."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.takes("Pen")
    await panel.draws(*LINE)
    await panel.takes("Blue")
    await panel.draws(*LOWER)
    before = await has_strokes(lecture, 1, 2)
    await panel.presses("Control+z")
    await has_strokes(lecture, 1, 1)
    await panel.sees_ink("", ON_LOWER)
    await panel.presses("Control+Shift+z")
    await panel.sees_ink(BLUE, ON_LOWER)
    assert await has_strokes(lecture, 1, 2) == before
    await panel.takes("Clear the page")
    await has_strokes(lecture, 1, 0)
    await panel.has_cleared(f"ink/{lecture.pages[0]}/")
    await panel.sees_ink("", ON_LINE)
    await panel.takes("Undo")
    await panel.sees_ink(ORANGE, ON_LINE)
    await panel.sees_ink(BLUE, ON_LOWER)
    assert await has_strokes(lecture, 1, 2) == before
    await panel.takes("Redo")
    await has_strokes(lecture, 1, 0)


async def test_undo_stays_on_its_page(lecture: Lecture, open_window: OpenWindow) -> None:
    """Nothing that was drawn on another page is undone behind the teacher's back."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.takes("Pen")
    await panel.draws(*LINE)
    await has_strokes(lecture, 1, 1)
    await panel.presses("PageDown")
    undo = panel.page.get_by_role("button", name="Undo")
    await expect(undo).to_be_disabled()
    await panel.presses("Control+z", "PageUp")
    await expect(undo).to_be_enabled()
    await has_strokes(lecture, 1, 1)
    await panel.sees_ink(ORANGE, ON_LINE)


async def test_the_eraser_takes_whole_strokes(lecture: Lecture, open_window: OpenWindow) -> None:
    """Those under it and no others; one sweep is one step of undo."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.takes("Pen")
    for line in (HIGHER, LINE, LOWER):
        await panel.draws(*line)
    await has_strokes(lecture, 1, 3)
    await panel.takes("Eraser")
    await panel.draws((0.3, 0.35), (0.3, 0.75))
    await has_strokes(lecture, 1, 1)
    await panel.sees_ink(ORANGE, ON_HIGHER)
    await panel.sees_ink("", ON_LINE)
    await panel.sees_ink("", ON_LOWER)
    await panel.presses("Control+z")
    await has_strokes(lecture, 1, 3)
    await panel.sees_ink(ORANGE, ON_LINE)


async def test_a_stylus_draws_by_itself(lecture: Lecture, open_window: OpenWindow) -> None:
    """Without a tool in hand: the stylus draws, mouse and finger do not."""
    panel = await Panel.enter(open_window, lecture.teacher, has_touch=True)
    await panel.sees_slide(1)
    await panel.draws(*LINE)
    await panel.draws_with_finger(*LINE)
    await panel.draws_with_stylus(*LOWER)
    (stroke,) = await has_strokes(lecture, 1, 1)
    await panel.sees_ink(ORANGE, ON_LOWER)
    await panel.sees_ink("", ON_LINE)
    assert stroke["tool"] == "pen"


async def test_a_finger_draws_with_a_tool_in_hand(lecture: Lecture, open_window: OpenWindow) -> None:
    """On a tablet without a stylus."""
    panel = await Panel.enter(open_window, lecture.teacher, size=(1024, 768), has_touch=True)
    await panel.takes("Pen")
    await panel.draws_with_finger(*LINE)
    await has_strokes(lecture, 1, 1)


async def test_pressure_makes_the_line_wider(lecture: Lecture, open_window: OpenWindow) -> None:
    """The whole stroke's width follows the mean pressure; a mouse has none and gets the width as chosen."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.sees_slide(1)
    await panel.draws_with_stylus(*HIGHER, force=0.1)
    await panel.draws_with_stylus(*LOWER, force=0.9)
    await panel.takes("Pen")
    await panel.draws(*LINE)
    light, heavy, mouse = [stroke["width"] for stroke in await has_strokes(lecture, 1, 3)]
    assert light < mouse < heavy


async def test_highlighter_colours_and_widths(lecture: Lecture, open_window: OpenWindow) -> None:
    """Each ink tool has a colour and a width of its own."""
    panel = await Panel.enter(open_window, lecture.teacher)
    for tool, color, width in (("Highlighter", "Green", "Thick"), ("Pen", "Black", "Thin")):
        for name in (tool, color, width):
            await panel.takes(name)
        await panel.draws(*LINE)
    marker, pen = await has_strokes(lecture, 1, 2)
    assert (marker["tool"], marker["color"]) == ("highlighter", "#009e73")
    assert (pen["tool"], pen["color"]) == ("pen", "#000000")
    assert marker["width"] > 5 * pen["width"]


async def test_the_laser_is_seen_and_goes_away(lecture: Lecture, open_window: OpenWindow) -> None:
    """At most twenty places a second; off as soon as the mouse leaves the slide; kept for nobody."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.sees_slide(1)
    async with open_stream(lecture.teacher.http, lecture.teacher.lesson) as student:
        await panel.takes("Laser pointer")
        await panel.page.mouse.move(*await panel.at((0.2, 0.2)))
        began = await panel.page.evaluate("performance.now()")
        await panel.page.mouse.move(*await panel.at((0.7, 0.7)), steps=40)
        seen = await student.until(lambda now: (now.get("pointer") or {}).get("x", 0) > 6_900)
        took = await panel.page.evaluate("performance.now()") - began
        assert seen["pointer"] == {"page": lecture.pages[0], "x": 7_000, "y": seen["pointer"]["y"]}
        assert len([write for write in panel.sent if write["key"] == "pointer"]) <= took / 50 + 2
        await panel.page.mouse.move(5, 5)
        await student.until(lambda now: not now.get("pointer"))
    assert "pointer" not in await lecture.teacher.registers()


async def test_d_and_escape(lecture: Lecture, open_window: OpenWindow) -> None:
    """D takes the last tool up and puts it down; so does Escape, and the mouse draws no more."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.presses("d")
    await panel.draws(*LINE)
    await has_strokes(lecture, 1, 1)
    await panel.presses("Escape")
    await panel.draws(*LOWER)
    await panel.presses("d", "d")
    await panel.draws(*LOWER)
    await panel.presses("PageDown")  # arrives after whatever was drawn before it
    await eventually(lecture.teacher.registers, lambda found: found["slide"]["page"] == lecture.pages[1])
    await has_strokes(lecture, 1, 1)


async def test_a_page_turn_ends_the_stroke(lecture: Lecture, open_window: OpenWindow) -> None:
    """What was begun on a page stays there, though the clicker is pressed while the pen is down."""
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.takes("Pen")
    await panel.page.mouse.move(*await panel.at(LINE[0]))
    await panel.page.mouse.down()
    await panel.page.mouse.move(*await panel.at(LINE[1]), steps=4)
    await panel.presses("PageDown")
    await panel.page.mouse.move(*await panel.at(LINE[3]), steps=4)
    await panel.page.mouse.up()
    await has_strokes(lecture, 1, 1)
    await has_strokes(lecture, 2, 0)


async def test_a_clear_takes_and_gives_back_what_is_still_being_drawn(
    lecture: Lecture, open_window: OpenWindow
) -> None:
    """The pieces of another panel's stroke come back as one; a stroke that is whole again by then is left alone."""
    page = lecture.pages[0]
    ink = {"tool": "pen", "color": BLUE, "width": 56}
    halves = [ink | {"points": [2000, 3900, 1500, 0]}, ink | {"points": [3500, 3900, 1500, 0]}]
    await lecture.teacher.write(*((f"ink/{page}/s1/{n}", half) for n, half in enumerate(halves)))
    await lecture.teacher.write(*((f"ink/{page}/s2/{n}", half) for n, half in enumerate(halves)))
    panel = await Panel.enter(open_window, lecture.teacher)
    await panel.sees_ink(BLUE, (0.35, 3900 / 5625))
    await panel.takes("Clear the page")
    await has_strokes(lecture, 1, 0)
    whole = ink | {"points": [2000, 3900, 1500, 0, 1500, 0, 1500, 0]}
    await lecture.teacher.write((f"ink/{page}/s2", whole))
    await panel.sees_ink(BLUE, (0.6, 3900 / 5625))
    await panel.takes("Undo")
    joined = ink | {"points": [2000, 3900, 1500, 0, 0, 0, 1500, 0]}
    assert await has_strokes(lecture, 1, 2) == [joined, whole]


async def test_two_panels_draw_on_one_page(lecture: Lecture, open_window: OpenWindow) -> None:
    """Each sees the other's ink; a clear takes both, and its undo brings both back."""
    laptop = await Panel.enter(open_window, lecture.teacher)
    tablet = await Panel.enter(open_window, lecture.teacher, size=(1024, 768))
    await laptop.takes("Pen")
    await laptop.draws(*LINE)
    await tablet.sees_ink(ORANGE, ON_LINE)
    await tablet.takes("Pen")
    await tablet.takes("Blue")
    await tablet.draws(*LOWER)
    await laptop.sees_ink(BLUE, ON_LOWER)
    await has_strokes(lecture, 1, 2)
    # Seen in pieces, a stroke's end may be stamped after the clear: the clocks of two panels differ by their requests' times. That
    # the laptop has heard of the end cannot be seen, as the whole stroke looks like its pieces.
    await asyncio.sleep(0.4)
    await laptop.takes("Clear the page")
    for place in (ON_LINE, ON_LOWER):
        await tablet.sees_ink("", place)
    await laptop.takes("Undo")
    await tablet.sees_ink(ORANGE, ON_LINE)
    await tablet.sees_ink(BLUE, ON_LOWER)


async def test_ink_drawn_while_a_request_hangs(lecture: Lecture, open_window: OpenWindow) -> None:
    """One request is under way at a time; what is drawn and cleared behind it goes in the next, conflated."""
    panel = await Panel.enter(open_window, lecture.teacher)
    held: list[Route] = []

    async def hold(route: Route) -> None:
        if held:
            await route.continue_()
        else:
            held.append(route)

    await panel.holds_back(hold)
    await panel.presses("PageDown")
    await panel.takes("Pen")
    await panel.draws(*LINE)
    await panel.takes("Clear the page")
    await panel.draws(*LOWER)
    await panel.sees_ink(ORANGE, ON_LOWER)
    await eventually(lambda: panel.page.locator("#outbox").is_visible(), bool)
    assert len(panel.requests) == 1
    await held[0].continue_()
    await has_strokes(lecture, 2, 1)
    stroke = panel.requests[1][-2]["key"]
    keys = [write["key"] for write in panel.requests[1]]
    assert keys == [f"ink/{lecture.pages[1]}/", stroke, f"{stroke}/"]
