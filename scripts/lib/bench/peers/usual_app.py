"""The usual Python way: sse-starlette's EventSourceResponse, and a queue for each client.

Rules: what its documentation and most tutorials show, on uvicorn with uvloop and httptools, without middleware;
nothing is made slow on purpose, and nothing is made fast that they do not make fast.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from itertools import count

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

queues: dict[str, set["asyncio.Queue[tuple[int, str]]"]] = defaultdict(set)
snapshots: dict[str, str] = {}
numbers = count(1)


async def publish(request: Request) -> Response:
    """POST /pub/{feed}: the body is an event's data."""
    event = next(numbers), (await request.body()).decode()
    for queue in queues[request.path_params["feed"]]:
        queue.put_nowait(event)
    return Response(status_code=202)


async def keep(request: Request) -> Response:
    """PUT /pub/{feed}: the body is what one who joins is told."""
    snapshots[request.path_params["feed"]] = (await request.body()).decode()
    return Response(status_code=202)


async def _events(feed: str) -> AsyncIterator[ServerSentEvent]:
    queue: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
    queues[feed].add(queue)
    try:
        if feed in snapshots:
            yield ServerSentEvent(snapshots[feed], event="state", id="0", sep="\n")
        yield ServerSentEvent(comment="ok", sep="\n")
        while True:
            number, data = await queue.get()
            yield ServerSentEvent(data, event="state", id=str(number), sep="\n")
    finally:
        queues[feed].discard(queue)


async def subscribe(request: Request) -> Response:
    """GET /sub/{feed}"""
    return EventSourceResponse(_events(request.path_params["feed"]))


app = Starlette(
    routes=[
        Route("/pub/{feed}", publish, methods=["POST"]),
        Route("/pub/{feed}", keep, methods=["PUT"]),
        Route("/sub/{feed}", subscribe),
    ]
)
