"""A lesson's fold: the newest value of every register, and the position of its last change.

Rules:
- A write beats a register when its stamp is higher; what it does not beat it leaves alone, so applying
  writes twice, or in any order, gives the same lesson (last writer wins, per register).
- A null is kept as a tombstone. A clear (`ink/p/` = null) is itself a register: it removes what is below
  it with an older stamp, now and when it arrives later, and stands for it from then on.
- A register that survives a clear (its stamp is not older) takes the clear's position, so that whoever
  is told "delete all below" is told the survivors in the same breath.
- Registers are held in the order of their last change: `changed(since)` costs what it returns.
- Values are JSON text, opaque here: nothing is decoded or encoded again on the way through.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from app.core.keys import EPHEMERAL, is_prefix, prefixes
from app.core.stamp import Stamp

NULL = "null"


class Position(NamedTuple):
    """A place in a lesson's feed; ordered; the store's own numbering (a stream id)."""

    ms: int
    seq: int

    def __str__(self) -> str:
        return f"{self.ms}-{self.seq}"


START = Position(0, 0)


class Write(NamedTuple):
    """One register set: `raw` is the value's JSON text, `mark` what an audience has seen of it (sticky)."""

    key: str
    stamp: Stamp
    raw: str
    mark: int = 0


class Register(NamedTuple):
    """A register as kept: the write that won, and the position at which it last changed."""

    key: str
    stamp: Stamp
    raw: str
    mark: int
    position: Position


class Lesson:
    """All registers of one lesson. Not an object for concurrent use: one owner applies, all may read."""

    __slots__ = ("_below", "_registers", "position")

    def __init__(self, registers: Iterable[Register] = (), position: Position = START) -> None:
        self._registers: OrderedDict[str, Register] = OrderedDict()
        self._below: dict[str, set[str]] = {}
        self.position = position
        for register in sorted(registers, key=lambda register: register.position):
            self._put(register)

    def __len__(self) -> int:
        return len(self._registers)

    def __iter__(self) -> Iterator[Register]:
        return iter(self._registers.values())

    def get(self, key: str) -> Register | None:
        """The register, tombstones included."""
        return self._registers.get(key)

    def number_below(self, prefix: str) -> int:
        """How many registers there are below a prefix."""
        return len(self._below.get(prefix, ()))

    def below(self, prefix: str) -> list[Register]:
        """Every register below a prefix, in the order of keys."""
        return [self._registers[key] for key in sorted(self._below.get(prefix, ()))]

    def newest(self) -> Iterator[Register]:
        """All registers, the last changed first."""
        return reversed(self._registers.values())

    def changed(self, since: Position) -> list[Register]:
        """The registers whose last change is after `since`, in the order of keys."""
        found = []
        for register in self.newest():
            if register.position <= since:
                break
            found.append(register)
        return sorted(found)

    def apply(self, position: Position, writes: Sequence[Write]) -> list[bool]:
        """Fold the writes of one feed entry in; says of each whether it beat what was there."""
        applied = [self._apply(position, write) for write in writes]
        self.position = max(self.position, position)
        return applied

    def _apply(self, position: Position, write: Write) -> bool:
        if not self._beats(write):
            return False
        if is_prefix(write.key):
            self._clear(position, write)
        old = self._registers.get(write.key)
        mark = max(write.mark, old.mark) if old else write.mark
        raw = NULL if write.key in EPHEMERAL else write.raw
        self._put(Register(write.key, write.stamp, raw, mark, position))
        return True

    def _beats(self, write: Write) -> bool:
        current = self._registers.get(write.key)
        if current is not None and current.stamp >= write.stamp:
            return False
        for prefix in prefixes(write.key):
            clear = self._registers.get(prefix)
            if clear is not None and clear.stamp > write.stamp:
                return False
        return True

    def _clear(self, position: Position, clear: Write) -> None:
        for key in sorted(self._below.get(clear.key, ())):
            register = self._registers[key]
            if register.stamp < clear.stamp:
                self._remove(key)
            else:
                self._put(register._replace(position=position))

    def _put(self, register: Register) -> None:
        key = register.key
        if key in self._registers:
            self._registers.move_to_end(key)
        else:
            for prefix in prefixes(key):
                self._below.setdefault(prefix, set()).add(key)
        self._registers[key] = register

    def _remove(self, key: str) -> None:
        del self._registers[key]
        for prefix in prefixes(key):
            below = self._below[prefix]
            below.discard(key)
            if not below:
                del self._below[prefix]
