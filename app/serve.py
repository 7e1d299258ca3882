"""Serving: uvicorn's configuration, and the one or many processes it runs in.

Rules: one worker runs in this process; more run under uvicorn's supervisor, which starts a dead one
again, and at SIGHUP replaces them one by one, for which SIGTERM does not wait. How streams end at SIGTERM
is `app/web/handover.py`; Ctrl+C does not wait for it. An orderly stop is exit code 0; a setting, or a store,
that cannot be used is 2, after one sentence, and nothing is tried again.
"""

import logging
import signal
import socket
import sys
import time
from collections.abc import Callable
from types import FrameType

import uvicorn
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from app.settings import Settings

log = logging.getLogger("lectern")

BACKLOG = 4096  # everyone opens the page at once
GRACE_S = 4  # after the drain, for requests under way; with the longest drain the process is gone before 28 s
POLL_S = 0.1  # how soon a restart notices a SIGTERM
START_S = 30.0  # that a restart waits for a new worker: longer than a start waits for its store
REFUSED = 2  # the exit code of a process that cannot use a setting, or the store that it names
REFUSED_PAUSE_S = 10.0
KEEP_ALIVE_S = 65  # longer than the routers in front keep theirs


def config(settings: Settings) -> uvicorn.Config:
    """uvicorn's configuration; forwarded headers are read by `app.web.origin`, not by uvicorn."""
    return uvicorn.Config(
        "app.main:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.web_concurrency,
        loop="uvloop",
        http="app.web.handover:LecternProtocol",
        ws="none",
        lifespan="on",
        backlog=BACKLOG,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(settings.drain_s) + GRACE_S,
    )


class _Server(uvicorn.Server):
    """A single worker: Ctrl+C ends it at once, whoever is connected."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.force_exit = self.force_exit or sig == signal.SIGINT


class _Supervisor(Multiprocess):
    """Several workers: the same at Ctrl+C, and no listening socket that outlives theirs."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self._leaving: list[Process] = []  # told to stop, and not one of `processes` any more
        self._served = False
        self._again_at = 0.0  # from when on a worker that refused is started again
        self.refused = False

    def keep_subprocess_alive(self) -> None:
        """As uvicorn does it, but for workers that end with `REFUSED`: before any has served all would, and the start is over;
        later the others serve on, and its place is filled after a pause."""
        self._served = self._served or any(process.is_ready(timeout=1) for process in self.processes)
        if any(process.exitcode == REFUSED for process in self.processes):
            if not self._served:
                self.refused = True
                self.should_exit.set()
                return
            if time.monotonic() < self._again_at:
                return
            self._again_at = time.monotonic() + REFUSED_PAUSE_S
        super().keep_subprocess_alive()

    def _told_to_stop(self) -> bool:
        # Signals wait in a queue that the loop, which is busy with a restart, does not look at.
        return self.should_exit.is_set() or not {signal.SIGTERM, signal.SIGINT}.isdisjoint(self.signal_queue)

    def restart_all(self) -> None:
        """As uvicorn does it, but for its waiting: its own would see a SIGTERM after the old worker's drain."""
        for number, old in enumerate(self.processes):
            if self._told_to_stop():
                return
            new = Process(self.config, self.sockets)
            new.start()
            if not self._serves(new):
                return
            self.processes[number] = new
            self._retire(old)
            while old.process.is_alive() and not self._told_to_stop():
                old.process.join(POLL_S)

    def _serves(self, new: Process) -> bool:
        """Wait for it; where it comes to nothing, end it."""
        deadline = time.monotonic() + START_S
        while new.process.is_alive() and time.monotonic() < deadline and not self._told_to_stop():
            if new.is_ready(timeout=1):
                return True
            time.sleep(POLL_S)
        if self._told_to_stop():
            self._retire(new)  # it may have viewers by now
            return False
        new.kill()
        new.join()
        log.error("a new worker was not ready in time: the old ones stay")
        return False

    def _retire(self, process: Process) -> None:
        process.terminate()
        self._leaving = [one for one in self._leaving if one.process.is_alive()] + [process]

    def join_all(self) -> None:
        super().join_all()
        for process in self._leaving:
            process.join()

    def handle_int(self) -> None:
        super().handle_int()
        # Killed: everything acknowledged is in the store, and nobody waits in front of a terminal.
        for process in (*self.processes, *self._leaving):
            process.kill()

    def terminate_all(self) -> None:
        super().terminate_all()
        # Ours is the last that listens: who comes now must be refused, not left to wait for an answer.
        for listener in self.sockets:
            listener.close()


def run(settings: Settings, *, on_bound: Callable[[str], None], on_stop: Callable[[], None]) -> None:
    """Serve until told to stop. `on_bound` gets the address, `on_stop` is called when nothing serves any more."""
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal again when it is done; by then it has been obeyed.
        signal.signal(number, lambda *_: None)
    asked = config(settings)
    listener = asked.bind_socket()
    listener.listen(BACKLOG)  # from here on a click on the link waits for the server, and is not refused
    host, port = listener.getsockname()[:2]
    on_bound(settings.public_url or f"http://{f'[{host}]' if ':' in host else host}:{port}/")
    try:
        if settings.web_concurrency == 1:
            _Server(asked).run([listener])
        else:
            supervisor = _Supervisor(asked, [listener])
            supervisor.run()
            if supervisor.refused:
                sys.exit(REFUSED)
    finally:
        on_stop()
