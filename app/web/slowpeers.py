"""Answers that take long to read: their peers are waited for while they read on.

Rules:
- An answer is written at once and the transport holds what the peer has not taken. From the moment that this is
  more than it likes to hold, or the idle time of a kept connection is over and something is left, the peer is measured
  (`app/feed/reading.py`) and dropped when it does not read on. Idle time begins when it has read all.
- From the first measurement on the kernel has no say: its own timeout takes some slow readers for dead (`sockets.forbear`). What
  comes after it on a kept connection has a time of its own, and a stream asks for the kernel's again.
- A picture of 400 KB at 4 KB/s takes 100 s: it was cut after 65 s once, with bytes flowing.
"""

import asyncio
from collections.abc import Callable

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from app.feed import reading
from app.feed.reading import Reading
from app.web import sockets
from app.web.pipeline import OneAtATime


class Watch:
    """Measures a peer until it has read everything, or is dropped."""

    __slots__ = ("_done", "_reading", "_timer", "_transport")

    def __init__(self, transport: asyncio.Transport, done: Callable[[], None] | None = None) -> None:
        self._transport = transport
        self._done = done
        self._reading = Reading(sockets.unread(transport))
        self._timer = self._later()
        sockets.forbear(transport, behind=True)

    def stop(self) -> None:
        """The peer is nobody's concern any more."""
        self._timer.cancel()

    def _later(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(reading.EVERY_S, self._measure)

    def _measure(self) -> None:
        left = sockets.unread(self._transport)
        if not left and self._done is not None:
            self._done()
        elif not left or not self._reading.goes_on(left):
            self._transport.abort()
        else:
            self._timer = self._later()


class PatientAnswers(OneAtATime):
    """The protocol, which waits for those who read an answer slowly, and for nobody else."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.watch: Watch | None = None
        self.was_behind = False

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_it()

    def resume_writing(self) -> None:
        self._unwatch()
        super().resume_writing()
        self._read()

    def leave(self) -> None:
        super().leave()
        if self.transport.get_write_buffer_size():
            self._watch_it()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def timeout_keep_alive_handler(self) -> None:
        if sockets.unread(self.transport):
            self._watch_it()
        else:
            self.transport.abort()

    def _unset_keepalive_if_required(self) -> None:
        if not self.flow.write_paused:
            self._unwatch()
        super()._unset_keepalive_if_required()

    def _watch_it(self) -> None:
        if self.watch is None:
            self.watch = Watch(self.transport, self._read)
            self.was_behind = True

    def _unwatch(self) -> None:
        if self.watch is not None:
            self.watch.stop()
            self.watch = None

    def _read(self) -> None:
        """What was written has been read: the idle time begins, unless another request is under way."""
        self.watch = None
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and cycle.response_complete and not self.in_message and not self.parting:
            super()._unset_keepalive_if_required()
            wait = self.timeout_keep_alive
            self.timeout_keep_alive_task = self.loop.call_later(wait, self.timeout_keep_alive_handler)
