"""Reading state and ink by plain requests (docs/PROTOCOL.md, section 5)."""

import re

import httpx
import pytest

from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.support.wire import assert_problem, stored, stroke, viewer_state

ETAG = re.compile(r'(W/)?"[^"]+"')
BLACK = {"mode": "black"}


async def test_state_is_the_first_event_as_a_document(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """The same cursor, `reset` and writes, in the same order."""
    await teacher.write(("slide", {"page": "a-1"}), ("screen", BLACK), ("ink/a-1/s1", stroke(1, 1)))
    answer = await visitor.get(f"{teacher.path}/state")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert ETAG.fullmatch(answer.headers["etag"])
    told = answer.json()
    async with open_stream(visitor, teacher.lesson) as stream:
        first = await stream.next_event("state")
    assert told == {"cursor": first.id, **first.data}
    assert told["reset"] is True


async def test_an_empty_lesson_reads_as_nothing(teacher: Teacher) -> None:
    """But it has a cursor, from which a stream goes on."""
    told = await viewer_state(teacher)
    assert (told["reset"], told["writes"]) == (True, [])
    assert told["cursor"]


@pytest.mark.parametrize("path", ["state", "state?as=teacher", "ink/a-1"])
async def test_who_has_it_already_is_told_so(teacher: Teacher, path: str) -> None:
    """304 without a body for the same entity, until it changes; teachers and viewers do not share a tag."""
    await teacher.write(("slide", {"page": "a-1"}), ("ink/a-1/s1", stroke(1, 1)))
    at = f"{teacher.path}/{path}"
    fresh = await teacher.http.get(at, headers=teacher.auth)
    tag = fresh.headers["etag"]
    for given in (tag, f"W/{tag}", f'"other", {tag}', f'{tag},"other"', "*"):
        answer = await teacher.http.get(at, headers=teacher.auth | {"If-None-Match": given})
        assert (answer.status_code, answer.content) == (304, b""), given
        assert answer.headers["etag"] == tag
    for given in ('"other"', 'W/"other"', tag.strip('"'), ""):
        answer = await teacher.http.get(at, headers=teacher.auth | {"If-None-Match": given})
        assert (answer.status_code, answer.content) == (200, fresh.content), given
    await teacher.write(("ink/a-1/s2", stroke(2, 2)))
    answer = await teacher.http.get(at, headers=teacher.auth | {"If-None-Match": tag})
    assert answer.status_code == 200
    assert "ink/a-1/s2" in dict(answer.json()["writes"])
    assert answer.headers["etag"] != tag


async def test_no_cache_may_give_one_audience_what_another_got(teacher: Teacher) -> None:
    """The same address answers teachers and viewers, so shared caches keep neither."""
    for path in ("state", "state?as=teacher", "ink/a-1", "state?cursor=x"):
        answer = await teacher.http.get(f"{teacher.path}/{path}", headers=teacher.auth)
        assert {"private", "no-store"} & set(answer.headers["cache-control"].replace(" ", "").split(",")), (
            path
        )


@pytest.mark.parametrize("path", ["", "/state", "/state?as=teacher", "/ink/a-1", "/polls.csv", "/qr.svg"])
async def test_head_is_get_without_the_body(teacher: Teacher, path: str) -> None:
    """Same status and headers."""
    told = await teacher.http.get(teacher.path + path, headers=teacher.auth)
    head = await teacher.http.head(teacher.path + path, headers=teacher.auth)
    assert (head.status_code, head.content) == (200, b"")
    assert {**head.headers, "date": ""} == {**told.headers, "date": ""}


async def test_a_snapshot_holds_the_ink_of_the_current_page_only(teacher: Teacher) -> None:
    """And none while no page is shown; ink of another page is asked for by itself."""
    strokes = {f"ink/a-{page}/s1": stroke(page, page) for page in (1, 2, 10)}
    await teacher.write(*strokes.items())
    assert (await viewer_state(teacher))["writes"] == []
    for page in (2, 10, 1):
        await teacher.write(("slide", {"page": f"a-{page}"}))
        told = dict((await viewer_state(teacher))["writes"])
        assert told == {"slide": {"page": f"a-{page}"}, f"ink/a-{page}/s1": stroke(page, page)}
        assert stored(await teacher.registers()) == told
    for page in (1, 2, 10):
        answer = await teacher.http.get(f"{teacher.path}/ink/a-{page}")
        assert answer.json()["writes"] == [[f"ink/a-{page}/s1", stroke(page, page)]]


async def test_ink_is_told_with_a_cursor_and_nothing_but_strokes(teacher: Teacher) -> None:
    """Whole strokes and pieces in the order of their keys; what was erased or cleared is gone."""
    await teacher.write(
        ("ink/a-1/s2", stroke(2, 2)),
        ("ink/a-1/s1", stroke(1, 1)),
        ("ink/a-1/s3/0", stroke(3, 0)),
        ("ink/a-1/s3/1", stroke(3, 1)),
        ("ink/a-1/s4", stroke(4, 4)),
        ("notes/a-1", {"text": "secret"}),
    )
    last = await teacher.write(("ink/a-1/s4", None))
    answer = await teacher.http.get(f"{teacher.path}/ink/a-1")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "cursor": last["cursor"],
        "writes": [
            ["ink/a-1/s1", stroke(1, 1)],
            ["ink/a-1/s2", stroke(2, 2)],
            ["ink/a-1/s3/0", stroke(3, 0)],
            ["ink/a-1/s3/1", stroke(3, 1)],
        ],
    }
    await teacher.write(("ink/a-1/", None))
    assert (await teacher.http.get(f"{teacher.path}/ink/a-1")).json()["writes"] == []


@pytest.mark.parametrize(
    "page", ["nopage", "a-0", "a-1-", "A-1", "-1", "a%2F1", "%C3%A9-1", "a-1%0A", "a" * 200 + "-1"]
)
async def test_ink_of_what_is_no_page_is_404(teacher: Teacher, page: str) -> None:
    """A page that nobody has drawn on is an empty one; what cannot be a page is unknown."""
    assert_problem(await teacher.http.get(f"{teacher.path}/ink/{page}"), 404)
    assert (await teacher.http.get(f"{teacher.path}/ink/blank-7")).json()["writes"] == []


@pytest.mark.parametrize(("who", "status"), [("viewer", 200), ("teacher", 401), ("", 422), ("Teacher", 422)])
async def test_one_reads_as_a_viewer_or_as_the_teacher(
    teacher: Teacher, visitor: httpx.AsyncClient, who: str, status: int
) -> None:
    """There are no other audiences, and the teacher's needs the key."""
    answer = await visitor.get(f"{teacher.path}/state", params={"as": who})
    if status == 200:
        assert answer.status_code == status
    else:
        assert_problem(answer, status, *(["as"] if status == 422 else []))


async def test_strangers_learn_nothing_from_methods(teacher: Teacher) -> None:
    """405 with what the resource allows; a problem like any other."""
    for path, allowed in [
        ("", {"GET", "HEAD"}),
        ("/state", {"GET", "HEAD", "POST"}),
        ("/ink/a-1", {"GET", "HEAD"}),
        ("/events", {"GET", "HEAD"}),
        ("/session", {"POST"}),
        ("/polls/p1/votes", {"POST"}),
    ]:
        for method in {"PUT", "PATCH", "DELETE", "POST", "GET"} - allowed:
            answer = await teacher.http.request(method, teacher.path + path, headers=teacher.auth)
            assert_problem(answer, 405)
            assert {name.strip() for name in answer.headers["allow"].split(",")} == allowed, (method, path)
