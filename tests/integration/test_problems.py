"""Problems: each type has a page about it, and a person who navigates into one reads a page and no JSON."""

import httpx
import pytest

from app.web.problem_types import TYPES
from scripts.lib.teacher import Teacher
from tests.support.wire import assert_problem

NAVIGATION = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Mode": "navigate"}


@pytest.mark.parametrize("name", TYPES)
async def test_a_type_has_a_page_about_it(visitor: httpx.AsyncClient, name: str) -> None:
    """At the address that is its name."""
    page = await visitor.get(f"/problems/{name}")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f"<code>/problems/{name}</code>, status {TYPES[name].status}" in page.text
    assert "{{" not in page.text
    assert "`" not in page.text  # what stands in backticks in the table is set as code


async def test_a_type_that_is_none_has_no_page(visitor: httpx.AsyncClient) -> None:
    """404, as a problem."""
    assert_problem(await visitor.get("/problems/nothing"), 404)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/lessons/zzzzzz", 404),
        ("/api/lessons/zzzzzz/events", 404),
        ("/api/lessons/{}/state?as=teacher", 401),
        ("/api/lessons/{}/state?as=me", 422),
        ("/decks/zzzzzz/1-800.webp", 404),
        ("/nothing/here", 404),
        ("/problems/nothing", 404),
        ("/api/lessons", 405),
    ],
)
async def test_a_browser_is_shown_a_page(
    teacher: Teacher, visitor: httpx.AsyncClient, path: str, status: int
) -> None:
    """With the status, the headers and the words of the problem, which everybody else gets as JSON."""
    address = path.format(teacher.lesson)
    page = await visitor.get(address, headers=NAVIGATION)
    told = assert_problem(await visitor.get(address), status, *(["as"] if status == 422 else []))
    assert page.status_code == status
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)
    assert f"<h1>{told['title'].replace(chr(39), '&#x27;')}</h1>" in page.text
    assert told["detail"].replace("'", "&#x27;") in page.text
    kind = TYPES.get(told["type"].removeprefix("/problems/"))
    assert kind is None or kind.act not in page.text, "what a client does is no word for a person"


async def test_a_page_holds_nothing_of_the_address(visitor: httpx.AsyncClient) -> None:
    """Nor of the query: what stands there is a stranger's."""
    page = await visitor.get("/a/<script>alert(1)</script>?x=<b>", headers=NAVIGATION)
    assert page.status_code == 404
    assert "alert" not in page.text
    assert "<b>" not in page.text
