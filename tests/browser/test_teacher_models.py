"""The panel's clock, undo, pen and small rules by themselves."""

from typing import Any

import pytest

from scripts.lib.server import Server
from tests.browser.conftest import OpenWindow
from tests.browser.panel_models import Run, in_window


@pytest.fixture
async def run(hall: Server, open_window: OpenWindow) -> Run:
    """See `panel_models`."""
    return await in_window(hall, open_window)


async def test_stamps_strictly_increase(run: Run) -> None:
    """Within one millisecond by the counter, and even while the device's clock is set back."""
    stamps = await run("""async ({ load }) => {
      const { Clock } = await load("models/clock.js");
      let now = 5000;
      const clock = new Clock({ writer: "w", now: () => now });
      return [5000, 5000, 4000, 5001].map((ms) => ((now = ms), clock.next()));
    }""")
    assert stamps == ["5000.0.w", "5000.1.w", "5000.2.w", "5001.0.w"]


async def test_the_clock_is_the_servers(run: Run) -> None:
    """Measured in the middle of a request; a beat that was late changes nothing, one that was early or far off does."""
    seen = await run("""async ({ load }) => {
      const { Clock } = await load("models/clock.js");
      const clock = new Clock({ writer: "w", now: () => 100_000 });
      const seen = [];
      clock.guess(130_000), seen.push(clock.now);
      clock.measured(100_000, 100_200, "160100.0.~server"), seen.push(clock.now);
      for (const offset of [59_000, 60_300, 20_000]) clock.sync(offset), seen.push(clock.now);
      clock.guess(1), seen.push(clock.now);
      return seen;
    }""")
    assert seen == [130_000, 160_000, 160_000, 160_300, 120_000, 120_000]


async def test_the_reading_that_took_least_time_counts(run: Run) -> None:
    """The server's clock is read a few times; not while somebody points, and a failure leaves what is known."""
    seen, sent = await run("""async ({ load }) => {
      const { Clock } = await load("models/clock.js");
      const { Tuner } = await load("models/tuner.js");
      let now = 100_000;
      const clock = new Clock({ writer: "w", now: () => now });
      const sent = [], seen = [];
      const took = [400, 20, 300, null];
      const send = async (writes) => {
        sent.push(writes);
        const ms = took.shift();
        if (ms === null) throw new TypeError("no line");
        now += ms;  // all of it on the way back
        return { stamps: [`${now - ms + 60_000}.0.~server`] };
      };
      let pointer = null;
      const tuner = new Tuner({ clock, send, lesson: { get: () => pointer }, now: () => now });
      for (let n = 0; n < 3; n += 1) await tuner.run([0]), seen.push(clock.now - now);
      await tuner.run([0, 0]), seen.push(clock.now - now);
      pointer = { x: 1 };
      await tuner.run([0, 0]);
      took.push(200, 10, 100), pointer = null;
      await tuner.run([0, 0, 0]), seen.push(clock.now - now);
      return [seen, sent];
    }""")
    assert seen == [59_800, 59_990, 59_850, 59_850, 59_995]
    assert sent == [[{"key": "pointer", "value": None}]] * 7


async def test_history_undoes_and_redoes(run: Run) -> None:
    """Page by page; a new action forgets what could be redone; redoing a clear takes what is there by then."""
    log = await run("""async ({ load }) => {
      const { History } = await load("models/history.js");
      const history = new History();
      const a = ["ink/p/a", 1], b = ["ink/p/b", 2], c = ["ink/p/c", 3];
      history.record("p", { added: [a] });
      history.record("q", { added: [["ink/q/x", 9]] });
      history.record("p", { removed: [a, b], cleared: true });
      history.record("p", {});
      const log = [history.undo("p"), history.redo("p", [a, b, c]), history.undo("p"), history.undo("p"), history.undo("p")];
      history.record("p", { added: [b] });
      return [...log, history.canRedo("p"), history.canUndo("q"), history.redo("p")];
    }""")
    a, b, c = ["ink/p/a", 1], ["ink/p/b", 2], ["ink/p/c", 3]
    assert log == [[a, b], [["ink/p/", None]], [a, b, c], [["ink/p/a", None]], [], False, True, []]


