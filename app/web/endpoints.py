"""The endpoints, described: one entry for each route of `app/web/app.py`, and no other (a test holds the two together).

Rules: plain data, for `docs/openapi.json`; nothing at run time depends on it. Limits are named where they
are kept, never written out again. `problems` says, by status, why a request is refused.
"""

from prometheus_client import CONTENT_TYPE_LATEST

from app.decks.limits import Limits
from app.web import bodies, schemas, sent
from app.web.decks import AHEAD
from app.web.described import (
    AS,
    BOTH,
    CURSOR,
    LAST,
    MATCH,
    NAME,
    TEACHER,
    WAIT,
    Answer,
    Body,
    Endpoint,
)
from app.web.keyring import KEYS

API = "/api/lessons/{lesson}"
HTML = "text/html; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"

_GUESSES = {429: "Too many unknown codes came from this address; `Retry-After` says when to try again."}
_STORE = {503: "The store does not answer; `Retry-After` says when to try again."}
_LESSON = {404: "There is no such lesson.", **_GUESSES, **_STORE}
_KEY = {401: "Neither the lesson's key nor a session of it was shown."}
_PANEL = {**_KEY, 403: "A session's cookie came with a request from another site, or from nowhere."}
_OWNER = {**_KEY, 403: "The key is not the lesson's own, or a cookie came with a request from another site."}
_JSON = {
    400: "The body is not JSON in UTF-8, or was cut off.",
    413: "The body is larger than its limit.",
    422: "The body is JSON of the wrong shape; `errors` says where.",
}
_WRITE = {**_LESSON, **_PANEL, 409: "The lesson has ended, or is full."}
_SAME = {304: Answer("`If-None-Match` names what would be sent.", headers=("ETag", "Cache-Control"))}
_HTML = Answer("The page.", media=HTML, headers=("ETag", "Cache-Control", "Content-Security-Policy"))
_MISSING = Answer("The page that says that there is no such lesson.", media=HTML)
_CANONICAL = Answer("The lesson's page, at the canonical spelling of its code.", headers=("Location",))
_PAGES = {404: "There is no such deck or page, or not yet.", **_GUESSES, **_STORE}
_NOT_SHOWN = {
    403: f"A viewer may fetch pages up to the furthest one shown in the lesson's order, and {AHEAD} more."
}

LESSONS = (
    Endpoint(
        "POST", "/api/lessons", "createLesson", "Make a lesson",
        "Needs the server's create key as bearer token where the server has one.",
        {201: Answer("The lesson and its teacher's key.", schemas.LessonCreated, headers=("Location",))},
        {401: "The server's create key was not shown.", **_JSON, **_STORE},
        ("", "createKey"), body=Body(schemas.LessonRequest, bodies.SMALL_BYTES),
    ),
    Endpoint(
        "GET", API, "lesson", "What anybody may know of a lesson", "Holds no secret.",
        {200: Answer("The lesson.", schemas.LessonInfo)}, _LESSON,
    ),
    Endpoint(
        "POST", f"{API}/session", "openSession", "Trade the teacher's key for a session's cookie",
        "The panel does this once, with the key from its address's fragment.",
        {204: Answer("The cookie `teacher_<lesson>`, HttpOnly, SameSite=Strict.", headers=("Set-Cookie",))},
        {**_LESSON, 401: "This is not the lesson's key."}, ("teacherKey",),
    ),
    Endpoint(
        "POST", f"{API}/end", "endLesson", "End a lesson",
        "Streams get the event `end` and close. State stays readable until retention removes it.",
        {204: Answer("Ended, now or before.")}, {**_LESSON, **_PANEL}, TEACHER,
    ),
    Endpoint(
        "POST", f"{API}/keys", "giveKey", "Give a co-teacher a key",
        f"It opens what the lesson's own key does, but for the keys themselves. At most {KEYS} keys a lesson.",
        {201: Answer("The key, told this once.", schemas.KeyCreated)},
        {**_WRITE, **_OWNER, **_JSON, 409: "The lesson has ended, is full, or has as many keys as it may."}, TEACHER,
        body=Body(schemas.KeyRequest, bodies.SMALL_BYTES),
    ),
    Endpoint(
        "GET", f"{API}/keys", "keys", "Which keys there are", "Never the keys themselves.",
        {200: Answer("The lesson's own, and those of co-teachers.", schemas.KeyList)}, {**_LESSON, **_OWNER}, TEACHER,
    ),
    Endpoint(
        "DELETE", f"{API}/keys/{{key}}", "takeKey", "Take a co-teacher's key back",
        "Its sessions end, and the teachers' streams close; they come back and are let in again if they may.",
        {204: Answer("Taken.")},
        {**_WRITE, **_OWNER, 404: "There is no such lesson or key.", 409: "It is the lesson's own key, or the lesson has ended."},
        TEACHER,
    ),
    Endpoint(
        "GET", f"{API}/qr.svg", "qr", "The join link as a QR code", "Black on white, with its quiet zone.",
        {200: Answer("The picture.", media="image/svg+xml", headers=("ETag", "Cache-Control")), **_SAME},
        {**_LESSON, 400: "The site's address in the request is too long."},
    ),
)  # fmt: skip

