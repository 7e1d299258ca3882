"""Requests that a peer sends ahead: parsed one at a time, answered in order, and not read without end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from app.web import pipeline
from app.web.handover import LecternProtocol
from app.web.pipeline import PORTIONS
from tests.support.onepeer import Ends, connection, until

KIB = 1024
MIB = 1024 * KIB
GET = b"GET /get HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
POST = b"POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 13\r\n\r\na\r\n\r\nGET / b\r"
CHUNKED = b"POST /chunked HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKS = b"1\r\na\r\n6\r\n\r\n\r\nbc\r\n0\r\nTrailer: t\r\n\r\n"
HEAD = b"HEAD /head HTTP/1.1\r\nHost: x\r\n\r\n"
EMPTY = b"GET /empty HTTP/1.1\r\nHost: x\r\n\r\n"
EARLY = b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\n" + GET[:28] + b"\r\n\r\n12345678"

ROW = [POST, GET, CHUNKED + CHUNKS, HEAD, b"\r\n" + GET, EMPTY, EARLY, CHUNKED + b"0\r\n\r\n", LAST]
ANSWERS = [
    b"/post a\r\n\r\nGET / b\r",
    b"/get ",
    b"/chunked a\r\n\r\nbc",
    b"",
    b"/get ",
    b"",
    b"/early ",
    b"/chunked ",
    b"/last ",
]


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the path and the body; `/early` before it has come, `/empty` with none."""
    said, more = b"", scope["path"] != "/early"
    while more:
        message = await receive()
        said, more = said + message.get("body", b""), message.get("more_body", False)
    status = 204 if scope["path"] == "/empty" else 200
    body = b"" if status == 204 else scope["path"].encode() + b" " + said
    headers = [(b"content-length", b"%d" % len(body))] if body else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def bodies(raw: bytes) -> list[bytes]:
    """The answers' bodies, in order."""
    return [answer.partition(b"\r\n\r\n")[2] for answer in raw.split(b"HTTP/1.1 ")[1:]]


async def gone(ends: Ends) -> None:
    """Ends the connection, and sees that nothing is counted for it any more."""
    ends.protocol.transport.abort()
    await until(lambda: ends.protocol.of_all.bytes == 0)


def held(protocol: LecternProtocol) -> int:
    """Bytes that were read and not parsed."""
    return len(protocol.ahead)


