"""Costs, taken from a bench file: medians over its valid runs.

Rules: CPU in seconds, memory in bytes. In a fan-out run, what is spent apart from deliveries (a write, and being there) is taken
from the run with next to no viewers; what a delivery costs is what is left, by the size of the crowd, so it is a curve. A write
at a rate that matters is taken to cost what a vote does, 300 a second: one POST, one script call; at ten a second it costs
three times that, with cold caches, which no worst minute is about.
"""

import json
import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

KIB = 1024


class NoSuchRun(Exception):
    """The bench file lacks a run that a constant is taken from."""


@dataclass(frozen=True, slots=True)
class Runs:
    """A bench file's valid runs."""

    all: list[dict[str, Any]]

    @classmethod
    def read(cls, path: Path) -> "Runs":
        """From the JSON that scripts/bench writes."""
        return cls([run for run in json.loads(path.read_text())["runs"] if not run["problems"]])

    def sizes(self, scenario: str, peer: str = "lectern") -> list[int]:
        """The numbers of viewers that a scenario was run with."""
        cells = (run["cell"] for run in self.all)
        return sorted(
            {cell["viewers"] for cell in cells if (cell["scenario"], cell["peer"]) == (scenario, peer)}
        )

    def figure(self, name: str, scenario: str, viewers: int | None = None) -> float:
        """The median of one figure. Raises NoSuchRun."""
        found = [
            run["figures"][name]
            for run in self.all
            if run["cell"]["scenario"] == scenario
            and run["cell"]["peer"] == "lectern"
            and viewers in {None, run["cell"]["viewers"]}
            and name in run["figures"]
        ]
        if not found:
            raise NoSuchRun(f"no valid run of {scenario} with {viewers or 'any'} viewers has {name}")
        return float(median(found))


@dataclass(frozen=True, slots=True)
class Constants:
    """What things cost."""

    write_s: float  # CPU of one POST and its fold, without deliveries, at hundreds a second
    deliveries: tuple[tuple[int, float], ...]  # viewers of a lesson -> CPU of one delivered event
    join_s: float
    vote_s: float  # also what any other small request is taken to cost
    idle_s: float  # CPU a viewer and second, of doing nothing but beat
    viewer_bytes: float
    base_bytes: float  # of a worker without viewers
    commands_a_write: float

    def delivery_s(self, viewers: int) -> float:
        """CPU of one delivered event in a lesson of this size: linear between the measured sizes, on a log scale."""
        sizes = self.deliveries
        if viewers <= sizes[0][0]:
            return sizes[0][1]
        for (low, cheap), (high, dear) in pairwise(sizes):
            if viewers <= high:
                share = math.log(viewers / low) / math.log(high / low)
                return cheap + share * (dear - cheap)
        return sizes[-1][1]


def read(runs: Runs, *, without: frozenset[int] = frozenset()) -> Constants:
    """The constants; `without` leaves out fan-out runs of some sizes, to predict them. Raises NoSuchRun."""
    few, *crowds = runs.sizes("fanout")
    crowds = [viewers for viewers in crowds if viewers not in without]
    if not crowds:
        raise NoSuchRun("no valid run of fanout with a crowd")
    whole = {
        viewers: runs.figure("cpu_us_an_update", "fanout", viewers) / 1e6 * viewers
        for viewers in (few, *crowds)
    }
    slope = (whole[crowds[0]] - whole[few]) / (crowds[0] - few)
    apart_s = max(whole[few] - few * slope, 0.0)
    vote_s = runs.figure("cpu_us_a_vote", "vote") / 1e6
    idle = max(runs.sizes("idle"))
    viewer = runs.figure("rss_kib_a_viewer", "idle", idle) * KIB
    return Constants(
        write_s=vote_s,
        deliveries=tuple((viewers, (whole[viewers] - apart_s) / viewers) for viewers in crowds),
        join_s=runs.figure("cpu_us_a_join", "join") / 1e6,
        vote_s=vote_s,
        idle_s=runs.figure("cpu_us_a_viewer_second", "idle", idle) / 1e6,
        viewer_bytes=viewer,
        base_bytes=runs.figure("rss_mib", "fanout", few) * KIB * KIB,
        commands_a_write=runs.figure("commands_a_write", "fanout", max(crowds)),
    )
