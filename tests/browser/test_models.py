"""The pages' models and helpers by themselves, in a browser: the replica, ink, pages, formats, the pulse.

Rules: each test is one script over the real modules; it returns plain values, which are compared here.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from scripts.lib.server import Server
from tests.browser.conftest import OpenWindow

Run = Callable[..., Awaitable[Any]]

DECK = {
    "name": "a.pdf",
    "status": "rendering",
    "pages": 9,
    "done": 3,
    "widths": [1600, 800],
    "sizes": [[1024, 768]],
    "url": "/decks/{id}/{number}-{width}.webp",
}


@pytest.fixture
async def run(hall: Server, open_window: OpenWindow) -> Run:
    """`await run("models/lesson.js", "return new module.Lesson().page", argument)`; `load(path)` gives other modules."""
    window = await open_window(hall.url)
    script = await window.page.locator("script[type=module]").get_attribute("src")
    assert script is not None
    base = re.sub(r"home\.js$", "", script)

    async def run_script(module: str, script: str, argument: Any = None) -> Any:
        load = f'const load = (path) => import("{base}" + path);'
        source = f'async (argument) => {{ {load} const module = await load("{module}"); {script} }}'
        return await window.page.evaluate(source, argument)

    return run_script


async def test_a_replica_applies_events(run: Run) -> None:
    """Writes replace, null deletes, a prefix deletes what is below it, a reset drops everything first."""
    script = """
      const lesson = new module.Lesson();
      const told = [];
      lesson.addEventListener("change", ({ detail }) => told.push([[...detail.keys].sort(), detail.reset]));
      for (const event of argument) lesson.apply(event);
      return { told, left: lesson.below(""), page: lesson.page, screen: lesson.screen, order: lesson.order };
    """
    events = [
        {
            "reset": True,
            "writes": [["slide", {"page": "a-1"}], ["ink/a-1/s1", {"n": 1}], ["ink/b-1/s1", {"n": 2}]],
        },
        {"writes": [["ink/a-1/s10", {"n": 3}], ["ink/a-1/s2/0", {"n": 4}], ["timer", {"paused": 1}]]},
        {"writes": [["ink/a-1/", None], ["ink/a-1/s3", {"n": 5}], ["timer", None]]},
    ]
    found = await run("models/lesson.js", script, events)
    assert found["told"] == [
        [["ink/a-1/s1", "ink/b-1/s1", "slide"], True],
        [["ink/a-1/s10", "ink/a-1/s2/0", "timer"], False],
        [["ink/a-1/s1", "ink/a-1/s10", "ink/a-1/s2/0", "ink/a-1/s3", "timer"], False],
    ]
    assert found["left"] == [["ink/a-1/s3", {"n": 5}], ["ink/b-1/s1", {"n": 2}], ["slide", {"page": "a-1"}]]
    assert (found["page"], found["screen"], found["order"]) == ("a-1", "slide", [])
    again = await run(
        "models/lesson.js", script, [*events, {"reset": True, "writes": [["pages", {"order": ["a-1"]}]]}]
    )
    assert again["left"] == [["pages", {"order": ["a-1"]}]]
    assert again["told"][-1] == [["ink/a-1/s3", "ink/b-1/s1", "pages", "slide"], True]
    assert again["page"] is None


async def test_a_page_that_is_not_in_the_order_has_no_number(run: Run) -> None:
    """Numbers are places in the order, counted from 1."""
    script = """
      const lesson = new module.Lesson();
      lesson.apply({ reset: true, writes: [["pages", { order: ["a-1", "blank-1", "a-2"] }]] });
      return ["a-1", "a-2", "b-1"].map((page) => lesson.number(page));
    """
    assert await run("models/lesson.js", script) == [1, 3, 0]


async def test_ink_survives_its_encoding(run: Run) -> None:
    """Whole numbers come back as they were, and rounding does not add up along a stroke."""
    script = """
      const flat = module.encode(argument);
      return { flat, back: module.decode(flat) };
    """
    found = await run("models/ink.js", script, [[100, 200], [103, 198], [103, 198], [-5, 0]])
    assert found["flat"] == [100, 200, 3, -2, 0, 0, -108, -198]
    assert found["back"] == [[100, 200], [103, 198], [103, 198], [-5, 0]]
    drift = await run("models/ink.js", script, [[n + 0.4, n * 0.3] for n in range(1000)])
    assert drift["back"][-1] == [999, 300]
    assert (await run("models/ink.js", script, []))["back"] == []


async def test_strokes_in_pieces(run: Run) -> None:
    """Joined by number, replaced by the whole, in the order of strokes; another page's are left alone."""
    script = """
      const { Lesson } = await load("models/lesson.js");
      const ink = (x) => ({ tool: "pen", color: "#000000", width: 24, points: [x, 0] });
      const lesson = new Lesson();
      lesson.apply({ writes: [
        ["ink/a-1/s2/10", ink(10)], ["ink/a-1/s2/9", ink(9)], ["ink/a-1/s2/0", ink(0)],
        ["ink/a-1/s1", ink(1)], ["ink/a-1/s1/0", ink(99)], ["ink/a-1/s1-b", ink(2)], ["ink/a-10/s1", ink(77)],
      ] });
      return module.strokes(lesson, "a-1").map(({ id, pieces, points }) => [id, pieces, points.map(([x]) => x)]);
    """
    found = await run("models/ink.js", script)
    assert found == [["s1", False, [1]], ["s1-b", False, [2]], ["s2", True, [0, 9, 10]]]


