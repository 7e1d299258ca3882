"""`vote`: a lesson full of viewers votes; every vote comes from a voter of its own.

Measured: how long a vote takes, the server's CPU and the store's commands for one. Checked: the tally that the store
ends with counts every vote that was acknowledged.
"""

import time

from scripts.lib.bench.lab import Cell, Lab, Run
from scripts.lib.bench.payload import Kind
from scripts.lib.bench.peers.lectern import RunningLectern
from scripts.lib.bench.publisher import Plan
from scripts.lib.bench.scenarios import common

PATIENCE_S = 5.0


def run(lab: Lab, cell: Cell) -> Run:
    """One run."""
    with lab.stage(cell) as stage:
        if not isinstance(stage.running, RunningLectern):
            raise TypeError("only Lectern knows votes")
        feeds = stage.running.open(1)
        stage.gallery.join(feeds, cell.viewers)
        ballot = stage.running.poll(feeds[0])
        plan = Plan([ballot], Kind.VOTE, cell.rate, cell.viewers / cell.rate, lab.seed)
        stretch = stage.measure(plan, 0)
        deadline = time.monotonic() + PATIENCE_S
        counted = -1
        while counted != stretch.posted.writes and time.monotonic() < deadline:
            time.sleep(0.1)
            counted = stage.running.voters(feeds[0])
    figures = common.figures(stretch)
    kept = {name: figures[name] for name in figures if not name.startswith(("late", "updates", "cpu_us"))}
    kept["cpu_us_a_vote"] = stretch.used.cpu_s / max(stretch.posted.writes, 1) * 1e6
    kept["votes_a_second"] = stretch.posted.writes / stretch.wall_s
    kept["tallies_a_second"] = stretch.report.count.events / cell.viewers / stretch.wall_s
    faults = []
    if stretch.posted.failed or counted != stretch.posted.writes:
        faults.append(
            f"{stretch.posted.writes} votes acknowledged, {counted} counted; {stretch.posted.failed}"
        )
    return Run(cell, kept, common.histograms(stretch), tuple(faults))
