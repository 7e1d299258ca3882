"""One student: a browser's behaviour over httpx, its replica of the lesson, and what it was promised.

Rules: a connection pool and a cookie jar of its own, as a browser has; a stream that ends or breaks is opened again after its
`retry`, spread, with the cursor; a vote is tried again until it is answered, and only a 200 counts as acknowledged.
"""

import asyncio
import json
import random
import re
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from httpx_sse import EventSource

from scripts.lib.stream import Registers, apply

ASSET = re.compile(r'(?:src|href)="(/static/[^"]+)"')
RETRY_MS = 3_000  # until the server has named another
CONNECTIONS = 6  # a browser's, for one host over HTTP/1.1
PREFETCH_S = (0.5, 4.0)
AHEAD = 2
VOTE_TRIES = 30
_TLS = ssl.create_default_context()  # made once: a thousand of them take half a minute


@dataclass
class Diary:
    """What one student went through, in seconds where it is a time."""

    first_state: list[float] = field(default_factory=list)
    resumed: list[float] = field(default_factory=list)
    votes: list[float] = field(default_factory=list)
    events: int = 0
    resets: int = 0
    drops: int = 0
    images: int = 0
    refusals: dict[str, int] = field(default_factory=dict)

    def refused(self, what: str) -> None:
        """Count an answer that was not what the student wanted."""
        self.refusals[what] = self.refusals.get(what, 0) + 1


class Student:
    """A viewer. `arrive` once, then `leave`; between them its stream is a task of its own."""

    def __init__(self, base: str, lesson: str, seed: int) -> None:
        self.lesson = lesson
        self.chance = random.Random(seed)
        self.registers: Registers = {}
        self.cursor = ""
        self.diary = Diary()
        self.acknowledged: dict[str, list[int]] = {}
        self.http = httpx.AsyncClient(
            base_url=base,
            trust_env=False,
            timeout=httpx.Timeout(30.0, read=None, pool=None),
            transport=httpx.AsyncHTTPTransport(
                verify=_TLS, limits=httpx.Limits(max_connections=CONNECTIONS + 1)
            ),
        )
        self._retry_ms = RETRY_MS
        self._seen: set[str] = set()
        self._stream: asyncio.Task[None] | None = None
        self._line: asyncio.Task[None] | None = None
        self._fetching: set[asyncio.Task[None]] = set()
        self._cut_at: float | None = None

    async def arrive(self) -> None:
        """Load the page and what it loads, and open the stream; returns with the first state."""
        began = time.perf_counter()
        page = await self._load(f"/{self.lesson}")
        await asyncio.gather(*(self._load(asset) for asset in dict.fromkeys(ASSET.findall(page.text))))
        arrived = asyncio.Event()
        self._stream = asyncio.create_task(self._follow(arrived))
        await arrived.wait()
        self.diary.first_state.append(time.perf_counter() - began)

    async def _load(self, address: str) -> httpx.Response:
        """Ask until it is there, as a person does who loads the page again."""
        while True:
            try:
                return (await self.http.get(address)).raise_for_status()
            except (httpx.TransportError, httpx.HTTPStatusError) as fault:
                self.diary.refused(f"page {type(fault).__name__}")
                await asyncio.sleep(self.chance.uniform(0.5, 2.0))

    async def leave(self) -> None:
        """Close everything."""
        tasks = [task for task in (self._stream, self._line, *self._fetching) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.http.aclose()

    def drop(self) -> None:
        """The Wi-Fi goes: the stream breaks without a word."""
        if self._line is not None:
            self.diary.drops += 1
            self._cut_at = time.perf_counter()
            self._line.cancel()

    async def vote(self, poll: str, choices: list[int]) -> None:
        """Vote until answered."""
        began = time.perf_counter()
        for _ in range(VOTE_TRIES):
            with suppress(httpx.TransportError):
                path = f"/api/lessons/{self.lesson}/polls/{poll}/votes"
                answer = await self.http.post(path, json={"choices": choices}, timeout=10.0)
                if answer.status_code == httpx.codes.OK:
                    self.acknowledged[poll] = answer.json()["choices"]
                    self.diary.votes.append(time.perf_counter() - began)
                    return
                self.diary.refused(f"vote {answer.status_code}")
                if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    return
            await asyncio.sleep(self.chance.uniform(0.2, 1.0))
        self.diary.refused("vote unanswered")

    async def _follow(self, arrived: asyncio.Event) -> None:
        """What EventSource does: open, read, and open again."""
        while True:
            self._line = asyncio.create_task(self._read(arrived))
            await asyncio.wait([self._line])
            if not self._line.cancelled() and (fault := self._line.exception()) is not None:
                if not isinstance(fault, httpx.TransportError):
                    raise fault
                self.diary.refused(f"stream {type(fault).__name__}")
            await asyncio.sleep(self.chance.uniform(0.5, 1.0) * self._retry_ms / 1000)

    async def _read(self, arrived: asyncio.Event) -> None:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": self.cursor} if self.cursor else {})
        path = f"/api/lessons/{self.lesson}/events"
        async with self.http.stream("GET", path, headers=headers) as response:
            if response.status_code != httpx.codes.OK:
                self.diary.refused(f"stream {response.status_code}")
                return
            async for sse in EventSource(response).aiter_sse():
                if sse.retry is not None:
                    self._retry_ms = sse.retry
                if sse.event == "state":
                    self._hear(sse.id, json.loads(sse.data))
                    arrived.set()

    def _hear(self, cursor: str, data: dict[str, Any]) -> None:
        if self._cut_at is not None:
            self.diary.resumed.append(time.perf_counter() - self._cut_at)
            self._cut_at = None
        self.diary.events += 1
        if data.get("reset") and self.cursor:
            self.diary.resets += 1
        before = self.registers.get("slide")
        apply(self.registers, data)
        self.cursor = cursor
        if self.registers.get("slide") != before:
            self._look()

    def _look(self) -> None:
        """The slide now, the next two at a random moment."""
        order = self.registers.get("pages", {}).get("order", [])
        page = self.registers.get("slide", {}).get("page")
        if page not in order:
            return
        at = order.index(page)
        for ahead, wanted in enumerate(order[at : at + 1 + AHEAD]):
            if wanted not in self._seen and not wanted.startswith("blank-"):
                self._seen.add(wanted)
                wait = self.chance.uniform(*PREFETCH_S) if ahead else 0.0
                self._start(self._fetch(wanted, wait))

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._fetching.add(task)
        task.add_done_callback(self._fetching.discard)

    async def _fetch(self, page: str, wait: float) -> None:
        await asyncio.sleep(wait)
        deck, _, number = page.rpartition("-")
        try:
            answer = await self.http.get(f"/decks/{deck}/{number}-800.webp", timeout=30.0)
        except httpx.TransportError as fault:
            self.diary.refused(f"image {type(fault).__name__}")
            return
        self.diary.images += 1
        if answer.status_code != httpx.codes.OK:
            self.diary.refused(f"image {answer.status_code}")


Choose = Callable[[Student], list[int]]
