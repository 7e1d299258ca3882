"""The wiring: every part of a worker process, made once, in one visible place.

Rules: importing this module does nothing; `create_app` is what the server calls in each worker. Parts are
handed what they need; background tasks are started and ended here and nowhere else.
"""

import asyncio
import logging
import multiprocessing
import os
import secrets
import signal
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.types import ASGIApp

from app import logs, metrics
from app.core.audience import Audience
from app.decks.confinement import walls
from app.decks.disk import Disk
from app.decks.objects import open_store
from app.decks.service import Decks
from app.feed.heartbeat import Wheel
from app.feed.hub import SWEEP_EVERY_S, Hub, forever
from app.feed.presence import EVERY_S, Presence
from app.feed.reader import AGE_EVERY_S, PROBE_EVERY_S, FeedReader
from app.feed.tallies import SWEEP_S, Tallies
from app.outages import Outage, tell_all
from app.secrecy import undumpable
from app.settings import Settings
from app.store.contract import Limits, StoreUnavailable, StoreUnfit
from app.store.deckbook import DeckBook
from app.store.redis import RedisStore
from app.web.app import build
from app.web.assets import Assets
from app.web.decklessons import DeckLessons
from app.web.deckregisters import DeckRegisters
from app.web.guesses import Guesses
from app.web.housekeeping import EVERY_S as HOUSEKEEPING_S, Housekeeping
from app.web.opening import Streams
from app.web.services import Services
from app.web.signing import Signer

STATIC = Path(__file__).resolve().parent.parent / "static"
DROP_EVERY_S = 7.3
SECRET_S = 2.9
STORE_S = 20.0  # that a start waits for its store

log = logging.getLogger("lectern")
WAITING = Outage(log, "waiting for the store")


def create_app(settings: Settings | None = None) -> ASGIApp:
    """The ASGI application of one worker, configured by the environment unless it gets settings."""
    settings = settings or Settings.from_environ(os.environ)
    if not settings.dumpable:
        undumpable()
    logs.configure(settings.log_level)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(tell_all)
            app.state.services = await _start(settings, stack)
            stack.enter_context(_not_orphaned())
            yield

    return build(lifespan)


@contextmanager
def _not_orphaned() -> Iterator[None]:
    """Stop in order when the supervisor has been killed: nobody could stop us any more, and we hold its address."""
    supervisor = multiprocessing.parent_process()
    if supervisor is None:
        yield
        return
    loop, ended = asyncio.get_running_loop(), supervisor.sentinel

    def stop() -> None:
        loop.remove_reader(ended)
        log.error("the supervisor has died: this worker stops")
        os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(ended, stop)
    try:
        yield
    finally:
        loop.remove_reader(ended)


async def _start(settings: Settings, stack: AsyncExitStack) -> Services:
    worker = f"{os.getpid()}-{secrets.token_hex(4)}"
    retention_s = settings.retention_days * 24 * 3600
    store = RedisStore(
        settings.redis_url,
        limits=Limits(retention_s=retention_s),
        verify_tls=settings.redis_verify_tls,
    )
    stack.push_async_callback(store.close)
    signer = Signer(await _secret(store, settings.secret.encode()))
    hub, book = Hub(store, worker), DeckBook(store.redis, worker)
    disk = Disk([settings.var_dir, *settings.decks_folder], settings.disk_reserve_mib * 1024 * 1024)
    made = Services(
        settings=settings,
        hub=hub,
        reader=FeedReader(hub),
        tallies=Tallies(hub),
        streams=Streams(Wheel(), settings.drain_s),
        decks=Decks(open_store(settings.decks), DeckRegisters(hub), book, disk=disk),
        deck_lessons=DeckLessons(book),
        signer=signer,
        assets=Assets(STATIC),
        guesses=Guesses(),
    )
    await stack.enter_async_context(_running(_background(made, store, book)))
    log.info("walls around the workers of decks: %s", ", ".join(walls()) or "none on this system")
    await made.decks.start()
    stack.push_async_callback(made.decks.stop)
    _count(hub, made.reader)
    return made


def _background(made: Services, store: RedisStore, book: DeckBook) -> list[Coroutine[Any, Any, None]]:
    """What a worker does without being asked, for as long as it runs."""
    hub, reader = made.hub, made.reader
    work = [
        reader.run(),
        forever(reader.watch, PROBE_EVERY_S, "probe"),
        forever(reader.note_age, AGE_EVERY_S, "age"),
        made.streams.wheel.run(),
        forever(Presence(hub).step, EVERY_S, "presence"),
        forever(made.tallies.sweep, SWEEP_S, "tallies"),
        forever(hub.sweep, SWEEP_EVERY_S, "lessons that are gone"),
        forever(hub.tidy, DROP_EVERY_S, "idle lessons"),
        forever(Housekeeping(book, made.decks).step, HOUSEKEEPING_S, "decks without a lesson"),
    ]
    if not made.settings.secret:
        work.append(forever(partial(_keep_secret, store, made.signer), SECRET_S, "secret"))
    return work


async def _keep_secret(store: RedisStore, signer: Signer) -> None:
    """Sign as the store says. One that came back empty takes the secret of the first worker that notices: so no cookie is lost."""
    secret = await store.secret(signer.secret)
    if secret != signer.secret:
        log.warning(
            "the store has another secret: cookies that were signed with the former are not valid any more"
        )
        signer.use(secret)


async def _secret(store: RedisStore, given: bytes) -> bytes:
    """The secret that is set, or the kept one. A store that cannot be used ends the start; one that is mute or starting is
    waited for: a worker that takes a dead one's place while the store is away must not end its supervisor, as one that
    fails at once does."""
    deadline = asyncio.get_running_loop().time() + STORE_S
    while True:
        try:
            await store.check()
            return given or await store.secret()
        except StoreUnfit as fault:
            logs.refuse(str(fault))
        except StoreUnavailable as fault:
            if given:
                return given
            if asyncio.get_running_loop().time() > deadline:
                logs.fatal(f"no answer from the store named by REDIS_URL: {fault}", None)
            WAITING.note(fault)
        await asyncio.sleep(0.5)


@asynccontextmanager
async def _running(work: Sequence[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Run background work for the length of a block. Work that ends by a bug ends the process: a worker
    without its reader looks alive and is not."""
    tasks = [asyncio.create_task(each) for each in work]
    for task in tasks:
        task.add_done_callback(_fell)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


def _fell(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and task.exception() is not None:
        logs.fatal("background work has failed", task.exception())


def _count(hub: Hub, reader: FeedReader) -> None:
    def streams(audience: str) -> int:
        kind = Audience(audience)
        return sum(len(channel.crowd.of[kind]) for channel in hub.channels.values())

    def age() -> float:
        return asyncio.get_running_loop().time() - reader.heard_at

    metrics.count_on_demand(streams, lambda: len(hub.channels), age)
