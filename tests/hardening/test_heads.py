"""A request's head: lines without end, hosts that are none, two or nonsense, blanks around values, fields that stand twice.

Threats: a head that is cheap to send and dear to read; a name of the site that a client makes up, in links and pictures; a fault
of ours for what only a stranger would send.
"""

import pytest

from app.web.heads import HEAD_BYTES, HEAD_LINES
from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.support.raw import exchange, request, status
from tests.support.sites import EVERYWHERE
from tests.support.wire import stored, wire

WHITE = {"mode": "white"}
CLOSE = b"Connection: close\r\n\r\n"

NO_HOSTS = {
    "none": [],
    "two": ["Host: a.example", "Host: b.example"],
    "the same twice": ["Host: a.example", "Host: a.example"],
    "empty": ["Host:"],
    "a port alone": ["Host: :80"],
    "long": ["Host: " + "a" * 3_000],
    "a blank": ["Host: a b"],
    "two in one": ["Host: a.example, b.example"],
    "a path": ["Host: a.example/b"],
    "a user": ["Host: user@a.example"],
    "a long port": ["Host: a.example:999999"],
    "two ports": ["Host: a.example:80:80"],
    "half an address": ["Host: [::1"],
    "markup": ['Host: "><script>alert(1)</script>'],
    "bytes": ["Host: \xc3\xa9.example"],
}
HOSTS = [
    "a",
    "lectern.example",
    "lectern.example:8000",
    "10.0.0.1:80",
    "[::1]",
    "[2001:db8::1]:8000",
    "lectern_web",
    "a.",
]

# Lines that a client has no reason to send, or should send once.
ODD = {
    "Authorization twice": ["Authorization: Bearer x", "Authorization: Bearer y"],
    "Cookie often": ["Cookie: voter=x"] * 50,
    "a cookie without a name": ["Cookie: =; ;;=;voter"],
    "Last-Event-ID twice": ["Last-Event-ID: x", "Last-Event-ID: y"],
    "the same length twice": ["Content-Length: 0", "Content-Length: 0"],
    "a length with a sign": ["Content-Length: +5"],
    "a length with blanks": ["Content-Length:  0 \t"],
    "chunks and a length": ["Content-Length: 5", "Transfer-Encoding: chunked"],
    "TE": ["Transfer-Encoding: gzip"],
    "a folded line": ["X: a", " b"],
    "an empty name": [": a"],
    "Origin twice": ["Origin: https://a.example", "Origin: null"],
    "Accept-Encoding": ["Accept-Encoding: gzip;q=x,,;"],
    "If-None-Match": ['If-None-Match: "', "If-None-Match: *"],
    "Range": ["Range: bytes=9-1,0-0,-"],
    "Expect": ["Expect: 100-continue, x"],
    "X-Forwarded": ["X-Forwarded-For: ,,", "X-Forwarded-Proto: gopher", "Forwarded: for=_"],
    "Upgrade": ["Upgrade: websocket", "Connection: upgrade", "Sec-WebSocket-Key: x"],
    "Connection": ["Connection: host, authorization"],
}  # fmt: skip


def asked(path: str, *lines: str, method: str = "GET", version: str = "1.1") -> bytes:
    """A request with these lines and no other."""
    head = [f"{method} {path} HTTP/{version}", *lines, "Connection: close", "", ""]
    return "\r\n".join(head).encode("latin-1")


@pytest.mark.parametrize("line", ["a:", "a: b", "Cookie: a=b"])
async def test_a_head_has_a_number_of_lines(site: Server, line: str) -> None:
    """431, however short they are; as many as browsers and proxies send pass."""
    assert status(await exchange(site, request("GET", "/healthz", *[line] * 32_000))) == 431
    others = 2  # Host and Connection
    assert status(await exchange(site, request("GET", "/healthz", *[line] * (HEAD_LINES - others)))) == 200
    assert (
        status(await exchange(site, request("GET", "/healthz", *[line] * (HEAD_LINES - others + 1)))) == 431
    )


async def test_a_head_is_counted_as_it_is_on_the_wire(site: Server) -> None:
    """Colons, blanks and line ends are bytes, too."""
    lines = 90
    each = HEAD_BYTES // lines - len("X: \r\n")
    assert (
        status(await exchange(site, request("GET", "/healthz", *[f"X: {'a' * (each - 2)}"] * lines))) == 200
    )
    assert (
        status(await exchange(site, request("GET", "/healthz", *[f"X: {'a' * (each + 1)}"] * lines))) == 431
    )


@pytest.mark.parametrize("lines", NO_HOSTS.values(), ids=NO_HOSTS.keys())
async def test_a_request_without_one_host_is_none(teacher: Teacher, site: Server, lines: list[str]) -> None:
    """400 on every kind of address, before anything is made of it."""
    for path in (
        f"{teacher.path}/qr.svg",
        f"{teacher.path}/events",
        f"{teacher.path}/state",
        "/",
        "/healthz",
    ):
        raw = await exchange(site, asked(path, *lines))
        assert status(raw) == 400, path
        assert raw.count(b"HTTP/1.1 ") == 1
        assert b"example" not in raw
        assert b"<script" not in raw
    assert (
        status(await exchange(site, asked("/api/lessons", *lines, "Content-Length: 2", method="POST"))) == 400
    )


