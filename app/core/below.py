"""What lies below each prefix of a lesson's keys, in the order in which clears reach it.

Rules:
- A register is live at a stamp, at which a newer clear would take something away, or dead: it is there for those who
  have not been told that it went, and no clear has to touch it again. A cover counts where its register's value has gone.
- So a clear finds what it removes at the beginning of a list, and costs what it removes, whatever the lesson holds. A
  scan of the survivors would let one request with hundreds of clears stop every lesson of a process.
- A key is below each of its prefixes; the same moves are made in all of them.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.core.keys import parent, prefixes
from app.core.stamp import Stamp

# No writer is without a name, so these are before every stamp and equal to none; there is one of each.
ABSENT = Stamp(-1, 0, "")
DEAD = Stamp(0, 0, "")

FEW = 8  # a list of which this part changes is made anew; for fewer, each is looked up


class Move(NamedTuple):
    """A register's place, before and after: a stamp, `DEAD` or `ABSENT`."""

    key: str
    was: Stamp
    now: Stamp


class Below:
    """The registers below one prefix: `live` by stamp and key, and the `dead`."""

    __slots__ = ("dead", "live")

    def __init__(self) -> None:
        self.live: list[tuple[Stamp, str]] = []
        self.dead: set[str] = set()

    def __len__(self) -> int:
        return len(self.live) + len(self.dead)

    def keys(self) -> Iterable[str]:
        """All of them, in no order."""
        yield from (key for _, key in self.live)
        yield from self.dead

    def older(self, stamp: Stamp) -> list[tuple[Stamp, str]]:
        """Those that a clear of this stamp reaches, oldest first."""
        return self.live[: bisect_left(self.live, (stamp, ""))]

    def move(self, key: str, was: Stamp, now: Stamp) -> None:
        """One register's place is another now."""
        live = self.live
        if was is DEAD:
            self.dead.discard(key)
        elif was is not ABSENT:
            del live[bisect_left(live, (was, key))]
        if now is DEAD:
            self.dead.add(key)
        elif now is not ABSENT:
            place = (now, key)
            if not live or live[-1] < place:  # mostly it is the newest of all
                live.append(place)
            else:
                insort(live, place)

    def remove(self, places: list[tuple[Stamp, str]]) -> None:
        """Live ones, in their order: at once where nothing is between them, as between the pieces of a stroke."""
        at = bisect_left(self.live, places[0])
        if self.live[at : at + len(places)] == places:
            del self.live[at : at + len(places)]
        else:
            self.move_all([Move(key, was, ABSENT) for was, key in places])

    def move_all(self, moves: Sequence[Move]) -> None:
        """The same for many at once."""
        if len(moves) * FEW < len(self.live):
            for move in moves:
                self.move(*move)
            return
        gone = {(move.was, move.key) for move in moves}
        come = [(move.now, move.key) for move in moves if move.now > DEAD]
        self.live = sorted([place for place in self.live if place not in gone] + come)
        self.dead.difference_update(move.key for move in moves)
        self.dead.update(move.key for move in moves if move.now == DEAD)


class Index:
    """`Below` for every prefix that has anything below it."""

    __slots__ = ("_at",)

    def __init__(self) -> None:
        self._at: dict[str, Below] = {}

    def fill(self, places: Iterable[tuple[str, Stamp]]) -> None:
        """Put in the registers of a whole lesson, each with its place: a load of a full one holds up a worker."""
        homes: dict[str, list[Below]] = {}
        for key, place in places:
            narrowest = parent(key)
            if narrowest not in homes:
                homes[narrowest] = [self._at.setdefault(prefix, Below()) for prefix in prefixes(key)]
            for below in homes[narrowest]:
                if place == DEAD:
                    below.dead.add(key)
                else:
                    below.live.append((place, key))
        for below in self._at.values():
            below.live.sort()

    def at(self, prefix: str) -> Below:
        """What is below a prefix; not to be changed."""
        return self._at.get(prefix) or Below()

    def move(self, above: Iterable[str], key: str, was: Stamp, now: Stamp) -> None:
        """A register's place is another now, at each prefix above it."""
        if was is now or was == now:
            return
        at = self._at
        for prefix in above:
            below = at.get(prefix)
            if below is None:
                below = at[prefix] = Below()
            below.move(key, was, now)
            if now is ABSENT and not below:
                del at[prefix]

    def remove_below(self, prefix: str) -> list[str]:
        """All that is below a prefix goes; answers with its keys."""
        below = self._at.pop(prefix, None)
        if below is None:
            return []
        alike: dict[str, list[tuple[Stamp, str]]] = {}
        for place in below.live:
            alike.setdefault(parent(place[1]), []).append(place)
        of: dict[str, list[tuple[Stamp, str]]] = {}
        for its in alike.values():
            for other in prefixes(its[0][1]):
                if other != prefix:
                    of.setdefault(other, []).extend(its)
        for other, places in of.items():
            around = self._at[other]
            around.remove(sorted(places))
            if not around:
                del self._at[other]
        self.move_all([Move(key, DEAD, ABSENT) for key in below.dead])
        return [*(key for _, key in below.live), *below.dead]

    def move_all(self, moves: Iterable[Move]) -> None:
        """The same for many at once."""
        alike: dict[str, list[Move]] = {}
        for move in moves:
            alike.setdefault(parent(move.key), []).append(move)
        of: dict[str, list[Move]] = {}
        for its in alike.values():
            for prefix in prefixes(its[0].key):
                of.setdefault(prefix, []).extend(its)
        for prefix, its in of.items():
            below = self._at.setdefault(prefix, Below())
            below.move_all(its)
            if not below:
                del self._at[prefix]
