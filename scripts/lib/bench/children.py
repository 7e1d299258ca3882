"""The parent's side of the gallery and of the publisher.

Rules: an order is sent and its answer waited for, with a deadline, and a child that has died says so; children are
ended with the block that made them.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import reduce
from multiprocessing import get_context
from multiprocessing.connection import Connection
from operator import add
from typing import Any

from scripts.lib.bench import orders, publisher
from scripts.lib.bench.feeds import Feed
from scripts.lib.bench.orders import Count, Report, Return
from scripts.lib.bench.publisher import Plan, Posted
from scripts.lib.bench.registers import Ending

ANSWER_S = 300.0
END_S = 5.0


class Child:
    """A process and a pipe to it."""

    def __init__(self, target: Callable[[Connection], None]) -> None:
        spawn = get_context("spawn")  # nothing of the parent is shared, so nothing of it is measured
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=target, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def order(self, name: str, *arguments: object) -> None:
        """Send an order."""
        self._pipe.send((name, arguments))

    def answer(self) -> Any:
        """The answer to the last order."""
        if not self._pipe.poll(ANSWER_S):
            raise TimeoutError("a process of the load client does not answer")
        try:
            return self._pipe.recv()
        except EOFError:
            raise RuntimeError("a process of the load client has died; see its traceback above") from None

    def close(self) -> None:
        """End it."""
        with suppress(OSError):
            self.order("stop")
        self._process.join(END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._pipe.close()


class Gallery:
    """The viewers, in one or more processes."""

    def __init__(self, processes: int) -> None:
        self._children = [Child(orders.run) for _ in range(processes)]

    def _all(self, name: str, *arguments: object) -> list[Any]:
        for child in self._children:
            child.order(name, *arguments)
        return [child.answer() for child in self._children]

    def join(self, feeds: Sequence[Feed], viewers: int, *, narrow_every: int = 0) -> None:
        """Open streams, dealt over the feeds; returns when each has its first event."""
        share, more = divmod(viewers, len(self._children))
        for number, child in enumerate(self._children):
            child.order("join", feeds, share + (number < more), narrow_every)
        faults = [fault for child in self._children for fault in child.answer()]
        if faults:
            raise RuntimeError(f"not everybody could join: {'; '.join(faults)}")

    def clear(self) -> None:
        """Count anew."""
        self._all("clear")

    def count(self) -> Count:
        """How far it is."""
        counts: list[Count] = self._all("count")
        return reduce(add, counts)

    def report(self) -> Report:
        """What it has seen since it was last cleared."""
        reports: list[Report] = self._all("report")
        return reduce(add, reports)

    def hold(self) -> int:
        """Narrow viewers stop reading; how many."""
        return int(sum(self._all("hold")))

    def release(self) -> None:
        """They read again."""
        self._all("release")

    def again(self) -> int:
        """Those whom the server has cut off come back; how many."""
        return int(sum(self._all("again")))

    def endings(self, least: int) -> list[Ending]:
        """How those that were held have ended; catch-ups of at least so many updates are counted."""
        return [ending for each in self._all("endings", least) for ending in each]

    def cut(self) -> None:
        """Every connection is gone."""
        self._all("cut")

    def back(self) -> Return:
        """Everybody comes back."""
        returns: list[Return] = self._all("back")
        return reduce(add, returns)

    def close(self) -> None:
        """End it."""
        for child in self._children:
            child.close()


class Publisher:
    """Writes by plan."""

    def __init__(self) -> None:
        self._child = Child(publisher.run)

    def start(self, plan: Plan) -> None:
        """Begin; `finish` or `halt` gives what came of it."""
        self._child.order("run", plan)

    def finish(self) -> Posted:
        """Wait for the plan's end."""
        posted: Posted = self._child.answer()
        return posted

    def halt(self) -> Posted:
        """End it now."""
        self._child.order("halt")
        return self.finish()

    def run(self, plan: Plan) -> Posted:
        """All of a plan."""
        self.start(plan)
        return self.finish()

    def close(self) -> None:
        """End it."""
        self._child.close()


@contextmanager
def load(processes: int) -> Iterator[tuple[Gallery, Publisher]]:
    """A gallery and a publisher, for the length of a block."""
    gallery, writer = Gallery(processes), Publisher()
    try:
        yield gallery, writer
    finally:
        gallery.close()
        writer.close()
