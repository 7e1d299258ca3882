"""A stream under every server, watched in the background while other tests run: a beat takes its time.

Rules: only the server's own times are judged, since the watch sleeps whenever no test awaits anything.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from scripts.lib.server import Server
from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher

BEAT_S = 15.0
BEATS = 2


@dataclass
class Watched:
    """What came."""

    opened: int  # ms
    cursor: str = ""
    beats: list[dict[str, Any]] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)


async def watch(server: Server) -> Watched:
    """Watches a lesson in which nothing happens."""
    async with server.client() as http:
        teacher = await Teacher.start(http)
        watched = Watched(time.time_ns() // 1_000_000)
        async with open_stream(http, teacher.lesson) as stream:
            watched.cursor = (await stream.next_event("state")).id
            while len(watched.beats) < BEATS:
                beat = await stream.next_event(seconds=BEAT_S + 10)
                watched.beats.append(beat.data)
                watched.ids.add(beat.id)
        return watched


def watch_all(servers: list[Server]) -> dict[str, asyncio.Task[Watched]]:
    """Begins to watch each server; by its address."""
    return {server.url: asyncio.create_task(watch(server)) for server in servers}
