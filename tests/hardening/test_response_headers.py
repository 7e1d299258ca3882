"""What every kind of response carries: policies for what a page may load, who may frame it, what it may be taken for, what it tells others.

Threats: scripts in a page, pages in a frame (clickjacking), a file taken for another kind (sniffing), addresses told to other sites.
"""

import re
from pathlib import Path

import httpx
import pytest

from scripts.lib.deck import plain_deck
from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.support.raw import exchange, fields, request, status
from tests.support.wire import poll

STATIC = Path(__file__).resolve().parents[2] / "static"
NO_PAGE = "default-src 'none'; frame-ancestors 'none'"
PAGES = ["/", "/{lesson}", "/teach/{lesson}", "/screen/{lesson}", "/zzzzzz", "/problems/lesson-ended"]

# What else is answered, by kind: method, address, status.
OTHERS = {
    "JSON": ("GET", "/api/lessons/{lesson}", 200),
    "state": ("GET", "/api/lessons/{lesson}/state", 200),
    "ink": ("GET", "/api/lessons/{lesson}/ink/a-1", 200),
    "a picture of ours": ("GET", "/api/lessons/{lesson}/qr.svg", 200),
    "a table": ("GET", "/api/lessons/{lesson}/polls.csv", 200),
    "a slide": ("GET", "/decks/{deck}/1-800.webp", 200),
    "a slide's text": ("GET", "/decks/{deck}/1.txt", 200),
    "a slide that is not there": ("GET", "/decks/{deck}/2-800.webp", 404),
    "a script": ("GET", "/static/0/js/student.js", 200),
    "a style sheet": ("GET", "/static/0/css/base.css", 200),
    "an icon": ("GET", "/static/0/icon.svg", 200),
    "no file": ("GET", "/static/0/nothing", 404),
    "a redirect": ("GET", "/{LESSON}", 307),
    "a slash too many": ("GET", "/{lesson}/", 307),
    "no address": ("GET", "/nothing/here", 404),
    "no method": ("PUT", "/api/lessons/{lesson}", 405),
    "a refusal": ("POST", "/api/lessons/{lesson}/polls/p1/votes", 400),
    "no lesson": ("GET", "/api/lessons/zzzzzz", 404),
    "no lesson's stream": ("GET", "/api/lessons/zzzzzz/events", 404),
    "a stream's head": ("HEAD", "/api/lessons/{lesson}/events", 200),
    "health": ("GET", "/healthz", 200),
    "readiness": ("GET", "/readyz", 200),
    "metrics": ("GET", "/metrics", 200),
    "no HTTP": ("FOO", "/", 400),
}


async def filled(teacher: Teacher) -> dict[str, str]:
    """What addresses are filled in with: a lesson that has everything."""
    deck = await teacher.upload(plain_deck(1))
    await teacher.rendered(deck)
    await teacher.write(("poll/p1", poll()))
    return {"lesson": teacher.lesson, "LESSON": teacher.lesson.upper(), "deck": deck}


def policies(raw: bytes) -> dict[str, str]:
    """Headers that every response has, each once; no header says what the server is made of."""
    found = fields(raw)
    assert {"server", "x-powered-by", "via"}.isdisjoint(found)
    assert found["x-content-type-options"] == ["nosniff"]
    assert found["cross-origin-resource-policy"] == ["same-origin"]
    assert len(found["content-security-policy"]) == 1, "two policies are both obeyed"
    assert "unsafe" not in found["content-security-policy"][0]
    return {name: values[0] for name, values in found.items()}


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_loads_from_this_site_alone_and_stands_in_no_frame(
    teacher: Teacher, site: Server, path: str
) -> None:
    """Nothing inline, nothing foreign, no frame around it, no address told to others, no device asked for."""
    raw = await exchange(site, request("GET", path.format(lesson=teacher.lesson)))
    told = policies(raw)
    policy = dict(part.strip().split(" ", 1) for part in told["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert (
        policy["script-src"]
        == policy["style-src"]
        == policy["connect-src"]
        == policy["form-action"]
        == "'self'"
    )
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert all(
        "*" not in sources and "http" not in sources and "unsafe" not in sources
        for sources in policy.values()
    )
    assert told["referrer-policy"] == "same-origin"
    assert "camera=()" in told["permissions-policy"]
    assert "microphone=()" in told["permissions-policy"]
    assert "geolocation=()" in told["permissions-policy"]
    assert told["cross-origin-opener-policy"] == "same-origin"
    assert told["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(("method", "path", "wanted"), OTHERS.values(), ids=OTHERS.keys())
async def test_what_is_no_page_is_taken_for_none(
    teacher: Teacher, site: Server, method: str, path: str, wanted: int
) -> None:
    """Opened by itself it loads nothing, runs nothing, stands in no frame, and is what its type says."""
    names = (
        await filled(teacher)
        if "{deck}" in path
        else {"lesson": teacher.lesson, "LESSON": teacher.lesson.upper()}
    )
    raw = await exchange(
        site,
        request(method, path.format(**names), f"Authorization: Bearer {teacher.key}", "Content-Length: 0"),
    )
    assert status(raw) == wanted
    told = policies(raw)
    assert told["content-security-policy"] == NO_PAGE
    assert "html" not in told.get("content-type", "")
    assert "content-type" in told or wanted == 307


async def test_a_stream_carries_the_same(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """Written past the usual way, and no different."""
    async with visitor.stream("GET", f"{teacher.path}/events") as stream:
        head = f"HTTP/1.1 {stream.status_code} OK\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in stream.headers.multi_items()
        )
    told = policies(head.encode() + b"\r\n")
    assert told["content-security-policy"] == NO_PAGE
    assert told["content-type"] == "text/event-stream; charset=utf-8"


async def test_what_is_somebodys_own_stays_out_of_caches(teacher: Teacher, site: Server) -> None:
    """An answer to a key, and one that sets a cookie, is never stored for others."""
    key = f"Authorization: Bearer {teacher.key}"
    for method, path in [
        ("GET", "/state?as=teacher"), ("GET", "/state?as=teacher&cursor=x"), ("GET", "/polls.csv"), ("GET", "/keys"), ("POST", "/session"),
        ("POST", "/keys"), ("POST", "/state"), ("GET", "/events?as=nothing"),
    ]:  # fmt: skip
        raw = await exchange(site, request(method, teacher.path + path, key, "Content-Length: 2", body=b"{}"))
        caching = (
            fields(raw)["cache-control"][0]
            if status(raw) != 204 or "cache-control" in fields(raw)
            else "no-store"
        )
        assert "no-store" in caching or "private" in caching, path
    raw = await exchange(site, request("GET", f"/{teacher.lesson}"))
    assert "set-cookie" in fields(raw)
    assert fields(raw)["cache-control"] == ["private, no-cache"]


def test_no_page_has_anything_inline() -> None:
    """No script, style or handler in the HTML itself, so the policy needs no exception, and no text becomes markup."""
    for page in STATIC.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(
            r"<script(?![^>]*\bsrc=)|<style|\son\w+\s*=|\sstyle\s*=|javascript:", text, re.IGNORECASE
        ), page.name
    for module in STATIC.rglob("*.js"):
        text = module.read_text(encoding="utf-8")
        for way in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "srcdoc",
            "setHTML",
        ):
            assert way not in text, f"{module.name}: {way}"
