"""SIGTERM in the middle of a lecture: nobody new, everybody sent away in good order, and gone in time with exit code 0.

Rules: the same must hold for one worker, for several, and as the Procfile has it run.
"""

import asyncio
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from scripts.lib.server import PROJECT, Server
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.ordeal import all_started, histogram, say
from tests.support.viewers import Viewers, viewers

CROWD = 300
QUICK_S, DEFAULT_S = 6.0, 20.0
GONE_WITHIN_S = 28.0
REFUSED_WITHIN_S = 2.0
LATE_S = 1.5  # of a busy machine
HEARD_S = 0.5  # a write that another worker has accepted may be on its way for so long, on a busy machine
PARTS = 4
LEAST = 0.12  # of the crowd in each part of the drain: half of what is due

WAYS = {
    "one worker": (1, QUICK_S, False),
    "two workers": (2, QUICK_S, False),
    "the Procfile's line": (1, QUICK_S, True),
    "the Procfile's line, two workers, default": (2, DEFAULT_S, True),
}


def web_line() -> str:
    """What a platform gives to `sh -c`."""
    line = re.search(r"^web: (.+)$", (PROJECT / "Procfile").read_text(), re.MULTILINE)
    assert line
    return line[1]


@contextmanager
def started(folder: Path, redis_url: str, way: str) -> Iterator[Server]:
    """A server, run in one of the ways."""
    workers, drain_s, procfile = WAYS[way]
    drain = "" if drain_s == DEFAULT_S else f"{drain_s:g}"
    server = Server(folder, workers=workers, redis_url=redis_url, env={"DRAIN_S": drain})
    if procfile:
        server.command = ["sh", "-c", web_line()]
        server.env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{server.env['PATH']}"
    try:
        yield server.start()
    finally:
        server.kill()


async def accepted(server: Server) -> bool:
    """Whether anybody listens."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    except OSError:
        return False
    writer.transport.abort()
    return True


async def write_until_refused(server: Server, teacher: Teacher) -> list[float]:
    """When each value, 1 and on, was accepted."""
    accepted: list[float] = []
    async with server.client() as http:
        while True:
            body = {"writes": [{"key": "timer", "value": {"ends": len(accepted) + 1}}]}
            try:
                answer = await http.post(f"{teacher.path}/state", json=body, headers=teacher.auth)
            except httpx.TransportError:
                return accepted
            assert answer.status_code == 200
            accepted.append(asyncio.get_running_loop().time())


def judge(there: Viewers, asked: float, drain_s: float, writes: list[float]) -> None:
    """Everybody was told everything and when to come back, and left at a moment of their own."""
    left = sorted(one.lost_at[0] - asked for one in there.members)
    say(histogram(left, drain_s / 12))
    assert len(left) == len(there.members)
    assert left[-1] < drain_s + LATE_S
    for part in range(
        PARTS
    ):  # from the first who leaves: how soon the signal is looked at is not the drain's
        here = [at for at in left if part <= (at - left[0]) / drain_s * PARTS < part + 1]
        assert len(here) >= LEAST * len(left)
    for one in there.members:
        before = sum(at < one.lost_at[0] - HEARD_S for at in writes)
        assert before <= one.registers["timer"]["ends"] <= len(writes)
        assert len(one.retries) == 1
        assert 500 <= one.retries[0] <= 4_000
    assert len({one.retries[0] for one in there.members}) > len(there.members) / 2


async def drained(tmp_path: Path, redis_url: str, way: str) -> None:
    """One server in one way: nobody is closed without having been sent everything accepted before."""
    loop = asyncio.get_running_loop()
    with started(tmp_path, redis_url, way) as server:
        await all_started(server, WAYS[way][0])
        async with server.client() as http:
            teacher = await Teacher.start(http)
            async with viewers(server.port, teacher.lesson, CROWD) as there:
                writing = asyncio.create_task(write_until_refused(server, teacher))
                await asyncio.sleep(1.0)  # of writes before the signal: some are on their way when it comes
                asked = loop.time()
                server.terminate()
                ended = asyncio.create_task(asyncio.to_thread(server.wait, GONE_WITHIN_S))
                writes = await writing
                await eventually(lambda: accepted(server), lambda yes: not yes, REFUSED_WITHIN_S)
                assert await ended == 0
                took = loop.time() - asked
                say(
                    f"{way}: {len(writes)} writes accepted, all told to {CROWD} viewers; gone after {took:.1f} s"
                )
                assert took < GONE_WITHIN_S
                judge(there, asked, WAYS[way][1], writes)


async def test_drains(tmp_path: Path, redis_url: str) -> None:
    """In every way, at the same time: they are told apart by what they print and by the note of a failure."""

    async def one(number: int, way: str) -> None:
        try:
            await drained(tmp_path / str(number), redis_url, way)
        except BaseException as fault:
            fault.add_note(f"as {way}")
            raise

    async with asyncio.TaskGroup() as group:
        for number, way in enumerate(WAYS):
            group.create_task(one(number, way))


pytestmark = pytest.mark.timeout(120)
