"""Clients that stall, dawdle and vanish, many of each kind at once: gone within their deadline, and nothing of them is left.

Rules: a lesson goes on beside them and is not held up. What vanishes without a word does so behind a proxy that stops
reading both sides: for the server, a network that takes nothing any more.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from scripts.lib.server import Server, serve as serve_app
from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.ordeal import metric, say
from tests.support.proxy import VANISH, proxy_to
from tests.support.strangers import READING, Kind, connect, kept, never_reads

EACH = 40
LATE_S = 3.0  # of a busy machine
NOT_READ_S = 65.0  # two visits of the wheel, or the kernel's 45 s after its buffers are full
MEMORY_MIB = 16.0  # that freed memory may not have gone back to the system
NUMBERS = 20_000  # of a stroke: 100 KiB
STROKES = 8
DRIP_S = 4.0


@dataclass(frozen=True, slots=True)
class Held:
    """What a server process holds."""

    descriptors: int
    streams: float
    tasks: float
    mib: float


async def held(server: Server, http: httpx.AsyncClient) -> Held:
    """Now."""
    process = psutil.Process(server.pid)
    return Held(
        process.num_fds(),
        await metric(http, 'lectern_streams{audience="viewer"}'),
        await metric(http, "lectern_tasks"),
        process.memory_info().rss / 2**20,
    )


async def draw(teacher: Teacher, times: int) -> None:
    """Ink enough to fill any buffer on the way."""
    for number in range(times):
        points = [(number * 7 + n) % 90 + 10 for n in range(NUMBERS)]
        await teacher.write(
            ("ink/blank-1/s1", {"tool": "pen", "color": "#000000", "width": 9, "points": points})
        )


async def all_of(kind: Kind, port: int, lesson: str) -> list[float]:
    """How long each of many strangers of a kind was kept; sorted."""
    peers = [await connect(port) for _ in range(EACH)]
    return sorted(await asyncio.gather(*(kept(peer, kind.act, lesson) for peer in peers)))


async def those_that_read(server: Server, teacher: Teacher) -> None:
    """Every kind, at the same time."""
    found: Sequence[list[float]] = await asyncio.gather(
        *(all_of(kind, server.port, teacher.lesson) for kind in READING)
    )
    for kind, times in zip(READING, found, strict=True):
        say(f"{EACH} x {kind.name}: kept {times[0]:.1f} to {times[-1]:.1f} s, {kind.within_s:g} s allowed")
        assert times[-1] < kind.within_s + LATE_S, kind.name


async def those_that_do_not(server: Server, teacher: Teacher, before: Held) -> None:
    """Streams and answers that nobody takes, and viewers that vanish; the ink goes on meanwhile."""
    loop = asyncio.get_running_loop()
    with proxy_to(server.port, b"/events") as line:
        peers = [await connect(server.port) for _ in range(2 * EACH)]
        for peer in peers[:EACH]:
            await never_reads(peer, f"{teacher.path}/events")
        for peer in peers[EACH:]:
            await never_reads(peer, f"{teacher.path}/state")
        behind = [await connect(line.port) for _ in range(EACH)]
        for _, writer in behind:
            writer.write(f"GET {teacher.path}/events HTTP/1.1\r\nHost: lectern\r\n\r\n".encode())
        await asyncio.gather(*(reader.readuntil(b"event: state") for reader, _ in behind))
        line.set(VANISH)
        began = loop.time()
        drawing = asyncio.create_task(_keep_drawing(teacher))
        most = await held(server, teacher.http)
        assert most.descriptors >= before.descriptors + 2 * EACH
        try:
            await eventually(
                lambda: held(server, teacher.http),
                lambda now: now.descriptors <= before.descriptors + 2,
                NOT_READ_S,
            )
        finally:
            drawing.cancel()
        took = loop.time() - began
        aborted = await metric(teacher.http, "lectern_slow_aborted_total")
        say(
            f"{3 * EACH} that take nothing: gone after {took:.1f} s, {aborted:.0f} of them by the wheel; {most}"
        )
        for _, writer in [*peers, *behind]:
            writer.transport.abort()


async def _keep_drawing(teacher: Teacher) -> None:
    while True:
        await draw(teacher, STROKES)
        await asyncio.sleep(DRIP_S)


async def test_strangers(tmp_path: Path, redis_url: str) -> None:
    """Descriptors, streams, tasks and memory return to what they were; a viewer beside them sees every stroke."""
    with serve_app(tmp_path, redis_url=redis_url) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http)
            await teacher.write(("slide", {"page": "blank-1"}))
            await draw(teacher, STROKES)
            async with open_stream(http, teacher.lesson) as stream:
                await stream.next_state()
                before = await held(server, http)
                await asyncio.gather(
                    those_that_read(server, teacher), those_that_do_not(server, teacher, before)
                )
                await teacher.write(("timer", {"ends": 9}))
                await stream.until(lambda seen: seen.get("timer") == {"ends": 9})

                async def back() -> Held:
                    return await held(server, http)

                after = await eventually(
                    back,
                    lambda now: (
                        (now.streams, now.tasks) == (before.streams, before.tasks)
                        and now.descriptors <= before.descriptors + 2
                        and now.mib < before.mib + MEMORY_MIB
                    ),
                )
                say(f"before {before}\n after {after}")


pytestmark = pytest.mark.timeout(150)
