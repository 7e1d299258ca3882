"""The panel's stamps by themselves, where the server's clock fell back: followed in reach, left out beyond it, and a loss is told."""

import pytest

from scripts.lib.server import Server
from tests.browser.conftest import OpenWindow
from tests.browser.panel_models import Run, in_window
from tests.browser.test_teacher_outbox import OUTBOX


@pytest.fixture
async def run(hall: Server, open_window: OpenWindow) -> Run:
    """See `panel_models`."""
    return await in_window(hall, open_window)


async def test_a_stamp_in_reach_is_followed(run: Run) -> None:
    """One that the server has used and that is seconds ahead; one that is further outruns the clock until that has caught up."""
    seen = await run("""async ({ load }) => {
      const { Clock } = await load("models/clock.js");
      let now = 100_000;
      const clock = new Clock({ writer: "w", now: () => now });
      const seen = [];
      const look = () => seen.push([clock.next(), clock.outrun]);
      look();
      clock.answer("100000.0.w", "103000.7.x"), look();
      clock.answer(undefined, "900000.0.~server"), look();
      now = 897_000, look();
      now = 900_001, look();
      return seen;
    }""")
    assert seen == [
        ["100000.0.w", False],
        ["103000.8.w", False],
        ["103000.9.w", True],
        ["900000.1.w", False],
        ["900001.0.w", False],
    ]


async def test_the_lessons_stamp_is_not_taken_for_the_servers_clock(run: Run) -> None:
    """An answer's Date shows the difference."""
    found = await run("""async ({ load }) => {
      const { Clock } = await load("models/clock.js");
      const clock = new Clock({ writer: "w", now: () => 100_000 });
      clock.measured(100_000, 100_100, "3700000.0.~server", 100_500);
      const first = [clock.now, clock.outrun];
      clock.measured(100_000, 100_100, "100050.0.~server", 100_500);
      return [first, [clock.now, clock.outrun]];
    }""")
    assert found == [[100_000, True], [100_000, True]]


async def test_what_no_stamp_can_win_goes_without(run: Run) -> None:
    """All that is recent, in the order of the presses; what has waited long keeps its stamp."""
    requests = await run(f"""async ({{ load, tick }}) => {{
      {OUTBOX}
      clock.answer(undefined, "900000.0.~server");
      const late = performance.now;
      answers.push(fail(undefined));
      outbox.put([["timer", 1]]);
      await tick();
      performance.now = () => late.call(performance) + 60_000;
      outbox.put([["ink/p/s", 2], ["ink/p/s/", null]]), outbox.put([["ink/q/", null]]), outbox.put([["slide", 3]]);
      outbox.retry(), await tick();
      performance.now = late;
      return requests.map((writes) => writes.map(({{ key, stamp }}) => [key, stamp ?? null]));
    }}""")
    assert requests[0] == [["timer", None]]
    assert requests[1] == [
        ["slide", None],
        ["ink/q/", None],
        ["timer", "1000.0.w"],
        ["ink/p/s", None],
        ["ink/p/s/", None],
    ]


async def test_a_press_that_is_beaten_is_told(run: Run) -> None:
    """After the server's word has had its time; not where the server holds the same, and not for pieces and the laser."""
    lost = await run("""async ({ load }) => {
      const { Lesson } = await load("models/lesson.js");
      const { Mirror } = await load("models/mirror.js");
      const lost = [];
      const mirror = new Mirror(new Lesson(), (key) => lost.push(key));
      mirror.hear({ reset: true, writes: [["slide", 1], ["timer", 5]] });
      const keys = ["slide", "timer", "ink/p/s", "ink/p/s/0", "ink/p/s/", "pointer"];
      const writes = keys.map((key, n) => ({ key, value: key.endsWith("/") ? null : 5, stamp: String(n) }));
      mirror.write(writes);
      mirror.settle(writes.map(({ key, stamp }) => ({ key, stamp, applied: false })));
      await new Promise((done) => setTimeout(done, 1700));
      return lost;
    }""")
    assert lost == ["slide", "ink/p/s"]
