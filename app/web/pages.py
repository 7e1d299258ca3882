"""The HTML pages: home, the student's, the teacher's and the projector's view, and one about each type of problem.

Rules: a page is the same bytes for every lesson and finds its lesson in its own address; a code typed in
another way leads to the canonical address; a browser gets its voter cookie with the student's page.
"""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.core.codes import parse_code
from app.web import auth, problempages
from app.web.admission import find
from app.web.problem_types import TYPES
from app.web.problems import Problem, answer
from app.web.proofs import VOTER
from app.web.services import services


async def home(request: Request) -> Response:
    """GET /"""
    return services(request).assets.page(request, "home")


async def student(request: Request) -> Response:
    """GET /{code}"""
    try:
        response = await _of_lesson(request, "student", "/")
    except Problem as problem:
        return _with_guesses(request, problem)
    if response.status_code in {200, 304}:
        _give_voter(request, response, parse_code(request.path_params["code"]) or "")
    return response


async def teacher(request: Request) -> Response:
    """GET /teach/{code}"""
    try:
        return await _of_lesson(request, "teacher", "/teach/")
    except Problem as problem:
        if problem.status != HTTPStatus.TOO_MANY_REQUESTS or not problempages.wanted(request):
            raise
        # The key is in the address's fragment, which only the page sees: with it the panel opens the lesson.
        response = services(request).assets.page(request, "teacher", status=problem.status)
        response.headers.update({"cache-control": "no-store", **problem.headers})
        return response


async def screen(request: Request) -> Response:
    """GET /screen/{code}"""
    try:
        return await _of_lesson(request, "screen", "/screen/")
    except Problem as problem:
        return _with_guesses(request, problem)


def _with_guesses(request: Request, problem: Problem) -> Response:
    """A page that says that too much was guessed here, and makes its reader a voter, who has guesses of one's own."""
    if problem.status != HTTPStatus.TOO_MANY_REQUESTS or not problempages.wanted(request):
        raise problem
    response = answer(request, problem)
    _give_voter(request, response, "")
    return response


def _give_voter(request: Request, response: Response, code: str) -> None:
    """Set the voter's cookie where it is missing, or does not say yet that the lesson's page was given."""
    signer, given = services(request).signer, request.cookies.get(VOTER)
    if given is None or signer.voter(given) is None:
        _, cookie = signer.new_voter(code)
    elif code and code not in signer.lessons(given):
        cookie = signer.given(given, code)
    else:
        return
    if "no-store" not in response.headers["cache-control"]:
        response.headers["cache-control"] = "private, no-cache"  # or a cache makes many one voter
    auth.set_cookie(request, response, VOTER, cookie, lax=True)


async def _of_lesson(request: Request, page: str, at: str) -> Response:
    found = services(request)
    typed = request.path_params["code"]
    channel = await find(request, typed)
    if channel is None:
        return found.assets.page(request, "missing", status=404)
    if typed != channel.code:
        return RedirectResponse(f"{at}{channel.code}", status_code=307)
    return found.assets.page(request, page)


async def problem(request: Request) -> Response:
    """GET /problems/{problem}: what a type of problem means"""
    name = request.path_params["problem"]
    if name not in TYPES:
        raise Problem(404, "There is no such type of problem.")
    return problempages.about(services(request).assets, name)


async def static(_: Request) -> Response:
    """GET /static/{version}/{path}: what the short way (`app/web/app.py`) has not found."""
    raise Problem(404, "There is no such file.")
