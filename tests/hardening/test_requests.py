"""Requests as bytes: two lengths, broken chunks, folded lines, other versions, other methods, heads without end.

Threats: a proxy and we reading one stream of bytes as different requests; a peer that makes us keep what it sends.
"""

import asyncio

import psutil
import pytest
from starlette.routing import Route

from app.web.app import routes
from app.web.heads import HEAD_BYTES
from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.support.raw import exchange, fields, request, status
from tests.support.wire import Wire, head, sight, wire

KIB = 1024
MIB = 1024 * KIB
HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
EMPTY = b'{"writes": []}'
CHUNKED = b"e\r\n" + EMPTY + b"\r\n0\r\n\r\n"

# Header lines and a body that two readers may end at different places. None may be read at all.
AMBIGUOUS: dict[str, tuple[list[str], bytes]] = {
    "CL.TE": (["Content-Length: 5", "Transfer-Encoding: chunked"], b"0\r\n\r\n" + HIDDEN),
    "TE.CL": (["Transfer-Encoding: chunked", "Content-Length: 4"], b"24\r\n" + HIDDEN + b"\r\n0\r\n\r\n"),
    "TE.TE": (["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], CHUNKED + HIDDEN),
    "TE, another before it": (["Transfer-Encoding: gzip, chunked, identity"], CHUNKED + HIDDEN),
    "TE, unknown": (["Transfer-Encoding: xchunked"], CHUNKED + HIDDEN),
    "TE, blank before the colon": (["Transfer-Encoding : chunked"], CHUNKED + HIDDEN),
    "TE, folded": (["Transfer-Encoding:", " chunked"], CHUNKED + HIDDEN),
    "TE, quoted": (['Transfer-Encoding: "chunked"'], CHUNKED + HIDDEN),
    "TE, after a control": (["X: \x0bTransfer-Encoding: chunked"], CHUNKED + HIDDEN),
    "two lengths": (["Content-Length: 14", "Content-Length: 0"], EMPTY + HIDDEN),
    "a list of lengths": (["Content-Length: 14, 14"], EMPTY + HIDDEN),
    "a length with a sign": (["Content-Length: +14"], EMPTY + HIDDEN),
    "a length below zero": (["Content-Length: -1"], EMPTY + HIDDEN),
    "a length in hexadecimal": (["Content-Length: 0xe"], EMPTY + HIDDEN),
    "a length with a blank": (["Content-Length: 1 4"], EMPTY + HIDDEN),
    "a length beyond numbers": (["Content-Length: " + "9" * 30], EMPTY + HIDDEN),
    "a chunk's size with a sign": (
        ["Transfer-Encoding: chunked"],
        b"+e\r\n" + EMPTY + b"\r\n0\r\n\r\n" + HIDDEN,
    ),
    "a chunk's size in C": (["Transfer-Encoding: chunked"], b"0xe\r\n" + EMPTY + b"\r\n0\r\n\r\n" + HIDDEN),
    "a chunk's size beyond numbers": (["Transfer-Encoding: chunked"], b"f" * 17 + b"\r\n" + EMPTY + HIDDEN),
    "a chunk longer than it says": (
        ["Transfer-Encoding: chunked"],
        b"4\r\n" + EMPTY + b"\r\n0\r\n\r\n" + HIDDEN,
    ),
    "a chunk ended by LF": (["Transfer-Encoding: chunked"], b"e\n" + EMPTY + b"\n0\n\n" + HIDDEN),
    "a line ended by CR": (["A: b\rContent-Length: 14"], EMPTY + HIDDEN),
    "a line ended by LF": (["A: b\nContent-Length: 14"], EMPTY + HIDDEN),
    "a name with a blank": (["Content Length: 14"], EMPTY + HIDDEN),
    "a line without a colon": (["Content-Length 14"], EMPTY + HIDDEN),
    "a NUL": (["A: b\0c", "Content-Length: 14"], EMPTY + HIDDEN),
}


@pytest.mark.parametrize(("lines", "body"), AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
async def test_a_request_with_two_ends_is_no_request(
    teacher: Teacher, site: Server, lines: list[str], body: bytes
) -> None:
    """400 or nothing read, one answer, the connection closed, and what was hidden in it is not answered."""
    before = await sight(teacher)
    start = f"POST {teacher.path}/state HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {teacher.key}\r\n"
    raw = await exchange(
        site, (start + "".join(f"{line}\r\n" for line in lines) + "\r\n").encode("latin-1") + body
    )
    assert status(raw) == 400
    assert raw.count(b"HTTP/1.1 ") == 1
    assert b"alive" not in raw
    assert fields(raw)["connection"] == ["close"]
    assert await sight(teacher) == before


async def test_nothing_is_answered_after_the_end(site: Server) -> None:
    """What follows a request that closes its connection is not read as another."""
    raw = await exchange(site, request("GET", "/readyz") + HIDDEN * 3)
    assert raw.count(b"HTTP/1.1 ") == 1
    assert b"alive" not in raw


async def test_requests_in_a_row_are_answered_in_a_row(teacher: Teacher, site: Server) -> None:
    """Pipelined, which is allowed: one answer each, in order, and bodies belong to their own."""
    start = f"POST {teacher.path}/state HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {teacher.key}\r\n"
    post = f"{start}Content-Length: {len(EMPTY)}\r\n\r\n".encode() + EMPTY
    chunked = f"{start}Transfer-Encoding: chunked\r\n\r\n".encode() + CHUNKED
    raw = await exchange(site, post + HIDDEN + chunked + HIDDEN + request("GET", "/nothing/here"))
    parts = raw.split(b"HTTP/1.1 ")[1:]
    assert [part[:3] for part in parts] == [b"200", b"200", b"200", b"200", b"404"]
    assert [b"cursor" in part for part in parts] == [True, False, True, False, False]
    assert [b"alive" in part for part in parts] == [False, True, False, True, False]


@pytest.mark.parametrize(
    "line",
    ["GET", "GET /", "GET / HTTP/2.0", "GET / HTTP/1.2", "GET / HTTP/3", "GET / http/1.1", "GET  / HTTP/1.1", "PRI * HTTP/2.0",
     "CONNECT evil.example:443 HTTP/1.1", "GET \x00 HTTP/1.1", "GET /\xff HTTP/1.1", "FOO / HTTP/1.1", "\x16\x03\x01\x00\xc8\x01", "{}"],
    ids=repr,
)  # fmt: skip
async def test_what_is_no_http_is_refused(site: Server, line: str) -> None:
    """Other protocols, versions and nonsense: 400 (or, for HTTP/0.9, an answer), and none of it comes back."""
    raw = await exchange(site, line.encode("latin-1") + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert status(raw) in {200, 400}
    assert raw.count(b"HTTP/1.1 ") == 1
    assert b"evil" not in raw


async def test_http_1_0_is_served(teacher: Teacher, site: Server) -> None:
    """Old proxies and probes: an answer and the end; a stream all the same."""
    raw = await exchange(site, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert status(raw) == 200
    raw = await exchange(site, f"GET {teacher.path}/state HTTP/1.0\r\n\r\n".encode())
    assert raw.endswith(b'"writes":[]}')
    async with wire(site) as stream:
        await stream.send(f"GET {teacher.path}/events HTTP/1.0\r\n\r\n".encode())
        raw = await stream.until(b": ok\n")
        head, _, body = raw.partition(b"\r\n\r\n")
        assert b"transfer-encoding" not in head.lower()  # HTTP/1.0 knows no chunks
        assert body.startswith(b"retry: ")


async def test_an_upgrade_is_not_made(site: Server) -> None:
    """To WebSockets, HTTP/2 or anything: answered as if it had not been asked."""
    for wanted in ("websocket", "h2c", "TLS/1.0", "x"):
        raw = await exchange(
            site, request("GET", "/healthz", f"Upgrade: {wanted}", "HTTP2-Settings: AAMAAABkAAQAAP__")
        )
        assert status(raw) == 200
        assert "upgrade" not in fields(raw)


def addresses(teacher: Teacher) -> list[str]:
    """An address for each route."""
    filled = {
        "lesson": teacher.lesson,
        "code": teacher.lesson,
        "page": "a-1",
        "poll": "p1",
        "key": "k",
        "deck": "zzzzzz",
    }
    filled |= {
        "problem": "lesson-ended",
        "number": "1",
        "width": "800",
        "version": "0",
        "path:path": "css/base.css",
    }
    found = []
    for route in routes():
        assert isinstance(route, Route)
        path = route.path
        for name, value in filled.items():
            path = path.replace(f"{{{name}}}", value)
        found.append(path)
    assert not [path for path in found if "{" in path]
    return sorted(set(found))


async def test_head_is_get_without_its_body(teacher: Teacher, site: Server) -> None:
    """On every address there is: the same status and headers, no body, and nothing else changes."""
    await teacher.write(("screen", {"mode": "black"}))
    before = await sight(teacher)
    for path in addresses(teacher):
        line = f"Authorization: Bearer {teacher.key}"
        raw = await exchange(site, request("HEAD", path, line))
        assert raw.endswith(b"\r\n\r\n"), path
        assert raw.count(b"HTTP/1.1 ") == 1
        if not path.endswith("/events"):
            get = await exchange(site, request("GET", path, line))
            assert status(get) == status(raw), path
            changing = {"date", "set-cookie"} | ({"content-length"} if path == "/metrics" else set())
            names = set(fields(get)) - changing
            assert {name: fields(raw)[name] for name in names} == {
                name: fields(get)[name] for name in names
            }, path
    assert await sight(teacher) == before


@pytest.mark.parametrize(
    "method", ["TRACE", "OPTIONS", "PUT", "PATCH", "DELETE", "PROPFIND", "PURGE", "LINK", "SOURCE"]
)
async def test_a_method_that_an_address_has_not_is_refused(
    teacher: Teacher, site: Server, method: str
) -> None:
    """405 with those that it has, or 404; nothing of the request comes back (TRACE), nothing is changed."""
    before = await sight(teacher)
    for path in addresses(teacher):
        lines = [
            f"Authorization: Bearer {teacher.key}",
            "X-Secret: from-the-request",
            "X-HTTP-Method: POST",
            "Content-Length: 0",
        ]
        raw = await exchange(site, request(method, path, *lines))
        assert status(raw) in {405, 404}, path
        assert b"from-the-request" not in raw
        if status(raw) == 405:
            assert method not in fields(raw)["allow"][0]
    assert await sight(teacher) == before


@pytest.mark.parametrize(
    "start",
    [f"GET /{'a' * HEAD_BYTES} HTTP/1.1\r\n", f"GET /?a={'b' * 2 * MIB} HTTP/1.1\r\n", f"GET / HTTP/1.1\r\nX: {'a' * HEAD_BYTES}\r\n",
     f"GET / HTTP/1.1\r\nX: {'a' * 2 * MIB}\r\n", "GET / HTTP/1.1\r\n" + "A: b\r\n" * 50_000, "GET / HTTP/1.1\r\n" + "Cookie: a=b\r\n" * 50_000,
     f"GET / HTTP/1.1\r\n{'X' * HEAD_BYTES}: a\r\n"],
    ids=["address", "query", "header", "huge header", "headers", "cookies", "name"],
)  # fmt: skip
async def test_a_head_has_a_bound(site: Server, start: str) -> None:
    """431 and the end, whichever part of it is too large; half of the bound passes."""
    raw = await exchange(site, (start + "Host: x\r\n\r\n").encode() + HIDDEN)
    assert status(raw) == 431
    assert raw.count(b"HTTP/1.1 ") == 1
    half = request("GET", "/" + "a" * (HEAD_BYTES // 4), "X: " + "a" * (HEAD_BYTES // 4))
    assert status(await exchange(site, half)) == 404


async def test_heads_without_end_cost_no_memory(site: Server) -> None:
    """Fifty peers that pour megabytes into a header that never ends: each is cut off, and nothing of it is kept."""

    async def pour(connection: Wire) -> bytes:
        await connection.send(b"GET / HTTP/1.1\r\nX: ")
        for _ in range(64):
            await connection.send(b"a" * 65_536)
        return await connection.until_end()

    async def one() -> bytes:
        async with wire(site) as connection:
            return await pour(connection)

    process = psutil.Process(site.pid)
    before = process.memory_info().rss
    answers = await asyncio.gather(*(one() for _ in range(50)))
    assert {head(raw)[0] for raw in answers} == {"HTTP/1.1 431 Request Header Fields Too Large"}
    assert process.memory_info().rss - before < 40 * MIB
