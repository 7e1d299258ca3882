"""The streaming response, over plain ASGI.

Rules:
- Headers and framing are sse-starlette's; the bytes are the hub's, encoded once for everybody.
- `write` drives the server's `send` by hand. It finishes at once as long as the transport takes bytes;
  when it does not, the subscriber is not ready until the server says so, and nothing is queued for it.
- A large frame goes in pieces: where no transport is to be seen, the pieces that a server has taken are what tells
  that its peer reads on (`app/feed/reading.py`).
- The first event is written in the same step in which the subscriber joins, so nothing is missed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from functools import partial
from typing import Any

from sse_starlette.sse import EventSourceResponse
from starlette.types import Receive, Scope, Send

from app.core import frames
from app.core.frames import Frame
from app.core.lesson import Position
from app.web.opening import Opening, again

PIECE = 16 * 1024  # bytes

HEADERS = {"cache-control": "no-store, no-transform", "x-accel-buffering": "no"}


class _Resumed:
    """Awaitable: goes on with a coroutine that was started by hand and has asked for `wanted`."""

    def __init__(self, suspended: Coroutine[Any, Any, None], wanted: object) -> None:
        self._suspended = suspended
        self._wanted = wanted

    def __await__(self) -> Generator[Any, Any, None]:
        step: Callable[[], object]
        while True:
            try:
                answer = yield self._wanted
            except BaseException as fault:  # noqa: BLE001 - passed on to the coroutine it is meant for
                step = partial(self._suspended.throw, fault)
            else:
                step = partial(self._suspended.send, answer)
            try:
                self._wanted = step()
            except StopIteration:
                return


class AsgiSubscriber:
    """A stream whose bytes go through an ASGI server's `send`."""

    __slots__ = (
        "_drain", "_gone", "_last", "_left", "_send", "audience", "channel", "place", "position", "ready", "wheel"
    )  # fmt: skip

    def __init__(self, send: Send, opening: Opening, gone: "asyncio.Future[None]") -> None:
        self.audience = opening.audience
        self.channel = opening.channel
        self.wheel = opening.streams.wheel
        self.place = -1  # on it
        self.position: Position | None = None
        self.ready = True
        self._send = send
        self._gone = gone
        self._drain: asyncio.Task[None] | None = None
        self._last: Frame | None = None
        self._left = 0  # bytes of a large frame that the server has not taken

    def write(self, frame: Frame) -> None:
        self._put(frame.raw, more=True)

    def unread(self) -> int:
        return self._left

    def finish(self, last: Frame) -> None:
        if not self.ready:
            self._last = last  # after what is on its way
            return
        self._put(last.raw, more=False)
        if self.ready:
            self._leave()

    def part(self) -> None:
        if not self.channel.part(self, again()):
            self.abort()

    def abort(self) -> None:
        self._leave()

    def drop(self) -> None:
        """The stream is over: stop waiting for a transport that will take no more."""
        if self._drain is not None:
            self._drain.cancel()

    def _put(self, body: bytes, *, more: bool) -> None:
        sending: Any = self._pieces(body, more=more) if len(body) > PIECE else self._one(body, more=more)
        try:
            wanted = sending.send(None)
        except StopIteration:
            return
        except Exception:  # noqa: BLE001 - the peer is gone; whatever the server calls that
            self._leave()
            return
        self.ready = False
        self._drain = asyncio.ensure_future(self._drained(sending, wanted, more=more))

    def _one(self, body: bytes, *, more: bool) -> Awaitable[None]:
        return self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def _pieces(self, body: bytes, *, more: bool) -> None:
        for at in range(0, len(body), PIECE):
            self._left = len(body) - at
            await self._one(body[at : at + PIECE], more=more or self._left > PIECE)
        self._left = 0

    async def _drained(self, sending: Any, wanted: object, *, more: bool) -> None:
        try:
            await _Resumed(sending, wanted)
        except Exception:  # noqa: BLE001 - the peer is gone
            self._leave()
            return
        self.ready = True
        self.wheel.drained(self, self.place)
        if more and self._last is not None:
            self.finish(self._last)
        elif more:
            self.channel.drained(self)
        else:
            self._leave()

    def _leave(self) -> None:
        if not self._gone.done():
            self._gone.set_result(None)


class StreamResponse(EventSourceResponse):
    """Joins the channel, and stays until the peer or the channel ends it."""

    def __init__(self, opening: Opening) -> None:
        super().__init__(_nothing(), headers=HEADERS)
        self._opening = opening

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            await super().__call__(scope, receive, send)
            return
        opening = self._opening
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        gone = asyncio.get_running_loop().create_future()
        subscriber = AsgiSubscriber(send, opening, gone)
        subscriber.place = opening.streams.wheel.enter(subscriber)
        listening = asyncio.ensure_future(_listen(receive, gone))
        try:
            subscriber.write(Frame(b"".join(frame.raw for frame in opening.join(subscriber))))
            if opening.channel.ended:
                subscriber.finish(frames.END)
            await gone
        finally:
            opening.channel.leave(subscriber)
            opening.streams.wheel.leave(subscriber, subscriber.place)
            subscriber.drop()
            listening.cancel()


async def _listen(receive: Receive, gone: "asyncio.Future[None]") -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    if not gone.done():
        gone.set_result(None)


class LaterResponse(EventSourceResponse):
    """Sends one away for a while: the only way that makes an EventSource come back."""

    def __init__(self, retry: Frame) -> None:
        super().__init__(_nothing(), headers=HEADERS)
        self._retry = retry

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        body = b"" if scope["method"] == "HEAD" else self._retry.raw
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})


async def _nothing() -> AsyncIterator[bytes]:
    for _ in ():
        yield b""
