"""`fanout`: one lesson, a register written 10 times a second (about 100 bytes an event). `ink`: 60 pieces of ink a
second, which Lectern may merge within 50 ms. `workers`: more writes than the flush window lets through: what is delivered.

Measured: the server's CPU for one delivered update, and how late it came, from its own POST.
"""

import json
from collections.abc import Mapping
from typing import Any

from scripts.lib.bench.lab import Cell, Lab, Run
from scripts.lib.bench.payload import Kind, now_us, stamps
from scripts.lib.bench.publisher import Plan
from scripts.lib.bench.scenarios import common

KINDS = {"fanout": Kind.TIMER, "ink": Kind.INK, "workers": Kind.TIMER}


def run(lab: Lab, cell: Cell) -> Run:
    """One run."""
    kind = KINDS[cell.scenario]
    with lab.stage(cell) as stage:
        feeds = stage.running.open(cell.feeds)
        stage.gallery.join(feeds, cell.viewers)
        first = stage.warm(feeds, kind, cell.rate, cell.viewers)
        plan = Plan(feeds, kind, cell.rate, cell.seconds, lab.seed, first)
        with lab.profiling(stage.running.roots):
            stretch = stage.measure(plan, cell.viewers)
        last_us = _last(stage.running.registers(feeds[0])) if cell.feeds == 1 else None
    figures = common.figures(stretch)
    figures["conflated"] = stretch.expected - stretch.report.count.updates
    conflates = kind is Kind.TIMER
    faults = common.problems(
        stretch, viewers=cell.viewers, conflates=conflates, workers=cell.workers, last_us=last_us
    )
    return Run(cell, figures, common.histograms(stretch), tuple(faults))


def _last(registers: Mapping[str, Any]) -> int | None:
    """When the timer that the store holds was posted; None where there is no store, or no timer."""
    if "timer" not in registers:
        return None
    return max(stamps(json.dumps(registers["timer"], separators=(",", ":")).encode(), now_us()))
