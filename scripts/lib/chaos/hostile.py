"""Hostile requests, a kind a fault: none may cost the lesson anything, and none is answered with 500.

Rules: what a stranger can send, and what a teacher's key can; answers are read as far as they come, and looked at for one thing.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import httpx

from scripts.lib.chaos.stage import Stage, pause

CONNECTIONS = 20
PIPELINED = 400
HEADER_LINES = 32_000
UPLOADS = 12
CURSORS = 250
GUESSES = 80
ANSWER_S = 4.0

FAULT = b"HTTP/1.1 500"


async def _send(stage: Stage, raw: bytes, *, read_s: float) -> bytes:
    """Send bytes on a connection of its own, and read for a while."""
    read = b""
    with suppress(OSError, TimeoutError):
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.server.port)
        try:
            async with asyncio.timeout(read_s):
                writer.write(raw)
                while part := await reader.read(65_536):
                    read += part
        finally:
            writer.transport.abort()
    return read


async def _all(stage: Stage, what: str, raws: Sequence[bytes], *, read_s: float = ANSWER_S) -> None:
    for answer in await asyncio.gather(*(_send(stage, raw, read_s=read_s) for raw in raws)):
        if FAULT in answer:
            stage.account.unexpected.append(f"500 for {what}: {answer[answer.index(FAULT) :][:200]!r}")


def _get(path: str, *lines: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: lectern", *lines, "", ""]).encode()


async def old_clears(stage: Stage) -> None:
    """256 clears of all ink, each older than all of it."""
    writes = [{"key": "ink/", "value": None, "stamp": f"1.{number}.hostile"} for number in range(256)]
    path, auth = f"{stage.teacher.path}/state", stage.teacher.auth
    for _ in range(5):
        with suppress(httpx.TransportError):
            answer = await stage.http.post(path, json={"writes": writes}, headers=auth)
            if answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR:
                stage.account.unexpected.append(f"500 for old clears: {answer.text[:200]}")


async def pipelined(stage: Stage) -> None:
    """Thousands of requests sent at once, a few hundred a connection, by nobody who reads fast."""
    await _all(stage, "pipelined requests", [_get("/healthz") * PIPELINED] * CONNECTIONS)


async def header_lines(stage: Stage) -> None:
    """As many header lines as fit."""
    lines = ["a:"] * HEADER_LINES
    await _all(stage, "header lines", [_get("/", *lines)] * 5, read_s=2.0)


async def idle_uploads(stage: Stage) -> None:
    """Decks are promised and do not come."""
    auth = stage.teacher.auth["Authorization"]
    head = (
        f"POST {stage.teacher.path}/decks?name=x HTTP/1.1\r\nHost: lectern\r\nAuthorization: {auth}\r\n"
        "Content-Type: application/pdf\r\nContent-Length: 1000000\r\n\r\n%PDF-1.7"
    )
    await _all(stage, "idle uploads", [head.encode()] * UPLOADS, read_s=4.0)


async def cursors(stage: Stage) -> None:
    """Cursors that nobody was given, each another."""
    with suppress(httpx.TransportError, KeyError):
        state = await stage.http.get(f"{stage.teacher.path}/state")
        epoch, _, position = state.json()["cursor"].partition(".")
        ms = int(position.partition("-")[0])
        made_up = [f"{epoch}.{ms - number}-0" for number in range(CURSORS)]
        paths = [f"{stage.teacher.path}/state?cursor={cursor}" for cursor in made_up]
        await _all(stage, "cursors", [_get(path, "Connection: close") for path in paths[::5]])
        await _all(
            stage,
            "cursors",
            [_get(f"{stage.teacher.path}/events", f"Last-Event-ID: {cursor}") for cursor in made_up[::25]],
            read_s=1.0,
        )


async def guesses(stage: Stage) -> None:
    """Codes are tried from the address that everybody else has too."""
    letters = "0123456789abcdefghjkmnpqrstvwxyz"
    codes = ["".join(stage.chance.choices(letters, k=6)) for _ in range(GUESSES)]
    await _all(stage, "guesses", [_get(f"/api/lessons/{code}/state", "Connection: close") for code in codes])


async def garbage(stage: Stage) -> None:
    """Bytes that are no request, requests that are no JSON, JSON that is none of ours."""
    raws = [stage.chance.randbytes(2_000) for _ in range(20)]
    auth = stage.teacher.auth["Authorization"]
    for body in (
        b"{",
        b"[]",
        b'{"writes":[{"key":"poll/x","value":{}}]}',
        b'{"writes":' + b"[" * 5_000,
        b"\xff\xfe",
    ):
        head = f"POST {stage.teacher.path}/state HTTP/1.1\r\nHost: lectern\r\nAuthorization: {auth}\r\n"
        raws.append(head.encode() + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
    await _all(stage, "garbage", raws, read_s=3.0)


async def pictures(stage: Stage) -> None:
    """The join link with a new Host each time, long ones among them."""
    path = f"{stage.teacher.path}/qr.svg"
    hosts = [f"h{number}" + "x" * stage.chance.choice((0, 200, 3_000)) for number in range(60)]
    raws = [f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode() for host in hosts]
    await _all(stage, "pictures", raws)


async def half_open(stage: Stage) -> None:
    """Requests that stop in the middle, and connections that say nothing."""
    whole = _get(f"{stage.teacher.path}/events")
    await _all(stage, "half a request", [whole[:cut] for cut in range(0, len(whole), 2)], read_s=2.0)
    await pause(0.1)


HOSTILE = (
    old_clears, pipelined, header_lines, idle_uploads, cursors, guesses, garbage, pictures, half_open,
)  # fmt: skip
