"""Teachers' keys: the lesson's own, and those given to co-teachers, which can be taken back.

Rules: a new key is told once; only the lesson's own key gives and takes keys; taking one back ends its
sessions and closes the teachers' streams, which come back and are let in again if they may.
"""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from app.core.lesson import NULL
from app.store.contract import Change
from app.web import auth, bodies
from app.web.admission import lesson
from app.web.answers import json_response
from app.web.problems import Problem
from app.web.schemas import KeyCreated, KeyInfo, KeyList, KeyRequest
from app.web.services import services

KEYS = 32  # at once

_request = msgspec.json.Decoder(KeyRequest)


async def give(request: Request) -> Response:
    """POST /api/lessons/{lesson}/keys"""
    channel = await lesson(request)
    auth.require_owner(request, channel)
    name = (await bodies.decode(request, _request)).name.strip()
    full = Problem(409, f"The lesson has {KEYS} keys already: take one back first.", type="keys-full")
    if len(auth.keys(channel)) >= KEYS:
        raise full
    key, change = auth.new_key(name)
    await services(request).hub.write(channel, [change])
    if (
        len(auth.keys(channel)) > KEYS
    ):  # another was given at the same moment: of two neither may stay, never both
        await services(request).hub.write(channel, [Change(change.key, NULL)])
        raise full
    made = KeyCreated(change.key.partition("/")[2], name, key)
    return json_response(made, 201)


async def listed(request: Request) -> Response:
    """GET /api/lessons/{lesson}/keys: which keys there are; never the keys themselves"""
    channel = await lesson(request)
    auth.require_owner(request, channel)
    keys = [KeyInfo(key_id, name, owner) for key_id, name, owner in auth.keys(channel)]
    return json_response(KeyList(keys))


async def take(request: Request) -> Response:
    """DELETE /api/lessons/{lesson}/keys/{key}"""
    channel = await lesson(request)
    auth.require_owner(request, channel)
    key_id = request.path_params["key"]
    owners = {known: owner for known, _, owner in auth.keys(channel)}
    if key_id not in owners:
        raise Problem(404, "There is no such key.")
    if owners[key_id]:
        raise Problem(409, "The lesson's own key cannot be taken back.")
    await services(request).hub.write(channel, [Change(f"keyring/{key_id}", NULL)])
    return Response(status_code=204)
