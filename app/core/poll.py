"""Polls: what may be voted, and what is counted.

Rules: a vote names one option (or several where the poll allows it), each once; a new vote of the same
voter replaces the old one; only an open poll takes votes. What a voter has chosen is kept, so counts can
always be made again from the votes.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

# What the audience has been shown of a poll; a register's mark, so it only ever rises.
UNSEEN, SEEN, REVEALED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Poll:
    """The parts of a poll's value that rules depend on."""

    options: int
    multiple: bool
    status: str
    reveal: bool

    @property
    def shown(self) -> bool:
        """Whether viewers see the poll at all."""
        return self.status != "draft"

    @property
    def revealed(self) -> bool:
        """Whether viewers see its tally and its correct answers."""
        return self.shown and self.reveal

    @property
    def mark(self) -> int:
        """What viewers have seen once this value has been shown to them."""
        return REVEALED if self.revealed else SEEN if self.shown else UNSEEN


class Refusal(Enum):
    """Why a vote is not counted."""

    UNKNOWN = "unknown"  # no such poll, or a draft, which viewers must not be able to tell apart
    CLOSED = "closed"
    IMPOSSIBLE = "impossible"
    FULL = "full"  # the poll has as many voters as one may have


def parse_poll(raw: str) -> Poll | None:
    """The poll in a register's JSON text; None for a tombstone."""
    value = json.loads(raw)
    if value is None:
        return None
    return Poll(
        options=len(value["options"]),
        multiple=bool(value.get("multiple", False)),
        status=value["status"],
        reveal=bool(value.get("reveal", False)),
    )


def mark(key: str, raw: str) -> int:
    """The mark of a write: what viewers will have seen of a poll once it is applied; 0 for the rest."""
    poll = parse_poll(raw) if key.startswith("poll/") else None
    return poll.mark if poll else UNSEEN


def refuse(poll: Poll | None, choices: Sequence[int]) -> Refusal | None:
    """Why these choices cannot be voted, or None where they can."""
    if poll is None or not poll.shown:
        return Refusal.UNKNOWN
    if poll.status != "open":
        return Refusal.CLOSED
    possible = all(0 <= choice < poll.options for choice in choices)
    number = len(choices) == 1 or (poll.multiple and len(choices) > 1)
    if not (possible and number and len(set(choices)) == len(choices)):
        return Refusal.IMPOSSIBLE
    return None


def tally(options: int, votes: Iterable[Sequence[int]]) -> tuple[list[int], int]:
    """Counts an option, and the number of voters."""
    counts, voters = [0] * options, 0
    for choices in votes:
        voters += 1
        for choice in choices:
            if choice < options:
                counts[choice] += 1
    return counts, voters
