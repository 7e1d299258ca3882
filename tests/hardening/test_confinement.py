"""A PDF that has taken over the process which draws it: what it reaches of the server, its store and the machine.

Threat: the renderer is a large C++ library, and the file comes from anybody who is let in as a teacher.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from app.decks.confinement import walls
from scripts.lib.server import PROJECT, Server
from tests.support.intruder import attempts

SECRET = "swordfish-swordfish-swordfish"
BUCKET = "codfish-codfish-codfish"
EVERYTHING = set(attempts({"server": 0, "folder": "", "files": [], "port": 0}))

# What a server keeps to itself by not being dumpable, and what each wall leaves to the others.
INSIDE = {"its environment", "its memory", "its files", "to trace it", "to copy its memory"}
LEFT_BY = {
    "seccomp": {"the store's files"},
    "landlock": {"to take its descriptors", "to slow it down", "the store's socket", "UDP", "the ring of the kernel", "a process"},
}  # fmt: skip

# Root without root's rights is an ordinary user to the kernel's rules; an ordinary user is one anyway.
ORDINARY = """
import ctypes, os, struct, sys
libc, no_root = ctypes.CDLL(None), 0b11
libc.prctl(28, no_root, 0, 0, 0)
libc.capset(struct.pack("=Ii", 0x20080522, 0), bytes(24))
os.execv(sys.argv[1], sys.argv[1:])
"""


@contextmanager
def serving(folder: Path, *, workers: int = 1, dumpable: bool = False) -> Iterator[Server]:
    """A server with secrets, as an ordinary user runs it."""
    env = {
        "SECRET": SECRET,
        "CREATE_KEY": SECRET,
        "AWS_SECRET_ACCESS_KEY": BUCKET,
        "DUMPABLE": str(int(dumpable)),
    }
    server = Server(folder, workers=workers, env=env)
    server.command = [sys.executable, "-c", ORDINARY, *server.command]
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """One with the usual settings."""
    with serving(tmp_path) as running:
        yield running


def achieved(
    server: Server, *, without: list[str], tries: set[str] = EVERYTHING, pid: int | None = None
) -> set[str]:
    """What an intruder gets done beside this server, without some of the walls."""
    folder = server.folder / "var" / "valkey"
    known = {
        "server": pid or server.pid,
        "folder": str(folder),
        "files": [str(file) for file in folder.rglob("*.aof")],
        "port": server.port,
        "without": without,
        "tries": sorted(tries),
    }
    assert known["files"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.intruder", json.dumps(known)],
        cwd=PROJECT, capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    return set(json.loads(done.stdout))


def test_whoever_takes_over_a_worker_reaches_nothing(server: Server) -> None:
    """With the walls that this system has: no secret, no network, no process, no file; and the server serves on."""
    left = set.intersection(EVERYTHING - INSIDE, *(LEFT_BY[wall] for wall in walls() if wall in LEFT_BY))
    assert achieved(server, without=[]) <= left
    server.wait_ready()


@pytest.mark.parametrize("wall", ["seccomp", "landlock"])
def test_each_wall_holds_alone(server: Server, wall: str) -> None:
    """They overlap: what one system has not, another has; and what is left by one is known."""
    others = [name for name in LEFT_BY if name != wall]
    if wall in walls():
        assert achieved(server, without=others) <= LEFT_BY[wall]


def test_without_walls_nobody_looks_into_a_server(tmp_path: Path) -> None:
    """Neither into the supervisor nor into a worker: they are not dumpable."""
    with serving(tmp_path, workers=2) as server:
        children = psutil.Process(server.pid).children()
        workers = [child.pid for child in children if any("spawn_main" in part for part in child.cmdline())]
        assert len(workers) == 2
        for pid in [server.pid, *workers]:
            assert achieved(server, without=[*LEFT_BY], tries=INSIDE, pid=pid) == set()


def test_nothing_that_a_server_starts_inherits_a_secret(tmp_path: Path) -> None:
    """Not its workers, its store, nor Python's helper; a bucket's key is for workers alone."""
    with serving(tmp_path, workers=2, dumpable=True) as server:
        for child in psutil.Process(server.pid).children(recursive=True):
            values = child.environ().values()
            assert SECRET not in values, child.cmdline()
            assert BUCKET not in values or any("spawn_main" in part for part in child.cmdline())


def test_an_intruder_would_succeed(tmp_path: Path) -> None:
    """Where a server is dumpable and nothing is walled, what matters works: so the tests above show something."""
    with serving(tmp_path, dumpable=True) as server:
        reached = achieved(server, without=[*LEFT_BY])
        assert {"its environment", "its files", "TCP", "the store's socket", "the store's files"} <= reached
