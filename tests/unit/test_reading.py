"""Which peers are waited for: by what they have left to read, measured again and again."""

from collections.abc import Iterable

import pytest

from app.feed.reading import EVERY_S, LONGEST, SLOWEST, SPAN, Reading

TURN = int(SLOWEST * EVERY_S)  # bytes that the slowest who is waited for reads between two measurements
MUCH = 1_000 * TURN


def measured(lefts: Iterable[int]) -> int | None:
    """At which measurement a peer is given up, by what it has left at each; None where it never is."""
    first, *later = lefts
    reading = Reading(first)
    return next((number for number, left in enumerate(later, 1) if not reading.goes_on(left)), None)


def at(rate: float, measurements: int = LONGEST) -> list[int]:
    """What somebody has left who reads at this rate, in bytes a second."""
    return [int(MUCH - rate * EVERY_S * number) for number in range(measurements)]


@pytest.mark.parametrize(
    ("lefts", "given_up"),
    [
        ([MUCH] * 9, 1),  # nothing read since it was first seen
        ([MUCH, MUCH + 1], 1),
        (at(8_000), None),
        (at(SLOWEST), None),
        (at(SLOWEST * 0.9), SPAN),
        (at(100), SPAN),
        (at(1 / EVERY_S), SPAN),  # a byte a measurement
        ([MUCH, MUCH - 4 * TURN, MUCH - 4 * TURN, MUCH - 8 * TURN, MUCH - 8 * TURN, MUCH - 12 * TURN], None),
        ([MUCH, MUCH - 9 * TURN, MUCH - 9 * TURN, MUCH - 9 * TURN], 3),  # it has stopped
        (at(8_000, LONGEST + 9), LONGEST),
    ],
    ids=[
        "nothing",
        "more",
        "8 KB/s",
        "the slowest",
        "slower",
        "100 B/s",
        "a byte",
        "in bursts",
        "stopped",
        "for ever",
    ],
)
def test_a_peer_is_waited_for_while_it_reads_on(lefts: list[int], given_up: int | None) -> None:
    """Progress counts: not the end of it, not a byte of it, and not for ever."""
    assert measured(lefts) == given_up


def test_what_is_remembered_does_not_grow() -> None:
    """A minute of measurements."""
    reading = Reading(MUCH)
    for left in at(8_000)[1:]:
        reading.goes_on(left)
    assert len(reading._left) == SPAN + 1
