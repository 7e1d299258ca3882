"""Predictions against measured runs.

Rules: what is predicted was not a source of the constants it is predicted from: fan-out of the middle size from the sizes around
it, ink from fan-out, memory of a smaller crowd from that of the largest.
"""

from dataclasses import dataclass, replace

from scripts.lib.capacity.constants import Runs, read
from scripts.lib.capacity.model import Minute, cores

WITHIN = 0.25

QUIET = Minute(
    viewers=1,
    lessons=1,
    writes=0.0,
    event_bytes=50,
    snapshot_bytes=1_000,
    page_bytes=0,
    assets_bytes=0,
    joins=0,
    turns=0.0,
    votes=0,
    registers=1,
)


@dataclass(frozen=True, slots=True)
class Prediction:
    """One figure, predicted and measured."""

    what: str
    predicted: float
    measured: float

    @property
    def off(self) -> float:
        """How far the prediction is off, as a share of what was measured."""
        return self.predicted / self.measured - 1

    @property
    def holds(self) -> bool:
        """Whether it is near enough."""
        return abs(self.off) <= WITHIN


def check(runs: Runs) -> list[Prediction]:
    """All predictions. Raises NoSuchRun."""
    sizes = runs.sizes("fanout")
    middle = sizes[len(sizes) // 2]
    blind = read(runs, without=frozenset({middle}))
    every = read(runs)
    inked = runs.sizes("ink")[-1]
    idle = runs.sizes("idle")
    fanout = replace(QUIET, viewers=middle, writes=10.0)
    ink = replace(QUIET, viewers=inked, writes=60.0)
    return [
        Prediction(
            f"cores for 10 events/s to {middle} viewers",
            sum(cores(fanout, blind).values()),
            runs.figure("server_cores", "fanout", middle),
        ),
        Prediction(
            f"cores for ink at 60/s to {inked} viewers",
            sum(cores(ink, every).values()),
            runs.figure("server_cores", "ink", inked),
        ),
        *(
            Prediction(
                f"KiB of {viewers} idle viewers",
                every.viewer_bytes / 1024 * viewers,
                runs.figure("rss_kib_a_viewer", "idle", viewers) * viewers,
            )
            for viewers in idle[:-1][-1:]
        ),
    ]
