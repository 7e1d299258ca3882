"""Teachers' keys: guessed, stolen from the store, read in a log, an address or an error, taken back and used all the same.

Threats: whoever has a key is the teacher. So it is long, kept as a hash, compared in constant time, told once, and repeated nowhere.
"""

import asyncio
import hashlib
import hmac
import json
import time
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from app.core.lesson import Position, Register
from app.core.stamp import Stamp
from app.feed.channel import Channel
from app.feed.hub import wall_ms
from app.store.contract import Change, Snapshot
from app.store.redis import RedisStore
from app.web import auth
from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.conftest import Serve
from tests.support.eventually import eventually
from tests.support.redis_server import RedisServer
from tests.support.wire import SAME_ORIGIN, assert_problem, poll, sight

CREATE_KEY = "create-key-of-the-site"
SECRET = "a-secret-that-signs-cookies"


def channel_with(*kept: str) -> Channel:
    """A lesson that has these keyring registers, by their JSON text."""
    about = json.dumps({"title": "", "created": 1, "status": "live"})
    pairs = [("lesson", about), *((f"keyring/{json.loads(raw)['sha256'][:16]}", raw) for raw in kept)]
    registers = [
        Register(key, Stamp(1, 0, "a"), raw, 0, Position(1, number))
        for number, (key, raw) in enumerate(pairs)
    ]
    return Channel("abcdef", Snapshot("store", Position(1, len(pairs)), 1, registers))


def test_a_key_has_128_random_bits() -> None:
    """22 characters of base64url, never the same twice: no number of requests finds one."""
    keys = {auth.new_key()[0] for _ in range(2_000)}
    assert len(keys) == 2_000
    assert {len(key) for key in keys} == {22}
    for place in range(21):
        assert len({key[place] for key in keys}) > 50, "a character that is not random"


