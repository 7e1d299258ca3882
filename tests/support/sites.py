"""The sites under test: Lectern under each server that the tests judge it by, started when first asked for.

Rules: they share one store, as machines of one site do, and live as long as the test session; lessons keep tests apart.
None may have logged a traceback by the time it is closed.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from scripts.lib.server import Server

ONE = "one worker"
TWO = "two workers"
H11 = "uvicorn with h11"  # no hand-over: the stream is a plain ASGI response
HYPERCORN = "hypercorn"  # another ASGI server altogether

CREATE_KEY = "open-sesame"
BEHIND_A_PROXY = {"FORWARDED_HOPS": "1", "CREATE_KEY": CREATE_KEY}  # settings of a site that is deployed so

EVERYWHERE = (ONE, TWO, H11, HYPERCORN)
PLAIN_ASGI = (H11, HYPERCORN)

Command = list[str]


def command(kind: str, port: int) -> Command:
    """What starts a server of this kind."""
    python = [sys.executable, "-m"]
    if kind == H11:
        bind = ["--host", "127.0.0.1", "--port", str(port), "--no-proxy-headers"]
        return [*python, "uvicorn", "app.main:create_app", "--factory", "--http", "h11", *bind]
    if kind == HYPERCORN:
        bind = ["--bind", f"127.0.0.1:{port}", "--workers", "0", "--graceful-timeout", "0"]
        return [*python, "hypercorn", *bind, "app.main:create_app()"]
    return [*python, "app"]


class Sites:
    """One server of each kind, and of each set of settings."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self._folder = folder
        self.redis_url = redis_url
        self._running: dict[tuple[str, tuple[tuple[str, str], ...]], Server] = {}
        self._ready: set[str] = set()

    def get(self, kind: str = ONE, env: Mapping[str, str] | None = None) -> Server:
        """The server of this kind with these settings, ready. Who asks for one of several kinds will ask for the others."""
        if kind != ONE:
            self.everywhere()
        return self._awaited(self._start(kind, env or {}))

    def everywhere(self) -> list[Server]:
        """One of each kind, started side by side."""
        servers = [self._start(kind, {}) for kind in EVERYWHERE]
        return [self._awaited(server) for server in servers]

    def _start(self, kind: str, env: Mapping[str, str]) -> Server:
        name = (kind, tuple(sorted(env.items())))
        if name not in self._running:
            folder = self._folder / f"site-{len(self._running)}"
            workers = 2 if kind == TWO else 1
            server = Server(folder, workers=workers, redis_url=self.redis_url, env=env)
            server.command = command(kind, server.port)
            self._running[name] = server.start(ready=False)
        return self._running[name]

    def _awaited(self, server: Server) -> Server:
        if server.url not in self._ready:
            server.wait_ready()
            self._ready.add(server.url)
        return server

    def close(self) -> None:
        """Stops them all; a traceback in a log is a failure."""
        for server in self._running.values():
            server.terminate()
        for server in self._running.values():
            server.close()
        faults = [server.log for server in self._running.values() if "Traceback" in server.log]
        assert not faults, "\n".join(faults)
