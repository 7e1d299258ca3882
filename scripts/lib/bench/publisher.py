"""The publisher: writes at fixed times, whatever the server does, and how long each took to be answered.

Rules: an open loop: a slow answer does not delay the next write, which goes out on another connection; at
`WIRES` connections it has to wait, and the lag says so. The time in a write is that of its sending.
"""

import gc
import random
import select
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from scripts.lib.bench.feeds import Address, Feed
from scripts.lib.bench.histogram import Histogram
from scripts.lib.bench.payload import Kind, body, now_us
from scripts.lib.bench.wires import Wire

WIRES = 256
PATIENCE_US = 30_000_000  # for the answers that are still missing at the end


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write."""

    feeds: Sequence[Feed]  # dealt in a shuffled order, again and again
    kind: Kind
    rate: float  # writes a second in all
    seconds: float
    seed: int
    first: int = 0  # the number of the first write


@dataclass(frozen=True, slots=True)
class Posted:
    """What was written."""

    writes: int  # answered with 2xx
    failed: dict[int, int]  # by status; 0: no answer
    answers: Histogram  # us from a write to its answer
    lag: Histogram  # us from when a write was due to its sending


@dataclass(slots=True)
class Tally:
    """While it runs."""

    sent: int = 0
    statuses: "Counter[int]" = field(default_factory=Counter)
    answers: "array[int]" = field(default_factory=lambda: array("q"))
    lag: "array[int]" = field(default_factory=lambda: array("q"))


class Publisher:
    """Runs plans; anything on `pipe` ends one early."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._poll = select.epoll()
        self._poll.register(pipe.fileno(), select.EPOLLIN)
        self._wires: dict[int, Wire] = {}
        self._idle: dict[Address, list[Wire]] = {}

    def run(self, plan: Plan) -> Posted:
        """Write to the plan's end, or until the pipe says anything."""
        tally = Tally()
        order = list(plan.feeds)
        random.Random(plan.seed).shuffle(order)
        begin, total = now_us(), int(plan.rate * plan.seconds)
        stopped = False
        while tally.sent < total and not stopped:
            due = begin + int(tally.sent / plan.rate * 1_000_000)
            now = now_us()
            if now < due:
                stopped = self._turn((due - now) / 1e6, tally)
                continue
            wire = self._wire(order[tally.sent % len(order)].to)
            if wire is None:
                stopped = self._turn(1.0, tally)
                continue
            self._send(wire, order[tally.sent % len(order)], plan, tally)
            tally.lag.append(now - due)
        self._rest(tally)
        good = sum(times for status, times in tally.statuses.items() if 200 <= status < 300)
        failed = {status: times for status, times in tally.statuses.items() if not 200 <= status < 300}
        if unanswered := tally.sent - tally.statuses.total():
            failed[0] = failed.get(0, 0) + unanswered
        return Posted(good, failed, Histogram.of(tally.answers), Histogram.of(tally.lag))

    def _send(self, wire: Wire, feed: Feed, plan: Plan, tally: Tally) -> None:
        now = now_us()
        content = body(plan.kind, plan.first + tally.sent, now, bare=feed.bare)
        tally.sent += 1
        try:
            wire.send(feed.post + b"Content-Length: %d\r\n\r\n" % len(content) + content, now)
        except OSError:
            self._drop(wire, tally)

    def _wire(self, to: Address) -> Wire | None:
        idle = self._idle.setdefault(to, [])
        if idle:
            return idle.pop()
        if len(self._wires) >= WIRES:
            return None
        wire = Wire(to)
        self._wires[wire.fileno()] = wire
        self._poll.register(wire.fileno(), select.EPOLLIN)
        return wire

    def _turn(self, timeout_s: float, tally: Tally) -> bool:
        """Read the answers that are there. True when it was told to end."""
        halted = False
        for fd, _ in self._poll.poll(timeout_s):
            wire = self._wires.get(fd)
            if wire is None:
                self._pipe.recv()
                halted = True
                continue
            try:
                status = wire.read()
            except OSError:
                self._drop(wire, tally)
                continue
            if status:
                tally.statuses[status] += 1
                tally.answers.append(now_us() - wire.sent_us)
                wire.sent_us = 0
                self._idle[wire.to].append(wire)
        return halted

    def _drop(self, wire: Wire, tally: Tally) -> None:
        if wire.sent_us:
            tally.statuses[0] += 1
        del self._wires[wire.fileno()]
        if wire in self._idle[wire.to]:
            self._idle[wire.to].remove(wire)
        wire.close()

    def _rest(self, tally: Tally) -> None:
        deadline = now_us() + PATIENCE_US
        while any(wire.sent_us for wire in self._wires.values()) and now_us() < deadline:
            self._turn(0.05, tally)


def run(pipe: Connection) -> None:
    """The publisher's process, until the other end closes the pipe or says `stop`."""
    gc.disable()
    publisher = Publisher(pipe)
    while True:
        try:
            name, arguments = pipe.recv()
        except EOFError:
            return
        if name == "stop":
            return
        if name == "run":
            pipe.send(publisher.run(*arguments))
