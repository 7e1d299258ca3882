"""The flush window: counted from the middle of a fan-out, whose length is what it takes to write to everybody."""

import asyncio
import time

from app.core.audience import Audience
from app.core.frames import Frame
from app.core.lesson import Position, Register, Write
from app.core.stamp import Stamp
from app.feed.channel import WINDOW_S, Channel
from app.store.contract import Entry, Snapshot
from tests.support.eventually import eventually
from tests.support.peer import Peer

LESSON = Register("lesson", Stamp(1, 0, "s"), '{"title":"","created":0,"status":"live"}', 0, Position(1, 0))
FAN_OUT_S = 0.06
SLACK_S = 0.005  # a fan-out begins with encoding, before its first write


class Slow(Peer):
    """Stands for thousands: writing takes long."""

    def __init__(self, channel: Channel, audience: Audience = Audience.VIEWER) -> None:
        super().__init__(channel, audience)
        self.at: list[float] = []  # when each write began

    def write(self, frame: Frame) -> None:
        super().write(frame)
        self.at.append(time.monotonic())
        time.sleep(FAN_OUT_S)


def entry(number: int) -> Entry:
    """Somebody writes."""
    at = Position(1, number)
    return Entry(at, number, [Write("timer", Stamp(1, number, "s"), f'{{"ends":{number}}}')])


async def test_a_window_begins_in_the_middle_of_a_fan_out() -> None:
    """What is written right after a long one waits for what is left of the window, and what else comes is merged."""
    channel = Channel("k7p4qx", Snapshot("store", Position(1, 0), 1, [LESSON]))
    peer = Slow.joined(channel)
    assert isinstance(peer, Slow)

    async def told() -> int:
        return len(peer.told)

    channel.deliver([entry(2)])
    await eventually(told, lambda events: events == 1)
    channel.deliver([entry(3)])
    channel.deliver([entry(4)])
    await eventually(told, lambda events: events == 2)
    assert peer.at[1] - peer.at[0] >= FAN_OUT_S / 2 + WINDOW_S - SLACK_S
    assert b'"ends":4' in peer.told[1]


async def test_a_quiet_window_holds_nothing_back() -> None:
    """Not even until the loop's next timer: the event is written before anything that is scheduled later."""
    channel = Channel("k7p4qx", Snapshot("store", Position(1, 0), 1, [LESSON]))
    peer = Peer.joined(channel)
    channel.deliver([entry(2)])
    await asyncio.sleep(WINDOW_S * 1.5)  # the quiet time is what is under test
    channel.deliver([entry(3)])
    await asyncio.sleep(0)
    assert len(peer.told) == 2
