"""JSON answers, and those that a client may have already (ETag).

Rules: what depends on who asks, or changes, is never stored by a cache in between.
"""

from collections.abc import Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from app.feed.views import Document

JSON = "application/json"

# Carried by every response, streams included.
SECURITY = ((b"x-content-type-options", b"nosniff"), (b"cross-origin-resource-policy", b"same-origin"))

# Carried by every response that is no page of ours and has no policy of its own: opened by itself, it loads and runs nothing.
NO_PAGE = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A struct, or anything msgspec encodes."""
    every = {"cache-control": "no-store", **(headers or {})}
    return Response(msgspec.json.encode(value), status, every, media_type=JSON)


def document_response(request: Request, document: Document) -> Response:
    """A document, or 304 where the client has it. It is checked again each time (`no-cache`)."""
    headers = {"cache-control": "private, no-cache", "etag": document.etag, "vary": "authorization, cookie"}
    if has(request, document.etag):
        return Response(status_code=304, headers=headers)
    return Response(document.body, headers=headers, media_type=JSON)


def has(request: Request, etag: str) -> bool:
    """Whether `If-None-Match` names the tag; compared weakly (RFC 9110, section 13.1.2)."""
    given = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    return etag.removeprefix("W/") in given or given == ["*"]
