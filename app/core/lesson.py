"""A lesson's fold: the newest value of every register, and the position of its last change.

Rules:
- A write beats a register when its stamp is higher; what it does not beat it leaves alone, so applying
  writes twice, or in any order, gives the same lesson (last writer wins, per register).
- A null is kept as a tombstone. A clear (`ink/p/` = null) is itself a register: it removes what is below
  it with an older stamp, now and when it arrives later, and stands for it from then on.
- The clear below a register (`ink/p/s/` where there is `ink/p/s`) is no register of its own: it is kept in
  that one as its `cover`. A stroke that was drawn in pieces costs one register, not two for ever.
- Where nothing survives a clear, all below it is dropped, the clear takes the position, and is told as one
  null. Where something survives, the clear takes the stamp alone; what it removed becomes tombstones, told
  one by one, and the survivors are not touched. So whoever is told of a clear is told all that is below it
  now, and a clear costs what it removes: survivors that were told again would make 256 clears of a full page
  the work of a minute, and of megabytes for each viewer.
- Registers are held in the order of their last change: `changed(since)` costs what it returns.
- Values are JSON text, opaque here: nothing is decoded or encoded again on the way through.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from app.core.below import ABSENT, DEAD, Index, Move
from app.core.keys import EPHEMERAL, is_prefix, parent, prefixes
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


class Cover(NamedTuple):
    """The clear of what is below a register, and the position at which it was last told."""

    stamp: Stamp
    position: Position


class Register(NamedTuple):
    """A register as kept: the write that won, and the position at which it (or its cover) last changed."""

    key: str
    stamp: Stamp
    raw: str
    mark: int
    position: Position
    cover: Cover | None = None


class Lesson:
    """All registers of one lesson. Not an object for concurrent use: one owner applies, all may read."""

    __slots__ = ("_index", "_registers", "position")

    def __init__(self, registers: Iterable[Register] = (), position: Position = START) -> None:
        kept = _absorbed(registers)
        self._registers = OrderedDict((register.key, register) for register in kept)
        self._index = Index()
        self.position = position
        self._index.fill(self._places(kept))

    def _places(self, registers: Iterable[Register]) -> Iterator[tuple[str, Stamp]]:
        clears: dict[str, Stamp] = {}
        for register in registers:
            narrowest = parent(register.key)
            if narrowest not in clears:
                clears[narrowest] = self._newest_clear(prefixes(register.key))
            yield register.key, _place(register, clears[narrowest])

    def __len__(self) -> int:
        return len(self._registers)

    def __iter__(self) -> Iterator[Register]:
        return iter(self._registers.values())

    def get(self, key: str) -> Register | None:
        """The register, tombstones included."""
        return self._registers.get(key)

    def number_below(self, prefix: str) -> int:
        """How many registers there are below a prefix."""
        return len(self._index.at(prefix))

    def below(self, prefix: str) -> list[Register]:
        """Every register below a prefix, in the order of keys."""
        return [self._registers[key] for key in sorted(self._index.at(prefix).keys())]

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
        key, stamp, raw, mark = write
        above = prefixes(key)
        newest = self._newest_clear(above) if above else ABSENT
        if newest > stamp:
            return False
        if is_prefix(key):
            return self._clear(position, write, above, newest)
        registers = self._registers
        old = registers.get(key)
        cover = None
        if old is not None:
            if old.stamp >= stamp:
                return False
            mark = max(mark, old.mark)
            cover = old.cover
        elif above:
            cover = self._absorb(key, above, newest)
        register = Register(key, stamp, NULL if key in EPHEMERAL else raw, mark, position, cover)
        registers[key] = register
        if old is not None:
            registers.move_to_end(key)
        if above:
            was = _place(old, newest) if old is not None else ABSENT
            self._index.move(above, key, was, _place(register, newest))
        return True

    def _newest_clear(self, above: Sequence[str]) -> Stamp:
        newest = ABSENT
        for prefix in above:
            clear = self._clear_at(prefix)
            if clear is not None and clear.stamp > newest:
                newest = clear.stamp
        return newest

    def _clear_at(self, prefix: str) -> Cover | Register | None:
        host = self._registers.get(prefix[:-1])
        return host.cover if host else self._registers.get(prefix)

    def _absorb(self, key: str, above: Sequence[str], newest: Stamp) -> Cover | None:
        clear = self._registers.pop(key + "/", None)
        if clear is None:
            return None
        self._index.move(above, clear.key, _place(clear, newest), ABSENT)
        return Cover(clear.stamp, clear.position)

    def _clear(self, position: Position, clear: Write, above: Sequence[str], newest: Stamp) -> bool:
        old = self._clear_at(clear.key)
        if old is not None and old.stamp >= clear.stamp:
            return False
        loud = self._remove_below(position, clear)
        told = position if loud else old.position if old else START
        host = self._registers.get(clear.key[:-1])
        if host is not None:
            cover = Cover(clear.stamp, told)
            register = Register(host.key, host.stamp, host.raw, host.mark, max(told, host.position), cover)
        else:
            host = self._registers.get(clear.key)
            register = Register(clear.key, clear.stamp, clear.raw, clear.mark, told)
        self._registers[register.key] = register
        was = _place(host, newest) if host else ABSENT
        self._index.move(above, register.key, was, _place(register, newest))
        if loud or host is None:
            self._registers.move_to_end(register.key, last=loud)
        return True

    def _remove_below(self, position: Position, clear: Write) -> bool:
        """Remove what is older; False where something below has survived."""
        below = self._index.at(clear.key)
        older = below.older(clear.stamp)
        if len(older) < len(below.live) or any(
            _newest(self._registers[key]) >= clear.stamp for _, key in older
        ):
            self._index.move_all([self._bury(key, was, position, clear.stamp) for was, key in older])
            return False
        for key in self._index.remove_below(clear.key):
            del self._registers[key]
        return True

    def _bury(self, key: str, was: Stamp, position: Position, clear: Stamp) -> Move:
        register = self._registers[key]
        if register.stamp < clear and register.raw != NULL:
            register = self._registers[key] = register._replace(raw=NULL, position=position)
            self._registers.move_to_end(key)
        return Move(key, was, _place(register, clear))


def _place(register: Register, above: Stamp) -> Stamp:
    """The stamp at which a clear takes something away: its own, or that of a cover that outlives it."""
    if register.stamp >= above:
        return register.stamp
    return register.cover.stamp if register.cover and register.cover.stamp >= above else DEAD


def _newest(register: Register) -> Stamp:
    return max(register.stamp, register.cover.stamp) if register.cover else register.stamp


def _absorbed(registers: Iterable[Register]) -> list[Register]:
    """In the order of their positions; a store of earlier days kept the clears below registers beside them."""
    kept = {register.key: register for register in registers}
    for clear in [register for register in kept.values() if is_prefix(register.key)]:
        host = kept.get(clear.key[:-1])
        if host is not None:
            position = max(host.position, clear.position)
            kept[host.key] = host._replace(cover=Cover(clear.stamp, clear.position), position=position)
            del kept[clear.key]
    return sorted(kept.values(), key=lambda register: register.position)
