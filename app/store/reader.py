"""The blocking reader: one connection that waits on many feeds at once.

Rules:
- It always names exact positions, never `$`: whatever happened between two reads is in the second.
- Its socket waits longer than the server blocks, and it never repeats a command by itself: a fault ends
  the reader, and the worker opens another from the positions it has folded.
- It reads the store's identity on the same connection, so that what it tells belongs to one life of it; and again when it hears
  its probe: a primary that was made a replica, and data that were flushed, close no connection.
- The worker's own probe stream is always among the feeds: writing to it ends the wait.
- A read over a thousand feeds costs the worker a join of a few dozen pieces: feeds are packed in groups,
  each group's part of the command is kept encoded, and only those in which a position moved are made again.
- An entry that cannot be parsed is told once, as number 0, which is nobody's next: its lesson is loaded anew.
  Met again, it is passed over: a load may not lead beyond it, and loading for ever helps nobody.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

from redis.asyncio import Redis

from app.core.lesson import START, Position
from app.store import lives
from app.store.connection import answered, close, told
from app.store.contract import Entry, StoreUnavailable
from app.store.records import feed_key, parse_entry, parse_position, probe_key

BLOCK_MS = 5_000
VERIFY_EVERY_S = 1.0
COUNT = 256  # entries a feed and read; the rest comes with the next
GROUP = 32  # feeds: of a thousand, about as many groups as a group has feeds

log = logging.getLogger("lectern.store")


class RedisReader:
    """Reads feeds with XREAD. Open one with `open`; close it when it has raised."""

    TIMEOUT_S = BLOCK_MS / 1000 + 3

    def __init__(self, client: Redis, worker: str, store: str, heard: bytes) -> None:
        self.store = store
        self._client = client
        self._verify_at = 0.0
        self._probe = probe_key(worker).encode()
        self._heard = _bulk(heard)
        self._lessons: dict[bytes, str] = {}
        self._unreadable: dict[bytes, Position] = {}  # feed -> the last entry that could not be parsed
        self._groups: list[list[bytes]] = []  # encoded positions of `GROUP` feeds each
        self._at: dict[bytes, tuple[int, int]] = {}  # feed -> its group, and its place there
        self._packed: list[bytes] = []  # each group as one piece of the command
        self._moved: set[int] = set()  # groups whose piece is not the newest
        self._head = b""
        self.follow({})

    @classmethod
    async def open(cls, client: Redis, worker: str) -> Self:
        """A reader on `client`, which holds one connection. Raises redis-py's errors."""
        store = await lives.asked(client, begin=True)
        last: Any = await client.xrevrange(probe_key(worker), count=1)
        return cls(client, worker, store, last[0][0] if last else str(START).encode())

    def follow(self, after: Mapping[str, Position]) -> None:
        """From now on read these lessons' feeds, each after a position."""
        self._lessons = {feed_key(lesson).encode(): lesson for lesson in after}
        positions = [_bulk(str(position).encode()) for position in after.values()]
        self._groups = [positions[i : i + GROUP] for i in range(0, len(positions), GROUP)]
        self._at = {feed: divmod(number, GROUP) for number, feed in enumerate(self._lessons)}
        self._packed = [b"".join(group) for group in self._groups]
        self._moved.clear()
        words = [b"XREAD", b"COUNT", b"%d" % COUNT, b"BLOCK", b"%d" % BLOCK_MS, b"STREAMS"]
        feeds = [*self._lessons, self._probe]
        count = len(words) + 2 * len(feeds)
        self._head = b"*%d\r\n" % count + b"".join(_bulk(each) for each in (*words, *feeds))

    async def read(self) -> dict[str, list[Entry]]:
        connection: Any = self._client.connection
        with told():
            # One deadline for both; the connection itself has none, and would set one for each.
            async with asyncio.timeout(self.TIMEOUT_S):
                await connection.send_packed_command(self._command(), check_health=False)
                answer = await connection.read_response()
        news: dict[str, list[Entry]] = {}
        for feed, entries in answer or ():
            last = _bulk(entries[-1][0])
            if feed == self._probe:
                self._heard = last
                news[""] = []
            else:
                group, place = self._at[feed]
                self._groups[group][place] = last
                self._moved.add(group)
                news[self._lessons[feed]] = [*self._parsed(feed, entries)]
        if "" in news:
            await self._verify()
        return news

    async def _verify(self) -> None:
        # Not at each probe: whoever asks for /readyz writes one.
        now = asyncio.get_running_loop().time()
        if now < self._verify_at:
            return
        self._verify_at = now + VERIFY_EVERY_S
        store = await answered(lambda: lives.asked(self._client))
        if store != self.store:
            raise StoreUnavailable("the data are others than those that were read until now")

    def _command(self) -> bytes:
        for group in self._moved:
            self._packed[group] = b"".join(self._groups[group])
        self._moved.clear()
        return b"".join((self._head, *self._packed, self._heard))

    def _parsed(self, feed: bytes, entries: Sequence[tuple[bytes, Sequence[bytes]]]) -> Iterator[Entry]:
        for position, flat in entries:
            at = parse_position(position)
            pairs: Iterator[tuple[bytes, bytes]] = zip(flat[::2], flat[1::2], strict=True)
            try:
                yield parse_entry(at, pairs)
            except (ValueError, StoreUnavailable) as fault:
                if at > self._unreadable.get(feed, START):
                    self._unreadable[feed] = at
                    log.error("an entry of a feed cannot be read: %s", fault)  # noqa: TRY400 - no bug of ours
                    yield Entry(at, 0, [])

    async def close(self) -> None:
        with suppress(StoreUnavailable):  # it may be dead already
            await close(self._client)


def _bulk(data: bytes) -> bytes:
    """A bulk string of the Redis protocol."""
    return b"$%d\r\n%b\r\n" % (len(data), data)
