"""The lab's own parts: what it counts with must be right before anything is counted."""

import json
import pickle
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings, strategies as st

from scripts.lib.bench import comparison, report, rounds
from scripts.lib.bench.claims import Claims
from scripts.lib.bench.events import Known
from scripts.lib.bench.feeds import Feed
from scripts.lib.bench.histogram import Histogram
from scripts.lib.bench.lab import Cell, Lab, Run
from scripts.lib.bench.payload import WRAP_US, Kind, body, stamps
from scripts.lib.bench.peers import nchan
from scripts.lib.bench.peers.contract import Missing
from scripts.lib.bench.plan import Sizes, cell, everything
from scripts.lib.bench.plot import chart
from scripts.lib.bench.registers import digest, ending, events
from scripts.lib.bench.rounds import Summary, ratio, valid
from scripts.lib.bench.stream import Refused, Stream

FEED = Feed(("127.0.0.1", 1), b"GET / HTTP/1.1\r\n", b": ok\n\n\r\n", ("127.0.0.1", 1), b"", bare=False)
HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
FIRST = b'1\r\nretry: 2000\n\n\r\nid: e.1-0\nevent: state\ndata: {"reset":true,"writes":[]}\n\n: ok\n\n\r\n'


def event(kind: Kind, number: int, now: int) -> bytes:
    """One update as a stream carries it."""
    data = b"id: e.%d-0\nevent: state\ndata: %b\n\n" % (number, body(kind, number, now, bare=True))
    return b"%x\r\n%b\r\n" % (len(data), data)


@pytest.mark.parametrize("kind", [Kind.TIMER, Kind.INK])
@pytest.mark.parametrize("bare", [True, False])
@given(sent=st.integers(0, 5 * WRAP_US), late=st.integers(0, 600_000_000))
def test_the_time_of_posting_is_found_in_the_bytes(kind: Kind, sent: int, late: int, *, bare: bool) -> None:
    """Whatever the clock says, and however late it is found."""
    assert stamps(body(kind, 7, sent, bare=bare), sent + late) == (sent,)


@settings(deadline=None)  # a histogram is an array of 20,000 counters; a busy machine takes its time
@given(durations=st.lists(st.integers(0, 600_000_000), min_size=1), percent=st.floats(1, 100))
def test_a_histogram_travels_and_adds_up(durations: list[int], percent: float) -> None:
    """Between processes by pickling, into files by its own encoding; of two processes, or of two rounds, the sum is as of all."""
    half = len(durations) // 2
    parts = [pickle.loads(pickle.dumps(Histogram.of(each))) for each in (durations[:half], durations[half:])]
    whole = Histogram.of(durations)
    assert (parts[0] + parts[1]).count == whole.count == len(durations)
    assert (parts[0] + parts[1]).percentile(percent) == Histogram(whole.encoded()).percentile(percent)


@pytest.mark.parametrize("duration", [-1, 700_000_000])
def test_an_impossible_duration_is_a_bug(duration: int) -> None:
    """It is not put into the nearest bucket, where nobody would see it."""
    with pytest.raises(ValueError, match=str(duration)):
        Histogram.of([duration])


def test_bytes_are_cut_into_events_wherever_they_are_split() -> None:
    """The whole stream, fed in two parts at every place, counts the same."""
    updates = [event(Kind.INK, number, 1_000_000 + number) for number in range(3)]
    sent = HEAD + FIRST + b"".join(updates)
    for place in range(1, len(sent)):
        late: list[int] = []
        stream, known = Stream(FEED, late.append), Known()
        for part in (sent[:place], sent[place:]):
            stream.take(part, 2_000_000, known)
        assert stream.live
        assert (stream.got, stream.events, len(late)) == (3, 3, 3)
        assert stream.told is not None
        assert stream.told.id == b"e.2-0"


def test_a_refused_stream_is_no_viewer() -> None:
    """Any other status is an error that says what the server said."""
    with pytest.raises(Refused, match="404"):
        Stream(FEED, print).take(b"HTTP/1.1 404 Not Found\r\n\r\n", 0, Known())


def test_a_catch_up_is_told_from_flushes() -> None:
    """One who reads was not sent it, and it holds much; what came before the viewer was held does not count."""
    many = b",".join(b'["ink/p/%d",%d]' % (number, number) for number in range(30))
    first, flush, large, caught_up = (
        b'event: state\ndata: {"writes":[%b]}\n\n' % writes
        for writes in (b'["a",1]', b'["b",2]', many, many + b',["c",3]')
    )
    seen = events([first + flush, large])
    found = ending([first, large + caught_up, flush], 1, seen, 20)
    assert (found.events, found.catch_ups) == (3, 1)
    assert ending([first, large + caught_up], 2, seen, 20).catch_ups == 0
    assert ending([first, flush], 0, [], 20).catch_ups == 0
    assert found.digest == digest(
        {"a": 1, "b": 2, "c": 3} | {f"ink/p/{number}": number for number in range(30)}
    )


def made(peer: str, number: int, **figures: float) -> Run:
    """A run of `fanout` at 2,000 viewers."""
    return Run(cell("fanout", peer, 2_000), figures, round=number)


def test_ratios_are_made_within_a_round() -> None:
    """A round in which the machine was slow for both changes nothing; one that only one has is left out."""
    runs = [made("lectern", n, cost=4.0 * n) for n in (1, 2, 3)] + [
        made("nchan", n, cost=8.0 * n) for n in (1, 3, 4)
    ]
    found = ratio(
        valid(runs, scenario="fanout", peer="lectern"), valid(runs, scenario="fanout", peer="nchan"), "cost"
    )
    assert found == Summary(0.5, 0.5, 0.5)