async def test_pieces_hold_the_stroke(run: Run) -> None:
    """Each point is in one piece; the whole is simplified, keeps both ends, and comes with the clear of the pieces."""
    keys, pieces, whole, clear = await run("""async ({ load }) => {
      const { Pen, strokeId } = await load("models/pen.js");
      const { decode } = await load("models/ink.js");
      const pen = new Pen({ page: "a-1", tool: "pen", color: "#000000", width: 30, id: strokeId(1790000000000) });
      const pieces = [];
      for (let n = 0; n < 30; n += 1) {
        pen.add([100 + n * 10, 500]), pen.add([100 + n * 10, 500]);
        if (n % 4 === 3) pieces.push(pen.piece());
      }
      pieces.push(pen.piece(), pen.piece());
      const [whole, clear] = pen.finish();
      const points = ([, value]) => decode(value.points);
      const real = pieces.filter(Boolean);
      return [real.map(([key]) => key), real.flatMap(points), [whole[0], points(whole)], clear];
    }""")
    stroke = whole[0]
    assert keys == [f"{stroke}/{n}" for n in range(8)]
    assert pieces == [[100 + n * 10, 500] for n in range(30)]
    assert whole[1] == [[100, 500], [390, 500]]
    assert clear == [f"{stroke}/", None]
    assert len(stroke.split("/")[2]) == 14


@pytest.mark.parametrize(
    ("event", "hand", "tool"),
    [
        ({"pointerType": "pen", "buttons": 1}, None, "pen"),
        ({"pointerType": "pen", "buttons": 1}, "laser", "laser"),
        ({"pointerType": "pen", "buttons": 32}, "highlighter", "eraser"),
        ({"pointerType": "mouse", "button": 0}, None, None),
        ({"pointerType": "mouse", "button": 0}, "pen", "pen"),
        ({"pointerType": "mouse", "button": 2}, "pen", None),
        ({"pointerType": "touch", "isPrimary": True, "timeStamp": 9_000}, "pen", "pen"),
        ({"pointerType": "touch", "isPrimary": False, "timeStamp": 9_000}, "pen", None),
        ({"pointerType": "touch", "isPrimary": True, "timeStamp": 5_500}, "pen", None),
    ],
)
async def test_what_a_pointer_works_with(
    run: Run, event: dict[str, Any], hand: str | None, tool: str | None
) -> None:
    """A stylus always, turned over as an eraser; a finger not while the stylus was near (here at 5 s)."""
    source = """async ({ load }, event, tool) =>
      (await load("helpers/pointers.js")).toolFor(event, { tool, ink: "pen" }, 5000)"""
    assert await run(source, event, hand) == tool


async def test_the_order_of_pages(run: Run) -> None:
    """Inserting, moving, skipping and putting back."""
    found = await run("""async ({ load }) => {
      const order = await load("helpers/order.js");
      const pages = ["d-1", "d-2", "d-3"];
      return {
        next: ["d-1", "d-3", "gone"].map((page) => order.neighbour(pages, page, 1)),
        first: order.insertAfter(pages, null, "blank-1"),
        middle: order.insertAfter(pages, "d-2", "blank-1"),
        right: order.move(pages, "d-1", 2),
        last: order.move(pages, "d-1", 3),
        same: order.move(pages, "d-2", 2),
        blank: order.nextBlank(["blank-2", "d-9", "blank-10"]),
        skipped: order.skipped(["d-2", "blank-1"], [["d", 3]]),
        back: [order.restore(["d-1", "d-3"], "d-2"), order.restore(["x-1", "d-3"], "d-1"), order.restore(["x-1"], "d-2")],
      };
    }""")
    assert found == {
        "next": ["d-2", None, "d-1"],
        "first": ["blank-1", "d-1", "d-2", "d-3"],
        "middle": ["d-1", "d-2", "blank-1", "d-3"],
        "right": ["d-2", "d-1", "d-3"],
        "last": ["d-2", "d-3", "d-1"],
        "same": ["d-1", "d-2", "d-3"],
        "blank": "blank-11",
        "skipped": ["d-1", "d-3"],
        "back": [["d-1", "d-2", "d-3"], ["x-1", "d-1", "d-3"], ["x-1", "d-2"]],
    }


async def test_the_eraser_meets_what_it_passes(run: Run) -> None:
    """Also between two places at which it was seen, and a dot; not what is further away than its reach."""
    found = await run("""async ({ load }) => {
      const { met } = await load("helpers/hit.js");
      const line = { id: "line", width: 10, points: [[0, 100], [1000, 100]] };
      const dot = { id: "dot", width: 10, points: [[500, 500]] };
      const sweep = (a, b) => met([line, dot], a, b, 20).map(({ id }) => id).join();
      return [sweep([500, 0], [500, 50]), sweep([500, 0], [500, 300]), sweep([500, 0], [500, 480]), sweep([520, 500], [520, 500]), sweep([530, 500], [530, 500])];
    }""")
    assert found == ["", "line", "line,dot", "dot", ""]
