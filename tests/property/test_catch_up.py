"""A viewer is a cursor: whatever it has seen, the changes since then bring it to what the snapshot says now."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, strategies as st

from app.core.audience import Audience, changes, encode, ink, page, snapshot
from app.core.keys import EPHEMERAL, family
from app.core.lesson import NULL, START, Lesson, Position, Write
from scripts.lib.stream import Registers, apply
from tests.support.writes import INK, POLLS, REST, STROKE, programs

POOLS = {"ink": INK, "stroke": STROKE, "polls": POLLS, "all": (*INK, *POLLS, *REST)}

any_program = st.sampled_from(sorted(POOLS)).flatmap(lambda pool: programs(POOLS[pool]))


def event(told: dict[str, str], *, reset: bool) -> dict[str, Any]:
    """The data of the `state` event, as a client decodes it."""
    data: dict[str, Any] = json.loads(encode(told, reset=reset))
    return data


def joined(lesson: Lesson, audience: Audience) -> Registers:
    """What one who joins now holds."""
    registers: Registers = {}
    apply(registers, event(snapshot(lesson, audience), reset=True))
    return registers


def seen(registers: Registers, lesson: Lesson) -> Registers:
    """What the snapshot speaks of: no pointer, and the ink of the current page."""
    current = page(lesson)
    return {
        key: value
        for key, value in registers.items()
        if key not in EPHEMERAL and (family(key) != "ink" or key.split("/")[1] == current)
    }


def assert_agrees(registers: Registers, lesson: Lesson, audience: Audience) -> None:
    """It is the snapshot, and what it holds of other pages' ink may be partial but is not wrong."""
    assert seen(registers, lesson) == joined(lesson, audience)
    for key, held in registers.items():
        if family(key) == "ink":
            register = lesson.get(key)
            assert register is not None
            assert register.raw != NULL
            assert held == json.loads(register.raw)


def rebuilt(lesson: Lesson) -> Lesson:
    """The same lesson as another process loads it from a store."""
    return Lesson(list(lesson), lesson.position)


class Follower:
    """One who has joined at some time and is told of changes every `pace` requests."""

    def __init__(self, lesson: Lesson, audience: Audience, pace: int) -> None:
        self.audience = audience
        self.pace = pace
        self.position = lesson.position
        self.registers = joined(lesson, audience)

    def follow(self, lesson: Lesson) -> None:
        """Hears what has changed since it last did."""
        apply(self.registers, event(changes(lesson, self.audience, self.position), reset=False))
        self.position = lesson.position


@pytest.mark.parametrize("audience", Audience)
@given(program=any_program, reload=st.integers(0, 12))
def test_changes_since_any_time_give_the_snapshot(
    audience: Audience, program: list[list[Write]], reload: int
) -> None:
    """For every pair of then and now, through a fold that was rebuilt in between."""
    lesson, earlier = Lesson(), [(START, Registers())]
    for number, request in enumerate(program, 1):
        if number == reload:
            lesson = rebuilt(lesson)
        lesson.apply(Position(number, 0), request)
        for since, then in earlier:
            now = dict(then)
            apply(now, event(changes(lesson, audience, since), reset=False))
            assert_agrees(now, lesson, audience)
        earlier.append((lesson.position, joined(lesson, audience)))


@pytest.mark.parametrize("audience", Audience)
@given(program=any_program, reload=st.integers(0, 12))
def test_followers_of_any_pace_agree(audience: Audience, program: list[list[Write]], reload: int) -> None:
    """Joined at any time, told after every request, or after several at once: all hold the same."""
    lesson = Lesson()
    followers = [Follower(lesson, audience, pace) for pace in (1, 2, 3, 5)]
    for number, request in enumerate(program, 1):
        if number == reload:
            lesson = rebuilt(lesson)
        lesson.apply(Position(number, 0), request)
        for follower in followers:
            if number % follower.pace == 0:
                follower.follow(lesson)
                assert_agrees(follower.registers, lesson, audience)
        followers.append(Follower(lesson, audience, 1 + number % 4))
    for follower in followers:
        follower.follow(lesson)
        assert_agrees(follower.registers, lesson, audience)


@pytest.mark.parametrize("audience", Audience)
@given(program=any_program, overlap=st.lists(st.integers(0, 12), max_size=3))
def test_being_told_twice_is_harmless(
    audience: Audience, program: list[list[Write]], overlap: Sequence[int]
) -> None:
    """Changes since a position before one's own: read the position first, then the data."""
    lesson = Lesson()
    positions = [START]
    for number, request in enumerate(program, 1):
        lesson.apply(Position(number, 0), request)
        positions.append(lesson.position)
    registers = joined(lesson, audience)
    for back in overlap:
        since = positions[min(back, len(positions) - 1)]
        apply(registers, event(changes(lesson, audience, since), reset=False))
        assert_agrees(registers, lesson, audience)


@given(program=programs(INK))
def test_ink_of_a_page_is_what_the_page_shows(program: list[list[Write]]) -> None:
    """Looking back at a page gives the strokes that the snapshot gives when the page is current."""
    lesson = Lesson()
    for number, request in enumerate(program, 1):
        lesson.apply(Position(number, 0), request)
    current = page(lesson)
    shown = {key: raw for key, raw in snapshot(lesson, Audience.VIEWER).items() if family(key) == "ink"}
    assert shown == ({} if current is None else ink(lesson, current))


@given(program=any_program)
def test_nothing_has_changed_since_now(program: list[list[Write]]) -> None:
    """One who is at the lesson's position is told nothing."""
    lesson = Lesson()
    for number, request in enumerate(program, 1):
        lesson.apply(Position(number, 0), request)
        for audience in Audience:
            assert changes(lesson, audience, lesson.position) == {}
