"""A stage: one server, one gallery, one publisher, for one run; and a measured stretch of it.

Rules: before a stretch the same writes run for a while and are waited for, so that nothing is measured cold. A stretch
ends when everything posted has come, or nothing more comes. Its cost is what the server's processes have used between
two looks at them.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.lib.bench.children import Gallery, Publisher, load
from scripts.lib.bench.feeds import Feed
from scripts.lib.bench.orders import Report
from scripts.lib.bench.payload import Kind
from scripts.lib.bench.peers.contract import Peer, Running, Setup
from scripts.lib.bench.publisher import Plan, Posted
from scripts.lib.bench.system import Usage, on_cores, usage

WARM_S = 1.0
LOOK_S = 0.05
QUIET_S = 1.5  # nothing more comes
DRAIN_S = 150.0  # an overloaded server may need longer than the stretch was


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a measured stretch has given."""

    posted: Posted
    report: Report
    used: Usage  # CPU and switches of the server meanwhile
    store: Usage
    commands: "Counter[str]"
    end: Usage  # memory at the end
    wall_s: float
    expected: int


class Stage:
    """See the module."""

    def __init__(self, running: Running, gallery: Gallery, publisher: Publisher) -> None:
        self.running = running
        self.gallery = gallery
        self.publisher = publisher

    def usage(self) -> Usage:
        """Of the server, now."""
        return usage(self.running.roots)

    def settle(self, expected: int) -> None:
        """Until so many updates have come, or no more come."""
        began = moved = time.monotonic()
        before = -1
        while (now := time.monotonic()) - moved < QUIET_S and now - began < DRAIN_S:
            updates = self.gallery.count().updates
            if updates >= expected:
                return
            if updates != before:
                before, moved = updates, now
            time.sleep(LOOK_S)

    def warm(self, feeds: Sequence[Feed], kind: Kind, rate: float, viewers: int) -> int:
        """Run the writes for a while; how many there were."""
        self.gallery.clear()
        posted = self.publisher.run(Plan(feeds, kind, rate, WARM_S, seed=0))
        self.settle(posted.writes * viewers // len(feeds))
        return posted.writes

    def measure(self, plan: Plan, viewers: int) -> Stretch:
        """Run a plan to its end; `viewers` are those that get each write in all, dealt over the feeds."""
        self.gallery.clear()
        before, store, commands = self.usage(), usage(self.running.store), Counter(self.running.commands())
        began = time.monotonic()
        posted = self.publisher.run(plan)
        expected = posted.writes * viewers // len(plan.feeds)
        self.settle(expected)
        wall_s = time.monotonic() - began
        end = self.usage()
        asked = Counter(self.running.commands())
        asked.subtract(commands)
        report = self.gallery.report()
        used_store = usage(self.running.store) - store
        return Stretch(posted, report, end - before, used_store, asked, end, wall_s, expected)


@contextmanager
def stage(peer: Peer, workers: int, clients: int, *, pin: bool, cores: Sequence[int]) -> Iterator[Stage]:
    """Start everything for one run. With `pin`, the server has the first core for itself, the rest have the others."""
    server, others = (
        (frozenset(cores[:1]), frozenset(cores[1:])) if pin and len(cores) > 1 else (frozenset(), frozenset())
    )
    with TemporaryDirectory(prefix="lectern-bench-") as folder:
        setup = Setup(Path(folder), workers, server, others)
        with peer.run(setup) as running, on_cores(others), load(clients) as (gallery, publisher):
            yield Stage(running, gallery, publisher)
