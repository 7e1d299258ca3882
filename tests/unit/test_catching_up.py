"""A subscriber that was passed over is brought to now by one event, which holds what has no position of its own, too."""

from app.core.audience import Audience
from app.core.lesson import Position, Register
from app.core.stamp import Stamp
from app.feed.channel import Channel
from app.store.contract import Snapshot
from tests.support.peer import Peer

LESSON = Register("lesson", Stamp(1, 0, "s"), '{"title":"","created":0,"status":"live"}', 0, Position(1, 0))


async def test_a_slow_teacher_hears_how_many_watch() -> None:
    """The count changed while it could take nothing; nothing else did."""
    channel = Channel("k7p4qx", Snapshot("store", Position(1, 0), 1, [LESSON]))
    teacher = Peer.joined(channel, Audience.TEACHER)
    teacher.ready = False
    channel.census(7)
    teacher.ready = True
    channel.drained(teacher)
    assert len(teacher.told) == 1
    assert b'["audience",{"viewers":7}]' in teacher.told[0]


async def test_a_slow_viewer_that_missed_nothing_is_told_nothing() -> None:
    """How many watch is nothing to a viewer."""
    channel = Channel("k7p4qx", Snapshot("store", Position(1, 0), 1, [LESSON]))
    viewer = Peer.joined(channel)
    channel.census(7)
    channel.drained(viewer)
    assert viewer.told == []
