"""Which lesson a request means, and whether its code is looked up at all.

Rules:
- A lesson that is being given, here or by another process, or was a moment ago, is looked up for everybody: a class
  joins whatever one pupil tries, and one whose lesson the store has lost is told 404.
- So is one for whoever has been in it: a session, a voter who was given its page.
- Any other code is a guess (`guesses.py`). With none left, a request with a key has that very key looked up, not the
  lesson: it passes where the lesson has it, and hears nothing else than without a key, so that it tells no guesser
  which lessons there are.
"""

from starlette.requests import Request

from app.core.codes import parse_code
from app.core.lesson import NULL
from app.feed.channel import Channel
from app.web import proofs
from app.web.guesses import REFILL_S
from app.web.problems import Problem
from app.web.services import Services, services


async def lesson(request: Request) -> Channel:
    """The channel of the lesson in the path. Raises Problem 404, 429."""
    channel = await find(request, request.path_params["lesson"])
    if channel is None:
        raise Problem(404, "There is no such lesson.", type="lesson-unknown")
    return channel


async def find(request: Request, typed: str) -> Channel | None:
    """The lesson that a code names, however it was typed. Raises Problem 429 for one who guesses."""
    found = services(request)
    code = parse_code(typed)
    if code is None:
        return None
    if _need_not_guess(request, code):
        return await found.hub.channel(code)
    guess = found.guesses.begin(proofs.asker(request, found.signer, found.settings), code)
    if guess is None:
        if await holds_key(request, code):
            return await found.hub.channel(code)
        raise guessing()
    with guess:
        channel = await found.hub.channel(code)
        guess.wrong = channel is None
    return channel


async def of_deck(request: Request, deck: str) -> Channel | None:
    """The lesson of a deck, whose id is a code as well: guessing one is limited in the same way. Raises Problem 429."""
    found = services(request)
    if found.deck_lessons.knows(deck):
        return await _with_deck(found, deck)
    guess = found.guesses.begin(proofs.asker(request, found.signer, found.settings), deck)
    if guess is not None:
        with guess:
            channel = await _with_deck(found, deck)
            guess.wrong = channel is None
        return channel
    # For this nothing need be asked of the store, which may be away.
    if loaded := next(
        (each for each in found.hub.channels.values() if each.lesson.get(f"deck/{deck}")), None
    ):
        return loaded
    code = await found.deck_lessons.lesson(deck)
    if code and (_need_not_guess(request, code) or await holds_key(request, code)):
        return await found.hub.channel(code)
    raise guessing()


async def _with_deck(found: Services, deck: str) -> Channel | None:
    code = await found.deck_lessons.lesson(deck)
    return await found.hub.channel(code) if code else None


def _need_not_guess(request: Request, code: str) -> bool:
    found = services(request)
    return found.hub.is_known(code) or proofs.has_been_in(request, found.signer, code)


async def holds_key(request: Request, code: str) -> bool:
    """Whether the request shows a key of the lesson; the lesson is not loaded for it."""
    key = proofs.bearer(request)
    if key is None:
        return False
    kept = await services(request).hub.store.peek(code, proofs.keyring(proofs.digest(key)))
    return kept is not None and kept != NULL


def guessing() -> Problem:
    """429, for a code that is not looked up."""
    headers = {"retry-after": str(int(REFILL_S))}
    detail = "Many unknown codes were tried from your network. Check the code, wait a minute, then try again."
    return Problem(429, detail, type="too-many-guesses", headers=headers)
