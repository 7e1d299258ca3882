"""Addresses: paths that lead out of a folder, and links that lead off the site.

Threats: reading files that are no page of ours; a link to us that takes a student elsewhere; a cache or a mail with someone else's host.
"""

from urllib.parse import quote

import pytest

from app.web.pages import __file__ as source
from scripts.lib.deck import plain_deck
from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.support.raw import exchange, fields, request, status
from tests.support.sites import ONE, Sites

# Ways to say "up", "elsewhere" and "end here".
OUT = [
    "../" * 8 + "etc/passwd", "..%2f" * 8 + "etc%2fpasswd", "%2e%2e/" * 8 + "etc/passwd", "%2e%2e%2f" * 8 + "etc%2fpasswd",
    "....//" * 8 + "etc/passwd", "..%252f" * 8 + "etc%252fpasswd", "..\\" * 8 + "etc\\passwd", "..%5c" * 8 + "etc%5cpasswd",
    "%c0%ae%c0%ae/" * 8 + "etc/passwd", "/etc/passwd", "//etc/passwd", "file:///etc/passwd", "../app/main.py", "../../app/settings.py",
    "css/../../pyproject.toml", "css/base.css/../../../pyproject.toml", "css/base.css%00.png", "./css/./base.css", "home.html", ".", "..",
    "js", "js/", "css/base.css/", "CSS/BASE.CSS", "con", "~root/.bashrc", "$HOME/.bashrc", ".git/config", "css/base.css?x", "css/base.css#x",
]  # fmt: skip

FOREIGN = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/%2fevil.example", "/%5cevil.example", "/.evil.example",
    "//evil.example/%2e%2e", "/https:evil.example", "/https://evil.example/", "//evil.example/", "///evil.example//", "/\\evil.example/",
    "/%09/evil.example/", "/%0d%0aLocation:%20//evil.example/", "/@evil.example/", "//evil.example%2f/", "/teach//evil.example/",
]  # fmt: skip


@pytest.mark.parametrize("path", OUT)
async def test_no_path_leads_out_of_the_pages(site: Server, path: str) -> None:
    """404 for everything that is not the name of a file, spelled as it is; none of the machine's files comes."""
    version = "0"
    raw = await exchange(site, request("GET", f"/static/{version}/{path}"))
    assert status(raw) in (
        {200} if path == "css/base.css?x" else {404, 307, 400, 200 if "#" in path else 404}
    )
    assert b"root:" not in raw
    assert b"[project]" not in raw
    assert b"import " not in raw.partition(b"\r\n\r\n")[2] or b"text/" in raw


@pytest.mark.parametrize("path", OUT)
async def test_no_path_leads_out_of_the_decks(teacher: Teacher, site: Server, path: str) -> None:
    """In the deck's place, the number's and the width's: never another file, another deck, or the PDF itself."""
    deck = "zzzzzz"
    for address in (
        f"/decks/{path}/1-800.webp",
        f"/decks/{deck}/{path}-800.webp",
        f"/decks/{deck}/1-{path}.webp",
        f"/decks/{deck}/{path}.txt",
        f"/decks/{deck}/source.pdf",
        f"/decks/{path}",
    ):
        raw = await exchange(site, request("GET", address, f"Authorization: Bearer {teacher.key}"))
        assert status(raw) in {404, 307, 400}, address
        assert b"root:" not in raw


async def test_a_deck_gives_its_pages_and_nothing_else(teacher: Teacher, site: Server) -> None:
    """Not its source, not a width or a number that is spelled otherwise, to the teacher neither."""
    deck = await teacher.upload(plain_deck(1))
    await teacher.rendered(deck)
    key = f"Authorization: Bearer {teacher.key}"
    assert status(await exchange(site, request("GET", f"/decks/{deck}/1-800.webp", key))) == 200
    for name in (
        "source.pdf", "takeovers", "01-800.webp", "1-0800.webp", "1-801.webp", "+1-800.webp", "1 -800.webp", "1-800.webp/", "2-800.webp",
        "0-800.webp", "-1-800.webp", "1e0-800.webp", "\u0661-800.webp", "1-800.WEBP", "%31-800.webp%00", "01.txt", "2.txt", "1.txt.txt",
    ):  # fmt: skip
        raw = await exchange(site, request("GET", f"/decks/{deck}/{quote(name, safe='%')}", key))
        assert status(raw) in {404, 307}, name
        if status(raw) == 307:
            assert fields(raw)["location"] == [f"/decks/{deck}/1-800.webp"]
    for other in (deck.upper(), f"{deck}%00", f"%20{deck}", f"{deck[:3]}-{deck[3:]}"):
        raw = await exchange(site, request("GET", f"/decks/{other}/1-800.webp", key))
        assert status(raw) == 404 or other == deck, other


@pytest.mark.parametrize("path", FOREIGN)
async def test_no_address_leads_off_the_site(site: Server, path: str) -> None:
    """A redirect goes to a path of this site: one slash, no host, no scheme, whatever the request and its Host header say."""
    for host in ("evil.example", "lectern.example", "[", "a/b", "x@evil.example"):
        raw = await exchange(
            site, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode("latin-1")
        )
        assert status(raw) in {307, 404, 400}
        for location in fields(raw).get("location", []):
            assert location.startswith("/")
            assert not location.startswith(("//", "/\\"))
        assert len(fields(raw).get("location", [])) <= 1


async def test_a_redirect_leads_to_the_lesson_alone(teacher: Teacher, site: Server) -> None:
    """Other spellings, a slash too many, a query that names another site."""
    code = teacher.lesson
    for at in ("/", "/teach/", "/screen/"):
        for typed in (code.upper(), f"{code[:3]}-{code[3:]}", f"{code[:3]}%20{code[3:]}", f"{code}/"):
            for query in ("", "?next=//evil.example", "?url=https://evil.example", "#//evil.example"):
                raw = await exchange(
                    site, request("GET", f"{at}{typed}{query}", "X-Forwarded-Host: evil.example")
                )
                if typed == code:
                    continue
                assert status(raw) == 307, typed
                assert fields(raw)["location"] == [f"{at}{code}"]


async def test_links_name_the_site_that_its_owner_has_set(sites: Sites) -> None:
    """With PUBLIC_URL a Host header changes no link, no QR code and no cookie's `Secure`."""
    site = sites.get(ONE, {"PUBLIC_URL": "https://lectern.example"})
    made = [
        await exchange(site, f"POST /api/lessons HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        for host in ("evil.example", "lectern.example", "lectern.example:1", "[::1]")
    ]  # fmt: skip
    for raw in made:
        assert status(raw) == 201
        assert raw.count(b'"https://lectern.example/') == 2
        assert b"evil" not in raw


def test_no_file_is_read_for_a_request() -> None:
    """What a page needs is read at the start: the module that answers them opens nothing."""
    with open(source, encoding="utf-8") as text:  # noqa: PTH123 - the module's own path, as Python knows it
        assert "open(" not in text.read()
