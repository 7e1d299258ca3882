"""The panel's models without its page: modules of static/ run in Chromium, with doubles of the network and the clock alone."""

from collections.abc import Awaitable
from typing import Any, Protocol

import pytest

from scripts.lib.server import Server
from tests.browser.conftest import OpenWindow

# `load(name)` imports a module of static/js by its path there; `tick()` lets what is waiting for an answer go on.
PRELUDE = """async ([source, args]) => {
  const base = document.querySelector("script[type=module]").src.replace(/\\/js\\/.*$/, "/js/");
  const load = (name) => import(base + name);
  const tick = () => new Promise((done) => setTimeout(done));
  return await (%s)({ load, tick }, ...args);
}"""


class Run(Protocol):
    """Runs a function of JavaScript; see the fixture `run`."""

    def __call__(self, source: str, *args: Any) -> Awaitable[Any]: ...


@pytest.fixture
async def run(hall: Server, open_window: OpenWindow) -> Run:
    """`await run("async ({ load, tick }, ...args) => ...", ...args)` in a window of the home page."""
    window = await open_window(hall.url)

    async def in_window(source: str, *args: Any) -> Any:
        return await window.page.evaluate(PRELUDE % source, [source, list(args)])

    return in_window


OUTBOX = """
  const { Clock } = await load("models/clock.js");
  const { Outbox } = await load("models/outbox.js");
  let ms = 1000;
  const clock = new Clock({ writer: "w", now: () => ms });
  const requests = [];
  const answers = [];  // one a request: a function of its writes; none: all is applied
  const told = [];
  const send = async (writes) => {
    requests.push(writes);
    const answer = answers.shift();
    if (answer) return answer(writes);
    return { applied: writes.map(() => true), stamps: writes.map(({ stamp }) => stamp ?? "9000.0.~server") };
  };
  const fail = (status, errors = []) => () => { throw Object.assign(new Error("no"), { status, errors }); };
  const outbox = new Outbox({ send, clock });
  for (const name of ["sent", "refused", "denied", "ended"]) {
    outbox.addEventListener(name, ({ detail }) => told.push([name, (detail.writes ?? []).map(({ key }) => key)]));
  }
"""


# The clock


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


async def test_a_stamp_that_was_pulled_back_corrects_the_clock(run: Run) -> None:
    """A device an hour ahead learns it from the answer, and what still waits is corrected with the clock."""
    stamps, later = await run(f"""async ({{ load, tick }}) => {{
      {OUTBOX}
      ms = 3_600_000;
      answers.push((writes) => {{
        outbox.put([["screen", {{ mode: "black" }}]]);
        return {{ applied: [true], stamps: ["20.0.w"] }};
      }});
      outbox.put([["slide", {{ page: "a-1" }}]]);
      await tick(), await tick();
      return [requests.map(([{{ stamp }}]) => stamp), clock.next()];
    }}""")
    assert stamps == ["3600000.0.w", "20.1.w"]
    assert later == "20.2.w"


# The outbox


async def test_the_newest_of_each_key_waits(run: Run) -> None:
    """While a request is under way, and nothing below a newer clear; what came after the clear stays."""
    requests = await run(f"""async ({{ load, tick }}) => {{
      {OUTBOX}
      const put = (...keys) => outbox.put(keys.map((key) => [key, key.endsWith("/") ? null : {{}}]));
      put("slide");
      await Promise.resolve();
      put("ink/p/a/0"), put("ink/p/b"), put("slide"), put("ink/q/a"), put("ink/p/"), put("ink/p/c"), put("slide");
      await tick();
      return requests.map((writes) => writes.map(({{ key }}) => key));
    }}""")
    assert requests == [["slide"], ["ink/q/a", "ink/p/", "ink/p/c", "slide"]]


