"""The pages as a browser gets them: addresses, headers, caching, the voter's cookie."""

import gzip
import re

import httpx
import pytest

from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.support.sites import BEHIND_A_PROXY, ONE, Sites
from tests.support.wire import assert_problem, somewhere_else, without_jar

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
}
OF_A_LESSON = ["/", "/teach/", "/screen/"]
LOADED = re.compile(r'(?:src|href)="(/static/[^"]+)"')


@pytest.fixture
def pages(teacher: Teacher) -> list[str]:
    """Every page's address."""
    return ["/", *(f"{at}{teacher.lesson}" for at in OF_A_LESSON)]


async def test_every_page_is_html_under_a_strict_policy(visitor: httpx.AsyncClient, pages: list[str]) -> None:
    """No script, style, frame or request of another site, and no inline code."""
    for path in pages:
        answer = await visitor.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert set(answer.headers["content-security-policy"].split("; ")) == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.text.lower().startswith("<!doctype html>")
        assert "{{" not in answer.text


async def test_a_page_is_checked_again_and_what_it_loads_is_kept(
    visitor: httpx.AsyncClient, pages: list[str]
) -> None:
    """304 for a page that has not changed; its files for a year, under an address that changes with them."""
    for path in pages:
        page = await visitor.get(path)
        assert "no-cache" in page.headers["cache-control"]
        again = await visitor.get(path, headers={"If-None-Match": page.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        loaded = LOADED.findall(page.text)
        assert loaded
        for file in loaded:
            answer = await visitor.get(file)
            assert answer.status_code == 200, file
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            tag = {"If-None-Match": answer.headers["etag"]}
            assert (await visitor.get(file, headers=tag)).status_code == 304
            assert (await visitor.head(file)).headers["etag"] == answer.headers["etag"]


async def test_a_script_is_a_script_and_is_packed(visitor: httpx.AsyncClient, pages: list[str]) -> None:
    """With the type a browser insists on for modules; gzip only where it is taken."""
    page = await visitor.get(pages[1])
    kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    for file in LOADED.findall(page.text):
        plain = await visitor.get(file, headers={"Accept-Encoding": "identity"})
        assert plain.headers["content-type"].partition(";")[0] == kinds.get(
            file[file.rindex(".") :], plain.headers["content-type"]
        )
        assert "content-encoding" not in plain.headers
        assert "accept-encoding" in plain.headers["vary"].lower()
        async with visitor.stream("GET", file, headers={"Accept-Encoding": "gzip"}) as packed:
            raw = b"".join([part async for part in packed.aiter_raw()])
            if packed.headers.get("content-encoding") == "gzip":
                assert gzip.decompress(raw) == plain.content
                assert len(raw) < len(plain.content)
            else:
                assert raw == plain.content


async def test_packed_and_plain_bytes_do_not_share_a_strong_tag(
    visitor: httpx.AsyncClient, pages: list[str]
) -> None:
    """RFC 9110, section 8.8.1: a strong tag stands for bytes. A cache that has dropped the `W/` is answered 304 too."""
    page = await visitor.get(pages[1])
    for path in (pages[1], LOADED.findall(page.text)[0]):
        tags = {
            (await visitor.get(path, headers={"Accept-Encoding": kind})).headers["etag"]
            for kind in ("gzip", "identity")
        }
        assert len(tags) == 2 or all(tag.startswith("W/") for tag in tags), path
        for tag in [*tags, *(tag.removeprefix("W/") for tag in tags)]:
            assert (await visitor.get(path, headers={"If-None-Match": tag})).status_code == 304


async def test_a_page_and_its_modules_always_fit_together(
    visitor: httpx.AsyncClient, pages: list[str]
) -> None:
    """Under an older version's address a file is today's, and nothing keeps it."""
    file = LOADED.findall((await visitor.get(pages[0])).text)[0]
    old = re.sub(r"^/static/[^/]+", "/static/0000000000ab", file)
    answer = await visitor.get(old)
    assert answer.status_code == 200
    assert "immutable" not in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/x/nothing.js",
        "/static/x/../app/main.py",
        "/static/x/%2e%2e/%2e%2e/app/main.py",
        "/static/x/..%2f..%2fpyproject.toml",
        "/static/x/%2Fetc%2Fpasswd",
        "/static/x//etc/passwd",
        "/static/x/student.html",
        "/static/x/js",
        "/static/x/",
        "/static",
    ],
)
async def test_nothing_outside_the_tree_is_served(visitor: httpx.AsyncClient, path: str) -> None:
    """404, however the way out is spelled."""
    answer = await visitor.get(httpx.URL(path))
    assert answer.status_code == 404
    assert b"import" not in answer.content