async def test_simplifying_keeps_the_shape(run: Run) -> None:
    """Points on a line go, corners stay, and a long scribble is no problem."""
    script = "return module.simplify(argument, 2)"
    assert await run("models/ink.js", script, [[0, 0], [5, 1], [10, 0], [10, 50]]) == [
        [0, 0],
        [10, 0],
        [10, 50],
    ]
    assert await run("models/ink.js", script, [[3, 3], [3, 3], [3, 3]]) == [[3, 3], [3, 3]]
    zigzag = [[10 * n, (n % 2) * 100] for n in range(20_000)]
    assert await run("models/ink.js", script, zigzag) == zigzag


@pytest.mark.parametrize(
    ("page", "pixels", "address"),
    [
        ("d7f3k2-1", 700, "/decks/d7f3k2/1-800.webp"),
        ("d7f3k2-3", 801, "/decks/d7f3k2/3-1600.webp"),
        ("d7f3k2-2", 4000, "/decks/d7f3k2/2-1600.webp"),
        ("d7f3k2-4", 700, None),  # not rendered yet
        ("other-1", 700, None),
        ("blank-1", 700, None),
    ],
)
async def test_pictures_of_pages(run: Run, page: str, pixels: int, address: str | None) -> None:
    """The narrowest picture that is wide enough, where there is one."""
    script = """
      const [deck, page, pixels] = argument;
      return module.image({ get: (key) => (key === "deck/d7f3k2" ? deck : null) }, page, pixels);
    """
    assert await run("models/pages.js", script, [DECK, page, pixels]) == address


