"""`lessons`: many small lessons on one worker, written to through another worker process on the same store.

Measured: the serving worker's CPU for one delivered update, and how late it came from its POST. Every lesson is
watched by the same number of viewers.
"""

from scripts.lib.bench.lab import OURS, Cell, Lab, Run
from scripts.lib.bench.payload import Kind
from scripts.lib.bench.publisher import Plan
from scripts.lib.bench.scenarios import common


def run(lab: Lab, cell: Cell) -> Run:
    """One run."""
    with lab.stage(cell, relay=cell.peer in OURS) as stage:
        feeds = stage.running.open(cell.feeds)
        stage.gallery.join(feeds, cell.viewers)
        first = stage.warm(feeds, Kind.TIMER, cell.rate, cell.viewers)
        plan = Plan(feeds, Kind.TIMER, cell.rate, cell.seconds, lab.seed, first)
        with lab.profiling(stage.running.roots):
            stretch = stage.measure(plan, cell.viewers)
    faults = common.problems(stretch, viewers=cell.viewers)
    return Run(cell, common.figures(stretch), common.histograms(stretch), tuple(faults))
