"""The words of the lab: what is run, with what options, and what came of it.

Rules: a cell is one configuration that is run once a round. A run's figures are plain numbers with their unit in the
name; a run with problems is kept, shown, and left out of medians.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.lib.bench.histogram import Histogram
from scripts.lib.bench.peers.contract import Peer
from scripts.lib.bench.peers.lectern import Lectern
from scripts.lib.bench.peers.nchan import Nchan
from scripts.lib.bench.peers.usual import Usual
from scripts.lib.bench.profiler import profile
from scripts.lib.bench.stage import Stage, stage
from scripts.lib.server import PROJECT

BEFORE = "before"  # Lectern of another checkout
PEERS = ("lectern", BEFORE, "nchan", "usual")
OURS = frozenset({"lectern", BEFORE})


@dataclass(frozen=True, slots=True)
class Cell:
    """One configuration."""

    scenario: str
    peer: str
    viewers: int
    rate: float  # writes a second in all
    seconds: float
    workers: int = 1
    feeds: int = 1

    @property
    def name(self) -> str:
        """What tells it from others of its scenario."""
        more = f", {self.feeds} lessons" if self.feeds > 1 else ""
        more += f", {self.workers} workers" if self.workers > 1 else ""
        more += f", held {self.seconds:g} s" if self.scenario == "slow" else ""
        return f"{self.peer}, {self.viewers} viewers{more}"


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a cell has given."""

    cell: Cell
    figures: dict[str, float]
    histograms: dict[str, Histogram] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    round: int = 0

    @property
    def valid(self) -> bool:
        """Whether its figures may be used."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Lab:
    """How everything is run."""

    seed: int = 1
    clients: int = 1
    pin: bool = True
    profile: bool = False
    before: Path = PROJECT  # the other checkout
    say: Callable[[str], None] = print
    cores: tuple[int, ...] = field(default_factory=lambda: tuple(sorted(os.sched_getaffinity(0))))

    @contextmanager
    def stage(self, cell: Cell, *, snapshots: bool = False, relay: bool = False) -> Iterator[Stage]:
        """Everything for one run of a cell. More than one worker is never pinned: they need the cores."""
        chosen = peer(cell.peer, snapshots=snapshots, relay=relay, before=self.before)
        with stage(
            chosen, cell.workers, self.clients, pin=self.pin and cell.workers == 1, cores=self.cores
        ) as made:
            yield made

    @contextmanager
    def profiling(self, roots: Sequence[int]) -> Iterator[None]:
        """Where a profile was asked for: where the server's CPU goes during the block, said afterwards."""
        if not self.profile:
            yield
            return
        with profile(roots, self.say):
            yield


def peer(name: str, *, snapshots: bool = False, relay: bool = False, before: Path = PROJECT) -> Peer:
    """A peer by name."""
    made: dict[str, Callable[[], Any]] = {
        "lectern": lambda: Lectern(relay=relay),
        BEFORE: lambda: Lectern(BEFORE, relay=relay, project=before),
        "nchan": lambda: Nchan(snapshots=snapshots),
        "usual": Usual,
    }
    chosen: Peer = made[name]()
    return chosen
