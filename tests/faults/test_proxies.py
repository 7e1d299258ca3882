"""Proxies between a viewer and Lectern that stall, cut, delay and hold back: what a viewer's stream sees, and what a student is told.

Rules: bytes are never changed nor reordered, as TCP promises. The student's page is the real one in a real browser; where
it has to notice a silence, its clock is turned, as in tests/browser/test_connection.py.
"""

import asyncio
import re
import time
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from scripts.lib.lecture import Lecture
from scripts.lib.server import Server, serve as serve_app
from scripts.lib.teacher import Teacher
from scripts.lib.viewer import Viewer
from tests.browser.conftest import OpenWindow
from tests.browser.pages_student import Student
from tests.support.eventually import eventually
from tests.support.ordeal import ordeal, say, spread, status, viewer_state
from tests.support.proxy import BUFFER, FIRST_EVENT_HELD, HOLD, PASS, Manner, Proxy, proxy_to
from tests.support.redis_server import RedisServer
from tests.support.viewers import viewers

STREAM = b"/events"
CROWD = 100
CUTS = 2
STALL_S = 4.0
DELAY_S = 0.4
AT_ONCE_S = 2.0
ONE_MISSED_MS, TWO_MISSED_MS = 21_000, 33_000
BEHIND_S = 6.0
UNTIL_A_BEAT_MS = 22_000  # beats come every 15 s
POLLED_MS = 45_000  # a poll that is held and given up, a pause, and the next


async def test_a_line_that_is_cut(hall: Server) -> None:
    """Again and again, for all at once: each viewer comes back in its own time with its cursor, and nothing is missing."""
    with proxy_to(hall.port, STREAM) as line:
        async with ordeal(hall, CROWD, port=line.port, votes=False) as under_way:
            for number in range(1, CUTS + 1):
                assert line.cut() == CROWD
                under_way.fault_over()
                cut_at = asyncio.get_running_loop().time()

                async def back(streams: int = number + 1) -> int:
                    return sum(
                        one.here and len(one.connected_at) == streams for one in under_way.there.members
                    )

                await eventually(back, lambda here: here == CROWD)
                say(f"a line that was cut: back after {spread(under_way.there.came_back(cut_at))}")
        assert under_way.there.resets == 0
        assert all(len(one.connected_at) == CUTS + 1 for one in under_way.there.members)
        under_way.tell(f"a line cut {CUTS} times")


async def test_a_line_that_stalls(hall: Server) -> None:
    """What was held comes when the line goes on; no stream is lost, no event is missing."""
    with proxy_to(hall.port, STREAM) as line:
        async with ordeal(hall, CROWD, port=line.port, votes=False) as under_way:
            line.set(HOLD)
            await asyncio.sleep(STALL_S)
            line.set(PASS)
            under_way.fault_over()
        assert under_way.there.never_lost
        assert under_way.there.resets == 0
        under_way.tell(f"a line that stalls for {STALL_S:g} s")


async def test_a_line_that_delays(hall: Server) -> None:
    """Everything comes, in order, as much later as the line makes it."""
    with proxy_to(hall.port, STREAM) as line:
        line.set(Manner(delay_s=DELAY_S))
        async with ordeal(hall, CROWD, port=line.port, votes=False) as under_way:
            under_way.fault_over()
        assert under_way.there.never_lost
        under_way.tell(f"a line that delays by {DELAY_S:g} s each way")


async def first_state(line: Proxy, lesson: str) -> tuple[Viewer, float]:
    """A viewer that has its first event, and the seconds it took."""
    began = time.monotonic()
    async with viewers(line.port, lesson, 1) as there:
        return there.members[0], time.monotonic() - began


async def test_a_line_that_holds_the_first_event(hall: Server, teacher: Teacher) -> None:
    """The bytes that follow it at once make such a proxy let it go."""
    await teacher.write(("slide", {"page": "blank-1"}))
    with proxy_to(hall.port, STREAM) as line:
        line.set(FIRST_EVENT_HELD, marked=True)
        viewer, took = await first_state(line, teacher.lesson)
        assert viewer.registers == await viewer_state(teacher)
        assert took < AT_ONCE_S
        say(f"a line that holds the first event: it came after {took:.2f} s")


def test_such_a_line_does_hold_it() -> None:
    """Without more bytes the event would stay where it is: the test above could fail."""
    head = b"HTTP/1.1 200 OK\r\n\r\n9\r\nretry: 1\n\n\r\n"
    event = b"14\r\nid: 1\nevent: state\ndata: {}\n\n\r\n"
    assert not FIRST_EVENT_HELD.answers(head)
    assert not FIRST_EVENT_HELD.answers(head + event)
    assert FIRST_EVENT_HELD.answers(head + event + b"6\r\n: ok\n\n\r\n")


