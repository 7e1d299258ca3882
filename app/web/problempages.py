"""Problems as pages: what a type means, and what a browser is shown instead of raw JSON.

Rules: one page for both (`static/problem.html`), without a script, under the policy of all pages; every text is escaped. A
person who was refused reads `detail` and no more: what a client does is for who writes one, and stands on the type's page. A
request gets a page only where a person will read the answer: it is a navigation, or says nothing of itself (browsers send
`Sec-Fetch-Mode` to secure addresses alone), and it prefers HTML. Programs, scripts of pages, pictures and streams get JSON.
"""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.web.assets import PAGE_HEADERS, Assets
from app.web.problem_types import TYPES, uri

HTML = "text/html"
JSON = ("application/problem+json", "application/json")
AGAIN = '<p class="actions"><a class="button primary" href="">Try again</a> <a class="button" href="/">Home</a></p>'


def wanted(request: Request) -> bool:
    """Whether the answer is for a person's eyes."""
    if (
        request.method not in {"GET", "HEAD"}
        or request.headers.get("sec-fetch-mode", "navigate") != "navigate"
    ):
        return False
    weights = dict(_range(part) for part in request.headers.get("accept", "").split(","))
    return weights.get(HTML, 0.0) > max(weights.get(kind, 0.0) for kind in JSON)


def _range(part: str) -> tuple[str, float]:
    """A media range of an Accept header, and its weight (RFC 9110, section 12.5.1)."""
    kind, *parameters = (each.strip().lower() for each in part.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return kind, float(parameter[2:])
            except ValueError:
                return kind, 0.0
    return kind, 1.0


def about(assets: Assets, name: str) -> Response:
    """The page of a type: what it means, what a client does, how it is recognised."""
    kind = TYPES[name]
    known_by = f'<p class="help">Type <code>{escape(uri(name))}</code>, status {kind.status}.</p>'
    lead = f'<p class="lead">{_coded(kind.means)}</p>'
    body = _page(assets, kind.title, [lead, f"<p>{_coded(kind.act)}</p>", known_by])
    return Response(body, headers=PAGE_HEADERS, media_type=HTML)


def answer(assets: Assets, body: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    """A problem, as its JSON would be, as a page with the same status and headers."""
    page = _page(assets, body["title"], [_lead(body["detail"]), AGAIN])
    return Response(page, body["status"], {**PAGE_HEADERS, **headers}, media_type=HTML)


def _page(assets: Assets, title: str, parts: Sequence[str]) -> str:
    text = "\n".join(f"  {part}" for part in parts)
    return assets.template("problem").replace("{{title}}", escape(title)).replace("{{text}}", text)


def _lead(text: str) -> str:
    return f'<p class="lead">{escape(text)}</p>'


def _coded(text: str) -> str:
    """A text of the table, whose names of fields and headers stand in backticks."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))
