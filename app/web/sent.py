"""What the server sends and no struct encodes: registers of its own, events, problems.

Rules: values travel as JSON text that nobody decodes on the way, so these shapes describe and do not encode.
`docs/openapi.json` is made from them, and tests decode what a server really sends by them, unknown fields refused.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from app.core import keys
from app.web.problem_types import BLANK, TYPES, uri
from app.web.schemas import CursorText, Moment, Strict

Key = Annotated[str, Meta(pattern=rf"^{keys.FORM}\Z", description="A register's key")]
Count = Annotated[int, Meta(ge=0)]
Width = Annotated[int, Meta(ge=1, description="Pixels")]


class Deck(Strict):
    """The register `deck/<id>`: how far a deck has come, and where its pages are."""

    name: str
    status: Literal["rendering", "ready", "failed"]
    pages: Annotated[int, Meta(ge=0, description="0 until the file has been opened")]
    done: Annotated[int, Meta(ge=0, description="Pages that can be fetched: 1 to this number")]
    widths: Annotated[list[Width], Meta(description="What `{width}` may be, ascending")]
    sizes: Annotated[
        list[tuple[Width, Width]],
        Meta(description="Width and height at the largest width: one for all pages, or one a page"),
    ]
    url: Annotated[
        str, Meta(description="A page's address, with `{id}`, `{number}` and `{width}` to fill in")
    ]
    error: Annotated[str, Meta(description="Why it has failed, for the teacher")] | UnsetType = UNSET


class Tally(Strict):
    """The register `tally/<poll>`."""

    counts: Annotated[list[Count], Meta(description="Votes, one number an option")]
    voters: Count


class Audience(Strict):
    """The register `audience`, for teachers."""

    viewers: Count


REGISTERS: dict[str, type[Strict]] = {"deck": Deck, "tally": Tally, "audience": Audience}


class State(Strict):
    """The data of a `state` event."""

    writes: Annotated[
        list[tuple[Key, Any]],
        Meta(description="Clears first; null deletes, below a key that ends in `/` all"),
    ]
    reset: Annotated[Literal[True], Meta(description="This is everything: drop the rest")] | UnsetType = UNSET


class Document(State, kw_only=True):
    """State as a JSON document: what a `state` event says, with its cursor."""

    cursor: CursorText


class Beat(Strict):
    """The data of a `beat` event."""

    now: Moment
    viewers: Count
    behind: (
        Annotated[Literal[True], Meta(description="The server does not hear its store: there may be news")]
        | UnsetType
    ) = UNSET


class End(Strict):
    """The data of the `end` event: an empty object."""


class Fault(Strict):
    """One thing that is wrong in a request."""

    path: Annotated[str, Meta(description="Where, such as `writes[2].value.page`; empty: the body as such")]
    message: str


class ProblemBody(Strict):
    """A refused request (RFC 9457). It has changed nothing."""

    type: Annotated[
        str,
        Meta(
            description="A path whose page explains it; `about:blank` where there is no more to say than the status",
            extra_json_schema={"enum": [BLANK, *map(uri, TYPES)]},
        ),
    ]
    title: Annotated[str, Meta(description="The type in words, or the status for `about:blank`")]
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: Annotated[str, Meta(description="A sentence for a person")]
    errors: Annotated[list[Fault], Meta(min_length=1)] | UnsetType = UNSET
