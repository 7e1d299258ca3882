"""What the feed knows of a stream.

Rules: a subscriber is a position, never a queue. While it is not `ready` nothing is written to it; when
it is again, its channel sends it what has changed since its position, as one event.
"""

from typing import TYPE_CHECKING, Protocol

from app.core.audience import Audience
from app.core.frames import Frame
from app.core.lesson import Position

if TYPE_CHECKING:
    from app.feed.channel import Channel


class Subscriber(Protocol):
    """One open stream, however its bytes travel."""

    audience: Audience
    channel: "Channel"
    position: Position | None  # None: it needs a reset
    ready: bool

    def write(self, frame: Frame) -> None:
        """Hand a frame to the transport; may clear `ready`. Never raises, never waits."""

    def unread(self) -> int:
        """Bytes that the peer has yet to take, as far as can be told; asked while it is not ready."""

    def finish(self, last: Frame) -> None:
        """Write the last frame and close."""

    def part(self) -> None:
        """Send the peer away with everything accepted so far, to come back in its own time."""

    def abort(self) -> None:
        """Drop the connection with whatever it holds."""
