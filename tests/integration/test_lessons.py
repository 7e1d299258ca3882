"""Lessons are made, looked at and ended (docs/PROTOCOL.md, sections 1 and 2)."""

import re
import time

import httpx
import pytest

from scripts.lib.server import Server
from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.support.sites import BEHIND_A_PROXY, CREATE_KEY, ONE, Sites
from tests.support.wire import assert_problem, poll, sight, somewhere_else, viewer_state

CODE = re.compile(r"[0-9a-hjkmnp-tv-z]{6}")

NO_LESSONS = [
    "zzzzzz",  # well formed, and nobody's
    "uuuuuu",  # a letter that Crockford leaves out
    "abcde",
    "abcdefg",
    "-",
    "%20",
    "k7p4q%00",
    "%C3%A9%C3%A9%C3%A9",
    "%FF%FE",
    "..%2F..%2Fstate",
    "k" * 5_000,
]


async def test_a_new_lesson_is_told_once_with_its_key_and_links(
    visitor: httpx.AsyncClient, site: Server
) -> None:
    """201 with the code, the title, the key and the two links; the key is in neither link."""
    answer = await visitor.post("/api/lessons", json={"title": "Decision trees"})
    assert answer.status_code == 201, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    code = made["lesson"]
    assert CODE.fullmatch(code)
    key = made.pop("teacher_key")
    assert made == {
        "lesson": code,
        "title": "Decision trees",
        "join_url": f"{site.url}/{code}",
        "teach_url": f"{site.url}/teach/{code}",
    }
    assert len(key) >= 22, "128 bits"


async def test_lessons_share_neither_code_nor_key(visitor: httpx.AsyncClient) -> None:
    """Two lessons of the same title have nothing in common."""
    first, second = [await Teacher.start(visitor, "Twin") for _ in range(2)]
    assert first.lesson != second.lesson
    assert first.key != second.key
    answer = await visitor.post(
        f"{first.path}/state", json={"writes": []}, headers={"Authorization": f"Bearer {second.key}"}
    )
    assert_problem(answer, 401)


@pytest.mark.parametrize(
    ("body", "status", "paths"),
    [
        (b"", 400, [""]),
        (b"{", 400, [""]),
        (b"\xff\xfe{}", 400, [""]),
        (b'{"title": "\\ud800"}', 400, [""]),
        (b"[]", 422, [""]),
        (b'"Decision trees"', 422, [""]),
        (b'{"title": 7}', 422, ["title"]),
        (b'{"title": null}', 422, ["title"]),
        (b'{"title": "%s"}' % (b"x" * 201), 422, ["title"]),
        (b'{"title": "x", "teacher_key": "mine"}', 422, [""]),
        (b'{"title": "x"}' + b" " * 10_000, 413, [""]),
    ],
)
async def test_a_lesson_that_cannot_be_made_is_a_problem(
    visitor: httpx.AsyncClient, body: bytes, status: int, paths: list[str]
) -> None:
    """A body that is no JSON, not an object, or of the wrong shape is refused, and says where."""
    headers = {"Content-Type": "application/json"}
    assert_problem(await visitor.post("/api/lessons", content=body, headers=headers), status, *paths)


@pytest.mark.parametrize("title", ["Bäume und Wälder", "木", "🌳", 'a "b" <c> & d\\e', "a\u2028b", "x" * 200])
async def test_a_title_comes_back_as_it_was_given(visitor: httpx.AsyncClient, title: str) -> None:
    """In any script, with any punctuation."""
    teacher = await Teacher.start(visitor, title)
    assert (await visitor.get(teacher.path)).json()["title"] == title


async def test_anybody_may_look_at_a_lesson_and_sees_no_secret(
    teacher: Teacher, visitor: httpx.AsyncClient
) -> None:
    """Title, status, when it was made, how many watch: nothing else."""
    now = time.time_ns() // 1_000_000
    answer = await visitor.get(teacher.path)
    assert answer.status_code == 200
    about = answer.json()
    assert abs(about.pop("created") - now) < 10_000
    assert about == {"lesson": teacher.lesson, "title": "Decision trees", "status": "live", "viewers": 0}
    assert teacher.key not in answer.text


