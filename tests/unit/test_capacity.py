"""The capacity model: arithmetic over a bench file, and whether it says when it is wrong."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scripts.lib.capacity.check import check
from scripts.lib.capacity.constants import NoSuchRun, Runs, read
from scripts.lib.capacity.model import Dyno, Minute, cores, need

WRITE_US, DELIVERY_US = 400.0, 8.0
MIB = 1024 * 1024
MINUTE = Minute(
    viewers=800,
    lessons=1,
    writes=10.0,
    event_bytes=250,
    snapshot_bytes=30_000,
    page_bytes=40_000,
    assets_bytes=35_000,
    joins=0,
    turns=0.0,
    votes=0,
    registers=100,
)
STANDARD = Dyno(1.0, 512 * MIB, 500e6)


def run(scenario: str, viewers: int, **figures: float) -> dict[str, Any]:
    """A run as a bench file has it."""
    return {
        "cell": {"scenario": scenario, "peer": "lectern", "viewers": viewers},
        "problems": [],
        "figures": figures,
    }


def fanout(viewers: int, rate: float = 10.0) -> dict[str, Any]:
    """A run in which a write costs WRITE_US and a delivery DELIVERY_US, exactly."""
    whole = WRITE_US + viewers * DELIVERY_US
    return run(
        "fanout",
        viewers,
        cpu_us_an_update=whole / viewers,
        server_cores=rate * whole / 1e6,
        rss_mib=60.0,
        commands_a_write=2.0,
    )


def bench(*more: dict[str, Any]) -> Runs:
    """A bench file without noise."""
    ink = 60 * WRITE_US / 1e6 + 20 * 2_000 * DELIVERY_US / 1e6
    return Runs(
        [
            *(fanout(viewers) for viewers in (10, 500, 2_000, 8_000)),
            run("ink", 2_000, server_cores=ink),
            run("join", 5_000, cpu_us_a_join=200.0),
            run("vote", 2_000, cpu_us_a_vote=WRITE_US),
            *(
                run("idle", viewers, rss_kib_a_viewer=2.0, cpu_us_a_viewer_second=0.0)
                for viewers in (2_000, 8_000)
            ),
            *more,
        ]
    )


def test_constants_are_what_the_runs_were_made_of() -> None:
    """What a write costs and what a delivery costs are told apart."""
    cost = read(bench())
    assert cost.write_s * 1e6 == pytest.approx(WRITE_US)
    assert [each * 1e6 for _, each in cost.deliveries] == pytest.approx([DELIVERY_US] * 3)
    assert cost.delivery_s(1_000_000) == cost.deliveries[-1][1]


def test_the_median_of_valid_runs_counts() -> None:
    """An invalid run does not, whatever it says; one odd round does not decide."""
    odd = [run("join", 5_000, cpu_us_a_join=9_000.0), run("join", 5_000, cpu_us_a_join=210.0)]
    assert read(bench(*odd)).join_s * 1e6 == pytest.approx(210.0)


def test_more_of_anything_takes_more() -> None:
    """CPU rises with viewers, writes, joins, votes and turns."""
    cost = read(bench())
    least = sum(cores(MINUTE, cost).values())
    for more in ({"viewers": 1_600}, {"writes": 12.0}, {"joins": 800}, {"votes": 800}, {"turns": 2.0}):
        assert sum(cores(replace(MINUTE, **more), cost).values()) > least


def test_updates_within_a_flush_are_one_event() -> None:
    """Beyond 20 a second a lesson's viewers get no more events; the writes still cost."""
    cost = read(bench())
    slow, fast = (cores(replace(MINUTE, writes=rate), cost) for rate in (20.0, 60.0))
    assert fast["deliveries"] == slow["deliveries"]
    assert fast["writes"] == pytest.approx(3 * slow["writes"])


def test_what_breaks_first() -> None:
    """Named by the share of a dyno that it takes."""
    cost = read(bench())
    assert need(replace(MINUTE, viewers=8_000), cost, STANDARD).first.startswith("CPU")
    thin = replace(STANDARD, bits=1e6)
    assert need(MINUTE, cost, thin).first == "bandwidth"
    small = replace(STANDARD, memory=64 * MIB)
    assert need(MINUTE, cost, small).first == "memory"


def test_processes_and_dynos_are_enough() -> None:
    """No process is planned above its share of a core, and no dyno above its cores."""
    found = need(replace(MINUTE, viewers=40_000, lessons=10), read(bench()), STANDARD)
    assert sum(found.cores.values()) / found.processes <= 0.7
    assert found.dynos == found.processes


def test_predictions_hold_where_the_model_is_right() -> None:
    """Runs that were made by the model's own arithmetic are predicted."""
    assert [one for one in check(bench()) if not one.holds] == []


def test_predictions_fail_where_it_is_wrong() -> None:
    """A crowd that costs more than the sizes around it say is noticed."""
    runs = bench()
    runs.all[2] = run("fanout", 2_000, cpu_us_an_update=20.0, server_cores=0.4)
    assert not check(runs)[0].holds


def test_a_missing_run_is_named() -> None:
    """Instead of a figure out of nowhere."""
    with pytest.raises(NoSuchRun, match="vote"):
        read(Runs([each for each in bench().all if each["cell"]["scenario"] != "vote"]))


def test_a_bench_file_is_read(tmp_path: Path) -> None:
    """Invalid runs are left out."""
    path = tmp_path / "all.json"
    broken = {**fanout(500), "problems": ["lost"]}
    path.write_text(json.dumps({"runs": [broken, fanout(2_000)]}))
    assert Runs.read(path).sizes("fanout") == [2_000]
