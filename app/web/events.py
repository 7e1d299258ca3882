"""The stream: GET /api/lessons/{lesson}/events. docs/PROTOCOL.md, section 7.

Rules: a stream is joined in one step without a wait between reading the position and being among the
subscribers; what it costs afterwards is a place in a set. Where EventSource must come back, the answer
is 200 with a `retry:`, since any other status makes it give up.
"""

from starlette.requests import Request
from starlette.responses import Response

from app import metrics
from app.core.cursor import parse_cursor
from app.store.contract import StoreUnavailable
from app.web.admission import lesson
from app.web.handover import respond
from app.web.opening import Opening, retry
from app.web.services import services
from app.web.state import audience
from app.web.stream import LaterResponse

RETRY_MS = (2_000, 8_000)
LATER_MS = (15_000, 45_000)  # for one who is sent away because all places are taken
AWAY_MS = (
    3_000,
    12_000,
)  # because the store is away: most outages last seconds, and nobody should wait longer than they did


async def events(request: Request) -> Response:
    """A lesson's events, for viewers or (`?as=teacher`) teachers."""
    found = services(request)
    try:
        channel = await lesson(request)
    except StoreUnavailable:
        return LaterResponse(retry(AWAY_MS))
    cursor = parse_cursor(request.headers.get("last-event-id") or request.query_params.get("cursor"))
    await found.hub.since(channel, cursor)  # waits for this fold where another worker is a moment ahead
    who = audience(request, channel)  # after it: a key may have been taken back meanwhile
    if channel.ended:
        return Response(status_code=204, headers={"cache-control": "no-store"})
    if found.hub.streams >= found.settings.max_streams:
        metrics.REFUSED_STREAMS.inc()
        return LaterResponse(retry(LATER_MS))
    return respond(request.scope, Opening(found.streams, channel, who, cursor, retry(RETRY_MS)))
