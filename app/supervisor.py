"""Several workers: uvicorn's supervisor, which starts a dead one again, and at SIGHUP replaces them one by one.

Rules: a restart does not keep a signal to stop waiting. At Ctrl+C workers have as long as one alone would have, and are then killed.
A worker that ends with `REFUSED` found a setting or a store that cannot be used.
"""

import logging
import os
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import resource_tracker

import uvicorn
from uvicorn.supervisors import Multiprocess, multiprocess
from uvicorn.supervisors.multiprocess import Process

from app.secrecy import without_buckets
from app.server import Server
from app.terminal import ctrl_c_held

log = logging.getLogger("lectern")

POLL_S = 0.1  # how soon a restart notices a SIGTERM
START_S = 30.0  # that a restart waits for a new worker: longer than a start waits for its store
KILLED_S = 3.0  # after Ctrl+C, for a worker
REFUSED = 2  # the exit code of a process that cannot use a setting, or the store that it names
REFUSED_PAUSE_S = 10.0


class _Process(Process):
    """A worker of the supervisor's: an interrupt waits until the worker can obey it."""

    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            self._server = Server(self.config)
        return self._server

    def start(self) -> None:
        with without_buckets(os.environ):
            resource_tracker.ensure_running()  # else it starts in between, and lets the signal go
        with ctrl_c_held():
            super().start()

    def interrupt(self) -> None:
        if self.process.is_alive() and self.process.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGINT)


class Supervisor(Multiprocess):
    """Several workers: the same at Ctrl+C, and no listening socket that outlives theirs."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], early: Sequence[int]) -> None:
        multiprocess.Process = _Process  # type: ignore[misc] # uvicorn makes them by this name, in three places
        super().__init__(config, sockets)
        self.signal_queue.extend(early)
        self._interrupted = False
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
            new = _Process(self.config, self.sockets)
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
        until = time.monotonic() + KILLED_S
        for process in (*self.processes, *self._leaving):
            process.process.join(max(0.0, until - time.monotonic()) if self._interrupted else None)
            if process.process.is_alive():
                # Everything acknowledged is in the store, and nobody waits in front of a terminal.
                process.process.kill()
                process.process.join()

    def handle_int(self) -> None:
        super().handle_int()
        self._interrupted = True
        for process in (*self.processes, *self._leaving):
            # A terminal has told them, too; `kill` has not.
            if isinstance(process, _Process):
                process.interrupt()

    def terminate_all(self) -> None:
        super().terminate_all()
        # Ours is the last that listens: who comes now must be refused, not left to wait for an answer.
        for listener in self.sockets:
            listener.close()
