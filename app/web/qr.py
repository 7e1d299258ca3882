"""The join link as a QR code.

Rules: a picture is a function of its link, so it is made once a link; the last `KEPT` are remembered. The Host of a request is
chosen by its sender: a link has a bound, and a picture is made beside the event loop, which goes on meanwhile.
"""

import asyncio
import hashlib
import io
from functools import lru_cache

import segno
from starlette.requests import Request
from starlette.responses import Response

from app.web.admission import lesson
from app.web.answers import has
from app.web.origin import base_url
from app.web.problems import Problem
from app.web.services import services

KEPT = 256  # pictures of at most 9 KiB
LINK_MAX = 320  # characters: a host's name has 253 at most (RFC 1035)


async def qr(request: Request) -> Response:
    """GET /api/lessons/{lesson}/qr.svg: black on white."""
    channel = await lesson(request)
    link = f"{base_url(request, services(request).settings)}/{channel.code}"
    if len(link) > LINK_MAX:
        raise Problem(400, "The address of this site is too long for a picture.")
    tag = f'"{hashlib.blake2s(link.encode(), digest_size=12).hexdigest()}"'
    headers = {"cache-control": "public, max-age=3600", "etag": tag}
    if has(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(await asyncio.to_thread(picture, link), headers=headers, media_type="image/svg+xml")


@lru_cache(KEPT)
def picture(link: str) -> bytes:
    """The picture of a link, with its quiet zone."""
    svg = io.BytesIO()
    segno.make(link, error="m").save(svg, kind="svg", xmldecl=False, omitsize=True, light="#ffffff")
    return svg.getvalue()
