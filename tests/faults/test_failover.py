"""A fail-over in which the old primary stays reachable, as a replica: an address in front leads new connections to the new one,
and nothing closes the old.

Rules: writes go on within seconds; everybody gets a reset and agrees with the new primary; what only the old one had is gone
from every screen.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from scripts.lib.server import serve as serve_app
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.ordeal import status
from tests.support.proxy import Proxy, proxy_to
from tests.support.redis_server import RedisServer, valkey_binary
from tests.support.viewers import viewers

CROWD = 20
AGAIN_S = 15.0


@pytest.fixture
def replica(tmp_path: Path, own_valkey: RedisServer) -> Iterator[RedisServer]:
    """A replica of `own_valkey`, in step with it."""
    options = {"replicaof": f"127.0.0.1 {own_valkey.port}", "repl-diskless-sync-delay": "0"}
    server = RedisServer(valkey_binary(), tmp_path / "replica", options).start()
    yield server
    server.kill()


@pytest.fixture
def front(own_valkey: RedisServer) -> Iterator[Proxy]:
    """The address that leads to the primary."""
    with proxy_to(own_valkey.port) as proxy:
        yield proxy


async def in_step(primary: RedisServer) -> None:
    """The replica has acknowledged everything."""

    async def behind() -> bool:
        with primary.client() as admin:
            info = admin.info("replication")
            replicas = [info[name] for name in info if name.startswith("slave")]
            return all(each["offset"] >= info["master_repl_offset"] for each in replicas) and bool(replicas)

    await eventually(behind, bool)


def fail_over(old: RedisServer, new: RedisServer, front: Proxy) -> None:
    """New connections lead to the new primary; the old one, whose connections stay open, becomes its replica."""
    front.target = new.port
    with old.client() as admin:
        admin.replicaof("127.0.0.1", str(new.port))


async def written(teacher: Teacher, page: str) -> bool:
    """Whether a write is accepted."""
    with suppress(httpx.HTTPStatusError):
        await teacher.write(("slide", {"page": page}))
        return True
    return False


@pytest.mark.parametrize("workers", [1, 2])
async def test_the_old_primary_stays_as_a_replica(
    tmp_path: Path, own_valkey: RedisServer, replica: RedisServer, front: Proxy, workers: int
) -> None:
    """READONLY makes the worker connect anew, the reader notices that it reads a replica, and a lost write is taken back."""
    url = f"redis://127.0.0.1:{front.port}/0"
    with serve_app(tmp_path / "server", workers=workers, redis_url=url) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http, "Fail-over")
            await teacher.write(("slide", {"page": "blank-1"}))
            await in_step(own_valkey)
            async with viewers(server.port, teacher.lesson, CROWD) as there:
                with replica.client() as admin:
                    admin.replicaof("NO", "ONE")
                await teacher.write(("timer", {"ends": 7}))
                await there.agree({"slide": {"page": "blank-1"}, "timer": {"ends": 7}})
                before = {one.cursor.partition(".")[0] for one in there.members}
                fail_over(own_valkey, replica, front)
                await eventually(lambda: written(teacher, "blank-2"), bool, AGAIN_S)
                await there.agree({"slide": {"page": "blank-2"}})
                assert all(one.resets >= 1 for one in there.members)
                assert before.isdisjoint(one.cursor.partition(".")[0] for one in there.members)
                await teacher.write(("slide", {"page": "blank-3"}))
                await there.agree({"slide": {"page": "blank-3"}})
                await eventually(lambda: status(http, "/readyz"), lambda code: code == httpx.codes.OK)
            with replica.client() as admin:
                assert admin.hget(f"lectern:{{{teacher.lesson}}}:state", "timer") is None


async def test_a_lesson_that_is_loaded_right_after_it(
    tmp_path: Path, own_valkey: RedisServer, replica: RedisServer, front: Proxy
) -> None:
    """It is not the old primary's, over a connection that has stayed: whoever joins hears what is written next."""
    url = f"redis://127.0.0.1:{front.port}/0"
    with (
        serve_app(tmp_path / "server", redis_url=url) as server,
        serve_app(tmp_path / "other", redis_url=url) as other,
    ):
        async with server.client() as http, other.client() as elsewhere:
            teacher = await Teacher.start(http, "Loaded later")
            await teacher.write(("slide", {"page": "blank-1"}))
            await in_step(own_valkey)
            with replica.client() as admin:
                admin.replicaof("NO", "ONE")
            await teacher.write(("timer", {"ends": 7}))
            fail_over(own_valkey, replica, front)
            await eventually(
                lambda: status(elsewhere, teacher.path), lambda code: code == httpx.codes.OK, AGAIN_S
            )
            async with viewers(other.port, teacher.lesson, CROWD) as there:
                await eventually(lambda: written(teacher, "blank-2"), bool, AGAIN_S)
                await there.agree({"slide": {"page": "blank-2"}})


pytestmark = pytest.mark.timeout(90)
