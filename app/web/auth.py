"""Teachers: keys of 128 bits, kept hashed; a session cookie for the panel.

Rules:
- A key comes in `Authorization: Bearer`, never in a URL; only its SHA-256 is kept (a random key of 128
  bits needs no slow hash), and hashes are compared in constant time.
- A session cookie names the key it was opened with, so that taking a key back ends its sessions.
- A cookie request that changes state must come from our own page (`app/web/origin.py`).
"""

import hashlib
import hmac
import json
import secrets

from starlette.requests import Request
from starlette.responses import Response

from app.core.lesson import NULL
from app.feed.channel import Channel
from app.store.contract import Change
from app.web.origin import refuse_elsewhere, scheme
from app.web.problems import Problem
from app.web.services import Services, services

COOKIE = "teacher_"  # followed by the lesson's code
SAFE = frozenset({"GET", "HEAD"})


def new_key() -> tuple[str, Change]:
    """A teacher's key, and the register that recognises it."""
    key = secrets.token_urlsafe(16)
    digest = _digest(key)
    return key, Change(f"keyring/{digest[:16]}", json.dumps({"sha256": digest}, separators=(",", ":")))


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def same(given: str, wanted: str) -> bool:
    """Whether two secrets are equal, in constant time."""
    return hmac.compare_digest(given.encode(), wanted.encode())


def _holds(channel: Channel, key_id: str) -> str | None:
    register = channel.lesson.get(f"keyring/{key_id}")
    if register is None or register.raw == NULL:
        return None
    digest: str = json.loads(register.raw)["sha256"]
    return digest


def bearer(request: Request) -> str | None:
    """The token of the Authorization header."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def _by_key(channel: Channel, key: str) -> str | None:
    digest = _digest(key)
    kept = _holds(channel, digest[:16])
    return digest[:16] if kept is not None and hmac.compare_digest(kept, digest) else None


def _by_cookie(request: Request, channel: Channel) -> str | None:
    cookie = request.cookies.get(COOKIE + channel.code)
    key_id = services(request).signer.teacher_key(channel.code, cookie) if cookie else None
    return key_id if key_id and _holds(channel, key_id) else None


def is_teacher(request: Request, channel: Channel) -> bool:
    """Whether the request shows the lesson's key or a session of it. Raises Problem 403 for a forged one."""
    key = bearer(request)
    if key is not None:
        return _by_key(channel, key) is not None
    if _by_cookie(request, channel) is None:
        return False
    if request.method not in SAFE:
        refuse_elsewhere(request, services(request).settings, unknown=True)
    return True


def require_teacher(request: Request, channel: Channel) -> None:
    """Raise Problem 401 (403 for a forged cookie request) for anybody else."""
    if not is_teacher(request, channel):
        raise denied("This needs the lesson's teacher key.")


def denied(detail: str) -> Problem:
    """401."""
    return Problem(401, detail, headers={"www-authenticate": "Bearer"})


def open_session(request: Request, channel: Channel) -> Response:
    """Trade the bearer key for the panel's cookie. Raises Problem 401."""
    key = bearer(request)
    key_id = _by_key(channel, key) if key else None
    if key_id is None:
        raise denied("This is not the lesson's teacher key.")
    found = services(request)
    response = Response(status_code=204, headers={"cache-control": "no-store"})
    set_cookie(request, response, COOKIE + channel.code, found.signer.teacher(channel.code, key_id))
    return response


def set_cookie(request: Request, response: Response, name: str, value: str, *, lax: bool = False) -> None:
    """A cookie for our own pages alone, as long as lessons are kept."""
    found: Services = services(request)
    response.set_cookie(
        name,
        value,
        max_age=found.settings.retention_days * 24 * 3600,
        httponly=True,
        samesite="lax" if lax else "strict",
        secure=scheme(request, found.settings) == "https",
    )
