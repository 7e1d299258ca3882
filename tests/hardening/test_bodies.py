"""Bodies: too deep, too large, too slow, too many of a key, numbers without end, packed, or of another kind than they say.

Threats: a body that exhausts memory, stack or time, or that two parsers read differently.
"""

import asyncio
import gzip
import time

import httpx
import psutil
import pytest

from app.web.bodies import SMALL_BYTES, STATE_BYTES
from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.support.raw import exchange, fields, request, status
from tests.support.wire import assert_problem, poll, sight, viewer_state, wire

KIB = 1024
MIB = 1024 * KIB


def write_of(value: str, key: str = "timer") -> bytes:
    """A request that writes JSON text as it stands."""
    return f'{{"writes": [{{"key": "{key}", "value": {value}}}]}}'.encode()


# Bodies that are JSON to somebody, and must not be to us.
HOSTILE: dict[str, bytes] = {
    "deep lists": write_of("[" * 120_000 + "]" * 120_000),
    "deep objects": write_of('{"a":' * 30_000 + "1" + "}" * 30_000),
    "deep and open": b'{"writes": ' + b"[" * 200_000,
    "deep beside": b'{"writes": [], "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a number of 200,000 digits": write_of('{"ends": ' + "9" * 200_000 + "}"),
    "an exponent": write_of('{"ends": 1e308}'),
    "an exponent beyond": write_of('{"ends": 1e999999}'),
    "a small one": write_of('{"ends": 1e-999999}'),
    "negative nothing": write_of('{"ends": -0.5}'),
    "NaN": write_of('{"ends": NaN}'),
    "Infinity": write_of('{"ends": Infinity}'),
    "2^63": write_of('{"ends": 9223372036854775808}'),
    "2^64": write_of('{"ends": 18446744073709551616}'),
    "a leading zero": write_of('{"ends": 01}'),
    "hexadecimal": write_of('{"ends": 0x10}'),
    "a comma too many": write_of('{"ends": 1,}'),
    "a comment": write_of('{"ends": 1 /* */}'),
    "single quotes": write_of("{'ends': 1}"),
    "two documents": write_of('{"ends": 1}') + b"{}",
    "a byte order mark": b"\xef\xbb\xbf" + write_of('{"ends": 1}'),
    "UTF-16": write_of('{"ends": 1}').decode().encode("utf-16"),
    "UTF-32": write_of('{"ends": 1}').decode().encode("utf-32"),
    "overlong UTF-8": write_of('{"text": "\u00e9"}', "notes/a-1").replace(b"\xc3\xa9", b"\xc0\xaf"),
    "a bare control": write_of('{"text": "a\x01b"}', "notes/a-1"),
    "a bare line end": write_of('{"text": "a\nb"}', "notes/a-1"),
    "nothing but blanks": b" " * 10_000,
    "a million keys": b'{"writes": [], ' + b",".join(b'"k%d":0' % number for number in range(20_000)) + b"}",
    "colliding keys": b'{"writes": [], ' + b",".join([b'"__class__":0'] * 10_000) + b"}",
    "a form": b"writes=%5B%5D",
    "multipart": b'--x\r\nContent-Disposition: form-data; name="writes"\r\n\r\n[]\r\n--x--\r\n',
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><writes>&b;</writes>',
    "gzip": gzip.compress(write_of('{"ends": 1}')),
    "a gzip bomb": (BOMB := gzip.compress(b" " * 100 * MIB)),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_body_is_refused_at_once(teacher: Teacher, body: bytes) -> None:
    """400, 413 or 422 within moments on every address that takes JSON, and nothing is changed; others are served meanwhile."""
    await teacher.write(("poll/p1", poll()))
    before = await sight(teacher)
    for path in ("/state", "/polls/p1/votes", "/keys"):
        began = time.monotonic()
        answer = await teacher.http.post(teacher.path + path, content=body, headers=teacher.auth)
        assert answer.status_code in {400, 413, 422}, answer.text
        assert answer.json()["errors"]
        assert time.monotonic() - began < 3.0
    assert (await teacher.http.post("/api/lessons", content=body)).status_code in {400, 413, 422}
    assert await sight(teacher) == before


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "identity", "x"])
async def test_a_packed_body_is_not_unpacked(teacher: Teacher, encoding: str) -> None:
    """A bomb stays the few kilobytes that it is: `Content-Encoding` of a request means nothing here."""
    headers = teacher.auth | {"Content-Encoding": encoding, "Content-Type": "application/json"}
    before = await sight(teacher)
    answer = await teacher.http.post(f"{teacher.path}/state", content=BOMB, headers=headers)
    assert_problem(answer, 400, "")
    assert await sight(teacher) == before
    plain = await teacher.http.post(f"{teacher.path}/state", content=write_of('{"ends": 1}'), headers=headers)
    assert plain.json()["applied"] == [True]


