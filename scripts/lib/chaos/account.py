"""What was promised: the fold of every acknowledged write, made here from stamps alone, and the votes by voter.

Rules: this is a second opinion, so it shares no code with the server. A write is repeated until it is answered, so once everybody has
paused nothing is open. A vote whose answer was lost, and which found its poll closed when it was repeated, may count or not.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Stamp = tuple[int, int, str]
OPTIONS = 3
LIVE_ONLY = "pointer"  # kept for nobody


def parse(stamp: str) -> Stamp:
    """`ms.counter.writer`, to be compared."""
    ms, counter, writer = stamp.split(".", 2)
    return int(ms), int(counter), writer


@dataclass
class Votes:
    """Of one poll, by voter: what was acknowledged last, and what may have been counted since."""

    acknowledged: dict[int, int] = field(default_factory=dict)
    open: dict[int, set[int]] = field(default_factory=dict)

    def wrong(self, counts: list[int], voters: int) -> str | None:
        """Why these counts cannot be those votes."""
        sure = Counter(choice for voter, choice in self.acknowledged.items() if voter not in self.open)
        for option, count in enumerate(counts):
            maybe = sum(option in {*more, self.acknowledged.get(voter)} for voter, more in self.open.items())
            if not sure[option] <= count <= sure[option] + maybe:
                return f"option {option} has {count}, of {sure[option]} acknowledged and {maybe} unknown"
        most = len(self.acknowledged.keys() | self.open.keys())
        if not len(self.acknowledged) <= voters <= most or sum(counts) != voters:
            return f"{voters} voters and {sum(counts)} votes, of {len(self.acknowledged)} acknowledged"
        return None


@dataclass
class Account:
    """Everything acknowledged since the lesson began."""

    registers: dict[str, tuple[Stamp, Any]] = field(default_factory=dict)
    clears: dict[str, Stamp] = field(default_factory=dict)
    polls: dict[str, Votes] = field(default_factory=dict)
    writes: int = 0
    votes: int = 0
    refused: Counter[str] = field(default_factory=Counter)  # what clients were told instead of 200
    unexpected: list[str] = field(default_factory=list)  # answers that nobody should get

    def wrote(self, key: str, value: Any, stamp: str) -> None:
        """A write was acknowledged, applied or not: under the stamp that the answer names."""
        at = parse(stamp)
        self.writes += 1
        if key.endswith("/"):
            self.clears[key] = max(at, self.clears.get(key, at))
        elif key not in self.registers or self.registers[key][0] < at:
            self.registers[key] = (at, value)

    def voted(self, poll: str, voter: int, choice: int) -> None:
        """A vote was acknowledged."""
        self.votes += 1
        votes = self.polls.setdefault(poll, Votes())
        votes.acknowledged[voter] = choice
        votes.open.pop(voter, None)

    def unknown(self, poll: str, voter: int, choice: int) -> None:
        """A vote was sent and not answered."""
        self.polls.setdefault(poll, Votes()).open.setdefault(voter, set()).add(choice)

    def expected(self) -> dict[str, Any]:
        """Every register that there should be, and its value."""
        return {
            key: value
            for key, (at, value) in self.registers.items()
            if value is not None and key != LIVE_ONLY and not self._cleared(key, at)
        }

    def _cleared(self, key: str, at: Stamp) -> bool:
        parts = key.split("/")
        above = ("/".join(parts[:end]) + "/" for end in range(1, len(parts)))
        return any(at < self.clears[prefix] for prefix in above if prefix in self.clears)

    def forget(self, poll: str) -> None:
        """The poll was deleted, and its votes with it."""
        self.polls.pop(poll, None)
