"""The gallery: thousands of viewers in one process that does little besides reading.

Rules: one epoll loop, no object made for an event but its bytes; durations are put on a list and counted afterwards. What
everybody is sent is counted by descriptor, in a few arrays: with thousands of viewers no object of a viewer's own is in the
processor's cache when it is its turn. `settle` brings that to the viewers. The loop measures itself: how long each batch
of ready sockets kept the others waiting (lag), and the CPU it used. What it is told to do is in `orders.py`.
"""

import os
import select
import time
from array import array
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from scripts.lib.bench.events import Known, Meaning
from scripts.lib.bench.payload import now_us
from scripts.lib.bench.stream import Refused, Stream

BATCH = 512  # sockets read between two looks at the pipe
PIECE = 64 * 1024  # bytes of one read
DESCRIPTORS = 1 << 17  # more than a process opens: the kernel gives the lowest numbers
JOINING = 256  # connections that have not had their first event yet: a listener's backlog is bounded
PATIENCE_S = 60.0
FAULTS = 10  # kept for the report


@dataclass(slots=True)
class Counted:
    """What has been counted since the last `clear`."""

    late: "array[int]" = field(default_factory=lambda: array("q"))
    held_late: "array[int]" = field(default_factory=lambda: array("q"))
    joins: "array[int]" = field(default_factory=lambda: array("q"))
    lag: "array[int]" = field(default_factory=lambda: array("q"))
    events: int = 0  # those that were counted by descriptor
    lost: int = 0
    faults: list[str] = field(default_factory=list)
    since_us: int = field(default_factory=now_us)
    cpu_s: float = field(default_factory=time.process_time)


class Gallery:
    """The viewers of one process; `pipe` is where its orders come from."""

    def __init__(self, pipe: int) -> None:
        self.counted = Counted()
        self.rung = False  # there is an order in the pipe
        self._pipe = pipe
        self._known = Known()
        self._poll = select.epoll()
        self._poll.register(pipe, select.EPOLLIN)
        self._open: dict[int, Stream] = {}
        # By descriptor: may its bytes be counted without its stream; updates so counted; the last that came so.
        self._plain = bytearray(DESCRIPTORS)
        self._got = array("q", bytes(8 * DESCRIPTORS))
        self._told: list[Meaning | None] = [None] * DESCRIPTORS
        self._waiting: deque[Stream] = deque()
        self._joining = 0

    # --- the loop -------------------------------------------------------------------------------------------

    def turn(self, timeout_s: float) -> None:
        """Read whatever is ready, once."""
        ready = self._poll.poll(timeout_s, BATCH)
        if not ready:
            return
        began = now = now_us()
        plain, got, last, known = self._plain, self._got, self._told, self._known.get
        read, clock, late, events = os.read, time.monotonic_ns, self.counted.late.append, 0
        for fd, _ in ready:
            if fd == self._pipe:
                self.rung = True
                continue
            try:
                data = read(fd, PIECE)
            except BlockingIOError:
                self._ask(self._open[fd])
                continue
            except OSError as fault:
                self._lose(self._open[fd], str(fault))
                continue
            now = clock() // 1000
            told = known(data)
            if told is not None and plain[fd]:
                stamps = told.stamps
                got[fd] += len(stamps)
                if told.id:
                    last[fd] = told
                events += told.events
                for sent in stamps:
                    late(now - sent)
            else:
                self._slowly(self._open[fd], data, now)
        self.counted.events += events
        self.counted.lag.append(now - began)

    def _slowly(self, stream: Stream, data: bytes, now: int) -> None:
        if not data:
            self._lose(stream, "the server closed the stream")
            return
        self._settle(stream)
        try:
            joined = stream.take(data, now, self._known)
        except Refused as refused:
            self._lose(stream, str(refused))
            return
        self._plain[stream.fd] = stream.plain
        if joined:
            self.counted.joins.append(now - stream.began)
            self._joining -= 1
            self._start()

    def settle(self) -> None:
        """Bring what was counted by descriptor to the streams."""
        for stream in self._open.values():
            self._settle(stream)

    def _settle(self, stream: Stream) -> None:
        told = self._told[stream.fd]
        if told is not None:
            stream.got += self._got[stream.fd]
            stream.told = told
            self._got[stream.fd], self._told[stream.fd] = 0, None

    # --- opening and closing ----------------------------------------------------------------------------------

    def join(self, streams: Iterable[Stream]) -> None:
        """Open streams, as fast as `JOINING` at a time will go, and return when all have their first event."""
        self._waiting.extend(streams)
        self._start()
        deadline = time.monotonic() + PATIENCE_S
        while self._joining and time.monotonic() < deadline:
            self.turn(0.1)
        if self._joining:
            stuck = [each for each in self._open.values() if not each.live]
            told = (
                f"one of them has asked: {stuck[0].asked}, and has {stuck[0].rest[-80:]!r}" if stuck else ""
            )
            self._fault(f"{self._joining} streams had no first event after {PATIENCE_S:g} s; {told}")

    def _start(self) -> None:
        while self._waiting and self._joining < JOINING:
            stream = self._waiting.popleft()
            self._joining += 1
            try:
                stream.connect(len(self._open), now_us())
                self._open[stream.fd] = stream
                self._poll.register(stream.fd, select.EPOLLIN if stream.ask() else select.EPOLLOUT)
            except OSError as fault:
                self._joining -= 1
                self._drop_lost(stream, str(fault))

    def _ask(self, stream: Stream) -> None:
        if not stream.asked and stream.ask():
            self._poll.modify(stream.fd, select.EPOLLIN)

    def _lose(self, stream: Stream, why: str) -> None:
        joining = not stream.live
        self._drop_lost(stream, why)
        if joining:
            self._joining -= 1
            self._start()

    def _drop_lost(self, stream: Stream, why: str) -> None:
        self.drop(stream)
        self.counted.lost += 1
        self._fault(why)

    def _fault(self, why: str) -> None:
        if len(self.counted.faults) < FAULTS:
            self.counted.faults.append(why)

    def drop(self, stream: Stream) -> None:
        """Close a stream and forget its socket."""
        if self._open.pop(stream.fd, None) is not None:
            self._settle(stream)
            self._plain[stream.fd] = False
            stream.close()

    def hold(self, stream: Stream) -> None:
        """Do not read it any more."""
        self._poll.unregister(stream.fd)

    def release(self, stream: Stream) -> None:
        """Read it again."""
        self._poll.register(stream.fd, select.EPOLLIN)
