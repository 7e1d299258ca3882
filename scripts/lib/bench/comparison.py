"""Two commits beside each other: each figure over the other checkout's, round by round.

Rules: a ratio is made within a round, since the machine differs from one round to the next more than two commits do;
its median is what counts, and the range says how far it can be believed.
"""

from collections.abc import Sequence
from dataclasses import replace

from scripts.lib.bench.lab import BEFORE, Run
from scripts.lib.bench.report import said
from scripts.lib.bench.rounds import ratio

FIGURES = (
    "cpu_us_an_update",
    "late_p50_ms",
    "late_p99_ms",
    "post_p50_ms",
    "post_p99_ms",
    "store_cpu_us_a_write",
    "commands_a_write",
    "cpu_us_a_join",
    "joins_a_second",
    "join_p99_ms",
    "cpu_us_a_vote",
    "votes_a_second",
    "updates_a_second",
    "rss_kib_a_viewer",
    "cpu_us_a_viewer_second",
    "memory_growth_mib",
)


def table(runs: Sequence[Run]) -> str:
    """Markdown; empty where no other checkout was run."""
    rows = []
    for cell in dict.fromkeys(run.cell for run in runs if run.cell.peer == "lectern"):
        after = _valid(runs, cell)
        before = _valid(runs, replace(cell, peer=BEFORE))
        for figure in FIGURES:
            if all(
                figure in run.figures and run.figures[figure] for run in (*after.values(), *before.values())
            ):
                found = ratio(after, before, figure)
                if found is not None:
                    rows.append(
                        f"| {cell.scenario}, {cell.name} | {figure.replace('_', ' ')} | {said(found)} |"
                    )
    return "\n".join(["| | figure | this over the other |", "|---|---|---|", *rows, ""]) if rows else ""


def _valid(runs: Sequence[Run], cell: object) -> dict[int, Run]:
    return {run.round: run for run in runs if run.cell == cell and run.valid}
