"""Lectern: `python -m app` as anybody runs it, with the Valkey it embeds run beside it, so that it can be asked.

Rules: the store is as durable as it is by default (every write on the disk before it is acknowledged). Its CPU is not
the server's and is reported on its own. With `relay`, writes go through a second server on the same store. The
server may be that of another checkout (`before`), for a ratio of two commits within each round.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import redis

from app.embedded import EmbeddedValkey
from scripts.lib.bench.feeds import Address, Feed, head
from scripts.lib.bench.machine import commit
from scripts.lib.bench.peers.contract import Setup
from scripts.lib.bench.snapshot import writes as snapshot_writes
from scripts.lib.bench.system import on_cores
from scripts.lib.server import PROJECT, Server

POLL = "p1"
JOINED = b"]}\n\n\r\n"  # the end of the first state event; what follows it differs


class RunningLectern:
    """A server, or two on one store."""

    name = "lectern"

    def __init__(self, server: Server, writer: Server, store_url: str) -> None:
        self.server = server
        self.http = httpx.Client(base_url=server.url, trust_env=False, timeout=30.0)
        self._at: Address = ("127.0.0.1", server.port)
        self._to: Address = ("127.0.0.1", writer.port)
        self._lessons: dict[Feed, tuple[str, dict[str, str]]] = {}  # path, and the header that shows the key
        self._redis = redis.Redis.from_url(store_url)
        info: dict[str, int] = self._redis.info("server")
        self.store = [info["process_id"]]

    @property
    def roots(self) -> list[int]:
        """The one that serves viewers."""
        return [self.server.pid]

    def open(self, feeds: int, *, snapshot: int = 0) -> list[Feed]:
        """Lessons."""
        return [self._lesson(snapshot) for _ in range(feeds)]

    def _lesson(self, snapshot: int) -> Feed:
        made = self.http.post("/api/lessons", json={"title": "Bench"}).raise_for_status().json()
        path, key = f"/api/lessons/{made['lesson']}", made["teacher_key"]
        auth = {"Authorization": f"Bearer {key}"}
        writes = [{"key": name, "value": value} for name, value in snapshot_writes(snapshot)]
        self.http.post(f"{path}/state", json={"writes": writes}, headers=auth).raise_for_status()
        post = head("POST", f"{path}/state", self._to, Content_Type="application/json", **auth)
        stream = head("GET", f"{path}/events", self._at, Accept="text/event-stream")
        feed = Feed(self._at, stream, JOINED, self._to, post, bare=False)
        self._lessons[feed] = path, auth
        return feed

    def poll(self, feed: Feed) -> Feed:
        """Open a poll that shows its tally; a write to the feed that is returned is a vote in it."""
        path, auth = self._lessons[feed]
        question = {"question": "?", "options": ["a", "b", "c", "d"], "status": "open", "reveal": True}
        writes = {"writes": [{"key": f"poll/{POLL}", "value": question}]}
        self.http.post(f"{path}/state", json=writes, headers=auth).raise_for_status()
        headers = {"Content_Type": "application/json", "Sec_Fetch_Site": "same-origin"}
        return replace(feed, post=head("POST", f"{path}/polls/{POLL}/votes", self._to, **headers))

    def voters(self, feed: Feed) -> int:
        """How many votes the poll's tally shows."""
        tally: dict[str, int] = self.registers(feed).get(f"tally/{POLL}", {})
        return tally.get("voters", 0)

    def registers(self, feed: Feed) -> Mapping[str, Any]:
        """A viewer's snapshot."""
        writes: list[tuple[str, Any]] = (
            self.http.get(f"{self._lessons[feed][0]}/state").raise_for_status().json()["writes"]
        )
        return dict(writes)

    def commands(self) -> Mapping[str, int]:
        """Calls by command; what a script calls is counted too."""
        told: dict[str, dict[str, int]] = self._redis.info("commandstats")
        return Counter({name.removeprefix("cmdstat_"): each["calls"] for name, each in told.items()})


class Lectern:
    """The peer. `relay`: posts go to another worker process than the one that serves the viewers.

    `project`: the checkout whose server is run.
    """

    def __init__(self, name: str = "lectern", *, relay: bool = False, project: Path = PROJECT) -> None:
        self.relay = relay
        self.project = project
        self.name = name
        self.version = commit(project)

    @contextmanager
    def run(self, setup: Setup) -> Iterator[RunningLectern]:
        """A store and a server (two with `relay`)."""
        with ExitStack() as stack:
            with on_cores(setup.other_cores):
                valkey = stack.enter_context(EmbeddedValkey(setup.folder / "store"))
            servers = []
            for name, cores in (("server", setup.server_cores), ("relay", setup.other_cores)):
                if name == "server" or self.relay:
                    server = Server(
                        setup.folder / name,
                        workers=setup.workers,
                        redis_url=valkey.url,
                        project=self.project,
                    )
                    stack.callback(server.close)
                    with on_cores(cores):
                        server.start()
                    servers.append(server)
            yield RunningLectern(servers[0], servers[-1], valkey.url)
