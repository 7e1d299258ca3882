"""Decks: upload by the teacher, pages and their text for everybody who may see them. docs/PROTOCOL.md, section 9.

Rules: a viewer may fetch pages up to the furthest one shown, in the lesson's order, and `AHEAD` more; a
teacher all. What is fetched never changes, so caches may keep it for a year; a refusal they may not.
"""

from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app import metrics
from app.core.codes import parse_code
from app.decks.reasons import Busy, DiskFull, LessonFull, RefusedUpload, Stalled, TooLarge
from app.feed.channel import Channel
from app.store.contract import StoreUnavailable
from app.web import auth
from app.web.admission import lesson, of_deck
from app.web.answers import has, json_response
from app.web.deckregisters import read_order
from app.web.problems import Problem, invalid
from app.web.schemas import DeckAccepted
from app.web.services import services

AHEAD = 2
FOREVER = "max-age=31536000, immutable"
NAME = "Slides"
NUMBER_DIGITS = 5


async def upload(request: Request) -> Response:
    """POST /api/lessons/{lesson}/decks, body application/pdf, `?name=`"""
    channel = await lesson(request)
    _may_add(request, channel)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/pdf":
        raise Problem(415, "A deck is sent as application/pdf.", headers={"accept-post": "application/pdf"})
    decks = services(request).decks
    name = request.query_params.get("name", "").strip() or NAME
    try:
        _declared(request, decks.limits.upload_bytes)
        deck = await decks.submit(channel.code, name, _chunks(request, channel.code))
    except RefusedUpload as refused:
        metrics.DECKS.labels("refused").inc()
        raise _refusal(refused) from None
    except TimeoutError:
        raise StoreUnavailable("no answer in time") from None
    except ClientDisconnect:
        raise Problem(400, "The upload was cut off.") from None
    return json_response(DeckAccepted(deck), 202)


def _declared(request: Request, limit: int) -> None:
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > limit:
        raise TooLarge(limit)


def _refusal(refused: RefusedUpload) -> Problem:
    if isinstance(refused, TooLarge):
        return Problem(413, str(refused), type="body-too-large", headers={"connection": "close"})
    if isinstance(refused, Stalled):
        return Problem(408, str(refused), headers={"connection": "close"})
    if isinstance(refused, LessonFull):
        return Problem(409, str(refused), type="decks-full")
    if isinstance(refused, DiskFull):
        return Problem(507, str(refused), type="disk-full", headers={"connection": "close"})
    if isinstance(refused, Busy):
        return Problem(503, str(refused), type="decks-busy", headers={"retry-after": "30"})
    return invalid([{"path": "", "message": str(refused)}])


async def _chunks(request: Request, code: str) -> AsyncIterator[bytes]:
    async for part in request.stream():
        yield part
    # A file takes minutes to come. Meanwhile the key may have been taken back, the lesson may have ended, or be gone.
    channel = await services(request).hub.channel(code)
    if channel is None:
        raise Problem(404, "There is no such lesson.", type="lesson-unknown")
    _may_add(request, channel)


def _may_add(request: Request, channel: Channel) -> None:
    auth.require_teacher(request, channel)
    if channel.ended:
        raise Problem(409, "The lesson has ended.", type="lesson-ended")


async def image(request: Request) -> Response:
    """GET /decks/{deck}/{number}-{width}.webp"""
    deck, number, width = (request.path_params[name] for name in ("deck", "number", "width"))
    caching = await _may_see(request, deck, number)
    data = await services(request).decks.page(deck, _number(number), _number(width))
    if data is None:
        raise Problem(404, "There is no such page, or not yet.")
    return _forever(request, caching, data, f'"{deck}-{number}-{width}"', "image/webp")


async def text(request: Request) -> Response:
    """GET /decks/{deck}/{number}.txt"""
    deck, number = request.path_params["deck"], request.path_params["number"]
    caching = await _may_see(request, deck, number)
    told = await services(request).decks.text(deck, _number(number))
    if told is None:
        raise Problem(404, "There is no such page, or not yet.")
    return _forever(request, caching, told.encode(), f'"{deck}-{number}-text"', "text/plain; charset=utf-8")


def _forever(request: Request, caching: str, data: bytes, etag: str, media_type: str) -> Response:
    headers = {"cache-control": caching, "etag": etag}
    if has(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(data, headers=headers, media_type=media_type)


def _number(digits: str) -> int:
    ours = digits.isascii() and digits.isdecimal() and len(digits) <= NUMBER_DIGITS and digits[0] != "0"
    if not ours:
        raise Problem(404, "There is no such page.")
    return int(digits)


async def _may_see(request: Request, deck: str, number: str) -> str:
    """How the page may be cached: what only the teacher may see yet, by the teacher's browser alone."""
    page = f"{deck}-{_number(number)}"
    channel = await _lesson_of(request, deck)
    if page in reach(channel):
        return f"public, {FOREVER}"
    if auth.is_teacher(request, channel):
        return f"private, {FOREVER}"
    raise Problem(403, "This page has not been shown yet.", type="page-not-shown")


async def _lesson_of(request: Request, deck: str) -> Channel:
    """The deck's lesson. Raises Problem 404, 429."""
    channel = await of_deck(request, deck) if parse_code(deck) == deck else None
    if channel is None:
        raise Problem(404, "There is no such deck.")
    return channel


def reach(channel: Channel) -> frozenset[str]:
    """The pages that viewers may fetch."""
    shown = {register.key.partition("/")[2] for register in channel.lesson.below("shown/")}
    order = read_order(channel)
    furthest = max((place for place, page in enumerate(order) if page in shown), default=None)
    open_to = order[: furthest + 1 + AHEAD] if furthest is not None else []
    return frozenset(open_to) | shown
