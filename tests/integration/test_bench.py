"""The lab measures what it says: small runs of `scripts/bench`, whose numbers must agree with each other.

No figure is compared with a bound here: the machine that runs the tests is busy.
"""

import json
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from scripts.lib.bench.histogram import Histogram
from scripts.lib.server import PROJECT


def bench(out: Path, *arguments: str) -> dict[str, Any]:
    """Run it; the JSON it wrote. All runs have to be valid."""
    done = subprocess.run(
        [PROJECT / "scripts" / "bench", *arguments, "--out", out],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, Any] = json.loads((out / f"{arguments[0]}.json").read_text())
    assert [run["problems"] for run in told["runs"]] == [[] for _ in told["runs"]]
    return told


def test_a_fanout_is_counted_at_every_viewer(tmp_path: Path) -> None:
    """Everything posted is counted at every viewer, for each peer, and the plots show it."""
    told = bench(
        tmp_path,
        "fanout",
        *("--viewers", "16,104", "--peers", "lectern,usual", "--seconds", "1", "--rounds", "1"),
    )

    assert {"command", "commit", "machine", "packages", "peers", "python"} <= told.keys()
    order = [(run["cell"]["viewers"], run["cell"]["peer"]) for run in told["runs"]]
    assert order == [(16, "lectern"), (16, "usual"), (104, "lectern"), (104, "usual")]
    for run in told["runs"]:
        figures = run["figures"]
        assert figures["writes"] == 10
        assert figures["updates"] + figures["conflated"] == figures["writes"] * run["cell"]["viewers"]
        assert figures["updates"] > 0
        assert Histogram(run["histograms_us"]["late"]).count == figures["updates"]
        assert 0 < figures["late_p50_ms"] <= figures["late_p99_ms"] <= figures["late_max_ms"]
        assert figures["cpu_us_an_update"] > 0
        assert (figures["commands_a_write"] > 0) == (run["cell"]["peer"] == "lectern")

    for name in ("cost", "latency"):
        drawn = ET.parse(tmp_path / f"{name}.svg")  # our own file
        words = {text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")}
        assert {"lectern", "usual", "viewers"} <= words
    page = (tmp_path / "fanout.md").read_text()
    assert "| lectern, 104 viewers | 1 of 1 |" in page


def test_ink_is_merged_and_nothing_of_it_lost(tmp_path: Path) -> None:
    """Every piece reaches every viewer, in fewer events than pieces."""
    (run,) = bench(
        tmp_path, "ink", "--viewers", "24", "--peers", "lectern", "--seconds", "2", "--rounds", "1"
    )["runs"]
    figures = run["figures"]
    assert figures["updates"] == figures["writes"] * 24 == 120 * 24
    assert figures["events"] < figures["updates"]


def test_many_lessons_are_written_through_another_worker(tmp_path: Path) -> None:
    """Each write reaches the eight viewers of its lesson, on the worker that it was not posted to."""
    (run,) = bench(tmp_path, "lessons", "--viewers", "80", "--seconds", "2", "--rounds", "1")["runs"]
    assert run["cell"]["feeds"] == 10
    assert run["figures"]["updates"] == run["figures"]["writes"] * 8


def test_slow_viewers_get_one_catch_up_event(tmp_path: Path) -> None:
    """One in ten does not read; when it does again, one event brings it to what the store holds."""
    (run,) = bench(
        tmp_path,
        "slow",
        *("--viewers", "30", "--peers", "lectern", "--seconds", "6", "--rate", "200", "--rounds", "1"),
    )["runs"]
    figures = run["figures"]
    assert figures["slow"] == 3
    assert figures["end_equal_to_the_store"] == 3
    assert figures["caught_up_by_one_event"] >= 1  # on a busy machine one may need a second


@pytest.mark.parametrize(
    ("scenario", "figure", "value"),
    [("reconnect", "resets", 0), ("join", "joins_a_second", None), ("vote", "votes_a_second", None)],
)
def test_storms_are_counted_to_the_last(
    tmp_path: Path, scenario: str, figure: str, value: float | None
) -> None:
    """All join, all come back to what they missed, all votes are in the tally; else the run is invalid."""
    (run,) = bench(tmp_path, scenario, "--viewers", "40", "--peers", "lectern", "--rounds", "1")["runs"]
    found = run["figures"][figure]
    assert found == value if value is not None else found > 0


def test_idle_viewers_ask_the_store_nothing(tmp_path: Path) -> None:
    """The memory of a viewer is positive and the store hears of no join."""
    (run,) = bench(
        tmp_path, "idle", "--viewers", "400", "--peers", "lectern", "--seconds", "1", "--rounds", "1"
    )["runs"]
    assert run["figures"]["rss_kib_a_viewer"] > 0
    assert run["figures"]["commands_while_joining"] < 200
