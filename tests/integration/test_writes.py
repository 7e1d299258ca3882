"""Writing state: stamps, last writer wins, clears, one event a request (docs/PROTOCOL.md, section 3)."""

import asyncio
import itertools
import time
from collections.abc import Iterable
from typing import Any

import pytest

from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher, Write
from tests.support.wire import sight, states, stored, stroke

HOUR = 3_600_000
BLACK, WHITE, SLIDE = ({"mode": mode} for mode in ("black", "white", "slide"))


def now() -> int:
    """This machine's clock in ms, which is the server's too."""
    return time.time_ns() // 1_000_000


def order(stamp: str) -> tuple[int, int, str]:
    """How the contract orders stamps."""
    ms, counter, writer = stamp.split(".")
    return int(ms), int(counter), writer


async def registers(teacher: Teacher) -> dict[str, Any]:
    """What is kept, but for the count of viewers."""
    return stored(await teacher.registers())


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("1000.0.a", "1001.0.a"),
        ("999.0.a", "1000.0.a"),  # as numbers, not as text
        ("1000.9.z", "1001.0.a"),
        ("1000.0.a", "1000.1.a"),
        ("1000.9.a", "1000.10.a"),
        ("1000.1.z", "1000.2.a"),
        ("1000.0.a", "1000.0.b"),
        ("1000.0.panel-7", "1000.0.panel-7f"),
        ("1000.0.B", "1000.0.a"),  # as text in ASCII, not as a dictionary sorts
        ("1000.0.Z", "1000.0._"),
        ("1000.0.-", "1000.0.0"),
        ("1000.0.10", "1000.0.9"),
    ],
)
async def test_the_highest_stamp_wins(teacher: Teacher, lower: str, higher: str) -> None:
    """By milliseconds, then counter, then writer, in whichever order the writes come."""
    told = await teacher.write(("screen", BLACK, lower), ("timer", {"ends": 2}, higher))
    assert told["applied"] == [True, True]
    assert told["stamps"] == [lower, higher]
    told = await teacher.write(("screen", WHITE, higher), ("timer", {"ends": 1}, lower))
    assert told["applied"] == [True, False]
    assert told["stamps"] == [higher, lower]
    assert await registers(teacher) == {"screen": WHITE, "timer": {"ends": 2}}


async def test_an_equal_stamp_changes_nothing(teacher: Teacher) -> None:
    """The first write under a stamp stands, whatever the second one says."""
    await teacher.write(("screen", BLACK, "1000.0.a"))
    before = await sight(teacher)
    for value in (BLACK, WHITE, None):
        told = await teacher.write(("screen", value, "1000.0.a"))
        assert (told["applied"], told["stamps"], told["cursor"]) == ([False], ["1000.0.a"], before[0])
    assert await sight(teacher) == before


async def test_without_a_stamp_a_write_comes_after_everything_accepted(teacher: Teacher) -> None:
    """After the server's own, after one that runs a few seconds ahead, and after one that lost."""
    ahead = f"{now() + 4_000}.7.panel"
    accepted = [ahead]
    told = await teacher.write(("screen", BLACK, ahead), ("notes/a-1", {"text": "x"}, f"{now() + 4_500}.0.z"))
    assert told["applied"] == [True, True]
    accepted += told["stamps"]
    for value in (WHITE, BLACK, WHITE):
        told = await teacher.write(("screen", value), ("slide", {"page": "a-1"}), ("slide", {"page": "a-2"}))
        assert told["applied"] == [True, True, True]
        assert sorted(map(order, told["stamps"])) == list(map(order, told["stamps"]))
        assert order(told["stamps"][0]) > max(map(order, accepted))
        accepted += told["stamps"]
    assert (await registers(teacher))["screen"] == WHITE
    assert (await registers(teacher))["slide"] == {"page": "a-2"}


async def test_a_clock_that_runs_an_hour_ahead_is_pulled_back(teacher: Teacher) -> None:
    """The answer tells the stamp used; the next writer, with the right time, wins."""
    early = now()
    told = await teacher.write(("screen", BLACK, f"{early + HOUR}.3.tablet"))
    ms, counter, writer = order(told["stamps"][0])
    assert told["applied"] == [True]
    assert early <= ms <= now()
    assert writer == "tablet"
    assert counter >= 0
    later = f"{now() + 1}.0.panel"
    assert (await teacher.write(("screen", WHITE, later)))["applied"] == [True]
    assert (await registers(teacher))["screen"] == WHITE