async def test_of_a_key_that_stands_twice_the_last_counts(teacher: Teacher) -> None:
    """For the check and for what is kept alike, so that nothing unchecked hides behind the first."""
    twice = write_of('{"mode": "black", "mode": "white"}', "screen")
    answer = await teacher.http.post(f"{teacher.path}/state", content=twice, headers=teacher.auth)
    assert answer.json()["applied"] == [True]
    raw = (await teacher.http.get(f"{teacher.path}/state")).text
    assert raw.count("mode") == 1
    assert "black" not in raw
    before = await sight(teacher)
    for body in (
        write_of('{"mode": "white", "mode": "nonsense"}', "screen"),
        write_of('{"mode": "nonsense", "mode": "white"}', "screen"),
        b'{"writes": [{"key": "screen", "key": "nonsense", "value": null}]}',
        b'{"writes": [{"key": "screen", "value": null, "value": 5}]}',
        b'{"writes": [], "writes": 5}',
    ):
        answer = await teacher.http.post(f"{teacher.path}/state", content=body, headers=teacher.auth)
        assert answer.status_code == 422, answer.text
    assert await sight(teacher) == before


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "image/png", "", "a/b; c"]
)
async def test_the_kind_that_a_body_claims_changes_nothing(teacher: Teacher, kind: str) -> None:
    """JSON is told by being JSON; a deck must say that it is a PDF."""
    headers = teacher.auth | {"Content-Type": kind}
    body = write_of('{"mode": "white"}', "screen")
    answer = await teacher.http.post(f"{teacher.path}/state", content=body, headers=headers)
    assert answer.json()["applied"] == [True]
    assert_problem(
        await teacher.http.post(f"{teacher.path}/decks", content=b"%PDF-1.4", headers=headers), 415
    )


@pytest.mark.parametrize(
    ("path", "limit"), [("/state", STATE_BYTES), ("/polls/p1/votes", SMALL_BYTES), ("/keys", SMALL_BYTES)]
)
@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_is_read_to_its_limit_and_no_further(
    teacher: Teacher, site: Server, path: str, limit: int, *, declared: bool
) -> None:
    """413 without the rest being waited for; the connection closes, and what follows on it is no request."""
    lines = [
        f"Content-Length: {limit + 1}" if declared else "Transfer-Encoding: chunked",
        f"Authorization: Bearer {teacher.key}",
    ]
    more = b" " * (limit + 1)
    body = b"" if declared else b"%x\r\n%b\r\n" % (len(more), more)
    raw = await exchange(site, request("POST", teacher.path + path, *lines, body=body))
    assert status(raw) == 413
    assert raw.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    ("path", "lines", "sent"),
    [
        ("/state", [f"Content-Length: {8 * MIB}"], b" " * 8 * MIB),
        ("/state", ["Transfer-Encoding: chunked"], b"800000\r\n" + b" " * 8 * MIB + b"\r\n0\r\n\r\n"),
        ("/decks", ["Content-Type: application/pdf", f"Content-Length: {60 * MIB}"], b" " * 60 * MIB),
    ],
    ids=["declared", "chunked", "a deck"],
)
async def test_a_refusal_arrives_while_its_peer_is_sending(
    teacher: Teacher, site: Server, path: str, lines: list[str], sent: bytes
) -> None:
    """A peer that sends all before it reads, as most do, is told 413, and that the connection ends."""
    key = f"Authorization: Bearer {teacher.key}"
    raw = await exchange(site, request("POST", teacher.path + path, *lines, key, body=sent))
    assert status(raw) == 413
    assert fields(raw)["connection"] == ["close"]


async def test_a_deck_is_read_to_its_limit_and_no_further(teacher: Teacher, site: Server) -> None:
    """50 MiB: refused by its declared length before a byte of it is sent."""
    lines = [
        f"Content-Length: {50 * MIB + 1}",
        f"Authorization: Bearer {teacher.key}",
        "Content-Type: application/pdf",
    ]
    assert status(await exchange(site, request("POST", f"{teacher.path}/decks", *lines))) == 413


async def test_bodies_without_end_cost_no_memory(teacher: Teacher, site: Server) -> None:
    """Twenty at once, of a size each that nobody may send: memory does not follow them, and others are served."""

    async def pour() -> int:
        async with wire(site) as connection:
            await connection.send(request("POST", f"{teacher.path}/state", "Transfer-Encoding: chunked",
                                          f"Authorization: Bearer {teacher.key}"))  # fmt: skip
            for _ in range(64):
                await connection.send(b"10000\r\n" + b" " * 65_536 + b"\r\n")
            return status(await connection.until_end())

    process = psutil.Process(site.pid)
    before = process.memory_info().rss
    assert set(await asyncio.gather(*(pour() for _ in range(20)))) == {413}
    assert process.memory_info().rss - before < 40 * MIB
    assert (await viewer_state(teacher))["reset"] is True


async def test_slow_bodies_keep_nobody_waiting(
    teacher: Teacher, site: Server, visitor: httpx.AsyncClient
) -> None:
    """Two hundred that send a byte and stop: others are answered at once. (Their end: tests/unit/test_deadlines.py.)"""
    async with asyncio.timeout(20):
        slow = [await asyncio.open_connection("127.0.0.1", site.port) for _ in range(200)]
        try:
            for _, writer in slow:
                writer.write(
                    f"POST {teacher.path}/state HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n".encode()
                )
                writer.write(f"Authorization: Bearer {teacher.key}\r\n\r\n{{".encode())
                await writer.drain()
            began = time.monotonic()
            for _ in range(10):
                assert (await visitor.get(f"{teacher.path}/state")).status_code == 200
            await teacher.write(("screen", {"mode": "black"}))
            assert time.monotonic() - began < 2.0
        finally:
            for _, writer in slow:
                writer.transport.abort()