async def test_sizes_of_pages(run: Run) -> None:
    """One for all or one a page; a blank page takes the first deck's; with no deck at all, 16 by 9."""
    script = """
      const [deck, order, page] = argument;
      const lesson = { order, get: (key) => (key === "deck/d" ? deck : null), below: () => (deck ? [["deck/d", deck]] : []) };
      return module.size(lesson, page);
    """
    several = DECK | {"sizes": [[100, 50], [50, 100]]}
    assert await run("models/pages.js", script, [DECK, ["d-1"], "d-7"]) == [1024, 768]
    assert await run("models/pages.js", script, [several, ["d-1"], "d-2"]) == [50, 100]
    assert await run("models/pages.js", script, [DECK, ["blank-1", "d-1"], "blank-1"]) == [1024, 768]
    assert await run("models/pages.js", script, [DECK, [], "blank-1"]) == [1024, 768]
    assert await run("models/pages.js", script, [None, [], "blank-1"]) == [1600, 900]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("k7p4qx", "k7p4qx"),
        (" K7P 4QX ", "k7p4qx"),
        ("k7p-4qx", "k7p4qx"),
        ("k7p\u20114qx", "k7p4qx"),
        ("OIL123", "011123"),
        ("https://host/k7p4qx", "k7p4qx"),
        ("host/screen/k7p4qx/?a=b#c", "k7p4qx"),
        ("k7p4qu", None),
        ("k7p4q", None),
        ("k7p4qxx", None),
        ("", None),
    ],
)
async def test_codes_as_people_write_them(run: Run, typed: str, code: str | None) -> None:
    """As the server reads them, and whole links too."""
    assert await run("helpers/format.js", "return module.parseCode(argument)", typed) == code


@pytest.mark.parametrize(
    ("ms", "shown"),
    [(-5, "0:00"), (0, "0:00"), (1, "0:01"), (59_001, "1:00"), (245_000, "4:05"), (3_845_000, "1:04:05")],
)
async def test_the_clock(run: Run, ms: int, shown: str) -> None:
    """A second that has begun counts."""
    assert await run("helpers/format.js", "return module.clock(argument)", ms) == shown


@pytest.mark.parametrize(
    ("steps", "verdict"),
    [
        ([], "connecting"),
        ([["opened"], ["hear"]], "connecting"),
        ([["opened"], ["beat", 0]], "connecting"),  # a beat without a state: nothing to be live about
        ([["opened"], ["state"]], "live"),
        ([["opened"], ["state"], ["wait", 19_000]], "live"),
        ([["opened"], ["state"], ["wait", 21_000]], "delayed"),
        ([["opened"], ["state"], ["wait", 21_000], ["beat", 21_000]], "live"),
        ([["opened"], ["state"], ["beat", 0], ["wait", 21_000], ["beat", 15_000]], "delayed"),  # held for 6 s
        ([["opened"], ["state"], ["beat", 0], ["wait", 19_000], ["beat", 15_000]], "live"),
        ([["opened"], ["state"], ["behind", 0]], "delayed"),  # the server does not hear its store
        ([["opened"], ["state"], ["behind", 0], ["wait", 15_000], ["beat", 15_000]], "live"),
        ([["opened"], ["state"], ["behind", 0], ["state"]], "live"),  # news: it hears it again
        ([["opened"], ["state"], ["doubt"]], "reconnecting"),
        ([["opened"], ["state"], ["opened"]], "reconnecting"),
        ([["opened"], ["state"], ["opened"], ["beat", 0]], "live"),
        # A clock that is set is not lateness, be it the device's or the server's; nor does it hide any.
        *(
            ([["opened"], ["state"], ["beat", 0], ["set", by], ["wait", 15_000], ["beat", 15_000]], "live")
            for by in (-3_600_000, -30_000, 30_000, 3_600_000)
        ),
        *(
            ([["opened"], ["state"], ["beat", 0], ["wait", 15_000], ["beat", 15_000 + by]], "live")
            for by in (-3_600_000, -60_000, -30_000, -10_000, -6_000, 30_000)
        ),
        (
            [
                ["opened"],
                ["state"],
                ["beat", 0],
                ["wait", 15_000],
                ["beat", -15_000],
                ["wait", 16_000],
                ["beat", 0],
            ],
            "live",
        ),
        (
            [
                ["opened"],
                ["state"],
                ["beat", 0],
                ["wait", 15_000],
                ["beat", -15_000],
                ["wait", 21_000],
                ["beat", 0],
            ],
            "delayed",  # held for 6 s, by the clock that fell back
        ),
        (
            [["opened"], ["state"], ["beat", 0], ["wait", 21_000], ["beat", -15_000]],
            "delayed",
        ),  # both at once
        (
            [
                ["opened"],
                ["state"],
                *[step for n in range(17) for step in (["wait", 19_000], ["beat", n * 15_000])],
            ],
            "delayed",  # ever later, at last by more than a minute
        ),
        (
            [["opened"], ["state"], ["behind", 0], ["wait", 9_000], ["beat", 3_000]],
            "delayed",
        ),  # the first came at once
        ([["opened"], ["state"], ["beat", 0], ["opened"], ["wait", 3_000], ["beat", -30_000]], "live"),
    ],
)
async def test_the_pulse_decides_what_is_said(run: Run, steps: list[list[Any]], verdict: str) -> None:
    """Live is said of what was heard lately and on time, and of nothing else."""
    script = """
      const real = [Date.now, performance.now];
      let [now, passed] = [1_790_000_000_000, 0];
      Date.now = () => now;
      performance.now = () => passed;
      try {
        const pulse = new module.Pulse();
        for (const [step, by] of argument) {
          if (step === "wait") [now, passed] = [now + by, passed + by];
          else if (step === "set") now += by;
          else if (step === "beat") pulse.beat({ now: 1_790_000_005_000 + by });
          else if (step === "behind") pulse.beat({ now: 1_790_000_005_000 + by, behind: true });
          else pulse[step]();
        }
        return [pulse.verdict(null), pulse.verdict("well"), pulse.offset];
      } finally {
        [Date.now, performance.now] = real;
      }
    """
    found = await run("models/pulse.js", script, steps)
    assert found[:2] == [verdict, "delayed"]


