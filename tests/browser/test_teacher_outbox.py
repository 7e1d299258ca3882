"""The outbox by itself: what waits, what is sent, what is repeated, dropped, or kept over a reload."""

import pytest

from scripts.lib.server import Server
from tests.browser.conftest import OpenWindow
from tests.browser.panel_models import Run, in_window

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
  const fail = (status, errors = [], type = "") => () => { throw Object.assign(new Error("no"), { status, errors, type }); };
  const outbox = new Outbox({ send, clock });
  for (const name of ["sent", "refused", "denied", "ended"]) {
    outbox.addEventListener(name, ({ detail }) => told.push([name, (detail.writes ?? []).map(({ key }) => key)]));
  }
"""


@pytest.fixture
async def run(hall: Server, open_window: OpenWindow) -> Run:
    """See `panel_models`."""
    return await in_window(hall, open_window)


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
    assert requests == [["slide"], ["slide", "ink/p/", "ink/q/a", "ink/p/c"]]


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
    assert keys == ["a", "b", "c", "c", "d", "d", "d"]
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
    assert rest == [[["slide", "1000.2.w"], ["notes/a", "1000.1.w"]]] * 3
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


async def test_a_missing_key_pauses_and_the_end_ends(run: Run) -> None:
    """Signed out: what waits goes on waiting until the key is there. Ended: nothing waits any more."""
    told, waiting, states = await run(f"""async ({{ load, tick }}) => {{
      {OUTBOX}
      const waiting = [], states = [];
      const look = async () => (await tick(), waiting.push(outbox.waiting), states.push(outbox.state));
      answers.push(fail(401, [], "key-needed"));
      outbox.put([["slide", 1]]);
      await look();
      outbox.put([["timer", 1]]), outbox.retry();
      await look();
      answers.push(undefined, fail(409, [], "lesson-ended"));
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
      const beaten = (writes) => ({{ applied: writes.map(() => false), stamps: writes.map(({{ stamp }}) => stamp ?? "4000.0.~s") }});
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
    assert repeated == [[("timer", "4000.1.w")]] * 2  # after the stamp that the server used
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
