"""Polls by the thousand: what a teacher's script, or a class, may make of them costs the others nothing.

Rules: a server with a store of the test's own, whose commands are counted: nobody else asks it anything.
"""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from app.feed.tallies import SWEEP_S
from app.store.contract import Limits
from app.web import qr
from scripts.lib.server import Server, serve as serve_app
from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.redis_server import RedisServer, valkey_binary
from tests.support.wire import assert_problem, poll, without_jar

POLLS = Limits().polls
BATCH = 125


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A store whose commands are counted; nothing on disk, since thousands of writes would wait for it."""
    server = RedisServer(valkey_binary(), tmp_path_factory.mktemp("counting"), {"appendonly": "no"}).start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory, counting: RedisServer) -> Iterator[Server]:
    """Two workers, since each of them has timers."""
    with serve_app(tmp_path_factory.mktemp("busy"), workers=2, redis_url=counting.url) as server:
        yield server


@pytest.fixture
async def full(busy: Server) -> AsyncIterator[Teacher]:
    """A lesson with all the polls that it may have."""
    async with busy.client() as http:
        teacher = await Teacher.start(http, "Full")
        options = [f"option {number}" for number in range(10)]
        for start in range(0, POLLS, BATCH):
            names = range(start, min(start + BATCH, POLLS))
            await teacher.write(*((f"poll/q{name}", poll(options=options)) for name in names))
        yield teacher


async def vote(server: Server, teacher: Teacher, name: str, choice: int) -> None:
    """One voter more."""
    async with without_jar(server) as voter:
        answer = await voter.post(f"{teacher.path}/polls/{name}/votes", json={"choices": [choice]})
        assert answer.status_code == httpx.codes.OK, answer.text


def calls(store: RedisServer, command: str) -> int:
    """How often the store has been asked for something."""
    with store.client() as client:
        stats = client.info("commandstats")
    return int(stats.get(f"cmdstat_{command}", {"calls": 0})["calls"])


async def test_a_lesson_has_only_so_many_polls(full: Teacher) -> None:
    """One more is 409 of a type, and says what makes room; pages turn, polls change, and one deleted makes room."""
    body = {"writes": [{"key": "poll/more", "value": poll()}, {"key": "slide", "value": {"page": "blank-9"}}]}
    answer = await full.http.post(f"{full.path}/state", json=body, headers=full.auth)
    told = assert_problem(answer, 409)
    assert told["type"] == "/problems/lesson-full"
    assert "polls" in told["detail"]
    assert "slide" not in await full.registers()
    await full.write(("slide", {"page": "blank-1"}), ("poll/q1", poll(status="closed")))
    await full.write(("poll/q2", None))
    await full.write(("poll/more", poll()))


async def test_idle_polls_cost_nothing(full: Teacher, busy: Server, counting: RedisServer) -> None:
    """Open or not, watched or not: the store is asked for none of them; a vote is asked about once a process."""
    async with open_stream(full.http, full.lesson) as watching:
        await watching.next_state()
        await vote(busy, full, "q6", 1)
        await asyncio.sleep(
            3 * SWEEP_S
        )  # two turns pass until every process is done with a vote; scripts are known then
        before = calls(counting, "evalsha")
        await asyncio.sleep(3 * SWEEP_S)  # what is counted is what timers do in a while
        assert calls(counting, "evalsha") == before
        await vote(busy, full, "q7", 1)
        await asyncio.sleep(3 * SWEEP_S)
        # The vote, a load by the process that took it, and each process asks once.
        assert calls(counting, "evalsha") - before <= 4


async def test_results_of_a_full_lesson_are_one_command(
    full: Teacher, busy: Server, counting: RedisServer
) -> None:
    """Whatever was voted in, and whatever was not."""
    for name, choice in (("q0", 3), ("q0", 3), ("q999", 9)):
        await vote(busy, full, name, choice)
    await full.registers()  # the lesson is loaded in this connection's process
    before = calls(counting, "hgetall")
    answer = await full.http.get(f"{full.path}/polls.csv", headers=full.auth)
    assert calls(counting, "hgetall") == before + 1
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(rows) == POLLS * 10
    counted = {(row["poll"], row["option"]): (row["count"], row["voters"]) for row in rows}
    voted = {key: told for key, told in counted.items() if told[0] != "0"}
    assert voted == {("q0", "4"): ("2", "2"), ("q999", "10"): ("1", "1")}


async def test_a_new_host_for_each_picture(full: Teacher) -> None:
    """A picture is made once a link and not again for whoever has it; those of made-up hosts are bounded, in number and size."""
    path = f"{full.path}/qr.svg"
    first = await full.http.get(path)
    again = await full.http.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await full.http.get(path, headers={"Host": "other.example"})
    assert other.headers["etag"] != first.headers["etag"]
    assert other.content != first.content
    assert_problem(await full.http.get(path, headers={"Host": "a" * 3_000}), 400)

    longest = qr.picture("h" * qr.LINK_MAX)
    assert len(longest) <= 16 * 1024
    qr.picture.cache_clear()
    for number in range(3):
        qr.picture(f"https://{number}.example/k7p4qx")
        qr.picture(f"https://{number}.example/k7p4qx")
    assert (qr.picture.cache_info().misses, qr.picture.cache_info().maxsize) == (3, qr.KEPT)
    qr.picture.cache_clear()


async def test_votes_of_a_class_in_many_polls_are_published_together(
    full: Teacher, busy: Server, counting: RedisServer
) -> None:
    """Calls to publish are counted a lesson, not a poll."""
    names = [f"q{number}" for number in range(30)]
    before = calls(counting, "evalsha")
    for choice in (0, 1):
        await asyncio.gather(*(vote(busy, full, name, choice) for name in names))

    async def tallies() -> list[int]:
        held = await full.registers()
        return [held.get(f"tally/{name}", {}).get("voters", 0) for name in names]

    await eventually(tallies, lambda voters: voters == [2] * 30)
    assert calls(counting, "evalsha") - before < 60 + 30


pytestmark = pytest.mark.timeout(120)
