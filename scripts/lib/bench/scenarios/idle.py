"""`idle`: viewers join and nothing happens.

Measured: the memory (RSS and PSS of the server's processes) of one viewer, against the same server with a few; the CPU
of a viewer a second; and how often the store is asked while they join, next to how often it is asked anyway.
"""

import time

from scripts.lib.bench.lab import Cell, Lab, Run
from scripts.lib.bench.scenarios.common import MIB

FEW = 16  # join first, so that what is made once has been made
SETTLE_S = 2.0
KIB = 1024


def run(lab: Lab, cell: Cell) -> Run:
    """One run."""
    with lab.stage(cell) as stage:
        feeds = stage.running.open(1)
        stage.gallery.join(feeds, FEW)
        time.sleep(SETTLE_S)
        before = stage.usage()

        asked, began = sum(stage.running.commands().values()), time.monotonic()
        time.sleep(SETTLE_S)
        quiet, quiet_s = sum(stage.running.commands().values()) - asked, time.monotonic() - began

        asked, began = sum(stage.running.commands().values()), time.monotonic()
        stage.gallery.join(feeds, cell.viewers)
        joining, joining_s = sum(stage.running.commands().values()) - asked, time.monotonic() - began

        time.sleep(SETTLE_S)
        full, began = stage.usage(), time.monotonic()
        time.sleep(cell.seconds)
        end, idle_s = stage.usage(), time.monotonic() - began
        report = stage.gallery.report()
    figures = {
        "rss_kib_a_viewer": (end.rss - before.rss) / cell.viewers / KIB,
        "pss_kib_a_viewer": (end.pss - before.pss) / cell.viewers / KIB,
        "rss_mib": end.rss / MIB,
        "cpu_us_a_viewer_second": (end.cpu_s - full.cpu_s) / cell.viewers / idle_s * 1e6,
        "commands_a_second_before": quiet / quiet_s,
        "commands_while_joining": joining,
        "joining_s": joining_s,
        # INFO itself is one: it is asked once in each of the two times
        "commands_for_joins": joining - quiet / quiet_s * joining_s,
    }
    live = cell.viewers + FEW
    faults = [] if report.count.live == live else [f"{report.count.live} of {live} live; {report.faults}"]
    return Run(cell, figures, {"join": report.joins}, tuple(faults))
