"""A stream and a long poll under every server, watched in the background while other tests run: both take their time.

Rules: the watch has a thread and an event loop of its own, since the tests' loop stands still between tests.
"""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

import httpx

from scripts.lib.server import Server
from scripts.lib.stream import Event, open_stream
from scripts.lib.teacher import Teacher

BEAT_S = 15.0
BEATS = 2
LONGEST_S = 25.0  # that a long poll waits
PATIENCE_S = 40.0


@dataclass(frozen=True, slots=True)
class Polled:
    """A long poll of a lesson in which nothing happens."""

    wait: str
    took: float
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Watched:
    """A stream of a lesson in which nothing happens; `opened` is in ms since the epoch."""

    opened: int
    cursor: str
    beats: list[Event]
    polled: Polled


Vigil = dict[str, "Future[Watched]"]  # by the server's address


async def watch(server: Server) -> Watched:
    """Watches a new lesson for some beats and a long poll."""
    async with server.client() as http:
        teacher = await Teacher.start(http)
        opened = time.time_ns() // 1_000_000
        async with open_stream(http, teacher.lesson) as stream:
            first = await stream.next_event("state")
            polling = asyncio.create_task(_poll(http, teacher, first.id))
            beats = [await stream.next_event(seconds=PATIENCE_S) for _ in range(BEATS)]
            return Watched(opened, first.id, beats, await polling)


async def _poll(http: httpx.AsyncClient, teacher: Teacher, cursor: str) -> Polled:
    wait, asked = "9999", time.monotonic()
    params = {"cursor": cursor, "wait": wait}
    answer = await http.get(f"{teacher.path}/state", params=params, timeout=PATIENCE_S)
    return Polled(wait, time.monotonic() - asked, answer.json())


@contextmanager
def watching(servers: list[Server]) -> Iterator[Vigil]:
    """Watches the servers for the length of a block, or until there is nothing more to see."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="vigil")
    thread.start()
    try:
        yield {server.url: asyncio.run_coroutine_threadsafe(watch(server), loop) for server in servers}
    finally:
        asyncio.run_coroutine_threadsafe(_give_up(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _give_up() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
