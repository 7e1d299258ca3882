"""Data that go while the store runs: flushed, removed by hand, put back older. No connection closes, and nobody says so.

Rules: within seconds nothing that the store does not have is shown to anybody: streams close, and whoever asks is told 404, a school
behind one address too. What came back is followed from there.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.lib.server import Server, serve as serve_app
from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.ordeal import all_started, status, viewer_state
from tests.support.redis_server import RedisServer
from tests.support.viewers import viewers

CROWD = 60
SOON_S = 15.0  # seconds, on a machine that does other things too
FILES = "appendonlydir"


async def gone(http: httpx.AsyncClient, path: str, seconds: float = SOON_S) -> None:
    """The answer becomes 404, and is nothing else but 200 on the way."""

    async def asked() -> int:
        code = await status(http, path)
        assert code in {httpx.codes.OK, httpx.codes.NOT_FOUND, httpx.codes.SERVICE_UNAVAILABLE}
        return code

    await eventually(asked, lambda code: code == httpx.codes.NOT_FOUND, seconds)


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_store_that_is_flushed(tmp_path: Path, own_valkey: RedisServer, workers: int) -> None:
    """Every stream closes, each worker answers 404, and a new lesson is heard."""
    with serve_app(tmp_path, workers=workers, redis_url=own_valkey.url) as server:
        await all_started(server, workers)
        async with server.client() as http:
            teacher = await Teacher.start(http, "Flushed")
            await teacher.write(("slide", {"page": "blank-1"}))
            async with open_stream(http, teacher.lesson) as one, open_stream(http, teacher.lesson) as two:
                await one.next_state()
                await two.next_state()
                own_valkey.flush()
                await one.until_closed(seconds=SOON_S)
                await two.until_closed(seconds=SOON_S)
            for _ in range(8):
                async with server.client() as fresh:  # a connection of its own: it may be either worker's
                    await gone(fresh, f"{teacher.path}/state")
            again = await Teacher.start(http, "After it")
            async with viewers(server.port, again.lesson, 5) as there:
                await again.write(("slide", {"page": "blank-2"}))
                await there.agree({"slide": {"page": "blank-2"}})


async def test_one_lesson_that_is_removed(tmp_path: Path, own_valkey: RedisServer) -> None:
    """As OPERATIONS.md says it is done; another lesson's viewers notice nothing."""
    with serve_app(tmp_path, redis_url=own_valkey.url) as server:
        async with server.client() as http:
            teacher, other = await Teacher.start(http, "Removed"), await Teacher.start(http, "Kept")
            await other.write(("slide", {"page": "blank-1"}))
            async with (
                viewers(server.port, other.lesson, 5) as there,
                open_stream(http, teacher.lesson) as stream,
            ):
                await stream.next_state()
                with own_valkey.client() as admin:
                    admin.delete(*admin.keys(f"lectern:{{{teacher.lesson}}}:*"))
                await stream.until_closed(seconds=SOON_S)
                await gone(http, f"{teacher.path}/state")
                await other.write(("slide", {"page": "blank-2"}))
                await there.agree({"slide": {"page": "blank-2"}})
                assert there.resets == 0


def dumped(store: RedisServer) -> Mapping[str, Any]:
    """Every key, as a backup holds it."""
    with store.client() as admin:
        admin.connection_pool.connection_kwargs["decode_responses"] = False
        admin.connection_pool.disconnect()
        return {key: admin.dump(key) for key in admin.keys("lectern:*")}


@pytest.mark.parametrize("all_of_it", [True, False], ids=["the whole store", "one lesson"])
async def test_older_data_that_are_put_back_while_it_runs(
    tmp_path: Path, own_valkey: RedisServer, *, all_of_it: bool
) -> None:
    """The run id is the same, the feed is shorter: everybody gets a reset, and what is written next is heard."""
    with serve_app(tmp_path, redis_url=own_valkey.url) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http, "Put back")
            await teacher.write(("slide", {"page": "blank-1"}))
            backup = dumped(own_valkey)
            async with viewers(server.port, teacher.lesson, 5) as there:
                await teacher.write(("slide", {"page": "blank-2"}), ("timer", {"ends": 7}))
                await there.agree({"slide": {"page": "blank-2"}, "timer": {"ends": 7}})
                with own_valkey.client() as admin, admin.pipeline() as at_once:
                    if all_of_it:
                        at_once.flushall()
                    for key, value in backup.items():
                        if all_of_it or teacher.lesson.encode() in key:  # type: ignore[operator]
                            at_once.restore(key, 0, value, replace=True)
                    at_once.execute()
                await there.agree({"slide": {"page": "blank-1"}})
                assert await viewer_state(teacher) == {"slide": {"page": "blank-1"}}
                assert all(one.resets == 1 for one in there.members)
                await teacher.write(("slide", {"page": "blank-3"}))
                await there.agree({"slide": {"page": "blank-3"}})


async def told_of(server: Server, teacher: Teacher) -> set[int]:
    """How many watch, as the workers have heard."""
    heard = set()
    for _ in range(8):
        async with server.client() as fresh:
            heard.add((await fresh.get(teacher.path)).json()["viewers"])
    return heard


async def test_a_class_behind_one_address_is_told(tmp_path: Path, own_valkey: RedisServer) -> None:
    """The store crashes and comes back empty: more viewers than an address has wrong codes get 404 and no 429, from any worker."""
    with serve_app(tmp_path, workers=2, redis_url=own_valkey.url) as server:
        await all_started(server, 2)
        async with server.client() as http:
            teacher = await Teacher.start(http, "Lost")
            await teacher.write(("slide", {"page": "blank-1"}))
            async with open_stream(http, teacher.lesson) as stream:
                await stream.next_state()
                await eventually(lambda: told_of(server, teacher), lambda viewers: viewers == {1})
                own_valkey.kill()
                for file in (own_valkey.folder / FILES).iterdir():
                    file.unlink()
                own_valkey.start()
                await stream.until_closed(seconds=2 * SOON_S)
            await gone(http, f"{teacher.path}/state")
            for _ in range(CROWD):
                async with server.client() as fresh:
                    await gone(fresh, f"{teacher.path}/state", SOON_S)


pytestmark = pytest.mark.timeout(90)
