"""The mirror by itself: what the panel shows while its writes are under way, and in the end."""

import pytest

from scripts.lib.server import Server
from tests.browser.conftest import OpenWindow
from tests.browser.panel_models import Run, in_window


@pytest.fixture
async def run(hall: Server, open_window: OpenWindow) -> Run:
    """See `panel_models`."""
    return await in_window(hall, open_window)


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


# Two panels, and a server that wins by stamp; what each panel holds differently from it in the end.
PANELS = """async ({ load, tick }) => {
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
    }"""


async def test_panels_agree_with_the_server_in_the_end(run: Run) -> None:
    """Two panels write at random against a server that wins by stamp; whatever the delays, all three agree afterwards."""
    assert await run(PANELS) == []
