"""The outbox's order and pace by itself: what goes first, how much at once, and what a refusal takes."""

from itertools import chain
from typing import Any

import pytest

from app.core.lesson import START, Lesson, Position, Write
from app.core.stamp import parse_stamp
from scripts.lib.server import Server
from tests.browser.conftest import OpenWindow
from tests.browser.panel_models import Run, in_window
from tests.browser.test_teacher_outbox import OUTBOX

# A line of so many bytes a second in virtual time: a request of n bytes takes n / rate, and is given up when its time is over.
# The server drops what takes longer than 15 s and its length at 64 KiB a second.
SLOW_LINE = """
  let now = 0;
  performance.now = () => now;
  AbortSignal.timeout = (limit) => ({ limit });
  const timeout = globalThis.setTimeout;
  globalThis.setTimeout = (run, ms = 0) => timeout(() => { now += ms; run(); });
  const took = [];
  const over = (rate) => (writes, { limit }) => {
    const bytes = JSON.stringify({ writes }).length;
    const needed = 1000 * bytes / rate;
    const most = Math.min(limit, 15_000 + 1000 * bytes / 65_536);
    took.push([bytes, needed > most ? null : Math.round(needed)]);
    now += Math.min(needed, most);
    if (needed > most) throw new DOMException("too late", "TimeoutError");
    return { applied: writes.map(() => true), stamps: writes.map(({ stamp }) => stamp) };
  };
"""


@pytest.fixture
async def run(hall: Server, open_window: OpenWindow) -> Run:
    """See `panel_models`."""
    return await in_window(hall, open_window)


def fold(requests: list[list[dict[str, Any]]]) -> list[tuple[str, str]]:
    """What a lesson holds after these requests, in this order."""
    lesson = Lesson()
    for n, request in enumerate(requests, start=1):
        writes = []
        for write in request:
            stamp = parse_stamp(write["stamp"])
            assert stamp is not None
            raw = "null" if write["value"] is None else str(write["value"])
            writes.append(Write(write["key"], stamp, raw))
        lesson.apply(Position(START.ms + n, 0), writes)
    return sorted((register.key, register.raw) for register in lesson)


@pytest.mark.parametrize("seed", range(8))
async def test_the_order_of_arrival_decides_nothing(run: Run, seed: int) -> None:
    """Whatever goes first, and whatever fails between, a lesson ends as if all had come in the order in which it was written."""
    written, requests = await run(
        f"""async ({{ load, tick }}, seed) => {{
      {OUTBOX}
      let state = seed * 7919 + 1;
      const dice = (n) => (state = (state * 48271) % 2147483647) % n;
      const written = [];
      const stroke = () => `ink/p${{dice(2)}}/s${{dice(5)}}`;
      const kinds = [
        () => [["slide", dice(100)]],
        () => [["slide", dice(100)], ["screen", dice(3)]],
        () => [["pages", dice(100)], ["slide", dice(100)]],
        () => [[`${{stroke()}}/${{dice(3)}}`, dice(100)]],
        () => ((key) => [[key, dice(100)], [`${{key}}/`, null]])(stroke()),
        () => ((key) => [[key, null], [`${{key}}/`, null]])(stroke()),
        () => [[`ink/p${{dice(2)}}/`, null]],
        () => [["notes/p1", dice(2) ? dice(100) : null]],
      ];
      for (let n = 0; n < 120; n += 1) {{
        ms += dice(3);
        if (dice(6) === 0) answers.push((writes) => (requests.pop(), fail(undefined)()));
        written.push(outbox.put(kinds[dice(kinds.length)]()).map(({{ key, value, stamp }}) => ({{ key, value, stamp }})));
        if (dice(4) === 0) outbox.retry(), await tick();
      }}
      while (outbox.waiting) outbox.retry(), await tick();
      return [written, requests];
    }}""",
        seed,
    )
    assert len(list(chain(*requests))) < len(list(chain(*written)))  # some were replaced before they went
    conflated = {key: raw for key, raw in fold(requests) if raw != "null"}
    assert conflated == {key: raw for key, raw in fold(written) if raw != "null"}


@pytest.mark.parametrize("rate", [2_000, 8_000, 60_000])
async def test_a_slow_uplink_gets_everything_through(run: Run, rate: int) -> None:
    """Strokes and a cleared page brought back, 400 KB together: no request is repeated for ever, and page turns wait for seconds."""
    took, waited, left = await run(
        f"""async ({{ load, tick }}, rate) => {{
      {OUTBOX}
      {SLOW_LINE}
      const slow = over(rate);
      const line = new Outbox({{ send: async (writes, signal) => slow(writes, signal), clock }});
      const points = (n) => Array.from({{ length: n }}, (_, at) => at % 90);
      for (let n = 0; n < 60; n += 1) line.put([[`ink/p/s${{n}}`, {{ points: points(900) }}], [`ink/p/s${{n}}/`, null]]);
      line.put(Array.from({{ length: 250 }}, (_, n) => [`ink/q/t${{n}}`, {{ points: points(300) }}]));
      const waited = [];
      let turned = null;
      line.addEventListener("sent", ({{ detail }}) => {{
        if (detail.writes.some(({{ key }}) => key === "slide")) waited.push(Math.round(now - turned)), turned = null;
      }});
      for (let n = 0; line.waiting && n < 5000; n += 1) {{
        if (turned === null && n % 7 === 0) turned = now, line.put([["slide", n]]);
        await tick();
      }}
      return [took, waited, line.waiting];
    }}""",
        rate,
    )
    assert left == 0
    failed = [size for size, ms in took if ms is None]
    assert len(failed) <= 2, took
    assert max(waited) <= 30_000 if rate == 2_000 else max(waited) <= 15_000
    if rate == 60_000:
        assert max(size for size, _ in took) > 60_000  # and a good one is not held up by small requests


