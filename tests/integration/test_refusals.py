"""Writes that are refused: which, with what answer, and that nothing at all has changed (docs/PROTOCOL.md, sections 1 and 3)."""

import json
from typing import Any

import pytest

from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.support.wire import POLL, STROKE, assert_problem, poll, sight, states, stroke

KIB = 1024

# Keys that are no register's, or not a teacher's to write.
KEYS = [
    "", "/", "slide/x", "slide/", "Slide", "SLIDE", "slide\n", " slide", "slide ", "unknown", "unknown/a",
    "ink", "ink/a-1", "ink//s", "ink/a-1//", "ink/a-1/s/0/1", "ink/a-1/s/0/", "ink/a b/s", "ink/é/s",
    "ink/a-1/" + "s" * 41, "ink/a-1/s.0", "ink/../s", "ink/a-1/s\u0000", "poll", "poll/a/b", "notes",
    "notes/a-1/b", "pages/a", "screen/", "timer/a", "pointer/", "pointer/a-1", "deck/abc", "deck/", "tally/p1",
    "tally/", "ink/p/s", "ink/p/", "ink/blank-0/s", "ink/A-1/s/0", "notes/p", "audience", "lesson", "keyring/a", "keyring/", "shown/a-1", "shown/", "x" * 5_000,
]  # fmt: skip

# A register, a value that it cannot have, and the path of what is wrong.
VALUES: list[tuple[str, Any, str]] = [
    ("slide", {}, ".page"),
    ("slide", {"page": "d7f3k2"}, ".page"),
    ("slide", {"page": "d7f3k2-0"}, ".page"),
    ("slide", {"page": "d7f3k2-3\n"}, ".page"),
    ("slide", {"page": "-3"}, ".page"),
    ("slide", {"page": "../a-3"}, ".page"),
    ("slide", {"page": "d7f3k2-03"}, ".page"),
    ("slide", {"page": 3}, ".page"),
    ("slide", {"page": None}, ".page"),
    ("slide", {"page": "a-1", "extra": 1}, ""),
    ("slide", "a-1", ""),
    ("slide", 3, ""),
    ("slide", True, ""),
    ("slide", [], ""),
    ("pages", {"order": ["a-1", "nope"]}, ".order[1]"),
    ("pages", {"order": ["a-1", "a-1"]}, ""),
    ("pages", {"order": "a-1"}, ".order"),
    ("pages", {"order": [f"a-{number}" for number in range(1, 2_002)]}, ".order"),
    ("pages", {}, ".order"),
    ("screen", {"mode": "blue"}, ".mode"),
    ("screen", {"mode": "Black"}, ".mode"),
    ("ink/a-1/s1", {**STROKE, "tool": "laser"}, ".tool"),
    ("ink/a-1/s1", {**STROKE, "color": "red"}, ".color"),
    ("ink/a-1/s1", {**STROKE, "color": "#12345g"}, ".color"),
    ("ink/a-1/s1", {**STROKE, "color": "#123456\n"}, ".color"),
    ("ink/a-1/s1", {**STROKE, "width": 0}, ".width"),
    ("ink/a-1/s1", {**STROKE, "width": 2.5}, ".width"),
    ("ink/a-1/s1", {**STROKE, "width": 10**9}, ".width"),
    ("ink/a-1/s1", {**STROKE, "points": []}, ".points"),
    ("ink/a-1/s1", {**STROKE, "points": [1, 2, 3]}, ""),
    ("ink/a-1/s1", {**STROKE, "points": [1, "2"]}, ".points[1]"),
    ("ink/a-1/s1", {**STROKE, "points": [1, 2, 0.5, 1]}, ".points[2]"),
    ("ink/a-1/s1", {**STROKE, "points": [1, 10**12]}, ".points[1]"),
    ("ink/a-1/s1", {**STROKE, "points": [0] * 20_002}, ".points"),
    ("ink/a-1/s1", {"tool": "pen", "color": "#123456", "width": 1}, ".points"),
    ("ink/a-1/s1", {**STROKE, "pressure": 1}, ""),
    ("ink/a-1/s1/0", {**STROKE, "tool": ""}, ".tool"),
    ("ink/a-1/", STROKE, ""),
    ("ink/", False, ""),
    ("pointer", {"page": "a-1", "x": 1}, ".y"),
    ("pointer", {"page": "a-1", "x": 1, "y": 10**12}, ".y"),
    ("pointer", {"page": "x", "x": 1, "y": 1}, ".page"),
    ("poll/p1", {**POLL, "question": ""}, ".question"),
    ("poll/p1", {**POLL, "question": "x" * 1_001}, ".question"),
    ("poll/p1", {**POLL, "options": ["one"]}, ".options"),
    ("poll/p1", {**POLL, "options": [str(number) for number in range(11)]}, ".options"),
    ("poll/p1", {**POLL, "options": ["one", ""]}, ".options[1]"),
    ("poll/p1", {**POLL, "options": ["one", 2]}, ".options[1]"),
    ("poll/p1", {**POLL, "multiple": "yes"}, ".multiple"),
    ("poll/p1", {**POLL, "status": "revealed"}, ".status"),
    ("poll/p1", {**POLL, "reveal": 1}, ".reveal"),
    ("poll/p1", {**POLL, "correct": [3]}, ""),
    ("poll/p1", {**POLL, "correct": [-1]}, ".correct[0]"),
    ("poll/p1", {**POLL, "correct": 1}, ".correct"),
    ("poll/p1", {**POLL, "tally": [1, 2]}, ""),
    ("timer", {}, ""),
    ("timer", {"ends": 1, "paused": 1}, ""),
    ("timer", {"ends": -1}, ".ends"),
    ("timer", {"ends": "1"}, ".ends"),
    ("timer", {"ends": 2**60}, ".ends"),
    ("notes/a-1", {"text": 1}, ".text"),
    ("notes/a-1", {"text": "x" * 20_001}, ".text"),
    ("notes/a-1", {}, ".text"),
]  # fmt: skip