async def join(line: Proxy, lecture: Lecture, open_window: OpenWindow) -> Student:
    """A student behind the line, whose clock can be turned."""
    student = await Student.join(open_window, line.url)
    student.window.expected += ["net::ERR_", "Failed to load resource"]
    await student.page.clock.install()
    await student.page.goto(f"{line.url}/{lecture.teacher.lesson}")
    return student


async def live(student: Student, since: float) -> float:
    """The badge says live again; seconds since then."""
    await expect(student.page.locator("#badge")).to_have_text("Live", timeout=UNTIL_A_BEAT_MS)
    return time.monotonic() - since


async def test_a_student_behind_a_line_that_is_cut(
    hall: Server, lecture: Lecture, open_window: OpenWindow
) -> None:
    """Reconnecting, for as long as the line refuses; then live, with the slide that was shown meanwhile."""
    with proxy_to(hall.port, STREAM) as line:
        student = await join(line, lecture, open_window)
        await live(student, 0)
        line.refusing = True
        line.cut()
        await student.sees_status("Reconnecting…")
        await lecture.show(3)
        line.refusing = False
        took = await live(student, time.monotonic())
        await student.sees_slide(3)
        say(f"a student behind a cut line: live again after {took:.1f} s")


async def test_a_student_behind_a_line_that_stalls(
    hall: Server, lecture: Lecture, open_window: OpenWindow
) -> None:
    """Delayed once a beat is missing; live when the line goes on, without a new stream."""
    with proxy_to(hall.port, STREAM) as line:
        student = await join(line, lecture, open_window)
        await live(student, 0)
        line.set(HOLD)
        await lecture.show(3)
        await student.page.clock.fast_forward(ONE_MISSED_MS)
        await student.sees_status("Delayed")
        line.set(PASS)
        took = await live(student, time.monotonic())
        await student.sees_slide(3)
        say(f"a student behind a stalled line: live again after {took:.1f} s")


@pytest.mark.parametrize("manner", [HOLD, BUFFER], ids=["held", "buffered"])
async def test_a_student_behind_a_line_that_holds_streams_back(
    hall: Server, lecture: Lecture, open_window: OpenWindow, manner: Manner
) -> None:
    """The long poll takes over and the badge says delayed; a stream that beats on time is used again."""
    with proxy_to(hall.port, STREAM) as line:
        student = await join(line, lecture, open_window)
        await live(student, 0)
        line.set(manner, marked=True)
        async with student.page.expect_request(re.compile(r"/state\?.*wait=25")):
            await student.page.clock.fast_forward(TWO_MISSED_MS)
        await student.sees_status("Delayed")
        for number in (3, 4, 2):
            await lecture.show(number)
            # A poll that failed as the line changed is asked again after a pause, which may take most of the usual patience.
            await expect(student.page.locator("#place")).to_have_text(f"{number} of 8", timeout=POLLED_MS)
            await student.sees_slide(number)
        line.set(PASS)
        took = await live(student, time.monotonic())
        await lecture.show(5)
        await student.sees_slide(5)
        say(f"a student behind a line that holds streams back: on a stream again after {took:.1f} s")


async def test_a_student_of_a_server_that_may_be_behind(
    tmp_path: Path, own_valkey: RedisServer, open_window: OpenWindow
) -> None:
    """A beat that says so makes the badge say delayed, although the stream is well; news make it live again."""
    with serve_app(tmp_path, redis_url=own_valkey.url) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http)
            await teacher.write(("slide", {"page": "blank-1"}), ("pages", {"order": ["blank-1", "blank-2"]}))
            student = await Student.join(open_window, f"{server.url}/{teacher.lesson}")
            student.window.expected += ["net::ERR_"]  # the window outlives its server
            await live(student, 0)
            own_valkey.freeze()
            try:
                await asyncio.sleep(BEHIND_S)
                await student.page.evaluate("dispatchEvent(new Event('online'))")  # opens the stream anew
                await student.sees_status("Delayed")
            finally:
                own_valkey.thaw()
            thawed_at = time.monotonic()
            await eventually(lambda: status(http, "/readyz"), lambda code: code == httpx.codes.OK)
            await teacher.write(("slide", {"page": "blank-2"}))
            say(
                f"a student of a server that was behind: live again after {await live(student, thawed_at):.1f} s"
            )


pytestmark = pytest.mark.timeout(180)
