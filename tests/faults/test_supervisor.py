"""Several workers under their supervisor: stopped by hand, and restarted while the store is away."""

import asyncio
import os
import signal
import socket
import time
from pathlib import Path

import httpx
import psutil
import pytest

from scripts.lib.server import serve as serve_app
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.ordeal import all_started, say, status, workers_of
from tests.support.redis_server import RedisServer
from tests.support.viewers import viewers

CROWD = 50
AT_ONCE_S = 3.0
MUTE_S = 5.0  # longer than a start's first try


@pytest.mark.parametrize("everybody", [True, False], ids=["in a terminal", "by kill"])
async def test_ctrl_c_does_not_wait_for_a_drain(tmp_path: Path, redis_url: str, *, everybody: bool) -> None:
    """A terminal sends SIGINT to all of them, `kill -INT` to one: both end at once and in order."""
    with serve_app(tmp_path, workers=2, redis_url=redis_url, env={"DRAIN_S": "20"}) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http)
            async with viewers(server.port, teacher.lesson, CROWD):
                workers, began = workers_of(server), time.monotonic()
                for pid in [server.pid, *(workers if everybody else [])]:
                    os.kill(pid, signal.SIGINT)
                assert await asyncio.to_thread(server.wait, 20.0) == 0
                took = time.monotonic() - began
                say(f"Ctrl+C with {CROWD} viewers: gone after {took:.2f} s")
                assert took < AT_ONCE_S


async def test_a_worker_killed_while_the_store_is_mute(tmp_path: Path, own_valkey: RedisServer) -> None:
    """Its place is taken once the store answers; meanwhile neither the other worker nor the supervisor ends."""
    with serve_app(tmp_path, workers=2, redis_url=own_valkey.url) as server:
        first, second = workers_of(server)
        await all_started(server, 2)
        own_valkey.freeze()
        try:
            os.kill(first, signal.SIGKILL)
            async with server.client() as http:
                killed_at = time.monotonic()
                while time.monotonic() < killed_at + MUTE_S:
                    assert await status(http, "/healthz") == httpx.codes.OK
                    await asyncio.sleep(0.2)
        finally:
            own_valkey.thaw()
        thawed_at = time.monotonic()

        async def ready() -> set[int]:
            return {await _ready(server.url) for _ in range(6)}

        await eventually(ready, lambda codes: codes == {httpx.codes.OK})
        say(
            f"a worker killed while the store is mute: all ready {time.monotonic() - thawed_at:.2f} s after it"
        )
        assert second in workers_of(server)
        assert len(workers_of(server)) == 2


async def test_no_worker_outlives_a_killed_supervisor(tmp_path: Path, redis_url: str) -> None:
    """They stop in order and give the address back: the next start would find it taken, and nobody could stop them."""
    with serve_app(tmp_path, workers=2, redis_url=redis_url) as server:
        await all_started(server, 2)
        workers = [psutil.Process(pid) for pid in workers_of(server)]
        async with server.client() as http:
            teacher = await Teacher.start(http)
            async with viewers(server.port, teacher.lesson, CROWD):
                os.kill(server.pid, signal.SIGKILL)
                _, alive = await asyncio.to_thread(psutil.wait_procs, workers, 20.0)
                assert alive == []
        assert server.log.count("the supervisor has died") == 2
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
            again.bind(("127.0.0.1", server.port))


async def _ready(url: str) -> int:
    # A connection of its own: it may be either worker's.
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=10.0) as http:
        return await status(http, "/readyz")


pytestmark = pytest.mark.timeout(120)