STAMPS: list[Any] = [
    "", "1", "1.2", "1.2.", ".1.a", "1..a", "-1.0.a", "1.-1.a", "1.0.a b", "1.0.a.b", "1.0.é", "\u0661.0.a", "1.0.a\n",
    " 1.0.a", "1e3.0.a", "0x1.0.a", "1.0." + "a" * 41, "9" * 16 + ".0.a", "1." + "9" * 11 + ".a", 5, 1.5, [], {}, True,
]  # fmt: skip

# Bodies that are no request at all: what is sent, the status, the paths.
BODIES: list[tuple[bytes, int, list[str]]] = [
    (b"", 400, [""]),
    (b"{", 400, [""]),
    (b"\xff\xfe\x00", 400, [""]),
    (b'{"writes": [{"key": "notes/a-1", "value": {"text": "\xff"}}]}', 400, [""]),
    (b'{"writes": [{"key": "timer", "value": {"ends": NaN}}]}', 400, [""]),
    (b'{"writes": [{"key": "notes/a-1", "value": {"text": "\\ud800"}}]}', 400, [""]),
    (b'{"writes": [{"key": "slide", "value": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]}", 400, [""]),
    (b"[]", 422, [""]),
    (b"null", 422, [""]),
    (b"{}", 422, ["writes"]),
    (b'{"writes": {}}', 422, ["writes"]),
    (b'{"writes": null}', 422, ["writes"]),
    (b'{"writes": ["slide"]}', 422, ["writes[0]"]),
    (b'{"writes": [{"key": "slide"}]}', 422, ["writes[0].value"]),
    (b'{"writes": [{"value": null}]}', 422, ["writes[0].key"]),
    (b'{"writes": [{"key": 1, "value": null}]}', 422, ["writes[0].key"]),
    (b'{"writes": [{"key": "slide", "value": null, "stmp": "1.0.a"}]}', 422, ["writes[0]"]),
    (b'{"writes": [], "cursor": "x"}', 422, [""]),
]  # fmt: skip


async def refused(teacher: Teacher, body: bytes | dict[str, Any], status: int, *paths: str) -> None:
    """The body is refused so, and nothing that anybody can see has changed."""
    before = await sight(teacher)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = teacher.auth | {"Content-Type": "application/json"}
    answer = await teacher.http.post(f"{teacher.path}/state", content=content, headers=headers)
    assert_problem(answer, status, *paths)
    assert await sight(teacher) == before


def after_a_good_one(*writes: dict[str, Any]) -> dict[str, Any]:
    """A body whose first write alone would be fine."""
    return {"writes": [{"key": "screen", "value": {"mode": "white"}}, *writes]}


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
async def test_an_unknown_key_is_refused(teacher: Teacher, key: str) -> None:
    """422 with its path, and the good write beside it is not made either."""
    await refused(teacher, after_a_good_one({"key": key, "value": None}), 422, "writes[1].key")


@pytest.mark.parametrize(("key", "value", "path"), VALUES, ids=range(len(VALUES)))
async def test_a_value_that_a_register_cannot_have_is_refused(
    teacher: Teacher, key: str, value: Any, path: str
) -> None:
    """422 with the path down to the field, and the good write beside it is not made either."""
    await refused(teacher, after_a_good_one({"key": key, "value": value}), 422, f"writes[1].value{path}")


@pytest.mark.parametrize("stamp", STAMPS, ids=range(len(STAMPS)))
async def test_what_is_no_stamp_is_refused(teacher: Teacher, stamp: Any) -> None:
    """422: a stamp is `<ms>.<counter>.<writer>`."""
    write = {"key": "screen", "value": {"mode": "black"}, "stamp": stamp}
    await refused(teacher, after_a_good_one(write), 422, "writes[1].stamp")


@pytest.mark.parametrize(("body", "status", "paths"), BODIES, ids=range(len(BODIES)))
async def test_a_body_that_is_no_request_is_refused(
    teacher: Teacher, body: bytes, status: int, paths: list[str]
) -> None:
    """400 where it is not JSON, 422 where it is."""
    await refused(teacher, body, status, *paths)


async def test_every_fault_of_a_request_is_named(teacher: Teacher) -> None:
    """So that a tool need not find them one by one."""
    body = after_a_good_one(
        {"key": "nope", "value": None},
        {"key": "slide", "value": {"page": "nope"}},
        {"key": "slide", "value": {"page": "a-1"}},
        {"key": "screen", "value": None, "stamp": "x"},
    )
    await refused(teacher, body, 422, "writes[1].key", "writes[2].value.page", "writes[4].stamp")


async def test_256_writes_are_taken_and_one_more_is_not(teacher: Teacher) -> None:
    """The limit itself is allowed."""
    writes = [{"key": f"ink/a-1/s{number}", "value": STROKE} for number in range(257)]
    await refused(teacher, {"writes": writes}, 422, "writes")
    answer = await teacher.http.post(
        f"{teacher.path}/state", json={"writes": writes[:256]}, headers=teacher.auth
    )
    assert answer.json()["applied"] == [True] * 256
    assert len(answer.json()["stamps"]) == 256


@pytest.mark.parametrize("chunked", [False, True])
async def test_256_kib_are_taken_and_one_more_byte_is_not(teacher: Teacher, *, chunked: bool) -> None:
    """The limit itself is allowed, whether the length is declared or not."""
    body = json.dumps({"writes": [{"key": "screen", "value": {"mode": "black"}}]}).encode()
    body += b" " * (256 * KIB - len(body))

    async def parts(data: bytes) -> Any:
        for start in range(0, len(data), 50_000):
            yield data[start : start + 50_000]

    before = await sight(teacher)
    headers = teacher.auth | {"Content-Type": "application/json"}
    path = f"{teacher.path}/state"
    more = body + b" "
    answer = await teacher.http.post(path, content=parts(more) if chunked else more, headers=headers)
    assert_problem(answer, 413, "")
    assert await sight(teacher) == before
    answer = await teacher.http.post(path, content=parts(body) if chunked else body, headers=headers)
    assert answer.json()["applied"] == [True]


async def test_nobody_who_watches_is_told_of_a_refused_request(teacher: Teacher) -> None:
    """Not even of its good writes."""
    async with (
        open_stream(teacher.http, teacher.lesson) as viewer,
        open_stream(teacher.http, teacher.lesson, key=teacher.key) as panel,
    ):
        await viewer.next_state()
        await panel.next_state()
        await refused(teacher, after_a_good_one({"key": "nope", "value": None}), 422, "writes[1].key")
        await teacher.write(("timer", {"ends": 1}))
        for stream in (viewer, panel):
            await stream.until(lambda registers: "timer" in registers)
            assert "screen" not in stream.registers
            assert states(stream)[-1].data == {"writes": [["timer", {"ends": 1}]]}


async def test_the_least_and_the_most_that_fits_is_taken(teacher: Teacher) -> None:
    """Bounds are not off by one."""
    answer = await teacher.write(
        ("slide", {"page": "a-999999"}),
        ("pages", {"order": []}),
        ("ink/a-1/" + "s" * 40 + "/" + "0" * 40, stroke(*[0] * 20_000)),
        ("poll/" + "p" * 40, poll(options=[str(number) for number in range(10)], correct=[9])),
        ("poll/p2", poll(question="x" * 1_000, options=["a", "b"])),
        ("timer", {"ends": 2**53 - 1}),
        ("notes/a-1", {"text": ""}),
        ("screen", {"mode": "slide"}, "999999999999999.9999999999." + "w" * 40),
    )
    assert all(answer["applied"])
