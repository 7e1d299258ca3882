"""What endpoints are described with: the words of `docs/openapi.json` that several of them share.

Rules: plain data and no behaviour; `app/web/endpoints.py` is the table that is written in these words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from msgspec import Meta

from app.core import keys
from app.decks.limits import Limits
from app.web import schemas
from app.web.answers import JSON
from app.web.problem_types import TYPES
from app.web.state import WAIT_MAX_S

# Who may ask: names of the security schemes, any of which will do; "" is nobody in particular.
ANYBODY = ("",)
TEACHER = ("teacherKey", "teacherSession")
BOTH = ("", *TEACHER)
SCHEMES = {
    "teacherKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "The lesson's `teacher_key`. Never in an address. Comes before a cookie.",
    },
    "teacherSession": {
        "type": "apiKey",
        "in": "cookie",
        "name": "teacher_<lesson>",
        "description": "A panel's session. The name is `teacher_` and the lesson's code. A request that changes state "
        "must also come from the site's own page: `Sec-Fetch-Site: same-origin`, else a fitting `Origin`.",
    },
    "createKey": {"type": "http", "scheme": "bearer", "description": "The server's CREATE_KEY."},
    "voter": {
        "type": "apiKey",
        "in": "cookie",
        "name": "voter",
        "description": "Signed by the server, and set by it where it is missing.",
    },
}
TAGS = {
    "lessons": "Making, looking at and ending lessons.",
    "state": "Registers: setting, reading and following them.",
    "polls": "Votes and results. Polls themselves are registers.",
    "decks": "PDF files as pages.",
    "operations": "For whoever runs the server: plain text, no credentials.",
    "pages": "HTML for browsers, and what it loads.",
}
HEADERS = {
    "Cache-Control": "How the answer may be cached.",
    "Content-Security-Policy": "No inline script or style, nothing from another site.",
    "ETag": "For `If-None-Match`. Absent where the answer is for one client at one moment.",
    "Location": "Where it is.",
    "Retry-After": "Seconds.",
    "Set-Cookie": "HttpOnly; Secure behind HTTPS; kept as long as lessons are.",
    "WWW-Authenticate": "Bearer.",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """Of the query, unless `place` says otherwise."""

    name: str
    kind: Any
    text: str
    place: Literal["query", "header", "path"] = "query"


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes with a status that is no problem."""

    text: str
    body: Any = None  # a struct, where it is JSON
    media: str = ""
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """What a request carries."""

    kind: Any
    limit: int  # bytes
    media: str = JSON


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path."""

    method: Literal["GET", "POST", "DELETE"]
    path: str
    id: str
    summary: str
    text: str
    answers: Mapping[int, Answer]
    problems: Mapping[int, str] = field(default_factory=dict)
    who: tuple[str, ...] = ANYBODY
    query: tuple[Parameter, ...] = ()
    body: Body | None = None


MATCH = Parameter("If-None-Match", str, "An `ETag` that the client has.", "header")
AS = Parameter(
    "as", Literal["viewer", "teacher"], "For whom; `teacher` needs a teacher's credentials. Default: viewer."
)
CURSOR = Parameter(
    "cursor", str, "Where the client is. One that the server cannot go on from is answered with a reset."
)
WAIT = Parameter(
    "wait",
    Annotated[int, Meta(ge=0)],
    f"With `cursor`: seconds to wait for news; more than {WAIT_MAX_S:g} counts as {WAIT_MAX_S:g}. Default: 0.",
)
LAST = Parameter(
    "Last-Event-ID", str, "Where the client is, as an EventSource tells it. Comes before `cursor`.", "header"
)
NAME = Parameter(
    "name", str, f"The deck's name, cut after {Limits().name_chars} characters. Default: Slides."
)

PATH = {
    each.name: each
    for each in (
        Parameter(
            "lesson",
            schemas.Code,
            "The lesson's code. People's spellings are understood too: any case, spaces, hyphens, o for 0, i and l for 1.",
            "path",
        ),
        Parameter("code", schemas.Code, "The lesson's code, in any spelling.", "path"),
        Parameter(
            "key",
            Annotated[str, Meta(pattern="^[0-9a-f]{16}$")],
            "The key's id, which opens nothing.",
            "path",
        ),
        Parameter("page", schemas.PageId, "The page's id.", "path"),
        Parameter(
            "poll",
            Annotated[str, Meta(pattern=f"^{keys.SEGMENT}$")],
            "The poll's id: what follows `poll/` in its register's key.",
            "path",
        ),
        Parameter("deck", schemas.Code, "The deck's id.", "path"),
        Parameter("number", Annotated[int, Meta(ge=1)], "The page's place in its deck, from 1.", "path"),
        Parameter("width", Annotated[int, Meta(ge=1)], "Pixels: one of the deck's `widths`.", "path"),
        Parameter("version", str, "The hash of the tree, as the pages spell it.", "path"),
        Parameter(
            "problem",
            Annotated[str, Meta(extra_json_schema={"enum": list(TYPES)})],
            "The type's name.",
            "path",
        ),
        Parameter("path", str, "The file's place in the tree; may hold slashes.", "path"),
    )
}
