"""A lesson's votes in memory: what `lua/vote.lua`, `lua/tally.lua` and `lua/polls.lua` must do, in Python.

Rules: a poll with votes that its tally does not show is dirty; what closes, reveals or ends it shows them in the same
entry; a deleted poll's votes go with it.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from app.core.lesson import NULL, Lesson, Register, Write
from app.core.poll import Poll, Refusal, parse_poll, refuse, tally
from app.core.stamp import LessonClock, Stamp
from app.store.contract import Change, Counts, Limits

Take = Callable[[Write], bool]


class Touched(NamedTuple):
    """What a change made of a poll."""

    poll: str
    before: Register | None
    after: Register | None


@dataclass
class Ballots:
    """The votes of one lesson."""

    lesson: Lesson
    clock: LessonClock
    limits: Limits
    votes: dict[str, dict[str, tuple[int, ...]]] = field(default_factory=dict)
    shown: dict[str, int] = field(
        default_factory=dict
    )  # ms of the store's clock: when a tally was last written
    dirty: dict[str, None] = field(default_factory=dict)

    def there(self, key: str) -> Register | None:
        """The register, where it holds a value."""
        register = self.lesson.get(key)
        return register if register is not None and register.raw != NULL else None

    def vote(self, poll: str, voter: str, choices: Sequence[int], *, ended: bool) -> Refusal | bool:
        """Take a vote; says why not, or whether there is news to publish."""
        register = self.there(f"poll/{poll}")
        if register is None:
            return Refusal.UNKNOWN
        refusal = refuse(_poll(register), choices)
        if ended and refusal is not Refusal.UNKNOWN:
            return Refusal.CLOSED
        if refusal is not None:
            return refusal
        votes = self.votes.setdefault(poll, {})
        if voter not in votes and len(votes) >= self.limits.voters:
            return Refusal.FULL
        if votes.get(voter) != tuple(choices):
            votes[voter] = tuple(choices)
            self.dirty[poll] = None
        return poll in self.dirty

    def counts(self) -> dict[str, Counts]:
        """What has been voted."""
        counted = {}
        for poll, votes in self.votes.items():
            options = max((choice for choices in votes.values() for choice in choices), default=-1) + 1
            counted[poll] = Counts(*tally(options, votes.values()))
        return {poll: counts for poll, counts in counted.items() if counts.voters}

    # --- tallies ---------------------------------------------------------------------------------------

    def due_in(self, poll: str) -> int:
        """In how many ms the poll may have its next tally."""
        pace = self.limits.tally_ms
        since = _today() - self.shown.get(poll, -pace)
        return pace - since if since < pace else 0

    def show(self, poll: str, take: Take, now: int) -> None:
        """Write the tally that the votes make, unless it says so already."""
        self.dirty.pop(poll, None)
        register, old = self.there(f"poll/{poll}"), self.there(f"tally/{poll}")
        value = _poll(register) if register else None
        if value is None:
            return
        counts, voters = tally(value.options, self.votes.get(poll, {}).values())
        raw = json.dumps({"counts": counts, "voters": voters}, separators=(",", ":"))
        if (old is None and not voters) or (old is not None and old.raw == raw):
            return
        self.shown[poll] = _today()
        take(Write(f"tally/{poll}", self.clock.stamp(None, now), raw))

    def show_due(self, take: Take, now: int, *, all_of_them: bool = False) -> int:
        """Write the tallies that are due; in how many ms the next one is."""
        waits = []
        for poll in list(self.dirty):
            wait = 0 if all_of_them else self.due_in(poll)
            if wait:
                waits.append(wait)
            else:
                self.show(poll, take, now)
        return min(waits, default=0)

    # --- what becomes of polls ---------------------------------------------------------------------------

    def added(self, changes: Sequence[Change]) -> int:
        """How many polls the changes may add."""
        return sum(
            _is_poll(change.key) and change.raw != NULL and self.there(change.key) is None
            for change in changes
        )

    def full(self, changes: Sequence[Change]) -> bool:
        """Whether the changes may make more polls than a lesson may have."""
        added = self.added(changes)
        there = sum(register.raw != NULL for register in self.lesson.below("poll/"))
        return added > 0 and there + added > self.limits.polls

    def named(self, change: Change) -> dict[str, Register | None]:
        """The polls that a change may alter, and what is there before it."""
        if _is_poll(change.key):
            return {change.key: self.there(change.key)}
        if change.key != "poll/":
            return {}
        there = [register for register in self.lesson.below("poll/") if register.raw != NULL]
        # In the order in which a clear meets them.
        return {register.key: register for register in sorted(there, key=lambda each: (each.stamp, each.key))}

    def touched(self, named: Mapping[str, Register | None]) -> list[Touched]:
        """The polls of those that a change has altered."""
        now = [Touched(key.partition("/")[2], old, self.there(key)) for key, old in named.items()]
        return [each for each in now if _stamp(each.before) != _stamp(each.after)]

    def settle(self, touched: Sequence[Touched], take: Take, now: int) -> None:
        """Votes go with their polls; polls that are over as they were have their last tally."""
        for each in touched:
            if each.before is not None and each.after is None:
                self._forget(each.poll, take, now)
        seen: set[str] = set()
        for each in touched:
            new = self.there(f"poll/{each.poll}") if each.after and each.poll not in seen else None
            if new is not None and _is_over(each.before, new):
                self.show(each.poll, take, now)
            seen.add(each.poll)

    def _forget(self, poll: str, take: Take, now: int) -> None:
        self.votes.pop(poll, None)
        self.dirty.pop(poll, None)
        self.shown.pop(poll, None)
        if self.there(f"tally/{poll}"):
            take(Write(f"tally/{poll}", self.clock.stamp(None, now), NULL))


def _today() -> int:
    """The store's own clock: the workers' differ."""
    return time.monotonic_ns() // 1_000_000


def _is_poll(key: str) -> bool:
    return key.startswith("poll/") and key != "poll/"


def _stamp(register: Register | None) -> Stamp | None:
    return register.stamp if register else None


def _poll(register: Register) -> Poll | None:
    """The poll in a register; None for what is none: a store does not care what teachers may write."""
    value = json.loads(register.raw)
    return parse_poll(register.raw) if isinstance(value, dict) and "options" in value else None


def _is_over(before: Register | None, after: Register) -> bool:
    new, old = _poll(after), _poll(before) if before else None
    if new is None or new.status != "open":
        return new is not None
    return old is not None and ((new.reveal and not old.reveal) or new.options != old.options)
