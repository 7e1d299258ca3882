"""The one place where redis-py is made and called.

Rules:
- A caller is answered within `ANSWER_S`, and told when the outcome is not known: whatever a connection that is dead, refused
  or half closed raises is `StoreUnavailable`. That is more than redis-py's errors and the system's: uvloop says RuntimeError for
  a write to a transport that the peer has reset, redis-py AttributeError on a connection that is being closed.
  Any other RuntimeError or AttributeError is a bug of ours and stays one.
- A store that answers and cannot be used (wrong password, a cluster) is `StoreUnfit`, which ends a start.
- `Unfit` texts hold no part of REDIS_URL, which may have a password in it.
"""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError as RedisConnectionError,
    MasterDownError,
    NoPermissionError,
    ReadOnlyError,
    RedisError,
)

from app import metrics
from app.store.contract import StoreUnavailable, StoreUnfit

T = TypeVar("T")

COMMAND_S = 2.0  # for one command on one connection
ANSWER_S = 2.5  # with the wait for a connection; a POST must fail within 3 s when the store is mute
CONNECTIONS = 32

CLUSTER = "the store is a node of a cluster, which is not supported: name one Redis or Valkey that is none"
# It answers, and is not, or not now, what can be written to: the same address may lead to another by now.
_ELSEWHERE = re.compile(
    r"read only replica|\b(READONLY|LOADING|MASTERDOWN|UNBLOCKED|NOREPLICAS|CLUSTERDOWN)\b"
)
_CLOSED = "the handler is closed"  # uvloop's words, for each of its transports
_REFUSED = re.compile("WRONGPASS|NOAUTH|invalid username-password|Authentication required|no password is set")


def connect(
    url: str, *, verify_tls: bool = True, timeout_s: float | None = COMMAND_S, retries: int = 1
) -> Redis:
    """A client for `redis://`, `rediss://` or `unix://`; `verify_tls` False accepts a self-signed certificate.

    `timeout_s` None: the caller sets the deadlines.
    """
    extra: dict[str, Any] = {}
    if not url.startswith("unix:"):
        extra["socket_keepalive"] = True
    if url.startswith("rediss:") and not verify_tls:
        extra["ssl_cert_reqs"] = None
    # Blocking: at the bound a command waits for a free connection, as long as it would for an answer.
    pool = BlockingConnectionPool.from_url(
        url,
        timeout=timeout_s,
        max_connections=CONNECTIONS,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), retries, supported_errors=(RedisConnectionError,)),
        protocol=2,  # one shape of answers, whatever the server offers
        **extra,
    )
    return Redis(connection_pool=pool)


async def close(client: Redis) -> None:
    """Close a client and its connections. Raises StoreUnavailable where one of them was dead already."""
    with told():
        await client.aclose()
        await client.connection_pool.disconnect()


async def renew(client: Redis, url: str, *, verify_tls: bool) -> None:
    """Commands from now on take new connections; those under way end on the old ones, which are closed after them."""
    old = client.connection_pool
    client.connection_pool = connect(url, verify_tls=verify_tls).connection_pool
    with told():
        await old.update_active_connections_for_reconnect()  # type: ignore[no-untyped-call]
        await old.disconnect(inuse_connections=False)


def leads_elsewhere(fault: BaseException | None) -> bool:
    """Whether new connections may lead to a store that takes what this one did not. Its connections stay open by themselves."""
    elsewhere = (ReadOnlyError, BusyLoadingError, MasterDownError)
    return isinstance(fault, elsewhere) or (fault is not None and _ELSEWHERE.search(str(fault)) is not None)


async def answered(command: Callable[[], Awaitable[T]]) -> T:
    """One command, or a short run of them, within `ANSWER_S`. Raises StoreUnavailable."""
    with told():
        async with asyncio.timeout(ANSWER_S):
            return await command()


@contextmanager
def told() -> Iterator[None]:
    """In this block what a dead connection raises is StoreUnavailable, and what an unfit store answers StoreUnfit."""
    try:
        yield
    except StoreUnavailable:
        raise
    except (RedisError, OSError, EOFError, RuntimeError, AttributeError) as fault:
        if isinstance(fault, RuntimeError | AttributeError) and not _of_a_dead_connection(fault):
            raise
        metrics.STORE_ERRORS.inc()
        why = _unfit(fault)
        if why:
            raise StoreUnfit(why) from fault
        text = "the connection was closed" if isinstance(fault, RuntimeError | AttributeError) else str(fault)
        raise StoreUnavailable(text or "no answer in time") from fault


def _of_a_dead_connection(fault: RuntimeError | AttributeError) -> bool:
    if isinstance(fault, RuntimeError):
        return _CLOSED in str(fault)
    return "'NoneType'" in str(fault) and _raised_in(fault.__traceback__).startswith("redis.")


def _raised_in(trace: TracebackType | None) -> str:
    name = ""
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__", "")
        trace = trace.tb_next
    return name


def _unfit(fault: BaseException) -> str:
    """Why a store that answered like this cannot be used; empty where it may be used later."""
    text = str(fault)
    if isinstance(fault, AuthenticationError) or _REFUSED.search(text):
        return "the store does not accept the user and password of REDIS_URL"
    if isinstance(fault, NoPermissionError) or "NOPERM" in text:
        return (
            f"the store's user may not do what is needed (docs/OPERATIONS.md lists the least rights): {text}"
        )
    if "DB index is out of range" in text or "SELECT is not allowed" in text:
        return "the store has no database of the number in REDIS_URL"
    if "CROSSSLOT" in text or text.startswith("MOVED "):
        return CLUSTER
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return f"no TLS connection to the store: {cause.reason or cause} (a certificate that it signed itself needs REDIS_VERIFY_TLS=0)"
        cause = cause.__cause__ or cause.__context__
    return ""


def refuse_cluster(info: Mapping[str, Any]) -> None:
    """Raises StoreUnfit where INFO tells of a cluster: a read over many lessons cannot cross its slots."""
    if int(info.get("cluster_enabled", 0)) or info.get("redis_mode") == "cluster":
        raise StoreUnfit(CLUSTER)
    if info.get("redis_mode") == "sentinel":
        raise StoreUnfit("REDIS_URL names a Sentinel, which keeps no data: name the Redis or Valkey itself")
