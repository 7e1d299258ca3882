"""Why a deck was refused or failed, in words a teacher can act on.

Rules: a reason says what is wrong and what to do next; it never quotes the file, a path or an exception
(those go to the log as detail). What the worker reports is a code from this table and nothing else,
because a worker that a PDF has taken over could report anything. Refusals of an upload are exceptions of
their own, one HTTP status each; failures of an accepted deck end in its register.
"""

from typing import Literal

Code = Literal["not-pdf", "password", "damaged", "no-pages", "too-many-pages", "page", "memory"]

RETRY = "Export it again and upload the new file."
TEXTS: dict[Code, str] = {
    "not-pdf": "This file is not a PDF. Export your slides as a PDF and try again.",
    "password": "This PDF is protected by a password. Save a copy without one and try again.",
    "damaged": f"This PDF is damaged or incomplete. {RETRY}",
    "no-pages": f"This PDF has no pages. {RETRY}",
    "too-many-pages": "This PDF has more than {limit} pages. Split it and upload the parts.",
    "page": f"Page {{page}} of this PDF is damaged. {RETRY}",
    "memory": "Page {page} of this PDF needs too much memory to draw. Simplify it, or export it as a picture, and try again.",
}
SLOW_PAGE = (
    "Page {page} of this PDF takes too long to draw. Simplify it, or export it as a picture, and try again."
)
SLOW_OPEN = f"This PDF takes too long to open. {RETRY}"
SLOW_DECK = "This PDF takes too long to draw. Split it and upload the parts, or export its pages as pictures."
CRASHED_PAGE = (
    "Page {page} of this PDF could not be drawn: it is damaged or too complex. Simplify it and try again."
)
CRASHED_OPEN = f"This PDF could not be opened: it is damaged or too complex. {RETRY}"
OFTEN_INTERRUPTED = "This PDF could not be drawn: the server stopped each time. Simplify it and try again."
HEAVY_DECK = "The pages of this PDF take too much room as pictures. Split it and upload the parts."
DISK_FULL = (
    "The server's disk is nearly full, so this PDF could not be finished. Tell whoever runs the server."
)
PAGES_FULL = "The lesson would have more than {limit} pages with this PDF. Take pages out and upload it again, or start another lesson."
SERVER = (
    "The server could not finish this deck. Try again; if it happens again, tell whoever runs the server."
)


class Failed(Exception):
    """The deck ends as failed: `reason` is for the teacher, `detail` for the log."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason} [{detail}]" if detail else reason)
        self.reason = reason
        self.detail = detail


class RefusedUpload(Exception):
    """The upload is not taken; no deck exists. str() is for the teacher."""


class TooLarge(RefusedUpload):
    def __init__(self, limit: int) -> None:
        super().__init__(
            f"This file is larger than {limit // (1024 * 1024)} MiB. Shrink its pictures, or split it."
        )


class Stalled(RefusedUpload):
    """No byte came for long, or too few while others waited for the room."""

    def __init__(self) -> None:
        super().__init__("The upload came to a stop. Check your connection and try again.")


class NotADeck(RefusedUpload):
    def __init__(self) -> None:
        super().__init__("The file is empty. Choose a PDF.")


class LessonFull(RefusedUpload):
    """The lesson has as many decks, or bytes of them, as one may have."""

    def __init__(self, decks: int, bytes_: int) -> None:
        super().__init__(
            f"A lesson may have {decks} PDFs, and {bytes_ // (1024 * 1024)} MiB with their pages. "
            "Upload a smaller one, or start another lesson."
        )


class DiskFull(RefusedUpload):
    """Another byte of decks would eat into what is kept for the lessons."""

    def __init__(self) -> None:
        super().__init__(
            "The server's disk is nearly full, so it takes no more PDFs. Tell whoever runs the server."
        )


class Busy(RefusedUpload):
    """Try again later: this process has as many decks as it takes on."""

    def __init__(self) -> None:
        super().__init__("Too many decks are being drawn at the moment. Try again in a minute.")