def test_a_key_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole hash goes through `compare_digest`: a key whose hash begins as the right one does is no key."""
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def spy(given: bytes, wanted: bytes) -> bool:
        compared.append((given, wanted))
        return real(given, wanted)

    monkeypatch.setattr(hmac, "compare_digest", spy)
    key, change = auth.new_key(owner=True)
    digest = hashlib.sha256(key.encode()).hexdigest()
    assert auth._by_key(channel_with(change.raw), key) == digest[:16]
    near = json.dumps({**json.loads(change.raw), "sha256": digest[:16] + "0" * 48})
    assert auth._by_key(channel_with(near), key) is None
    assert compared == [
        (digest.encode(), digest.encode()),
        ((digest[:16] + "0" * 48).encode(), digest.encode()),
    ]
    assert auth._by_key(channel_with(change.raw), key[:-1]) is None


async def test_a_key_is_guessed_in_vain(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """Near misses, prefixes, other cases, padding, the hash itself and the id of the key."""
    digest = hashlib.sha256(teacher.key.encode()).hexdigest()
    key = teacher.key
    near = [
        key[:-1], key + "A", key + "=", key.swapcase(), key[::-1], digest, digest[:16], "null", "*",
        f"{key},{key}", f"{key} {key}", f'"{key}"', key.replace(key[3], "." if key[3] != "." else "-", 1),
    ]  # fmt: skip
    before = await sight(teacher)
    for guess in near:
        headers = {"Authorization": f"Bearer {guess}"}
        answer = await visitor.post(f"{teacher.path}/state", json={"writes": []}, headers=headers)
        assert_problem(answer, 401)
        assert_problem(await visitor.post(f"{teacher.path}/session", headers=headers), 401)
    assert await sight(teacher) == before


def every_byte(folder: Path) -> bytes:
    """All that a store has written to its disk: with each command in its append-only file, all it was ever told."""
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


async def test_the_store_holds_no_key(serve: Serve, own_valkey: RedisServer) -> None:
    """Whoever reads its memory, its files or its backups is no teacher: hashes alone, and no cookie."""
    env = {"CREATE_KEY": CREATE_KEY, "SECRET": SECRET}
    with serve(redis_url=own_valkey.url, env=env) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http, create_key=CREATE_KEY)
            made = await http.post(f"{teacher.path}/keys", json={"name": "Grace"}, headers=teacher.auth)
            second = made.json()["teacher_key"]
            await http.post(f"{teacher.path}/session", headers={"Authorization": f"Bearer {second}"})
            await teacher.write(("poll/p1", poll()))
            await http.post(f"{teacher.path}/polls/p1/votes", json={"choices": [0]})
            cookies = [cookie.value for cookie in http.cookies.jar if cookie.value]
            assert len(cookies) == 2
    held = every_byte(own_valkey.folder)
    for key in (teacher.key, second):
        assert hashlib.sha256(key.encode()).hexdigest().encode() in held
    for secret in (teacher.key, second, CREATE_KEY, SECRET, *cookies):
        assert secret.encode() not in held


async def full_of_errors(teacher: Teacher, http: httpx.AsyncClient) -> list[httpx.Response]:
    """Answers to requests that show the key, or have it where it does not belong, and go wrong in many ways."""
    path, key, bearer = teacher.path, teacher.key, teacher.auth
    wrong: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"{path}/state", {"content": b"{", "headers": bearer}),
        ("POST", f"{path}/state", {"json": {"writes": [{"key": key, "value": key, "stamp": key}]}}),
        ("POST", f"{path}/state?key={key}", {"json": {"writes": []}}),
        ("POST", f"{path}/state", {"content": b"x" * 300_000, "headers": bearer}),
        ("POST", f"{path}/nothing", {"headers": bearer}),
        ("PUT", f"{path}/state", {"headers": bearer}),
        ("GET", f"{path}/state?as=other", {"headers": bearer}),
        ("GET", f"{path}/state?as=teacher&teacher_key={key}", {}),
        ("GET", "/api/lessons/zzzzzz/state", {"headers": bearer}),
        ("GET", f"/{key}", {"headers": bearer}),
        ("DELETE", f"{path}/keys/nothing", {"headers": bearer}),
        ("POST", f"{path}/polls/p9/votes", {"json": {"choices": [0]}, "headers": {"Cookie": f"voter={key}"}}),
        ("POST", f"{path}/decks", {"content": b"", "headers": {**bearer, "Content-Type": "application/pdf"}}),
        ("GET", f"/decks/zzzzzz/1-800.webp?key={key}", {"headers": bearer}),
        ("POST", "/api/lessons", {"json": {"title": 5}, "headers": {"Authorization": f"Bearer {CREATE_KEY}"}}),
        ("POST", "/api/lessons", {"json": {}, "headers": {"Authorization": f"Bearer x{CREATE_KEY}"}}),
    ]  # fmt: skip
    answers = [await http.request(method, where, **more) for method, where, more in wrong]
    assert all(answer.status_code >= 400 for answer in answers)
    return answers


async def test_no_key_in_a_log_an_error_or_an_address(serve: Serve, own_valkey: RedisServer) -> None:
    """After an afternoon full of errors, with the store away for some of it and everything logged that can be."""
    env = {"CREATE_KEY": CREATE_KEY, "SECRET": SECRET, "LOG_LEVEL": "debug"}
    with serve(redis_url=own_valkey.url, env=env) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http, "A title of their own", create_key=CREATE_KEY)
            assert teacher.key not in teacher.teach_url + teacher.join_url
            opened = await http.post(f"{teacher.path}/session", headers=teacher.auth)
            (cookie,) = SimpleCookie(opened.headers["set-cookie"]).values()
            http.cookies.clear()
            answers = await full_of_errors(teacher, http)
            own_valkey.freeze()
            try:
                answers += await asyncio.gather(
                    http.post(f"{teacher.path}/state", json={"writes": []}, headers=teacher.auth),
                    http.post("/api/lessons", json={}, headers={"Authorization": f"Bearer {CREATE_KEY}"}),
                )
            finally:
                own_valkey.thaw()
            assert [answer.status_code for answer in answers[-2:]] == [503, 503]
            answers.append(await http.get("/metrics"))
        log = server.log
    told = [answer.content + bytes(str(answer.headers), "latin-1") for answer in answers]
    # A page's address is the reader's own; what they put there is answered by no page of ours.
    for secret in (teacher.key, cookie.value, CREATE_KEY, SECRET):
        assert secret not in log
        assert [part for part in told if secret.encode() in part] == []
    assert "A title of their own" not in log
    assert "unavailable" in log, "nothing was logged at all"


async def test_a_key_that_was_taken_back_opens_nothing(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """At once: the key, the sessions it has opened, and the streams that are open under them; the lesson's own stays."""
    made = await visitor.post(f"{teacher.path}/keys", json={"name": "Grace"}, headers=teacher.auth)
    second = {"Authorization": f"Bearer {made.json()['teacher_key']}"}
    assert (await visitor.post(f"{teacher.path}/session", headers=second)).status_code == 204
    watch = f"{teacher.path}/state?as=teacher"
    assert (await visitor.get(watch)).status_code == 200
    stream = f"{teacher.path}/events?as=teacher"
    async with (
        visitor.stream("GET", stream) as by_cookie,
        visitor.stream("GET", stream, headers=second) as by_key,
    ):
        assert {by_cookie.status_code, by_key.status_code} == {200}
        taken = await visitor.delete(f"{teacher.path}/keys/{made.json()['id']}", headers=teacher.auth)
        assert taken.status_code == 204
        began = time.monotonic()
        async with asyncio.timeout(5):
            await by_cookie.aread()
            await by_key.aread()
        assert time.monotonic() - began < 2.0
    writes: dict[str, Any] = {"writes": [{"key": "screen", "value": {"mode": "black"}}]}
    before = await sight(teacher)
    for headers in ({}, second):
        assert_problem(await visitor.get(watch, headers=headers), 401)
        assert_problem(await visitor.get(stream, headers=headers), 401)
        given = SAME_ORIGIN | headers
        assert_problem(await visitor.post(f"{teacher.path}/state", json=writes, headers=given), 401)
    assert await sight(teacher) == before
    async with open_stream(visitor, teacher.lesson, key=teacher.key) as own:
        await own.next_state()