async def test_requests_are_bounded_and_groups_stay_together(run: Run) -> None:
    """At most 256 writes and 256 KiB; what was written together goes together, unless it fits in no request."""
    sizes, keys = await run(f"""async ({{ load, tick }}) => {{
      {OUTBOX}
      const group = (name, count, size = 1) => Array.from({{ length: count }}, (_, n) => [`notes/${{name}}${{n}}`, "x".repeat(size)]);
      outbox.put(group("a", 200)), outbox.put(group("b", 100)), outbox.put(group("c", 300)), outbox.put(group("d", 3, 100_000));
      while (outbox.waiting) await tick();
      return [
        requests.map((writes) => [writes.length, JSON.stringify({{ writes }}).length]),
        requests.map((writes) => [...new Set(writes.map(({{ key }}) => key[6]))].join("")),
      ];
    }}""")
    assert keys == ["a", "b", "c", "c", "d", "d"]
    assert all(count <= 256 and size <= 256 * 1024 for count, size in sizes)


async def test_failures_of_the_network_are_repeated(run: Run) -> None:
    """After a pause, with the same stamps; what was written meanwhile replaces what failed."""
    requests, waiting = await run(f"""async ({{ load, tick }}) => {{
      {OUTBOX}
      answers.push(fail(undefined), fail(503), fail(429));
      const waiting = [];
      outbox.put([["slide", {{ page: "a-1" }}], ["notes/a", {{ text: "n" }}]]);
      await tick();
      waiting.push(outbox.waiting);
      outbox.put([["slide", {{ page: "a-2" }}]]);
      while (outbox.waiting) outbox.retry(), await tick();
      return [requests.map((writes) => writes.map(({{ key, stamp }}) => [key, stamp])), [...waiting, outbox.waiting]];
    }}""")
    first, *rest = requests
    assert first == [["slide", "1000.0.w"], ["notes/a", "1000.1.w"]]
    assert rest == [[["notes/a", "1000.1.w"], ["slide", "1000.2.w"]]] * 3
    assert waiting == [2, 0]


async def test_the_pause_grows_and_is_random(run: Run) -> None:
    """So that panels do not come back all at once; and it never exceeds its ceiling."""
    pauses = await run(f"""async ({{ load, tick }}) => {{
      {OUTBOX}
      const pauses = [];
      const timeout = globalThis.setTimeout;
      globalThis.setTimeout = (run, ms) => (ms ? pauses.push(ms) && 0 : timeout(run));
      for (let n = 0; n < 8; n += 1) answers.push(fail(undefined));
      outbox.put([["slide", {{ page: "a-1" }}]]);
      while (requests.length < 8) await tick(), outbox.retry();
      globalThis.setTimeout = timeout;
      return pauses;
    }}""")
    ceilings = [min(12_000, 500 * 2**n) for n in range(len(pauses))]
    assert len(pauses) >= 7
    assert all(ceiling / 2 <= pause <= ceiling for pause, ceiling in zip(pauses, ceilings, strict=True))


async def test_only_what_is_refused_is_dropped(run: Run) -> None:
    """The problem names the places; the rest is sent."""
    requests, told = await run(f"""async ({{ load, tick }}) => {{
      {OUTBOX}
      answers.push(fail(422, [{{ path: "writes[1].value.text", message: "too long" }}]));
      outbox.put([["slide", 1]]), outbox.put([["notes/a", 2]]), outbox.put([["timer", 3]]);
      await tick(), await tick();
      return [requests.map((writes) => writes.map(({{ key }}) => key)), told];
    }}""")
    assert requests == [["slide", "notes/a", "timer"], ["slide", "timer"]]
    assert told == [["refused", ["notes/a"]], ["sent", ["slide", "timer"]]]


async def test_a_refusal_without_places_is_tracked_down(run: Run) -> None:
    """Group by group, so that one bad write does not take the others with it."""
    told, waiting = await run(f"""async ({{ load, tick }}) => {{
      {OUTBOX}
      const judge = (writes) => {{
        if (writes.some(({{ key }}) => key === "notes/bad")) fail(413)();
        return {{ applied: writes.map(() => true), stamps: writes.map(({{ stamp }}) => stamp) }};
      }};
      answers.push(judge, judge, judge, judge);
      outbox.put([["slide", 1]]), outbox.put([["notes/bad", 2]]), outbox.put([["timer", 3]]);
      for (let n = 0; n < 5; n += 1) await tick();
      return [told, outbox.waiting];
    }}""")
    assert told == [["sent", ["slide"]], ["refused", ["notes/bad"]], ["sent", ["timer"]]]
    assert waiting == 0


