"""Figures that every stretch of writes gives, and the check that nothing was lost.

Rules: an update is one write as one viewer gets it. Of a register that is written again within a flush only the newest
value is sent: such updates are `conflated`, counted, and no loss as long as every viewer had the same ones and the last.
"""

from collections.abc import Mapping

from scripts.lib.bench.histogram import Histogram
from scripts.lib.bench.stage import Stretch

MIB = 1024 * 1024
SATURATED = 0.9  # of a core: a load client that busy measures itself


def figures(stretch: Stretch) -> dict[str, float]:
    """The numbers."""
    report, count, wall = stretch.report, stretch.report.count, stretch.wall_s
    updates, writes = max(count.updates, 1), max(stretch.posted.writes, 1)
    found = {
        "updates": count.updates,
        "events": count.events,
        "cpu_us_an_update": stretch.used.cpu_s / updates * 1e6,
        "cpu_us_an_event": stretch.used.cpu_s / max(count.events, 1) * 1e6,
        "server_cores": stretch.used.cpu_s / wall,
        "system_share": stretch.used.system_s / max(stretch.used.user_s + stretch.used.system_s, 0.01),
        "updates_a_second": count.updates / wall,
        "events_a_write": count.events / updates,
        "rss_mib": stretch.end.rss / MIB,
        "pss_mib": stretch.end.pss / MIB,
        "switches_a_write": stretch.used.switches / writes,
        "preempted_a_second": stretch.used.preempted / wall,
        "store_cpu_us_a_write": stretch.store.cpu_s / writes * 1e6,
        "commands_a_write": sum(stretch.commands.values()) / writes,
        "client_cores": report.cpu_s / wall,
        "wall_s": wall,
        "writes": writes,
    }
    found |= {f"late_{name}_ms": value for name, value in report.late.milliseconds().items()}
    found |= {f"post_{name}_ms": value for name, value in stretch.posted.answers.milliseconds().items()}
    found["client_lag_p99_ms"] = report.lag.percentile(0.99) / 1000
    found["publisher_lag_p99_ms"] = stretch.posted.lag.percentile(0.99) / 1000
    return found


def histograms(stretch: Stretch) -> dict[str, Histogram]:
    """The raw distributions."""
    return {
        "late": stretch.report.late,
        "post": stretch.posted.answers,
        "client_lag": stretch.report.lag,
        "publisher_lag": stretch.posted.lag,
    }


def problems(
    stretch: Stretch, *, viewers: int, conflates: bool = False, workers: int = 1, last_us: int | None = None
) -> list[str]:
    """Why the stretch is not to be believed. `conflates`: one register is written again and again, whose last value in
    the store, where there is one, was posted at `last_us`."""
    count, posted, found = stretch.report.count, stretch.posted, []
    if posted.failed:
        found.append(f"writes failed: {_said(posted.failed)}")
    if count.live != viewers or stretch.report.lost:
        found.append(f"{count.live} of {viewers} viewers live at the end; {'; '.join(stretch.report.faults)}")
    if count.updates > stretch.expected or (not conflates and count.updates < stretch.expected):
        found.append(f"{stretch.expected} deliveries expected, {count.updates} counted")
    if stretch.report.uneven and not (conflates and workers > 1):  # each worker merges on its own
        found.append(f"{stretch.report.uneven} lessons whose viewers have not all had the same")
    if stretch.report.apart:
        found.append(f"{stretch.report.apart} lessons whose viewers have not all come to the same")
    if last_us is not None and count.last_us != last_us:
        found.append("what the store holds has not reached everybody")
    if stretch.report.cpu_s > SATURATED * stretch.report.wall_s:
        found.append(
            f"the load client was saturated: {stretch.report.cpu_s / stretch.report.wall_s:.2f} of a core"
        )
    return found


def _said(failed: Mapping[int, int]) -> str:
    return ", ".join(f"{times} with {status or 'no answer'}" for status, times in failed.items())
