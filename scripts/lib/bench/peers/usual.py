"""The usual Python way, as a peer: `usual_app.py` in one uvicorn process."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import sse_starlette

from scripts.lib.bench.feeds import Feed, head
from scripts.lib.bench.peers.contract import Setup
from scripts.lib.bench.peers.process import server
from scripts.lib.bench.snapshot import data as snapshot_data
from scripts.lib.server import free_port


class RunningUsual:
    """It runs."""

    def __init__(self, pid: int, port: int) -> None:
        self.roots = [pid]
        self.store: list[int] = []
        self._at = ("127.0.0.1", port)
        self._made = 0

    def open(self, feeds: int, *, snapshot: int = 0) -> list[Feed]:
        """Feeds need no making but for what they tell first."""
        return [self._feed(snapshot) for _ in range(feeds)]

    def _feed(self, snapshot: int) -> Feed:
        self._made += 1
        name = f"feed{self._made}"
        if snapshot:
            url = f"http://{self._at[0]}:{self._at[1]}/pub/{name}"
            httpx.put(url, content=snapshot_data(snapshot), trust_env=False).raise_for_status()
        stream = head("GET", f"/sub/{name}", self._at, Accept="text/event-stream")
        post = head("POST", f"/pub/{name}", self._at, Content_Type="application/json")
        return Feed(self._at, stream, b": ok\n\n\r\n", self._at, post, bare=True)

    def registers(self, _: Feed) -> Mapping[str, Any]:
        """It keeps none."""
        return {}

    def commands(self) -> Mapping[str, int]:
        """It has no store."""
        return {}


class Usual:
    """The peer."""

    name = "usual"

    @property
    def version(self) -> str:
        """Of the library."""
        return f"sse-starlette {sse_starlette.__version__}"

    @contextmanager
    def run(self, setup: Setup) -> Iterator[RunningUsual]:
        """One uvicorn process."""
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", "scripts.lib.bench.peers.usual_app:app"]
        command += ["--port", str(port), "--loop", "uvloop", "--http", "httptools", "--backlog", "4096"]
        command += ["--no-access-log", "--log-level", "warning", "--timeout-keep-alive", "65"]
        with server(command, port, setup.folder / "usual.log", setup.server_cores) as pid:
            yield RunningUsual(pid, port)