async def test_the_servers_clock_is_followed(run: Run) -> None:
    """The offset is to the device's clock as it is now, and to the server's, whichever of them was set."""
    script = """
      const real = [Date.now, performance.now];
      let [now, passed] = [1_790_000_000_000, 0];
      Date.now = () => now;
      performance.now = () => passed;
      try {
        const pulse = new module.Pulse();
        pulse.opened();
        return argument.map(([device, server]) => {
          [now, passed] = [now + 15_000 + device, passed + 15_000];
          pulse.beat({ now: 1_790_000_000_000 + passed + server });
          return pulse.offset;
        });
      } finally {
        [Date.now, performance.now] = real;
      }
    """
    steps = [(0, 5_000), (-30_000, 5_000), (40_000, 5_000), (0, -25_000), (0, 35_000)]
    assert await run("models/pulse.js", script, steps) == [5_000, 35_000, -5_000, -35_000, 25_000]


async def test_a_dead_line_is_noticed_by_a_device_whose_clock_is_set_back(run: Run) -> None:
    """The device's clock and that of the page: the longer silence counts, since the page's stands still while a device sleeps."""
    script = """
      const real = [Date.now, performance.now];
      const silences = [];
      try {
        for (const [device, page] of argument) {
          [Date.now, performance.now] = [() => 1_790_000_000_000, () => 0];
          const pulse = new module.Pulse();
          pulse.opened();
          [Date.now, performance.now] = [() => 1_790_000_000_000 + device, () => page];
          silences.push(pulse.silence);
        }
      } finally {
        [Date.now, performance.now] = real;
      }
      return silences;
    """
    assert await run("models/pulse.js", script, [(-3_600_000, 40_000), (600_000, 100)]) == [40_000, 600_000]


async def test_pauses_grow_and_differ(run: Run) -> None:
    """Doubling up to a bound, half as long to one and a half times."""
    script = (
        "return argument.map((n) => [module.backOff([1000, 30000], n), module.backOff([1000, 30000], n)])"
    )
    for failures, (first, second) in zip(
        [0, 3, 50], await run("helpers/backoff.js", script, [0, 3, 50]), strict=True
    ):
        middle = min(30_000, 1_000 * 2**failures)
        for pause in (first, second):
            assert 0.5 * middle <= pause <= 1.5 * middle
        assert first != second
