"""What a server process holds, sampled; and whether that is flat, and back where it began.

Rules: flat means that the median of the last fifth is hardly above that of the second: in the first fifth everything is
loaded and every pool grows to its size. Memory that Python has freed need not go back to the system, so it may keep what
its busiest moment took; it may not keep growing. Connections to the store are counted apart: a pool opens one whenever
all are in use, and keeps them all, to its bound.
"""

from dataclasses import asdict, dataclass
from statistics import median

import httpx
import psutil

from app.store.connection import CONNECTIONS

GROWTH = 0.05  # of memory, or
GROWTH_MIB = 6.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the process."""

    at: float
    mib: float
    descriptors: int  # without those of the store
    store: int  # connections to it
    streams: float
    lessons: float
    tasks: float


async def sample(http: httpx.AsyncClient, pid: int, at: float) -> Sample:
    """Now."""
    lines = (await http.get("/metrics")).raise_for_status().text.splitlines()
    told = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line[0] != "#"}
    process = psutil.Process(pid)
    # The embedded store is reached over its Unix socket; the process has others, but makes none later.
    store = len(process.net_connections("unix"))
    return Sample(
        at=round(at, 1),
        mib=round(process.memory_info().rss / 2**20, 2),
        descriptors=process.num_fds() - store,
        store=store,
        streams=told['lectern_streams{audience="viewer"}'] + told['lectern_streams{audience="teacher"}'],
        lessons=told["lectern_lessons"],
        tasks=told["lectern_tasks"],
    )


def growth(samples: list[Sample]) -> tuple[float, float]:
    """Medians of memory in the second fifth and in the last."""
    fifth = max(1, len(samples) // 5)
    second, last = samples[fifth : 2 * fifth] or samples, samples[-fifth:]
    return median(each.mib for each in second), median(each.mib for each in last)


def faults(before: Sample, during: list[Sample], after: Sample) -> list[str]:
    """What is wrong, in words."""
    second, last = growth(during)
    found = []
    if last > second + max(GROWTH_MIB, GROWTH * second):
        found.append(f"memory grew from {second} to {last} MiB")
    if after.streams or after.lessons:
        found.append(f"{after.streams:g} streams and {after.lessons:g} lessons are left over")
    if after.tasks > before.tasks:
        found.append(f"tasks: {before.tasks:g} before, {after.tasks:g} after")
    if after.descriptors > before.descriptors:
        found.append(f"descriptors: {before.descriptors} before, {after.descriptors} after")
    if after.store > before.store + CONNECTIONS:
        found.append(f"connections to the store: {before.store} before, {after.store} after")
    return found


def told(samples: list[Sample]) -> list[dict[str, float]]:
    """As JSON."""
    return [asdict(each) for each in samples]
