"""An entry of a feed that nobody can read: written by another version, or by a hand that should not have.

Rules: it costs its own lesson one load; whoever follows the feed goes on, and other lessons notice nothing.
"""

import time
from pathlib import Path

import pytest

from app.store.records import feed_key
from scripts.lib.server import serve as serve_app
from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.ordeal import metric, say
from tests.support.redis_server import RedisServer

POISONS: list[dict[bytes, bytes]] = [
    {b"#": b"not a number"},
    {b"#": b"1", b"slide": b"no bars at all"},
    {b"#": b"1", b"slide": b"not a stamp|0|{}"},
    {b"#": b"1", b"slide": b"1790000000000.0.x|not a number|{}"},
    {b"#": b"1", b"slide": b"1790000000000.0.x|0|\xff"},
    {b"#": b"1", b"\xff": b"1790000000000.0.x|0|{}"},
]
TOLD_WITHIN_S = 2.0


async def test_entries_that_cannot_be_read(tmp_path: Path, own_valkey: RedisServer) -> None:
    """Each has its lesson loaded again, once; both lessons go on without a reset, in the same process, at once."""
    with serve_app(tmp_path, redis_url=own_valkey.url) as server, own_valkey.client() as store:
        async with server.client() as http:
            poisoned, other = await Teacher.start(http), await Teacher.start(http)
            async with open_stream(http, poisoned.lesson) as first, open_stream(http, other.lesson) as second:
                for number, poison in enumerate(POISONS, start=1):
                    store.xadd(feed_key(poisoned.lesson), dict(poison))
                    await eventually(
                        lambda: metric(http, "lectern_feed_gaps_total"),
                        lambda gaps, number=number: gaps == number,  # type: ignore[misc]
                    )
                    began = time.monotonic()
                    for teacher, stream in ((poisoned, first), (other, second)):
                        await teacher.write(("timer", {"ends": number}))
                        await stream.until(
                            lambda seen, number=number: seen.get("timer") == {"ends": number},  # type: ignore[misc]
                            seconds=TOLD_WITHIN_S,
                        )
                    say(f"{poison}: both lessons went on after {time.monotonic() - began:.3f} s")
                resets = [e for s in (first, second) for e in s.events if e.data.get("reset")]
                assert len(resets) == 2  # the first state of each
            assert await metric(http, "lectern_epoch_resets_total") == 0
        assert server.log.count("cannot be read") == len(POISONS)


pytestmark = pytest.mark.timeout(60)
