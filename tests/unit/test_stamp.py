"""Stamps: their form, their order, and the clock that issues them."""

from collections.abc import Sequence

import pytest

from app.core.stamp import AHEAD_MS, COUNTER_MAX, PULLED_MAX, LessonClock, Stamp, parse_stamp

NOW = 1_790_000_000_000
FAR = NOW + AHEAD_MS + 1


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("1790000000123.0.panel-7f", Stamp(1_790_000_000_123, 0, "panel-7f")),
        ("0.0._", Stamp(0, 0, "_")),
        ("01.007.a", Stamp(1, 7, "a")),
        ("999999999999999.9999999999.A-z_9", Stamp(10**15 - 1, COUNTER_MAX, "A-z_9")),
        ("1.2." + "w" * 40, Stamp(1, 2, "w" * 40)),
    ],
)
def test_a_stamp_is_read(text: str, stamp: Stamp) -> None:
    """Milliseconds, counter, writer."""
    assert parse_stamp(text) == stamp


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.2",
        "1.2.",
        "1..a",
        ".2.a",
        "-1.2.a",
        "+1.2.a",
        "1.2.a b",
        "1.2.a.b",
        "1.2.a\n",
        " 1.2.a",
        "1.2.é",
        "٣.2.a",  # a digit, but not an ASCII one
        "1_0.2.a",
        "1e3.2.a",
        "1000000000000000.2.a",
        "1.10000000000.a",
        "1.2." + "w" * 41,
    ],
)
def test_what_is_no_stamp_is_none(text: str) -> None:
    """Anything else, however close."""
    assert parse_stamp(text) is None


def test_stamps_in_order() -> None:
    """Numbers as numbers, writers as bytes: capitals before `_` before small letters, `-` before all."""
    order = ["1.0.z", "2.0.a", "2.9.a", "2.10.-", "2.10.A", "2.10.Z", "2.10._", "2.10.a", "2.10.aa", "10.0.a"]
    stamps = [parse_stamp(text) for text in order]
    assert [str(stamp) for stamp in sorted(stamp for stamp in stamps[::-1] if stamp)] == order


def a(ms: int, counter: int = 0) -> Stamp:
    """A stamp of writer `a`."""
    return Stamp(ms, counter, "a")


def server(ms: int, counter: int = 0) -> Stamp:
    """A stamp of the server's own."""
    return Stamp(ms, counter, "server")


Asked = tuple[Stamp | None, int]  # what a writer asks for, and the server's clock


@pytest.mark.parametrize(
    ("asked", "used"),
    [
        pytest.param([(a(5), NOW)], [a(5)], id="an old stamp stays as it is"),
        pytest.param([(a(NOW + AHEAD_MS), NOW)], [a(NOW + AHEAD_MS)], id="five seconds ahead stays"),
        pytest.param([(a(FAR), NOW)], [a(NOW)], id="more is pulled back to the clock"),
        pytest.param([(a(FAR, 3), NOW)], [a(NOW, 3)], id="with its counter"),
        pytest.param([(a(FAR), NOW), (a(FAR + 1), NOW)], [a(NOW), a(NOW, 1)], id="two stay apart"),
        pytest.param(
            [(a(FAR, 7), NOW), (a(FAR + 1), NOW)], [a(NOW, 7), a(NOW, 8)], id="after the first's counter"
        ),
        pytest.param([(a(FAR), NOW), (a(FAR + 9), NOW - 4)], [a(NOW), a(NOW, 1)], id="a clock set back"),
        pytest.param([(a(FAR), NOW), (a(FAR), NOW)], [a(NOW), a(NOW)], id="a repeat is the same"),
        pytest.param(
            [(a(FAR), NOW), (a(FAR), NOW + 60_000)], [a(NOW), a(NOW)], id="also when no longer ahead"
        ),
        pytest.param(
            [(a(FAR, COUNTER_MAX), NOW), (a(FAR + 1), NOW)],
            [a(NOW, COUNTER_MAX), a(NOW + 1)],
            id="a counter at its end goes on in the next millisecond",
        ),
        pytest.param([(None, NOW), (None, NOW)], [server(NOW), server(NOW, 1)], id="the server's own rise"),
        pytest.param(
            [(None, NOW), (None, NOW - 9)], [server(NOW), server(NOW, 1)], id="with a clock set back too"
        ),
        pytest.param(
            [(a(NOW + 50, 4), NOW), (None, NOW)],
            [a(NOW + 50, 4), server(NOW + 50, 5)],
            id="after what runs ahead",
        ),
        pytest.param(
            [(a(NOW - 50, 4), NOW), (None, NOW)],
            [a(NOW - 50, 4), server(NOW)],
            id="at the clock where it can",
        ),
        pytest.param(
            [(a(FAR, 6), NOW), (None, NOW)], [a(NOW, 6), server(NOW, 7)], id="after what was pulled back"
        ),
        pytest.param(
            [(a(NOW, COUNTER_MAX), NOW), (None, NOW)],
            [a(NOW, COUNTER_MAX), server(NOW + 1)],
            id="the server's counter at its end",
        ),
    ],
)
def test_what_the_clock_issues(asked: Sequence[Asked], used: Sequence[Stamp]) -> None:
    """One clock, asked several times."""
    clock = LessonClock()
    assert [clock.stamp(*each) for each in asked] == list(used)


def test_what_was_pulled_back_is_forgotten_at_the_bound() -> None:
    """Beyond `PULLED_MAX` all are forgotten, and a repeat is a new write."""
    clock = LessonClock()
    for number in range(PULLED_MAX):
        clock.stamp(a(FAR, number), NOW)
    assert clock.stamp(a(FAR, 0), NOW) == a(NOW, 0)
    assert clock.stamp(a(FAR, PULLED_MAX), NOW) == a(NOW, PULLED_MAX)
    assert clock.stamp(a(FAR, 0), NOW) == a(NOW, PULLED_MAX + 1)
