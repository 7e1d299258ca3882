"""Lessons in Redis (or Valkey): one script call a write, one stream a lesson.

Rules:
- All keys of a lesson share the hash tag `{code}`, so that each script touches one slot of a cluster.
- Commands go through a pool with short timeouts and are tried once more only where the connection was
  found dead; `connection.py` says how a fault is told.
- The blocking reader is in `reader.py`, on a connection of its own.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import msgspec
from redis.commands.core import AsyncScript

from app.core.keys import EPHEMERAL, has_room
from app.core.lesson import Position
from app.core.poll import Refusal
from app.core.stamp import parse_stamp
from app.store.connection import answered, close, connect, leads_elsewhere, refuse_cluster, renew
from app.store.contract import Change, Counts, Limits, Outcome, Reason, Refused, Snapshot, StoreUnavailable
from app.store.lives import REPLICA, identity, new_life
from app.store.reader import RedisReader
from app.store.records import counts_key, lesson_keys, parse_counts, parse_position, parse_register, probe_key
from app.store.scripts import is_plain, source

T = TypeVar("T")

RENEW_EVERY_S = 1.0  # at most; a crowd that is refused asks for it each time
CENSUS_S = 3  # a killed worker's viewers are forgotten after this long

_SECRET = "lectern:secret"  # noqa: S105 - the name of a key, not a secret
_WORKERS = "lectern:workers"
_COUNTS = msgspec.json.Decoder(dict[str, int])


class RedisStore:
    """The store contract over one Redis. `url` as redis-py reads it."""

    def __init__(self, url: str, *, limits: Limits | None = None, verify_tls: bool = True) -> None:
        self._url = url
        self._verify_tls = verify_tls
        self._limits = limits or Limits()
        self.redis = connect(url, verify_tls=verify_tls)
        self._heard = ""  # the life of the store that the last reader was opened on
        self._renewed_at = float("-inf")
        self._censuses: list[bytes | None] = []  # the last heard, by worker
        self._total: dict[str, int] = {}  # and their sum
        self._write = self._script("write")
        self._write_plain = self._script("write_plain")
        self._append = self._script("append")
        self._load = self._script("load")
        self._vote = self._script("vote")
        self._publish = self._script("publish")

    def _script(self, name: str) -> AsyncScript:
        return self.redis.register_script(source(name, self._limits))

    async def create(self, lesson: str, changes: Sequence[Change], now: int) -> bool:
        status, *_ = await self._send(lesson, changes, now, "create")
        if status not in {b"ok", b"taken"}:
            raise Refused(Reason(status.decode()))
        return bool(status == b"ok")

    async def write(self, lesson: str, changes: Sequence[Change], now: int, *, end: bool = False) -> Outcome:
        status, *answer = await self._send(lesson, changes, now, "end" if end else "write")
        if status != b"ok":
            raise Refused(Reason(status.decode()))
        stamps = [parse_stamp(stamp.decode()) for stamp in answer[2::2]]
        return Outcome(
            position=parse_position(answer[0]),
            applied=[applied == 1 for applied in answer[1::2]],
            stamps=[stamp for stamp in stamps if stamp is not None],
        )

    async def _send(self, lesson: str, changes: Sequence[Change], now: int, mode: str) -> list[Any]:
        args: list[Any] = [now, mode]
        plain = mode == "write"
        for key, raw, stamp, mark in changes:
            keep = 0 if key in EPHEMERAL else 2 if has_room(key) else 1
            args += [key, str(stamp or ""), mark, keep, raw]
            plain = plain and is_plain(key)
        keys = lesson_keys(lesson)
        if plain:
            answer: list[Any] = await self._call(lambda: self._write_plain(keys, args))
            if answer[0] != b"form":  # else of an older release: the whole script changes it over
                return answer
        whole: list[Any] = await self._call(lambda: self._write(keys, args))
        return whole

    async def append(self, lesson: str, deck: str, pages: int, now: int) -> Position:
        limits = self._limits
        args: list[Any] = [now, deck, pages, limits.pages, limits.feed, limits.retention_s]
        status, *answer = await self._call(lambda: self._append(lesson_keys(lesson), args))
        if status != b"ok":
            raise Refused(Reason(status.decode()))
        return parse_position(answer[0])

    async def load(self, lesson: str) -> Snapshot | None:
        store, found = await self._look_up(lesson)
        if self._heard not in ("", store):
            # The reader's connection and this one lead to two stores, or to two lives of one: this may be the older.
            await self._renew()
            store, found = await self._look_up(lesson)
        if not found:
            return None
        position, number, unpublished, state = found
        pairs = zip(state[::2], state[1::2], strict=True)
        return Snapshot(
            store=store,
            position=parse_position(position),
            number=int(number),
            registers=[parse_register(key, kept) for key, kept in pairs],
            unpublished=unpublished > 0,
        )

    async def _look_up(self, lesson: str) -> tuple[str, list[Any]]:
        run_id, role, life, *found = await self._call(lambda: self._load(lesson_keys(lesson), [new_life()]))
        if role != b"master":
            await self._renew()
            raise StoreUnavailable(REPLICA)
        return identity(run_id.decode(), life.decode()), found

    async def positions(self, lessons: Sequence[str]) -> list[Position | None]:
        async def ask() -> list[bytes | None]:
            async with self.redis.pipeline(transaction=False) as pipe:
                for lesson in lessons:
                    pipe.hget(lesson_keys(lesson)[0], "last")
                answers: list[bytes | None] = await pipe.execute()
            return answers

        return [parse_position(last) if last else None for last in await self._call(ask)]

    async def vote(
        self, lesson: str, poll: str, voter: str, choices: Sequence[int], now: int
    ) -> Refusal | int:
        limits = self._limits
        bounds = [limits.feed, limits.retention_s, limits.voters, limits.tally_ms]
        args: list[Any] = [now, poll, voter, *bounds, *choices]
        answer = await self._call(lambda: self._vote(lesson_keys(lesson), args))
        return answer if isinstance(answer, int) else Refusal(answer.decode())

    async def publish(self, lesson: str, now: int) -> int:
        limits = self._limits
        args: list[Any] = [now, limits.feed, limits.retention_s, limits.tally_ms]
        return int(await self._call(lambda: self._publish(lesson_keys(lesson), args)))

    async def peek(self, lesson: str, key: str) -> str | None:
        kept: Any = await self._call(lambda: self.redis.hget(lesson_keys(lesson)[1], key))
        return parse_register(key.encode(), kept).raw if kept is not None else None

    async def counts(self, lesson: str) -> Mapping[str, Counts]:
        kept: dict[Any, Any] = await self._call(lambda: self.redis.hgetall(counts_key(lesson)))
        return parse_counts(kept)

    async def reader(self, worker: str) -> RedisReader:
        client = connect(self._url, verify_tls=self._verify_tls, timeout_s=None, retries=0).client()
        try:
            reader = await self._call(lambda: RedisReader.open(client, worker))
        except StoreUnavailable:
            with suppress(StoreUnavailable):
                await close(client)
            raise
        if self._heard not in ("", reader.store):
            await self._renew()
        self._heard = reader.store
        return reader

    async def probe(self, worker: str) -> None:
        async def send() -> None:
            async with self.redis.pipeline(transaction=False) as pipe:
                pipe.xadd(probe_key(worker), {b"#": b"0"}, maxlen=8)
                pipe.expire(probe_key(worker), 600)
                await pipe.execute()

        await self._call(send)

    async def census(self, worker: str, counts: Mapping[str, int], now: int) -> Mapping[str, int]:
        mine = f"lectern:census:{worker}"

        async def ask() -> list[bytes | None]:
            async with self.redis.pipeline(transaction=False) as pipe:
                pipe.set(mine, msgspec.json.encode(counts), ex=CENSUS_S)
                pipe.zadd(_WORKERS, {worker: now})
                pipe.zremrangebyscore(_WORKERS, "-inf", now - 60_000)
                pipe.zrange(_WORKERS, 0, -1)
                *_, workers = await pipe.execute()
            names = [f"lectern:census:{name.decode()}" for name in workers]
            # One GET a worker, not MGET: in a cluster these keys live in different slots.
            async with self.redis.pipeline(transaction=False) as pipe:
                for name in names:
                    pipe.get(name)
                answers: list[bytes | None] = await pipe.execute()
            return answers

        answers = await self._call(ask)
        if answers != self._censuses:  # in most seconds nobody has come or gone
            self._censuses, self._total = answers, _summed(answers)
        return self._total

    async def check(self) -> None:
        """Raises StoreUnfit where this store cannot be used, StoreUnavailable where it cannot be asked now."""
        refuse_cluster(await self._call(lambda: self.redis.info("server", "cluster")))

    async def secret(self, held: bytes = b"") -> bytes:
        async def ask() -> bytes:
            await self.redis.set(_SECRET, held or secrets.token_hex(32), nx=True)
            kept: Any = await self.redis.get(_SECRET)
            return bytes(kept)

        return await self._call(ask)

    async def close(self) -> None:
        with suppress(StoreUnavailable):
            await close(self.redis)

    async def _call(self, command: Callable[[], Awaitable[T]]) -> T:
        try:
            return await answered(command)
        except StoreUnavailable as fault:
            if leads_elsewhere(fault.__cause__):
                await self._renew()
            raise

    async def _renew(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._renewed_at >= RENEW_EVERY_S:
            self._renewed_at = now
            with suppress(StoreUnavailable):
                await renew(self.redis, self._url, verify_tls=self._verify_tls)


def _summed(censuses: Iterable[bytes | None]) -> dict[str, int]:
    total: dict[str, int] = {}
    for census in censuses:
        for lesson, viewers in _COUNTS.decode(census or b"{}").items():
            total[lesson] = total.get(lesson, 0) + viewers
    return total
