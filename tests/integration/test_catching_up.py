"""A viewer is a cursor: whoever comes, or comes back, is told what has changed, under every server (docs/PROTOCOL.md, section 7)."""

import asyncio
from functools import partial
from urllib.parse import quote

import httpx
import pytest

from scripts.lib.server import Server
from scripts.lib.stream import EventStream, Registers, apply, open_stream
from scripts.lib.teacher import Teacher, Write
from tests.support.sites import EVERYWHERE
from tests.support.wire import states, stroke, unchunked, viewer_state, wire

pytestmark = [
    pytest.mark.parametrize("site", EVERYWHERE, indirect=True),
    pytest.mark.usefixtures("vigil"),
]

BLACK = {"mode": "black"}


def visible(registers: Registers) -> Registers:
    """What is shown: of the ink, the current page's."""
    ink = f"ink/{registers['slide']['page']}/"
    return {
        key: value for key, value in registers.items() if key.startswith(ink) or not key.startswith("ink/")
    }


def reached(stream: EventStream, cursor: str, _: Registers) -> bool:
    """Whether the stream has come to a cursor."""
    return stream.cursor == cursor


async def test_every_cursor_of_a_stream_resumes_to_the_same_state(
    teacher: Teacher, visitor: httpx.AsyncClient
) -> None:
    """Whoever comes back with any of them gets just what has changed since, and ends where everybody is."""
    async with open_stream(visitor, teacher.lesson) as stream:
        await stream.next_state()
        replicas: list[tuple[str, Registers]] = [(str(stream.cursor), dict(stream.registers))]
        steps: list[list[Write]] = [
            [("slide", {"page": "a-1"})],
            [("ink/a-1/s1", stroke(1, 1)), ("ink/a-1/s2", stroke(2, 2))],
            [("timer", {"ends": 7})],
            [("ink/a-1/", None)],
            [("ink/a-1/s3", stroke(3, 3))],
            [("timer", None)],
            [("screen", BLACK), ("slide", {"page": "a-2"})],
        ]
        for writes in steps:
            cursor = (await teacher.write(*writes))["cursor"]
            await stream.until(partial(reached, stream, cursor))
            replicas.append((str(stream.cursor), dict(stream.registers)))
        everything = dict((await viewer_state(teacher))["writes"])
        assert everything == {"screen": BLACK, "slide": {"page": "a-2"}}
        for cursor, registers in replicas:
            async with open_stream(visitor, teacher.lesson, cursor=cursor) as back:
                first = await back.next_event("state")
                assert "reset" not in first.data
                assert first.id == stream.cursor
                apply(registers, first.data)
                assert visible(registers) == everything
        async with open_stream(visitor, teacher.lesson, cursor=replicas[2][0]) as back:
            told_since = (await back.next_state())["writes"]
        assert told_since[0] == ["ink/a-1/", None]
        assert dict(told_since) == {
            "ink/a-1/": None,
            "ink/a-1/s3": stroke(3, 3),
            "screen": BLACK,
            "slide": {"page": "a-2"},
            "timer": None,
        }


@pytest.mark.parametrize("form", ["header", "query"])
async def test_a_cursor_that_says_nothing_gets_everything(teacher: Teacher, site: Server, form: str) -> None:
    """Unknown, malformed, of another lesson, another epoch, another time: a reset at once, never silence or an error."""
    told = await teacher.write(("slide", {"page": "a-1"}), ("screen", BLACK))
    other = (await (await Teacher.start(teacher.http)).state())["cursor"]
    epoch, _, position = told["cursor"].partition(".")
    ms, _, seq = position.partition("-")
    other_epoch = f"{int(epoch, 16) ^ 1:08x}"
    cursors = [
        "x", "0", "null", "undefined", "é", epoch, f"{epoch}.", f"{epoch}.{ms}", f"{epoch}.{ms}-", f"{epoch}.-{seq}",
        f"{epoch}.{ms}-{seq}-{seq}", f"{epoch.upper()}x.{position}", f"x{epoch}.{position}", f"{epoch}.{position}.1",
        f"{epoch}.0-0", f"{epoch}.1-0",  # older than the lesson
        f"{other_epoch}.{position}", f"00000000.{position}", other,
        f"{epoch}.{int(ms) + 3_600_000}-0", f"{epoch}.{ms}-{int(seq) + 1_000_000}",  # from the future
        f"{epoch}.{'9' * 15}-0", f"{epoch}.{'9' * 400}-0", f"{epoch}.{ms}-{'9' * 400}", "x" * 4_000,
        f"{epoch}.{ms}.5-0", f"{epoch}.+{ms}-0", f"{epoch}.{ms}-0x0", f"{epoch}.\u0661-0",
    ]  # fmt: skip

    async def first_event(cursor: str) -> bytes:
        given = f"Last-Event-ID: {cursor}\r\n" if form == "header" else ""
        query = f"?cursor={quote(cursor)}" if form == "query" else ""
        async with wire(site) as connection:
            request = f"GET {teacher.path}/events{query} HTTP/1.1\r\nHost: x\r\n{given}\r\n"
            await connection.send(request.encode())
            await connection.until_cursor(told["cursor"])
            return unchunked(connection.read).partition(b"data: ")[2].partition(b"\n")[0]

    everything = b'{"reset":true,"writes":[["screen",{"mode":"black"}],["slide",{"page":"a-1"}]]}'
    answers = await asyncio.gather(*map(first_event, cursors))
    assert [each for each in zip(cursors, answers, strict=True) if each[1] != everything] == []


