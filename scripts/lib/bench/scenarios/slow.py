"""`slow`: one viewer in ten stops reading during ink, and reads again.

Measured: the server's memory while they do not read and when they read again; how late the others are, before and
meanwhile; the kernel's buffers for the whole machine. Checked: each slow viewer gets one catch-up event, and ends with
the registers that the store holds. One whom the server has cut off meanwhile comes back with its cursor, as
EventSource does, and is counted.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from scripts.lib.bench.lab import OURS, Cell, Lab, Run
from scripts.lib.bench.payload import Kind
from scripts.lib.bench.publisher import Plan
from scripts.lib.bench.registers import Ending, digest
from scripts.lib.bench.scenarios import common
from scripts.lib.bench.scenarios.common import MIB
from scripts.lib.bench.stage import Stage, Stretch
from scripts.lib.bench.system import socket_memory

EVERY = 10
BEFORE = 1 / 3  # of the time, with everybody reading, for comparison
AFTER_S = 3.0  # ink goes on when they read again
SETTLE_S = 1.5  # for the last of it, and for whoever has to come back
LOOK_S = 0.25


@dataclass(frozen=True, slots=True)
class _Back:
    """What came of the slow ones."""

    slow: int
    came_back: int
    endings: list[Ending]
    wanted: str  # the digest of the store's registers
    live: int


def run(lab: Lab, cell: Cell) -> Run:
    """One run."""
    others = cell.viewers - -(-cell.viewers // EVERY)
    with lab.stage(cell) as stage:
        feeds = stage.running.open(1)
        stage.gallery.join(feeds, cell.viewers, narrow_every=EVERY)
        first = stage.warm(feeds, Kind.INK, cell.rate, others)
        plan = Plan(feeds, Kind.INK, cell.rate, cell.seconds * BEFORE, lab.seed, first)
        reading = stage.measure(plan, others)
        start, kernel = stage.usage().rss, socket_memory()
        slow = stage.gallery.hold()
        plan = replace(plan, seconds=cell.seconds, first=first + reading.posted.writes)
        with _rss(stage) as held:
            stretch = stage.measure(plan, others)
        kernel = socket_memory() - kernel
        plan = replace(plan, seconds=AFTER_S, first=plan.first + stretch.posted.writes)
        with _rss(stage) as released:
            back = _release(stage, plan, slow)
    figures = common.figures(stretch) | _compared(reading, stretch)
    figures |= {
        "memory_growth_mib": (max(held) - start) / MIB,
        "memory_growth_after_mib": (max(released) - start) / MIB,
        "kernel_growth_mib": kernel / MIB,
    }
    faults = [
        *common.problems(reading, viewers=cell.viewers),
        *common.problems(stretch, viewers=cell.viewers),
    ]
    if cell.peer in OURS:  # the peers have no registers to be equal to
        figures |= _of(back)
        if not figures["end_equal_to_the_store"] == slow == back.live - others:
            faults.append(
                f"{figures['end_equal_to_the_store']:g} of {slow} slow viewers end equal to the store"
            )
    return Run(cell, figures, common.histograms(stretch), tuple(faults))


def _release(stage: Stage, plan: Plan, slow: int) -> _Back:
    stage.publisher.start(plan)
    stage.gallery.release()
    stage.publisher.finish()
    time.sleep(SETTLE_S)
    came_back = stage.gallery.again()
    time.sleep(SETTLE_S)
    endings = stage.gallery.endings(int(plan.rate / 2))
    wanted = digest(stage.running.registers(plan.feeds[0]))
    return _Back(slow, came_back, endings, wanted, stage.gallery.count().live)


def _compared(reading: Stretch, held: Stretch) -> dict[str, float]:
    before, after = (each.report.late.percentile(0.99) for each in (reading, held))
    return {"late_p99_before_ms": before / 1000, "late_p99_ratio": after / max(before, 1)}


def _of(back: _Back) -> dict[str, float]:
    return {
        "slow": back.slow,
        "came_back_by_cursor": back.came_back,
        "caught_up_by_one_event": sum(each.catch_ups == 1 for each in back.endings),
        "end_equal_to_the_store": sum(each.digest == back.wanted for each in back.endings),
    }


@contextmanager
def _rss(stage: Stage) -> Iterator[list[int]]:
    """The server's RSS, looked at again and again during the block."""
    seen, done = [stage.usage().rss], threading.Event()

    def look() -> None:
        while not done.wait(LOOK_S):
            seen.append(stage.usage().rss)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()
