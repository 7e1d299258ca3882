"""The HTML pages: home, the student's, the teacher's and the projector's view, and one about each type of problem.

Rules: a page is the same bytes for every lesson and finds its lesson in its own address; a code typed in
another way leads to the canonical address; a browser gets its voter cookie with the student's page.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.web import auth, polls, problempages
from app.web.problem_types import TYPES
from app.web.problems import Problem
from app.web.services import find, services


async def home(request: Request) -> Response:
    """GET /"""
    return services(request).assets.page(request, "home")


async def student(request: Request) -> Response:
    """GET /{code}"""
    response = await _of_lesson(request, "student", "/")
    found = services(request)
    given = request.cookies.get(polls.COOKIE)
    if response.status_code in {200, 304} and (given is None or found.signer.voter(given) is None):
        _, cookie = found.signer.new_voter()
        response.headers["cache-control"] = "private, no-cache"  # or a cache makes many one voter
        auth.set_cookie(request, response, polls.COOKIE, cookie, lax=True)
    return response


async def teacher(request: Request) -> Response:
    """GET /teach/{code}"""
    return await _of_lesson(request, "teacher", "/teach/")


async def screen(request: Request) -> Response:
    """GET /screen/{code}"""
    return await _of_lesson(request, "screen", "/screen/")


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