async def test_the_header_counts_before_the_query(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """EventSource repeats the address it was made with, and sends its newest cursor in the header."""
    old = (await teacher.write(("slide", {"page": "a-1"})))["cursor"]
    new = (await teacher.write(("screen", BLACK)))["cursor"]
    for query, header, told in [
        (old, None, [["screen", BLACK]]),
        (old, new, []),
        (new, old, [["screen", BLACK]]),
        ("nonsense", new, []),
        (None, new, []),
    ]:
        params = {} if query is None else {"cursor": query}
        headers = {} if header is None else {"Last-Event-ID": header}
        async with visitor.stream("GET", f"{teacher.path}/events", params=params, headers=headers) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    assert httpx.Response(200, text=line[6:]).json() == {"writes": told}, (query, header)
                    break


async def test_a_viewer_that_follows_never_asks_for_ink(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """A snapshot has the current page's ink alone; moving to a page brings its ink in the same event."""
    await teacher.write(
        ("slide", {"page": "a-1"}),
        ("ink/a-1/s1", stroke(1, 1)),
        ("ink/a-2/s1", stroke(2, 1)),
        ("ink/a-2/s2", stroke(2, 2)),
        ("ink/a-2/s3", stroke(2, 3)),
        ("ink/a-20/s1", stroke(20, 1)),
    )
    await teacher.write(("ink/a-2/s2", None))
    async with open_stream(visitor, teacher.lesson) as stream:
        first = await stream.next_state()
        assert dict(first["writes"]) == {"slide": {"page": "a-1"}, "ink/a-1/s1": stroke(1, 1)}
        await teacher.write(("slide", {"page": "a-2"}))
        await stream.until(lambda registers: registers["slide"] == {"page": "a-2"})
        # What was written just before one joined may be told once more; a stroke that is gone stays gone.
        told = {key: value for key, value in states(stream)[-1].data["writes"] if value is not None}
        assert told == {
            "slide": {"page": "a-2"},
            "ink/a-2/s1": stroke(2, 1),
            "ink/a-2/s3": stroke(2, 3),
        }


async def test_a_pointer_is_seen_live_and_never_again(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """Those who watch see it move; whoever comes, comes back or reads later does not."""
    before = (await teacher.write(("slide", {"page": "a-1"})))["cursor"]
    laser = {"page": "a-1", "x": 5_000, "y": 2_500}
    async with open_stream(visitor, teacher.lesson) as stream:
        await teacher.write(("pointer", laser))
        await stream.until(lambda registers: registers.get("pointer") == laser)
        async with (
            open_stream(visitor, teacher.lesson) as late,
            open_stream(visitor, teacher.lesson, cursor=before) as back,
        ):
            for other in (late, back):
                assert dict((await other.next_state())["writes"]).get("pointer") is None
            moved = {**laser, "x": 0}
            await teacher.write(("pointer", moved))
            for each in (stream, late, back):
                await each.until(lambda registers: registers.get("pointer") == moved)
            await teacher.write(("pointer", None))
            for each in (stream, late, back):
                await each.until(lambda registers: "pointer" not in registers)
    assert "pointer" not in dict((await viewer_state(teacher))["writes"])
    assert "pointer" not in await teacher.registers()
