"""Teachers: keys of 128 bits, kept hashed; a session cookie for the panel.

Rules:
- A key comes in `Authorization: Bearer`, never in a URL; only its SHA-256 is kept (a random key of 128
  bits needs no slow hash), and hashes are compared in constant time.
- A session cookie names the key it was opened with, so that taking a key back ends its sessions.
- A cookie request that changes state must come from our own page (`app/web/origin.py`).
"""

import hmac
import json
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.core.lesson import NULL
from app.feed.channel import Channel
from app.store.contract import Change
from app.web import proofs
from app.web.origin import refuse_elsewhere, scheme
from app.web.problems import Problem
from app.web.proofs import SESSION, bearer
from app.web.services import Services, services

SAFE = frozenset({"GET", "HEAD"})
CHALLENGE = {"www-authenticate": "Bearer"}


def new_key(name: str = "", *, owner: bool = False) -> tuple[str, Change]:
    """A teacher's key, and the register that recognises it."""
    key = secrets.token_urlsafe(16)
    digest = proofs.digest(key)
    kept = {"sha256": digest, "name": name, "owner": owner}
    return key, Change(proofs.keyring(digest), json.dumps(kept, ensure_ascii=False, separators=(",", ":")))


def same(given: str, wanted: str) -> bool:
    """Whether two secrets are equal, in constant time."""
    return hmac.compare_digest(given.encode(), wanted.encode())


def _holds(channel: Channel, key_id: str) -> dict[str, Any] | None:
    register = channel.lesson.get(f"keyring/{key_id}")
    if register is None or register.raw == NULL:
        return None
    kept: dict[str, Any] = json.loads(register.raw)
    return kept


def keys(channel: Channel) -> list[tuple[str, str, bool]]:
    """The lesson's keys: id, name, and whether it is the lesson's own."""
    ids = [register.key.partition("/")[2] for register in channel.lesson.below("keyring/")]
    return [(key_id, kept["name"], kept["owner"]) for key_id in ids if (kept := _holds(channel, key_id))]


def _by_key(channel: Channel, key: str) -> str | None:
    digest = proofs.digest(key)
    kept = _holds(channel, digest[:16])
    return digest[:16] if kept is not None and same(kept["sha256"], digest) else None


def _by_cookie(request: Request, channel: Channel) -> str | None:
    cookie = request.cookies.get(SESSION + channel.code)
    key_id = services(request).signer.teacher_key(channel.code, cookie) if cookie else None
    return key_id if key_id and _holds(channel, key_id) else None


def _shown_key(request: Request, channel: Channel) -> str | None:
    """The id of the key that the request shows, or a session of it. Raises Problem 403 for a forged one."""
    key = bearer(request)
    if key is not None:
        return _by_key(channel, key)
    key_id = _by_cookie(request, channel)
    if key_id is not None and request.method not in SAFE:
        refuse_elsewhere(request, services(request).settings, unknown=True)
    return key_id


def is_teacher(request: Request, channel: Channel) -> bool:
    """Whether the request shows one of the lesson's keys. Raises Problem 403 for a forged one."""
    return _shown_key(request, channel) is not None


def require_teacher(request: Request, channel: Channel) -> None:
    """Raise Problem 401 (403 for a forged cookie request) for anybody else."""
    if not is_teacher(request, channel):
        raise denied("This needs the lesson's teacher key.")


def require_owner(request: Request, channel: Channel) -> None:
    """Raise Problem 401 for anybody but a teacher, 403 for a co-teacher."""
    key_id = _shown_key(request, channel)
    if key_id is None:
        raise denied("This needs the lesson's teacher key.")
    if (kept := _holds(channel, key_id)) is None or not kept["owner"]:
        raise Problem(403, "Only the lesson's own key can do this.", type="owner-only")


def denied(detail: str) -> Problem:
    """401, for a key of the lesson."""
    return Problem(401, detail, type="key-needed", headers=CHALLENGE)


def open_session(request: Request, channel: Channel) -> Response:
    """Trade the bearer key for the panel's cookie. Raises Problem 401."""
    key = bearer(request)
    key_id = _by_key(channel, key) if key else None
    if key_id is None:
        raise denied("This is not the lesson's teacher key.")
    found = services(request)
    response = Response(status_code=204, headers={"cache-control": "no-store"})
    set_cookie(request, response, SESSION + channel.code, found.signer.teacher(channel.code, key_id))
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
