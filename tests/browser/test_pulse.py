"""The pulse by itself, in a browser: what is said of a connection, and whose clock was set where two of them disagree.

Rules: each test plays steps over the real module and clocks of its own. "wait" lets time pass, "set" sets the device's clock; "beat"
carries the server's time, in ms after the first; "behind" is a beat of a server that does not hear its store.
"""

from typing import Any

import pytest

from scripts.lib.server import Server
from tests.browser.conftest import OpenWindow
from tests.browser.panel_models import Run, in_window

Step = tuple[str] | tuple[str, int]

AHEAD = 5_000  # the server's clock, of the device's
PLAY = """async ({ load }, steps, ahead) => {
  const { Pulse } = await load("models/pulse.js");
  const real = [Date.now, performance.now];
  const began = 1_790_000_000_000;
  let [device, page] = [began, 0];
  Date.now = () => device;
  performance.now = () => page;
  try {
    const pulse = new Pulse();
    const offsets = [];
    const beat = (by, behind) => (pulse.beat({ now: began + ahead + by, behind }), offsets.push(pulse.offset));
    for (const [step, by] of steps) {
      if (step === "wait") [device, page] = [device + by, page + by];
      else if (step === "set") device += by;
      else if (step === "beat" || step === "behind") beat(by, step === "behind");
      else pulse[step]();
    }
    return { said: pulse.verdict(null), polling: pulse.verdict("well"), offsets, silence: pulse.silence };
  } finally {
    [Date.now, performance.now] = real;
  }
}"""

OPEN: list[Step] = [("opened",), ("state",)]
MINUTE, HOUR = 60_000, 3_600_000


@pytest.fixture
async def run(hall: Server, open_window: OpenWindow) -> Run:
    """See `panel_models`."""
    return await in_window(hall, open_window)


async def play(run: Run, steps: list[Step]) -> Any:
    """What the pulse says after these steps."""
    return await run(PLAY, steps, AHEAD)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([], "connecting"),
        ([("opened",), ("hear",)], "connecting"),
        ([("opened",), ("beat", 0)], "connecting"),  # a beat without a state: nothing to be live about
        (OPEN, "live"),
        ([*OPEN, ("wait", 19_000)], "live"),
        ([*OPEN, ("wait", 21_000)], "delayed"),
        ([*OPEN, ("wait", 21_000), ("beat", 21_000)], "live"),
        ([*OPEN, ("beat", 0), ("wait", 19_000), ("beat", 15_000)], "live"),
        ([*OPEN, ("beat", 0), ("wait", 21_000), ("beat", 15_000)], "delayed"),  # held for 6 s
        ([*OPEN, ("behind", 0)], "delayed"),  # the server does not hear its store
        ([*OPEN, ("behind", 0), ("wait", 15_000), ("beat", 15_000)], "live"),
        (
            [*OPEN, ("behind", 0), ("wait", 9_000), ("beat", 3_000)],
            "delayed",
        ),  # the first came before its turn
        ([*OPEN, ("behind", 0), ("state",)], "live"),  # news: it hears it again
        ([*OPEN, ("doubt",)], "reconnecting"),
        ([*OPEN, ("opened",)], "reconnecting"),
        ([*OPEN, ("opened",), ("beat", 0)], "live"),
    ],
)
async def test_the_pulse_decides_what_is_said(run: Run, steps: list[Step], said: str) -> None:
    """Live is said of what was heard lately and on time, and of nothing else."""
    found = await play(run, steps)
    assert (found["said"], found["polling"]) == (said, "delayed")


@pytest.mark.parametrize("by", [-HOUR, -MINUTE, -30_000, -10_000, -6_000, 30_000, HOUR])
async def test_a_clock_that_is_set_is_not_lateness(run: Run, by: int) -> None:
    """Neither the device's nor the server's; what is held back after it shows by the clock as it is then."""
    before: list[Step] = [*OPEN, ("beat", 0)]
    device = await play(run, [*before, ("set", by), ("wait", 15_000), ("beat", 15_000)])
    server = await play(run, [*before, ("wait", 15_000), ("beat", 15_000 + by)])
    assert (device["said"], server["said"]) == ("live", "live")
    assert (device["offsets"][-1], server["offsets"][-1]) == (AHEAD - by, AHEAD + by)
    after: list[Step] = [*before, ("wait", 15_000), ("beat", 15_000 + by)]
    on_time = await play(run, [*after, ("wait", 16_000), ("beat", 30_000 + by)])
    held = await play(run, [*after, ("wait", 21_000), ("beat", 30_000 + by)])
    assert (on_time["said"], held["said"]) == ("live", "delayed")


async def test_a_clock_that_falls_back_hides_no_lateness(run: Run) -> None:
    """A beat that is held for 6 s on its way while the server's clock falls by 30."""
    found = await play(run, [*OPEN, ("beat", 0), ("wait", 21_000), ("beat", -15_000)])
    assert found["said"] == "delayed"


async def test_a_lag_that_grows_is_no_clock_that_was_set(run: Run) -> None:
    """Each beat 4 s later than the one before, until it is more than a minute."""
    beats: list[Step] = [step for n in range(17) for step in (("wait", 19_000), ("beat", n * 15_000))]
    assert (await play(run, [*OPEN, *beats]))["said"] == "delayed"


async def test_another_connection_is_another_clock(run: Run) -> None:
    """A stream that was lost may come back to another server: its first beat is compared with nothing."""
    found = await play(run, [*OPEN, ("beat", 0), ("opened",), ("wait", 3_000), ("beat", -30_000)])
    assert (found["said"], found["offsets"][-1]) == ("live", AHEAD - 33_000)


async def test_a_dead_line_is_noticed_by_a_device_whose_clock_is_set_back(run: Run) -> None:
    """And one that slept, during which the page's own clock may stand still."""
    back = await play(run, [*OPEN, ("set", -HOUR), ("wait", 40_000)])
    slept = await play(run, [*OPEN, ("set", HOUR)])
    assert (back["silence"], slept["silence"]) == (40_000, HOUR)
