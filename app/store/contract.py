"""The store's contract, on one screen.

Rules: times are integer milliseconds of the caller's clock, passed as `now`, except the pace of tallies, which is
held by the store's; values are JSON text;
faults of the store itself are `StoreUnavailable`, refusals of a request are `Refused`. Bounds are
`Limits`: at each the request that would add more is refused and nothing is changed, so that a full
lesson still turns its pages; except the feed, which forgets its oldest entries (readers notice by the
number and load again).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

from app.core.lesson import Position, Register, Write
from app.core.pages import PAGES
from app.core.poll import Refusal
from app.core.stamp import Stamp

ENTRY_WRITES = 1_000  # of one entry of a feed; what a request changes beyond them fills further entries
POLL_ROOM = 256  # bytes for each poll a lesson may have, beyond its values: `closed` is longer than `open`


class StoreUnavailable(ConnectionError):
    """The store cannot be reached or does not answer in time. Whether the call took effect is not known."""


class StoreUnfit(StoreUnavailable):
    """The store answers and cannot be used as it is; the message is a sentence for the person who deploys."""


class Reason(Enum):
    """Why a write is refused."""

    UNKNOWN = "unknown"
    ENDED = "ended"
    FULL = "full"
    POLLS = "polls"  # as many polls as a lesson may have
    PAGES = "pages"  # as many pages as its order may have


class Refused(Exception):
    """A write was refused as a whole, and changed nothing."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one lesson."""

    registers: int = 32_768  # tombstones among them; those and the server's own may go to twice as many
    value_bytes: int = 32 * 1024 * 1024  # of all values together, in UTF-8; those two kinds go on
    pages: int = PAGES  # of a lesson's order
    feed: int = 1_024  # entries kept for readers that fall behind
    polls: int = 1_000  # drafts and closed ones among them, deleted ones not
    voters: int = 100_000  # of one poll
    tally_ms: int = 500  # between two tallies of one poll, by the store's clock
    retention_s: int = (
        30 * 24 * 3600
    )  # after the last write or vote (an hour less at worst) everything is removed


class Change(NamedTuple):
    """A register to set: `stamp` None lets the store stamp it after everything it has accepted."""

    key: str
    raw: str
    stamp: Stamp | None = None
    mark: int = 0


class Outcome(NamedTuple):
    """What a write did: the lesson's position after it, and for each change, was it applied and under what stamp."""

    position: Position
    applied: list[bool]
    stamps: list[Stamp]


class Snapshot(NamedTuple):
    """A lesson as kept: `store` names this life of the store, `number` counts the feed's entries so far.

    `unpublished`: some poll has votes that its tally does not show yet.
    """

    store: str
    position: Position
    number: int
    registers: list[Register]
    unpublished: bool = False


class Counts(NamedTuple):
    """A poll's votes for each option, as long as the highest voted, and its voters."""

    counts: list[int]
    voters: int


class Entry(NamedTuple):
    """One entry of a lesson's feed: the writes that were applied together."""

    position: Position
    number: int
    writes: list[Write]


class Reader(Protocol):
    """One blocking reader of many feeds, on a connection of its own."""

    store: str  # which life of the store it reads from

    def follow(self, after: Mapping[str, Position]) -> None:
        """From now on read these lessons' feeds, each after a position."""

    async def read(self) -> dict[str, list[Entry]]:
        """New entries of the lessons followed, each once, in order; waits a while for the first, else empty.

        The worker's own probe (`Store.probe`) ends the wait and is told as the lesson `""`.
        """

    async def close(self) -> None: ...


class Store(Protocol):
    async def create(self, lesson: str, changes: Sequence[Change], now: int) -> bool:
        """Make a lesson; False where the code is taken. Raises Refused."""

    async def load(self, lesson: str) -> Snapshot | None: ...

    async def positions(self, lessons: Sequence[str]) -> list[Position | None]:
        """How far each lesson's feed has come; None where there is no such lesson."""

    async def write(self, lesson: str, changes: Sequence[Change], now: int, *, end: bool = False) -> Outcome:
        """Set registers, atomically; `end` closes the lesson for every later write. Raises Refused.

        A poll that is closed, revealed or ended by it has its last tally, with every vote, in the same entry.
        """

    async def append(self, lesson: str, deck: str, pages: int, now: int) -> Position:
        """Put a deck's pages at the end of the order, once however often it is told, and show the first where nothing is."""

    async def vote(
        self, lesson: str, poll: str, voter: str, choices: Sequence[int], now: int
    ) -> Refusal | int:
        """Count a vote. Answers why not, or in how many ms `publish` is due (0: the tally is published)."""

    async def publish(self, lesson: str, now: int) -> int:
        """Write the tallies that are due of polls with votes since their last; ms until the next, 0 when all is told."""

    async def peek(self, lesson: str, key: str) -> str | None:
        """One register's value, tombstones included, without the rest of the lesson; None where there is none."""

    async def counts(self, lesson: str) -> Mapping[str, Counts]:
        """What has been voted, by poll that has been voted in; exact, published or not."""

    async def reader(self, worker: str) -> Reader: ...

    async def probe(self, worker: str) -> None:
        """Write a sign that the worker's own reader will hear."""

    async def census(self, worker: str, counts: Mapping[str, int], now: int) -> Mapping[str, int]:
        """Say how many viewers this worker has, by lesson; hear how many all living workers have.

        A lesson that a worker names without a viewer is in the answer too, with 0: it is being given there.
        """

    async def secret(self, held: bytes = b"") -> bytes:
        """The key that signs cookies: the same for all workers. A store without one takes the caller's, or a new one."""

    async def close(self) -> None: ...
