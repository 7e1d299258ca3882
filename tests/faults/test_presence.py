"""How many watch: right within five seconds, on every worker, whatever becomes of viewers and of workers.

Rules: asked of fresh connections, so that every worker answers; a killed worker's viewers do not come back here, so that
there is one right number. Its sockets close one after the other, so what is right is counted anew at every look, too.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.lib.server import Server, serve as serve_app
from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.ordeal import all_started, say, workers_of
from tests.support.viewers import viewers

CROWD = 120
LEAVE = 50
RIGHT_WITHIN_S = 5.0
ASKED = 6  # fresh connections: the chance that one of two workers is never asked is small, and each look is repeated


async def told(server: Server, teacher: Teacher) -> set[int]:
    """What the workers say."""

    async def ask() -> int:
        async with server.client() as http:
            viewers: int = (await http.get(teacher.path)).json()["viewers"]
            return viewers

    return set(await asyncio.gather(*(ask() for _ in range(ASKED))))


async def right(server: Server, teacher: Teacher, what: str, number: Callable[[], int]) -> None:
    """Everybody says how many there are, in time."""
    began = time.monotonic()

    async def said_and_true() -> tuple[set[int], int]:
        return await told(server, teacher), number()

    _, there = await eventually(said_and_true, lambda both: both[0] == {both[1]}, RIGHT_WITHIN_S)
    say(f"{what}: {there} viewers, right after {time.monotonic() - began:.2f} s")


async def test_the_number_of_viewers(tmp_path: Path, redis_url: str) -> None:
    """After joins, after leaves, and after a worker was killed; the teacher's panel is told it too."""
    with serve_app(tmp_path, workers=2, redis_url=redis_url) as server:
        await all_started(server, 2)
        async with server.client() as http:
            teacher = await Teacher.start(http)
            async with open_stream(http, teacher.lesson, key=teacher.key) as panel:
                async with viewers(server.port, teacher.lesson, CROWD) as there:
                    await right(server, teacher, "after joins", lambda: CROWD)
                    await there.leave(LEAVE)
                    await right(server, teacher, "after leaves", lambda: CROWD - LEAVE)
                    await panel.until(lambda seen: seen.get("audience") == {"viewers": CROWD - LEAVE})
                    for one in there.members:
                        one.ended = True  # who loses the stream stays away
                    os.kill(workers_of(server)[0], signal.SIGKILL)
                    await eventually(there.here, lambda now: now < CROWD - LEAVE)
                    await all_started(server, 3)  # the one in its place knows others by its first census
                    await right(server, teacher, "after a killed worker", lambda: there.number_here)
                await right(server, teacher, "after all have left", lambda: 0)


pytestmark = pytest.mark.timeout(90)
