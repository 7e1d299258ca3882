"""A restart of everything, or of the server alone, in the middle of a lesson: what was acknowledged goes on."""

import asyncio
import csv
import io
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.lib.server import Server
from scripts.lib.stream import EventStream, Registers, apply, open_stream
from scripts.lib.teacher import Teacher
from tests.support.redis_server import RedisServer
from tests.support.wire import SAME_ORIGIN, poll, stored, stroke, viewer_state

QUICK = {"DRAIN_S": "0.2"}
REVEALED = poll(reveal=True, correct=[1])


@dataclass
class Lecture:
    """A lesson in the middle, with a panel, a student who has voted, and what both know."""

    teacher: Teacher
    student: httpx.AsyncClient
    panel: httpx.AsyncClient
    known: Registers = field(default_factory=dict)  # by the student
    cursor: str = ""

    @classmethod
    async def begin(cls, server: Server, stack: AsyncExitStack) -> "Lecture":
        """Slides, ink, notes, a poll with a vote; every request acknowledged."""
        http, student, panel = [await stack.enter_async_context(server.client()) for _ in range(3)]
        teacher = await Teacher.start(http, "Trees")
        assert (await panel.post(f"{teacher.path}/session", headers=teacher.auth)).status_code == 204
        await teacher.write(
            ("pages", {"order": ["a-1", "blank-1", "a-2"]}),
            ("slide", {"page": "a-1"}),
            ("notes/a-1", {"text": "greet them"}),
            ("poll/p1", REVEALED),
            ("ink/a-1/s1", stroke(1, 1)),
            ("ink/a-2/s1/0", stroke(2, 1)),
        )
        await teacher.write(("ink/a-1/s0", stroke(0, 0), "5.0.old"), ("ink/a-1/s2", stroke(2, 2)))
        await teacher.write(("ink/a-1/s2", None))
        answer = await student.post(f"{teacher.path}/polls/p1/votes", json={"choices": [0]})
        assert answer.status_code == 200
        return cls(teacher, student, panel)

    async def follow(self, stream: EventStream) -> None:
        """The student follows until the vote is in the tally."""
        tally = {"counts": [1, 0, 0], "voters": 1}
        self.known = dict(await stream.until(lambda registers: registers.get("tally/p1") == tally))
        self.cursor = str(stream.cursor)

    async def polls(self) -> dict[str, Any]:
        """Waits for news by the long poll; it is answered though the server stops."""
        params = {"cursor": self.cursor, "wait": "25"}
        answer = await self.panel.get(f"{self.teacher.path}/state", params=params)
        assert answer.status_code == 200
        told: dict[str, Any] = answer.json()
        return told

    async def comes_back(self, *, to_everything: bool) -> None:
        """The student's stream goes on with its cursor: with a reset, or with nothing new."""
        async with open_stream(self.student, self.teacher.lesson, cursor=self.cursor) as stream:
            first = await stream.next_state()
            assert ("reset" in first) is to_everything
            if not to_everything:
                assert first["writes"] == []
            known = dict(self.known)
            apply(known, first)
            assert known == self.known
            await self.teacher.write(("ink/a-1/s3", stroke(3, 3)))
            await stream.until(lambda registers: "ink/a-1/s3" in registers)

    async def goes_on(self) -> None:
        """The key, the panel's session, the student's vote, stamps and clears are what they were."""
        teacher = self.teacher
        assert (await teacher.write(("ink/a-1/s0", stroke(9, 9), "4.0.old")))["applied"] == [False]
        assert (await teacher.write(("ink/a-1/s2", stroke(9, 9), "4.0.old")))["applied"] == [False]
        body = {"writes": [{"key": "slide", "value": {"page": "a-2"}}]}
        answer = await self.panel.post(f"{teacher.path}/state", json=body, headers=SAME_ORIGIN)
        assert answer.json()["applied"] == [True]
        answer = await self.student.post(f"{teacher.path}/polls/p1/votes", json={"choices": [1]})
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers, "the same voter"
        async with open_stream(self.student, teacher.lesson) as stream:
            replaced = {"counts": [0, 1, 0], "voters": 1}
            await stream.until(lambda registers: registers.get("tally/p1") == replaced)
        answer = await self.panel.get(f"{teacher.path}/polls.csv")
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [(row["count"], row["voters"]) for row in rows] == [("0", "1"), ("1", "1"), ("0", "1")]
        registers = stored(await teacher.registers())
        assert registers["notes/a-1"] == {"text": "greet them"}
        assert registers["ink/a-2/s1/0"] == stroke(2, 1)


