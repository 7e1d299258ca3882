"""Rounds: every cell once, then every cell once again; and what the rounds say together.

Rules: medians and ranges over valid runs; a ratio of two cells is made within each round, and only then is its median
taken. A run that breaks is a run with a problem, and the others go on.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from scripts.lib.bench.lab import Cell, Lab, Run
from scripts.lib.bench.scenarios import fanout, idle, join, lessons, slow, vote

SCENARIOS: dict[str, Callable[[Lab, Cell], Run]] = {
    "fanout": fanout.run,
    "ink": fanout.run,
    "workers": fanout.run,
    "join": join.run,
    "reconnect": join.reconnect,
    "vote": vote.run,
    "lessons": lessons.run,
    "slow": slow.run,
    "idle": idle.run,
}

HEADLINES = (
    ("cpu_us_an_update", "us CPU an update"),
    ("late_p99_ms", "ms late p99"),
    ("joins_a_second", "joins/s"),
    ("join_p99_ms", "ms a join p99"),
    ("post_p99_ms", "ms a POST p99"),
    ("rss_kib_a_viewer", "KiB a viewer"),
    ("memory_growth_mib", "MiB grown"),
    ("votes_a_second", "votes/s"),
    ("server_cores", "cores"),
)


@dataclass(frozen=True, slots=True)
class Summary:
    """Of one figure over rounds."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Summary | None":
        """None where there are no values."""
        found = sorted(values)
        return cls(median(found), found[0], found[-1]) if found else None


def run(lab: Lab, cells: Sequence[Cell], rounds: int, keep: Callable[[Run], None]) -> list[Run]:
    """Run every cell `rounds` times, interleaved; `keep` gets each run as it is done."""
    runs = []
    for number in range(1, rounds + 1):
        for cell in cells:
            done = replace(_one(lab, cell), round=number)
            lab.say(f"{number}/{rounds} {cell.scenario:9} {cell.name:32} {_headline(done)}")
            keep(done)
            runs.append(done)
    return runs


def _one(lab: Lab, cell: Cell) -> Run:
    try:
        return SCENARIOS[cell.scenario](lab, cell)
    except (OSError, RuntimeError, TimeoutError, ValueError) as fault:
        return Run(cell, {}, {}, (f"{type(fault).__name__}: {fault}",))


def _headline(run: Run) -> str:
    told = [f"{run.figures[name]:8.2f} {words}" for name, words in HEADLINES if name in run.figures]
    return ", ".join(told) + "".join(f"  INVALID: {each}" for each in run.problems)


def valid(runs: Iterable[Run], **wanted: object) -> dict[int, Run]:
    """The valid runs of the cell with these values, by round."""
    return {
        run.round: run
        for run in runs
        if run.valid and all(getattr(run.cell, name) == value for name, value in wanted.items())
    }


def summary(runs: dict[int, Run], figure: str) -> Summary | None:
    """Over rounds."""
    return Summary.of(run.figures[figure] for run in runs.values() if figure in run.figures)


def ratio(over: dict[int, Run], under: dict[int, Run], figure: str) -> Summary | None:
    """Of two cells, round by round."""
    return Summary.of(
        over[number].figures[figure] / under[number].figures[figure] for number in over.keys() & under.keys()
    )
