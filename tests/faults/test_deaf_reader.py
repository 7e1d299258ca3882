"""A reader gone deaf: its connection open and silent, while every other command is answered.

Rules: only the connection on which XREAD was sent is silenced, and stays so for ever.
"""

import time
from pathlib import Path

import httpx
import pytest

from scripts.lib.server import serve as serve_app
from tests.faults.conftest import store_url
from tests.support.eventually import eventually
from tests.support.ordeal import metric, ordeal, say
from tests.support.proxy import Proxy

CROWD = 200
FOUND_WITHIN_S = 10.0


async def heard_at(http: httpx.AsyncClient) -> float:
    """When the reader last heard its probe, by our clock; rather too early than too late."""
    asked = time.monotonic()
    return asked - await metric(http, "lectern_reader_age_seconds")


async def test_a_deaf_reader_is_replaced(tmp_path: Path, store_line: Proxy) -> None:
    """Writes are accepted meanwhile and heard by its successor: found by the probe, counted, and nothing is lost."""
    with serve_app(tmp_path, redis_url=store_url(store_line)) as server:
        async with ordeal(server, CROWD) as under_way, server.client() as http:
            assert await metric(http, "lectern_deaf_readers_total") == 0
            began = time.monotonic()
            assert store_line.silence(marked=True) == 1
            under_way.fault_over()
            await eventually(
                lambda: metric(http, "lectern_deaf_readers_total"), lambda found: found == 1, FOUND_WITHIN_S
            )
            say(f"found after {time.monotonic() - began:.2f} s")
            assert await metric(http, "lectern_feed_gaps_total") == 0
        assert under_way.account.failures == {}
        assert under_way.there.never_lost
        assert under_way.there.resets == 0
        under_way.tell("a reader gone deaf")


async def test_a_reader_that_is_cut(tmp_path: Path, store_line: Proxy) -> None:
    """Every connection to the store is reset at once, again and again: nothing is lost, and nothing has to be loaded again."""
    cuts = 3
    with serve_app(tmp_path, redis_url=store_url(store_line)) as server:
        async with ordeal(server, CROWD) as under_way, server.client() as http:
            for _ in range(cuts):
                assert store_line.cut()
                under_way.fault_over()
                cut_at = time.monotonic()
                await eventually(lambda: heard_at(http), lambda at, cut_at=cut_at: at > cut_at)  # type: ignore[misc]
            assert await metric(http, "lectern_feed_gaps_total") == 0
        assert under_way.there.never_lost
        assert under_way.there.resets == 0
        under_way.tell(f"all connections to the store cut {cuts} times")


pytestmark = pytest.mark.timeout(120)