STATE = (
    Endpoint(
        "POST", f"{API}/state", "write", "Set registers",
        "All writes are applied together or none is, and reach a viewer in one event. A write whose stamp does not "
        "beat the register's changes nothing and is no error. At most 256 writes, as the schema says.",
        {200: Answer("What became of each write.", schemas.StateAnswer)},
        {**_WRITE, **_JSON, 422: "A key, value or stamp is refused; `errors` names every one."},
        TEACHER, body=Body(schemas.StateRequest, bodies.STATE_BYTES),
    ),
    Endpoint(
        "GET", f"{API}/state", "state", "Read the state, or wait for it to change",
        "Without `cursor`: everything, with `reset`, as the first event of a stream. With it: what has changed since; "
        "with `wait`, as soon as something has, else after that time with no writes.",
        {200: Answer("The state or the change.", sent.Document, headers=("ETag", "Cache-Control")), **_SAME},
        {**_LESSON, **_KEY, 422: "`as` or `wait` is refused."},
        BOTH, (AS, CURSOR, WAIT, MATCH),
    ),
    Endpoint(
        "GET", f"{API}/ink/{{page}}", "ink", "The strokes of one page",
        "For looking back: streams and snapshots hold the current page's ink alone.",
        {200: Answer("The strokes, in the order of their keys.", sent.Document, headers=("ETag",)), **_SAME},
        {**_LESSON, 404: "There is no such lesson, or this is not a page's id."}, query=(MATCH,),
    ),
    Endpoint(
        "GET", f"{API}/events", "events", "The stream of a lesson",
        "Server-Sent Events without end: `state` at once and for each change, `beat` every 15 s without an id, `end` "
        "when the lesson ends. An event's id is a cursor. `retry` is random for each connection. Where the server "
        "cannot serve a stream now it answers 200 with a long `retry` and closes, since an EventSource gives up at "
        "any other status. HEAD answers the headers and ends.",
        {
            200: Answer("Events.", media="text/event-stream; charset=utf-8", headers=("Cache-Control",)),
            204: Answer("The lesson has ended: do not come back."),
        },
        {404: _LESSON[404], **_GUESSES, **_KEY, 422: "`as` is refused."}, BOTH, (AS, CURSOR, LAST),
    ),
)  # fmt: skip

POLLS = (
    Endpoint(
        "POST", f"{API}/polls/{{poll}}/votes", "vote", "Vote, or vote anew",
        "One voter, one vote a poll: while it is open a new vote replaces the old one. An answer of 200 means that "
        "the vote is kept, whatever crashes next.",
        {200: Answer("What is counted for this voter now.", schemas.VoteAnswer, headers=("Set-Cookie",))},
        {
            **_LESSON, **_JSON,
            403: "Another site's page sent this, or the `voter` cookie was not made here.",
            404: "There is no such lesson or poll, or the poll is a draft.",
            409: "The poll is not open.",
            422: "Not a possible choice in this poll; `errors` says where.",
        },
        ("", "voter"), body=Body(schemas.VoteRequest, bodies.SMALL_BYTES),
    ),
    Endpoint(
        "GET", f"{API}/polls.csv", "pollResults", "Every poll's results",
        "One row a poll and option: poll, question, option (from 1), text, correct, count, voters.",
        {200: Answer("The table.", media="text/csv; charset=utf-8")}, {**_LESSON, **_KEY}, TEACHER,
    ),
)  # fmt: skip

