"""Stamps on the wire, and what a lesson's clock makes of them, whatever clocks there are around it."""

from hypothesis import given, strategies as st

from app.core.stamp import AHEAD_MS, COUNTER_MAX, PULLED_MAX, SERVER, LessonClock, Stamp, parse_stamp
from tests.support.writes import WRITERS

NOW = 1_790_000_000_000

any_stamp = st.builds(
    Stamp,
    ms=st.integers(0, 10**15 - 1),
    counter=st.integers(0, COUNTER_MAX),
    writer=st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True),
)
asked = st.none() | st.builds(
    Stamp,
    ms=st.sampled_from((-10_000, -1, 0, 1, AHEAD_MS, AHEAD_MS + 1, AHEAD_MS + 2, 10**6)).map(NOW.__add__),
    counter=st.sampled_from((0, 1, 2, COUNTER_MAX - 1, COUNTER_MAX)),
    writer=st.sampled_from((*WRITERS, SERVER)),
)
# The clock of a server, which may be set back, and is another's after a worker has died.
requests = st.lists(st.tuples(asked, st.sampled_from((0, 0, 0, 1, 2, 7_000, -1, -5_000))), max_size=30)


@given(any_stamp)
def test_a_stamp_survives_the_wire(stamp: Stamp) -> None:
    """What is written is read back."""
    assert parse_stamp(str(stamp)) == stamp


@given(st.text() | st.from_regex(r"[0-9]{1,17}\.[0-9]{1,12}\.[A-Za-z0-9_-]{0,42}.?", fullmatch=True))
def test_what_is_read_can_be_written(text: str) -> None:
    """Text is a stamp, the same but for leading zeros, or it is none."""
    stamp = parse_stamp(text)
    if stamp is not None:
        ms, counter, writer = text.split(".")
        assert stamp == (int(ms), int(counter), writer)
        assert parse_stamp(str(stamp)) == stamp


@given(any_stamp, any_stamp)
def test_order_is_milliseconds_then_counter_then_bytes_of_the_writer(a: Stamp, b: Stamp) -> None:
    """Any two stamps are comparable, numbers as numbers and writers as bytes."""
    assert (a < b) == ((a.ms, a.counter, a.writer.encode()) < (b.ms, b.counter, b.writer.encode()))
    assert (a < b) + (b < a) + (a == b) == 1


@given(requests)
def test_what_is_issued_keeps_the_rules(given: list[tuple[Stamp | None, int]]) -> None:
    """Unpulled as asked, pulled back to the clock or just after, the server's own after all before it."""
    clock, now, latest, issued = LessonClock(), NOW, NOW, [Stamp(0, 0, SERVER)]
    for wanted, passed in given:
        repeated = wanted in clock.pulled
        now += passed
        latest = max(latest, now)
        used = clock.stamp(wanted, now)
        assert parse_stamp(str(used)) == used
        if wanted is None:
            assert (used.ms, used.counter) > max((stamp.ms, stamp.counter) for stamp in issued)
        elif wanted.ms <= now + AHEAD_MS and not repeated:
            assert used == wanted
        else:
            assert now <= used.ms <= latest + len(given) or repeated
            assert used.writer == wanted.writer
        issued.append(used)


@given(requests)
def test_pulled_back_stamps_rise_and_stay_apart(given: list[tuple[Stamp | None, int]]) -> None:
    """Each far-ahead stamp is later than the one pulled back before it; sent again, it is the same."""
    clock, now = LessonClock(), NOW
    pulled: dict[Stamp, Stamp] = {}
    for wanted, passed in given:
        now += passed
        used = clock.stamp(wanted, now)
        if wanted in pulled:
            assert used == pulled[wanted]
        elif wanted is not None and used != wanted:
            earlier = [(stamp.ms, stamp.counter) for stamp in pulled.values()]
            assert all((used.ms, used.counter) > before for before in earlier)
            pulled[wanted] = used


@given(st.integers(1, 3))
def test_what_is_remembered_is_bounded(times: int) -> None:
    """A tablet that draws for hours with a wrong clock costs no more than one that has just begun."""
    clock = LessonClock()
    for number in range(times * PULLED_MAX + 1):
        clock.stamp(Stamp(NOW + 10**6, number, "a"), NOW)
        assert len(clock.pulled) <= PULLED_MAX
