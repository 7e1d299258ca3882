"""One connection to uvicorn with Lectern's protocol, seen from both of its ends, without the app."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from app.web.handover import LecternProtocol
from tests.support.eventually import eventually


@dataclass
class Ends:
    """The server's protocol; the peer's streams; what an application is called with."""

    protocol: LecternProtocol
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    state: ServerState


async def silent(scope: Any, receive: Any, send: Any) -> None:
    """An application that reads and never answers."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def refusing(scope: Any, receive: Any, send: Any) -> None:
    """An application that answers at once, whatever is still to come, and wants to hear no more."""
    headers = [(b"content-length", b"2"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"no"})


@asynccontextmanager
async def connection(app: Any = silent) -> AsyncIterator[Ends]:
    """A peer's connection."""
    config = uvicorn.Config(app, http=LecternProtocol, ws="none", lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    made: list[LecternProtocol] = []

    def protocol() -> LecternProtocol:
        made.append(LecternProtocol(config=config, server_state=state, app_state={}))
        return made[-1]

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        await until(lambda: bool(made) and made[0].deadline is not None)
        yield Ends(made[0], reader, writer, state)
    finally:
        writer.close()
        server.close()


async def until(holds: Callable[[], bool]) -> None:
    """Lets the loop run until it holds."""

    async def ask() -> bool:
        return holds()

    await eventually(ask, bool)
