"""Ctrl+C in a terminal: quick, in order, without a word of complaint, whatever is under way and however often it is pressed."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest

from scripts.lib.server import POLL_SECONDS
from scripts.lib.teacher import Teacher
from tests.support.ordeal import say
from tests.support.redis_server import RedisServer
from tests.support.terminal import TerminalServer
from tests.support.viewers import viewers

CROWD = 30
SOON_S = 8.0  # about 2 on a machine that has nothing else to do; a drain would take 20
COMPLAINTS = ("Traceback", "level=warning", "level=error", "level=critical")


@contextmanager
def in_a_terminal(
    folder: Path, *, workers: int, redis_url: str | None, ready: bool = True
) -> Iterator[TerminalServer]:
    """A server as somebody has it who tries it out, with the usual drain."""
    server = TerminalServer(folder, workers=workers, redis_url=redis_url, env={"DRAIN_S": "20"})
    try:
        yield server.start(ready=ready)
    finally:
        server.close()


async def ended(server: TerminalServer, press: Callable[[], None]) -> int:
    """The exit code, soon, and nothing left of all that it had started."""
    family = psutil.Process(server.pid).children(recursive=True)
    began = time.monotonic()
    press()
    assert server.process is not None
    code = await asyncio.to_thread(server.process.wait, SOON_S)
    say(f"gone after {time.monotonic() - began:.2f} s")
    _, alive = await asyncio.to_thread(psutil.wait_procs, family, SOON_S)
    assert alive == []
    return code


def until(holds: Callable[[], bool]) -> None:
    """Looks again until it holds."""
    deadline = time.monotonic() + 20.0
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)


@pytest.mark.parametrize("times", [1, 3], ids=["once", "again and again"])
@pytest.mark.parametrize("embedded", [True, False], ids=["embedded store", "store of its own"])
@pytest.mark.parametrize("workers", [1, 2])
async def test_ctrl_c_ends_it_in_order(
    workers: int, tmp_path: Path, redis_url: str, *, embedded: bool, times: int
) -> None:
    """With viewers, a long poll and an upload half-way: exit code 0, a polite answer to the poll, an unremarkable log."""
    with in_a_terminal(tmp_path, workers=workers, redis_url=None if embedded else redis_url) as server:
        async with server.client() as http, server.client() as upload:
            teacher = await Teacher.start(http)
            cursor = (await http.get(f"{teacher.path}/state")).json()["cursor"]
            async with viewers(server.port, teacher.lesson, CROWD):
                sent, over = asyncio.Event(), asyncio.Event()

                async def half() -> AsyncIterator[bytes]:
                    yield b"%PDF-1.7\n"
                    sent.set()
                    await over.wait()
                    yield b"the rest, to nobody"

                pdf = {"Content-Type": "application/pdf", **teacher.auth}
                work = asyncio.gather(
                    http.get(f"{teacher.path}/state", params={"wait": "25", "cursor": cursor}),
                    upload.post(f"{teacher.path}/decks", content=half(), headers=pdf),
                    return_exceptions=True,
                )
                await sent.wait()
                # The poll has to be one before it is interrupted: another request of the same kind comes back.
                await http.get(f"{teacher.path}/state")
                assert await ended(server, partial(server.ctrl_c, times)) == 0
                over.set()
                polled, _ = await work
        assert isinstance(polled, httpx.Response), polled
        assert polled.status_code == 200
        assert [word for word in COMPLAINTS if word in server.log] == []


@pytest.mark.parametrize("workers", [1, 2])
async def test_an_idle_server_ends_in_order(workers: int, tmp_path: Path) -> None:
    """Nobody is there: the same."""
    with in_a_terminal(tmp_path, workers=workers, redis_url=None) as server:
        assert await ended(server, server.ctrl_c) == 0
        assert [word for word in COMPLAINTS if word in server.log] == []


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_request_that_waits_for_a_mute_store_keeps_nobody(
    workers: int, tmp_path: Path, own_valkey: RedisServer
) -> None:
    """A write waits for the store: after its second it is left, which is no error of the server's."""
    with in_a_terminal(tmp_path, workers=workers, redis_url=own_valkey.url) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http)
            own_valkey.freeze()
            try:
                write = asyncio.ensure_future(teacher.write(("screen", {"mode": "black"})))
                await http.get(f"{teacher.path}/state")
                assert await ended(server, server.ctrl_c) == 0
                await asyncio.gather(write, return_exceptions=True)
            finally:
                own_valkey.thaw()
        assert "Traceback" not in server.log


@pytest.mark.parametrize(
    "press", [TerminalServer.ctrl_c, TerminalServer.terminate], ids=["Ctrl+C", "SIGTERM"]
)
@pytest.mark.parametrize("workers", [1, 2])
async def test_a_start_that_waits_for_its_store_is_stopped(
    workers: int, press: Callable[[TerminalServer], None], tmp_path: Path, own_valkey: RedisServer
) -> None:
    """It would wait for 20 s; nothing is served yet, so nothing is waited for."""
    own_valkey.freeze()
    try:
        with in_a_terminal(tmp_path, workers=workers, redis_url=own_valkey.url, ready=False) as server:
            until(lambda: server.log.count("Waiting for application startup") == workers)
            assert await ended(server, lambda: press(server)) == 0
            assert "Traceback" not in server.log
    finally:
        own_valkey.thaw()


@pytest.mark.parametrize("moment", ["the store's folder", "the link", "the workers"])
@pytest.mark.parametrize("workers", [1, 2])
async def test_a_start_is_stopped_at_any_moment(workers: int, moment: str, tmp_path: Path) -> None:
    """No traceback, no store left behind; the exit code is 0, or the signal's as long as there is nothing to stop."""
    with in_a_terminal(tmp_path, workers=workers, redis_url=None, ready=False) as server:
        if moment == "the store's folder":
            until((tmp_path / "var" / "valkey").exists)
        if moment == "the link":
            until(lambda: "Lectern is at" in server.log)
        if moment == "the workers":
            until(lambda: "Started server process" in server.log)
        assert await ended(server, server.ctrl_c) in {0, -signal.SIGINT}
        assert [word for word in COMPLAINTS if word in server.log] == []
