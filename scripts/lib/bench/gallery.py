"""The gallery: thousands of viewers in one process that does little besides reading.

Rules: one epoll loop, one buffer, no object made for an event but its bytes; durations are put on a list and counted
afterwards. The loop measures itself: how long each batch of ready sockets kept the others waiting (lag), and the CPU
it used. What it is told to do is in `orders.py`.
"""

import select
import time
from array import array
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from scripts.lib.bench.events import Known
from scripts.lib.bench.payload import now_us
from scripts.lib.bench.stream import Refused, Stream

BATCH = 512  # sockets read between two looks at the pipe
BUFFER = 256 * 1024
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
    lost: int = 0
    faults: list[str] = field(default_factory=list)
    since_us: int = field(default_factory=now_us)
    cpu_s: float = field(default_factory=time.process_time)


class Doorbell:
    """Stands among the streams for the pipe, so that the loop over ready sockets needs no case of its own for it."""

    asked = True

    def __init__(self) -> None:
        self.rung = False

    def recv(self, _: object) -> int:
        """Called when there is a command: nothing to read for the loop."""
        self.rung = True
        raise BlockingIOError


class Gallery:
    """The viewers of one process; `pipe` is where its orders come from."""

    def __init__(self, pipe: int) -> None:
        self.counted = Counted()
        self.door = Doorbell()
        self._known = Known()
        self._poll = select.epoll()
        self._open: dict[int, Any] = {pipe: self.door}
        self._poll.register(pipe, select.EPOLLIN)
        self._buffer = bytearray(BUFFER)
        self._waiting: deque[Stream] = deque()
        self._joining = 0

    # --- the loop -------------------------------------------------------------------------------------------

    def turn(self, timeout_s: float) -> None:
        """Read whatever is ready, once."""
        ready = self._poll.poll(timeout_s, BATCH)
        if not ready:
            return
        began = now = now_us()
        opened, buffer, known = self._open, self._buffer, self._known
        view = memoryview(buffer)
        for fd, _ in ready:
            stream = opened[fd]
            try:
                size = stream.recv(buffer)
            except BlockingIOError:
                if not stream.asked:
                    self._ask(stream)
                continue
            except OSError as fault:
                self._lose(stream, str(fault))
                continue
            now = now_us()
            data = view[:size].tobytes()
            told = known.get(data)
            if told is not None and stream.live and not stream.rest:
                stream.count(told, now)
            else:
                self._slowly(stream, data, now)
        self.counted.lag.append(now - began)

    def _slowly(self, stream: Stream, data: bytes, now: int) -> None:
        if not data:
            self._lose(stream, "the server closed the stream")
            return
        try:
            joined = stream.take(data, now, self._known)
        except Refused as refused:
            self._lose(stream, str(refused))
            return
        if joined:
            self.counted.joins.append(now - stream.began)
            self._joining -= 1
            self._start()

    # --- opening and closing ----------------------------------------------------------------------------------

    def join(self, streams: Iterable[Stream]) -> None:
        """Open streams, as fast as `JOINING` at a time will go, and return when all have their first event."""
        self._waiting.extend(streams)
        self._start()
        deadline = time.monotonic() + PATIENCE_S
        while self._joining and time.monotonic() < deadline:
            self.turn(0.1)
        if self._joining:
            stuck = [each for each in self._open.values() if isinstance(each, Stream) and not each.live]
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
        if stream.ask():
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
            stream.close()

    def hold(self, stream: Stream) -> None:
        """Do not read it any more."""
        self._poll.unregister(stream.fd)

    def release(self, stream: Stream) -> None:
        """Read it again."""
        self._poll.register(stream.fd, select.EPOLLIN)
