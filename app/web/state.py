"""State: writes by the teacher, snapshots and long polls for everybody. docs/PROTOCOL.md, sections 3, 5 and 6.

Rules: every write of a request is checked before any is made; the errors name them all. A slide that is
shown is remembered (`shown/<page>`), since viewers may fetch pages up to the furthest one.
"""

import asyncio
import re
from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from app import metrics
from app.core import keys, poll
from app.core.audience import Audience
from app.core.cursor import Cursor, parse_cursor
from app.core.lesson import NULL, Position
from app.core.stamp import parse_stamp
from app.feed.channel import Channel
from app.store.contract import Change
from app.web import auth, bodies
from app.web.admission import lesson
from app.web.answers import document_response, json_response
from app.web.deckregisters import shown
from app.web.problems import Problem, invalid
from app.web.schemas import PAGE, VALUES, Slide, StateAnswer, StateRequest, StateWrite
from app.web.services import services

WAIT_MAX_S = 25.0

_request = msgspec.json.Decoder(StateRequest)
_page_id = re.compile(PAGE)
_slide = msgspec.json.Decoder(Slide)


class _Bad(Exception):
    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.error = {"path": path, "message": message}


async def post(request: Request) -> Response:
    """POST /api/lessons/{lesson}/state"""
    channel = await lesson(request)
    auth.require_teacher(request, channel)
    writes = (await bodies.decode(request, _request, bodies.STATE_BYTES)).writes
    auth.require_teacher(request, channel)  # a body may take its time, and the key be taken back meanwhile
    changes = _changes(writes)
    outcome = await services(request).hub.write(channel, [*changes, *_shown(channel, changes)])
    told = slice(len(changes))
    for applied in outcome.applied[told]:
        metrics.WRITES.labels(applied).inc()
    answer = StateAnswer(
        cursor=str(Cursor(channel.views.epoch, outcome.position)),
        applied=outcome.applied[told],
        stamps=[str(stamp) for stamp in outcome.stamps[told]],
    )
    return json_response(answer)


def _changes(writes: Sequence[StateWrite]) -> list[Change]:
    changes, errors = [], []
    for number, write in enumerate(writes):
        try:
            changes.append(_change(f"writes[{number}]", write))
        except _Bad as bad:
            errors.append(bad.error)
    if errors:
        raise invalid(errors)
    return changes


def _change(path: str, write: StateWrite) -> Change:
    key = write.key
    if not keys.well_formed(key):
        raise _Bad(f"{path}.key", "is not a register's key")
    if not keys.known(key, keys.Writer.TEACHER):
        raise _Bad(f"{path}.key", "is not a register that a teacher writes")
    if not keys.names_page(key):
        raise _Bad(f"{path}.key", "names a page that no slide can have")
    stamp = parse_stamp(write.stamp) if write.stamp is not None else None
    if write.stamp is not None and stamp is None:
        raise _Bad(f"{path}.stamp", "is not `<ms>.<counter>.<writer>`")
    raw = _value(f"{path}.value", key, write.value)
    return Change(key, raw, stamp, poll.mark(key, raw))


def _value(path: str, key: str, given: msgspec.Raw) -> str:
    try:
        value = msgspec.json.decode(given)
        if value is not None and keys.is_prefix(key):
            raise _Bad(path, "a key that ends in `/` takes null alone")
        if value is not None:
            VALUES[keys.family(key)].decode(given)
    except msgspec.ValidationError as fault:
        raise _Bad(**bodies.error(fault, path)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _Bad(path, "is not JSON in UTF-8") from None
    # As it was sent, but on one line and with each field once: what the structs do not say is not added.
    return msgspec.json.encode(value).decode()


def _shown(channel: Channel, changes: Sequence[Change]) -> list[Change]:
    # Under the slide's stamp, so that a repeat is one; not for a slide that has lost to the one we know.
    known = channel.lesson.get("slide")
    return [
        shown(_slide.decode(change.raw).page, change.stamp)
        for change in changes
        if change.key == "slide" and change.raw != NULL
        if known is None or change.stamp is None or change.stamp > known.stamp
    ]


def audience(request: Request, channel: Channel) -> Audience:
    """Who the request is for: viewers, or with `?as=teacher` teachers. Raises Problem 401, 422."""
    asked = request.query_params.get("as", "viewer")
    if asked == "teacher":
        auth.require_teacher(request, channel)
        return Audience.TEACHER
    if asked != "viewer":
        raise invalid([{"path": "as", "message": "is `viewer` or `teacher`"}])
    return Audience.VIEWER


async def get(request: Request) -> Response:
    """GET /api/lessons/{lesson}/state, with `?cursor=&wait=` the long poll"""
    channel = await lesson(request)
    wait = _wait(request)
    cursor = parse_cursor(request.query_params.get("cursor"))
    since = await services(request).hub.since(channel, cursor)
    who = audience(request, channel)  # after the wait: a key may have been taken back meanwhile
    if "cursor" not in request.query_params:
        return document_response(request, channel.views.document(who, None))
    if since is not None and wait:
        await _news(request, channel, who, since, wait)
        who = audience(request, channel)  # and again
        since = channel.since(cursor)  # a reset may have come, too
    return json_bytes(channel.views.document(who, since).body)


def json_bytes(body: bytes) -> Response:
    """JSON that is encoded already and belongs in no cache."""
    return Response(body, headers={"cache-control": "no-store"}, media_type="application/json")


def _wait(request: Request) -> float:
    text = request.query_params.get("wait", "0")
    if not text.isascii() or not text.isdecimal():
        raise invalid([{"path": "wait", "message": "is a number of seconds"}])
    return min(float(text), WAIT_MAX_S)


async def _news(request: Request, channel: Channel, who: Audience, since: Position, wait_s: float) -> None:
    """Until there is something to tell, the time is over, the peer has gone, or the server stops."""
    news = asyncio.ensure_future(_told(channel, who, since, wait_s))
    over = asyncio.ensure_future(_over(request))
    try:
        await asyncio.wait({news, over}, return_when=asyncio.FIRST_COMPLETED)
        if news.done():
            news.result()
    finally:
        news.cancel()
        over.cancel()


async def _told(channel: Channel, who: Audience, since: Position, wait_s: float) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait_s
    before = channel.views.epoch, channel.ended
    while loop.time() < deadline and (channel.views.epoch, channel.ended) == before:
        if channel.views.document(who, since).news:
            return
        await channel.moved(deadline - loop.time())


async def _over(request: Request) -> None:
    await request.receive()  # the body, which is empty
    await request.receive()  # whatever comes after it: the peer's end, or ours (`LecternProtocol.shutdown`)


async def ink(request: Request) -> Response:
    """GET /api/lessons/{lesson}/ink/{page}"""
    channel = await lesson(request)
    page = request.path_params["page"]
    if not _page_id.match(page):
        raise Problem(404, "There is no such page.")
    return document_response(request, channel.views.ink(page))
