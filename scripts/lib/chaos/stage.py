"""What the faults are done to: a store of one's own behind a line that misbehaves, two workers, and who is alive.

Rules: everything is a real process and ends with the block. The store writes what it acknowledges to the disk at once. A worker that
has ended is known by its process id: each one is either accounted for by the fault of the round or a fault of the server.
"""

import asyncio
import os
import random
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from scripts.lib.chaos.account import Account
from scripts.lib.server import Server, serve
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.ordeal import workers_of
from tests.support.proxy import PASS, Proxy, proxy_to
from tests.support.redis_server import RedisServer, valkey_binary
from tests.support.viewers import Viewers

WORKERS = 2
START_S = 40.0
DRAIN_S = 2
BLOCKING = b"XREAD"  # only a reader sends it
STARTED = 'pid={} event="Application startup complete."'
DIED = re.compile(r"Child process \[(\d+)\] died")
WORDS_OF_FAULTS = ("Traceback", "background work has failed")


@dataclass
class Stage:
    """The parts, and what the round under way has done to them."""

    store: RedisServer
    line: Proxy
    server: Server
    chance: random.Random
    account: Account = field(default_factory=Account)
    ended_by_us: set[int] = field(default_factory=set)
    read_to: int = 0  # of the log
    teacher: Teacher = field(init=False)
    there: Viewers = field(init=False)
    http: httpx.AsyncClient = field(init=False)

    async def whole(self) -> None:
        """Every worker serves."""

        async def started() -> int:
            log = self.server.log
            return sum(STARTED.format(pid) in log for pid in workers_of(self.server))

        await eventually(started, lambda number: number == WORKERS, START_S)
        await eventually(self._ready, lambda ready: ready, START_S)

    async def _ready(self) -> bool:
        try:
            async with self.server.client() as http:  # a connection of its own: any worker may take it
                return (await http.get("/readyz")).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def kill_worker(self) -> None:
        """One of them is gone without a word."""
        pid = self.chance.choice(workers_of(self.server))
        self.ended_by_us.add(pid)
        os.kill(pid, signal.SIGKILL)

    def restart(self) -> None:
        """All workers are replaced, one after the other."""
        self.ended_by_us |= set(workers_of(self.server))
        os.kill(self.server.pid, signal.SIGHUP)

    async def replaced(self) -> None:
        """Until no worker that we have ended is left."""

        async def left() -> set[int]:
            return set(workers_of(self.server)) & self.ended_by_us

        await eventually(left, lambda pids: not pids, START_S)

    def pass_all(self) -> None:
        """The line to the store is a line again."""
        self.line.refusing, self.line.lives_s = False, None
        self.line.set(PASS)

    def log_of_round(self) -> str:
        """What the server has logged since this was last asked."""
        log = self.server.log
        new, self.read_to = log[self.read_to :], len(log)
        return new

    async def verdict(self) -> list[str]:
        """What has ended by itself, or says that it has failed."""
        await self.whole()
        log = self.log_of_round()
        found = [f"the log says {words!r}" for words in WORDS_OF_FAULTS if words in log]
        alone = {int(pid) for pid in DIED.findall(log)} - self.ended_by_us
        return found + [f"worker {pid} ended by itself" for pid in sorted(alone)]


@contextmanager
def stage(folder: Path, seed: int) -> Iterator[Stage]:
    """Everything for the length of a block."""
    store = RedisServer(valkey_binary(), folder / "store").start()
    try:
        with proxy_to(store.port, BLOCKING) as line:
            url, env = f"redis://127.0.0.1:{line.port}/0", {"DRAIN_S": str(DRAIN_S)}
            with serve(folder / "server", workers=WORKERS, redis_url=url, env=env) as server:
                yield Stage(store, line, server, random.Random(seed))
    finally:
        store.kill()


async def pause(seconds: float) -> None:
    """How long a fault lasts, or the next is away."""
    await asyncio.sleep(seconds)
