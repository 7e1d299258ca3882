"""Operations: is the process alive, is it ready, what does it count. docs/PROTOCOL.md, section 10."""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app.metrics import REGISTRY
from app.store.contract import StoreUnavailable
from app.web.services import services

PROBE_S = 1.5
_FRESH = {"cache-control": "no-store"}


async def healthz(_: Request) -> Response:
    """GET /healthz: 200 while the process runs."""
    return PlainTextResponse("alive\n", headers=_FRESH)


async def readyz(request: Request) -> Response:
    """GET /readyz: 200 only while the store answers and a probe written now is heard through the feed."""
    try:
        ready = await services(request).reader.hears(PROBE_S)
    except StoreUnavailable:
        ready = False
    return PlainTextResponse("ready\n" if ready else "not ready\n", 200 if ready else 503, headers=_FRESH)


async def metrics(_: Request) -> Response:
    """GET /metrics: this process's counters, as Prometheus text."""
    return Response(generate_latest(REGISTRY), headers=_FRESH, media_type=CONTENT_TYPE_LATEST)
