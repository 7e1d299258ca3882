"""Polls: what viewers have seen of them, which votes count, and how."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from app.core.poll import REVEALED, SEEN, UNSEEN, Poll, Refusal, mark, parse_poll, refuse, tally


def raw(status: str, **more: Any) -> str:
    """A poll's JSON text."""
    return json.dumps({"question": "?", "options": ["a", "b", "c"], "status": status, **more})


@pytest.mark.parametrize(
    ("status", "reveal", "seen"),
    [
        ("draft", False, UNSEEN),
        ("draft", True, UNSEEN),
        ("open", False, SEEN),
        ("open", True, REVEALED),
        ("closed", False, SEEN),
        ("closed", True, REVEALED),
    ],
)
def test_what_viewers_see_of_a_poll(status: str, seen: int, *, reveal: bool) -> None:
    """A draft is not shown, whatever it would reveal."""
    poll = parse_poll(raw(status, reveal=reveal))
    assert poll is not None
    assert (poll.shown, poll.revealed) == (seen >= SEEN, seen == REVEALED)
    assert poll.mark == seen == mark("poll/x", raw(status, reveal=reveal))


def test_marks_of_other_writes() -> None:
    """A deletion shows nothing, a clear neither, and other families have no marks."""
    assert [mark("poll/x", "null"), mark("poll/", "null"), mark("slide", '{"page":"a-1"}')] == [UNSEEN] * 3
    assert parse_poll("null") is None


OPEN = Poll(options=3, multiple=False, status="open", reveal=False)
MANY = Poll(options=3, multiple=True, status="open", reveal=False)
DRAFT = Poll(options=3, multiple=False, status="draft", reveal=True)
CLOSED = Poll(options=3, multiple=False, status="closed", reveal=False)


@pytest.mark.parametrize(
    ("poll", "choices", "refusal"),
    [
        (OPEN, [0], None),
        (OPEN, [2], None),
        (OPEN, [3], Refusal.IMPOSSIBLE),
        (OPEN, [-1], Refusal.IMPOSSIBLE),
        (OPEN, [], Refusal.IMPOSSIBLE),
        (OPEN, [0, 1], Refusal.IMPOSSIBLE),
        (OPEN, [0, 0], Refusal.IMPOSSIBLE),
        (MANY, [0, 2], None),
        (MANY, [2, 1, 0], None),
        (MANY, [1], None),
        (MANY, [], Refusal.IMPOSSIBLE),
        (MANY, [1, 1], Refusal.IMPOSSIBLE),
        (MANY, [0, 3], Refusal.IMPOSSIBLE),
        (CLOSED, [0], Refusal.CLOSED),
        (CLOSED, [9], Refusal.CLOSED),
        (DRAFT, [0], Refusal.UNKNOWN),
        (DRAFT, [9], Refusal.UNKNOWN),
        (None, [0], Refusal.UNKNOWN),
    ],
)
def test_which_votes_count(poll: Poll | None, choices: Sequence[int], refusal: Refusal | None) -> None:
    """One option, or several where the poll allows it, while it is open."""
    assert refuse(poll, choices) is refusal


@pytest.mark.parametrize(
    ("votes", "counts", "voters"),
    [
        ([], [0, 0, 0], 0),
        ([[0]], [1, 0, 0], 1),
        ([[0], [2], [2]], [1, 0, 2], 3),
        ([[0, 2], [2]], [1, 0, 2], 2),
        ([[5], [1]], [0, 1, 0], 2),  # an option that was taken away since
    ],
)
def test_how_votes_are_counted(votes: Sequence[Sequence[int]], counts: list[int], voters: int) -> None:
    """Choices an option, and people."""
    assert tally(3, votes) == (counts, voters)
