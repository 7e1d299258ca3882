"""What a gallery can be told to do, and what it reports.

Rules: one order at a time, each answered when it is done; between orders the gallery reads. A report covers the time
since the last `clear`, and says what the load client itself cost and how far it lagged.
"""

import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

from scripts.lib.bench.feeds import Feed
from scripts.lib.bench.gallery import Counted, Gallery
from scripts.lib.bench.histogram import Histogram
from scripts.lib.bench.payload import now_us
from scripts.lib.bench.registers import Ending, ending, events
from scripts.lib.bench.stream import Stream
from scripts.lib.bench.system import raise_limits


@dataclass(frozen=True, slots=True)
class Count:
    """How far the gallery is."""

    live: int
    updates: int
    events: int  # that they came in
    fewest: int  # updates of the viewer that has had the fewest
    most: int
    last_us: int  # when the last update of each viewer was posted: the earliest of these

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.live + other.live,
            self.updates + other.updates,
            self.events + other.events,
            min(self.fewest, other.fewest),
            max(self.most, other.most),
            min(self.last_us, other.last_us),
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What a gallery has seen since it was last told to clear."""

    count: Count
    late: Histogram
    held_late: Histogram
    uneven: int  # feeds whose viewers have not all had as many
    apart: int  # feeds whose viewers have not all come to the same last update
    joins: Histogram
    lag: Histogram
    lost: int
    faults: tuple[str, ...]
    cpu_s: float
    wall_s: float

    def __add__(self, other: "Report") -> "Report":
        return Report(
            self.count + other.count,
            self.late + other.late,
            self.held_late + other.held_late,
            self.uneven + other.uneven,
            self.apart + other.apart,
            self.joins + other.joins,
            self.lag + other.lag,
            self.lost + other.lost,
            self.faults + other.faults,
            max(self.cpu_s, other.cpu_s),  # the busiest process is the one that could be too slow
            max(self.wall_s, other.wall_s),
        )


@dataclass(frozen=True, slots=True)
class Return:
    """What viewers were told first when they came back."""

    resets: int
    updates: int  # told in first events that were no resets

    def __add__(self, other: "Return") -> "Return":
        return Return(self.resets + other.resets, self.updates + other.updates)


class Orders:
    """The methods are the orders."""

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery
        self._streams: list[Stream] = []
        self._held: dict[Stream, int] = {}  # and how much each had been told before

    def join(self, feeds: Sequence[Feed], viewers: int, narrow_every: int = 0) -> tuple[str, ...]:
        """Open `viewers` streams, dealt over the feeds; every n-th a narrow one. What went wrong.

        The bytes of the narrow ones are kept, and those of one other, to tell what everybody was sent.
        """
        made = []
        for number in range(viewers):
            narrow = bool(narrow_every) and number % narrow_every == 0
            counted = self._gallery.counted
            late = counted.held_late if narrow else counted.late
            stream = Stream(feeds[number % len(feeds)], late.append, narrow=narrow)
            if narrow or (narrow_every and number == 1):
                stream.kept = []
            made.append(stream)
        self._streams += made
        self._gallery.join(made)
        return tuple(self._gallery.counted.faults)

    def clear(self) -> None:
        """Count anew."""
        self._gallery.settle()
        counted = self._gallery.counted = Counted()
        for stream in self._streams:
            stream.got = stream.events = 0
            stream.late = (counted.held_late if stream.narrow else counted.late).append

    def count(self) -> Count:
        """How far the gallery is."""
        self._gallery.settle()
        viewers = [stream for stream in self._streams if not stream.narrow]
        got = [stream.got for stream in viewers]
        live = sum(stream.live for stream in self._streams)
        last = (max(each.told.stamps, default=0) if each.told else 0 for each in viewers)
        events = self._gallery.counted.events + sum(stream.events for stream in viewers)
        return Count(live, sum(got), events, min(got, default=0), max(got, default=0), min(last, default=0))

    def report(self) -> Report:
        """What has been seen."""
        told = self._gallery.counted
        cpu_s, wall_s = time.process_time() - told.cpu_s, (now_us() - told.since_us) / 1e6
        late, held, joins, lag = map(Histogram.of, (told.late, told.held_late, told.joins, told.lag))
        faults = tuple(told.faults)
        return Report(self.count(), late, held, *self._uneven(), joins, lag, told.lost, faults, cpu_s, wall_s)

    def _uneven(self) -> tuple[int, int]:
        numbers: dict[Feed, set[int]] = {}
        lasts: dict[Feed, set[tuple[int, ...]]] = {}
        for stream in self._streams:
            if stream.live and not stream.narrow:
                numbers.setdefault(stream.feed, set()).add(stream.got)
                lasts.setdefault(stream.feed, set()).add(stream.told.stamps[-1:] if stream.told else ())
        return sum(len(each) > 1 for each in numbers.values()), sum(len(each) > 1 for each in lasts.values())

    def hold(self) -> int:
        """The narrow ones stop reading; how many there are."""
        self._held = {each: len(each.kept or []) for each in self._streams if each.narrow and each.live}
        for stream in self._held:
            self._gallery.hold(stream)
        return len(self._held)

    def release(self) -> None:
        """They read again."""
        for stream in self._held:
            self._gallery.release(stream)

    def again(self) -> int:
        """Those that the server has cut off meanwhile come back with their cursors; how many."""
        gone = [stream for stream in self._held if not stream.live]
        self._gallery.join(gone)
        return len(gone)

    def endings(self, least: int) -> list[Ending]:
        """What each that was held has been told since, and what it ends with."""
        read = next((each for each in self._streams if each.kept is not None and not each.narrow), None)
        seen = frozenset(events(read.kept or [])) if read else frozenset()
        return [ending(each.kept or [], before, seen, least) for each, before in self._held.items()]

    def cut(self) -> None:
        """Everybody's connection is gone."""
        for stream in self._streams:
            self._gallery.drop(stream)

    def back(self) -> Return:
        """Everybody comes back from where it was."""
        self._gallery.join(self._streams)
        firsts = [stream.first for stream in self._streams if stream.live and stream.first]
        resets = sum(first.reset for first in firsts)
        return Return(resets, sum(len(first.stamps) for first in firsts if not first.reset))


def run(pipe: Connection) -> None:
    """The gallery's process, until the other end closes the pipe or says `stop`."""
    gc.disable()  # a collection of ten thousand streams would be read as the server's lateness
    raise_limits()
    gallery = Gallery(pipe.fileno())
    orders = Orders(gallery)
    while True:
        gallery.turn(1.0)
        if gallery.rung:
            gallery.rung = False
            try:
                name, arguments = pipe.recv()
            except EOFError:
                return
            if name == "stop":
                return
            pipe.send(getattr(orders, name)(*arguments))
