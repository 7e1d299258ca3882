"""What the lab must show: each claim, the figure, the bound, and whether it holds.

Rules: medians over rounds against fixed bounds; a claim without valid runs does not hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from scripts.lib.bench.lab import Run
from scripts.lib.bench.plan import LESSON_VIEWERS, Sizes
from scripts.lib.bench.rounds import Summary, ratio, summary, valid

SLACK_COMMANDS = 12.0  # what else asks the store within the seconds of a join storm: two censuses


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of the list."""

    claim: str
    found: Summary | None
    bound: str
    holds: bool


class Claims:
    """Over the runs of `scripts/bench all`."""

    def __init__(self, runs: Sequence[Run], sizes: Sizes) -> None:
        self._runs = runs
        self._sizes = sizes

    def all(self) -> list[Verdict]:
        """In the order of the list."""
        return [
            *self._against_nchan(),
            *self._ink(),
            *self._memory(),
            *self._joins(),
            *self._growth(),
            *self._commands(),
            *self._slow(),
            *self._workers(),
        ]

    def _of(self, scenario: str, viewers: int, peer: str = "lectern", **more: object) -> dict[int, Run]:
        return valid(self._runs, scenario=scenario, viewers=viewers, peer=peer, **more)

    def _against_nchan(self) -> list[Verdict]:
        told = []
        for viewers in (self._sizes.middle, self._sizes.large):
            ours, theirs = self._of("fanout", viewers), self._of("fanout", viewers, "nchan")
            cost, late = ratio(ours, theirs, "cpu_us_an_update"), ratio(ours, theirs, "late_p99_ms")
            told.append(_most(f"1. CPU a delivered event, of Nchan's, {viewers} viewers", cost, 0.9))
            told.append(_most(f"1. latency p99, of Nchan's, {viewers} viewers", late, 1.0))
        return told

    def _ink(self) -> list[Verdict]:
        viewers = self._sizes.middle
        ours, theirs = self._of("ink", viewers), self._of("ink", viewers, "nchan")
        cost = ratio(ours, theirs, "cpu_us_an_update")
        return [
            _most(f"2. ink: CPU a delivered update, of Nchan's, {viewers} viewers", cost, 0.4),
            _most("2. ink: p99 from POST to viewer, ms", summary(ours, "late_p99_ms"), 110),
        ]

    def _memory(self) -> list[Verdict]:
        viewers = self._sizes.large
        found = summary(self._of("idle", viewers), "rss_kib_a_viewer")
        return [_most(f"3. KiB of RSS an idle viewer, {viewers} viewers", found, 2.5)]

    def _joins(self) -> list[Verdict]:
        viewers = self._sizes.storm
        runs = self._of("join", viewers)
        return [
            _least(f"4. joins a second, {viewers} streams", summary(runs, "joins_a_second"), 3_000),
            _most("4. a POST meanwhile, p99, ms", summary(runs, "post_p99_ms"), 250),
        ]

    def _growth(self) -> list[Verdict]:
        small, large = self._of("fanout", self._sizes.small), self._of("fanout", self._sizes.large)
        many = self._of("lessons", self._sizes.large)
        lessons = self._sizes.large // LESSON_VIEWERS
        return [
            _most(
                f"5. CPU a delivered event, {self._sizes.large} viewers over {self._sizes.small}",
                ratio(large, small, "cpu_us_an_update"),
                1.4,
            ),
            _most(f"5. the same, {lessons} lessons over one", ratio(many, large, "cpu_us_an_update"), 4.0),
            _most(f"5. {lessons} lessons: p99 from POST to viewer, ms", summary(many, "late_p99_ms"), 60),
        ]

    def _commands(self) -> list[Verdict]:
        few, large = self._of("fanout", self._sizes.few), self._of("fanout", self._sizes.large)
        more = ratio(large, few, "commands_a_write")
        joins = summary(self._of("idle", self._sizes.large), "commands_for_joins")
        return [
            _most(
                f"6. store commands a write, {self._sizes.large} viewers over {self._sizes.few}", more, 1.05
            ),
            _most(f"6. store commands for {self._sizes.large} joins", joins, SLACK_COMMANDS),
        ]

    def _slow(self) -> list[Verdict]:
        times = {run.cell.seconds for run in self._runs if run.cell.scenario == "slow"}
        return [verdict for seconds in sorted(times) for verdict in self._slow_for(seconds)]

    def _slow_for(self, seconds: float) -> list[Verdict]:
        runs = self._of("slow", self._sizes.middle, seconds=seconds)
        slow = min((run.figures["slow"] for run in runs.values()), default=1.0)
        found = partial(summary, runs)
        name = f"7. {slow:g} of {self._sizes.middle} do not read for {seconds:g} s"
        return [
            _most(f"{name}: MiB the server grows", found("memory_growth_mib"), 10),
            _most(f"{name}: MiB it has grown when they read again", found("memory_growth_after_mib"), 10),
            _most(f"{name}: the others' p99 over that before", found("late_p99_ratio"), 1.2),
            _least(f"{name}: caught up by one event", found("caught_up_by_one_event"), slow),
            _least(f"{name}: end equal to the store", found("end_equal_to_the_store"), slow),
        ]

    def _workers(self) -> list[Verdict]:
        viewers = self._sizes.large
        one, two = self._of("workers", viewers, workers=1), self._of("workers", viewers, workers=2)
        found = ratio(two, one, "updates_a_second")
        return [Verdict("8. deliveries a second, two workers over one", found, "reported", found is not None)]


def _most(claim: str, found: Summary | None, bound: float) -> Verdict:
    return Verdict(claim, found, f"<= {bound:g}", found is not None and found.middle <= bound)


def _least(claim: str, found: Summary | None, bound: float) -> Verdict:
    return Verdict(claim, found, f">= {bound:g}", found is not None and found.middle >= bound)