async def test_viewers_are_counted_while_they_watch(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """Students count, the teacher does not; who leaves counts no more."""

    async def viewers(wanted: int, stream_seconds: float = 5.0) -> None:
        deadline = time.monotonic() + stream_seconds
        while (told := (await visitor.get(teacher.path)).json()["viewers"]) != wanted:
            assert time.monotonic() < deadline, f"{told} viewers, not {wanted}"

    async with (
        open_stream(visitor, teacher.lesson),
        open_stream(visitor, teacher.lesson, key=teacher.key),
    ):
        await viewers(1)
        async with open_stream(visitor, teacher.lesson):
            await viewers(2)
        await viewers(1)
    await viewers(0)


async def test_codes_are_read_as_people_write_them(visitor: httpx.AsyncClient) -> None:
    """In any case, with spaces or hyphens, with o for 0 and i or l for 1."""
    teacher = await Teacher.start(visitor)
    while not {"0", "1"} & set(teacher.lesson):  # two lessons in three have neither
        teacher = await Teacher.start(visitor)
    code = teacher.lesson
    spellings = [
        code.upper(),
        code.title(),
        f"{code[:3]} {code[3:]}",
        f"{code[:3]}-{code[3:]}",
        f" {'-'.join(code)} ",
        code.replace("0", "o").replace("1", "l"),
        code.replace("0", "O").replace("1", "I").upper(),
    ]
    for spelled in spellings:
        for of_lesson in ["", "/state", "/ink/blank-1"]:
            answer = await visitor.get(f"/api/lessons/{spelled}{of_lesson}")
            assert answer.status_code == 200, (spelled, answer.text)
        answer = await visitor.post(
            f"/api/lessons/{spelled}/state", json={"writes": []}, headers=teacher.auth
        )
        assert answer.status_code == 200, (spelled, answer.text)


@pytest.mark.parametrize("code", NO_LESSONS, ids=range(len(NO_LESSONS)))
async def test_what_is_no_lesson_is_404(sites: Sites, code: str) -> None:
    """Whatever is asked of it, in every resource."""
    at = f"/api/lessons/{code}"
    headers = somewhere_else() | {"Authorization": "Bearer 0123456789012345678901"}
    async with sites.get(ONE, BEHIND_A_PROXY).client() as http:
        for path in ["", "/state", "/state?as=teacher", "/events", "/ink/blank-1", "/polls.csv"]:
            assert_problem(await http.get(at + path, headers=headers), 404)
        for path in ["/state", "/session", "/end", "/polls/p1/votes"]:
            assert_problem(await http.post(at + path, json={}, headers=headers), 404)


@pytest.mark.parametrize(
    ("given", "status"),
    [(None, 401), ("wrong", 401), (CREATE_KEY.upper(), 401), (f"{CREATE_KEY}x", 401), (CREATE_KEY, 201)],
)
async def test_where_making_lessons_needs_a_key_only_the_key_does(
    sites: Sites, given: str | None, status: int
) -> None:
    """CREATE_KEY: 401 without it."""
    guarded = sites.get(ONE, BEHIND_A_PROXY)
    headers = {} if given is None else {"Authorization": f"Bearer {given}"}
    async with guarded.client() as http:
        answer = await http.post("/api/lessons", json={"title": "x"}, headers=headers)
        if status == 401:
            assert_problem(answer, 401)
            assert answer.headers["www-authenticate"].startswith("Bearer")
            return
        assert answer.status_code == status
        made = answer.json()
        no_create_key = {"Authorization": f"Bearer {made['teacher_key']}"}
        assert_problem(await http.post("/api/lessons", json={"title": "x"}, headers=no_create_key), 401)
        no_teacher_key = {"Authorization": f"Bearer {CREATE_KEY}"}
        path = f"/api/lessons/{made['lesson']}/state"
        assert_problem(await http.post(path, json={"writes": []}, headers=no_teacher_key), 401)


async def test_an_ended_lesson_takes_nothing_and_stays_readable(
    teacher: Teacher, visitor: httpx.AsyncClient
) -> None:
    """204; then writes and votes get 409, state reads as before, streams get 204; ending it again is harmless."""
    await teacher.write(("slide", {"page": "blank-1"}), ("poll/p1", poll()))
    before = dict((await viewer_state(teacher))["writes"])
    assert before
    for _ in range(2):
        answer = await visitor.post(f"{teacher.path}/end", headers=teacher.auth)
        assert (answer.status_code, answer.content) == (204, b"")
    assert (await visitor.get(teacher.path)).json()["status"] == "ended"
    assert dict((await viewer_state(teacher))["writes"]) == before
    seen = await sight(teacher)
    body = {"writes": [{"key": "slide", "value": {"page": "blank-2"}}]}
    assert_problem(await visitor.post(f"{teacher.path}/state", json=body, headers=teacher.auth), 409)
    assert_problem(await visitor.post(f"{teacher.path}/polls/p1/votes", json={"choices": [0]}), 409)
    assert await sight(teacher) == seen
    for who in ["", "?as=teacher"]:
        answer = await visitor.get(f"{teacher.path}/events{who}", headers=teacher.auth)
        assert (answer.status_code, answer.content) == (204, b"")
    assert (await visitor.head(f"{teacher.path}/events")).status_code == 204
    assert (await visitor.get(f"{teacher.path}/polls.csv", headers=teacher.auth)).status_code == 200


async def test_only_the_teacher_ends_a_lesson(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """401 for anybody else, and the lesson goes on."""
    assert_problem(await visitor.post(f"{teacher.path}/end"), 401)
    assert (await visitor.get(teacher.path)).json()["status"] == "live"
