"""Clears of a prefix, judged over the wire: what they take, what stays, and what comes late."""

from typing import Any

import pytest

from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher, Write
from tests.support.wire import stored, stroke, viewer_state


async def registers(teacher: Teacher) -> dict[str, Any]:
    """What is kept, but for the count of viewers."""
    return stored(await teacher.registers())


@pytest.mark.parametrize(
    ("clear", "gone"),
    [
        ("ink/", ["ink/a-1/s1", "ink/a-1/s1/0", "ink/a-1/s10", "ink/a-10/s1"]),
        ("ink/a-1/", ["ink/a-1/s1", "ink/a-1/s1/0", "ink/a-1/s10"]),
        ("ink/a-1/s1/", ["ink/a-1/s1/0"]),
        ("notes/", ["notes/a-1"]),
    ],
)
async def test_a_clear_takes_what_is_below_it_now_and_when_it_comes_late(
    teacher: Teacher, clear: str, gone: list[str]
) -> None:
    """Whatever is older and below the prefix, and nothing else; what is not older stays."""
    ink = ["ink/a-1/s1", "ink/a-1/s1/0", "ink/a-1/s10", "ink/a-10/s1"]
    values: dict[str, Any] = {**dict.fromkeys(ink, stroke(1, 1)), "notes/a-1": {"text": "x"}}
    await teacher.write(
        ("slide", {"page": "a-1"}), *((key, value, "100.0.a") for key, value in values.items())
    )

    async def kept() -> set[str]:
        found = {key for key in await registers(teacher) if key != "slide"}
        for page in ("a-1", "a-10"):
            answer = await teacher.http.get(f"{teacher.path}/ink/{page}")
            found |= {key for key, _ in answer.json()["writes"]}
        return found

    assert await kept() == set(values)
    assert (await teacher.write((clear, None, "200.0.a")))["applied"] == [True]
    assert await kept() == set(values) - set(gone)
    for stamp in ("100.0.a", "150.0.a", "199.9.z"):
        late: list[Write] = [(key, values[key], stamp) for key in gone]
        assert not any((await teacher.write(*late))["applied"])
    assert (await teacher.write((clear, None, "150.0.a")))["applied"] == [False]
    assert (await teacher.write((gone[0], values[gone[0]], "201.0.a")))["applied"] == [True]
    assert await kept() == set(values) - set(gone[1:])


async def test_what_is_as_new_as_the_clear_stays(teacher: Teacher) -> None:
    """Only an older stamp is cleared."""
    await teacher.write(("slide", {"page": "a-1"}), ("ink/a-1/s1", stroke(1, 1), "100.0.a"))
    await teacher.write(("ink/a-1/", None, "100.0.a"))
    assert "ink/a-1/s1" in await registers(teacher)
    assert (await teacher.write(("ink/a-1/s2", stroke(1, 1), "100.0.a")))["applied"] == [True]


async def test_undoing_a_clear_posts_the_strokes_again(teacher: Teacher) -> None:
    """And they are there as before, for those who watch and for those who come."""
    drawn: list[Write] = [(f"ink/a-1/s{number}", stroke(number, 1)) for number in range(5)]
    async with open_stream(teacher.http, teacher.lesson) as viewer:
        await teacher.write(("slide", {"page": "a-1"}), *drawn)
        before = await viewer.until(lambda registers: "ink/a-1/s4" in registers)
        before = dict(before)
        await teacher.write(("ink/a-1/", None))
        await viewer.until(lambda registers: set(registers) == {"slide"})
        await teacher.write(*drawn)
        assert await viewer.until(lambda registers: "ink/a-1/s4" in registers) == before
    assert dict((await viewer_state(teacher))["writes"]) == before
