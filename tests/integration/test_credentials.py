"""Who may do what: the bearer key, the panel's session cookie, and pages of other sites (docs/PROTOCOL.md, sections 1 and 2)."""

import asyncio
from http.cookies import Morsel, SimpleCookie

import httpx
import pytest

from app.web.keyring import KEYS
from scripts.lib.server import Server
from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.conftest import Serve
from tests.support.eventually import eventually
from tests.support.sites import BEHIND_A_PROXY, CREATE_KEY, ONE, Sites
from tests.support.wire import SAME_ORIGIN, assert_problem, sight

WRITES = {"writes": [{"key": "screen", "value": {"mode": "black"}}]}

# What needs the teacher: method and path below the lesson.
TEACHERS = [
    ("POST", "/state"),
    ("POST", "/end"),
    ("POST", "/session"),
    ("POST", "/decks"),
    ("GET", "/state?as=teacher"),
    ("GET", "/events?as=teacher"),
    ("GET", "/polls.csv"),
]

NO_CREDENTIALS = [
    {},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer 0123456789012345678901"},
    {"Authorization": "Bearer \xff\xfe"},
    {"Authorization": "Basic {key}"},
    {"Authorization": "{key}"},
    {"Authorization": "Bearer {key}x"},
    {"X-Teacher-Key": "{key}"},
    {"Cookie": "teacher={key}"},
    {"Cookie": "teacher_{lesson}={key}"},
    {"Cookie": "teacher_{lesson}="},
    {"Cookie": "teacher_{lesson}=made.up"},
]


def set_cookies(answer: httpx.Response) -> dict[str, Morsel[str]]:
    """The cookies that an answer sets, with their attributes."""
    found: dict[str, Morsel[str]] = {}
    for line in answer.headers.get_list("set-cookie"):
        found.update(SimpleCookie(line))
    return found


async def session(http: httpx.AsyncClient, teacher: Teacher, **headers: str) -> Morsel[str]:
    """Trades the key for the panel's cookie, which `http` then holds."""
    answer = await http.post(f"{teacher.path}/session", headers=teacher.auth | headers)
    assert (answer.status_code, answer.content) == (204, b""), answer.text
    (cookie,) = set_cookies(answer).values()
    return cookie


@pytest.mark.parametrize("headers", NO_CREDENTIALS, ids=range(len(NO_CREDENTIALS)))
async def test_nobody_else_is_the_teacher(teacher: Teacher, site: Server, headers: dict[str, str]) -> None:
    """401 with a problem and a challenge wherever the teacher is needed, and nothing is changed."""
    before = await sight(teacher)
    headers = {"Sec-Fetch-Site": "same-origin", **headers}
    given = [
        (name.encode(), value.format(key=teacher.key, lesson=teacher.lesson).encode("latin-1"))
        for name, value in headers.items()
    ]
    async with site.client() as http:
        for method, path in TEACHERS:
            answer = await http.request(
                method,
                teacher.path + path,
                json=WRITES if method == "POST" else None,
                headers=given,
            )
            assert_problem(answer, 401)
            assert answer.headers["www-authenticate"].startswith("Bearer"), path
    assert await sight(teacher) == before


@pytest.mark.parametrize("name", ["key", "teacher_key", "token", "access_token", "bearer", "authorization"])
async def test_a_key_in_the_query_is_no_key(teacher: Teacher, visitor: httpx.AsyncClient, name: str) -> None:
    """Keys in addresses end up in logs and histories, so they do nothing there."""
    query = {name: teacher.key}
    assert_problem(await visitor.get(f"{teacher.path}/state", params={"as": "teacher", **query}), 401)
    assert_problem(await visitor.post(f"{teacher.path}/state", params=query, json=WRITES), 401)