async def test_an_unknown_lesson_has_a_page_that_says_so(sites: Sites) -> None:
    """404, for people: in every view, whatever was typed."""
    async with sites.get(ONE, BEHIND_A_PROXY).client() as http:
        for path in [
            "/zzzzzz",
            "/teach/zzzzzz",
            "/screen/zzzzzz",
            "/favicon.ico",
            "/a",
            "/%00",
            "/%FF",
            "/%3Cb%3E",
        ]:
            answer = await http.get(path, headers=somewhere_else())
            assert answer.status_code == 404, path
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert "content-security-policy" in answer.headers
            assert "set-cookie" not in answer.headers
        for path in ["/api/nothing", "/teach", "/a/b", "/decks/x/y.png"]:
            answer = await http.get(path, headers=somewhere_else())
            assert answer.status_code == 404, path


@pytest.mark.parametrize("at", OF_A_LESSON)
async def test_a_code_as_people_type_it_leads_to_its_page(
    teacher: Teacher, visitor: httpx.AsyncClient, at: str
) -> None:
    """One address a lesson: the rest are sent there."""
    code = teacher.lesson
    for typed in (code.upper(), f"{code[:3]}-{code[3:]}", f"{code[:3]} {code[3:]}"):
        answer = await visitor.get(f"{at}{typed}")
        assert answer.status_code in {307, 308}
        assert answer.headers["location"] == f"{at}{code}"


async def test_a_student_gets_a_voters_cookie_with_the_page(
    teacher: Teacher, visitor: httpx.AsyncClient, site: Server
) -> None:
    """Once; of one's own; for no script to read; and no cache in between may hand it to others."""
    path = f"/{teacher.lesson}"
    page = await visitor.get(path)
    cookie = page.headers["set-cookie"]
    assert cookie.startswith("voter=")
    assert "httponly" in cookie.lower()
    assert "samesite" in cookie.lower()
    assert "private" in page.headers["cache-control"]
    assert "set-cookie" not in (await visitor.get(path)).headers
    async with without_jar(site) as strangers:
        voters = {(await strangers.get(path)).headers["set-cookie"] for _ in range(3)}
        assert len({*voters, cookie}) == 4
        known = await strangers.get(path, headers={"If-None-Match": page.headers["etag"]})
        assert (known.status_code, "set-cookie" in known.headers) == (304, True)
        made_up = await strangers.get(path, headers={"Cookie": "voter=made.up"})
        assert made_up.headers["set-cookie"].startswith("voter=")
    for other in ("/", f"/teach/{teacher.lesson}", f"/screen/{teacher.lesson}"):
        async with site.client() as fresh:
            assert "set-cookie" not in (await fresh.get(other)).headers


async def test_the_join_link_comes_as_a_picture(teacher: Teacher, visitor: httpx.AsyncClient) -> None:
    """An SVG that a browser shows, for a lesson that exists."""
    answer = await visitor.get(f"{teacher.path}/qr.svg")
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == "image/svg+xml"
    assert answer.text.startswith("<svg ")
    assert 'xmlns="http://www.w3.org/2000/svg"' in answer.text
    assert "<script" not in answer.text
    assert_problem(await visitor.get("/api/lessons/zzzzzz/qr.svg"), 404)
