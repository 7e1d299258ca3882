"""Where a request comes from, as far as proxies in front of us can be believed.

Rules: each trusted proxy appends to X-Forwarded-*, so with n of them the n-th value from the right is
the one that the outermost of ours saw; what is further left was sent by the client and says nothing.
"""

from urllib.parse import urlsplit

from starlette.requests import Request

from app.settings import Settings
from app.web.problems import Problem


def _forwarded(request: Request, name: str, hops: int) -> str | None:
    values = [part.strip() for line in request.headers.getlist(name) for part in line.split(",")]
    return values[-hops] if 0 < hops <= len(values) else None


def scheme(request: Request, settings: Settings) -> str:
    """`http` or `https`, as the browser sees it."""
    if settings.public_url:
        return urlsplit(settings.public_url).scheme
    seen = _forwarded(request, "x-forwarded-proto", settings.forwarded_hops)
    return seen if seen in {"http", "https"} else request.url.scheme


def address(request: Request, settings: Settings) -> str:
    """The client's address."""
    seen = _forwarded(request, "x-forwarded-for", settings.forwarded_hops)
    return seen or (request.client.host if request.client else "")


def base_url(request: Request, settings: Settings) -> str:
    """The site's address, for links that people share."""
    return settings.public_url or f"{scheme(request, settings)}://{request.url.netloc}"


def from_elsewhere(request: Request, settings: Settings, *, unknown: bool) -> bool:
    """Whether another site's page sent this: `Sec-Fetch-Site`, else `Origin`; `unknown` where neither is told."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site != "same-origin"
    origin = request.headers.get("origin")
    if origin is None:
        return unknown
    ours = {request.url.netloc, urlsplit(settings.public_url).netloc} - {""}
    return _host(origin) not in ours


def _host(origin: str) -> str | None:
    """Host and port of an Origin; None for what is no address, such as `null` or `http://[`."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def refuse_elsewhere(request: Request, settings: Settings, *, unknown: bool) -> None:
    """Raise Problem 403 for another site's page."""
    if from_elsewhere(request, settings, unknown=unknown):
        raise Problem(403, "This request did not come from a page of this site.", type="other-site")
