"""Peers that read steadily and slowly come to the end; those that read nothing, or a byte now and then, are dropped.

Rules: 400 KB at 8 KB/s are 50 s, so all of them read side by side in one test; it takes a minute and a half.
"""

import asyncio
import random
from contextlib import AsyncExitStack

import pytest

from app.serve import KEEP_ALIVE_S
from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.ordeal import say
from tests.support.sites import EVERYWHERE, ONE, TWO, Sites
from tests.support.slow import Slow, slow
from tests.support.wire import replica

KB = 1_000
STROKES, NUMBERS = 5, 20_000  # 80 KB each
TURN_S, SPAN_S = 15.0, 60.0  # docs/ARCHITECTURE.md
SLACK_S = 10.0


def ink(chance: random.Random) -> dict[str, object]:
    """A stroke of 80 KB."""
    points = [chance.randint(100, 999) for _ in range(NUMBERS)]
    return {"tool": "pen", "color": "#000000", "width": 9, "points": points}


async def drawn(teacher: Teacher) -> str:
    """A lesson of 400 KB; its cursor."""
    chance = random.Random(9)
    await teacher.write(("slide", {"page": "blank-1"}))
    for number in range(STROKES):
        told = await teacher.write((f"ink/blank-1/s{number}", ink(chance)))
    return str(told["cursor"])


async def ended(reader: Slow) -> bool:
    """It has read all that was written before the end, and the end; nothing cut it off on the way."""
    async with asyncio.timeout(100):
        await reader.over.wait()
    registers = replica(reader.read)[1]
    return reader.read.endswith(b"event: end\ndata: {}\n\n\r\n0\r\n\r\n") and "ink/blank-1/last" in registers


async def joined(reader: Slow, site: Server, cursor: str) -> None:
    """It has read up to the cursor."""

    async def at() -> bool:
        assert await reader.held(site), f"cut after {len(reader.read)} bytes"
        return f"id: {cursor}\n".encode() in reader.read and replica(reader.read)[0] == cursor

    await eventually(at, bool, 100.0)


async def dropped(reader: Slow, site: Server, seconds: float) -> float:
    """How long the server has held it."""
    await eventually(lambda: reader.held(site), lambda held: not held, seconds)
    return asyncio.get_running_loop().time() - reader.asked_at


async def whole(answer: Slow, site: Server) -> float:
    """How long an answer took to be read."""

    async def got() -> int:
        assert await answer.held(site), f"cut after {len(answer.read)} bytes"
        return len(answer.read)

    await eventually(got, lambda now: now > STROKES * 80 * KB, 60.0)
    return asyncio.get_running_loop().time() - answer.asked_at


async def test_slow_readers_are_served_and_those_who_do_not_read_are_not(sites: Sites) -> None:
    """A stream at 8 KB/s under every server; answers that take longer than a kept connection may be idle; nothing; 100 bytes/s."""
    sites.everywhere()
    one = sites.get(ONE)
    async with one.client() as http, AsyncExitStack() as stack:
        teacher = await Teacher.start(http, "Slow")
        cursor = await drawn(teacher)

        async def reads(site: Server, path: str, rate: float) -> Slow:
            request = f"GET {teacher.path}{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
            return await stack.enter_async_context(slow(site.port, request, rate))

        everywhere = [sites.get(kind) for kind in EVERYWHERE]
        ours = [sites.get(kind) for kind in (ONE, TWO)]
        silent = [(await reads(site, "/events", 0), site) for site in ours]
        streams = [(await reads(site, "/events", 8 * KB), site) for site in everywhere]
        answers = [await reads(one, path, 5 * KB) for path in ("/state", "/state?cursor=old&wait=25")]
        trickles = [await reads(one, path, 100) for path in ("/events", "/state")]

        ends = await Teacher.start(http, "Ends")
        await drawn(ends)
        request = f"GET {ends.path}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        leaves = await stack.enter_async_context(slow(one.port, request, 8 * KB))
        await ends.write(("ink/blank-1/last", ink(random.Random(1))))
        await ends.end()

        gone = await asyncio.gather(*(dropped(*each, 2 * TURN_S + SLACK_S) for each in silent))
        for stream, site in streams:
            await joined(stream, site, cursor)
        later = await teacher.write(("screen", {"mode": "white"}))
        for stream, site in streams:
            await joined(stream, site, later["cursor"])
            assert replica(stream.read)[1]["screen"] == {"mode": "white"}
        assert await ended(leaves)
        took = await asyncio.gather(*(whole(answer, one) for answer in answers))
        assert min(took) > KEEP_ALIVE_S
        late = await asyncio.gather(*(dropped(trickle, one, 60.0) for trickle in trickles))
        assert max(late) < 2 * TURN_S + SPAN_S + SLACK_S
    say(
        f"400 KB at 8 KB/s joined, answers read in {max(took):.0f} s; dropped that read nothing: after {max(gone):.0f} s, "
        f"100 bytes/s: after {max(late):.0f} s"
    )


pytestmark = pytest.mark.timeout(240)
