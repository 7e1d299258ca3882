"""A deck's process that a PDF has taken over: `python -m tests.support.intruder <what it knows, as JSON>`, prints what it achieved.

Rules: it confines itself as the worker does, by the worker's own function, and then does its worst. `without` names walls that this
system is to be taken not to have, so that each can be judged alone. What an attempt raises is its failure.
"""

import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from app.decks import confinement, worker
from app.decks.frames import Orders

PTRACE_ATTACH = 16
IO_URING_SETUP = 425


def _succeeded(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")


def _process_memory(libc: ctypes.CDLL, pid: int) -> None:
    here = ctypes.create_string_buffer(8)
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(here), 8)
    with Path(f"/proc/{pid}/maps").open() as maps:
        there = (ctypes.c_void_p * 2)(int(maps.readline().split("-")[0], 16), 8)
    _succeeded(libc.process_vm_readv(pid, vector, 1, there, 1, 0))


def _connect(family: int, address: Any) -> None:
    with socket.socket(family) as connection:
        connection.connect(address)


def attempts(known: dict[str, Any]) -> dict[str, Callable[[], object]]:
    """What somebody would try who wants the server's secrets, or its harm."""
    libc = ctypes.CDLL(None, use_errno=True)
    server, folder = known["server"], Path(known["folder"])
    files = [Path(name) for name in known["files"]]
    return {
        "its environment": Path(f"/proc/{server}/environ").read_bytes,
        "its memory": lambda: Path(f"/proc/{server}/mem").open("rb"),
        "its files": lambda: [link.readlink() for link in Path(f"/proc/{server}/fd").iterdir()],
        "to trace it": lambda: _succeeded(libc.ptrace(PTRACE_ATTACH, server, None, None)),
        "to copy its memory": lambda: _process_memory(libc, server),
        "to signal it": lambda: os.kill(server, signal.SIGCONT),
        "to take its descriptors": lambda: resource.prlimit(server, resource.RLIMIT_NOFILE, (64, 64)),
        "to slow it down": lambda: os.setpriority(os.PRIO_PROCESS, server, 19),
        "TCP": lambda: _connect(socket.AF_INET, ("127.0.0.1", known["port"])),
        "UDP": lambda: socket.socket(type=socket.SOCK_DGRAM),
        "the store's socket": lambda: _connect(socket.AF_UNIX, str(folder / "valkey.sock")),
        "the ring of the kernel": lambda: _succeeded(libc.syscall(IO_URING_SETUP, 1, bytes(256))),
        "the store's files": lambda: [file.read_bytes() for file in files],
        "to empty the store's files": lambda: [os.open(file, os.O_WRONLY | os.O_TRUNC) for file in files],
        "to cut the store's files": lambda: [*map(partial(os.truncate, length=0), files)],
        "to remove the store's files": lambda: [*map(Path.unlink, files)],
        "a new file": (folder / "left-behind").touch,
        "a program": lambda: subprocess.run(["true"], check=True),
        "a process": lambda: os.fork() or os._exit(0),
    }  # fmt: skip


def main() -> None:
    known = json.loads(sys.argv[1])
    tried = {name: attempt for name, attempt in attempts(known).items() if name in known["tries"]}
    if "seccomp" in known["without"]:
        confinement._numbered = lambda: False
    if "landlock" in known["without"]:
        confinement._landlock_version = lambda: 0
    worker.confine(Orders((800,), 4096, 300, 100, 60, 768 * 1024 * 1024))
    achieved = []
    for name, attempt in tried.items():
        try:
            attempt()
        except (OSError, ValueError):
            continue
        achieved.append(name)
    sys.stdout.write(json.dumps(achieved))


if __name__ == "__main__":
    main()
