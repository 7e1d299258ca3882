"""Request bodies: bounded while they are read, decoded by structs that name the path of what is wrong.

Rules: not JSON is 400, JSON of the wrong shape is 422, over the limit is 413, each with `errors` that
name the place (`""` is the body as a whole); a body is never held beyond its limit.
"""

import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from app.web.problems import Problem, invalid

KIB = 1024
STATE_BYTES = 256 * KIB
SMALL_BYTES = 8 * KIB

T = TypeVar("T")

_AT = re.compile(r"(?P<message>.*) - at `(?:key in )?\$(?P<path>.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`")


async def read(request: Request, limit: int) -> bytes:
    """The whole body, of at most `limit` bytes. Raises Problem 413, 400."""
    detail = f"The body is larger than {limit} bytes."
    too_large = _whole(413, detail, "body-too-large", {"connection": "close"})
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > limit:
        raise too_large
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > limit:
                raise too_large
    except ClientDisconnect:
        raise Problem(400, "The request was cut off.") from None
    return bytes(body)


async def decode(request: Request, decoder: msgspec.json.Decoder[T], limit: int = SMALL_BYTES) -> T:
    """The body as the decoder's type. Raises Problem 400, 413, 422."""
    body = await read(request, limit)
    try:
        body.decode()  # all of it: msgspec does not look into what is decoded later
        return decoder.decode(body)
    except msgspec.ValidationError as fault:
        raise invalid([error(fault)]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _whole(400, "The body is not JSON in UTF-8.", "not-json") from None


def _whole(status: int, detail: str, kind: str, headers: Mapping[str, str] | None = None) -> Problem:
    return Problem(status, detail, type=kind, errors=[{"path": "", "message": detail}], headers=headers)


def error(fault: msgspec.ValidationError, below: str = "") -> dict[str, str]:
    """What is wrong where, in the form of a problem's `errors`; `below` is the path of what was decoded."""
    text = str(fault)
    match = _AT.fullmatch(text)
    message, path = (match["message"], match["path"]) if match else (text, "")
    missing = _MISSING.fullmatch(message)
    if missing:
        path += f".{missing[1]}"
    return {"path": f"{below}{path}" if below else path.removeprefix("."), "message": message}
