"""Processes that are killed: a worker, every worker, the store. Nothing acknowledged is lost, and everybody agrees afterwards.

Rules: real processes and kill -9, under a crowd of streams and steady writes and votes.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from scripts.lib.server import Server, serve as serve_app
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.redis_server import RedisServer
from tests.support.steady import Account, steadily
from tests.support.viewers import Viewers, viewers

CROWD = 1_000
BEFORE_S = 1.5
AFTER_S = 3.0


def workers_of(server: Server) -> list[int]:
    """The processes that serve, without their supervisor and its helpers."""
    children = psutil.Process(server.pid).children()
    return sorted(child.pid for child in children if "spawn_main" in " ".join(child.cmdline()))


async def viewer_state(teacher: Teacher) -> dict[str, object]:
    """What the store tells viewers."""
    answer = await teacher.http.get(f"{teacher.path}/state")
    return dict(answer.raise_for_status().json()["writes"])


@asynccontextmanager
async def under_way(server: Server, crowd: int = CROWD) -> AsyncIterator[tuple[Teacher, Viewers, Account]]:
    """A lesson with a crowd, writes and votes; at the end everything acknowledged is there and all agree."""
    async with server.client() as http:
        teacher = await Teacher.start(http, "Under fire")
        async with viewers(server, teacher.lesson, crowd) as there:
            async with steadily(server, teacher) as account:
                await asyncio.sleep(BEFORE_S)
                yield teacher, there, account
                await asyncio.sleep(AFTER_S)
            await eventually(lambda: account.missing(teacher), lambda lost: not lost)
            await there.joined()
            await there.agree(await viewer_state(teacher))
            assert account.acknowledged
            assert account.votes


async def test_a_killed_worker(tmp_path: Path, redis_url: str) -> None:
    """The other goes on, its place is taken, and those who were on it come back with their cursors."""
    with serve_app(tmp_path, workers=2, redis_url=redis_url) as server:
        async with under_way(server) as (_, there, account):
            os.kill(workers_of(server)[0], signal.SIGKILL)
        assert there.resets == 0
        assert len(workers_of(server)) == 2
        tell_recovery("a worker killed", account)


async def test_every_worker_killed(tmp_path: Path, redis_url: str) -> None:
    """All are started again, and all streams go on from their cursors."""
    with serve_app(tmp_path, workers=2, redis_url=redis_url) as server:
        async with under_way(server) as (_, there, account):
            for worker in workers_of(server):
                os.kill(worker, signal.SIGKILL)
        assert there.resets == 0
        tell_recovery("every worker killed", account)


async def test_a_killed_store(tmp_path: Path, own_valkey: RedisServer) -> None:
    """Back with its append-only file, it has everything; streams stay up and are told to start again."""
    with serve_app(tmp_path, redis_url=own_valkey.url) as server:
        async with under_way(server) as (_, there, account):
            own_valkey.kill()
            await asyncio.sleep(1.0)
            own_valkey.start()
        assert all(len(one.connected_at) == 1 for one in there.members), "streams were dropped"
        assert account.without_retry_after == 0
        tell_recovery("the store killed", account)


async def test_a_killed_embedded_store(tmp_path: Path) -> None:
    """The embedded Valkey is started again by itself."""
    with serve_app(tmp_path) as server:
        async with under_way(server, crowd=100) as (_, __, account):
            store = next(c for c in psutil.Process(server.pid).children() if "valkey" in c.name())
            store.kill()
        tell_recovery("the embedded store killed", account)


def tell_recovery(what: str, account: Account) -> None:
    """The figures of a fault, for those who run the test to see them (`-s`)."""
    longest = max(account.recovered, default=0.0)
    sys.stdout.write(
        f"\n{what}: {len(account.acknowledged)} registers and {len(account.votes)} votes acknowledged, 0 missing; "
        f"failures {dict(account.failures)}; longest time to recovery {longest:.2f} s\n"
    )


pytestmark = pytest.mark.timeout(180)
