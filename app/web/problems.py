"""Problem responses (RFC 9457), in one place: which fault is which status.

Rules: handlers raise `Problem`; faults of the stores become 503 with `Retry-After`; anything else is a
bug, becomes 500 without details, and is logged with them. What a client may act on has a type
(`problem_types.py`). `answer` alone decides between JSON, for programs, and a page, for people.
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
from app.outages import Outage
from app.store.contract import Reason, Refused, StoreUnavailable
from app.web import problempages
from app.web.assets import Assets
from app.web.problem_types import TYPES, uri

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2
UNKEPT = {"cache-control": "no-store"}

log = logging.getLogger("lectern.web")
STORE_AWAY = Outage(log, "the store is unavailable")
DECKS_AWAY = Outage(log, "the decks' store is unavailable")


class Problem(Exception):
    """A refused request: HTTP status, a sentence for a person, its type's name in `TYPES`, and what is wrong where."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        type: str = "",  # noqa: A002 - RFC 9457's own name for it
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.type = type
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})

    @property
    def title(self) -> str:
        """The type in words; without one, the status."""
        return TYPES[self.type].title if self.type else HTTPStatus(self.status).phrase

    @property
    def body(self) -> dict[str, object]:
        """What RFC 9457 makes of it."""
        about = {"type": uri(self.type), "title": self.title, "status": self.status, "detail": self.detail}
        return {**about, "errors": list(self.errors)} if self.errors else about


def invalid(errors: Sequence[Mapping[str, str]]) -> Problem:
    """422, with the paths of what is wrong."""
    detail = "The request was refused and nothing was changed."
    return Problem(422, detail, type="invalid-request", errors=errors)


def answer(request: Request, problem: Problem) -> Response:
    """The problem as this client can read it."""
    if not problempages.wanted(request):
        return response(problem)
    assets: Assets = request.app.state.services.assets
    return problempages.answer(assets, problem.body, {**UNKEPT, **problem.headers})


def response(problem: Problem) -> Response:
    """The problem as JSON."""
    body = msgspec.json.encode(problem.body)
    return Response(body, problem.status, {**UNKEPT, **problem.headers}, media_type=MEDIA_TYPE)


async def on_problem(request: Request, problem: Problem) -> Response:
    """Handler for Problem."""
    return answer(request, problem)


async def on_http(request: Request, fault: HTTPException) -> Response:
    """Handler for what Starlette itself refuses: unknown paths and methods."""
    path: str = request.scope["path"]
    if fault.status_code == HTTPStatus.NOT_FOUND and path.endswith("/") and request.method in {"GET", "HEAD"}:
        # A slash too many. On this site, whatever the path and the Host header say: one slash, no host.
        return RedirectResponse("/" + path.strip("/"), status_code=307)
    headers = dict(fault.headers or {})
    if fault.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _allowed(request)
    return answer(request, Problem(fault.status_code, fault.detail, headers=headers))


def _allowed(request: Request) -> str:
    """The methods of the address (RFC 9110, section 10.2.1): it may have several routes, and Starlette names one."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    fitting = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for route in fitting for method in route.methods or ()}))


async def on_refused(request: Request, fault: Refused) -> Response:
    """Handler for writes that the store refuses."""
    return answer(request, REFUSALS[fault.reason])


async def on_unavailable(request: Request, fault: StoreUnavailable) -> Response:
    """Handler for a store that does not answer."""
    STORE_AWAY.note(fault)
    return answer(
        request, _away("Lessons cannot be read or changed just now. Try again in a moment.", "store-away")
    )


async def on_decks_unavailable(request: Request, fault: ObjectsUnavailable) -> Response:
    """Handler for an object store that does not answer."""
    DECKS_AWAY.note(fault)
    return answer(
        request, _away("Slides cannot be fetched or added just now. Try again in a moment.", "decks-away")
    )


def _away(detail: str, type_: str) -> Problem:
    return Problem(503, detail, type=type_, headers={"retry-after": str(RETRY_AFTER_S)})


async def on_error(request: Request, _: Exception | None) -> Response:
    """Handler for bugs. Starlette raises the fault again after it, and the server logs it."""
    return answer(request, Problem(500, "Something went wrong here. It has been logged."))


REFUSALS = {
    Reason.UNKNOWN: Problem(404, "There is no such lesson.", type="lesson-unknown"),
    Reason.ENDED: Problem(409, "The lesson has ended.", type="lesson-ended"),
    Reason.PAGES: Problem(
        409,
        "The lesson has as many pages as it may have: take some out of the order first.",
        type="pages-full",
    ),
    Reason.FULL: Problem(409, "The lesson is full: clear some ink before adding more.", type="lesson-full"),
    Reason.POLLS: Problem(
        409,
        "The lesson has as many polls as one may have: delete one before adding more.",
        type="lesson-full",
    ),
}
HANDLERS: dict[Any, Any] = {
    Problem: on_problem,
    HTTPException: on_http,
    Refused: on_refused,
    StoreUnavailable: on_unavailable,
    ObjectsUnavailable: on_decks_unavailable,
    Exception: on_error,
}
