"""What viewers must never be sent, whenever they join and however often they are told."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import given, strategies as st

from app.core.audience import Audience, changes, snapshot
from app.core.keys import family
from app.core.lesson import NULL, START, Lesson, Position, Write
from app.core.poll import parse_poll
from tests.support.writes import POLLS, REST, programs

HIDDEN = {"notes", "audience", "lesson", "shown", "keyring"}
INTERNAL = {"lesson", "shown", "keyring"}


class Past:
    """What has been public so far: polls that were shown, polls that were revealed."""

    def __init__(self) -> None:
        self.shown: set[str] = set()
        self.revealed: set[str] = set()

    def note(self, writes: Iterable[Write]) -> None:
        """Takes in what was applied."""
        for write in writes:
            poll = parse_poll(write.raw) if family(write.key) == "poll" and write.raw != NULL else None
            name = write.key.partition("/")[2]
            if poll and poll.status != "draft":
                self.shown.add(name)
                if poll.reveal:
                    self.revealed.add(name)


def assert_no_secret(told: Mapping[str, str], lesson: Lesson, past: Past) -> None:
    """Nothing of what a viewer is told is more than it may know now."""
    for key, raw in told.items():
        name, told_of = family(key), key.partition("/")[2]
        assert name not in HIDDEN
        if name not in {"poll", "tally"} or not told_of:
            continue
        kept = lesson.get(f"poll/{told_of}")
        poll: dict[str, Any] = (json.loads(kept.raw) if kept else None) or {}
        shown = poll.get("status") in {"open", "closed"}
        revealed = shown and poll["reveal"]
        if raw == NULL:
            assert told_of in (past.shown if name == "poll" else past.revealed)
        elif name == "poll":
            assert shown
            assert revealed or "correct" not in raw
            assert json.loads(raw) == {k: v for k, v in poll.items() if revealed or k != "correct"}
        else:
            assert revealed


@given(program=programs((*POLLS, "poll/x", *REST)), reload=st.integers(0, 12))
def test_viewers_are_never_told_a_secret(program: list[list[Write]], reload: int) -> None:
    """No draft (but the end of what was shown before), hidden tally, early `correct`, notes, or the server's own."""
    lesson, past, positions = Lesson(), Past(), [START]
    for number, request in enumerate(program, 1):
        if number == reload:
            lesson = Lesson(list(lesson), lesson.position)
        applied = lesson.apply(Position(number, 0), request)
        past.note(write for write, done in zip(request, applied, strict=True) if done)
        assert_no_secret(snapshot(lesson, Audience.VIEWER), lesson, past)
        for since in positions:
            assert_no_secret(changes(lesson, Audience.VIEWER, since), lesson, past)
        positions.append(lesson.position)


@given(program=programs((*POLLS, *REST)))
def test_teachers_are_not_told_what_is_the_servers_own(program: list[list[Write]]) -> None:
    """Keys and titles stay inside, even from those who have shown the teacher's key."""
    lesson = Lesson()
    for number, request in enumerate(program, 1):
        lesson.apply(Position(number, 0), request)
        told = snapshot(lesson, Audience.TEACHER) | changes(lesson, Audience.TEACHER, START)
        assert not INTERNAL & {family(key) for key in told}
