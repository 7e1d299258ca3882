"""The shapes of requests and of register values: docs/PROTOCOL.md, section 4, as msgspec structs.

Rules: unknown fields are refused, every text, list and number is bounded; `VALUES` says which struct a
teacher's write to a family must have. `docs/openapi.json` is made from these structs.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from app.core import codes, keys, pages, stamp

PAGE = rf"^(?:{keys.PAGE})\Z"
WRITES = 256
PAGES = pages.PAGES
DECK = r"^[0-9a-z]{1,32}\Z"
NUMBERS = 20_000  # in one stroke: 10,000 points
REACH = 1_000_000  # units of 1/10000 of the page's width

PageId = Annotated[str, Meta(pattern=PAGE, description="`<deck>-<number>` or `blank-<number>`")]
Unit = Annotated[int, Meta(ge=-REACH, le=REACH, description="In 1/10000 of the page's width, on both axes")]
Ms = Annotated[int, Meta(ge=0, le=2**53 - 1, description="Milliseconds")]
Moment = Annotated[int, Meta(ge=0, le=2**53 - 1, description="Milliseconds since the Unix epoch")]
Text = Annotated[str, Meta(min_length=1, max_length=1_000)]
Option = Annotated[str, Meta(min_length=1, max_length=500)]
Index = Annotated[int, Meta(ge=0, le=9, description="An option's place, from 0")]
# Its form is told and not checked here: the refusal should speak of stamps, not of a regular expression.
StampText = Annotated[
    str,
    Meta(
        max_length=70,
        description="`<ms>.<counter>.<writer>`",
        extra_json_schema={"pattern": f"^{stamp.FORM}$"},
    ),
]
CursorText = Annotated[str, Meta(description="A place in the lesson's feed; opaque to clients")]
Code = Annotated[str, Meta(pattern=rf"^{codes.FORM}\Z", description="A lesson's or a deck's code")]


class Strict(Struct, forbid_unknown_fields=True):
    """No field that the contract does not know."""


class Slide(Strict):
    """The page that is shown."""

    page: PageId


class Pages(Strict):
    """The order of the lesson's pages."""

    order: Annotated[list[PageId], Meta(max_length=PAGES, extra_json_schema={"uniqueItems": True})]
    decks: (
        Annotated[
            list[Annotated[str, Meta(pattern=DECK)]],
            Meta(
                max_length=PAGES, description="The decks that the writer knows; taken off before it is kept"
            ),
        ]
        | UnsetType
    ) = UNSET

    def __post_init__(self) -> None:
        if len(set(self.order)) != len(self.order):
            raise ValueError("a page stands twice in the order")


class Screen(Strict):
    """What the screens show instead of the slide, if anything."""

    mode: Literal["slide", "black", "white"]


class Stroke(Strict):
    """A stroke, or a piece of one: first point absolute, the rest differences."""

    tool: Literal["pen", "highlighter"]
    color: Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}\Z")]
    width: Annotated[int, Meta(ge=1, le=5_000, description="In 1/10000 of the page's width")]
    points: Annotated[
        list[Unit], Meta(min_length=2, max_length=NUMBERS, description="x, y, then dx, dy, ...: pairs")
    ]

    def __post_init__(self) -> None:
        if len(self.points) % 2:
            raise ValueError("points are pairs of x and y: their number must be even")


class Pointer(Strict):
    """The laser's place."""

    page: PageId
    x: Unit
    y: Unit


class Poll(Strict):
    """A question, its options, and how far it has come."""

    question: Text
    options: Annotated[list[Option], Meta(min_length=2, max_length=10)]
    status: Literal["draft", "open", "closed"]
    multiple: bool = False
    reveal: bool = False
    correct: (
        Annotated[list[Index], Meta(max_length=10, description="Told to viewers once revealed")] | UnsetType
    ) = UNSET

    def __post_init__(self) -> None:
        if self.correct is not UNSET and any(index >= len(self.options) for index in self.correct):
            raise ValueError("`correct` names an option that does not exist")


class Timer(Strict):
    """Either when it ends, or what is left while it is paused."""

    ends: Moment | UnsetType = UNSET
    paused: Ms | UnsetType = UNSET

    def __post_init__(self) -> None:
        if (self.ends is UNSET) == (self.paused is UNSET):
            raise ValueError("a timer has either `ends` or `paused`")


class Notes(Strict):
    """A teacher's notes for one page."""

    text: Annotated[str, Meta(max_length=20_000)]


VALUES: dict[str, msgspec.json.Decoder[Struct]] = {
    "slide": msgspec.json.Decoder(Slide),
    "pages": msgspec.json.Decoder(Pages),
    "screen": msgspec.json.Decoder(Screen),
    "ink": msgspec.json.Decoder(Stroke),
    "pointer": msgspec.json.Decoder(Pointer),
    "poll": msgspec.json.Decoder(Poll),
    "timer": msgspec.json.Decoder(Timer),
    "notes": msgspec.json.Decoder(Notes),
}


class StateWrite(Strict):
    """One register to set; its value is decoded by its family's struct."""

    key: Annotated[str, Meta(max_length=160)]
    value: msgspec.Raw
    stamp: StampText | None = None


class StateRequest(Strict):
    """Registers to set together."""

    writes: Annotated[list[StateWrite], Meta(max_length=WRITES)]


class StateAnswer(Struct):
    """The lesson's cursor after the write, and for each write whether it won, and under which stamp."""

    cursor: CursorText
    applied: Annotated[
        list[bool], Meta(description="One a write, in their order: did it beat what was there?")
    ]
    stamps: Annotated[list[StampText], Meta(description="One a write: the stamp it was filed under")]


class LessonRequest(Strict):
    """A lesson to be made."""

    title: Annotated[str, Meta(max_length=200)] = ""


class LessonCreated(Struct):
    """A new lesson: the only time its teacher's key is told."""

    lesson: Code
    title: str
    teacher_key: Annotated[
        str, Meta(description="128 random bits as base64url; kept by the server as a hash")
    ]
    join_url: Annotated[str, Meta(description="For students")]
    teach_url: Annotated[
        str, Meta(description="The teacher's panel; it takes the key as the fragment `#key=...`")
    ]


class LessonInfo(Struct):
    """What anybody may know of a lesson."""

    lesson: Code
    title: str
    status: Literal["live", "ended"]
    created: Moment
    viewers: Annotated[
        int, Meta(ge=0, description="Students' and projectors' open streams, over all processes")
    ]


class VoteRequest(Strict):
    """A vote: the chosen options' places, from 0; one, or several where the poll allows it."""

    choices: Annotated[list[Annotated[int, Meta(ge=0, le=2**31)]], Meta(max_length=10)]


class VoteAnswer(Struct):
    """The receipt: what is counted for this voter now."""

    choices: list[int]


class DeckAccepted(Struct):
    """The deck's id; its progress shows in the register `deck/<id>`."""

    deck: Code


class KeyRequest(Strict):
    """POST keys: a name by which the teacher knows it again."""

    name: Annotated[str, Meta(max_length=80)] = ""


class KeyCreated(Struct):
    """The only time a co-teacher's key is told."""

    id: str
    name: str
    teacher_key: str


class KeyInfo(Struct):
    """A key, without what it opens; `owner` for the lesson's own."""

    id: str
    name: str
    owner: bool


class KeyList(Struct):
    """The keys of a lesson."""

    keys: list[KeyInfo]
