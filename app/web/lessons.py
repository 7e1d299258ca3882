"""Lessons: create, look at, open a panel's session, end. docs/PROTOCOL.md, section 2."""

import json

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from app.core.codes import new_code
from app.feed.hub import wall_ms
from app.store.contract import Change, Reason, Refused
from app.web import auth, bodies, proofs
from app.web.admission import lesson
from app.web.answers import json_response
from app.web.origin import base_url
from app.web.problems import Problem
from app.web.schemas import LessonCreated, LessonInfo, LessonRequest
from app.web.services import services

TRIES = 8  # codes tried until one is free: with a million lessons, one try in a thousand fails

_request = msgspec.json.Decoder(LessonRequest)


async def create(request: Request) -> Response:
    """POST /api/lessons"""
    found = services(request)
    if found.settings.create_key:
        given = proofs.bearer(request) or ""
        if not auth.same(given, found.settings.create_key):
            detail = "Creating lessons here needs the server's create key."
            raise Problem(401, detail, type="create-key-needed", headers=auth.CHALLENGE)
    title = (await bodies.decode(request, _request)).title.strip()
    key, keyring = auth.new_key(owner=True)
    code = await _make(request, title, keyring)
    await found.hub.channel(code)  # loaded, it is served to addresses that have guessed too much as well
    base = base_url(request, found.settings)
    made = LessonCreated(code, title, key, f"{base}/{code}", f"{base}/teach/{code}")
    return json_response(made, 201, headers={"location": f"/api/lessons/{code}"})


async def _make(request: Request, title: str, keyring: Change) -> str:
    now = wall_ms()
    about = json.dumps({"title": title, "created": now, "status": "live"}, ensure_ascii=False)
    for _ in range(TRIES):
        code = new_code()
        if await services(request).hub.store.create(code, [Change("lesson", about), keyring], now):
            return code
    raise RuntimeError("no free lesson code was found")


async def info(request: Request) -> Response:
    """GET /api/lessons/{lesson}"""
    channel = await lesson(request)
    about = channel.about
    told = LessonInfo(channel.code, about.title, about.status, about.created, channel.viewers)  # type: ignore[arg-type]
    return json_response(told)


async def session(request: Request) -> Response:
    """POST /api/lessons/{lesson}/session"""
    return auth.open_session(request, await lesson(request))


async def end(request: Request) -> Response:
    """POST /api/lessons/{lesson}/end; again is no error, since a teacher whose answer was lost asks again"""
    channel = await lesson(request)
    auth.require_teacher(request, channel)
    about = channel.about._replace(status="ended")
    ended = Change("lesson", json.dumps(about._asdict(), ensure_ascii=False))
    try:
        await services(request).hub.write(channel, [ended], end=True)
    except Refused as refused:
        if refused.reason is not Reason.ENDED:
            raise
    return Response(status_code=204)
