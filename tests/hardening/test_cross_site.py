"""Pages of other sites: what they can make a teacher's or a student's browser do.

Threats: forged requests with the browser's own cookies, frames around our pages, reading answers from a script elsewhere.
"""

from typing import Any

import httpx
import pytest

from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.support.raw import exchange, fields, request, status
from tests.support.sites import BEHIND_A_PROXY, CREATE_KEY, ONE, Sites
from tests.support.wire import SAME_ORIGIN, assert_problem, poll, sight, somewhere_else

# How a request from another site's page may look; `{site}` is ours. An HTML form sends the last three bodies without asking first.
ELSEWHERE: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "{site}"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "{site}.evil.example"},
    {"Origin": "http://["},
    {"Origin": "http://]"},
    {"Origin": "http://[::1"},
    {"Origin": "\xff\xfe"},
    {"Sec-Fetch-Site": "cross-site", "Content-Type": "text/plain"},
    {"Sec-Fetch-Site": "cross-site", "Content-Type": "application/x-www-form-urlencoded"},
    {"Sec-Fetch-Site": "cross-site", "Content-Type": "multipart/form-data; boundary=x"},
]
WRITES: dict[str, Any] = {"writes": [{"key": "screen", "value": {"mode": "black"}}]}


def given(site: Server, headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as bytes, with our site's own address filled in."""
    return [(name.encode(), value.format(site=site.url).encode("latin-1")) for name, value in headers.items()]


@pytest.mark.parametrize("headers", ELSEWHERE, ids=range(len(ELSEWHERE)))
async def test_another_sites_page_cannot_act_as_the_teacher(
    teacher: Teacher, visitor: httpx.AsyncClient, site: Server, headers: dict[str, str]
) -> None:
    """With the panel's cookie, on every address that changes something: 403, and nothing is changed."""
    second = await visitor.post(f"{teacher.path}/keys", json={}, headers=teacher.auth)
    await visitor.post(f"{teacher.path}/session", headers=teacher.auth)
    before = await sight(teacher)
    for method, path in [
        ("POST", "/state"),
        ("POST", "/end"),
        ("POST", "/keys"),
        ("DELETE", f"/keys/{second.json()['id']}"),
        ("POST", "/decks?name=x"),
    ]:
        content = b"%PDF-1.4" if "decks" in path else b'{"writes": []}'
        answer = await visitor.request(
            method, teacher.path + path, content=content, headers=given(site, headers)
        )
        assert_problem(answer, 403)
    assert await sight(teacher) == before
    keys = (await visitor.get(f"{teacher.path}/keys", headers=teacher.auth)).json()["keys"]
    assert len(keys) == 2


@pytest.mark.parametrize("headers", ELSEWHERE, ids=range(len(ELSEWHERE)))
async def test_another_sites_page_cannot_vote(
    teacher: Teacher, visitor: httpx.AsyncClient, site: Server, headers: dict[str, str]
) -> None:
    """A student who is on another page meanwhile has not voted; on ours they can."""
    await teacher.write(("poll/p1", poll()))
    await visitor.get(f"/{teacher.lesson}")
    votes = f"{teacher.path}/polls/p1/votes"
    answer = await visitor.post(votes, content=b'{"choices": [0]}', headers=given(site, headers))
    assert_problem(answer, 403)
    assert "set-cookie" not in answer.headers
    csv = await visitor.get(f"{teacher.path}/polls.csv", headers=teacher.auth)
    assert ",0,0\r\n" in csv.text
    assert (await visitor.post(votes, json={"choices": [1]}, headers=SAME_ORIGIN)).status_code == 200


async def test_a_session_is_opened_by_a_key_alone(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """Another site cannot put its own session into a browser, nor renew one, by the cookie that is there."""
    assert_problem(await visitor.post(f"{teacher.path}/session", headers=SAME_ORIGIN), 401)
    await visitor.post(f"{teacher.path}/session", headers=teacher.auth)
    again = await visitor.post(f"{teacher.path}/session", headers=SAME_ORIGIN)
    assert_problem(again, 401)
    assert "set-cookie" not in again.headers


async def test_no_answer_may_be_read_by_another_sites_script(
    teacher: Teacher, visitor: httpx.AsyncClient
) -> None:
    """No CORS header on anything, and no preflight is answered with leave; nothing is a resource for others."""
    asked = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    for path in ("/", f"/{teacher.lesson}", teacher.path, f"{teacher.path}/state", f"{teacher.path}/qr.svg"):
        for method in ("GET", "OPTIONS"):
            answer = await visitor.request(method, path, headers=asked)
            assert [name for name in answer.headers if name.startswith("access-control-")] == []
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert answer.status_code == (405 if method == "OPTIONS" else 200)


async def test_a_get_changes_nothing(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """Links, images and prefetching carry cookies: a GET with the panel's cookie leaves the lesson as it was, on every address."""
    await visitor.post(f"{teacher.path}/session", headers=teacher.auth)
    before = await sight(teacher)
    for path in (
        "",
        "/state",
        "/end",
        "/session",
        "/keys",
        "/decks",
        "/polls.csv",
        "/qr.svg",
        "/polls/p1/votes",
    ):
        for method in ("GET", "HEAD"):
            await visitor.request(method, teacher.path + path, headers={"X-HTTP-Method-Override": "POST"})
            await visitor.request(method, f"{teacher.path}{path}?_method=POST&method=DELETE")
    assert await sight(teacher) == before


async def test_the_forwarded_address_of_a_stranger_is_not_believed(sites: Sites) -> None:
    """What a client claims about hosts and schemes makes it no page of ours, and no link of ours leads elsewhere."""
    site = sites.get(ONE, BEHIND_A_PROXY)
    claims = [
        "X-Forwarded-Host: evil.example",
        "Forwarded: host=evil.example;proto=https",
        "X-Original-URL: /metrics",
    ]
    proxied = [f"{name}: {value}" for name, value in somewhere_else().items()]
    body = b'{"title": "x"}'
    made = await exchange(
        site,
        request(
            "POST", "/api/lessons", *claims, *proxied, f"Authorization: Bearer {CREATE_KEY}", f"Content-Length: {len(body)}",
            body=body,
        ),
    )  # fmt: skip
    assert status(made) == 201
    assert b"evil.example" not in made
    assert "location" in fields(made)
