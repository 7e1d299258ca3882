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
from app.web.guesses import REFILL_S, Guesses
from app.web.opening import Streams
from app.web.origin import address
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
    guesses: Guesses


def services(request: Request) -> Services:
    """The process's services."""
    found: Services = request.app.state.services
    return found


async def find(request: Request, typed: str) -> Channel | None:
    """The lesson that a code names, however it was typed. Raises Problem 429 for an address that guesses."""
    found = services(request)
    code = parse_code(typed)
    if code is None:
        return None
    if not found.hub.is_given(code) and not may_guess(request):
        raise guessing()
    channel = await found.hub.channel(code)
    if channel is None:
        failed_guess(request)
    return channel


def may_guess(request: Request) -> bool:
    """Whether a code that is not known here may be looked up for the request's address."""
    found = services(request)
    return found.guesses.may_look_up(address(request, found.settings))


def failed_guess(request: Request) -> None:
    """A code of the request was unknown."""
    found = services(request)
    found.guesses.failed(address(request, found.settings))


def guessing() -> Problem:
    """429, for a code that is not looked up."""
    headers = {"retry-after": str(int(REFILL_S))}
    detail = "Too many unknown lesson codes from this address. Try again later."
    return Problem(429, detail, type="too-many-guesses", headers=headers)


async def lesson(request: Request) -> Channel:
    """The channel of the lesson in the path. Raises Problem 404, 429."""
    channel = await find(request, request.path_params["lesson"])
    if channel is None:
        raise Problem(404, "There is no such lesson.", type="lesson-unknown")
    return channel