def test_rounds_are_interleaved_and_a_broken_run_breaks_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell once, then every cell again; what fails is kept as a run with a problem."""

    def scenario(_: Lab, asked: Cell) -> Run:
        if asked.peer == "usual":
            raise RuntimeError("not everybody could join")
        return Run(asked, {"cost": 1.0})

    monkeypatch.setitem(rounds.SCENARIOS, "fanout", scenario)
    cells = [cell("fanout", peer, 100) for peer in ("lectern", "usual", "nchan")]
    runs = rounds.run(Lab(say=lambda _: None), cells, 2, lambda _: None)
    assert [(run.round, run.cell.peer) for run in runs] == [
        (number, each.peer) for number in (1, 2) for each in cells
    ]
    assert {run.cell.peer for run in runs if not run.valid} == {"usual"}


def test_a_claim_without_runs_does_not_hold() -> None:
    """Neither does one whose runs were invalid."""
    assert not any(each.holds for each in Claims([], Sizes()).all())
    broken = Run(cell("idle", "lectern", 8_000), {"rss_kib_a_viewer": 1.0}, problems=("lost some",), round=1)
    memory = [each for each in Claims([broken], Sizes()).all() if each.claim.startswith("3.")]
    assert not memory[0].holds


def test_results_are_read_back_as_written(tmp_path: Path) -> None:
    """The JSON holds everything the page and the plots are made from."""
    run = Run(cell("idle", "nchan", 500), {"rss_kib_a_viewer": 9.5}, {"join": Histogram.of([7])}, ("odd",), 2)
    report.save(tmp_path / "idle.json", {"what": "idle"}, [run])
    head, (again,) = report.load(tmp_path / "idle.json")
    assert head == {"what": "idle"}
    assert (again.cell, again.figures, again.problems, again.round) == (run.cell, run.figures, ("odd",), 2)
    assert again.histograms["join"].milliseconds() == run.histograms["join"].milliseconds()


def test_a_chart_is_well_formed_whatever_it_shows() -> None:
    """Names are escaped, words stay words, one point is enough, and the same data give the same bytes."""
    data = {"one & only": [(500.0, Summary(3.0, 2.0, 900.0))], "none": list[tuple[float, Summary]]()}
    drawn = chart("a < b", "x", "y", data)
    words = [each.text for each in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]
    assert {"a < b", "one & only", "500"} <= set(words)
    assert drawn == chart("a < b", "x", "y", data)


def test_constants_are_the_medians_of_our_valid_runs() -> None:
    """A line a cell, in the form of a result file, without peers and without what was left out."""
    ours = cell("idle", "lectern", 500)
    runs = [Run(ours, {"rss_kib_a_viewer": kib}, round=number) for number, kib in enumerate((1.0, 9.0, 2.0))]
    runs += [Run(ours, {"rss_kib_a_viewer": 99.0}, problems=("lost some",), round=3)]
    runs += [Run(cell("idle", "nchan", 500), {"rss_kib_a_viewer": 9.5})]
    told = json.loads(report.constants({"date": "", "command": "", "commit": ""}, runs))
    assert [(each["cell"]["peer"], each["figures"]) for each in told["runs"]] == [
        ("lectern", {"rss_kib_a_viewer": 2.0})
    ]


def test_the_sizes_people_ask_about_are_run_against_nchan() -> None:
    """1,000, 5,000 and 10,000 viewers of one lesson, beside each other in the same rounds."""
    groups = everything(Sizes(), ["lectern", "nchan"], 5.0)
    asked = {(each.peer, each.viewers) for group in groups for each in group if each.scenario == "fanout"}
    assert {(peer, n) for peer in ("lectern", "nchan") for n in (1_000, 5_000, 10_000)} <= asked


def test_a_missing_peer_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is never left out silently."""
    monkeypatch.setattr(nchan, "MODULES", ())
    with pytest.raises(Missing, match="apt-get install nginx libnginx-mod-nchan"):
        _ = nchan.Nchan().version


def test_each_of_our_runs_has_the_other_checkouts_beside_it() -> None:
    """In the same group, and so in the same rounds; the peers are run once, and without another checkout nothing is added."""
    plain = everything(Sizes(0.01), ["lectern", "nchan"], 1.0)
    both = everything(Sizes(0.01), ["lectern", "nchan", "before"], 1.0)
    assert [[one for one in cells if one.peer != "before"] for cells in both] == plain
    for cells in both:
        ours = [replace(one, peer="") for one in cells if one.peer == "lectern"]
        assert ours == [replace(one, peer="") for one in cells if one.peer == "before"]


def test_two_commits_are_compared_round_by_round() -> None:
    """The machine may be twice as slow in one round; the ratio within each round does not show it."""
    runs = [
        Run(cell("fanout", peer, 500), {"cpu_us_an_update": cost * slow}, round=number)
        for number, slow in enumerate((1.0, 2.0, 1.1))
        for peer, cost in (("lectern", 9.0), ("before", 10.0))
    ]
    assert "| fanout, lectern, 500 viewers | cpu us an update | 0.9 |" in comparison.table(runs)
    assert not comparison.table([run for run in runs if run.cell.peer == "lectern"])
