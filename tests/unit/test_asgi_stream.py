"""A stream over plain ASGI whose server takes bytes as its peer reads them: what it has left is seen, piece by piece."""

import asyncio
from typing import Any

from app.core.audience import Audience
from app.core.frames import Frame
from app.core.lesson import Position, Register
from app.core.stamp import Stamp
from app.feed.channel import Channel
from app.feed.heartbeat import Wheel
from app.store.contract import Snapshot
from app.web.opening import Opening, Streams, retry
from app.web.stream import PIECE, AsgiSubscriber

LESSON = Register("lesson", Stamp(1, 0, "s"), '{"title":"","created":0,"status":"live"}', 0, Position(1, 0))
EVENT = Frame(b"data: " + b"a" * 20 * PIECE + b"\n\n")


class Taker:
    """A server's `send` that takes as many messages as it is told, and then waits."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self._may = asyncio.Semaphore(0)

    async def send(self, message: Any) -> None:
        await self._may.acquire()
        self.taken.append(message["body"])
        assert message["more_body"]

    def takes(self, number: int) -> None:
        """So many more."""
        for _ in range(number):
            self._may.release()


async def subscriber(taker: Taker) -> AsgiSubscriber:
    """On a wheel, in a lesson."""
    channel = Channel("k7p4qx", Snapshot("store", Position(1, 0), 1, [LESSON]))
    opening = Opening(Streams(Wheel(), 20.0), channel, Audience.VIEWER, None, retry((1, 2)))
    made = AsgiSubscriber(taker.send, opening, asyncio.get_running_loop().create_future())
    made.place = made.wheel.enter(made)
    return made


async def settled() -> None:
    """What can go on has gone on."""
    for _ in range(100):
        await asyncio.sleep(0)


async def test_a_large_frame_goes_in_pieces_and_is_whole() -> None:
    """Not ready until all of it is taken; what is left shrinks meanwhile, so it is let at every visit."""
    taker = Taker()
    stream = await subscriber(taker)
    stream.write(EVENT)
    for _ in range(5):
        assert not stream.ready
        before = stream.unread()
        stream.wheel.visit(stream.place)
        taker.takes(4)
        await settled()
        assert stream.unread() < before
    taker.takes(1)
    await settled()
    assert stream.ready
    assert b"".join(taker.taken) == EVENT.raw
    assert max(map(len, taker.taken)) == PIECE


async def test_a_frame_that_is_not_taken_ends_the_stream() -> None:
    """At the second visit that finds it so."""
    stream = await subscriber(Taker())
    stream.write(EVENT)
    await settled()
    stream.wheel.visit(stream.place)
    assert not stream._gone.done()
    stream.wheel.visit(stream.place)
    assert stream._gone.done()
    stream.drop()


async def test_a_small_frame_is_one_message() -> None:
    """As most are: no task and no pieces where the server takes it at once."""
    taker = Taker()
    stream = await subscriber(taker)
    taker.takes(1)
    stream.write(Frame(b"data: a\n\n"))
    assert stream.ready
    assert taker.taken == [b"data: a\n\n"]
