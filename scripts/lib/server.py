"""Lectern as a real process: started on a free port, waited for, stopped.

Rules: the tests and the scripts that need a server start it here and nowhere else. Settings of the caller's own
environment never reach it. It and all it starts share one process group, so that nothing outlives `kill`. What it
prints goes to a file, never to a pipe that nobody reads.
"""

import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from typing import Self

import httpx

from app.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]

# A developer's own settings must not leak into a test's server.
SETTINGS = frozenset(setting.name.upper() for setting in fields(Settings))

# Plain HTTP on this machine trusts no certificate at all; reading those of the world takes longer than a request.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

PORTS = 10_100, 32_000  # below net.ipv4.ip_local_port_range; 10080 is one that browsers refuse
START_SECONDS = 30.0
POLL_SECONDS = 0.02
STOP_SECONDS = 30.0  # the platform's SIGKILL; the server promises to be gone before 28
LOG_CHARACTERS = 4000
TEARDOWN_SECONDS = 3.0  # a test that is over need not watch streams being closed one by one


def free_port() -> int:
    """A port that was free a moment ago, of those that the kernel gives to nobody who does not name them."""
    while True:
        port = random.randrange(*PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Server:
    """One `python -m app`, with its workers and, where no Redis is named, its embedded store."""

    def __init__(
        self,
        folder: Path,
        *,
        workers: int = 1,
        redis_url: str | None = None,
        env: Mapping[str, str] | None = None,
        project: Path = PROJECT,
    ) -> None:
        self.folder = folder
        self.project = project
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = folder / "server.log"
        self.env = {name: value for name, value in os.environ.items() if name not in SETTINGS}
        self.env |= {
            "DUMPABLE": "1",  # tests and benchmarks look into it, as an operator's profiler would
            "DRAIN_S": "1",  # nobody watches a test's server drain, unless the test asks for it
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
            "VAR_DIR": str(folder / "var"),
            "WEB_CONCURRENCY": str(workers),
        }
        if redis_url is not None:
            self.env["REDIS_URL"] = redis_url
        self.env |= env or {}
        self.command = [sys.executable, "-m", "app"]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process that `python -m app` became; raises when it is not running."""
        if self.process is None:
            raise RuntimeError("the server is not running")
        return self.process.pid

    @property
    def log(self) -> str:
        """All it has printed since it was first started."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def client(self) -> httpx.AsyncClient:
        """A new client with a cookie jar of its own: `async with server.client() as http:`."""
        return httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=30.0, verify=NO_TLS)

    def start(self, *, ready: bool = True) -> Self:
        """Starts it and, unless told otherwise, waits until it says that it is ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.project,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Returns once /readyz says 200; raises, with the log, when the process ends or the time is up."""
        deadline = time.monotonic() + seconds
        with httpx.Client(timeout=2.0, trust_env=False, verify=NO_TLS) as http:
            while time.monotonic() < deadline:
                if self.process is None or self.process.poll() is not None:
                    raise RuntimeError(f"the server ended before it was ready:\n{self.log}")
                try:
                    if http.get(f"{self.url}/readyz").status_code == httpx.codes.OK:
                        return
                except httpx.TransportError:
                    pass
                time.sleep(POLL_SECONDS)
        self.kill()
        raise TimeoutError(f"the server was not ready after {seconds:g} s:\n{self.log}")

    def terminate(self) -> None:
        """Asks it to stop, as a platform would, and does not wait."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """Waits for its end and returns the exit code."""
        if self.process is None:
            raise RuntimeError("the server is not running")
        code = self.process.wait(seconds)
        self.kill()  # whatever it left behind in its group
        return code

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """SIGTERM, then the exit code; TimeoutExpired when it is still there after `seconds`."""
        self.terminate()
        return self.wait(seconds)

    def kill(self) -> None:
        """SIGKILL for it and all that it started: the crash of a machine."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def close(self) -> None:
        """Stops it without patience."""
        if self.process is None:
            return
        self.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(TEARDOWN_SECONDS)
        self.kill()


@contextmanager
def serve(
    folder: Path,
    *,
    workers: int = 1,
    redis_url: str | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """A ready server for the length of a block."""
    server = Server(folder, workers=workers, redis_url=redis_url, env=env)
    try:
        yield server.start()
    except BaseException as fault:
        fault.add_note(f"The server's log ended with:\n{server.log[-LOG_CHARACTERS:]}")
        raise
    finally:
        server.close()