@pytest.mark.parametrize("how", ["a gap", "a new epoch"])
async def test_a_key_that_was_taken_back_unheard_opens_nothing(
    serve: Serve, own_valkey: RedisServer, how: str
) -> None:
    """The process that has the co-teacher's stream was asleep when the key was taken back, and hears of it by loading the lesson
    again: the stream ends without what was written since, and a long poll is refused; the lesson's viewers stay."""
    store = RedisStore(own_valkey.url)
    with serve(redis_url=own_valkey.url) as server, serve(redis_url=own_valkey.url) as elsewhere:
        async with server.client() as http, elsewhere.client() as other:
            teacher = await Teacher.start(http)
            made = (await http.post(f"{teacher.path}/keys", json={}, headers=teacher.auth)).json()
            second = {"Authorization": f"Bearer {made['teacher_key']}"}
            cursor = (await teacher.state())["cursor"]
            poll_it = f"{teacher.path}/state?as=teacher&wait=25&cursor={cursor}"
            polling = asyncio.create_task(http.get(poll_it, headers=second))
            async with (
                http.stream("GET", f"{teacher.path}/events?as=teacher", headers=second) as stream,
                open_stream(http, teacher.lesson) as viewer,
            ):
                await viewer.next_state()
                process = psutil.Process(server.pid)
                process.suspend()
                try:
                    taken = await other.delete(f"{teacher.path}/keys/{made['id']}", headers=teacher.auth)
                    assert taken.status_code == 204
                    for number in range(1_300 if how == "a gap" else 1):
                        await store.write(
                            teacher.lesson,
                            [Change("notes/blank-1", f'{{"text":"unheard {number}"}}')],
                            wall_ms(),
                        )
                    if how == "a new epoch":
                        own_valkey.kill()
                        own_valkey.start()
                finally:
                    process.resume()
                async with asyncio.timeout(20):
                    told = await stream.aread()
                    assert_problem(await polling, 401)
                assert b"unheard" not in told
                await eventually(
                    lambda: other.post(
                        f"{teacher.path}/state",
                        json={"writes": [{"key": "timer", "value": {"ends": 1}}]},
                        headers=teacher.auth,
                    ),
                    lambda answer: answer.status_code == 200,
                )
                await viewer.until(lambda registers: "timer" in registers)
    await store.close()


async def test_a_co_teacher_gives_and_takes_no_keys(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """Nor learns of others', nor outlives them by a key of their own; the lesson's own cannot be taken."""
    made = await visitor.post(f"{teacher.path}/keys", json={"name": "Grace"}, headers=teacher.auth)
    second = {"Authorization": f"Bearer {made.json()['teacher_key']}"}
    assert_problem(await visitor.post(f"{teacher.path}/keys", json={}, headers=second), 403)
    assert_problem(await visitor.get(f"{teacher.path}/keys", headers=second), 403)
    listed = (await visitor.get(f"{teacher.path}/keys", headers=teacher.auth)).json()["keys"]
    assert teacher.key not in str(listed)
    assert made.json()["teacher_key"] not in str(listed)
    own = next(key["id"] for key in listed if key["owner"])
    assert_problem(await visitor.delete(f"{teacher.path}/keys/{own}", headers=second), 403)
    assert_problem(await visitor.delete(f"{teacher.path}/keys/{own}", headers=teacher.auth), 409)
