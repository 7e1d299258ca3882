"""SIGTERM while some viewers take nothing, others ask, and the lesson goes on at another server: who can still be told is told.

Rules: the writes go to a server that stays, so that they go on until the last viewer of the other one has left.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from scripts.lib.server import Server, serve as serve_app
from scripts.lib.teacher import Teacher
from scripts.lib.viewer import Viewer
from tests.support.eventually import eventually
from tests.support.ordeal import say
from tests.support.redis_server import RedisServer
from tests.support.viewers import viewers

READING, RESUMING, NEVER = 20, 20, 5
DRAIN_S = 6.0
RESUMED_AT_S = 4.5  # by then the moment of most has passed
LATE_S = 8.0  # by the contract: a drain of 20 s is over before 28
HEARD_S = 0.5  # a write that another server has accepted may be on its way for so long
PAUSE_S = 0.02
REQUEST_TASKS = 2  # of a request that waits for a lesson: its own, and the lesson's loading
NUMBERS = 20_000  # of a stroke: 100 KiB
STROKES = 8


async def draw(teacher: Teacher, readers: list[Viewer]) -> None:
    """Ink enough to fill any buffer on the way; those who read have it."""
    for number in range(STROKES):
        points = [(number * 7 + n) % 90 + 10 for n in range(NUMBERS)]
        ink = {"tool": "pen", "color": "#000000", "width": 9, "points": points}
        await teacher.write(("ink/blank-1/s1", ink))

        async def told(ink: dict[str, object] = ink) -> bool:
            return all(one.registers.get("ink/blank-1/s1") == ink for one in readers)

        await eventually(told, bool)


async def write_on(teacher: Teacher, accepted: list[float]) -> None:
    """Values from 1 on, and when each was accepted; until cancelled."""
    while True:
        await teacher.write(("timer", {"ends": len(accepted) + 1}))
        accepted.append(asyncio.get_running_loop().time())
        await asyncio.sleep(PAUSE_S)


def told_everything(one: Viewer, accepted: list[float]) -> bool:
    """Everything that was accepted before it was sent away, and when to come back."""
    before = sum(at < one.lost_at[0] - HEARD_S for at in accepted)
    return one.registers.get("timer", {"ends": 0})["ends"] >= before and len(one.retries) == 1


async def gone(server: Server) -> float:
    """Stops a server; how long it took. An orderly end is exit code 0."""
    asked = asyncio.get_running_loop().time()
    server.terminate()
    assert await asyncio.to_thread(server.wait) == 0
    return asyncio.get_running_loop().time() - asked


async def test_viewers_that_do_not_read(tmp_path: Path, redis_url: str) -> None:
    """Who reads on before the end of the drain has everything and the last event; only who never does is cut off, in time."""
    with (
        serve_app(tmp_path / "leaves", redis_url=redis_url, env={"DRAIN_S": f"{DRAIN_S:g}"}) as leaves,
        serve_app(tmp_path / "stays", redis_url=redis_url) as stays,
    ):
        async with stays.client() as http:
            teacher = await Teacher.start(http)
            await teacher.write(("slide", {"page": "blank-1"}))
            async with viewers(leaves.port, teacher.lesson, READING + RESUMING + NEVER) as there:
                reading = list(there.members[:READING])
                resuming, never = there.members[READING:-NEVER], there.members[-NEVER:]
                for one in (*resuming, *never):
                    one.stop_reading()
                await draw(teacher, reading)
                accepted: list[float] = []
                writing = asyncio.create_task(write_on(teacher, accepted))
                ending = asyncio.create_task(gone(leaves))
                await asyncio.sleep(RESUMED_AT_S)
                for one in resuming:
                    one.read_on()
                took = await ending
                for one in never:
                    one.read_on()
                await eventually(lambda: _lost(there.members), lambda lost: lost == len(there.members))
                writing.cancel()
                with suppress(asyncio.CancelledError):
                    await writing
        say(f"{RESUMING} viewers read on after {RESUMED_AT_S:g} s of a drain of {DRAIN_S:g} s, {NEVER} never: "
            f"gone after {took:.1f} s; {len(accepted)} writes")  # fmt: skip
        assert took < DRAIN_S + LATE_S
        assert [one.registers.get("timer") for one in reading if not told_everything(one, accepted)] == []
        assert [one.registers.get("timer") for one in resuming if not told_everything(one, accepted)] == []
        assert [one.retries for one in never] == [[]] * NEVER


async def _lost(members: Sequence[Viewer]) -> int:
    return sum(bool(one.lost_at) for one in members)


async def tasks(server: Server) -> float:
    """What a server is at, by its own count."""
    async with server.client() as http:
        lines = (await http.get("/metrics")).raise_for_status().text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("lectern_tasks "))


async def refuses(port: int) -> bool:
    """Whether a server has stopped listening: the first thing it does when it is told to end."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return True
    writer.close()
    return False


async def test_a_stream_that_opens_after_the_signal(tmp_path: Path, own_valkey: RedisServer) -> None:
    """It was asked for before: it has its state, and within the drain the last event."""
    with (
        serve_app(tmp_path / "leaves", redis_url=own_valkey.url, env={"DRAIN_S": "2"}) as leaves,
        serve_app(tmp_path / "stays", redis_url=own_valkey.url) as stays,
    ):
        async with stays.client() as http:
            teacher = await Teacher.start(http)
            await teacher.write(("slide", {"page": "blank-1"}))
        before = await tasks(leaves)
        own_valkey.freeze()  # a lesson that is not in memory is asked for, and waits
        viewer = Viewer(leaves.port, teacher.lesson, 1)
        staying = asyncio.create_task(viewer.stay())
        try:
            await eventually(lambda: tasks(leaves), lambda now: now >= before + REQUEST_TASKS)
            ending = asyncio.create_task(gone(leaves))
            await eventually(lambda: refuses(leaves.port), bool)
        finally:
            own_valkey.thaw()
        took = await ending
        staying.cancel()
        assert viewer.registers["slide"] == {"page": "blank-1"}
        assert len(viewer.retries) == 1
        assert took < 2 + LATE_S


pytestmark = pytest.mark.timeout(90)