DECKS = (
    Endpoint(
        "POST", f"{API}/decks", "addDeck", "Add a PDF as pages",
        "Progress shows in the register `deck/<id>`; a file that cannot be drawn ends there as `failed`, with a reason. "
        f"At most {Limits().pages} pages.",
        {202: Answer("The deck's id.", schemas.DeckAccepted)},
        {
            **_WRITE,
            400: "The upload was cut off.",
            409: "The lesson has ended, or has as many decks as it may have.",
            413: "The file is larger than its limit.",
            415: "The body is not application/pdf.",
            422: "The file is empty.",
            408: "The upload came to a stop: no byte for 10 s, or so slowly that others needed its room.",
            503: "The store does not answer, or this process has as many decks as it takes on.",
            507: "The disk is nearly full, and the rest of it is kept for the lessons.",
        },
        TEACHER, (NAME,), Body(bytes, Limits().upload_bytes, "application/pdf"),
    ),
    Endpoint(
        "GET", "/decks/{deck}/{number}-{width}.webp", "pageImage", "A page's picture",
        "Never changes: it may be kept for a year, in shared caches once viewers may see it.",
        {200: Answer("The picture.", media="image/webp", headers=("ETag", "Cache-Control")), **_SAME},
        {**_PAGES, **_NOT_SHOWN}, BOTH, (MATCH,),
    ),
    Endpoint(
        "GET", "/decks/{deck}/{number}.txt", "pageText", "A page's text, for screen readers",
        "Empty where the PDF has none. Cached as the picture is.",
        {200: Answer("The text.", media=PLAIN, headers=("ETag", "Cache-Control")), **_SAME},
        {**_PAGES, **_NOT_SHOWN}, BOTH, (MATCH,),
    ),
)  # fmt: skip

OPERATIONS = (
    Endpoint(
        "GET", "/healthz", "alive", "Is the process alive?", "Asks nothing of the store.",
        {200: Answer("It is.", media=PLAIN)},
    ),
    Endpoint(
        "GET", "/readyz", "ready", "Is the process ready?",
        "Writes a probe through the store and waits until it comes back through the feed.",
        {200: Answer("It is.", media=PLAIN), 503: Answer("It is not: take it out of rotation.", media=PLAIN)},
    ),
    Endpoint(
        "GET", "/metrics", "metrics", "Counters and gauges", "Of the process that answers.",
        {200: Answer("Prometheus' text format.", media=CONTENT_TYPE_LATEST)},
    ),
)  # fmt: skip

PAGES = (
    Endpoint(
        "GET", "/static/{version}/{path}", "static", "What the pages load",
        "`version` is a hash of the whole tree; under today's, a file may be kept for a year.",
        {200: Answer("The file.", media="*/*", headers=("ETag", "Cache-Control")), **_SAME},
        {404: "There is no such file."}, query=(MATCH,),
    ),
    Endpoint(
        "GET", "/problems/{problem}", "problem", "What a type of problem means",
        "The `type` of every problem that a client may act on is the address of such a page.",
        {200: Answer("The page.", media=HTML, headers=("Cache-Control", "Content-Security-Policy"))},
        {404: "There is no such type."},
    ),
    Endpoint(
        "GET", "/", "home", "The home page", "To join by code, or start a lesson.",
        {200: _HTML, **_SAME}, query=(MATCH,),
    ),
    *(
        Endpoint(
            "GET", path, page, f"The {whose} page", "The same bytes for every lesson.",
            {200: _HTML, **_SAME, 307: _CANONICAL, 404: _MISSING}, {**_GUESSES, **_STORE}, query=(MATCH,),
        )
        for path, page, whose in (
            ("/teach/{code}", "teacherPage", "teacher's"),
            ("/screen/{code}", "screenPage", "projector's"),
            ("/{code}", "studentPage", "student's"),
        )
    ),
)  # fmt: skip

# In the order of the routes, by the tag under which the document shows them.
ENDPOINTS = {
    "lessons": LESSONS,
    "state": STATE,
    "polls": POLLS,
    "decks": DECKS,
    "operations": OPERATIONS,
    "pages": PAGES,
}