@pytest.mark.parametrize("site", EVERYWHERE, indirect=True)
@pytest.mark.parametrize("host", ["a" * 3_000, "a/b", "a@b"], ids=["long", "a path", "a user"])
async def test_no_picture_is_made_of_a_host_that_is_none(teacher: Teacher, site: Server, host: str) -> None:
    """Under other servers too, which let it pass: refused, or a picture of the address that was asked, and no fault of ours."""
    assert status(await exchange(site, asked(f"{teacher.path}/qr.svg", f"Host: {host}"))) in {200, 400}


@pytest.mark.parametrize("host", HOSTS)
async def test_a_host_is_a_name_or_an_address(teacher: Teacher, site: Server, host: str) -> None:
    """With a port or without, and a picture of the link is made of it."""
    assert status(await exchange(site, asked(f"{teacher.path}/qr.svg", f"Host: {host}"))) == 200


async def test_an_old_client_names_no_host(teacher: Teacher, site: Server) -> None:
    """HTTP/1.0 knew none; two are wrong in any version."""
    assert status(await exchange(site, asked(f"{teacher.path}/qr.svg", version="1.0"))) == 200
    assert status(await exchange(site, asked("/healthz", *NO_HOSTS["two"], version="1.0"))) == 400


@pytest.mark.parametrize("site", EVERYWHERE, indirect=True)
@pytest.mark.parametrize("around", ["{}", "{} ", "  {}\t ", "\t{}"])
async def test_blanks_around_a_cursor_are_no_part_of_it(teacher: Teacher, site: Server, around: str) -> None:
    """A stream goes on where it was."""
    cursor = (await teacher.write(("screen", WHITE)))["cursor"]
    await teacher.write(("timer", {"ends": 1}))
    async with wire(site) as stream:
        line = f"Last-Event-ID: {around.format(cursor)}"
        await stream.send(f"GET {teacher.path}/events HTTP/1.1\r\nHost: x\r\n{line}\r\n\r\n".encode())
        raw = await stream.until(b'"writes"')
    assert b'"reset"' not in raw


async def test_a_field_behind_the_body_is_no_part_of_the_head(teacher: Teacher, site: Server) -> None:
    """A key in a trailer opens nothing, and trailers count as lines do."""
    start = asked(f"{teacher.path}/state", "Host: x", "Transfer-Encoding: chunked", method="POST")
    body = b'e\r\n{"writes": []}\r\n0\r\n'
    raw = await exchange(site, start + body + f"Authorization: Bearer {teacher.key}\r\n\r\n".encode())
    assert status(raw) == 401
    raw = await exchange(site, start.replace(CLOSE, b"\r\n") + body + b"a:\r\n" * 32_000 + b"\r\n")
    assert status(raw) in {401, 431}
    assert stored(dict((await teacher.state())["writes"])) == {}


@pytest.mark.parametrize("lines", ODD.values(), ids=ODD.keys())
async def test_odd_lines_are_no_fault_of_ours(teacher: Teacher, site: Server, lines: list[str]) -> None:
    """Taken or refused, on every kind of address; nothing of them opens anything."""
    for method, path in (
        ("GET", f"{teacher.path}/state?as=teacher"), ("GET", f"{teacher.path}/qr.svg"), ("GET", "/"),
        ("GET", f"/{teacher.lesson}"), ("POST", f"{teacher.path}/state"), ("POST", f"{teacher.path}/polls/p1/votes"),
        ("GET", "/static/0/css/base.css"), ("GET", "/decks/zzzzzz/1-800.webp"), ("POST", f"{teacher.path}/session"),
    ):  # fmt: skip
        raw = await exchange(site, asked(path, "Host: x", *lines, method=method))
        assert 200 <= status(raw) < 500, path
        assert "as=teacher" not in path or status(raw) in {400, 401}


@pytest.mark.parametrize(
    "target",
    [f"/?{'a=b&' * 7_000}", "/api/lessons?%", "http://x/healthz", "http://other.example/", "http://x", "https://x:1/", "ftp://x/", "x:80",
     "/?" + "%ff" * 1_000, "*", "//", "/a#b", "http://[::1", "http://user@x/"],
    ids=range(14),
)  # fmt: skip
async def test_odd_targets_are_no_fault_of_ours(site: Server, target: str) -> None:
    """Whole addresses, long queries, no path: an answer below 500, and no redirect to what they name."""
    raw = await exchange(site, asked(target, "Host: x"))
    assert 200 <= status(raw) < 500
    assert b"other.example" not in raw