async def test_one_request_is_parsed_and_the_rest_stays_bytes() -> None:
    """Megabytes of requests behind one that is not answered: one task, one read of bytes, and TCP makes the peer wait."""
    async with connection() as ends:
        ends.writer.write(GET * (16 * MIB // len(GET)))
        await until(lambda: held(ends.protocol) > 0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await ends.writer.drain()
        assert len(ends.state.tasks) == 1
        assert not ends.protocol.pipeline
        assert held(ends.protocol) <= 256 * KIB
        assert not ends.protocol.transport.is_reading()
        await gone(ends)


async def test_an_application_that_listens_for_its_peers_end_makes_nobody_read_on() -> None:
    """A long poll asks for the next message again and again; what waits behind it stays one read."""

    async def asks(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(100):
            receiving = asyncio.ensure_future(receive())
            await asyncio.sleep(0)
            receiving.cancel()
        await silence.wait()

    silence = asyncio.Event()
    async with connection(asks) as ends:
        ends.writer.write(GET * (16 * MIB // len(GET)))
        await until(lambda: held(ends.protocol) > 0)
        for _ in range(300):
            await asyncio.sleep(0)
        assert held(ends.protocol) <= 256 * KIB
        assert not ends.protocol.transport.is_reading()
        silence.set()
        await gone(ends)


async def answered(pieces: list[bytes]) -> list[bytes]:
    """What a peer is answered that sends these pieces one by one."""
    async with connection(echo) as ends:
        for piece in pieces:
            ends.protocol.data_received(piece)
            await asyncio.sleep(0)
        raw = await ends.reader.read()
        assert not ends.protocol.ahead
        assert ends.protocol.of_all.bytes == 0
        return bodies(raw)


async def test_requests_in_a_row_are_answered_in_order() -> None:
    """Bodies of each kind, HEAD, 204, an answer before the body: all in one read."""
    assert await answered([b"".join(ROW)]) == ANSWERS


async def test_it_makes_no_difference_where_reads_end() -> None:
    """Byte by byte, and in pieces of any size: the same answers."""
    row = b"".join(ROW)
    assert await answered([row[at : at + 1] for at in range(len(row))]) == ANSWERS
    cuts: list[list[int]] = []

    @settings(max_examples=60, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.integers(0, len(row)), max_size=12).map(sorted))
    def draw(some: list[int]) -> None:
        cuts.append(some)

    draw()
    for some in cuts:
        edges = [0, *some, len(row)]
        pieces = [row[a:b] for a, b in pairwise(edges) if a < b]
        assert await answered(pieces) == ANSWERS, some


@asynccontextmanager
async def flooded(said: bytes) -> AsyncIterator[tuple[Ends, Ends]]:
    """One peer that has said all this, and another one."""
    async with connection(echo) as floods, connection(echo) as other:
        # Into the protocol itself: how the kernel cuts it up has no part in this.
        floods.protocol.data_received(said)
        yield floods, other


@pytest.mark.parametrize(
    "said",
    [
        GET * 4_000,
        CHUNKED + b"1\r\na\r\n" * 40_000,
        CHUNKED + b"4\r\n\r\n\r\n\r\n" * 20_000,
        (POST * 2_000),
        (b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" * 4_000),
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" * 4_000,
    ],
    ids=["requests", "chunks of a byte", "chunks of empty lines", "bodies", "HEAD", "empty bodies"],
)
async def test_everybody_else_is_answered_in_between(said: bytes) -> None:
    """What one read brought is worked off a little in each turn of the loop: another peer's request is answered meanwhile."""
    async with flooded(said) as (floods, other):
        other.writer.write(LAST)
        assert bodies(await other.reader.read()) == [b"/last "]
        assert held(floods.protocol) > len(said) // 2
        await gone(floods)


async def test_blank_lines_are_no_work() -> None:
    """A read of nothing but line ends is passed over at once."""
    async with connection(echo) as ends:
        ends.protocol.data_received(b"\r\n" * 128 * KIB)
        assert not ends.protocol.ahead
        ends.protocol.data_received(b"\r\n" * PORTIONS + LAST)
        assert bodies(await ends.reader.read()) == [b"/last "]


async def test_what_waits_in_a_process_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection that brings more than all may hold together is dropped; the others stay, and what it held is free."""
    monkeypatch.setattr(pipeline, "AHEAD_BYTES", 100 * KIB)
    async with connection() as stays, connection() as goes:
        stays.protocol.data_received(GET + b"a" * 60 * KIB)
        goes.protocol.data_received(GET + b"a" * 60 * KIB)
        assert await goes.reader.read() == b""
        await until(lambda: goes.protocol not in goes.protocol.connections)
        assert goes.protocol.of_all.bytes == len(stays.protocol.ahead) > 60 * KIB
        await gone(stays)


async def test_the_last_answer_arrives_though_more_was_sent() -> None:
    """Behind a request that ends its connection stand megabytes: they are forgotten, and cost the peer no answer."""
    async with connection(echo) as ends:
        ends.writer.write(LAST + GET * (4 * MIB // len(GET)))
        await ends.writer.drain()
        assert bodies(await ends.reader.read()) == [b"/last "]


async def test_nothing_behind_an_upgrade_is_a_request() -> None:
    """A body that the parser takes for the other protocol's bytes is not read as a request."""
    async with connection(echo) as ends:
        head = b"POST /up HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: %d\r\n\r\n"
        ends.protocol.data_received(head % len(GET))
        ends.protocol.data_received(GET)
        assert bodies(await ends.reader.read()) == [b"/up "]


async def test_a_head_that_waited_has_its_time_from_its_turn() -> None:
    """Half a request behind another one: its deadline begins when it is looked at."""
    async with connection(echo) as ends:
        ends.protocol.data_received(GET + LAST[:20])
        assert bodies(await ends.reader.readuntil(b"/get "))
        await until(lambda: ends.protocol.in_head)
        assert ends.protocol.deadline._timer is not None
        assert ends.protocol.transport.is_reading()
        ends.protocol.data_received(LAST[20:])
        assert bodies(await ends.reader.read()) == [b"/last "]
