"""The pages' models and helpers by themselves, in a browser: the replica, ink, pages, formats.

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
