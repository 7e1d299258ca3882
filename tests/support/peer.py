"""A stream without a connection: a subscriber that keeps what it is told."""

from app.core.audience import Audience
from app.core.frames import Frame
from app.core.lesson import Position
from app.feed.channel import Channel


class Peer:
    """It joins when it is told to."""

    def __init__(self, channel: Channel, audience: Audience = Audience.VIEWER) -> None:
        self.audience = audience
        self.channel = channel
        self.position: Position | None = None
        self.ready = True
        self.told: list[bytes] = []
        self.left = 0  # bytes that it has not read
        self.dropped = False

    @classmethod
    def joined(cls, channel: Channel, audience: Audience = Audience.VIEWER) -> "Peer":
        """One that is there."""
        peer = cls(channel, audience)
        channel.join(peer, None)
        return peer

    def write(self, frame: Frame) -> None:
        self.told.append(frame.raw)

    def finish(self, last: Frame) -> None:
        self.write(last)

    def part(self) -> None: ...

    def unread(self) -> int:
        return self.left

    def abort(self) -> None:
        self.dropped = True
