"""Everything is killed right after votes were acknowledged: they are in the tally all the same.

Rules: kill -9 of the server and of the store, at once; the store has written what it acknowledged. Only the first vote of a poll is
published at once: those that follow within the pace wait, and the process that would publish them is gone.
"""

import csv
import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.lib.server import Server, serve as serve_app
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.redis_server import RedisServer
from tests.support.wire import poll, without_jar

VOTERS = 4
EVERY = {"counts": [2, 2, 0], "voters": VOTERS}


async def voted(server: Server, teacher: Teacher) -> None:
    """Everybody has an answer."""
    async with without_jar(server) as voters:
        for number in range(VOTERS):
            answer = await voters.post(f"{teacher.path}/polls/p1/votes", json={"choices": [number % 2]})
            assert answer.status_code == httpx.codes.OK, answer.text


async def seen(http: httpx.AsyncClient, teacher: Teacher, *, teachers: bool) -> Any:
    """The tally, as the lesson's state has it now."""
    params, headers = ({"as": "teacher"}, teacher.auth) if teachers else ({}, {})
    answer = await http.get(f"{teacher.path}/state", params=params, headers=headers)
    return dict(answer.raise_for_status().json()["writes"]).get("tally/p1")


async def results(http: httpx.AsyncClient, teacher: Teacher) -> list[int]:
    """The counts, as a spreadsheet gets them."""
    answer = await http.get(f"{teacher.path}/polls.csv", headers=teacher.auth)
    return [int(row["count"]) for row in csv.DictReader(io.StringIO(answer.text, newline=""))]


async def revealed(teacher: Teacher) -> None:
    """Closed and shown in one write."""
    await teacher.write(("poll/p1", poll(status="closed", reveal=True)))


async def closed(teacher: Teacher) -> None:
    """Closed, and shown to nobody yet."""
    await teacher.write(("poll/p1", poll(status="closed")))


async def ended(teacher: Teacher) -> None:
    """The lesson is over."""
    (await teacher.http.post(f"{teacher.path}/end", headers=teacher.auth)).raise_for_status()


@pytest.mark.parametrize("over", [revealed, closed, ended])
async def test_a_poll_that_is_over_has_every_vote_from_the_first_moment(
    tmp_path: Path, own_valkey: RedisServer, over: Callable[[Teacher], Awaitable[None]]
) -> None:
    """However long everything was away: nobody has to publish anything, so the first state that is asked for has them all."""
    with serve_app(tmp_path, redis_url=own_valkey.url) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http)
            await teacher.write(("poll/p1", poll()))
            await voted(server, teacher)
            await over(teacher)
            server.kill()
            own_valkey.kill()
        own_valkey.start()
        server.start()
        async with server.client() as http:
            assert await seen(http, teacher, teachers=True) == EVERY
            if over is revealed:
                assert await seen(http, teacher, teachers=False) == EVERY
            assert await results(http, teacher) == EVERY["counts"]


async def test_an_open_poll_is_caught_up_by_whoever_loads_its_lesson(
    tmp_path: Path, own_valkey: RedisServer
) -> None:
    """Nobody votes again, nobody closes it."""
    with serve_app(tmp_path, redis_url=own_valkey.url) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http)
            await teacher.write(("poll/p1", poll(reveal=True)))
            await voted(server, teacher)
            server.kill()
            own_valkey.kill()
        own_valkey.start()
        server.start()
        async with server.client() as http:
            await eventually(lambda: seen(http, teacher, teachers=False), lambda tally: tally == EVERY)
            assert await results(http, teacher) == EVERY["counts"]


async def test_an_open_poll_is_caught_up_by_another_server(tmp_path: Path, own_valkey: RedisServer) -> None:
    """One that had the lesson loaded when the first was killed, and was told nothing."""
    with (
        serve_app(tmp_path / "other", redis_url=own_valkey.url) as other,
        serve_app(tmp_path / "killed", redis_url=own_valkey.url) as server,
    ):
        async with server.client() as http, other.client() as elsewhere:
            teacher = await Teacher.start(http)
            await teacher.write(("poll/p1", poll()))
            assert await seen(elsewhere, teacher, teachers=True) is None
            await voted(server, teacher)
            server.kill()
            await eventually(lambda: seen(elsewhere, teacher, teachers=True), lambda tally: tally == EVERY)


pytestmark = pytest.mark.timeout(120)
