"""A worker, as uvicorn's server: what comes to stop it is obeyed, at whatever moment.

Rules: SIGTERM drains (`app/web/handover.py`). Ctrl+C, and whatever comes before anything is served, does not wait for that: streams are
dropped, requests have a second to be answered, and what is left after it is left without a word. Pressing it again changes nothing.
"""

import asyncio
import logging
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import uvicorn

from app.terminal import ctrl_c_let_go

AT_ONCE_S = 1  # after Ctrl+C, for requests under way


class Server(uvicorn.Server):
    """A worker: what comes to stop it is obeyed, also while it starts."""

    def __init__(self, config: uvicorn.Config, early: Sequence[int] = ()) -> None:
        super().__init__(config)
        self._early = early  # signals that came before there was anything to stop
        self._interrupted = self._closing = False
        self._loop: asyncio.AbstractEventLoop | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals():
            ctrl_c_let_go()
            for number in self._early:
                self.handle_exit(number, None)
            yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        again = self._interrupted
        super().handle_exit(sig, frame)
        self.force_exit = False  # uvicorn's second Ctrl+C; the first is quick enough, and orderly
        # Before it serves there is nothing to drain, and a start may wait long for its store.
        self._interrupted = again or sig == signal.SIGINT or not self.started
        if self._loop is not None and self._interrupted and not again:
            self._loop.call_soon_threadsafe(self._hurry)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        if self._interrupted:
            self._hurry()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._closing = True
        if self._interrupted:
            self._drop_streams()
        await super().shutdown(sockets)

    def _hurry(self) -> None:
        # uvicorn's own time is up a tenth of a second after ours, and would be told as an error.
        self.config.timeout_graceful_shutdown = AT_ONCE_S
        asyncio.get_running_loop().call_later(AT_ONCE_S, self._leave)
        if self._closing:
            self._drop_streams()

    def _drop_streams(self) -> None:
        for connection in list(self.server_state.connections):
            # A stream has it, and uvicorn's protocols, which are answering a request, have not.
            getattr(connection, "abort", _nothing)()

    def _leave(self) -> None:
        """Whatever still waits, for a store or a peer, is cancelled, which is nobody's fault and no news."""
        logging.disable(logging.CRITICAL)
        self.force_exit = True
        self.lifespan.shutdown_event.set()
        if not self.started:
            self.lifespan.startup_event.set()


def _nothing() -> None:
    pass