async def test_401_pauses_and_409_ends(run: Run) -> None:
    """Signed out: what waits goes on waiting until the key is there. Ended: nothing waits any more."""
    told, waiting, states = await run(f"""async ({{ load, tick }}) => {{
      {OUTBOX}
      const waiting = [], states = [];
      const look = async () => (await tick(), waiting.push(outbox.waiting), states.push(outbox.state));
      answers.push(fail(401));
      outbox.put([["slide", 1]]);
      await look();
      outbox.put([["timer", 1]]), outbox.retry();
      await look();
      answers.push(undefined, fail(409));
      outbox.resume();
      await look();
      outbox.put([["slide", 2]]);
      await look();
      outbox.put([["slide", 3]]);
      await look();
      return [told, waiting, states];
    }}""")
    assert told == [["denied", []], ["sent", ["slide", "timer"]], ["ended", []]]
    assert waiting == [1, 2, 0, 0, 0]
    assert states == ["paused", "paused", "open", "ended", "ended"]


async def test_a_fresh_press_insists_once(run: Run) -> None:
    """Beaten by the stamp of another panel, it is sent without one; new ink is not, and neither is what is old or was repeated."""
    requests, told = await run(f"""async ({{ load, tick }}) => {{
      {OUTBOX}
      const beaten = (writes) => ({{ applied: writes.map(() => false), stamps: writes.map(({{ stamp }}) => stamp ?? "9000.0.~s") }});
      answers.push(beaten, beaten, fail(undefined), beaten);
      outbox.put([["slide", 1], ["ink/p/s", 2], ["ink/p/t", null]]);
      await tick(), await tick();
      outbox.put([["timer", 3]]);
      await tick(), outbox.retry(), await tick();
      return [requests, told];
    }}""")
    first, insisting, *repeated = [
        [(write["key"], write.get("stamp")) for write in request] for request in requests
    ]
    assert first == [("slide", "1000.0.w"), ("ink/p/s", "1000.1.w"), ("ink/p/t", "1000.2.w")]
    assert insisting == [("slide", None), ("ink/p/t", None)]
    assert repeated == [[("timer", "9000.1.w")]] * 2  # after the stamp that the server used
    assert told == [["sent", ["ink/p/s"]], ["sent", ["slide", "ink/p/t"]], ["sent", ["timer"]]]


async def test_what_waits_outlives_the_page(run: Run) -> None:
    """Kept under the lesson's code, taken over in the order of stamps; not the laser, nor pieces, nor another lesson's."""
    found = await run("""async ({ load }) => {
      const { Shelf } = await load("models/shelf.js");
      const now = Date.now();
      const entry = (key, ms) => ({ key, value: 1, stamp: `${ms}.0.w`, group: 0 });
      const keep = (code, writer, entries) => new Shelf({ code, writer }).keep(entries, true);
      keep("aaaaaa", "one", [entry("slide", now), entry("pointer", now), entry("ink/p/s/3", now), entry("ink/p/s", now)]);
      keep("aaaaaa", "two", [entry("timer", now - 5), entry("notes/old", now - 48 * 3600 * 1000)]);
      keep("bbbbbb", "one", [entry("screen", now)]);
      const keys = (shelf) => shelf.load().map(({ key }) => key).sort();
      const shelf = new Shelf({ code: "aaaaaa", writer: "three" });
      const first = keys(shelf);
      localStorage.setItem("lectern/outbox/cccccc/broken", "{not json");
      return [first, keys(new Shelf({ code: "aaaaaa", writer: "four" })), keys(new Shelf({ code: "cccccc", writer: "x" }))];
    }""")
    assert found == [["ink/p/s", "slide", "timer"], ["ink/p/s", "slide", "timer"], []]


