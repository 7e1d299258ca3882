"""What the operating system says of processes: CPU, memory, switches; and what it must allow: open files.

Rules: Linux's /proc, read when asked. A server is its root process and all below it. CPU comes from `schedstat` (ns,
each thread) and its split into user and system from `stat` (ticks). PSS shares what several processes map.
"""

import os
import resource
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
PROC = Path("/proc")


def raise_limits() -> int:
    """Allow as many open files as may be; how many that is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a server's processes, added up. Differences are what a time has cost."""

    cpu_s: float = 0.0
    user_s: float = 0.0
    system_s: float = 0.0
    switches: int = 0  # voluntary: it had nothing to do
    preempted: int = 0  # others wanted its core
    rss: int = 0  # bytes
    pss: int = 0

    def __add__(self, other: "Usage") -> Self:
        return type(self)(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    def __sub__(self, other: "Usage") -> Self:
        return type(self)(*(getattr(self, each.name) - getattr(other, each.name) for each in fields(self)))


def tree(roots: Iterable[int]) -> list[int]:
    """The processes and all that they have started."""
    found: list[int] = []
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        with suppress(OSError):
            for task in (PROC / str(pid) / "task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
    return found


def usage(roots: Iterable[int]) -> Usage:
    """What the processes below `roots` have used so far, and hold now."""
    total = Usage()
    for pid in tree(roots):
        with suppress(OSError):  # one that has ended meanwhile
            total += _of(PROC / str(pid))
    return total


def _of(process: Path) -> Usage:
    cpu_ns = switches = preempted = 0
    for task in (process / "task").iterdir():
        cpu_ns += int((task / "schedstat").read_text().split()[0])
        lines = dict(line.split(":", 1) for line in (task / "status").read_text().splitlines())
        switches += int(lines["voluntary_ctxt_switches"])
        preempted += int(lines["nonvoluntary_ctxt_switches"])
    user, system = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
    memory = dict(line.split(":", 1) for line in (process / "smaps_rollup").read_text().splitlines()[1:])
    kib = {name: int(value.split()[0]) * 1024 for name, value in memory.items()}
    return Usage(
        cpu_ns / 1e9, int(user) / TICKS, int(system) / TICKS, switches, preempted, kib["Rss"], kib["Pss"]
    )


def socket_memory() -> int:
    """What the kernel holds in TCP's buffers for the whole machine, in bytes."""
    for line in (PROC / "net" / "sockstat").read_text().splitlines():
        words = line.split()
        if words[0] == "TCP:":
            return int(words[words.index("mem") + 1]) * PAGE
    return 0


@contextmanager
def on_cores(cores: Iterable[int]) -> Iterator[None]:
    """What is started within the block runs on these cores alone; none named: wherever it likes."""
    wanted = set(cores)
    before = os.sched_getaffinity(0)
    if wanted:
        os.sched_setaffinity(0, wanted)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
