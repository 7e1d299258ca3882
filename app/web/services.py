"""What handlers need, handed to them by the wiring in one object: no globals, no lookups by name.

Rules: `services(request)` is the only way in; everything in it lives as long as the process.
"""

from dataclasses import dataclass

from starlette.requests import Request

from app.decks.service import Decks
from app.feed.hub import Hub
from app.feed.reader import FeedReader
from app.feed.tallies import Tallies
from app.settings import Settings
from app.web.assets import Assets
from app.web.decklessons import DeckLessons
from app.web.guesses import Guesses
from app.web.opening import Streams
from app.web.signing import Signer


@dataclass(frozen=True, slots=True)
class Services:
    """One of each."""

    settings: Settings
    hub: Hub
    reader: FeedReader
    tallies: Tallies
    streams: Streams
    decks: Decks
    deck_lessons: DeckLessons
    signer: Signer
    assets: Assets
    guesses: Guesses


def services(request: Request) -> Services:
    """The process's services."""
    found: Services = request.app.state.services
    return found
