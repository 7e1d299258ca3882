"""`scripts/vanish`: viewers behind a real link that goes away without a FIN, and when the server has noticed.

Rules: nothing is simulated but the fault: a network namespace, a pair of interfaces, the kernel's own timers. The address
is taken from the viewers' side, so packets still leave the server and nobody answers. Not part of CI, which may not make
namespaces. Whatever happens, namespace, interfaces and processes are removed.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from scripts.lib.server import PROJECT, Server, serve
from scripts.lib.soak import watch
from scripts.lib.teacher import Teacher

HERE, THERE = "10.213.77.1", "10.213.77.2"
READY_S = 30.0
LOOK_S = 0.5
WRITE_S = 0.25
GONE_S = 75.0  # a beat each 15 s, then 45 s without an answer, and the kernel's own steps between two tries
MEMORY_MIB = 8.0  # that freed memory may not have gone back to the system


def run(*command: str) -> None:
    """A command of the system, or the reason why not."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}\nThis needs Linux, iproute2 and the right to make network namespaces (root).")  # fmt: skip


@contextmanager
def network() -> Iterator[str]:
    """A namespace with a link to here; its name."""
    name = f"lectern-{os.getpid()}"
    ours, theirs = f"lv{os.getpid()}a", f"lv{os.getpid()}b"
    try:
        run("ip", "netns", "add", name)
        run("ip", "link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name)
        run("ip", "addr", "add", f"{HERE}/30", "dev", ours)
        run("ip", "link", "set", ours, "up")
        run("ip", "-n", name, "addr", "add", f"{THERE}/30", "dev", theirs)
        run("ip", "-n", name, "link", "set", theirs, "up")
        # Known for ever: an address that nobody answers for would be an error that the sockets hear of.
        mac = subprocess.check_output(
            ["ip", "netns", "exec", name, "cat", f"/sys/class/net/{theirs}/address"], text=True
        ).strip()
        run("ip", "neigh", "replace", THERE, "lladdr", mac, "nud", "permanent", "dev", ours)
        yield name
    finally:
        for command in (["link", "del", ours], ["netns", "del", name]):
            subprocess.run(["ip", *command], capture_output=True, check=False)


def cut(name: str) -> None:
    """Nothing that is sent there is answered from now on, not even with a reset."""
    run("ip", "-n", name, "addr", "flush", "dev", f"lv{os.getpid()}b")


@contextmanager
def crowd(name: str, server: Server, lesson: str, number: int) -> Iterator[None]:
    """So many viewers in the namespace, each with its first event."""
    command = [sys.executable, "-m", "scripts.lib.vanish", "--view", str(server.port), lesson, str(number)]
    viewing = subprocess.Popen(
        ["ip", "netns", "exec", name, *command], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    try:
        if viewing.stdout is None or viewing.stdout.readline().strip() != "ready":
            sys.exit("the viewers could not open their streams")
        yield
    finally:
        viewing.kill()
        viewing.wait()


async def view(port: int, lesson: str, number: int) -> None:
    """Inside the namespace: open the streams, say so, and read until killed."""

    async def one() -> asyncio.StreamReader:
        reader, writer = await asyncio.open_connection(HERE, port)
        writer.write(f"GET /api/lessons/{lesson}/events HTTP/1.1\r\nHost: lectern\r\n\r\n".encode())
        await reader.readuntil(b"event: state")
        kept.append(writer)
        return reader

    async def read(reader: asyncio.StreamReader) -> None:
        while await reader.read(65_536):
            pass

    kept: list[asyncio.StreamWriter] = []
    async with asyncio.timeout(READY_S):
        readers = await asyncio.gather(*(one() for _ in range(number)))
    print("ready", flush=True)
    await asyncio.gather(*map(read, readers))


async def gone(
    http: httpx.AsyncClient, server: Server, before: watch.Sample
) -> tuple[list[tuple[float, float]], watch.Sample]:
    """Streams that are left, by the second; and the last look."""
    began, left = time.monotonic(), []
    while True:
        now = await watch.sample(http, server.pid, time.monotonic() - began)
        left.append((now.at, now.streams))
        back = not now.streams and now.descriptors <= before.descriptors
        if back or now.at > GONE_S:
            return left, now
        await asyncio.sleep(LOOK_S)


async def write_on(teacher: Teacher) -> None:
    """A lesson that goes on."""
    number = 0
    while True:
        number += 1
        await teacher.write(("timer", {"ends": number}))
        await asyncio.sleep(WRITE_S)


async def vanish(name: str, server: Server, number: int, *, busy: bool) -> int:
    """All of it; the exit code."""
    async with server.client() as http:
        teacher = await Teacher.start(http)
        await teacher.write(("slide", {"page": "blank-1"}))
        before = await watch.sample(http, server.pid, 0)
        with crowd(name, server, teacher.lesson, number):
            there = await watch.sample(http, server.pid, 0)
            writing = asyncio.create_task(write_on(teacher)) if busy else None
            cut(name)
            left, after = await gone(http, server, before)
            if writing is not None:
                writing.cancel()
    lesson = "busy" if busy else "idle"
    print(f"{there.streams:g} viewers of {'a' if busy else 'an'} {lesson} lesson vanish without a FIN")
    for share in (0.99, 0.5, 0.0):
        at = next((at for at, streams in left if streams <= share * number), None)
        print(f"  {share:4.0%} or fewer left after", "never" if at is None else f"{at:.1f} s")
    for what in ("streams", "descriptors", "tasks", "mib"):
        print(f"  {what}: {getattr(before, what):g} before, {getattr(there, what):g} with them, "
              f"{getattr(after, what):g} after {after.at:.1f} s")  # fmt: skip
    ok = there.streams == number and not after.streams and after.descriptors <= before.descriptors
    return 0 if ok and after.mib <= there.mib + MEMORY_MIB else 1


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="scripts/vanish", description=__doc__)
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--busy", action="store_true", help="the lesson is written to all the time")
    parser.add_argument("--view", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.view:
        asyncio.run(view(int(asked.view[0]), asked.view[1], int(asked.view[2])))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the rest is removed then, too
    with (
        network() as name,
        tempfile.TemporaryDirectory(prefix="lectern-vanish-") as folder,
        serve(Path(folder), env={"HOST": "0.0.0.0"}) as server,  # noqa: S104 - the namespace must reach it
    ):
        return asyncio.run(vanish(name, server, asked.viewers, busy=asked.busy))


if __name__ == "__main__":
    sys.exit(main())