async def test_the_shelf_is_bounded(run: Run) -> None:
    """The newest are kept when there is too much; no storage at all is no reason to stop."""
    kept, newest = await run("""async ({ load }) => {
      const { Shelf } = await load("models/shelf.js");
      const stored = new Map();
      const storage = {
        get length() { return stored.size; },
        key: (n) => [...stored.keys()][n],
        getItem: (key) => stored.get(key),
        setItem: (key, value) => stored.set(key, value),
        removeItem: (key) => stored.delete(key),
      };
      const entries = Array.from({ length: 40 }, (_, n) => ({ key: `notes/${n}`, value: "x".repeat(100_000), stamp: `${n}.0.w`, group: n }));
      new Shelf({ code: "aaaaaa", writer: "w", storage }).keep(entries, true);
      const broken = { get length() { throw new Error("forbidden"); }, setItem() { throw new Error("full"); } };
      const shelf = new Shelf({ code: "aaaaaa", writer: "w", storage: broken });
      shelf.load();
      shelf.keep(entries, true);
      const [text] = [...stored.values()];
      return [text.length, JSON.parse(text).at(-1).key];
    }""")
    assert 100_000 < kept <= 1024 * 1024
    assert newest == "notes/39"


# The mirror


async def test_the_stream_does_not_undo_what_waits(run: Run) -> None:
    """Echoes of older writes are not shown; once all is answered and heard, the server's word is."""
    pages = await run("""async ({ load }) => {
      const { Lesson } = await load("models/lesson.js");
      const { Mirror } = await load("models/mirror.js");
      const lesson = new Lesson();
      const mirror = new Mirror(lesson);
      const pages = [];
      const look = () => pages.push(lesson.page);
      const slide = (page) => ["slide", { page }];
      const write = (page, stamp) => mirror.write([{ key: "slide", value: { page }, stamp }]);
      mirror.hear({ reset: true, writes: [slide("a-1")] }), look();
      write("a-2", "1"), write("a-3", "2"), look();
      mirror.hear({ writes: [slide("a-2")] }), look();
      mirror.settle([{ key: "slide", stamp: "1", applied: true }]), look();
      mirror.settle([{ key: "slide", stamp: "2", applied: true }]), look();
      mirror.hear({ reset: true, writes: [slide("a-2")] }), look();
      mirror.hear({ writes: [slide("a-3")] }), look();
      mirror.hear({ writes: [slide("a-9")] }), look();
      write("a-4", "3"), mirror.undo([{ key: "slide", stamp: "3" }]), look();
      return pages;
    }""")
    assert pages == ["a-1", "a-3", "a-3", "a-3", "a-3", "a-2", "a-3", "a-9", "a-9"]


async def test_a_waiting_clear_hides_late_echoes(run: Run) -> None:
    """Strokes that come in below it stay hidden; what survives it at the server shows when the server has said so."""
    seen = await run("""async ({ load }) => {
      const { Lesson } = await load("models/lesson.js");
      const { Mirror } = await load("models/mirror.js");
      const lesson = new Lesson();
      const mirror = new Mirror(lesson);
      const seen = [];
      const look = () => seen.push(lesson.below("ink/p/").map(([key]) => key.slice(6)).join(""));
      mirror.hear({ reset: true, writes: [["ink/p/a", 1]] }), look();
      mirror.write([{ key: "ink/p/", value: null, stamp: "1" }]), look();
      mirror.hear({ writes: [["ink/p/b", 1]] }), look();
      mirror.write([{ key: "ink/p/c", value: 1, stamp: "2" }]), look();
      mirror.hear({ writes: [["ink/p/", null], ["ink/p/d", 1]] }), look();
      mirror.settle([{ key: "ink/p/", stamp: "1", applied: true }, { key: "ink/p/c", stamp: "2", applied: true }]);
      mirror.hear({ writes: [["ink/p/c", 1]] });
      await new Promise((done) => setTimeout(done, 1600)), look();
      return seen;
    }""")
    assert seen == ["a", "", "", "c", "c", "cd"]


