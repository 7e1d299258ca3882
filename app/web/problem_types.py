"""The types of problems that a client can act on (RFC 9457, section 3.1.1): one table.

Rules: a type is a path under `/problems/` that serves a page about it, has one status, and is kept for ever:
clients decide by it. What says no more than its status is `about:blank` and stands nowhere here. The table
in docs/PROTOCOL.md and the pages have these very words; a test ties them, and each type to where it is raised.
"""

from typing import NamedTuple

PREFIX = "/problems/"
BLANK = "about:blank"


class ProblemType(NamedTuple):
    """One kind of refusal."""

    status: int
    title: str
    means: str
    act: str  # what a client does about it, or a person


TYPES = {
    "lesson-unknown": ProblemType(
        404,
        "There is no such lesson",
        "No lesson has this code. It may be mistyped, or the lesson was removed after its retention.",
        "Ask for the code again. A client stops asking and drops what it has kept of the lesson.",
    ),
    "lesson-ended": ProblemType(
        409,
        "The lesson has ended",
        "The teacher has ended the lesson. It can be read until its retention is over, and no longer changed.",
        "Nothing sent to it will be taken: a client drops the writes and votes that still wait.",
    ),
    "lesson-full": ProblemType(
        409,
        "The lesson is full",
        "The lesson holds as many registers, polls or bytes as one may have, and the request would have added to them.",
        "The lesson goes on: pages turn, and ink can be cleared and polls deleted, which makes room. A client drops the refused "
        "write alone and sends what follows it.",
    ),
    "poll-unknown": ProblemType(
        404,
        "There is no such poll",
        "The lesson has no poll of this id, or its teacher has not opened it yet.",
        "Read the lesson's state again, which names its polls.",
    ),
    "poll-closed": ProblemType(
        409,
        "The poll is not open",
        "The poll is closed. Votes that were acknowledged are counted.",
        "Tell the voter. The vote can be sent again once the poll is open.",
    ),
    "poll-full": ProblemType(
        409,
        "The poll has all the voters it may have",
        "As many have voted as one poll may count. Whoever has voted may still change the vote.",
        "Tell the voter: this vote will not be counted.",
    ),
    "store-away": ProblemType(
        503,
        "The lesson store does not answer",
        "The server cannot reach the database that keeps the lessons. Whether a write took effect is not known.",
        "Send the same request, with the same stamps, after the time that `Retry-After` names.",
    ),
    "decks-away": ProblemType(
        503,
        "The store of slides does not answer",
        "The server cannot reach the place that keeps decks and their pages. Everything else goes on.",
        "Send the same request after the time that `Retry-After` names.",
    ),
    "decks-busy": ProblemType(
        503,
        "Too many decks are in hand",
        "This server is drawing as many decks as it takes on at once.",
        "Send the deck again after the time that `Retry-After` names.",
    ),
    "too-many-guesses": ProblemType(
        429,
        "Too many unknown codes",
        "Many codes of lessons that do not exist were tried from here, so codes are looked up slowly for now.",
        "Wait a minute, check the code, and try again. Lessons that are being given open all the same.",
    ),
    "key-needed": ProblemType(
        401,
        "This needs the teacher's key",
        "The request shows neither a key of the lesson nor a session of one, or its key was taken back.",
        "Show the key as a bearer token. A panel asks its teacher for the link with the key.",
    ),
    "create-key-needed": ProblemType(
        401,
        "This needs the server's create key",
        "On this server only those who have its create key can start lessons.",
        "Ask whoever runs the server for the key, and show it as a bearer token.",
    ),
    "owner-only": ProblemType(
        403,
        "Only the lesson's own key can do this",
        "A co-teacher's key opens everything but the keys themselves.",
        "Use the key with which the lesson was made.",
    ),
    "other-site": ProblemType(
        403,
        "The request came from another site",
        "A request that a cookie speaks for must come from a page of this site, and a vote must not come from another.",
        "Open the lesson's own page. A program shows a key as a bearer token instead of a cookie.",
    ),
    "voter-forged": ProblemType(
        403,
        "The voter's cookie was not made here",
        "The cookie `voter` has a signature that is not this server's.",
        "Drop the cookie and load the lesson's page, which sets a new one.",
    ),
    "page-not-shown": ProblemType(
        403,
        "The page has not been shown yet",
        "Viewers may fetch the pages up to the furthest one shown, and a few more.",
        "Ask for it again when the lesson has come nearer to it.",
    ),
    "invalid-request": ProblemType(
        422,
        "The request is not what is allowed here",
        "A value in the body or the address is not allowed; `errors` names each place.",
        "Put right what `errors` names. The same request will be refused again.",
    ),
    "not-json": ProblemType(
        400,
        "The body is not JSON",
        "The body is not JSON in UTF-8.",
        "Mend the client: the same body will be refused again.",
    ),
    "body-too-large": ProblemType(
        413,
        "The body is too large",
        "The body is larger than the limit that `detail` names. Nothing of it was kept.",
        "Send less at once, or a smaller file.",
    ),
    "keys-full": ProblemType(
        409,
        "The lesson has all the keys it may have",
        "The lesson has as many keys as one may have at once.",
        "Take a key back that is no longer used, then give the new one.",
    ),
    "decks-full": ProblemType(
        409,
        "The lesson has all the decks it may have",
        "The lesson has as many decks, or bytes of them, as one may have.",
        "Send a smaller file, or start another lesson for it.",
    ),
    "disk-full": ProblemType(
        507,
        "There is no room for another file",
        "The disk of the server is nearly full, and the rest of it is kept for the lessons.",
        "Tell whoever runs the server. The lesson goes on without the file.",
    ),
    "pages-full": ProblemType(
        409,
        "The lesson has all the pages it may have",
        "The order would have more pages than a lesson's may, counted with those of decks that its writer had not heard of.",
        "Take pages out of the order and write it again.",
    ),
}


def uri(name: str) -> str:
    """The `type` of a problem; its name, or nothing for `about:blank`."""
    return PREFIX + name if name else BLANK