def stop(server: Server) -> None:
    """An orderly end."""
    assert server.stop() == 0


def crash(server: Server) -> None:
    """The end of the machine: the server and its embedded store are gone at once."""
    server.kill()


@pytest.mark.parametrize("end", [stop, crash])
async def test_a_restart_of_everything(tmp_path: Path, end: Callable[[Server], None]) -> None:
    """With the embedded store: keys, sessions, slides, ink, notes and votes are there; streams are told everything anew."""
    server = Server(tmp_path, env=QUICK).start()
    try:
        async with AsyncExitStack() as stack:
            lecture = await Lecture.begin(server, stack)
            async with open_stream(lecture.student, lecture.teacher.lesson) as stream:
                await lecture.follow(stream)
                before = await viewer_state(lecture.teacher)
                await asyncio.to_thread(end, server)
                await stream.until_closed()
            await asyncio.to_thread(server.start)
            after = await viewer_state(lecture.teacher)
            assert after["writes"] == before["writes"]
            await lecture.comes_back(to_everything=True)
            await lecture.goes_on()
    finally:
        server.close()
    assert "Traceback" not in server.log, server.log


async def test_a_restart_of_the_server_alone(tmp_path: Path, own_valkey: RedisServer) -> None:
    """Whoever waits is answered; then streams go on with their cursors as if nothing had been, entity tags too."""
    server = Server(tmp_path, redis_url=own_valkey.url, env=QUICK).start()
    try:
        async with AsyncExitStack() as stack:
            lecture = await Lecture.begin(server, stack)
            async with open_stream(lecture.student, lecture.teacher.lesson) as stream:
                await lecture.follow(stream)
                before = await lecture.student.get(f"{lecture.teacher.path}/state")
                polling = asyncio.create_task(lecture.polls())
                await asyncio.wait([polling], timeout=1.0)  # it has arrived by then
                await asyncio.to_thread(stop, server)
                assert await polling == {"cursor": lecture.cursor, "writes": []}
                await stream.until_closed()
                assert stream.registers == lecture.known
            await asyncio.to_thread(server.start)
            tag = {"If-None-Match": before.headers["etag"]}
            assert (
                await lecture.student.get(f"{lecture.teacher.path}/state", headers=tag)
            ).status_code == 304
            await lecture.comes_back(to_everything=False)
            await lecture.goes_on()
    finally:
        server.close()
    assert "Traceback" not in server.log, server.log


async def test_a_restart_of_the_store_alone(tmp_path: Path, own_valkey: RedisServer) -> None:
    """Streams stay open, are told everything anew, and go on; so does who comes with an older cursor."""
    server = Server(tmp_path, redis_url=own_valkey.url, env=QUICK).start()
    try:
        async with AsyncExitStack() as stack:
            lecture = await Lecture.begin(server, stack)
            async with open_stream(lecture.student, lecture.teacher.lesson) as stream:
                await lecture.follow(stream)
                seen = len(stream.events)
                await asyncio.to_thread(own_valkey.kill)
                await asyncio.to_thread(own_valkey.start)
                await stream.until(
                    lambda _: any(event.data.get("reset") for event in stream.events[seen:]), seconds=10.0
                )
                assert stream.registers == lecture.known
                assert not stream.closed
                await asyncio.to_thread(server.wait_ready)
                await lecture.comes_back(to_everything=True)
                await stream.until(lambda registers: "ink/a-1/s3" in registers)
            await lecture.goes_on()
    finally:
        server.close()
    assert "Traceback" not in server.log, server.log
