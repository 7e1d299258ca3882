"""Routes, and the ASGI application around them.

Rules: one table of routes, in the order of the contract; every response but a stream passes the same
security headers; a path that could be a lesson's code comes last.
"""

import re
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

from app.web import decks, events, keyring, lessons, operations, pages, polls, qr, state
from app.web.answers import NO_PAGE, SECURITY
from app.web.assets import PREFIX
from app.web.problems import HANDLERS, Problem, answer, on_error

API = "/api/lessons/{lesson}"
_EVENTS = re.compile("/api/lessons/([^/]+)/events")


def routes() -> list[BaseRoute]:
    """The table."""
    return [
        Route("/api/lessons", lessons.create, methods=["POST"]),
        Route(API, lessons.info),
        Route(f"{API}/session", lessons.session, methods=["POST"]),
        Route(f"{API}/end", lessons.end, methods=["POST"]),
        Route(f"{API}/keys", keyring.give, methods=["POST"]),
        Route(f"{API}/keys", keyring.listed),
        Route(f"{API}/keys/{{key}}", keyring.take, methods=["DELETE"]),
        Route(f"{API}/qr.svg", qr.qr),
        Route(f"{API}/state", state.post, methods=["POST"]),
        Route(f"{API}/state", state.get),
        Route(f"{API}/ink/{{page}}", state.ink),
        Route(f"{API}/events", events.events),
        Route(f"{API}/polls/{{poll}}/votes", polls.vote, methods=["POST"]),
        Route(f"{API}/polls.csv", polls.results),
        Route(f"{API}/decks", decks.upload, methods=["POST"]),
        Route("/decks/{deck}/{number}-{width}.webp", decks.image),
        Route("/decks/{deck}/{number}.txt", decks.text),
        Route("/healthz", operations.healthz),
        Route("/readyz", operations.readyz),
        Route("/metrics", operations.metrics),
        Route("/static/{version}/{path:path}", pages.static),
        Route("/problems/{problem}", pages.problem),
        Route("/", pages.home),
        Route("/teach/{code}", pages.teacher),
        Route("/screen/{code}", pages.screen),
        Route("/{code}", pages.student),
    ]


def build(lifespan: Lifespan[Starlette]) -> ASGIApp:
    """The application; `lifespan` puts the services into `app.state.services`."""
    app = Starlette(routes=routes(), exception_handlers=HANDLERS, lifespan=lifespan)
    app.router.redirect_slashes = False  # it names the Host header's site, by http; see problems.on_http
    return Application(app)


class Application:
    """Adds the headers that every response carries, and lets streams and files through by a short way.

    Both come by the thousand at once; Starlette's middleware and its table of routes would cost more than
    they do.
    """

    def __init__(self, app: Starlette) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_policies(message["headers"])]
            await send(message)

        path = scope["path"]
        if scope["method"] in {"GET", "HEAD"}:
            if path.startswith(PREFIX) and await self._app.state.services.assets(scope, receive, send):
                return
            if stream := _EVENTS.fullmatch(path):
                await self._events(stream[1], scope, receive, secured)
                return
        await self._app(scope, receive, secured)

    async def _events(self, lesson: str, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self._app
        scope["path_params"] = {"lesson": lesson}
        request = Request(scope, receive)
        try:
            response = await events.events(request)
        except Problem as problem:
            response = answer(request, problem)
        except Exception:
            # As Starlette does on the long way: the peer is told nothing of it, and the server logs it.
            await (await on_error(request, None))(scope, receive, send)
            raise
        await response(scope, receive, send)


def _policies(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What every response carries, and what those carry that have no policy of their own."""
    own = any(name == NO_PAGE[0] for name, _ in headers)
    return [*SECURITY] if own else [*SECURITY, NO_PAGE]
