"""What `scripts/bench all` runs, and each scenario's usual size.

Rules: cells whose ratios are taken are in one group, and so in the same rounds. `scale` makes everything smaller, to
try the lab itself; the claims are then about smaller numbers and mean little.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from scripts.lib.bench.lab import BEFORE, PEERS, Cell

LESSON_VIEWERS = 8
HELD_S = (
    12.0,
    60.0,
)  # shorter and longer than the server waits for one that does not read (a turn of its wheel, 15 s)
WRITES_A_LESSON = 0.3  # a second: 1,000 lessons have 300 together

RATES = {
    "fanout": 10.0,
    "ink": 60.0,
    "join": 10.0,
    "reconnect": 100.0,
    "slow": 60.0,
    "vote": 300.0,
    "workers": 40.0,
}
SECONDS = {"slow": 60.0}
VIEWERS = {"join": 5_000, "reconnect": 5_000, "lessons": 8_000, "idle": 8_000, "workers": 8_000}
ONLY_LECTERN = frozenset({"lessons", "reconnect", "vote", "workers"})
USUAL_AT_MOST = 2_000  # viewers; above, at ten writes a second, it falls behind for minutes


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many viewers."""

    scale: float = 1.0

    def _scaled(self, viewers: int) -> int:
        return max(round(viewers * self.scale / LESSON_VIEWERS), 1) * LESSON_VIEWERS

    @property
    def few(self) -> int:
        """As good as nobody."""
        return 10

    @property
    def small(self) -> int:
        """A large lecture."""
        return self._scaled(500)

    @property
    def middle(self) -> int:
        """A large university's largest course."""
        return self._scaled(2_000)

    @property
    def large(self) -> int:
        """Everybody."""
        return self._scaled(8_000)

    @property
    def asked(self) -> tuple[int, ...]:
        """The sizes that people ask such systems about; no claim is made of them, their latency is published."""
        return tuple(self._scaled(viewers) for viewers in (1_000, 5_000, 10_000))

    @property
    def storm(self) -> int:
        """Who joins at once."""
        return self._scaled(5_000)


def cell(
    scenario: str,
    peer: str = "lectern",
    viewers: int = 0,
    *,
    rate: float = 0.0,
    seconds: float = 0.0,
    workers: int = 1,
) -> Cell:
    """A cell with its scenario's usual values where none are given."""
    viewers = viewers or VIEWERS.get(scenario, 2_000)
    feeds = max(viewers // LESSON_VIEWERS, 1) if scenario == "lessons" else workers
    usual_rate = feeds * WRITES_A_LESSON if scenario == "lessons" else RATES.get(scenario, 0.0) * feeds
    usual_seconds = SECONDS.get(scenario, 10.0)
    return Cell(scenario, peer, viewers, rate or usual_rate, seconds or usual_seconds, workers, feeds)


def everything(sizes: Sizes, peers: Iterable[str], seconds: float) -> list[list[Cell]]:
    """Groups of cells; the rounds of a group are interleaved."""
    rivals = [peer for peer in PEERS if peer in peers and peer not in {"lectern", BEFORE}]
    numbers = (sizes.small, sizes.middle, sizes.large)

    def each(scenario: str, viewers: int) -> list[Cell]:
        told = [cell(scenario, "lectern", viewers, seconds=seconds)]
        for peer in rivals:
            busy = scenario == "ink" or viewers > USUAL_AT_MOST
            if peer != "usual" or scenario == "idle" or not busy:
                told.append(cell(scenario, peer, viewers, seconds=seconds))
        return told

    fanout = [cell("fanout", viewers=sizes.few, seconds=seconds)]
    fanout += [one for viewers in numbers for one in each("fanout", viewers)]
    fanout.append(cell("lessons", viewers=sizes.large, seconds=seconds))
    asked = [one for viewers in sizes.asked for one in each("fanout", viewers)]
    workers = [cell("workers", viewers=sizes.large, seconds=seconds, workers=number) for number in (1, 2)]
    storms = [cell("join", viewers=sizes.storm), cell("reconnect", viewers=sizes.storm)]
    # Memory hardly depends on the crowd: two sizes of ours, for the model of capacity, and the rivals at the largest.
    idle = [cell("idle", viewers=sizes.middle, seconds=seconds), *each("idle", sizes.large)]
    planned = [
        fanout,
        asked,
        each("ink", sizes.middle),
        [*storms, cell("vote", viewers=sizes.middle)],
        idle,
        workers,
        # The claim is about a minute, whatever the others' stretch; only a trial is shorter.
        [
            cell("slow", viewers=sizes.middle, seconds=held if sizes.scale == 1 else seconds * held / 10)
            for held in HELD_S
        ],
    ]
    return [with_before(cells) for cells in planned] if BEFORE in peers else planned


def with_before(cells: Iterable[Cell]) -> list[Cell]:
    """Each of Lectern's cells is followed by the same one of the other checkout."""
    planned = []
    for each in cells:
        planned.append(each)
        if each.peer == "lectern":
            planned.append(replace(each, peer=BEFORE))
    return planned
