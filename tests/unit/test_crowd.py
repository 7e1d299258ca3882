"""A frame goes to those who were there, in slices, and never after a newer one."""

import asyncio
from collections.abc import Callable

from app.core.audience import Audience
from app.core.frames import Frame
from app.core.lesson import Position
from app.feed.crowd import SLICE, Crowd, Delivery

OLD, NEW, NEWER = Position(1, 0), Position(2, 0), Position(3, 0)
NEWS, FOR_TEACHERS = Frame(b"news"), Frame(b"for teachers")


class Peer:
    """A subscriber that keeps what it is given."""

    def __init__(self, audience: Audience = Audience.VIEWER, *, ready: bool = True) -> None:
        self.audience = audience
        self.position: Position | None = OLD
        self.ready = ready
        self.got: list[Frame] = []

    def write(self, frame: Frame) -> None:
        """Keep it."""
        self.got.append(frame)


def crowd_of(*peers: Peer) -> Crowd:
    """A crowd that the peers have entered."""
    crowd = Crowd()
    for peer in peers:
        crowd.enter(peer)  # type: ignore[arg-type] # a fan-out needs no more of a subscriber
    return crowd


async def delivered(
    crowd: Crowd,
    *frames: tuple[Audience, Frame],
    meanwhile: Callable[[], None] = lambda: None,
    overtaken: Callable[[], bool] = lambda: False,
) -> None:
    """A whole fan-out, with something that happens after its first slice."""
    done = asyncio.Event()
    crowd.fan_out(Delivery(NEW, frames, overtaken, done.set))
    meanwhile()
    async with asyncio.timeout(5):
        await done.wait()


async def test_everybody_who_is_ready_gets_it_once() -> None:
    """Each audience gets its frame and its new position; who is not ready is passed over, and stays where it is."""
    viewer, slow, teacher = Peer(), Peer(ready=False), Peer(Audience.TEACHER)
    await delivered(
        crowd_of(viewer, slow, teacher), (Audience.VIEWER, NEWS), (Audience.TEACHER, FOR_TEACHERS)
    )
    assert (viewer.got, slow.got, teacher.got) == ([NEWS], [], [FOR_TEACHERS])
    assert (viewer.position, slow.position, teacher.position) == (NEW, OLD, NEW)


async def test_it_yields_after_each_slice() -> None:
    """One slice is written at once, the rest later, so that other work comes in between; it is busy until the end."""
    peers = [Peer() for _ in range(2 * SLICE + 1)]
    crowd = crowd_of(*peers)
    seen: list[tuple[int, bool]] = []
    await delivered(
        crowd,
        (Audience.VIEWER, NEWS),
        meanwhile=lambda: seen.append((sum(len(peer.got) for peer in peers), crowd.busy)),
    )
    assert seen == [(SLICE, True)]
    assert [len(peer.got) for peer in peers] == [1] * len(peers)
    assert not crowd.busy


async def test_who_comes_meanwhile_is_not_given_older_news() -> None:
    """Whoever joins during a fan-out has had its first event, and gets none that is older, of either audience."""
    crowd = crowd_of(*(Peer() for _ in range(SLICE + 1)), Peer(Audience.TEACHER))
    viewer, teacher = Peer(), Peer(Audience.TEACHER)

    def join() -> None:
        crowd.enter(viewer)  # type: ignore[arg-type]
        crowd.enter(teacher)  # type: ignore[arg-type]

    await delivered(crowd, (Audience.VIEWER, NEWS), (Audience.TEACHER, FOR_TEACHERS), meanwhile=join)
    assert (viewer.got, teacher.got) == ([], [])


async def test_who_was_caught_up_meanwhile_is_not_set_back() -> None:
    """One that was not ready and has been brought further than this frame does not get it."""
    late = Peer(ready=False)
    crowd = crowd_of(*(Peer() for _ in range(SLICE)), late)

    def catch_up() -> None:
        late.ready, late.position = True, NEWER

    await delivered(crowd, (Audience.VIEWER, NEWS), meanwhile=catch_up)
    assert (late.got, late.position) == ([], NEWER)


async def test_who_leaves_meanwhile_is_not_written_to() -> None:
    """A connection that ended during a fan-out is left alone."""
    gone = Peer()
    crowd = crowd_of(*(Peer() for _ in range(SLICE)), gone)
    await delivered(
        crowd,
        (Audience.VIEWER, NEWS),
        meanwhile=lambda: crowd.leave(gone),  # type: ignore[arg-type]
    )
    assert gone.got == []


async def test_a_fan_out_that_is_overtaken_stops() -> None:
    """After a new epoch nobody gets what was of the old one."""
    peers = [Peer() for _ in range(SLICE + 10)]
    epoch = ["old"]
    await delivered(
        crowd_of(*peers),
        (Audience.VIEWER, NEWS),
        meanwhile=lambda: epoch.append("new"),
        overtaken=lambda: epoch[-1] == "new",
    )
    assert sum(len(peer.got) for peer in peers) == SLICE