async def test_the_panels_cookie_is_the_browsers_secret(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """HttpOnly, SameSite=Strict, for the whole site; it does not hold the key."""
    cookie = await session(visitor, teacher)
    assert cookie["httponly"] is True
    assert cookie["samesite"].lower() == "strict"
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    assert not cookie["secure"], "the site is not behind HTTPS"
    assert teacher.key not in cookie.value


async def test_the_panels_cookie_is_as_good_as_the_key(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """Reading, watching, writing and the results as a file need nothing else."""
    await session(visitor, teacher)
    await teacher.write(("notes/blank-1", {"text": "for me"}))
    answer = await visitor.post(f"{teacher.path}/state", json=WRITES, headers=SAME_ORIGIN)
    assert answer.json()["applied"] == [True]
    answer = await visitor.get(f"{teacher.path}/state", params={"as": "teacher"})
    assert "notes/blank-1" in dict(answer.json()["writes"])
    assert (await visitor.get(f"{teacher.path}/polls.csv")).status_code == 200
    async with visitor.stream("GET", f"{teacher.path}/events", params={"as": "teacher"}) as stream:
        assert stream.status_code == 200
    assert (await visitor.post(f"{teacher.path}/end", headers=SAME_ORIGIN)).status_code == 204


async def test_a_cookie_opens_its_own_lesson_alone(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """Under its own name or under another lesson's."""
    mine = await Teacher.start(visitor)
    cookie = await session(visitor, mine)
    forged = {"Cookie": f"{cookie.key.replace(mine.lesson, teacher.lesson)}={cookie.value}"}
    for headers in [{}, forged]:
        answer = await visitor.post(f"{teacher.path}/state", json=WRITES, headers=SAME_ORIGIN | headers)
        assert_problem(answer, 401)


async def test_a_cookie_with_one_letter_changed_is_none(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """Wherever the letter is."""
    cookie = await session(visitor, teacher)
    visitor.cookies.clear()
    for place in range(0, len(cookie.value), 7):
        other = "A" if cookie.value[place] != "A" else "B"
        value = cookie.value[:place] + other + cookie.value[place + 1 :]
        headers = {"Cookie": f"{cookie.key}={value}"}
        assert_problem(
            await visitor.get(f"{teacher.path}/state", params={"as": "teacher"}, headers=headers), 401
        )


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Sec-Fetch-Site": ""}, 403),
        ({"Origin": "{site}"}, 200),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "http://127.0.0.1"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "{site}.evil.example"}, 403),
        ({"Origin": "https://evil.example/{site}"}, 403),
        ({"Referer": "{site}/teach"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "{site}"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "{site}"}, 200),
    ],
    ids=str,
)
async def test_a_cookie_writes_from_our_own_pages_only(
    teacher: Teacher, visitor: httpx.AsyncClient, site: Server, headers: dict[str, str], status: int
) -> None:
    """`Sec-Fetch-Site`, else `Origin`; with neither 403. Reading needs no such proof; the bearer key needs none either."""
    await session(visitor, teacher)
    before = await sight(teacher)
    given = {name: value.format(site=site.url) for name, value in headers.items()}
    answer = await visitor.post(f"{teacher.path}/state", json=WRITES, headers=given)
    if status == 200:
        assert answer.status_code == 200, answer.text
    else:
        assert_problem(answer, status)
        assert_problem(await visitor.post(f"{teacher.path}/end", headers=given), status)
        assert await sight(teacher) == before
    read = await visitor.get(f"{teacher.path}/state", params={"as": "teacher"}, headers=given)
    assert read.status_code == 200
    by_key = await visitor.post(f"{teacher.path}/state", json=WRITES, headers=given | teacher.auth)
    assert by_key.status_code == 200


@pytest.mark.parametrize(
    ("hops", "forwarded", "secure"),
    [
        (0, [], False),
        (0, ["https"], False),  # nobody we know has said so
        (1, [], False),
        (1, ["https"], True),
        (1, ["http, https"], True),  # the rightmost is what our own proxy saw
        (1, ["http", "https"], True),
        (1, ["https, http"], False),
        (1, ["javascript"], False),
    ],
)
async def test_behind_https_cookies_are_secure_and_links_are_https(
    sites: Sites, hops: int, forwarded: list[str], *, secure: bool
) -> None:
    """As our own proxy saw it, not as the client claims."""
    server = sites.get(ONE, BEHIND_A_PROXY if hops else {})
    proto = [("X-Forwarded-Proto", value) for value in forwarded]
    async with server.client() as http:
        key = [("Authorization", f"Bearer {CREATE_KEY}")]
        answer = await http.post("/api/lessons", json={"title": "x"}, headers=[*key, *proto])
        made = answer.json()
        assert made["join_url"].startswith("https://" if secure else "http://")
        assert made["teach_url"].startswith("https://" if secure else "http://")
        path = f"/api/lessons/{made['lesson']}"
        key = [("Authorization", f"Bearer {made['teacher_key']}")]
        await http.post(
            f"{path}/state",
            json={"writes": [{"key": "screen", "value": {"mode": "black"}}]},
            headers=key,
        )
        answers = [
            await http.post(f"{path}/session", headers=[*key, *proto]),
            await http.get(f"/{made['lesson']}", headers=proto),
        ]
        for answer in answers:
            (cookie,) = set_cookies(answer).values()
            assert bool(cookie["secure"]) is secure, cookie.OutputString()
            assert cookie["httponly"] is True


async def test_a_session_goes_on_for_a_stream_that_resumes(
    teacher: Teacher, visitor: httpx.AsyncClient
) -> None:
    """The cookie is enough for a browser that comes back with its cursor."""
    cursor = (await teacher.write(("screen", {"mode": "white"})))["cursor"]
    await session(visitor, teacher)
    headers = {"Last-Event-ID": cursor}
    async with open_stream(visitor, teacher.lesson, headers=headers) as viewer:
        assert "reset" not in await viewer.next_state()


async def test_two_keys_at_once_do_not_pass_the_bound(serve: Serve, redis_url: str) -> None:
    """Through two processes, each of which has heard of one fewer: what is given is at most as many as there may be."""
    with serve(redis_url=redis_url) as first, serve(redis_url=redis_url) as second:
        async with first.client() as here, second.client() as there:
            teacher = await Teacher.start(here)
            other = Teacher(there, teacher.lesson, teacher.key, "", "")

            async def give(by: Teacher) -> int:
                answer = await by.http.post(f"{by.path}/keys", json={"name": ""}, headers=by.auth)
                return answer.status_code

            assert await give(other) == httpx.codes.CREATED
            given = await asyncio.gather(*(give((teacher, other)[number % 2]) for number in range(KEYS + 8)))
            assert set(given) == {httpx.codes.CREATED, httpx.codes.CONFLICT}

            async def kept() -> int:
                answer = await here.get(f"{teacher.path}/keys", headers=teacher.auth)
                return len(answer.json()["keys"])

            assert await eventually(kept, (given.count(httpx.codes.CREATED) + 2).__eq__) <= KEYS
