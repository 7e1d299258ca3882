"""Cursors come back from browsers, proxies and people's clipboards: what is none is a reset, never an error."""

import re

from hypothesis import given, strategies as st

from app.core.cursor import Cursor, lesson_epoch, parse_cursor
from app.core.lesson import Position

numbers = st.integers(0, 10**15 - 1)
cursors = st.builds(
    Cursor,
    epoch=st.from_regex(r"[0-9a-f]{8}", fullmatch=True),
    position=st.builds(Position, ms=numbers, seq=numbers),
)


@given(cursors)
def test_a_cursor_survives_the_wire(cursor: Cursor) -> None:
    """What was an event's id is read back from Last-Event-ID."""
    assert parse_cursor(str(cursor)) == cursor


@given(cursors.map(str), st.integers(0, 40), st.characters(exclude_categories=["Cs"]))
def test_a_spoilt_cursor_is_none_or_another(text: str, at: int, char: str) -> None:
    """One more character anywhere: read strictly, or not at all."""
    spoilt = text[:at] + char + text[at:]
    parsed = parse_cursor(spoilt)
    assert (parsed is not None) == (re.fullmatch(r"[0-9a-f]{8}\.[0-9]{1,15}-[0-9]{1,15}", spoilt) is not None)


@given(st.text())
def test_any_text_is_an_answer(text: str) -> None:
    """Whatever comes, parsing does not fail, and what it accepts it can say again."""
    parsed = parse_cursor(text)
    assert parsed is None or parse_cursor(str(parsed)) == parsed


@given(st.lists(st.tuples(st.text(), st.from_regex(r"[0-9a-z]{6}", fullmatch=True), numbers), unique=True))
def test_epochs_tell_lessons_and_lives_apart(lives: list[tuple[str, str, int]]) -> None:
    """Another store, another code, another creation: another epoch, in the form of a cursor's first part."""
    epochs = {lesson_epoch(*life) for life in lives}
    assert len(epochs) == len(lives)
    assert all(parse_cursor(f"{epoch}.0-0") for epoch in epochs)