@pytest.mark.parametrize(("ahead", "kept"), [(4_000, True), (0, True), (-HOUR, True), (6_000, False)])
async def test_a_stamp_up_to_five_seconds_ahead_is_kept(teacher: Teacher, ahead: int, *, kept: bool) -> None:
    """Clocks differ a little; a little is not pulled back."""
    stamp = f"{now() + ahead}.0.panel"
    assert ((await teacher.write(("screen", BLACK, stamp)))["stamps"] == [stamp]) is kept


async def test_a_repeated_request_is_harmless_even_from_a_wrong_clock(teacher: Teacher) -> None:
    """It is the same write, so it does not beat what came between; it is told the same stamps."""
    far = now() + HOUR
    writes: list[Write] = [
        ("screen", BLACK, f"{far}.0.tablet"),
        ("timer", {"ends": 1}, f"{far}.1.tablet"),
        ("slide", {"page": "a-1"}, "5.0.panel"),
    ]
    first = await teacher.write(*writes)
    await teacher.write(("screen", WHITE))
    before = await sight(teacher)
    for _ in range(3):
        again = await teacher.write(*writes)
        assert again == {"cursor": before[0], "applied": [False] * 3, "stamps": first["stamps"]}
    assert await sight(teacher) == before


async def test_a_queue_kept_while_offline_may_come_late_and_in_any_order(teacher: Teacher) -> None:
    """Every order of the same requests gives the same lesson, clears and pieces of strokes among them."""
    queue: list[list[Write]] = [
        [("slide", {"page": "a-1"}, "10.0.p")],
        [("ink/a-1/s1/0", stroke(1, 1), "11.0.p")],
        [("ink/a-1/s1", stroke(1, 1, 1, 1), "12.0.p"), ("ink/a-1/s1/", None, "12.1.p")],
        [("slide", {"page": "a-2"}, "13.0.p")],
    ]

    async def sent(requests: Iterable[list[Write]]) -> Any:
        lesson = await Teacher.start(teacher.http)
        for writes in requests:
            await lesson.write(*writes)
        ink = await lesson.http.get(f"{lesson.path}/ink/a-1")
        return await registers(lesson), ink.json()["writes"]

    lessons = await asyncio.gather(*map(sent, itertools.permutations(queue)))
    assert len(lessons) == 24
    whole = [["ink/a-1/s1", stroke(1, 1, 1, 1)]]
    assert [lesson for lesson in lessons if lesson != ({"slide": {"page": "a-2"}}, whole)] == []


async def test_a_slide_that_loses_was_never_shown(teacher: Teacher) -> None:
    """It is no news to anybody: the cursor stays, and so does the entity tag."""
    await teacher.write(("slide", {"page": "a-1"}, "100.0.a"))
    before = await sight(teacher)
    tag = (await teacher.http.get(f"{teacher.path}/state")).headers["etag"]
    for stamp in ("99.0.a", "100.0.a"):
        told = await teacher.write(("slide", {"page": "a-9"}, stamp))
        assert (told["applied"], told["cursor"]) == ([False], before[0])
    assert await sight(teacher) == before
    assert (await teacher.http.get(f"{teacher.path}/state")).headers["etag"] == tag


async def test_null_deletes_and_an_older_value_does_not_come_back(teacher: Teacher) -> None:
    """A deletion is a write with its stamp."""
    await teacher.write(("timer", {"ends": 9}, "100.0.a"), ("screen", BLACK, "100.0.a"))
    assert (await teacher.write(("timer", None, "200.0.a"), ("screen", None, "50.0.a")))["applied"] == [
        True,
        False,
    ]
    assert await registers(teacher) == {"screen": BLACK}
    assert (await teacher.write(("timer", {"ends": 8}, "150.0.a")))["applied"] == [False]
    assert await registers(teacher) == {"screen": BLACK}
    assert (await teacher.write(("timer", {"paused": 8}, "201.0.a")))["applied"] == [True]
    assert (await registers(teacher))["timer"] == {"paused": 8}


