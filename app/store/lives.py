"""Which life of which store a connection leads to.

Rules:
- A life is named by the server's run id and by `lectern:life`, a random text in the data itself. A server that starts again, or
  takes another's place, has another run id; data that were flushed, or replaced while the server ran, have another text.
- Whoever first finds no text writes one, so all agree. A cursor's epoch is made of both, so no cursor outlives the data it was of.
- A replica is no store: it accepts nothing, and what it holds may be of the past.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis

from app.store.connection import refuse_cluster
from app.store.contract import StoreUnavailable

LIFE = "lectern:life"
REPLICA = "the store is a replica: its primary, or whatever leads there, is waited for"


def new_life() -> str:
    """A name that no other life has."""
    return secrets.token_hex(8)


def identity(run_id: str, life: str) -> str:
    """One text for both."""
    return f"{run_id}/{life}"


async def asked(client: Redis, *, begin: bool = False) -> str:
    """The identity at the other end of `client`; `begin` names a life that has no name yet. Raises what redis-py raises."""
    info: Mapping[str, Any] = await client.info("server", "cluster", "replication")
    refuse_cluster(info)
    if info.get("role") != "master":
        raise StoreUnavailable(REPLICA)
    if begin:
        await client.set(LIFE, new_life(), nx=True)
    life: Any = await client.get(LIFE)
    return identity(info["run_id"], life.decode() if life else "")
