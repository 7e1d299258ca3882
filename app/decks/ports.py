"""What decks need from the rest of the server, and nothing more.

Rules: everything may be called again. A deck is drawn at least once, not exactly once: when its process is
killed, another takes it over and tells the sink the same things anew, so ready_pages for pages that a lesson has
already changes nothing. Everything may raise when the store behind it is away: the caller tries
again, and in the end lets its claim lapse, which makes the deck abandoned and so somebody's later.
"""

from typing import Protocol

from .limits import Limits


class Sink(Protocol):
    async def progress(self, lesson: str, deck: str, value: dict[str, object]) -> None:
        """Write the register deck/<id>. At most four times a second for a deck, and always the last state."""

    async def ready_pages(self, lesson: str, deck: str, pages: int) -> None:
        """The first page can be shown and the number of pages is known. The register has been written before.

        Raises Failed where the lesson takes no more pages.
        """

    async def standing(self, lesson: str, deck: str) -> dict[str, object] | None:
        """The deck's register, where the lesson has had pages of it in its order; else None."""


class Claims(Protocol):
    """Which decks there are, how large, and who draws which. A claim lapses 15 s after it was made or last renewed."""

    async def arrive(self, deck: str, lesson: str, size: int, limits: Limits) -> bool:
        """Enter a deck before its file is stored, so that no file is without an entry; False where the lesson is full."""

    async def weigh(self, deck: str, lesson: str, size: int) -> None:
        """The deck's bytes, its pages included."""

    async def cross_out(self, deck: str) -> None:
        """The deck's files are gone."""

    async def claim(self, deck: str, lesson: str, name: str) -> bool:
        """True where nobody has it now; the deck counts as unfinished until released."""

    async def renew(self, deck: str) -> None:
        """Keep a claim, unless another has taken the deck over meanwhile."""

    async def mine(self, deck: str) -> bool:
        """Whether nobody else has taken the deck over: a process that was stopped for a while may not know."""

    async def release(self, deck: str) -> None:
        """The deck is finished, one way or the other."""

    async def abandoned(self) -> list[tuple[str, str, str]]:
        """(deck, lesson, name) of unfinished decks whose claim has lapsed."""
