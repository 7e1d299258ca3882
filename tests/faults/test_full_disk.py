"""A disk that is full: uploads are refused first, and what the embedded store has acknowledged is there afterwards.

Rules: a small file system where the machine lets us make one; elsewhere the limit on a file's size stands for it.
"""

import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from scripts.lib.deck import plain_deck
from scripts.lib.server import Server, serve as serve_app
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.wire import assert_problem

MIB = 1024 * 1024
DISK_MIB = 48


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A file system of `DISK_MIB`; False where this machine does not let us."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, check=False, capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Callable[[], None]:
    """Leave not a byte; what gives it back."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(MIB))
        except OSError:
            pass
    return ballast.unlink


def stop_growing(server: Server) -> Callable[[], None]:
    """No file of the server's, nor of its store's, grows any more; what lifts that. As a full disk, by another way."""

    def limit(size: int) -> None:
        family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
        for process in family:
            hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, hard))

    limit(1)
    return lambda: limit(resource.RLIM_INFINITY)


async def post(teacher: Teacher, mode: str) -> httpx.Response:
    body = {"writes": [{"key": "screen", "value": {"mode": mode}}]}
    return await teacher.http.post(f"{teacher.path}/state", json=body, headers=teacher.auth)


async def test_below_the_reserve_uploads_are_refused_and_lessons_go_on(tmp_path: Path) -> None:
    """With 507 and a sentence, before the file is sent."""
    with serve_app(tmp_path / "server", env={"DISK_RESERVE_MIB": str(10**9)}) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http)
            headers = teacher.auth | {"content-type": "application/pdf"}
            answer = await http.post(f"{teacher.path}/decks", content=plain_deck(1), headers=headers)
            told = assert_problem(answer, 507)
            assert told["type"] == "/problems/disk-full"
            assert "disk is nearly full" in told["detail"]
            assert (await post(teacher, "black")).status_code == httpx.codes.OK


async def test_a_disk_that_is_full_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """Writes are refused as while the store is away, the lesson is still shown; with room again all goes on."""
    with small_disk(tmp_path / "disk") as mounted:
        env = {"DISK_RESERVE_MIB": "8"}
        with serve_app(tmp_path / "disk", env=env) as server:
            async with server.client() as http:
                teacher = await Teacher.start(http)
                deck = await teacher.upload(plain_deck(1))
                assert (await teacher.rendered(deck))["status"] == "ready"
                await teacher.write(("notes/blank-1", {"text": "x" * 3000}), ("screen", {"mode": "white"}))
                relieve = fill(tmp_path / "disk") if mounted else stop_growing(server)
                refused = await eventually(
                    lambda: post(teacher, "black"), lambda answer: answer.status_code != httpx.codes.OK
                )
                assert assert_problem(refused, 503)["type"] == "/problems/store-away"
                seen = await http.get(f"{teacher.path}/state")
                assert f"deck/{deck}" in dict(seen.json()["writes"])
                relieve()
                again = await eventually(
                    lambda: post(teacher, "slide"), lambda answer: answer.status_code == httpx.codes.OK
                )
                assert again.json()["applied"] == [True]
                registers = await teacher.registers()
                assert registers["notes/blank-1"] == {"text": "x" * 3000}
                assert registers["screen"] == {"mode": "slide"}
                assert registers[f"deck/{deck}"]["status"] == "ready"


pytestmark = pytest.mark.timeout(90)
