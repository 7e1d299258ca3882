"""Uploads that do not come to an end: they keep neither a place nor the disk from a teacher whose file is there."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from app.decks.disk import Disk
from app.decks.limits import Limits
from app.decks.reasons import DiskFull, Stalled
from app.decks.upload import Arrivals
from scripts.lib.deck import plain_deck
from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.support.decks import sent, until
from tests.support.wire import head, wire

KIB = 1024
AT_ONCE_S = 5.0


def _head(teacher: Teacher) -> bytes:
    return (
        f"POST {teacher.path}/decks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {teacher.key}\r\n"
        f"Content-Type: application/pdf\r\nContent-Length: {50 * KIB * KIB}\r\n\r\n"
    ).encode()


@asynccontextmanager
async def idle_uploads(
    site: Server, teacher: Teacher, number: int, first: bytes = b""
) -> AsyncIterator[None]:
    """Uploads by the lesson's own key that announce a file of 50 MiB, send `first` of it, and no more."""
    lines = [await asyncio.open_connection("127.0.0.1", site.port) for _ in range(number)]
    try:
        for _, writer in lines:
            writer.write(_head(teacher) + first)
            await writer.drain()
        await asyncio.sleep(0.2)  # not a wait for anything: the server has certainly read some of them by now
        yield
    finally:
        for _, writer in lines:
            writer.transport.abort()


@pytest.mark.parametrize(("number", "first"), [(8, b""), (50, b""), (50, b"%PDF-1.7")])
async def test_idle_uploads_take_nobodys_place(
    site: Server, teacher: Teacher, number: int, first: bytes
) -> None:
    """Eight are as many as a process takes on, and they blocked all others for 13 minutes."""
    async with idle_uploads(site, teacher, number, first):
        began = time.monotonic()
        deck = await teacher.upload(plain_deck(1))
        assert time.monotonic() - began < AT_ONCE_S
        assert (await teacher.rendered(deck))["status"] == "ready"


async def test_a_strangers_upload_is_answered_before_its_body(site: Server, teacher: Teacher) -> None:
    """Who shows no key holds nothing: the refusal does not wait for a byte of the file."""
    async with wire(site) as line:
        await line.send(_head(teacher).replace(teacher.key.encode(), b"x" * len(teacher.key)))
        assert head(await line.until(b"\r\n\r\n", AT_ONCE_S))[0] == "HTTP/1.1 401 Unauthorized"


class Slow:
    """A body that gives what it is told to, and then waits."""

    def __init__(self, first: int) -> None:
        self._first = first
        self.more = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield bytes(self._first)
        await self.more.wait()
        yield b"!"


async def test_an_upload_without_a_byte_for_long_is_dropped() -> None:
    """And what it held is free again."""
    arrivals = Arrivals(Limits(stall_seconds=0.05))
    with pytest.raises(Stalled):
        await arrivals.receive(aiter(Slow(first=100 * KIB)))
    assert arrivals.held_bytes == 0


async def test_the_disk_that_arriving_files_hold_is_bounded() -> None:
    """However many come: what is stuck loses its place to what moves, and the sum never passes the bound."""
    limits = Limits(upload_bytes=400 * KIB, arriving_bytes=1000 * KIB, arriving_least_bytes=100 * KIB)
    arrivals = Arrivals(limits)
    stuck = [asyncio.create_task(arrivals.receive(aiter(Slow(first=300 * KIB)))) for _ in range(3)]
    await until(lambda: arrivals.held_bytes == 900 * KIB)
    arrivals.now = lambda: asyncio.get_running_loop().time() + 30  # so long they have not sent a byte
    seen: list[int] = []

    async def watched() -> AsyncIterator[bytes]:
        async for chunk in sent(bytes(400 * KIB)):
            yield chunk
            seen.append(arrivals.held_bytes)

    with await arrivals.receive(watched()) as file:
        assert len(file.read()) == 400 * KIB
    assert max(seen) <= limits.arriving_bytes
    await until(lambda: any(task.done() for task in stuck))
    lost = [task.exception() for task in stuck if task.done()]
    assert [type(fault) for fault in lost] == [Stalled], "one of them was enough"
    for task in stuck:
        task.cancel()
    await asyncio.gather(*stuck, return_exceptions=True)
    assert arrivals.held_bytes == 0


async def test_arriving_files_leave_the_disks_reserve(tmp_path: Path) -> None:
    """What has come is dropped with the refusal, and the embedded store goes on writing."""
    free = iter([900 * KIB, 700 * KIB, 499 * KIB])
    arrivals = Arrivals(Limits(), Disk([tmp_path], 500 * KIB, lambda _: next(free)))
    with pytest.raises(DiskFull, match="nearly full"):
        await arrivals.receive(sent(bytes(400 * KIB), 100 * KIB))
    assert arrivals.held_bytes == 0


async def test_files_of_a_byte_are_not_without_number() -> None:
    """Each takes a descriptor, so each counts for more than it is."""
    arrivals = Arrivals(Limits(arriving_bytes=1000 * KIB, arriving_least_bytes=100 * KIB))
    stuck = [asyncio.create_task(arrivals.receive(aiter(Slow(first=1)))) for _ in range(40)]
    await until(lambda: sum(task.done() for task in stuck) == 30)
    assert arrivals.held_bytes == 1000 * KIB
    for task in stuck:
        task.cancel()
    await asyncio.gather(*stuck, return_exceptions=True)


async def test_a_stalled_upload_is_told_so(site: Server, teacher: Teacher) -> None:
    """Seconds later, with 408, by which a panel offers it again; then the connection ends."""
    async with wire(site) as line:
        await line.send(_head(teacher) + b"%PDF-1.7")
        status, headers = head(await line.until_end(Limits().stall_seconds + AT_ONCE_S))
    assert status == "HTTP/1.1 408 Request Timeout"
    assert dict(headers)["connection"] == "close"


@pytest.mark.parametrize("meanwhile", ["the key is taken back", "the lesson ends"])
async def test_what_changed_while_a_file_came_counts(site: Server, teacher: Teacher, meanwhile: str) -> None:
    """A co-teacher is sent away in the middle of an upload, or the lesson ends: the file that is whole then is refused."""
    given = (
        await teacher.http.post(f"{teacher.path}/keys", json={"name": "guest"}, headers=teacher.auth)
    ).json()
    pdf = plain_deck(1)
    async with wire(site) as line:
        await line.send(
            f"POST {teacher.path}/decks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {given['teacher_key']}\r\n"
            f"Content-Type: application/pdf\r\nContent-Length: {len(pdf)}\r\n\r\n".encode()
            + pdf[:-1]
        )
        if meanwhile == "the lesson ends":
            done = await teacher.http.post(f"{teacher.path}/end", headers=teacher.auth)
        else:
            done = await teacher.http.delete(f"{teacher.path}/keys/{given['id']}", headers=teacher.auth)
        assert done.status_code == httpx.codes.NO_CONTENT
        await line.send(pdf[-1:])
        status, _ = head(await line.until(b"\r\n\r\n"))
    assert status.split()[1] == ("409" if meanwhile == "the lesson ends" else "401")
    told = (
        await teacher.http.get(f"{teacher.path}/state", params={"as": "teacher"}, headers=teacher.auth)
    ).json()
    assert not [key for key, _ in told["writes"] if key.startswith("deck/")]