async def test_a_beaten_write_gives_way(run: Run) -> None:
    """Also where the winner had been heard before, so that nothing more will come; and a stroke that a clear took does not wait."""
    seen = await run("""async ({ load }) => {
      const { Lesson } = await load("models/lesson.js");
      const { Mirror } = await load("models/mirror.js");
      const lesson = new Lesson();
      const mirror = new Mirror(lesson);
      const write = (key, value, stamp) => mirror.write([{ key, value, stamp }]);
      mirror.hear({ reset: true, writes: [["slide", { page: "a-5" }]] });
      write("slide", { page: "a-2" }, "1"), mirror.settle([{ key: "slide", stamp: "1", applied: false }]);
      write("ink/p/a", 1, "2"), write("ink/p/", null, "3"), mirror.settle([{ key: "ink/p/", stamp: "3", applied: true }]);
      mirror.hear({ writes: [["ink/p/a", 4]] });
      await new Promise((done) => setTimeout(done, 1600));
      return [lesson.page, lesson.get("ink/p/a")];
    }""")
    assert seen == ["a-5", 4]


async def test_panels_agree_with_the_server_in_the_end(run: Run) -> None:
    """Two panels write at random against a server that wins by stamp; whatever the delays, all three agree afterwards."""
    differences = await run("""async ({ load, tick }) => {
      const { Lesson } = await load("models/lesson.js");
      const { Mirror } = await load("models/mirror.js");
      const { Clock } = await load("models/clock.js");
      const { compare } = await load("helpers/stamp.js");
      const { Outbox } = await load("models/outbox.js");
      let seed = 7;
      const chance = (n) => (seed = (seed * 48271) % 2147483647) % n;
      const registers = new Map();  // key -> {value, stamp}
      const beats = (key, stamp) => [...registers].every(([other, { stamp: theirs }]) =>
        (other !== key && !(other.endsWith("/") && key.startsWith(other))) || compare(stamp, theirs) > 0);
      const panels = [];
      const publish = (writes) => panels.forEach(({ stream }) => stream.push(writes));
      const accept = (writes) => {
        const applied = writes.map(({ key, value, stamp }) => {
          const given = stamp ?? `${2e9 + seed}.0.~server`;
          if (!beats(key, given)) return false;
          const below = [...registers].filter(([other]) => key.endsWith("/") && other.startsWith(key) && other !== key);
          for (const [other, { stamp: theirs }] of below) if (compare(theirs, given) < 0) registers.delete(other);
          registers.set(key, { value, stamp: given });
          const survivors = below.filter(([other]) => registers.has(other)).map(([other]) => [other, registers.get(other).value]);
          publish([[key, value], ...survivors]);
          return true;
        });
        return { applied, stamps: writes.map(({ stamp }) => stamp ?? `${2e9 + seed}.0.~server`) };
      };
      const open = (writer) => {
        const lesson = new Lesson();
        const mirror = new Mirror(lesson);
        let ms = 1000;
        const clock = new Clock({ writer, now: () => (ms += chance(3)) });
        const held = [];
        const send = (writes) => new Promise((done) => held.push(() => done(accept(writes))));
        const outbox = new Outbox({ send, clock });
        outbox.addEventListener("sent", ({ detail }) => mirror.settle(detail.writes));
        panels.push({ lesson, mirror, outbox, held, stream: [] });
      };
      open("one"), open("two");
      const keys = ["slide", "ink/p/a", "ink/p/b", "ink/p/b/0", "ink/p/b/", "ink/p/", "notes/p"];
      for (let step = 0; step < 600; step += 1) {
        const { mirror, outbox, held, stream } = panels[chance(2)];
        const act = chance(3);
        if (act === 0) {
          const key = keys[chance(keys.length)];
          mirror.write(outbox.put([[key, key.endsWith("/") || chance(5) === 0 ? null : { step }]]));
        } else if (act === 1) held.shift()?.();
        else if (stream.length) mirror.hear({ writes: stream.shift() });
        await tick();
      }
      for (let round = 0; round < 400; round += 1) {
        for (const { mirror, held, stream } of panels) held.shift()?.(), stream.length && mirror.hear({ writes: stream.shift() });
        await tick();
      }
      await new Promise((done) => setTimeout(done, 1700));
      const truth = [...registers].filter(([, { value }]) => value !== null).map(([key, { value }]) => [key, value]).sort();
      return panels.filter(({ lesson }) => JSON.stringify(lesson.below("").sort()) !== JSON.stringify(truth))
        .map(({ lesson }) => [lesson.below(""), truth]);
    }""")
    assert differences == []


# Undo, pen, and the small rules


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
