"""`join`: everybody opens the stream of a lesson with a 30 KiB snapshot, while its teacher goes on writing.
`reconnect`: everybody's connection is cut, the lesson goes on, and everybody comes back with a cursor.

Measured: joins a second (a join ends with the whole first event), the server's CPU for one, how long a POST made
meanwhile takes. Checked: nobody is refused; those who come back are told exactly what they have missed.
"""

import time

from scripts.lib.bench.lab import Cell, Lab, Run
from scripts.lib.bench.orders import Report
from scripts.lib.bench.payload import Kind
from scripts.lib.bench.publisher import Plan, Posted
from scripts.lib.bench.system import Usage

SNAPSHOT = 30 * 1024
WARM = 64  # viewers before the storm: the lesson is loaded, as it is when its teacher is there
MISSED = 20  # writes made while everybody is away
UNTIL_HALTED_S = 600.0


def run(lab: Lab, cell: Cell) -> Run:
    """One join storm."""
    with lab.stage(cell, snapshots=True) as stage:
        feeds = stage.running.open(1, snapshot=SNAPSHOT)
        stage.gallery.join(feeds, WARM)
        stage.gallery.clear()
        stage.publisher.start(Plan(feeds, Kind.TIMER, cell.rate, UNTIL_HALTED_S, lab.seed))
        before, began = stage.usage(), time.monotonic()
        with lab.profiling(stage.running.roots):
            stage.gallery.join(feeds, cell.viewers)
        wall_s = time.monotonic() - began
        used = stage.usage() - before
        posted, report = stage.publisher.halt(), stage.gallery.report()
        faults = _faults(report, posted, cell.viewers + WARM)
    return _run(cell, wall_s, used, report, posted, faults, {})


def reconnect(lab: Lab, cell: Cell) -> Run:
    """One cut, and the way back."""
    with lab.stage(cell, snapshots=True) as stage:
        feeds = stage.running.open(1, snapshot=SNAPSHOT)
        stage.gallery.join(feeds, cell.viewers)
        first = stage.warm(feeds, Kind.INK, 20.0, cell.viewers)
        stage.gallery.cut()
        missed = stage.publisher.run(Plan(feeds, Kind.INK, 100.0, MISSED / 100, lab.seed, first))
        stage.gallery.clear()
        before, began = stage.usage(), time.monotonic()
        told = stage.gallery.back()
        wall_s = time.monotonic() - began
        used = stage.usage() - before
        report = stage.gallery.report()
        faults = _faults(report, missed, cell.viewers)
    if told.resets or told.updates != missed.writes * cell.viewers:
        faults.append(
            f"{told.updates} missed updates told of {missed.writes * cell.viewers}; {told.resets} resets"
        )
    return _run(cell, wall_s, used, report, missed, faults, {"resets": told.resets})


def _faults(report: Report, posted: Posted, viewers: int) -> list[str]:
    found = []
    if report.count.live != viewers:
        found.append(f"{report.count.live} of {viewers} viewers joined; {'; '.join(report.faults)}")
    if posted.failed:
        found.append(f"writes failed: {posted.failed}")
    return found


def _run(
    cell: Cell,
    wall_s: float,
    used: Usage,
    report: Report,
    posted: Posted,
    faults: list[str],
    more: dict[str, float],
) -> Run:
    joins = report.joins.count
    figures = {
        "joins_a_second": joins / wall_s,
        "cpu_us_a_join": used.cpu_s / max(joins, 1) * 1e6,
        "server_cores": used.cpu_s / wall_s,
        "client_cores": report.cpu_s / max(report.wall_s, wall_s),
        "wall_s": wall_s,
    }
    figures |= {f"join_{name}_ms": value for name, value in report.joins.milliseconds().items()}
    figures |= {f"post_{name}_ms": value for name, value in posted.answers.milliseconds().items()}
    figures |= more
    kept = {"join": report.joins, "post": posted.answers}
    return Run(cell, figures, kept, tuple(faults))
