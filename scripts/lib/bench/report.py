"""Results on paper: a JSON file with everything, a page of tables, plots, and the constants that `scripts/capacity` reads.

Rules: the JSON is written again after every run, so that one that is broken off keeps what it has; all the rest is made from
the JSON's runs alone, so it can be made again (`scripts/bench report`). The JSON stays where results go; what is published is the rest.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scripts.lib.bench.claims import Verdict
from scripts.lib.bench.histogram import Histogram
from scripts.lib.bench.lab import BEFORE, PEERS, Cell, Run
from scripts.lib.bench.plot import chart
from scripts.lib.bench.rounds import Summary, summary, valid

LATE = ("late_p50_ms", "late_p90_ms", "late_p99_ms", "late_p99.9_ms", "late_max_ms")
WRITES = ("cpu_us_an_update", *LATE, "post_p99_ms", "server_cores", "client_cores", "commands_a_write")
COLUMNS = {
    "fanout": WRITES,
    "ink": (*WRITES, "events_a_write"),
    "workers": ("updates_a_second", "cpu_us_an_update", "server_cores", "client_cores", "late_p99_ms"),
    "lessons": WRITES,
    "join": ("joins_a_second", "cpu_us_a_join", "join_p50_ms", "join_p99_ms", "post_p50_ms", "post_p99_ms"),
    "reconnect": ("joins_a_second", "cpu_us_a_join", "join_p50_ms", "join_p99_ms", "resets"),
    "vote": (
        "votes_a_second",
        "cpu_us_a_vote",
        "post_p50_ms",
        "post_p99_ms",
        "commands_a_write",
        "tallies_a_second",
    ),
    "slow": (
        "slow",
        "memory_growth_mib",
        "memory_growth_after_mib",
        "late_p99_before_ms",
        "late_p99_ms",
        "late_p99_ratio",
        "came_back_by_cursor",
        "caught_up_by_one_event",
        "end_equal_to_the_store",
    ),
    "idle": ("rss_kib_a_viewer", "pss_kib_a_viewer", "cpu_us_a_viewer_second", "commands_for_joins"),
}
DRAWN = 100  # viewers; below, a figure is about something else
PLOTS = {
    "cost": ("fanout", "cpu_us_an_update", "Server CPU for one delivered event, 10 events/s", "us"),
    "latency": ("fanout", "late_p99_ms", "From POST to viewer, 99th percentile, 10 events/s", "ms"),
    "memory": ("idle", "rss_kib_a_viewer", "Memory of an idle viewer (RSS)", "KiB"),
}


def save(path: Path, head: dict[str, object], runs: Sequence[Run]) -> None:
    """The JSON file, in one piece or not at all."""
    told = {**head, "runs": [_plain(run) for run in runs]}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(told, indent=1) + "\n")
    part.replace(path)


def _plain(run: Run) -> dict[str, object]:
    histograms = {name: each.encoded() for name, each in run.histograms.items()}
    return {
        "cell": asdict(run.cell),
        "round": run.round,
        "problems": run.problems,
        "figures": {name: round(value, 4) for name, value in run.figures.items()},
        "histograms_us": histograms,
    }


def load(path: Path) -> tuple[dict[str, Any], list[Run]]:
    """What `save` wrote."""
    head: dict[str, Any] = json.loads(path.read_text())
    return head, [_run(each) for each in head.pop("runs")]


def _run(told: dict[str, Any]) -> Run:
    histograms = {name: Histogram(each) for name, each in told["histograms_us"].items()}
    return Run(Cell(**told["cell"]), told["figures"], histograms, tuple(told["problems"]), told["round"])


def constants(head: Mapping[str, object], runs: Sequence[Run]) -> str:
    """JSON: of each of Lectern's cells the median of each figure over its valid runs, a line a cell, in the form of a result file."""
    lines = []
    for cell in dict.fromkeys(run.cell for run in runs if run.valid and run.cell.peer == "lectern"):
        good = {run.round: run for run in runs if run.valid and run.cell == cell}
        names = sorted({name for run in good.values() for name in run.figures})
        figures = {name: round(found.middle, 4) for name in names if (found := summary(good, name))}
        lines.append(json.dumps({"cell": asdict(cell), "problems": [], "figures": figures}))
    about = json.dumps({name: head[name] for name in ("date", "command", "commit")})
    runs_text = ",\n".join(lines)
    return f'{{"head": {about},\n"runs": [\n{runs_text}\n]}}\n'


def table(runs: Sequence[Run]) -> str:
    """Markdown: for each scenario its cells, the median of each figure and its range."""
    parts = []
    for scenario, columns in COLUMNS.items():
        found = dict.fromkeys(run.cell for run in runs if run.cell.scenario == scenario)
        cells = sorted(found, key=lambda cell: cell.viewers)
        if not cells:
            continue
        parts.append(f"## {scenario}\n")
        parts.append(f"| | rounds | {' | '.join(column.replace('_', ' ') for column in columns)} |")
        parts.append("|---" * (len(columns) + 2) + "|")
        parts += [_row(cell, [run for run in runs if run.cell == cell], columns) for cell in cells]
        parts.append("")
    broken = [
        f"- {run.cell.scenario}, {run.cell.name}, round {run.round}: {'; '.join(run.problems)}"
        for run in runs
        if run.problems
    ]
    if broken:
        parts += ["## Runs that were left out\n", *broken, ""]
    return "\n".join(parts)


def _row(cell: Cell, runs: Sequence[Run], columns: Sequence[str]) -> str:
    good = {run.round: run for run in runs if run.valid}
    told = [said(summary(good, column)) for column in columns]
    return f"| {cell.name} | {len(good)} of {len(runs)} | {' | '.join(told)} |"


def said(found: Summary | None) -> str:
    """A median and its range."""
    if found is None:
        return "-"
    middle, low, high = map(_number, (found.middle, found.low, found.high))
    return middle if low == high else f"{middle} ({low}..{high})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def verdicts(found: Sequence[Verdict]) -> str:
    """Markdown: the claims."""
    rows = [
        f"| {each.claim} | {said(each.found)} | {each.bound} | {'yes' if each.holds else '**no**'} |"
        for each in found
    ]
    return "\n".join(["| claim | median (range) | bound | holds |", "|---|---|---|---|", *rows, ""])


def plots(folder: Path, runs: Sequence[Run]) -> list[Path]:
    """Draw what there are runs for; the files."""
    made = []
    for name, (scenario, figure, title, unit) in PLOTS.items():
        series = {peer: _points(runs, scenario, peer, figure) for peer in PEERS if peer != BEFORE}
        drawn = {peer: points for peer, points in series.items() if points}
        if drawn:
            path = folder / f"{name}.svg"
            path.write_text(chart(title, "viewers", unit, drawn))
            made.append(path)
    return made


def _points(runs: Sequence[Run], scenario: str, peer: str, figure: str) -> list[tuple[float, Summary]]:
    numbers = {run.cell.viewers for run in runs if (run.cell.scenario, run.cell.peer) == (scenario, peer)}
    points = []
    for viewers in sorted(numbers):
        found = summary(valid(runs, scenario=scenario, peer=peer, viewers=viewers), figure)
        if found is not None and viewers >= DRAWN:
            points.append((float(viewers), found))
    return points
