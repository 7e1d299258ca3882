"""The blocking reader: one connection that waits on many feeds at once.

Rules:
- It always names exact positions, never `$`: whatever happened between two reads is in the second.
- Its socket waits longer than the server blocks, and it never repeats a command by itself: a fault ends
  the reader, and the worker opens another from the positions it has folded.
- It reads the server's identity on the same connection, so that what it tells belongs to one life of it.
- The worker's own probe stream is always among the feeds: writing to it ends the wait.
"""

from collections.abc import Mapping
from typing import Any, Self

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.lesson import START, Position
from app.store.contract import Entry, StoreUnavailable
from app.store.records import feed_key, parse_entry, parse_position, probe_key

BLOCK_MS = 5_000
COUNT = 256  # entries a feed and read; the rest comes with the next


class RedisReader:
    """Reads feeds with XREAD. Open one with `open`; close it when it has raised."""

    TIMEOUT_S = BLOCK_MS / 1000 + 3

    def __init__(self, client: Redis, worker: str, store: str, heard: Position) -> None:
        self.store = store
        self._client = client
        self._probe = probe_key(worker).encode()
        self._heard = heard

    @classmethod
    async def open(cls, client: Redis, worker: str) -> Self:
        """A reader on a connection of its own. Raises redis-py's errors."""
        client = client.client()  # one connection, kept
        info: dict[str, Any] = await client.info("server")
        last: Any = await client.xrevrange(probe_key(worker), count=1)
        heard = parse_position(last[0][0]) if last else START
        return cls(client, worker, info["run_id"], heard)

    async def read(self, after: Mapping[str, Position]) -> dict[str, list[Entry]]:
        names = {feed_key(lesson).encode(): lesson for lesson in after}
        streams: dict[Any, Any] = {name: str(after[lesson]) for name, lesson in names.items()}
        streams[self._probe] = str(self._heard)
        try:
            answer: Any = await self._client.xread(streams, count=COUNT, block=BLOCK_MS)
        except (RedisError, OSError) as fault:
            raise StoreUnavailable(str(fault)) from fault
        told: dict[str, list[Entry]] = {}
        for name, entries in answer or []:
            if name == self._probe:
                self._heard = parse_position(entries[-1][0])
                told[""] = []
            else:
                told[names[name]] = [parse_entry(position, fields) for position, fields in entries]
        return told

    async def close(self) -> None:
        await self._client.aclose()
        await self._client.connection_pool.disconnect()
