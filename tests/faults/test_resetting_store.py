"""A store whose address accepts connections and resets them: a balancer whose backend is down, a Redis at `maxclients`.

Rules: it is a store that is away and nothing worse: 503, no 500, no traceback, no worker that ends; it heals by itself.
"""

import asyncio
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from scripts.lib.deck import plain_deck
from scripts.lib.server import Server, serve as serve_app
from scripts.lib.teacher import Teacher
from tests.faults.conftest import store_url
from tests.support.eventually import eventually
from tests.support.ordeal import status, workers_of
from tests.support.proxy import Proxy
from tests.support.redis_server import RedisServer

AWAY_S = 12.0  # with one worker everything ended after 1 to 35 s
HEALS_S = 15.0
LIVES_S = 0.05  # of a connection: long enough for some commands
CALLERS = 8
GONE = {httpx.codes.SERVICE_UNAVAILABLE}


async def ask(http: httpx.AsyncClient, teacher: Teacher, until: float) -> Counter[int]:
    """Writes, votes, new lessons and probes as fast as they are answered; the statuses of the answers."""
    write = {"writes": [{"key": "timer", "value": {"paused": 1}}]}
    said: Counter[int] = Counter()
    while time.monotonic() < until:
        answers = (
            await http.post(f"{teacher.path}/state", json=write, headers=teacher.auth),
            await http.post(f"{teacher.path}/polls/p/votes", json={"choices": [0]}),
            await http.post("/api/lessons", json={"title": "Another"}),
            await http.get("/readyz"),
        )
        said.update(answer.status_code for answer in answers)
        await asyncio.sleep(0)
    return said


async def endure(server: Server, teacher: Teacher, http: httpx.AsyncClient) -> Counter[int]:
    """What is answered while the store is not well; a deck is refused in between, and reads go on from memory."""
    until = time.monotonic() + AWAY_S
    asking = [asyncio.create_task(ask(http, teacher, until)) for _ in range(CALLERS)]
    assert (await http.get(f"{teacher.path}/state")).status_code == httpx.codes.OK
    said: Counter[int] = sum(await asyncio.gather(*asking), Counter())
    assert "Traceback" not in server.log, server.log[-4000:]
    return said


async def send_deck(http: httpx.AsyncClient, teacher: Teacher) -> int:
    """The status of the answer to a PDF."""
    pdf = {**teacher.auth, "Content-Type": "application/pdf"}
    return (await http.post(f"{teacher.path}/decks", content=plain_deck(1), headers=pdf)).status_code


async def healed(http: httpx.AsyncClient, teacher: Teacher) -> None:
    """Ready again, and written to again."""
    await eventually(lambda: status(http, "/readyz"), lambda code: code == httpx.codes.OK, HEALS_S)
    await teacher.write(("slide", {"page": "blank-2"}))


async def test_an_address_that_accepts_and_resets(tmp_path: Path, store_line: Proxy) -> None:
    """At once, or after the first bytes: whatever the transport says then, it is an outage."""
    with serve_app(tmp_path, redis_url=store_url(store_line)) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http, "Reset")
            await teacher.write(("slide", {"page": "blank-1"}))
            store_line.refusing = True
            store_line.cut()
            assert (await endure(server, teacher, http)).keys() == GONE
            assert await send_deck(http, teacher) in GONE
            store_line.refusing = False
            await healed(http, teacher)


async def test_connections_that_are_reset_at_any_moment(tmp_path: Path, store_line: Proxy) -> None:
    """Also between two commands, while nobody reads: the transport is closed then, and a write to it is no bug."""
    with serve_app(tmp_path, redis_url=store_url(store_line)) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http, "Reset")
            await teacher.write(("slide", {"page": "blank-1"}))
            store_line.lives_s = LIVES_S
            store_line.cut()
            said = await endure(server, teacher, http)
            assert said.keys() <= {*GONE, httpx.codes.OK, httpx.codes.CREATED, httpx.codes.NOT_FOUND}, said
            assert said[httpx.codes.OK]
            store_line.lives_s = None
            store_line.cut()
            await healed(http, teacher)


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_store_that_takes_no_more_clients(
    tmp_path: Path, own_valkey: RedisServer, workers: int
) -> None:
    """It answers a new connection with an error, without having read anything, and closes it."""
    with (
        serve_app(tmp_path, workers=workers, redis_url=own_valkey.url) as server,
        own_valkey.client() as admin,
    ):
        admin.ping()
        async with server.client() as http:
            teacher = await Teacher.start(http, "Full house")
            await teacher.write(("slide", {"page": "blank-1"}))
            before = workers_of(server) if workers > 1 else []
            admin.config_set("maxclients", 1)
            admin.client_kill_filter(_type="normal", skipme=True)
            assert (await endure(server, teacher, http)).keys() == GONE
            assert await send_deck(http, teacher) in GONE
            admin.config_set("maxclients", 1000)
            await healed(http, teacher)
            assert (workers_of(server) if workers > 1 else []) == before


pytestmark = pytest.mark.timeout(120)