async def test_a_stroke_in_pieces_becomes_one_in_one_event(teacher: Teacher) -> None:
    """At pen-up the whole stroke comes and its pieces go together; a piece that comes late stays away."""
    async with open_stream(teacher.http, teacher.lesson) as viewer:
        await teacher.write(("slide", {"page": "a-1"}))
        for piece in range(3):
            await teacher.write((f"ink/a-1/s1/{piece}", stroke(piece, piece), f"10.{piece}.p"))
        await viewer.until(lambda registers: "ink/a-1/s1/2" in registers)
        seen = len(states(viewer))
        await teacher.write(
            ("ink/a-1/s1", stroke(0, 0, 1, 1), "20.0.p"),
            ("ink/a-1/s1/", None, "20.0.p"),
        )
        registers = await viewer.until(lambda registers: "ink/a-1/s1" in registers)
        assert registers == {"slide": {"page": "a-1"}, "ink/a-1/s1": stroke(0, 0, 1, 1)}
        (event,) = states(viewer)[seen:]
        assert event.data["writes"][0] == ["ink/a-1/s1/", None], "clears come first"
        assert (await teacher.write(("ink/a-1/s1/3", stroke(3, 3), "15.0.p")))["applied"] == [False]


async def test_the_writes_of_a_request_reach_a_viewer_in_one_event(teacher: Teacher) -> None:
    """However many, and however many teachers write at the same time."""
    requests, keys = 20, 12
    async with open_stream(teacher.http, teacher.lesson) as viewer:
        await viewer.next_state()
        await asyncio.gather(
            *(
                teacher.write(*((f"ink/a-1/k{key}", stroke(request, key)) for key in range(keys)))
                for request in range(requests)
            )
        )
        last = await teacher.write(("slide", {"page": "a-1"}))
        await viewer.until(lambda registers: "slide" in registers and viewer.cursor == last["cursor"])
        shown: dict[str, Any] = {}
        for event in states(viewer):
            shown |= {key: value for key, value in event.data["writes"] if key.startswith("ink/")}
            if shown:
                writers = {value["points"][0] for value in shown.values()}
                assert len(shown) == keys, "half a request was seen"
                assert len(writers) == 1, "two requests were seen mixed"


async def test_nothing_is_emitted_for_a_write_that_loses(teacher: Teacher) -> None:
    """Neither an event nor a new cursor; what wins beside it goes out alone."""
    cursor = (await teacher.write(("screen", BLACK, "100.0.a")))["cursor"]
    async with open_stream(teacher.http, teacher.lesson) as viewer:
        await viewer.next_state()
        for _ in range(3):
            told = await teacher.write(("screen", WHITE, "99.0.a"))
            assert (told["applied"], told["cursor"]) == ([False], cursor)
        told = await teacher.write(("screen", WHITE, "99.0.a"), ("timer", {"ends": 1}, "99.0.a"))
        assert told["applied"] == [False, True]
        event = await viewer.next_event("state")
        assert event.data == {"writes": [["timer", {"ends": 1}]]}
        assert event.id == told["cursor"]
        assert len(states(viewer)) == 2


async def test_one_request_may_write_a_register_twice(teacher: Teacher) -> None:
    """The higher stamp stands, whichever comes first; without stamps the last one does."""
    told = await teacher.write(("screen", WHITE, "20.0.a"), ("screen", BLACK, "10.0.a"))
    assert told["applied"] == [True, False]
    told = await teacher.write(("slide", {"page": "a-1"}), ("slide", {"page": "a-2"}))
    assert told["applied"] == [True, True]
    assert await registers(teacher) == {"screen": WHITE, "slide": {"page": "a-2"}}


async def test_values_come_back_as_they_were_written(teacher: Teacher) -> None:
    """In any script, and with whatever would break a frame of text lines."""
    text = 'a\nb\r\nc\rd\u2028e\u2029f\x00g "h" \\ <i> 木 🌳 data: x\n\nid: y\n\n'
    writes: list[Write] = [
        ("notes/a-1", {"text": text}),
        ("poll/p1", {"question": text, "options": [text, "b"], "status": "open", "multiple": True}),
        ("pages", {"order": ["d7f3k2-1", "blank-1", "d7f3k2-2"]}),
        ("ink/a-1/s1", {"tool": "highlighter", "color": "#E69F00", "width": 1, "points": [-5, 10_000]}),
        ("slide", {"page": "a-1"}),
        ("timer", {"paused": 0}),
    ]
    async with open_stream(teacher.http, teacher.lesson, key=teacher.key) as stream:
        await stream.next_state()
        await teacher.write(*writes)
        written: dict[str, Any] = {write[0]: write[1] for write in writes}
        streamed = await stream.until(lambda registers: "timer" in registers)
        assert stored(streamed) == written
    assert await registers(teacher) == written
