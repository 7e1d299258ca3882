"""What handlers need, handed to them by the wiring in one object: no globals, no lookups by name.

Rules: `services(request)` is the only way in; everything in it lives as long as the process.
"""

from dataclasses import dataclass

from starlette.requests import Request

from app.core.codes import parse_code
from app.decks.service import Decks
from app.feed.channel import Channel
from app.feed.hub import Hub
from app.feed.reader import FeedReader
from app.feed.tallies import Tallies
from app.settings import Settings
from app.web.assets import Assets
from app.web.decklessons import DeckLessons
from app.web.opening import Streams
from app.web.problems import Problem
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


def services(request: Request) -> Services:
    """The process's services."""
    found: Services = request.app.state.services
    return found


async def lesson(request: Request) -> Channel:
    """The channel of the lesson in the path. Raises Problem 404."""
    code = parse_code(request.path_params["lesson"])
    channel = await services(request).hub.channel(code) if code else None
    if channel is None:
        raise Problem(404, "There is no such lesson.")
    return channel
