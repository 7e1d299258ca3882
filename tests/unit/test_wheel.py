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
