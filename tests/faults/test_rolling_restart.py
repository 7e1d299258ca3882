"""A deploy in the middle of a lecture: each worker is replaced, one after the other, and nobody loses anything.

Rules: SIGHUP makes the supervisor do it; a worker's streams are told to come back over the whole of its drain.
"""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from scripts.lib.server import serve as serve_app
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.ordeal import all_started, histogram, ordeal, say, workers_of
from tests.support.viewers import viewers

CROWD = 2_000
DRAIN_S = 5.0
REPLACED_WITHIN_S = 60.0
LATE_S = 4.0  # of a busy machine; one drain after the other would take five more
LITTLE = 200
PEAK = 4  # times the even rate: what comes back in one second


async def test_a_rolling_restart(tmp_path: Path, redis_url: str) -> None:
    """Reconnects are spread, every cursor is valid on the new workers, and no acknowledged write or vote is missing."""
    with serve_app(tmp_path, workers=2, redis_url=redis_url, env={"DRAIN_S": f"{DRAIN_S:g}"}) as server:
        await all_started(server, 2)
        async with ordeal(server, CROWD) as under_way:
            before = workers_of(server)

            async def workers() -> list[int]:
                return workers_of(server)

            asked = asyncio.get_running_loop().time()
            os.kill(server.pid, signal.SIGHUP)
            under_way.fault_over()
            await eventually(
                workers, lambda now: len(now) == 2 and not set(now) & set(before), REPLACED_WITHIN_S
            )
            await under_way.there.joined()
        back = under_way.there.came_back(asked)
        per_second = [sum(second <= at < second + 1 for at in back) for second in range(int(back[-1]) + 1)]
        say(histogram(back, 1.0))
        under_way.tell(f"a rolling restart ({len(back)} reconnects, at most {max(per_second)} a second)")
        assert under_way.there.resets == 0
        assert len(back) >= CROWD
        assert max(per_second) < PEAK * len(back) / (2 * DRAIN_S)


STARTING, LEAVING = "Started server process", "Terminated child process"
MOMENTS = {"while the new worker starts": (STARTING, 2), "while the old one leaves": (LEAVING, 1)}


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_stop_during_a_rolling_restart(tmp_path: Path, redis_url: str, moment: str) -> None:
    """SIGTERM ends old workers and new ones at once, not one after the other; everybody is told to come back."""
    with serve_app(tmp_path, workers=2, redis_url=redis_url, env={"DRAIN_S": f"{DRAIN_S:g}"}) as server:
        await all_started(server, 2)
        async with server.client() as http:
            teacher = await Teacher.start(http)
            async with viewers(server.port, teacher.lesson, LITTLE) as there:
                words, before = MOMENTS[moment]

                async def seen() -> int:
                    return server.log.count(words)

                os.kill(server.pid, signal.SIGHUP)
                await eventually(seen, lambda now: now >= before + (words == STARTING))
                asked = asyncio.get_running_loop().time()
                server.terminate()
                assert await asyncio.to_thread(server.wait) == 0
                took = asyncio.get_running_loop().time() - asked
                say(f"a stop {moment}: gone after {took:.1f} s of a drain of {DRAIN_S:g} s")
                assert took < DRAIN_S + LATE_S
                assert all(len(one.retries) == len(one.lost_at) for one in there.members)


pytestmark = pytest.mark.timeout(180)
