"""A lesson under way while something fails: a crowd, steady writes and votes, and what became of them.

Rules: at the end everything acknowledged is there and every viewer agrees with the store, or the test fails; the figures
are printed (`-s` shows them). Recovery is counted from the moment `fault_over` names: to the next 200, and for each viewer
to the next state.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx
import psutil

from scripts.lib.server import Server
from scripts.lib.stream import Registers
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.steady import Account, steadily
from tests.support.viewers import Viewers, viewers

BEFORE_S = 1.0
AFTER_S = 1.5


@dataclass
class Ordeal:
    """What is under way."""

    teacher: Teacher
    there: Viewers
    account: Account
    over: float = field(default=0.0)

    def fault_over(self) -> None:
        """From now on things can recover: the store is back, the process has been killed."""
        self.over = time.monotonic()

    def tell(self, what: str) -> None:
        """The figures, for those who run the test to see them."""
        account, again = self.account, self.there.told_again(self.over)
        say(
            f"{what}: survived; {len(account.acknowledged)} registers and {len(account.votes)} votes acknowledged, "
            f"0 missing; {len(account.answered_at)} answers, failures {dict(account.failures)}; "
            f"resets {self.there.resets}; next 200 after {account.answered_again(self.over):.2f} s, "
            f"viewers told again after {spread(again)}"
        )


@asynccontextmanager
async def ordeal(
    server: Server, crowd: int, *, port: int | None = None, votes: bool = True
) -> AsyncIterator[Ordeal]:
    """A lesson for the length of a block; its viewers come through `port`, if that is not the server's."""
    async with server.client() as http:
        teacher = await Teacher.start(http, "Under fire")
        async with viewers(port or server.port, teacher.lesson, crowd) as there:
            async with steadily(server, teacher, votes=votes) as account:
                await asyncio.sleep(BEFORE_S)
                yield (under_way := Ordeal(teacher, there, account))
                await asyncio.sleep(AFTER_S)
            await eventually(lambda: account.missing(teacher), lambda lost: not lost)
            await there.joined()
            await there.agree(await viewer_state(teacher))
            assert account.acknowledged
            assert account.votes or not votes
            assert account.without_retry_after == 0
            assert len(there.told_again(under_way.over)) == len(there.members)


async def viewer_state(teacher: Teacher) -> Registers:
    """What the store tells viewers."""
    answer = await teacher.http.get(f"{teacher.path}/state")
    return dict(answer.raise_for_status().json()["writes"])


async def metric(http: httpx.AsyncClient, name: str) -> float:
    """A metric of the process that answers, labels and all: `lectern_streams{audience="viewer"}`."""
    lines = (await http.get("/metrics")).raise_for_status().text.splitlines()
    values = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line[0] != "#"}
    return values[name]


async def status(http: httpx.AsyncClient, path: str) -> int:
    """The status of an answer; 0 where there is none."""
    try:
        return (await http.get(path)).status_code
    except httpx.TransportError:
        return 0


async def all_started(server: Server, workers: int) -> None:
    """Every worker serves: a server is ready with the first of them."""

    async def started() -> int:
        return server.log.count("Application startup complete")

    await eventually(started, lambda now: now >= workers)


def workers_of(server: Server) -> list[int]:
    """The processes that serve, without their supervisor and its helpers."""
    found = []
    for child in psutil.Process(server.pid).children():
        with suppress(psutil.Error):  # it has ended meanwhile
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child.pid)
    return sorted(found)


def spread(seconds: list[float]) -> str:
    """Median, 99th percentile and maximum of sorted seconds."""
    if not seconds:
        return "never"
    at = [seconds[round(part * (len(seconds) - 1))] for part in (0.5, 0.99, 1.0)]
    return f"p50 {at[0]:.2f} p99 {at[1]:.2f} max {at[2]:.2f} s ({len(seconds)})"


def histogram(seconds: list[float], step: float) -> str:
    """How many in each step of so many seconds, as lines."""
    counts: dict[int, int] = {}
    for at in seconds:
        counts[int(at // step)] = counts.get(int(at // step), 0) + 1
    most = max(counts.values(), default=1)
    lines = [
        f"{number * step:6.1f} s {counts.get(number, 0):5d} {'#' * (50 * counts.get(number, 0) // most)}"
        for number in range(max(counts, default=0) + 1)
    ]
    return "\n".join(lines)


def say(text: str) -> None:
    """A figure."""
    sys.stdout.write(f"\n{text}\n")
    sys.stdout.flush()