async def test_a_timeout_halves_and_the_turn_goes_first(run: Run) -> None:
    """The request after one that came to nothing is half as large, and a page turn made meanwhile is in it."""
    sizes, firsts = await run(f"""async ({{ load, tick }}) => {{
      {OUTBOX}
      const late = () => {{ throw new DOMException("too late", "TimeoutError"); }};
      for (let n = 0; n < 30; n += 1) outbox.put([[`ink/p/s${{n}}`, "x".repeat(2000)]]);
      answers.push(late, late, late, late, late);
      await tick();
      outbox.put([["slide", {{ page: "a-2" }}]]);
      while (outbox.waiting) outbox.retry(), await tick();
      return [requests.map((writes) => writes.filter(({{ key }}) => key !== "slide").length), requests.map(([{{ key }}]) => key)];
    }}""")
    assert sizes[:6] == [7, 3, 1, 0, 0, 0]  # at last one group, and that is the turn
    assert firsts[1:6] == ["slide"] * 5
    assert sum(sizes[5:]) == 30
    assert max(sizes[6:]) > 7  # and grows again


async def test_a_full_lesson_takes_what_takes_away(run: Run) -> None:
    """What does not fit is dropped alone, with its own group's additions; turns, clears and a poll's closing go on, turns first."""
    requests, told, full, waiting = await run(f"""async ({{ load, tick }}) => {{
      {OUTBOX}
      const judge = (writes) => {{
        if (writes.some(({{ key, value }}) => value !== null && /^ink|^notes/.test(key))) fail(409, [], "lesson-full")();
        return {{ applied: writes.map(() => true), stamps: writes.map(({{ stamp }}) => stamp) }};
      }};
      for (let n = 0; n < 9; n += 1) answers.push(judge);
      outbox.put([["ink/p/s", 1], ["ink/p/s/", null]]);
      outbox.put([["notes/p", 2]]);
      outbox.put([["poll/a", {{ status: "closed" }}]]);
      outbox.put([["ink/q/t", null], ["ink/q/u", null]]);
      outbox.put([["slide", 3], ["screen", 4]]);
      const full = [outbox.full];
      for (let n = 0; n < 9; n += 1) await tick();
      full.push(outbox.full, outbox.state);
      outbox.put([["ink/q/", null]]);
      await tick();
      return [requests.map((writes) => writes.map(({{ key }}) => key)), told, [...full, outbox.full], outbox.waiting];
    }}""")
    assert requests[1:3] == [["slide", "screen"], ["ink/q/t", "ink/q/u"]]
    assert sorted(key for name, keys in told if name == "sent" for key in keys) == sorted(
        ["slide", "screen", "ink/q/t", "ink/q/u", "ink/p/s/", "poll/a", "ink/q/"]
    )
    assert [keys for name, keys in told if name == "refused"] == [["ink/p/s"], ["notes/p"]]
    assert "ended" not in [name for name, _ in told]
    assert full == [False, True, "open", False]  # full, until something is cleared
    assert waiting == 0


async def test_as_many_polls_as_one_may_have_are_no_bound_for_ink(run: Run) -> None:
    """A poll that is refused leaves the pen alone; when one is deleted, there is room again, and it is told."""
    told = await run(f"""async ({{ load, tick }}) => {{
      {OUTBOX}
      const seen = [];
      outbox.addEventListener("room", () => seen.push("room"));
      const look = async (key, value) => (outbox.put([[key, value]]), await tick(), seen.push(outbox.full));
      answers.push(fail(409, [], "lesson-full"), undefined, undefined, fail(409, [], "lesson-full"));
      await look("poll/many", {{ status: "open" }});
      await look("ink/p/s", 1);
      await look("poll/few", null);
      await look("ink/p/t", 2);
      return seen;
    }}""")
    assert told == [False, False, "room", False, True]


@pytest.mark.parametrize(
    ("status", "kind", "verdict"),
    [
        (409, "lesson-ended", "ended"),
        (409, "lesson-full", "full"),
        (401, "key-needed", "denied"),
        (404, "lesson-unknown", "wait"),
        (403, "other-site", "wait"),
        (503, "store-away", "wait"),
        (413, "body-too-large", "refused"),
        (422, "invalid-request", "refused"),
        (409, "", "wait"),
        (404, "", "wait"),
        (403, "", "wait"),
        (401, "", "denied"),
        (413, "", "refused"),
        (502, "", "wait"),
        (None, "", "wait"),
    ],
)
async def test_what_a_problem_means(run: Run, status: int | None, kind: str, verdict: str) -> None:
    """The type decides; a status alone may be a proxy's, which knows nothing of the lesson."""
    found = await run(
        """async ({ load }, status, type) => {
      const { verdict } = await load("helpers/verdict.js");
      return verdict({ status: status ?? undefined, type });
    }""",
        status,
        kind,
    )
    assert found == verdict
