"""The order of pages from a panel that has not heard of everything: what it could not know stays."""

import pytest

from scripts.lib.deck import plain_deck
from scripts.lib.lecture import Lecture
from scripts.lib.server import Server
from tests.browser.conftest import OpenWindow
from tests.browser.panel_models import Run, in_window
from tests.browser.teacher_panel import Panel, register


@pytest.fixture
async def run(hall: Server, open_window: OpenWindow) -> Run:
    """See `panel_models`."""
    return await in_window(hall, open_window)


async def test_a_page_moved_before_a_new_deck_was_heard_of(lecture: Lecture, open_window: OpenWindow) -> None:
    """Without a line the panel moves a page and skips one; meanwhile another panel's deck comes: all of it counts."""
    panel = await Panel.enter(open_window, lecture.teacher)
    panel.window.expected.append("ERR_INTERNET_DISCONNECTED")
    one, two, _, *rest = lecture.pages
    await panel.sees_place(1, 8)
    await panel.window.context.set_offline(offline=True)
    await panel.does_with_page(1, "Move right")
    await panel.sees_place(2, 8)
    await panel.does_with_page(3, "Skip this page")
    await panel.sees_place(2, 7)
    deck = await lecture.teacher.upload(plain_deck(2))
    assert (await lecture.teacher.rendered(deck))["status"] == "ready"
    await panel.window.context.set_offline(offline=False)
    order = [two, one, *rest, f"{deck}-1", f"{deck}-2"]
    await register(lecture.teacher, "pages", {"order": order})
    await panel.sees_place(2, 9)
    await panel.does_with_page(8, "Skip this page")
    await register(lecture.teacher, "pages", {"order": [two, one, *rest, f"{deck}-2"]})


DESK = """
  const { Clock } = await load("models/clock.js");
  const { Outbox } = await load("models/outbox.js");
  const { Mirror } = await load("models/mirror.js");
  const { Lesson } = await load("models/lesson.js");
  const { Desk } = await load("models/desk.js");
  const lesson = new Lesson();
  const mirror = new Mirror(lesson);
  const requests = [];
  const answers = [];  // one a request, with its writes; none: all is applied
  const send = async (writes) => {
    requests.push(writes);
    await answers.shift()?.(writes);
    const beaten = requests.length === 1;
    if (!beaten) mirror.hear({ writes: writes.map(({ key, value }) => [key, key === "pages" ? { order: value.order } : value]) });
    return { applied: writes.map(() => !beaten), stamps: writes.map(({ stamp }) => stamp ?? "9000.0.~server") };
  };
  const clock = new Clock({ writer: "w", now: () => 1000 });
  const outbox = new Outbox({ send, clock });
  const hear = (...order) => mirror.hear({ writes: [["pages", { order }]] });
  hear("a-1", "a-2", "a-3", "blank-1");
  const desk = new Desk({ lesson, mirror, outbox });
  const sent = () => requests.map((writes) => writes.map(({ value, stamp }) => [value.order?.join(" "), value.decks, stamp ?? null]));
  const idle = async () => { do await tick(); while (outbox.waiting); };
"""


async def test_a_beaten_order_is_made_anew(run: Run) -> None:
    """Another panel has taken a page out and a deck has come: the move is repeated on that, and undoes neither."""
    sent, shown = await run(f"""async ({{ load, tick }}) => {{
      {DESK}
      answers.push(() => hear("a-1", "blank-1", "a-3", "b-1"));
      desk.move("a-3", 0);
      while (requests.length < 2) await tick();
      await idle();
      return [sent(), lesson.order];
    }}""")
    assert sent == [
        [["a-3 a-1 a-2 blank-1", ["a"], "1000.0.w"]],
        [["a-3 a-1 blank-1 b-1", ["a", "b"], None]],
    ]
    assert shown == ["a-3", "a-1", "blank-1", "b-1"]


async def test_where_the_winner_comes_a_moment_later(run: Run) -> None:
    """The answer may be faster than the stream: the panel waits for what has beaten it."""
    sent = await run(f"""async ({{ load, tick }}) => {{
      {DESK}
      desk.move("a-1", 2);
      while (!requests.length) await tick();
      await tick(), await tick();
      const early = requests.length;
      hear("a-2", "a-3", "a-1", "c-1");
      while (requests.length < 2) await tick();
      return [early, sent()[1]];
    }}""")
    assert sent == [1, [["a-2 a-1 a-3 c-1", ["a", "c"], None]]]


async def test_where_no_winner_is_heard_of_nothing_is_sent(run: Run) -> None:
    """The old order is not sent again as it was: the panel shows what the server has said."""
    requests, shown = await run(f"""async ({{ load, tick }}) => {{
      {DESK}
      desk.skip("a-2");
      const before = lesson.order.join(" ");
      while (lesson.order.join(" ") === before) await tick();
      return [requests.length, lesson.order];
    }}""")
    assert requests == 1
    assert shown == ["a-1", "a-2", "a-3", "blank-1"]


async def test_what_the_server_puts_back_is_shown(run: Run) -> None:
    """The echo of the panel's own write has pages that it did not know, and wins."""
    shown = await run(f"""async ({{ load, tick }}) => {{
      {DESK}
      requests.push([]);  // the first that is sent is applied
      answers.push(() => setTimeout(() => hear("a-2", "a-3", "blank-1", "b-1"), 50));
      desk.skip("a-1");
      await idle();
      while (lesson.order.length < 4) await tick();
      return lesson.order;
    }}""")
    assert shown == ["a-2", "a-3", "blank-1", "b-1"]
