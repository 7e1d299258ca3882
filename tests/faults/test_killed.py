"""Processes that are killed: a worker, every worker, the store. Nothing acknowledged is lost, and everybody agrees afterwards.

Rules: real processes and kill -9, under a crowd of streams and steady writes and votes.
"""

import asyncio
import os
import signal
from pathlib import Path

import psutil
import pytest

from scripts.lib.server import serve as serve_app
from tests.support.ordeal import all_started, ordeal, workers_of
from tests.support.redis_server import RedisServer

CROWD = 1_000


async def test_a_killed_worker(tmp_path: Path, redis_url: str) -> None:
    """The other goes on, its place is taken, and those who were on it come back with their cursors."""
    with serve_app(tmp_path, workers=2, redis_url=redis_url) as server:
        await all_started(server, 2)
        async with ordeal(server, CROWD) as under_way:
            os.kill(workers_of(server)[0], signal.SIGKILL)
            under_way.fault_over()
        assert under_way.there.resets == 0
        assert len(workers_of(server)) == 2
        under_way.tell("a worker killed")


async def test_every_worker_killed(tmp_path: Path, redis_url: str) -> None:
    """All are started again, and all streams go on from their cursors."""
    with serve_app(tmp_path, workers=2, redis_url=redis_url) as server:
        await all_started(server, 2)
        async with ordeal(server, CROWD) as under_way:
            for worker in workers_of(server):
                os.kill(worker, signal.SIGKILL)
            under_way.fault_over()
        assert under_way.there.resets == 0
        under_way.tell("every worker killed")


async def test_a_killed_store(tmp_path: Path, own_valkey: RedisServer) -> None:
    """Back with its append-only file, it has everything; streams stay up and are told to start again."""
    with serve_app(tmp_path, redis_url=own_valkey.url) as server:
        async with ordeal(server, CROWD) as under_way:
            own_valkey.kill()
            await asyncio.sleep(1.0)  # how long the store is away
            own_valkey.start()
            under_way.fault_over()
        assert under_way.there.never_lost
        assert under_way.there.resets == CROWD
        under_way.tell("the store killed")


async def test_a_killed_embedded_store(tmp_path: Path) -> None:
    """The embedded Valkey is started again by itself."""
    with serve_app(tmp_path) as server:
        async with ordeal(server, crowd=100) as under_way:
            store = next(c for c in psutil.Process(server.pid).children() if "valkey" in c.name())
            store.kill()
            under_way.fault_over()
        assert under_way.there.never_lost
        under_way.tell("the embedded store killed")


pytestmark = pytest.mark.timeout(180)
