"""The secret that signs cookies, when the store loses or replaces it while two workers run.

Rules: all workers sign with the same one again within seconds; a store that came back empty is given the secret that the workers
hold, so that no cookie becomes invalid by it.
"""

import os
import signal
from pathlib import Path

import httpx
import pytest

from scripts.lib.server import Server, serve as serve_app
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.ordeal import all_started, workers_of
from tests.support.redis_server import RedisServer

SECRET = "lectern:secret"
ASKS = 12  # connections of their own: either worker's
POLL = {"question": "?", "options": ["a", "b"], "multiple": False, "status": "open", "reveal": False}


async def voted(server: Server, teacher: Teacher, cookie: str) -> set[int]:
    """The statuses of repeated votes of one voter, from any worker."""
    codes = set()
    for number in range(ASKS):
        async with server.client() as fresh:
            answer = await fresh.post(
                f"{teacher.path}/polls/p/votes",
                json={"choices": [number % 2]},
                headers={"cookie": f"voter={cookie}"},
            )
            codes.add(answer.status_code)
    return codes


async def sessions(server: Server, teacher: Teacher, cookie: str) -> set[int]:
    """The statuses of requests with a panel's cookie, from any worker."""
    codes = set()
    for _ in range(ASKS):
        async with server.client() as fresh:
            headers = {"cookie": f"teacher_{teacher.lesson}={cookie}"}
            answer = await fresh.get(f"{teacher.path}/state", params={"as": "teacher"}, headers=headers)
            codes.add(answer.status_code)
    return codes


async def cookies(server: Server, teacher: Teacher) -> tuple[str, str]:
    """A voter's and a session's."""
    async with server.client() as http:
        answer = await http.post(f"{teacher.path}/polls/p/votes", json={"choices": [0]})
        answer.raise_for_status()
        session = await http.post(f"{teacher.path}/session", headers=teacher.auth)
        session.raise_for_status()
        return answer.cookies["voter"], session.cookies[f"teacher_{teacher.lesson}"]


def restart_one(server: Server) -> None:
    """One of the two workers is killed; its supervisor starts another."""
    os.kill(workers_of(server)[0], signal.SIGKILL)


async def test_a_store_that_comes_back_without_it(tmp_path: Path, own_valkey: RedisServer) -> None:
    """A worker that is started afterwards signs as the others do, and cookies of before stay valid."""
    with serve_app(tmp_path, workers=2, redis_url=own_valkey.url) as server:
        await all_started(server, 2)
        with own_valkey.client() as admin:
            before = admin.get(SECRET)
            async with server.client() as http:
                teacher = await Teacher.start(http, "Signed")
                await teacher.write(("poll/p", POLL))
                voter, session = await cookies(server, teacher)
                admin.delete(SECRET)

                async def kept() -> object:
                    return admin.get(SECRET)

                assert await eventually(kept, bool) == before
                restart_one(server)
                await all_started(server, 3)
                assert await voted(server, teacher, voter) == {httpx.codes.OK}
                assert await sessions(server, teacher, session) == {httpx.codes.OK}


async def test_a_store_that_comes_back_with_another(tmp_path: Path, own_valkey: RedisServer) -> None:
    """All workers take the store's, and none believes the former's cookies any more."""
    with serve_app(tmp_path, workers=2, redis_url=own_valkey.url) as server:
        await all_started(server, 2)
        async with server.client() as http:
            teacher = await Teacher.start(http, "Signed")
            await teacher.write(("poll/p", POLL))
            voter, session = await cookies(server, teacher)
            with own_valkey.client() as admin:
                admin.set(SECRET, "another-secret-of-more-than-16")
            await eventually(lambda: sessions(server, teacher, session), lambda codes: codes == {401})
            assert await voted(server, teacher, voter) == {httpx.codes.FORBIDDEN}
            voter, session = await cookies(server, teacher)
            assert await voted(server, teacher, voter) == {httpx.codes.OK}
            assert await sessions(server, teacher, session) == {httpx.codes.OK}


async def test_a_secret_that_is_set_is_nobodys_but_the_settings(
    tmp_path: Path, own_valkey: RedisServer
) -> None:
    """With SECRET the store is not asked and not told."""
    with serve_app(tmp_path, redis_url=own_valkey.url, env={"SECRET": "a-secret-of-our-own"}) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http, "Signed")
            await teacher.write(("poll/p", POLL))
            voter, session = await cookies(server, teacher)
            with own_valkey.client() as admin:
                assert admin.get(SECRET) is None
                admin.set(SECRET, "another-secret-of-more-than-16")
            assert await voted(server, teacher, voter) == {httpx.codes.OK}
            assert await sessions(server, teacher, session) == {httpx.codes.OK}


pytestmark = pytest.mark.timeout(90)
