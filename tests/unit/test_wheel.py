"""Places on the heartbeat wheel: a small lesson beats at once, a large one is spread over the turn."""

from collections import Counter

from app.core.lesson import Position, Register
from app.core.stamp import Stamp
from app.feed.channel import Channel
from app.feed.heartbeat import STEPS, TOGETHER, Wheel
from app.store.contract import Snapshot
from tests.support.peer import Peer

LESSON = Register("lesson", Stamp(1, 0, "s"), '{"title":"","created":0,"status":"live"}', 0, Position(1, 0))


def places(wheel: Wheel, code: str, viewers: int) -> "Counter[int]":
    """Where the viewers of a lesson go as they join it one after the other."""
    channel = Channel(code, Snapshot("store", Position(1, 0), 1, [LESSON]))
    taken: Counter[int] = Counter()
    for _ in range(viewers):
        peer = Peer(channel)
        taken[wheel.enter(peer)] += 1
        channel.join(peer, None)
    return taken


def test_a_small_lesson_beats_in_one_step() -> None:
    """So its beat is encoded once, for all."""
    assert len(places(Wheel(), "k7p4qx", TOGETHER)) == 1


def test_small_lessons_are_spread_over_the_turn() -> None:
    """A thousand of them: no step has more than a few times its share."""
    wheel = Wheel()
    taken = sum((places(wheel, f"k7p4{number:03}", 8) for number in range(1_000)), Counter[int]())
    assert len(taken) == STEPS
    assert max(taken.values()) < 4 * 8_000 / STEPS


def test_a_large_lesson_is_spread_over_the_turn() -> None:
    """Those who came first stand closer together; no step is a burst for that."""
    taken = places(Wheel(), "k7p4qx", 8_000)
    assert len(taken) == STEPS
    assert max(taken.values()) < 4 * 8_000 / STEPS


def test_the_places_of_a_lesson_are_apart() -> None:
    """Two hundred viewers need a few places: no third of the turn is without one, so a lesson never falls silent for long."""
    taken = sorted(places(Wheel(), "k7p4qx", 200))
    gaps = [(after - before) % STEPS for before, after in zip(taken, [*taken[1:], taken[0]], strict=True)]
    assert max(gaps) < STEPS / 3


def turns(wheel: Wheel, peer: Peer, place: int, lefts: list[int]) -> int | None:
    """At which of these visits a peer that is not ready is dropped; None where it is not."""
    peer.ready = False
    for number, left in enumerate(lefts, 1):
        peer.left = left
        wheel.visit(place)
        if peer.dropped:
            return number
    return None


def placed(wheel: Wheel) -> tuple[Peer, int]:
    """A stream of a lesson, and its place."""
    peer = Peer(Channel("k7p4qx", Snapshot("store", Position(1, 0), 1, [LESSON])))
    return peer, wheel.enter(peer)


def test_a_stream_that_reads_nothing_is_dropped_at_the_second_visit() -> None:
    """Whatever it has left."""
    wheel = Wheel()
    assert turns(wheel, *placed(wheel), [400_000, 400_000, 400_000]) == 2


def test_a_stream_that_reads_slowly_is_let() -> None:
    """400 KB at 8 KB/s; nothing is written to it meanwhile, no beat either."""
    wheel = Wheel()
    peer, place = placed(wheel)
    assert turns(wheel, peer, place, [400_000 - 120_000 * turn for turn in range(4)]) is None
    assert peer.told == []


def test_a_stream_that_was_ready_in_between_begins_anew() -> None:
    """It was found behind at every visit, each time with another event: it keeps up as well as it can."""
    wheel = Wheel()
    peer, place = placed(wheel)
    for _ in range(20):
        assert turns(wheel, peer, place, [50_000]) is None
        wheel.drained(peer, place)


def test_a_drain_waits_for_all() -> None:
    """While the server stops a stream has the whole drain to be ready again."""
    wheel = Wheel()
    wheel.patient = True
    assert turns(wheel, *placed(wheel), [400_000] * 9) is None


def test_a_stream_that_has_left_is_forgotten() -> None:
    """Also one that was behind."""
    wheel = Wheel()
    peer, place = placed(wheel)
    turns(wheel, peer, place, [400_000])
    wheel.leave(peer, place)
    assert turns(wheel, peer, place, [400_000] * 9) is None
