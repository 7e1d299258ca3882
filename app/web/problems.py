"""Problem responses (RFC 9457), in one place: which fault is which status.

Rules: handlers raise `Problem`; faults of the stores become 503 with `Retry-After`; anything else is a
bug, becomes 500 without details, and is logged with them.
"""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route

from app.decks.objects import ObjectsUnavailable
from app.store.contract import Reason, Refused, StoreUnavailable

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2

log = logging.getLogger("lectern.web")


class Problem(Exception):
    """A refused request: HTTP status, a sentence for a person, and what is wrong where."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})

    @property
    def title(self) -> str:
        """The status in words."""
        return HTTPStatus(self.status).phrase


def invalid(errors: Sequence[Mapping[str, str]]) -> Problem:
    """422, with the paths of what is wrong."""
    return Problem(422, "The request was refused and nothing was changed.", errors=errors)


def response(problem: Problem) -> Response:
    """The problem as a response."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.errors:
        body["errors"] = list(problem.errors)
    headers = {"cache-control": "no-store", **problem.headers}
    return Response(msgspec.json.encode(body), problem.status, headers, media_type=MEDIA_TYPE)


async def on_problem(_: Request, problem: Problem) -> Response:
    """Handler for Problem."""
    return response(problem)


async def on_http(request: Request, fault: HTTPException) -> Response:
    """Handler for what Starlette itself refuses: unknown paths and methods."""
    path: str = request.scope["path"]
    if fault.status_code == HTTPStatus.NOT_FOUND and path.endswith("/") and request.method in {"GET", "HEAD"}:
        # A slash too many. On this site, whatever the path and the Host header say: one slash, no host.
        return RedirectResponse("/" + path.strip("/"), status_code=307)
    headers = dict(fault.headers or {})
    if fault.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _allowed(request)
    return response(Problem(fault.status_code, fault.detail, headers=headers))


def _allowed(request: Request) -> str:
    """The methods of the address (RFC 9110, section 10.2.1): it may have several routes, and Starlette names one."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    fitting = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for route in fitting for method in route.methods or ()}))


async def on_refused(_: Request, fault: Refused) -> Response:
    """Handler for writes that the store refuses."""
    return response(REFUSALS[fault.reason])


async def on_unavailable(_: Request, fault: StoreUnavailable) -> Response:
    """Handler for a store that does not answer."""
    log.warning("the store is unavailable: %s", fault)
    headers = {"retry-after": str(RETRY_AFTER_S)}
    return response(Problem(503, "The lesson store does not answer. Try again in a moment.", headers=headers))


async def on_decks_unavailable(_: Request, fault: ObjectsUnavailable) -> Response:
    """Handler for an object store that does not answer."""
    log.warning("the decks' store is unavailable: %s", fault)
    headers = {"retry-after": str(RETRY_AFTER_S)}
    return response(Problem(503, "The decks' store does not answer. Try again in a moment.", headers=headers))


async def on_error(_: Request, __: Exception | None) -> Response:
    """Handler for bugs. Starlette raises the fault again after it, and the server logs it."""
    return response(Problem(500, "Something went wrong here. It has been logged."))


REFUSALS = {
    Reason.UNKNOWN: Problem(404, "There is no such lesson."),
    Reason.ENDED: Problem(409, "The lesson has ended."),
    Reason.FULL: Problem(409, "The lesson is full: clear some ink before adding more."),
}
HANDLERS: dict[Any, Any] = {
    Problem: on_problem,
    HTTPException: on_http,
    Refused: on_refused,
    StoreUnavailable: on_unavailable,
    ObjectsUnavailable: on_decks_unavailable,
    Exception: on_error,
}
